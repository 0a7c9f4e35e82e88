//! Labelled records as the likelihood of a role learns from them: read like any record, without what states the role.

use super::References;
use super::repo_facts::repo_facts;
use crate::domain::{OwnerClass, Role, RunKind};
use crate::hub::record::empty_row;
use crate::lineage::role_model::{Labelled, Learning, RIDGE, RoleModel};
use crate::lineage::signs::Traits;
use crate::lineage::{RepoFacts, roles};
use crate::reference::role_labels::Draw;
use crate::reference::{Owners, RoleLabel};
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
    let houses = registered_houses(references);
    let all = references.role_labels.iter().map(|label| (label.draw, of_label(references, &houses, label)));
    let asked = all.filter(|(_, row)| !row.traits.linked_by.unwrap_or_else(|| roles::role(&row.facts).1).is_certain());
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

/// Namespaces, lower case, of whose pre-trainings the registry has one.
pub(super) fn registered_houses(references: &References) -> FxHashSet<String> {
    let pretrained = references.registry.runs().iter().filter(|run| run.kind == RunKind::Pretraining);
    pretrained.filter_map(|run| Some(run.hub_id.as_deref()?.split_once('/')?.0.to_lowercase())).collect()
}

fn of_label(references: &References, houses: &FxHashSet<String>, label: &RoleLabel) -> Labelled {
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
            named_as_base: label.named_as_base,
            downloads: signs.downloads,
            names_a_paper: signs.names_a_paper,
            names_data: signs.names_data,
            has_tags: signs.has_tags,
            linked_by: label.linked_by,
            registry_has_its_house: houses.contains(&facts.owner().to_lowercase()),
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
