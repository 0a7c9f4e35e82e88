//! Pre-trainings whose size and tokens somebody looked up (repository_facts.csv), as rows of the regression of tokens.
//!
//! They are those that large estimates were asked about, and not only the notable that the registry follows.

use super::References;
use super::samples::{Sample, owner};
use crate::domain::{Modality, Rating, Role, Run, RunKind};
use crate::evidence::index::names;
use crate::method::assumptions::TOKENS_FIT_SINCE_YEAR;
use crate::reference::{Owners, Registry, RepositoryFact, TrainingRun};
use libm::log10;

/// Tokens within this distance of each other, in dex (2 %), and sizes within the next (5 %), of one house are of one training, or of sisters that
/// tell nothing more.
const SAME_TOKENS_DEX: f64 = 0.009;
const SAME_SIZE_DEX: f64 = 0.021;

/// The looked-up pre-trainings of text that no row of `others` tells of. As of the registry's rows, speculative ones are none.
pub(super) fn samples(references: &References, others: &[Sample]) -> Vec<Sample> {
    let owners = &references.factors.owners;
    let facts = references.records.repository_facts.rows().filter(|fact| fact.role == Role::Pretrained);
    let facts = facts.filter(|fact| fact.rating() != Rating::Speculative);
    let mut kept: Vec<Sample> = Vec::new();
    for sample in facts.filter_map(|fact| sample(owners, &references.registry, fact)) {
        if !others.iter().chain(&kept).any(|other| is_same_training(other, &sample)) {
            kept.push(sample);
        }
    }
    kept
}

fn sample(owners: &Owners, registry: &Registry, fact: &RepositoryFact) -> Option<Sample> {
    let namespace = fact.model_id.split_once('/').map(|(owner, _)| owner)?;
    let trained_on = fact.day().filter(|day| day.year() >= TOKENS_FIT_SINCE_YEAR)?;
    let of_namespace: Vec<&TrainingRun> = registry.runs().iter().filter(|run| namespace_of(run) == Some(namespace)).collect();
    // Whose registered models are all of proteins or images has tokens of these.
    if !of_namespace.is_empty() && !of_namespace.iter().any(|run| run.modality.counts_tokens()) {
        return None;
    }
    let of_name = names::size(&fact.model_id);
    let total = fact.total_params.or_else(|| of_name.as_ref()?.total);
    let active = fact.active_params.or_else(|| of_name.as_ref()?.active).or(total)?;
    let mut run = Run::new(&fact.model_id, RunKind::Pretraining, Modality::Text);
    run.trained_on = Some(trained_on);
    (run.known.total_params, run.known.active_params) = (total, Some(active));
    run.owner.name = Some(namespace.to_owned());
    run.owner.class = owners.class(Some(namespace));
    let house = owners.registered_as(namespace).to_owned();
    // Held out with the registry's rows of its house, else with those of its namespace, whoever stands first among their organizations.
    let registered = of_namespace.iter().map(|run| owner(run));
    let owner = if registered.clone().any(|owner| owner == house) { None } else { registered.clone().next() };
    let owner = owner.unwrap_or_else(|| house.clone());
    Some(Sample { id: fact.model_id.clone(), house: other_than(&owner, house), owner, response: log10(fact.train_tokens?), run })
}

/// The house of a namespace, where it is not the owner's name.
pub(super) fn other_than(owner: &str, house: String) -> Option<String> {
    Some(house).filter(|house| house != owner)
}

/// Namespace of a registered run.
pub(super) fn namespace_of(run: &TrainingRun) -> Option<&str> {
    run.hub_id.as_deref().and_then(|id| id.split_once('/')).map(|(owner, _)| owner)
}

/// Whether two rows are of one training, or of sisters of one size, house and count of tokens: a base and its chat model, models of one
/// series on data without duplicates.
fn is_same_training(a: &Sample, b: &Sample) -> bool {
    let size = |sample: &Sample| sample.run.known.active_params.map(log10);
    let is_same_size = size(a).zip(size(b)).is_some_and(|(a, b)| (a - b).abs() <= SAME_SIZE_DEX);
    let is_same_model = a.run.model_id.eq_ignore_ascii_case(&b.run.model_id);
    let is_same_house = a.owner == b.owner || a.house.is_some() && a.house == b.house;
    is_same_model || is_same_house && is_same_size && (a.response - b.response).abs() <= SAME_TOKENS_DEX
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str, owner: &str, house: Option<&str>, params: f64, tokens: f64) -> Sample {
        let mut run = Run::new(id, RunKind::Pretraining, Modality::Text);
        run.known.active_params = Some(params);
        Sample { id: id.into(), owner: owner.into(), house: house.map(str::to_owned), response: log10(tokens), run }
    }

    /// Regression: the registry has dots.llm1.inst, a fact dots.llm1.base, with the tokens of one training.
    #[test]
    fn a_base_and_its_chat_model_are_one_row() {
        let registered = row("r/dots.inst", "R", None, 1.4e10, 1.12e13);
        assert!(is_same_training(&registered, &row("r/dots.base", "R", None, 1.4e10, 1.12e13)));
        assert!(!is_same_training(&registered, &row("r/dots.base", "R", None, 1.4e10, 2.0e13)));
        assert!(!is_same_training(&registered, &row("s/dots.base", "S", None, 1.4e10, 1.12e13)));
        assert!(!is_same_training(&registered, &row("r/dots.small", "R", None, 1.0e9, 1.12e13)));
        assert!(is_same_training(&registered, &row("R/Dots.inst", "S", None, 1.0e9, 2.0e13)), "one repository");
    }
}
