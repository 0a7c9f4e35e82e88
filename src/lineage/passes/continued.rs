//! Continued pre-trainings that the registry lists by the chat model, beside whose base the index has.

use super::compare::{NAMED_SIZE, sizes_agree};
use super::groups::groups;
use super::join::is_trained;
use crate::domain::{Role, Rule};
use crate::lineage::model::Graph;
use crate::lineage::names;

/// `DeepSeek-Coder-V2-Instruct`, registered for the 6e12 tokens that `DeepSeek-Coder-V2-Base` saw: the chat model was tuned from that base, which is what
/// continued.
pub(super) fn bases_of_registered_releases(graph: &mut Graph<'_>) {
    let families = groups(graph.facts.len(), |i| {
        let f = graph.node(i);
        let key =
            (!f.owner().is_empty() && is_trained(graph, i)).then(|| (f.owner().to_lowercase(), names::stem_with_version(f.name())));
        key.filter(|(_, stem)| !stem.is_empty())
    });
    for family in families {
        let is_base = |i: &usize| names::is_base_of_family(graph.node(*i).name()) && graph.node(*i).registry_kind.is_none();
        let Some(base) = family.iter().copied().find(is_base) else { continue };
        let is_release = |i: &usize| {
            let f = graph.node(*i);
            graph.placements[*i].role_rule == Rule::RegistryContinued
                && !names::is_base_of_family(f.name())
                && sizes_agree(f, graph.node(base), NAMED_SIZE)
        };
        let Some(release) = family.iter().copied().find(is_release) else { continue };
        let stood_on = graph.placements[release].base;
        if graph.ancestors(base).any(|ancestor| ancestor == release) || graph.placements[base].base.is_none() {
            graph.placements[base].base = stood_on.filter(|on| *on != base);
        }
        if graph.placements[base].role != Role::Continued {
            (graph.placements[base].role, graph.placements[base].role_rule) = (Role::Continued, Rule::RegistryContinued);
        }
        let placement = &mut graph.placements[release];
        (placement.role, placement.role_rule, placement.base) = (Role::Finetuned, Rule::SiblingSameStem, Some(base));
    }
}
