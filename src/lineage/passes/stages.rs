//! Checkpoints of one training that are repositories of their own.

use super::compare::{SAME_SIZE, architectures_agree, seniority, sizes_agree};
use super::groups::groups;
use super::join::{is_known_pretraining, is_registered, is_trained};
use crate::domain::{Role, Rule};
use crate::lineage::model::Graph;
use crate::lineage::names::{self, BareSteps};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// `multiberts-seed_0-step_100k` of `multiberts-seed_0`, and of `x-epoch-1`, `x-epoch-2` and `x-epoch-3` the last: one training, of which
/// the others are copies. The final weights are those of the name without a stage, else of the latest one.
pub(super) fn stages_of_one_training(graph: &mut Graph<'_>) {
    let trainings = groups(graph.facts.len(), |i| {
        let f = graph.node(i);
        let key = (f.owner().to_lowercase(), names::without_stage(f.name()));
        (trains(graph, i) && !f.owner().is_empty() && !key.1.is_empty()).then_some(key)
    });
    for training in trainings {
        let stage = |i: usize| names::stage(graph.node(i).name());
        let stages: Vec<Member> = training.iter().map(|i| (*i, stage(*i))).collect();
        settle(graph, &stages);
    }
    stages_by_bare_steps(graph);
}

/// A node, and its stage where its name states one.
type Member = (usize, Option<u64>);

/// Makes the stages of a training copies of its last one.
fn settle(graph: &mut Graph<'_>, training: &[Member]) {
    let rank = |(i, stage): &Member| (!is_registered(graph, *i), stage.is_some(), Reverse(*stage), seniority(graph.node(*i)));
    let Some((last, _)) = training.iter().min_by(|a, b| rank(a).cmp(&rank(b))).copied() else { return };
    let is_stage =
        |(i, stage): &&Member| *i != last && stage.is_some() && !is_registered(graph, *i) && !is_known_pretraining(graph, *i);
    let stages: Vec<usize> = training.iter().filter(is_stage).map(|(i, _)| *i).collect();
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

/// Numbers of steps that make a series: three with the beginning or with one that no context and no vocabulary reaches, else four.
const LEAST_SERIES: usize = 4;
/// Longer than the contexts that names state in thousands, other than as powers of two, and than vocabularies (the largest of them have 256k).
const BEYOND_LENGTHS: u64 = 500_000;

/// Whether numbers are those at which a training was saved: enough of them, and three in a row at equal distances. Contexts, vocabularies and
/// amounts of data grow by factors.
fn is_series_of_steps(mut steps: Vec<u64>) -> bool {
    steps.sort_unstable();
    steps.dedup();
    let tells = steps.first() == Some(&0) || steps.last().is_some_and(|most| *most >= BEYOND_LENGTHS);
    steps.len() >= LEAST_SERIES - usize::from(tells) && steps.windows(3).any(|three| three[1] - three[0] == three[2] - three[1])
}

/// `multiberts-seed-1-20k`, `-40k` and `-60k`: of one owner, size and architecture, with names that differ in a number of steps alone.
fn stages_by_bare_steps(graph: &mut Graph<'_>) {
    let bare = |graph: &Graph<'_>, i: usize| names::bare_steps(graph.node(i).name()).filter(|_| trains(graph, i));
    let series = groups(graph.facts.len(), |i| {
        let owner = graph.node(i).owner();
        bare(graph, i).filter(|_| !owner.is_empty()).map(|b| (owner.to_lowercase(), b.series))
    });
    let mut found: FxHashMap<(String, String), Vec<Member>> = FxHashMap::default();
    for group in series {
        let alike = |i: &usize| {
            let (f, first) = (graph.node(*i), graph.node(group[0]));
            sizes_agree(f, first, SAME_SIZE) && architectures_agree(f, first)
        };
        let members: Vec<(usize, BareSteps)> = group.iter().filter_map(|i| Some((*i, bare(graph, *i)?))).collect();
        if !group.iter().all(alike) || !is_series_of_steps(members.iter().map(|(_, b)| b.steps).collect()) {
            continue;
        }
        for (i, BareSteps { steps, rest, .. }) in members {
            found.entry((graph.node(i).owner().to_lowercase(), rest)).or_default().push((i, Some(steps)));
        }
    }
    if found.is_empty() {
        return;
    }
    // The name without a number is that of the whole training.
    for i in 0..graph.facts.len() {
        let f = graph.node(i);
        let key = || (f.owner().to_lowercase(), names::tokens(f.name()).join("-"));
        if trains(graph, i)
            && !f.owner().is_empty()
            && let Some(training) = found.get_mut(&key())
        {
            let (first, _) = training[0];
            if sizes_agree(f, graph.node(first), SAME_SIZE) && architectures_agree(f, graph.node(first)) {
                training.push((i, None));
            }
        }
    }
    let mut found: Vec<Vec<Member>> = found.into_values().collect();
    found.sort_unstable();
    found.iter().for_each(|training| settle(graph, training));
}

fn trains(graph: &Graph<'_>, i: usize) -> bool {
    is_trained(graph, i) || graph.placements[i].role == Role::Adapter
}

#[cfg(test)]
mod tests {
    use super::is_series_of_steps;

    #[test]
    fn steps_are_saved_at_equal_distances() {
        for steps in [&[0, 20, 40][..], &[1, 20, 25, 30, 50], &[250_000, 500_000, 750_000], &[100, 200, 300, 500]] {
            assert!(is_series_of_steps(steps.to_vec()), "{steps:?}");
        }
        // Contexts, vocabularies (ctoraman/RoBERTa-TR-medium-bpe-7k to -66k), data, a pair, one number thrice.
        for steps in [
            &[4_000, 8_000, 32_000, 128_000][..],
            &[7_000, 16_000, 28_000, 44_000, 66_000],
            &[1_000, 5_000, 10_000],
            &[3_000, 4_000, 5_000],
            &[0, 20_000],
            &[20_000, 20_000, 20_000, 20_000],
        ] {
            assert!(!is_series_of_steps(steps.to_vec()), "{steps:?}");
        }
    }
}
