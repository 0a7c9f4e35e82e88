//! Names that begin with the whole name, size included, of a model of somebody who is not listed.

use super::compare::{LARGE_PARAMS, NAMED_SIZE, old_enough, seniority, sizes_agree};
use super::groups::groups;
use super::join::{is_open, is_trained, join};
use crate::domain::{Role, Rule};
use crate::lineage::model::Graph;
use crate::lineage::names;

/// Fewest words of a name, its size among them, that two people do not give by chance.
const FEWEST_TOKENS: usize = 3;

/// `Ornith-1.0-35B-MTPLX` was made of `Ornith-1.0-35B`. Of several repositories of the whole name the one that is asked for most is the
/// original, and those of others are its mirrors.
pub(super) fn models_by_beginning(graph: &mut Graph<'_>) {
    let n = graph.facts.len();
    for group in groups(n, |i| begins_with(graph, i)) {
        let whole = |i: &&usize| begins_with(graph, **i).is_some_and(|key| key == names::tokens(graph.node(**i).name()).join("-"));
        let rank = |i: &&usize| {
            let f = graph.node(**i);
            (names::is_mirror(f.owner()), !f.listed_owner, std::cmp::Reverse(f.downloads), seniority(f))
        };
        let Some(original) = group.iter().filter(whole).min_by(|a, b| rank(a).cmp(&rank(b))).copied() else { continue };
        let length = graph.node(original).name().len();
        for &i in group.iter().filter(|i| **i != original) {
            let (f, o) = (graph.node(i), graph.node(original));
            let fits = !f.same_owner(o) && !f.listed_owner && sizes_agree(f, o, NAMED_SIZE) && old_enough(o, f);
            if !fits || !is_open(graph, i) || f.registry_kind.is_some() {
                continue;
            }
            if f.name().len() == length {
                let placement = &mut graph.placements[i];
                (placement.role, placement.role_rule, placement.base) = (Role::Converted, Rule::MirrorSameName, Some(original));
            } else {
                join(graph, i, original, Rule::NamesAModelInFull);
            }
        }
    }
}

/// The words of a name up to its size, where it is that of a large model that trained weights.
fn begins_with(graph: &Graph<'_>, i: usize) -> Option<String> {
    let f = graph.node(i);
    #[allow(clippy::cast_precision_loss)] // A constant far below 2^53.
    let large = f.named_size.is_some_and(|n| n >= LARGE_PARAMS as f64) && is_trained(graph, i);
    let tokens = large.then(|| names::tokens(f.name()))?;
    let is_size = |t: &names::Token| t.ends_with('b') && t.starts_with(|c: char| c.is_ascii_digit());
    let end = tokens.iter().position(is_size)? + 1;
    (end >= FEWEST_TOKENS).then(|| tokens[..end].join("-"))
}
