//! The likelihood of a role where nothing certain decides it: multinomial logistic regression on the [signs](super::signs) of a record
//! (docs/method.md, section 2).
//!
//! It learns from records whose role somebody looked up. Each is shown twice: as it is, and with everything hidden but id, task and
//! downloads, so that a model that learnt on rich records does not take silence for a sign (what a record lacks says little of what the
//! repository is). Both versions have half the weight.

use super::model::RepoFacts;
use super::signs::{Bounds, LEAST_LINKED, SignKind, Signs, Traits, read_signs};
use crate::domain::role_shares::ROLES;
use crate::domain::{Role, RoleShares, Rule};
use crate::method::softmax::{self, ENOUGH_FOR_PROBABILITIES, EXACT, Example, Rows, Softmax};
use rustc_hash::{FxHashMap, FxHashSet};

/// Penalty on squared coefficients. `role_scores` has the log loss of owners held out at a third and at three times as much.
pub const RIDGE: f64 = 3.0;
/// A sign is a feature if this many labelled records have it,
const MIN_ROWS: usize = 4;
/// of at least this many owners.
const MIN_OWNERS: usize = 3;
/// Folds of owners.
pub const FOLDS: usize = 5;

/// A record whose role is known.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// The record's facts, without what states its role.
    pub facts: RepoFacts,
    /// What else is told of it, in the index it was drawn from.
    pub traits: Traits,
    /// The role.
    pub role: Role,
    /// Weight of the row in the fit.
    pub weight: f64,
    /// Weight of the row where the fit is measured; zero for one that is shown otherwise than it is.
    pub counts: f64,
}

impl Labelled {
    /// The record as it is.
    #[must_use]
    pub fn signs(&self) -> Signs<'_> {
        Signs {
            facts: &self.facts,
            traits: self.traits,
            has_large_base: self.traits.linked_by.is_some_and(Rule::links_to_a_base) && self.is_large(),
            base_has_a_base: false,
            has_a_new_size: false,
            has_a_pretrained_sister: false,
        }
    }

    fn is_large(&self) -> bool {
        self.facts.size().is_some_and(|n| n >= LEAST_LINKED)
    }

    /// The same record with everything hidden but id, task and downloads; how much its owner has is seen from the index.
    #[must_use]
    pub fn masked(&self) -> Self {
        let f = &self.facts;
        Self {
            facts: RepoFacts {
                model_id: f.model_id.clone(),
                pipeline_tag: f.pipeline_tag.clone(),
                named_size: f.named_size,
                rough_params: None,
                listed_owner: f.listed_owner,
                ..RepoFacts::default()
            },
            traits: Traits {
                named_as_base: 0,
                names_a_paper: false,
                names_data: false,
                has_tags: false,
                linked_by: None,
                ..self.traits
            },
            ..self.clone()
        }
    }

    /// Owners are held out together; a legacy id without one stands for itself.
    #[must_use]
    pub fn owner(&self) -> String {
        let owner = self.facts.owner();
        if owner.is_empty() { self.facts.model_id.to_lowercase() } else { owner.to_lowercase() }
    }
}

/// How the likelihood learns.
#[derive(Clone, Copy, Debug)]
pub struct Learning {
    /// Penalty on squared coefficients.
    pub ridge: f64,
    /// Whether every record is shown masked, too.
    pub masks: bool,
}

impl Learning {
    /// What is learnt from a record as it is and masked: both with half its weight, or the first alone.
    fn weighted(self, [as_it_is, masked]: &[Example; 2]) -> impl Iterator<Item = (&Example, f64)> {
        let share = if self.masks { 0.5 } else { 1.0 };
        let shown = std::iter::once(as_it_is).chain(self.masks.then_some(masked));
        shown.map(move |example| (example, share * example.weight))
    }
}

/// The fitted likelihood.
#[derive(Clone, Debug)]
pub struct RoleModel {
    /// Position of a sign among the features, by kind and value.
    positions: FxHashMap<SignKind, FxHashMap<Box<str>, u16>>,
    /// Names of the features, the intercept first.
    pub names: Vec<String>,
    /// Labelled records that have each feature.
    pub rows: Vec<usize>,
    softmax: Softmax<ROLES>,
}

/// What the folds give for one labelled record: its probabilities as it is and masked, by a model that saw none of its owner's records.
pub type HeldOut = [RoleShares; 2];

impl RoleModel {
    /// Learns from labelled records.
    #[must_use]
    pub fn learn(labelled: &[Labelled], learning: Learning) -> Self {
        let mut model = Self::with_features_of(labelled);
        let examples: Vec<[Example; 2]> = labelled.iter().map(|row| model.shown(row)).collect();
        let rows = Rows::of_examples(examples.iter().flat_map(|shown| learning.weighted(shown)));
        model.softmax = softmax::fit(&rows, model.softmax, learning.ridge, EXACT);
        model
    }

    /// The likelihood that was learnt from these records, by its coefficients: zero where there is none.
    #[must_use]
    pub fn of_coefficients(labelled: &[Labelled], coefficient: impl Fn(&str, Role) -> Option<f64>) -> Self {
        let mut model = Self::with_features_of(labelled);
        let of = |name: &String| Role::ALL.iter().map(|role| coefficient(name, *role).unwrap_or_default()).collect::<Vec<f64>>();
        let rows = model.names.iter().map(|name| <[f64; ROLES]>::try_from(of(name)).unwrap_or_default());
        model.softmax = Softmax::of_coefficients(rows.collect());
        model
    }

    /// Features without coefficients.
    fn with_features_of(labelled: &[Labelled]) -> Self {
        let mut seen: FxHashMap<(SignKind, Box<str>), (usize, FxHashSet<String>)> = FxHashMap::default();
        for row in labelled {
            let owner = row.owner();
            read_signs(&row.signs(), |kind, value, _| {
                let (rows, owners) = seen.entry((kind, value.into())).or_default();
                *rows += 1;
                owners.insert(owner.clone());
            });
        }
        let mut kept: Vec<((SignKind, Box<str>), usize)> = seen
            .into_iter()
            .filter(|(_, (rows, owners))| *rows >= MIN_ROWS && owners.len() >= MIN_OWNERS)
            .map(|(sign, (rows, _))| (sign, rows))
            .collect();
        kept.sort();
        kept.truncate(usize::from(u16::MAX) - 1);
        let mut positions: FxHashMap<SignKind, FxHashMap<Box<str>, u16>> = FxHashMap::default();
        let (mut names, mut rows) = (vec!["intercept".to_owned()], vec![labelled.len()]);
        for ((kind, value), n) in kept {
            let at = u16::try_from(names.len()).unwrap_or(u16::MAX);
            names.push(format!("{kind}={value}"));
            rows.push(n);
            positions.entry(kind).or_default().insert(value, at);
        }
        let softmax = Softmax::even(names.len());
        Self { positions, names, rows, softmax }
    }

    fn features(&self, signs: &Signs<'_>) -> Vec<(u16, f64)> {
        let mut features = vec![(0, 1.0)];
        read_signs(signs, |kind, value, x| {
            features.extend(self.positions.get(&kind).and_then(|values| values.get(value)).map(|at| (*at, x)));
        });
        features
    }

    /// A record as it is and masked, with its whole weight.
    fn shown(&self, row: &Labelled) -> [Example; 2] {
        let class = Role::ALL.iter().position(|role| *role == row.role).unwrap_or(0);
        let example = |row: &Labelled| Example { features: self.features(&row.signs()), class, weight: row.weight };
        [example(row), example(&row.masked())]
    }

    /// Probabilities of the roles of a record.
    #[must_use]
    pub fn shares(&self, signs: &Signs<'_>) -> RoleShares {
        shares_of(&self.softmax, &self.features(signs), signs.bounds())
    }

    /// Coefficient of a feature for a role, in logits.
    #[must_use]
    pub fn coefficient(&self, role: Role, feature: usize) -> f64 {
        Role::ALL.iter().position(|r| *r == role).map_or(0.0, |class| self.softmax.coefficient(class, feature))
    }

    /// The signs of a record that speak most for a role against the average role, with what each adds to its logit, largest first.
    #[must_use]
    pub fn reasons(&self, signs: &Signs<'_>, role: Role) -> Vec<(&str, f64)> {
        #[allow(clippy::cast_precision_loss)]
        let mean = |at: usize| Role::ALL.iter().map(|r| self.coefficient(*r, at)).sum::<f64>() / ROLES as f64;
        let mut reasons: Vec<(&str, f64)> = self
            .features(signs)
            .into_iter()
            .skip(1)
            .map(|(at, x)| (usize::from(at), x))
            .map(|(at, x)| (self.names[at].as_str(), (self.coefficient(role, at) - mean(at)) * x))
            .collect();
        reasons.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()).then(a.0.cmp(b.0)));
        reasons
    }
}

/// Probabilities of the roles by their features, within their bounds; the other roles share what is left.
fn shares_of(softmax: &Softmax<ROLES>, features: &[(u16, f64)], bounds: Bounds) -> RoleShares {
    let mut weights = softmax.probabilities(features);
    let at = Role::ALL.iter().position(|role| *role == Role::Pretrained).unwrap_or(0);
    if let Some(odds) = bounds.odds {
        // Odds of the pre-training against all others together.
        weights[at] *= odds;
        let all: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= all);
    }
    if let Some(most) = bounds.most_pretrained.filter(|most| *most < weights[at]) {
        weights[at] = (1.0 - weights[at]) * most / (1.0 - most);
    }
    if let Some((role, least)) = bounds.least {
        let at = Role::ALL.iter().position(|other| *other == role).unwrap_or(0);
        if least > weights[at] {
            weights[at] = (1.0 - weights[at]) * least / (1.0 - least);
        }
    }
    RoleShares::from_weights(&weights).unwrap_or_else(|| RoleShares::certain(Role::Pretrained))
}

/// Fold of every labelled record.
#[must_use]
pub fn folds(labelled: &[Labelled]) -> Vec<usize> {
    folds_of_owners(&labelled.iter().map(Labelled::owner).collect::<Vec<_>>())
}

/// Fold of each record by its owner: owners are dealt into the folds in the order of their names.
#[must_use]
pub fn folds_of_owners<S: AsRef<str>>(owners: &[S]) -> Vec<usize> {
    let mut dealt: Vec<&str> = owners.iter().map(AsRef::as_ref).collect();
    dealt.sort_unstable();
    dealt.dedup();
    owners.iter().map(|owner| dealt.binary_search(&owner.as_ref()).unwrap_or(0) % FOLDS).collect()
}

/// Probabilities of every labelled record, for each way of learning, by models that saw no record of its owner. The features are those of
/// `whole`, which were chosen by counts and not by roles, and each fit begins at its coefficients.
#[must_use]
pub fn held_out(labelled: &[Labelled], whole: &RoleModel, ways: &[Learning]) -> Vec<Vec<HeldOut>> {
    held_out_within(labelled, whole, ways, ENOUGH_FOR_PROBABILITIES)
}

/// The same, with fits that end at a given tolerance.
pub(crate) fn held_out_within(labelled: &[Labelled], whole: &RoleModel, ways: &[Learning], tolerance: f64) -> Vec<Vec<HeldOut>> {
    use rayon::prelude::*;
    let folds = folds(labelled);
    // Each record as it is and masked, read once for all fits.
    let examples: Vec<[Example; 2]> = labelled.par_iter().map(|row| whole.shown(row)).collect();
    let fit = |learning: &Learning, held: usize, start: &Softmax<ROLES>| {
        let rest = examples.iter().zip(&folds).filter(|(_, fold)| **fold != held);
        let rows = Rows::of_examples(rest.flat_map(|(shown, _)| learning.weighted(shown)));
        softmax::fit(&rows, start.clone(), learning.ridge, tolerance)
    };
    let Some((first, others)) = ways.split_first() else { return Vec::new() };
    let mut models: Vec<Softmax<ROLES>> = (0..FOLDS).into_par_iter().map(|held| fit(first, held, &whole.softmax)).collect();
    // The other ways begin where the first ended for the same fold: that is nearer than what was learnt from all.
    let fits: Vec<(&Learning, usize)> = others.iter().flat_map(|way| (0..FOLDS).map(move |held| (way, held))).collect();
    let more: Vec<Softmax<ROLES>> = fits.into_par_iter().map(|(way, held)| fit(way, held, &models[held])).collect();
    models.extend(more);
    // A masked record shows no link.
    let linked: Vec<[Bounds; 2]> = labelled.iter().map(|row| [row.signs().bounds(), row.masked().signs().bounds()]).collect();
    let of_fold = |models: &[Softmax<ROLES>]| {
        let shares = |((shown, linked), fold): ((&[Example; 2], &[Bounds; 2]), &usize)| -> HeldOut {
            std::array::from_fn(|version| shares_of(&models[*fold], &shown[version].features, linked[version]))
        };
        examples.iter().zip(&linked).zip(&folds).map(shares).collect()
    };
    models.chunks(FOLDS).map(of_fold).collect()
}
