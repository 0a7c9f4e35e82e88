//! Labelled records as the likelihood of a role learns from them: read like any record, without what states the role.

use super::References;
use super::repo_facts::repo_facts;
use crate::domain::{OwnerClass, Role, Rule, RunKind, in_lower_case};
use crate::hub::record::empty_row;
use crate::lineage::role_model::{Labelled, Learning, RIDGE, RoleModel};
use crate::lineage::signs::Traits;
use crate::lineage::{RepoFacts, roles};
use crate::reference::role_labels::Draw;
use crate::reference::{Owners, RoleLabel, TrainingRun};
use crate::tables::{RawModelRow, RoleTermRow};
use crate::units::{Day, TimestampMs};
use rustc_hash::FxHashSet;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The likelihood of roles, learnt from the labelled records.
#[must_use]
pub fn role_model(references: &References) -> RoleModel {
    RoleModel::learn(&labelled(references), Learning { ridge: RIDGE, masks: true })
}

/// The coefficients of the likelihood, by key.
pub(super) fn role_terms(model: &RoleModel) -> Vec<RoleTermRow> {
    let of_term = |(at, (term, rows)): (usize, (&String, &usize))| {
        let (term, n) = (term.clone(), i64::try_from(*rows).unwrap_or(i64::MAX));
        let row = move |role: &Role| RoleTermRow { term: term.clone(), role: *role, estimate: model.coefficient(*role, at), n };
        Role::ALL.iter().map(row).collect::<Vec<_>>()
    };
    let mut rows: Vec<RoleTermRow> = model.names.iter().zip(&model.rows).enumerate().flat_map(of_term).collect();
    rows.sort_by(|a, b| (&a.term, a.role.name()).cmp(&(&b.term, b.role.name())));
    rows
}

/// The labelled records that the likelihood is asked about: those whose role no certain rule decides. The registry lists a house's notable
/// pre-trainings, so that its silence on another of its models says something. Where it has nothing of a house it says nothing: records of
/// listed houses are shown a second time as if it had nothing of theirs, with half the weight each, and so are the registered ones.
#[must_use]
pub fn labelled(references: &References) -> Vec<Labelled> {
    let houses = RegisteredHouses::of(references);
    let all = references.role_labels.iter().map(|label| (label.draw, of_label(references, &houses, label)));
    // Tokenizers are told by their names, and their silent records still teach what silence says of others.
    let teaches = |rule: Rule| !rule.is_certain() || rule == Rule::WordOfNoWeights;
    let asked = all.filter(|(_, row)| teaches(row.traits.linked_by.unwrap_or_else(|| roles::role(&row.facts).1)));
    let shown = asked.flat_map(|(draw, row)| {
        let half = row.weight / 2.0;
        let unknown = |row: Labelled| {
            let traits = Traits { registry_has_its_house: false, ..row.traits };
            Labelled { traits, weight: half, counts: 0.0, ..row }
        };
        if draw == Draw::Registered {
            vec![unknown(row)]
        } else if row.traits.owner_class != OwnerClass::Unlisted && row.traits.registry_has_its_house {
            let unknown = unknown(row.clone());
            vec![Labelled { weight: half, ..row }, unknown]
        } else {
            vec![row]
        }
    });
    shown.collect()
}

/// Of whose pre-trainings the registry has one, and up to when it lists any.
pub(super) struct RegisteredHouses {
    /// Namespaces, lower case.
    names: FxHashSet<String>,
    /// Day of the last pre-training it lists.
    last: Option<Day>,
}

impl RegisteredHouses {
    /// Of the registry.
    pub(super) fn of(references: &References) -> Self {
        let pretrained = || references.registry.runs().iter().filter(|run| run.kind == RunKind::Pretraining);
        let names = pretrained().filter_map(|run| Some(run.hub_id.as_deref()?.split_once('/')?.0.to_lowercase())).collect();
        Self { names, last: pretrained().filter_map(TrainingRun::trained_on_day).max() }
    }

    /// Whether the registry could have a pre-training of this repository: it has others of its house, and lists what is as young. Of what came
    /// after its last entry its silence says nothing, however many years a nightly job goes on with it.
    pub(super) fn have(&self, facts: &RepoFacts) -> bool {
        let day = facts.created_ms.map(|ms| TimestampMs(ms).day());
        let is_later = day.zip(self.last).is_some_and(|(day, last)| day > last);
        !is_later && in_lower_case(facts.owner(), |owner| self.names.contains(owner))
    }
}

fn of_label(references: &References, houses: &RegisteredHouses, label: &RoleLabel) -> Labelled {
    let raw = labelled_record(label);
    let facts = RepoFacts {
        registry_kind: None,
        registry_continued: false,
        base_ids: Vec::new(),
        base_count: 0,
        relation: None,
        ..repo_facts(references, &raw)
    };
    let signs = RecordSigns::of_record(&raw, label.downloads);
    Labelled {
        traits: Traits {
            owner_class: owner_class(&references.owners, &facts),
            owner_repositories: label.owner_repositories,
            // Series are what the bound was counted from.
            owner_alike: 1,
            named_as_base: label.named_as_base,
            downloads: signs.downloads,
            names_a_paper: signs.names_a_paper,
            names_data: signs.names_data,
            has_tags: signs.has_tags,
            linked_by: label.linked_by,
            registry_has_its_house: houses.have(&facts),
        },
        facts,
        role: label.role,
        weight: label.weight(),
        counts: label.weight(),
    }
}

/// The record of a label, as the index had it.
#[must_use]
pub fn labelled_record(label: &RoleLabel) -> RawModelRow {
    RawModelRow {
        model_id: label.model_id.clone(),
        created_at: label.created_on.as_deref().and_then(Day::parse).map(|day| TimestampMs(i64::from(day.0) * DAY_MS)),
        pipeline_tag: label.pipeline_tag.clone(),
        library: label.library.clone(),
        tags: label.tags(),
        safetensors_total: label.safetensors_total,
        ..empty_row("role_labels.csv")
    }
}

/// Class of a repository's owner. Ids without a namespace are the first models of the Hub, of the houses that wrote the papers.
pub(super) fn owner_class(owners: &Owners, facts: &RepoFacts) -> OwnerClass {
    match facts.owner() {
        "" => OwnerClass::Industry,
        owner => owners.class(Some(owner)),
    }
}

/// What of a record only the likelihood of its role asks for, small enough to be held for every repository.
#[derive(Clone, Copy, Debug)]
pub(super) struct RecordSigns {
    pub(super) downloads: Option<i64>,
    pub(super) names_a_paper: bool,
    pub(super) names_data: bool,
    pub(super) has_tags: bool,
    /// Whether the card states a training on the scale of a pre-training.
    pub(super) card_states_a_pretraining: bool,
}

impl RecordSigns {
    pub(super) fn of_record(raw: &RawModelRow, downloads: Option<i64>) -> Self {
        let has = |prefix: &str| raw.tags.iter().any(|tag| tag.starts_with(prefix));
        Self {
            downloads,
            names_a_paper: has("arxiv:"),
            names_data: has("dataset:"),
            card_states_a_pretraining: false,
            has_tags: raw.tags.iter().any(|tag| !tag.starts_with("region:")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    /// What the bound of strangers' large models says is counted here.
    #[test]
    fn no_labelled_large_model_of_a_stranger_is_a_pretraining() {
        let labelled = labelled(&References::new(&Reference::load().unwrap()));
        let large = || labelled.iter().filter(|row| row.counts > 0.0 && row.signs().is_large_of_a_stranger());
        assert!(large().count() > 30, "{}", large().count());
        assert!(large().all(|row| row.role != Role::Pretrained));
    }

    /// Regression: Qwen3.8-2.4T, of August 2026, was a fine-tune of a house whose registered pre-trainings end in July.
    #[test]
    fn the_registry_is_silent_on_what_came_after_it() {
        let references = References::new(&Reference::load().unwrap());
        let houses = RegisteredHouses::of(&references);
        let have = |id: &str, day: Option<&str>| {
            let created_at = day.and_then(Day::parse).map(|day| TimestampMs(i64::from(day.0) * DAY_MS));
            let raw = RawModelRow { model_id: id.to_owned(), created_at, ..empty_row("test") };
            houses.have(&repo_facts(&references, &raw))
        };
        assert!(have("Qwen/Some-Model-7B", Some("2025-03-01")) && have("Qwen/Some-Model-7B", None));
        assert!(!have("Qwen/Some-Model-7B", Some("2031-01-01")));
        assert!(!have("a-house-that-nobody-knows/Some-Model-7B", Some("2025-03-01")));
    }
}
