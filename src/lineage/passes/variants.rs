//! Models of a listed house that are variants of a sibling: its name with words behind it, or its name of another date, where the sibling
//! was itself made of another model.

use super::candidates::closest;
use super::compare::{LARGE_PARAMS, NAMED_SIZE, architectures_agree, sizes_agree};
use super::groups::groups;
use super::join::{is_open, is_trained, join};
use crate::domain::{Role, Rule};
use crate::lineage::model::Graph;
use crate::lineage::{families, names};
use rustc_hash::FxHashMap;

/// Where nothing else tells of a base.
pub(super) fn variants_of_siblings(graph: &mut Graph<'_>) {
    by_date(graph);
    by_beginning(graph);
}

/// Whether nothing speaks for or against a base, of a house that trains models.
fn may_be_variant(graph: &Graph<'_>, i: usize) -> bool {
    let (f, p) = (graph.node(i), &graph.placements[i]);
    let undecided = p.role == Role::Pretrained && p.role_rule == Rule::NoSignOfABase;
    undecided && is_open(graph, i) && f.listed_owner && f.registry_kind.is_none() && !names::says_base(f.name())
}

/// Namespace and what is told of the name.
fn key(graph: &Graph<'_>, i: usize, stem: fn(&str) -> String) -> (String, String) {
    let f = graph.node(i);
    (f.owner().to_lowercase(), stem(f.name()))
}

/// `Magistral-Small-2506`, where `Magistral-Small-2509` is known to be made of `Mistral-Small-24B-Base-2501`: of one name the dates are
/// releases of one training.
fn by_date(graph: &mut Graph<'_>) {
    let houses = groups(graph.facts.len(), |i| {
        let key = (graph.node(i).listed_owner && is_trained(graph, i)).then(|| key(graph, i, names::stem));
        key.filter(|(_, stem)| !stem.is_empty())
    });
    for group in houses {
        let made_of = |i: &usize| {
            let p = &graph.placements[*i];
            let tuned = matches!(p.role, Role::Finetuned | Role::Continued) && p.role_rule.is_certain();
            p.base.filter(|base| tuned && !group.contains(base)).map(|base| (*i, base))
        };
        let Some((tuned, base)) = group.iter().find_map(made_of) else { continue };
        for &i in &group {
            let (f, t) = (graph.node(i), graph.node(tuned));
            if may_be_variant(graph, i) && sizes_agree(f, t, NAMED_SIZE) {
                join(graph, i, base, Rule::VariantOfASibling);
            }
        }
    }
}

/// `InternVL2-8B-MPO` of `InternVL2-8B`, `DeepSeek-V3.2-Speciale` of `DeepSeek-V3.2`: the name, which has a number, of a model of a billion
/// parameters or more with words behind it that have none and name no other size.
fn by_beginning(graph: &mut Graph<'_>) {
    let mut heads: FxHashMap<(String, String), Vec<usize>> = FxHashMap::default();
    for i in 0..graph.facts.len() {
        let f = graph.node(i);
        if f.listed_owner && is_trained(graph, i) && f.rough_params.is_some_and(|n| n >= LARGE_PARAMS) {
            heads.entry(key(graph, i, names::stem_with_version)).or_default().push(i);
        }
    }
    for i in 0..graph.facts.len() {
        if !may_be_variant(graph, i) {
            continue;
        }
        let (owner, stem) = key(graph, i, names::stem_with_version);
        let words: Vec<&str> = stem.split('-').collect();
        let head = (1..words.len()).rev().find_map(|length| {
            let (beginning, rest) = words.split_at(length);
            let numbered = |words: &[&str]| words.iter().any(|w| w.contains(|c: char| c.is_ascii_digit()));
            if !numbered(beginning) || numbered(rest) || rest.iter().any(|w| families::is_another_model(w)) {
                return None;
            }
            let of_name = heads.get(&(owner.clone(), beginning.join("-")))?;
            let f = graph.node(i);
            let fits = |h: &usize| sizes_agree(f, graph.node(*h), NAMED_SIZE) && architectures_agree(f, graph.node(*h));
            closest(graph, i, of_name.iter().copied().filter(fits))
        });
        if let Some(head) = head {
            join(graph, i, head, Rule::VariantOfASibling);
        }
    }
}
