//! Models of a listed house that are variants of a sibling: its name with words behind it, its name of another date, where the sibling
//! was itself made of another model, or its name with another minor version.

use super::candidates::{Candidates, closest_of};
use super::compare::{LARGE_PARAMS, NAMED_SIZE, architectures_agree, sizes_agree};
use super::groups::groups;
use super::join::{is_open, is_trained, join};
use crate::domain::{Role, Rule};
use crate::lineage::model::Graph;
use crate::lineage::{families, names};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Where nothing else tells of a base.
pub(super) fn variants_of_siblings(graph: &mut Graph<'_>) {
    by_date(graph);
    by_beginning(graph);
    by_version(graph);
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

/// `InternVL2-8B-MPO` of `InternVL2-8B`, `DeepSeek-V3.2-Speciale` of `DeepSeek-V3.2`, `granite-switch-4.1-30b` of `granite-4.1-30b`: the
/// name, which has a number, of a model of a billion parameters or more with words behind it, or one within it, that have none and name
/// no other size.
fn by_beginning(graph: &mut Graph<'_>) {
    let mut heads: FxHashMap<(String, String), Vec<usize>> = FxHashMap::default();
    for i in 0..graph.facts.len() {
        let f = graph.node(i);
        if f.listed_owner && is_trained(graph, i) && f.rough_params.is_some_and(|n| n >= LARGE_PARAMS) {
            heads.entry(key(graph, i, names::stem_with_version)).or_default().push(i);
        }
    }
    let heads: FxHashMap<_, Candidates> = heads.into_iter().map(|(key, found)| (key, Candidates::new(graph, &found))).collect();
    for i in 0..graph.facts.len() {
        if !may_be_variant(graph, i) {
            continue;
        }
        let (owner, stem) = key(graph, i, names::stem_with_version);
        let words: Vec<&str> = stem.split('-').collect();
        let numbered = |words: &[&str]| words.iter().any(|w| w.contains(|c: char| c.is_ascii_digit()));
        let is_told_apart = |words: &[&str]| numbered(words) || words.iter().any(|w| families::is_another_model(w));
        let head_of = |name: String| {
            let of_name = heads.get(&(owner.clone(), name))?;
            let f = graph.node(i);
            let fits = |h: usize| sizes_agree(f, graph.node(h), NAMED_SIZE) && architectures_agree(f, graph.node(h));
            of_name.closest(graph, i, fits)
        };
        let with_words_behind = (1..words.len()).rev().find_map(|length| {
            let (beginning, rest) = words.split_at(length);
            (numbered(beginning) && !is_told_apart(rest)).then(|| head_of(beginning.join("-"))).flatten()
        });
        let with_a_word_within = || {
            (1..words.len().saturating_sub(1)).find_map(|at| {
                let (beginning, rest) = (&words[..at], &words[at + 1..]);
                let fits = numbered(rest) && !is_told_apart(&words[at..=at]);
                fits.then(|| head_of([beginning, rest].concat().join("-"))).flatten()
            })
        };
        let head = with_words_behind.or_else(with_a_word_within);
        if let Some(head) = head {
            join(graph, i, head, Rule::VariantOfASibling);
        }
    }
}

/// From this day on, 2025-01-01, a step of the minor version at one size was a pre-training in none of 18 lines of the registry and the
/// looked-up facts (GLM-5 to 5.3, MiniMax-M2 to M2.7, DeepSeek-V3 to V3.2, Kimi-K2 to K2.6, Qwen3.5 to 3.6, LLaDA2.0 to 2.2 and others);
/// before, in six of nine (Llama 3.1, Qwen2.5 and others).
const POINT_RELEASES_SINCE_MS: i64 = 1_735_689_600_000;

/// `GLM-5.3` of `GLM-5`, `Step-3.7-Flash` of `Step-3.5-Flash`: one name and size, another minor version, of a model whose size is known.
fn by_version(graph: &mut Graph<'_>) {
    let lines = groups(graph.facts.len(), |i| {
        let f = graph.node(i);
        let key = (f.listed_owner && is_trained(graph, i)).then(|| names::line_and_version(f.name())).flatten();
        key.map(|(line, _)| (f.owner().to_lowercase(), line))
    });
    for line in lines {
        let version = |i: usize| names::line_and_version(graph.node(i).name()).map_or(0, |(_, minor)| minor);
        let line: Vec<(u32, usize)> = line.into_iter().map(|i| (version(i), i)).collect();
        let mut members: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
        for (version, i) in &line {
            members.entry(*version).or_default().push(*i);
        }
        let versions: BTreeMap<u32, Candidates> =
            members.into_iter().map(|(version, found)| (version, Candidates::new(graph, &found))).collect();
        for (own, i) in line {
            let f = graph.node(i);
            let is_recent = f.created_ms.is_some_and(|created| created >= POINT_RELEASES_SINCE_MS);
            if !is_recent || !may_be_variant(graph, i) {
                continue;
            }
            let fits = |h: usize| {
                let earlier = graph.node(h);
                earlier.rough_params.is_some() && sizes_agree(f, earlier, NAMED_SIZE) && architectures_agree(f, earlier)
            };
            let earlier = versions.range(..own).map(|(_, candidates)| candidates);
            if let Some(head) = closest_of(graph, i, earlier, fits) {
                join(graph, i, head, Rule::VariantOfASibling);
            }
        }
    }
}
