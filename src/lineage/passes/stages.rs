//! Checkpoints of one training that are repositories of their own.

use super::compare::seniority;
use super::groups::groups;
use super::join::{is_known_pretraining, is_registered, is_trained};
use crate::domain::{Role, Rule};
use crate::lineage::model::Graph;
use crate::lineage::names;

/// `multiberts-seed_0-step_100k` of `multiberts-seed_0`, and of `x-epoch-1`, `x-epoch-2` and `x-epoch-3` the last: one training, of which
/// the others are copies. The final weights are those of the name without a stage, else of the latest one.
pub(super) fn stages_of_one_training(graph: &mut Graph<'_>) {
    let trains = |graph: &Graph<'_>, i: usize| is_trained(graph, i) || graph.placements[i].role == Role::Adapter;
    let trainings = groups(graph.facts.len(), |i| {
        let f = graph.node(i);
        let key = (f.owner().to_lowercase(), names::without_stage(f.name()));
        (trains(graph, i) && !f.owner().is_empty() && !key.1.is_empty()).then_some(key)
    });
    for training in trainings {
        let rank = |i: &usize| {
            let f = graph.node(*i);
            let stage = names::stage(f.name());
            (!is_registered(graph, *i), stage.is_some(), std::cmp::Reverse(stage), seniority(f))
        };
        let Some(last) = training.iter().copied().min_by(|a, b| rank(a).cmp(&rank(b))) else { continue };
        let is_stage = |i: &usize| {
            let says = names::stage(graph.node(*i).name()).is_some();
            *i != last && says && !is_registered(graph, *i) && !is_known_pretraining(graph, *i)
        };
        let stages: Vec<usize> = training.iter().copied().filter(is_stage).collect();
        for i in stages {
            if graph.ancestors(last).any(|ancestor| ancestor == i) {
                continue;
            }
            let placement = &mut graph.placements[i];
            placement.role = Role::Converted;
            placement.role_rule = Rule::StageOfATraining;
            placement.base = Some(last);
        }
    }
}
