//! The links between repositories, strongest evidence first: stated bases, copies, siblings, specialities, names, shapes. A link can also
//! change the role that a repository's own facts gave it.
//!
//! Every pass looks at nodes that are still open, groups them by a key in a hash map and walks each group once: near-linear in the
//! number of repositories. Its comments say "head" for the member of a group that the others were trained from.

mod beginnings;
mod candidates;
mod carriers;
mod compare;
mod continued;
mod copies;
mod cycles;
mod exact_sizes;
mod family_names;
mod groups;
mod join;
mod leftovers;
mod model_names;
mod shapes;
mod siblings;
mod specialities;
mod stages;
mod stated;
mod targets;
mod variants;
mod weighed;

use super::model::Graph;
use crate::domain::LinkPass;

/// What a pass does to the graph.
type Pass = fn(&mut Graph<'_>);

/// The passes in their order, each with the name by which an ablation leaves it out; those without a name always run.
const PASSES: &[(Option<LinkPass>, Pass)] = &[
    (Some(LinkPass::StatedBases), stated::stated_bases),
    (Some(LinkPass::StatedBases), weighed::weigh_stated_bases),
    (Some(LinkPass::StatedBases), stated::shapes_of_bases),
    (Some(LinkPass::StatedBases), stated::settle_contradictions),
    (Some(LinkPass::Siblings), stages::stages_of_one_training),
    (Some(LinkPass::Copies), copies::copies_by_name),
    (Some(LinkPass::Siblings), siblings::siblings_by_stem),
    (Some(LinkPass::Siblings), siblings::siblings_by_unique_size),
    (Some(LinkPass::Specialities), specialities::specialities),
    (Some(LinkPass::Siblings), variants::variants_of_siblings),
    (Some(LinkPass::FamilyNames), targets::targets_by_name),
    (Some(LinkPass::FamilyNames), model_names::models_by_name),
    (Some(LinkPass::FamilyNames), family_names::families_by_name),
    (Some(LinkPass::FamilyNames), beginnings::models_by_beginning),
    (Some(LinkPass::Shapes), shapes::shapes),
    (Some(LinkPass::Shapes), shapes::exact_shapes),
    (Some(LinkPass::Shapes), exact_sizes::exact_sizes),
    (Some(LinkPass::Siblings), carriers::carriers_of_one_house),
    (Some(LinkPass::Siblings), continued::bases_of_registered_releases),
    (None, leftovers::leftovers),
    (None, copies::registered_copies),
    (None, cycles::cut_cycles),
];

/// Makes all links but those of the passes left out.
pub(super) fn link(graph: &mut Graph<'_>, without: &[LinkPass]) {
    for (name, pass) in PASSES {
        if !name.is_some_and(|name| without.contains(&name)) {
            pass(graph);
        }
    }
}
