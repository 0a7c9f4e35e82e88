//! Post-trained releases that would each carry a pre-training that nobody released, where their house has the base, or another of them,
//! under a name that begins alike.

use super::compare::{NAMED_SIZE, relative, seniority};
use super::join::{is_trained, join};
use crate::domain::{Role, Rule};
use crate::lineage::model::Graph;
use crate::lineage::names;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Difference of a count to a size in a name, which is rounded and leaves embeddings out (`MiMo-7B` has 7.83e9).
const COUNT_TO_NAME: f64 = 0.15;

/// `Bielik-PL-11B-v3.0-Instruct` of `Bielik-11B-v3-Base`; of `MiniCPM-2B-sft-fp32` and `MiniCPM-2B-dpo-fp32` the first carries.
pub(super) fn carriers_of_one_house(graph: &mut Graph<'_>) {
    let carries = |graph: &Graph<'_>, i: usize| {
        graph.node(i).registry_kind.is_none() && graph.placements[i].base.is_none() && graph.carries_pretraining(i)
    };
    let carriers: Vec<usize> = (0..graph.facts.len()).filter(|i| carries(graph, *i)).collect();
    let mut houses: FxHashMap<(String, String), Vec<usize>> = FxHashMap::default();
    for i in &carriers {
        houses.extend(key(graph, *i).map(|key| (key, Vec::new())));
    }
    let of_a_house = |i: usize| Some((key(graph, i).filter(|key| houses.contains_key(key))?, i));
    let trained = (0..graph.facts.len()).into_par_iter().filter(|i| is_trained(graph, *i));
    let members: Vec<((String, String), usize)> = trained.filter_map(of_a_house).collect();
    for (key, i) in members {
        houses.entry(key).or_default().push(i);
    }
    for i in carriers {
        let Some(house) = key(graph, i).and_then(|key| houses.get(&key)) else { continue };
        let is_root = |h: usize| matches!(graph.placements[h].role, Role::Pretrained | Role::Continued);
        let rank = |h: usize| (!is_root(h), seniority(graph.node(h)));
        let fits = |h: &usize| *h != i && is_alike(graph, i, *h) && (is_root(*h) || carries(graph, *h) && rank(*h) < rank(i));
        let head = house.iter().copied().filter(fits).min_by(|a, b| rank(*a).cmp(&rank(*b)));
        if let Some(head) = head {
            join(graph, i, head, Rule::SiblingSameStem);
        }
    }
}

/// House and first word of a name.
fn key(graph: &Graph<'_>, i: usize) -> Option<(String, String)> {
    let f = graph.node(i);
    Some((f.owner().to_lowercase(), names::tokens(f.name()).first()?.to_string()))
}

/// Whether two names of one first word may be of one line: the sizes are known and agree, and so do the versions before them, where both
/// have one.
fn is_alike(graph: &Graph<'_>, i: usize, h: usize) -> bool {
    let (f, other) = (graph.node(i), graph.node(h));
    let (Some(a), Some(b)) = (f.rough_params, other.rough_params) else { return false };
    let within = if f.params.is_some() && other.params.is_some() { NAMED_SIZE } else { COUNT_TO_NAME };
    let versions = names::version_of_line(f.name()).zip(names::version_of_line(other.name()));
    relative(a, b) <= within && versions.is_none_or(|(a, b)| a == b)
}
