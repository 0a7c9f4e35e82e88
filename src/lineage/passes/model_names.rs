//! Names that contain another owner's model in full.

use super::compare::{LARGE_PARAMS, NAMED_SIZE, architectures_agree, seniority, sizes_agree};
use super::join::{is_open, is_trained, join};
use crate::domain::Rule;
use crate::lineage::model::Graph;
use crate::lineage::names;
use crate::lineage::vocabulary::vocabulary;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

/// Fewest tokens and characters by which a model is recognized inside another's name.
const FEWEST_TOKENS: usize = 2;
const FEWEST_CHARS: usize = 8;

/// Names that contain the full name of another owner's model: `SteamSHP-flan-t5-xl`, `distilbert-base-uncased-finetuned-sst2`. Where no
/// size confirms it, the model has to end the name or be followed by a task or a kind of training, or begin the name of one that
/// transcribes speech: of 155 such cards of persons 137 name the model they tuned, and none another.
pub(super) fn models_by_name(graph: &mut Graph<'_>) {
    let mut known = Known::default();
    for i in 0..graph.facts.len() {
        let f = graph.node(i);
        let known_owner = || f.listed_owner || f.registry_kind.is_some() || names::is_canonical(f.owner());
        if is_trained(graph, i) && known_owner() && !names::is_mirror(f.owner()) {
            known.add(graph, i);
        }
    }
    // Which model a name has in full follows from facts: no link that is made here changes it.
    let is_asked = |i: &usize| is_open(graph, *i) && graph.node(*i).registry_kind.is_none();
    let asked = (0..graph.facts.len()).into_par_iter().filter(is_asked);
    let found: Vec<(usize, usize)> = asked.filter_map(|i| Some((i, named_in_full(graph, &known, i)?))).collect();
    for (i, base) in found {
        join(graph, i, base, Rule::NamesAModelInFull);
    }
}

/// Models that are recognized inside other names.
#[derive(Default)]
struct Known {
    /// The eldest by name.
    by_name: FxHashMap<String, usize>,
    /// Most tokens of those names that begin with a token: few words of a name begin one of them.
    longest_from: FxHashMap<names::Token, usize>,
}

impl Known {
    fn add(&mut self, graph: &Graph<'_>, i: usize) {
        let f = graph.node(i);
        let tokens = names::tokens(f.name());
        let name = tokens.join("-");
        let Some(first) = tokens.first().filter(|_| tokens.len() >= FEWEST_TOKENS && name.len() >= FEWEST_CHARS) else { return };
        let longest = self.longest_from.entry(first.clone()).or_default();
        *longest = tokens.len().max(*longest);
        let eldest = self.by_name.entry(name).or_insert(i);
        if seniority(f) < seniority(graph.node(*eldest)) {
            *eldest = i;
        }
    }
}

/// The model whose name is the longest part of a repository's.
fn named_in_full(graph: &Graph<'_>, known: &Known, i: usize) -> Option<usize> {
    let f = graph.node(i);
    let tokens = names::tokens(f.name());
    let longest_from: Vec<usize> = tokens.iter().map(|token| known.longest_from.get(token).copied().unwrap_or(0)).collect();
    let longest = longest_from.iter().copied().max().unwrap_or(0);
    for length in (FEWEST_TOKENS..=tokens.len().min(longest)).rev() {
        for start in (0..=tokens.len() - length).filter(|start| longest_from[*start] >= length) {
            let Some(&base) = known.by_name.get(&tokens[start..start + length].join("-")) else { continue };
            let b = graph.node(base);
            if base == i || f.same_owner(b) || !architectures_agree(f, b) || !sizes_agree(f, b, NAMED_SIZE) {
                continue;
            }
            let rest = &tokens[start + length..];
            let same = matches!((f.params, b.params), (Some(a), Some(b)) if a == b);
            let language = names::says_language(f.name());
            // xlm-roberta-base is no fine-tune of roberta-base: a house's own name has to say that it tuned.
            let house = f.listed_owner || names::is_canonical(f.owner());
            let told = (rest.is_empty() && !house) || names::says_task_or_post_trained(f.name());
            // A language behind a text model's name can be that of another pre-training; behind one that listens it is what it was taught
            // to write.
            let transcribes = f.pipeline_tag.as_deref().is_some_and(|task| vocabulary().tags.tasks_of_transcribing.contains(&task));
            let taught = transcribes && !house && start == 0;
            // A stranger's name that holds a published model's with its size, and the size fits: made of it.
            let sized = !house && f.rough_params.zip(b.rough_params).is_some_and(|(a, b)| a.min(b) >= LARGE_PARAMS);
            let is_longer = length < tokens.len();
            if same || is_longer && (sized && b.named_size.is_some() || told && !language || taught) {
                return Some(base);
            }
        }
    }
    None
}
