//! Names that contain another owner's model in full.

use super::compare::{LARGE_PARAMS, NAMED_SIZE, architectures_agree, seniority, sizes_agree};
use super::join::{is_open, is_trained, join};
use crate::domain::Rule;
use crate::lineage::model::Graph;
use crate::lineage::names;
use rustc_hash::FxHashMap;

/// Fewest tokens and characters by which a model is recognized inside another's name.
const FEWEST_TOKENS: usize = 2;
const FEWEST_CHARS: usize = 8;

/// Names that contain the full name of another owner's model: `SteamSHP-flan-t5-xl`, `distilbert-base-uncased-finetuned-sst2`. Where no
/// size confirms it, the model has to end the name or be followed by a task or a kind of training.
pub(super) fn models_by_name(graph: &mut Graph<'_>) {
    let mut known: FxHashMap<String, usize> = FxHashMap::default();
    let mut longest = 0;
    for i in 0..graph.facts.len() {
        let f = graph.node(i);
        let known_owner = f.listed_owner || f.registry_kind.is_some() || names::is_canonical(f.owner());
        let may_be_base = is_trained(graph, i) && known_owner && !names::is_mirror(f.owner());
        let tokens = names::tokens(f.name());
        let name = tokens.join("-");
        if !may_be_base || tokens.len() < FEWEST_TOKENS || name.len() < FEWEST_CHARS {
            continue;
        }
        longest = longest.max(tokens.len());
        let eldest = known.entry(name).or_insert(i);
        if seniority(f) < seniority(graph.node(*eldest)) {
            *eldest = i;
        }
    }
    for i in 0..graph.facts.len() {
        if !is_open(graph, i) || graph.node(i).registry_kind.is_some() {
            continue;
        }
        if let Some(base) = named_in_full(graph, &known, longest, i) {
            join(graph, i, base, Rule::NamesAModelInFull);
        }
    }
}

/// The model whose name is the longest part of a repository's.
fn named_in_full(graph: &Graph<'_>, known: &FxHashMap<String, usize>, longest: usize, i: usize) -> Option<usize> {
    let f = graph.node(i);
    let tokens = names::tokens(f.name());
    for length in (FEWEST_TOKENS..=tokens.len().min(longest)).rev() {
        for start in 0..=tokens.len() - length {
            let Some(&base) = known.get(&tokens[start..start + length].join("-")) else { continue };
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
            // A stranger's name that holds a published model's with its size, and the size fits: made of it.
            let sized = !house && f.rough_params.zip(b.rough_params).is_some_and(|(a, b)| a.min(b) >= LARGE_PARAMS);
            if same || (sized && b.named_size.is_some() && length < tokens.len()) || (told && !language && length < tokens.len()) {
                return Some(base);
            }
        }
    }
    None
}
