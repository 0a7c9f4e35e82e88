//! Labelled records as the likelihood of a role learns from them: read like any record, without what states the role.

use super::References;
use super::repo_facts::repo_facts;
use crate::domain::Role;
use crate::hub::record::empty_row;
use crate::lineage::role_model::{Labelled, Learning, RIDGE, RoleModel};
use crate::lineage::{RepoFacts, roles};
use crate::reference::{Owners, RoleLabel};
use crate::tables::{RawModelRow, RoleTermRow};
use crate::units::{Day, TimestampMs};

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

/// The labelled records that the likelihood is asked about: those whose role no certain rule decides.
#[must_use]
pub fn labelled(references: &References) -> Vec<Labelled> {
    let all = references.role_labels.iter().map(|label| of_label(references, label));
    all.filter(|row| !row.linked_by.unwrap_or_else(|| roles::role(&row.facts).1).is_certain()).collect()
}

fn of_label(references: &References, label: &RoleLabel) -> Labelled {
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
        owner_class: owner_class(&references.owners, &facts),
        facts,
        owner_repositories: label.owner_repositories,
        named_as_base: label.named_as_base,
        downloads: signs.downloads,
        names_a_paper: signs.names_a_paper,
        names_data: signs.names_data,
        has_tags: signs.has_tags,
        linked_by: label.linked_by,
        role: label.role,
        weight: label.weight(),
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
pub(super) fn owner_class(owners: &Owners, facts: &RepoFacts) -> crate::domain::OwnerClass {
    match facts.owner() {
        "" => crate::domain::OwnerClass::Industry,
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
