//! Roles as probabilities, where nothing certain decides: read from the signs of each record, before runs are made of them.

use super::References;
use super::index::Index;
use super::role_labels::{owner_class, role_model};
use crate::domain::{Role, RoleShares, Rule, RunKind};
use crate::lineage::signs::Signs;
use crate::lineage::{self, Resolution, roles};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// A repository owns a run if it trained something with at least this probability: one in a hundred keeps the sum over all that are
/// left out below a hundredth of their number.
const LEAST_TRAINED: f64 = 0.01;

/// Sets the probabilities of every repository's roles, the likeliest as its role where no certain rule decided, and the runs anew.
pub(super) fn settle_roles(index: &mut Index, resolution: &mut Resolution, references: &References) {
    let model = role_model(references);
    let owners = owner_counts(index);
    let bases = base_counts(index);
    let shares: Vec<RoleShares> = (0..index.facts.len())
        .into_par_iter()
        .map(|i| {
            let (facts, placement) = (&index.facts[i], &resolution.placements[i]);
            if placement.role_rule.is_certain() {
                return RoleShares::certain(placement.role);
            }
            let signs = index.signs[i];
            model.shares(&Signs {
                facts,
                owner_class: owner_class(&references.owners, facts),
                owner_repositories: owners.get(facts.owner().to_lowercase().as_str()).copied().unwrap_or(1),
                named_as_base: bases.get(facts.model_id.to_lowercase().as_str()).copied().unwrap_or(0),
                downloads: signs.downloads,
                names_a_paper: signs.names_a_paper,
                names_data: signs.names_data,
                has_tags: signs.has_tags,
                linked_by: linked_by(facts, placement.role_rule),
            })
        })
        .collect();
    for (placement, shares) in resolution.placements.iter_mut().zip(&shares) {
        let likeliest = shares.likeliest();
        if likeliest != placement.role {
            (placement.role, placement.role_rule) = (likeliest, Rule::LikeliestRole);
            if likeliest == Role::Pretrained {
                placement.base = None;
                placement.more_bases = Box::default();
            }
        }
    }
    lineage::assign_runs(&index.facts, resolution);
    for (i, shares) in shares.iter().enumerate() {
        let trained: f64 = Role::ALL.iter().filter(|role| role.is_trained()).map(|role| shares.share(*role)).sum();
        let placement = &mut resolution.placements[i];
        if placement.own_run.is_none() && !shares.is_certain() && trained >= LEAST_TRAINED {
            placement.own_run = shares.likeliest_of(Role::is_trained).map(kind_without_base);
        }
    }
    index.shares = shares;
}

/// Rule by which another repository decided, if its own facts did not.
fn linked_by(facts: &lineage::RepoFacts, rule: Rule) -> Option<Rule> {
    (roles::role(facts).1 != rule).then_some(rule)
}

/// Kind of the run of a repository whose base nobody knows.
fn kind_without_base(role: Role) -> RunKind {
    match role {
        Role::Pretrained => RunKind::Pretraining,
        Role::Adapter => RunKind::Adapter,
        Role::Continued | Role::Finetuned | Role::Merge | Role::Quantized | Role::Converted | Role::Empty | Role::Untrained => {
            RunKind::FineTuning
        }
    }
}

/// Repositories by owner, lower case.
fn owner_counts(index: &Index) -> FxHashMap<String, u32> {
    let mut counts: FxHashMap<String, u32> = FxHashMap::default();
    for facts in &index.facts {
        *counts.entry(facts.owner().to_lowercase()).or_default() += 1;
    }
    counts
}

/// How many repositories name an id as their base, by the id in lower case.
fn base_counts(index: &Index) -> FxHashMap<String, u32> {
    let mut counts: FxHashMap<String, u32> = FxHashMap::default();
    for facts in &index.facts {
        for id in &facts.base_ids {
            *counts.entry(id.to_lowercase()).or_default() += 1;
        }
    }
    counts
}
