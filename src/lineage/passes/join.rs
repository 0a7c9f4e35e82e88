//! Which nodes may get a base, and how they get it.

use super::compare::{LARGE_PARAMS, SAME_SIZE, relative};
use crate::domain::{Role, Rule, RunKind};
use crate::lineage::model::Graph;
use crate::lineage::names;
use crate::lineage::vocabulary::vocabulary;

/// Whether a registered pre-training is the node's own.
pub(super) fn is_registered(graph: &Graph<'_>, i: usize) -> bool {
    graph.node(i).registry_kind == Some(RunKind::Pretraining)
}

/// Whether somebody looked up or reviewed that the node is a pre-training, or it is an agent: no rule of names and sizes overrules that.
pub(super) fn is_known_pretraining(graph: &Graph<'_>, i: usize) -> bool {
    let p = &graph.placements[i];
    is_looked_up_pretraining(graph, i) || p.role_rule == Rule::AgentOfAnEnvironment && p.role == Role::Pretrained
}

/// Whether somebody looked up or reviewed that the node is a pre-training.
pub(super) fn is_looked_up_pretraining(graph: &Graph<'_>, i: usize) -> bool {
    let p = &graph.placements[i];
    let is_reviewed =
        matches!(p.role_rule, Rule::RepositoryFact | Rule::ReviewedCorrection | Rule::ReviewedCorrectionOfAnotherValue);
    is_reviewed && p.role == Role::Pretrained
}

/// Whether a node trained weights of its own, all of them.
pub(super) fn is_trained(graph: &Graph<'_>, i: usize) -> bool {
    match graph.placements[i].role {
        Role::Pretrained | Role::Finetuned | Role::Continued => true,
        Role::Adapter | Role::Merge | Role::Quantized | Role::Converted | Role::Empty | Role::Untrained => false,
    }
}

/// Whether no base is known yet of a node that may have one.
pub(super) fn is_open(graph: &Graph<'_>, i: usize) -> bool {
    let p = &graph.placements[i];
    p.base.is_none() && !p.role.is_without_training() && !is_registered(graph, i) && !is_known_pretraining(graph, i)
}

/// Whether a node may turn out to be a member of another's run in its own namespace.
pub(super) fn can_be_sibling(graph: &Graph<'_>, i: usize) -> bool {
    graph.placements[i].base.is_none() && is_trained(graph, i) && !is_known_pretraining(graph, i)
}

/// Gives a node its base; a role that was only the default becomes a fine-tune.
pub(super) fn join(graph: &mut Graph<'_>, member: usize, base: usize, rule: Rule) {
    // A stated link the other way round is better evidence than any rule here.
    if base == member || graph.ancestors(base).any(|a| a == member) {
        return;
    }
    let continues = continues(graph, member, base, rule);
    let f = graph.node(member);
    let calls_itself_a_base = rule == Rule::NamesAFamilyOfAnotherOwner
        && names::ends_as_a_base(f.name())
        && f.rough_params.is_some_and(|n| n >= LARGE_PARAMS);
    let p = &mut graph.placements[member];
    if p.role == Role::Pretrained {
        p.role = if continues { Role::Continued } else { Role::Finetuned };
        // A model that its name calls a base, and that names another's: as good as a stated one.
        p.role_rule = if calls_itself_a_base { Rule::BaseTokenOnABase } else { rule };
    }
    p.base = Some(base);
    if rule.joins_siblings() && graph.placements[base].group_rule == Rule::SingleRepository {
        graph.placements[base].group_rule = rule;
    }
}

/// Whether a member continued its base's pre-training, rather than tuned it.
fn continues(graph: &Graph<'_>, member: usize, base: usize, rule: Rule) -> bool {
    let f = graph.node(member);
    // A vocabulary of one's own takes a pre-training to fill.
    let grown_vocabulary = rule == Rule::NamesAFamilyOfAnotherOwner
        && f.params.is_some()
        && matches!((f.rough_params, graph.shape(base).0), (Some(a), Some(b)) if a > b && relative(a, b) > SAME_SIZE);
    // Of what transcribes speech the word is its base's (`wav2vec2-base-timit`): nobody else pre-trains for it on another's weights.
    let transcribes = f.pipeline_tag.as_deref().is_some_and(|task| vocabulary().tags.tasks_of_transcribing.contains(&task));
    let (of_base, is_large) = (graph.node(base), f.rough_params.is_some_and(|n| n >= LARGE_PARAMS));
    // Of a language model "base" is a stage, and it is the model's own at the end of its name; of an encoder it is a size, and what kept the
    // task of a pre-training went on with it.
    let masks = f.pipeline_tag.as_deref().is_some_and(|task| vocabulary().tags.tasks_of_masks.contains(&task));
    let goes_on =
        if is_large { names::ends_as_a_base(f.name()) } else { masks || names::says_it_went_on(f.name(), of_base.name()) };
    grown_vocabulary
        || goes_on && !names::says_task_or_post_trained(f.name()) && !f.same_owner(of_base) && !transcribes
        || f.listed_owner && names::says_longer_context(f.name())
}
