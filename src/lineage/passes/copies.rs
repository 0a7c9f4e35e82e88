//! Copies by name: mirrors, formats, quantizers.

use super::compare::{NAMED_SIZE, architectures_agree, old_enough, same_size, seniority, sizes_agree};
use super::groups::groups;
use super::join::is_open;
use crate::domain::{Role, Rule};
use crate::lineage::model::{Graph, RepoFacts};
use crate::lineage::{families, names};

/// Copies without a link: the same name in another namespace and, for float weights, the same size and architecture (a mirror; one
/// that exists to re-upload may hand weights on in the layout of another architecture);
/// or a quantized or converted repository whose name without format tokens is another's.
pub(super) fn copies_by_name(graph: &mut Graph<'_>) {
    for group in groups(graph.len(), |i| Some(names::without_format(graph.node(i).name()))) {
        let Some(original) = original(graph, &group) else { continue };
        for &i in group.iter().filter(|i| **i != original) {
            let (f, o) = (graph.node(i), graph.node(original));
            let same_house = f.same_owner(o);
            if graph.placements[i].base.is_some() || graph.is_absent(i) {
                continue;
            }
            if graph.placements[i].role.copies_weights() {
                graph.placements[i].base = Some(original);
            } else if same_house && names::is_conversion_of(f.name(), o.name()) && sizes_agree(f, o, NAMED_SIZE) {
                convert(graph, i, original, Rule::OtherFormatInOneNamespace);
            } else if is_open(graph, i)
                && !same_house
                && (architectures_agree(f, o) || names::is_mirror(f.owner()))
                && same_size(f.params.or(f.exact_params), o.params.or(o.exact_params))
            {
                convert(graph, i, original, Rule::MirrorSameNameAndSize);
            } else if is_open(graph, i) && !same_house && (is_mirror_by_name(f, o) || is_in_another_precision(f, o)) {
                convert(graph, i, original, Rule::MirrorSameName);
            }
        }
    }
}

/// Fewest words and characters of a name that two people do not give by chance.
const FEWEST_TOKENS: usize = 2;
const FEWEST_CHARS: usize = 8;

/// Whether somebody who is not listed bears the whole name of a listed, registered or old model, and nothing contradicts it. A fine-tune
/// under its base's full name is rarer than a copy.
fn is_mirror_by_name(f: &RepoFacts, original: &RepoFacts) -> bool {
    let known = original.listed_owner || original.registry_kind.is_some() || names::is_canonical(original.owner());
    let is_long = names::tokens(original.name()).len() >= FEWEST_TOKENS && original.name().len() >= FEWEST_CHARS;
    // "bark-safetensors": who writes the format behind a name, short as it is, speaks of the model of that name.
    let is_port = || names::ends_in_a_file_format(f.name()) && names::is_conversion_of(f.name(), original.name());
    let told = is_long || is_port();
    // A house without a place on the list may be the maker, and the listed one the copier: the copy is asked for less often. A name of a
    // language is given to models of the same layout that several houses train.
    let asked_for_less = f.downloads.zip(original.downloads).is_none_or(|(own, original)| own <= original);
    known
        && told
        && (names::is_mirror(f.owner()) || asked_for_less && !names::says_language(f.name()))
        && !f.listed_owner
        && f.registry_kind.is_none()
        && architectures_agree(f, original)
        && (sizes_agree(f, original, NAMED_SIZE) || is_handed_on_as_it_is(f, original))
        && old_enough(original, f)
}

/// Whether a repository has the whole name of a registered model, or of one of a house with a family, and a format behind it, whoever has it (`lmsys/gpt-oss-120b-bf16`): the
/// original may be packed, and count its parameters otherwise.
fn is_in_another_precision(f: &RepoFacts, original: &RepoFacts) -> bool {
    let is_known = families::is_a_home(original.owner()) || original.registry_kind.is_some();
    is_known && names::is_conversion_of(f.name(), original.name()) && sizes_agree(f, original, NAMED_SIZE)
}

/// Whether a namespace that exists to re-upload has a house's model by its whole name: a size that is only named says nothing against it
/// (`Qwen3.5-4B-Base` has 4.54e9 parameters).
fn is_handed_on_as_it_is(f: &RepoFacts, original: &RepoFacts) -> bool {
    names::is_mirror(f.owner()) && f.name().eq_ignore_ascii_case(original.name()) && original.params.is_none()
}

/// Of repositories of one name the one that the others copy.
fn original(graph: &Graph<'_>, group: &[usize]) -> Option<usize> {
    let may_be_original =
        |i: &&usize| !graph.placements[**i].role.copies_weights() && !graph.placements[**i].role.is_without_training();
    // In one namespace the name without a format comes first: Llama-2-7b before Llama-2-7b-hf.
    let rank = |i: &usize| {
        let f = graph.node(*i);
        (names::is_mirror(f.owner()), !f.listed_owner && f.registry_kind.is_none(), f.name().len(), seniority(f))
    };
    group.iter().filter(may_be_original).min_by(|a, b| rank(a).cmp(&rank(b))).copied()
}

/// Makes a node the copy of an original, which has the copy's shape where it shows none itself.
fn convert(graph: &mut Graph<'_>, i: usize, original: usize, rule: Rule) {
    graph.placements[i].role = Role::Converted;
    graph.placements[i].role_rule = rule;
    graph.placements[i].base = Some(original);
    if let (Some(params), architecture) = graph.shape(i)
        && graph.node(original).params.is_none()
    {
        let shape = (params, architecture.cloned());
        graph.shown_elsewhere.entry(original).or_insert(shape);
    }
}

/// Registered pre-trainings that are known by a copy only: of a mirror, or in the format of a library.
pub(super) fn registered_copies(graph: &mut Graph<'_>) {
    for i in 0..graph.facts.len() {
        let f = &graph.facts[i];
        let copy = names::is_mirror(f.owner()) || names::says_another_format(f.name());
        if copy && graph.placements[i].role_rule == Rule::RegistryPretraining {
            graph.placements[i].role = Role::Converted;
            graph.placements[i].role_rule = Rule::CopyOfARegisteredPretraining;
        }
    }
}
