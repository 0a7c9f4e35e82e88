//! Whether what was trained on another model's weights went on with its pre-training, where nothing states it.

use super::References;
use super::index::Index;
use crate::domain::{OwnerClass, Role, RoleShares};
use crate::evidence::Extracted;
use crate::lineage::continuation::{ContinuationModel, Done, Labelled, NEGLIGIBLE, Training, is_a_release, is_open};
use crate::lineage::signs::SAID_CONTINUED;
use crate::lineage::{Resolution, names};
use crate::reference::{ContinuationLabel, Owners, continuation_labels};
use crate::tables::RoleTermRow;
use rustc_hash::FxHashMap;

/// What the coefficients of this regression are called in `role_terms`, before the sign.
const TERMS: &str = "continuation";
/// Signs named in the evidence.
const SHOWN_SIGNS: usize = 6;

/// The likelihood, and what it was asked about.
pub(super) struct Continuations {
    model: ContinuationModel,
    terms: Vec<RoleTermRow>,
    /// Of each repository whose training is in question what is known of its base.
    asked: FxHashMap<usize, Base>,
}

/// The model that a training started from.
struct Base {
    /// Name, where it is known.
    name: Option<Box<str>>,
    /// Whether record or card state it.
    is_stated: bool,
    /// Whether it is of the same house.
    same_house: bool,
}

impl Continuations {
    /// Of all repositories that the links have for trained on another's weights.
    pub(super) fn new(index: &Index, resolution: &Resolution, references: &References) -> Self {
        let model = continuation_model(references);
        let node = |at: usize| index.facts.get(at).or_else(|| resolution.absent.get(at - index.facts.len()));
        let asked = index.facts.iter().zip(&resolution.placements).enumerate().filter_map(|(i, (facts, placement))| {
            let is_tuned = matches!(placement.role, Role::Finetuned | Role::Continued);
            let base = placement.base.and_then(node);
            let is_asked = is_tuned
                && placement.role_rule.is_certain()
                && is_open(facts, placement.role_rule)
                && !base.is_some_and(|base| is_a_release(facts, base));
            let base = || Base {
                name: base.map(|base| base.name().into()),
                is_stated: !facts.base_ids.is_empty(),
                same_house: base.is_some_and(|base| base.same_house(facts)),
            };
            is_asked.then(|| (i, base()))
        });
        Self { asked: asked.collect(), terms: terms(&model, references), model }
    }

    /// The coefficients.
    pub(super) fn terms(&self) -> &[RoleTermRow] {
        &self.terms
    }

    /// Probabilities of the two roles, where the question is open and both are possible.
    pub(super) fn shares(&self, index: &Index, references: &References, i: usize) -> Option<RoleShares> {
        let done = self.probabilities(&self.training(index, references, i)?);
        let [tuned, continued, pretrained] = done.map(|p| if p < NEGLIGIBLE { 0.0 } else { p });
        if tuned >= 1.0 - NEGLIGIBLE {
            return None;
        }
        let weight = |role: &Role| match role {
            Role::Continued => continued,
            Role::Finetuned => tuned,
            Role::Pretrained => pretrained,
            Role::Adapter | Role::Merge | Role::Quantized | Role::Converted | Role::Empty | Role::Untrained => 0.0,
        };
        RoleShares::from_weights(&Role::ALL.iter().map(weight).collect::<Vec<_>>())
    }

    /// Why, as evidence; none where the question was not asked.
    pub(super) fn evidence(&self, index: &Index, references: &References, i: usize) -> Option<Extracted> {
        let training = self.training(index, references, i)?;
        let [tuned, continued, pretrained] = self.probabilities(&training);
        let role = index.shares[i].likeliest();
        let told = if role == Role::Pretrained { Done::Pretrained } else { Done::Continued };
        let mut signs: Vec<(&str, f64)> = self.model.signs(&training, told).map(|(sign, logit)| (sign.name(), logit)).collect();
        signs.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        let signs: Vec<String> = signs.iter().take(SHOWN_SIGNS).map(|(sign, logit)| format!("{sign} {logit:+.2}")).collect();
        let quote = format!(
            "with a base or its name: finetuned {tuned:.2}, continued {continued:.2}, pretrained {pretrained:.2}; for {} against finetuned: {}",
            if told == Done::Pretrained { Role::Pretrained } else { Role::Continued },
            signs.join(", ")
        );
        Some(Extracted::likely_role(role, index.shares[i].share(role), quote, "continuation_model"))
    }

    /// Those of the likelihood, but that it went on at least as likely as who says so does.
    fn probabilities(&self, training: &Training<'_>) -> [f64; 3] {
        let [tuned, continued, pretrained] = self.model.probabilities(training);
        if continued >= SAID_CONTINUED || !names::says_continued(training.name) {
            return [tuned, continued, pretrained];
        }
        let rest = (1.0 - SAID_CONTINUED) / (1.0 - continued);
        [tuned * rest, SAID_CONTINUED, pretrained * rest]
    }

    fn training<'a>(&'a self, index: &'a Index, references: &References, i: usize) -> Option<Training<'a>> {
        let (base, facts) = (self.asked.get(&i)?, &index.facts[i]);
        Some(Training {
            name: facts.name(),
            base: base.name.as_deref(),
            base_is_stated: base.is_stated,
            same_house: base.same_house,
            owner: super::role_labels::owner_class(&references.owners, facts),
            task: facts.pipeline_tag.as_deref(),
            params: facts.size(),
        })
    }
}

/// Learnt from all labels.
fn continuation_model(references: &References) -> ContinuationModel {
    ContinuationModel::learn(references.continuation_labels.iter().map(|label| labelled(&references.owners, label)))
}

/// A label as the likelihood is asked about it.
#[must_use]
pub fn labelled<'a>(owners: &Owners, label: &'a ContinuationLabel) -> Labelled<'a> {
    let parts = |id: &'a str| id.split_once('/').unwrap_or(("", id));
    let (owner, name) = parts(&label.model_id);
    let base = label.base_model.as_deref().map(parts);
    let class = if owner.is_empty() { OwnerClass::Industry } else { owners.class(Some(owner)) };
    let training = Training {
        name,
        base: base.map(|(_, name)| name),
        base_is_stated: label.linked == continuation_labels::Linked::Stated,
        same_house: base.is_some_and(|(of, _)| {
            of.eq_ignore_ascii_case(owner) || owners.house(of).is_some_and(|h| owners.house(owner) == Some(h))
        }),
        owner: class,
        task: label.pipeline_tag.as_deref(),
        params: label.params,
    };
    Labelled {
        training,
        done: match label.training {
            continuation_labels::Training::Finetuned => Done::Tuned,
            continuation_labels::Training::Continued => Done::Continued,
            continuation_labels::Training::Pretrained => Done::Pretrained,
        },
        is_known: label.is_known(),
        weight: label.weight(),
    }
}

fn terms(model: &ContinuationModel, references: &References) -> Vec<RoleTermRow> {
    let labelled: Vec<Labelled<'_>> =
        references.continuation_labels.iter().map(|label| labelled(&references.owners, label)).collect();
    let count = |sign| i64::try_from(labelled.iter().filter(|row| row.has(sign)).count()).unwrap_or(i64::MAX);
    let of = |(done, role)| {
        let row = move |(sign, estimate): (_, f64)| (format!("{TERMS}={sign}"), role, estimate, sign);
        model.coefficients(done).map(row)
    };
    let all = [(Done::Continued, Role::Continued), (Done::Pretrained, Role::Pretrained)].into_iter().flat_map(of);
    all.map(|(term, role, estimate, sign)| RoleTermRow { term, role, estimate, n: count(sign) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::role_model::{FOLDS, folds_of_owners};
    use crate::reference::Reference;

    /// Owners dealt into five folds: what the likelihood says of drawn repositories whose owners it has not seen is worth more than their
    /// share, and it is neither too high nor too low by more than a third.
    #[test]
    fn owners_held_out() {
        let reference = Reference::load().unwrap();
        let references = References::new(&reference);
        let owners: Vec<&str> =
            references.continuation_labels.iter().map(|label| label.model_id.split('/').next().unwrap()).collect();
        let rows: Vec<(usize, Labelled<'_>)> = folds_of_owners(&owners)
            .into_iter()
            .zip(references.continuation_labels.iter())
            .map(|(fold, label)| (fold, labelled(&references.owners, label)))
            .collect();
        let mut held: Vec<([f64; 3], Labelled<'_>)> = Vec::new();
        for number in 0..FOLDS {
            let model = ContinuationModel::learn(rows.iter().filter(|(fold, _)| *fold != number).map(|(_, row)| *row));
            let of_fold = rows.iter().filter(|(fold, _)| *fold == number);
            held.extend(of_fold.map(|(_, row)| (model.probabilities_of(row), *row)));
        }
        for is_known in [false, true] {
            let of: Vec<_> = held.iter().filter(|(_, row)| row.is_known == is_known).collect();
            let weight: f64 = of.iter().map(|(_, row)| row.weight).sum();
            let mean = |value: &dyn Fn(&[f64; 3], Done) -> f64| {
                of.iter().map(|(p, row)| row.weight * value(p, row.done)).sum::<f64>() / weight
            };
            let shares = [0, 1, 2].map(|at| mean(&|_, done| f64::from(u8::from(Done::ALL[at] == done))));
            let expected = [0, 1, 2].map(|at| mean(&|p, _| p[at]));
            let loss = |p: &[f64; 3], done: Done| -p[Done::ALL.iter().position(|d| *d == done).unwrap()].max(1e-9).ln();
            let (found, of_share) = (mean(&loss), mean(&|_, done| loss(&shares, done)));
            assert!(found < of_share, "{found} {of_share}");
            assert!((expected[1] / shares[1] - 1.0).abs() < 1.0 / 3.0, "{expected:?} {shares:?}");
        }
    }
}
