//! The role of a repository by ordered, named rules over its own facts; the first that applies decides. What other repositories show
//! may change it afterwards: see `passes/`.

use super::model::RepoFacts;
use super::vocabulary::vocabulary;
use super::{families, names};
use crate::domain::{Relation, Role, Rule, RunKind};

/// A role, and the rule that decided it.
type Decision = (Role, Rule);

/// The rules in their order.
const RULES: &[fn(&RepoFacts) -> Option<Decision>] = &[
    reviewed,
    looked_up,
    registered,
    without_weights,
    named_without_weights,
    untrained,
    adapter,
    merge,
    quantized,
    converted,
    draft,
    said_by_its_card,
    with_base,
    agent,
    recipe,
    base_of_a_house,
    said_by_its_name,
    tagged,
    named,
];

/// The role by the repository's own facts, before other repositories are looked at.
#[must_use]
pub fn role(facts: &RepoFacts) -> (Role, Rule) {
    RULES.iter().find_map(|rule| rule(facts)).unwrap_or((Role::Pretrained, Rule::NoSignOfABase))
}

fn has_base(facts: &RepoFacts) -> bool {
    !facts.base_ids.is_empty()
}

fn has_tag(facts: &RepoFacts, tag: &str) -> bool {
    facts.signals.contains(&tag)
}

fn library(facts: &RepoFacts) -> &str {
    facts.library.as_deref().unwrap_or_default()
}

fn reviewed(facts: &RepoFacts) -> Option<Decision> {
    let another = facts.correction_met_another_role;
    let rule = if another { Rule::ReviewedCorrectionOfAnotherValue } else { Rule::ReviewedCorrection };
    Some((facts.corrected_role?, rule))
}

fn looked_up(facts: &RepoFacts) -> Option<Decision> {
    Some((facts.looked_up_role?, Rule::RepositoryFact))
}

/// Last word of a name, where nothing counts weights.
fn named_without_weights(facts: &RepoFacts) -> Option<Decision> {
    let counts = facts.exact_params.is_some() || facts.params.is_some() || facts.has_weights == Some(true);
    (!counts && names::says_no_weights(facts.name())).then_some((Role::Empty, Rule::WordOfNoWeights))
}

fn without_weights(facts: &RepoFacts) -> Option<Decision> {
    (facts.has_weights == Some(false)).then_some((Role::Empty, Rule::NoWeights))
}

fn registered(facts: &RepoFacts) -> Option<Decision> {
    match facts.registry_kind? {
        // A registered pre-training is carried by a post-trained repository where the base is not in the index (Qwen3-8B).
        RunKind::Pretraining if has_base(facts) => Some((Role::Finetuned, Rule::BaseModelLink)),
        RunKind::Pretraining if names::says_post_trained(facts.name()) => Some((Role::Finetuned, Rule::RegistryPretrainingCarried)),
        RunKind::Pretraining => Some((Role::Pretrained, Rule::RegistryPretraining)),
        RunKind::PostTraining | RunKind::FineTuning | RunKind::Adapter if facts.registry_continued => {
            Some((Role::Continued, Rule::RegistryContinued))
        }
        RunKind::Continued => Some((Role::Continued, Rule::RegistryContinued)),
        RunKind::PostTraining | RunKind::FineTuning => Some((Role::Finetuned, Rule::RegistryFineTuning)),
        RunKind::Adapter => None,
    }
}

fn untrained(facts: &RepoFacts) -> Option<Decision> {
    names::is_untrained(facts.owner(), facts.name()).then_some((Role::Untrained, Rule::TestFixture))
}

fn adapter(facts: &RepoFacts) -> Option<Decision> {
    if library(facts) == "peft" {
        return Some((Role::Adapter, Rule::PeftLibrary));
    }
    if facts.relation == Some(Relation::Adapter) || has_tag(facts, "lora") || has_tag(facts, "peft") {
        return Some((Role::Adapter, Rule::AdapterRelation));
    }
    let may_be_one = facts.params.is_none() && facts.exact_params.is_none();
    let named = has_base(facts) && names::says_adapter(facts.name()) || names::says_low_rank_adapter(facts.name());
    (named && may_be_one && !names::says_quantized(facts.name())).then_some((Role::Adapter, Rule::AdapterToken))
}

fn merge(facts: &RepoFacts) -> Option<Decision> {
    if facts.relation == Some(Relation::Merge) || facts.base_count > 1 {
        return Some((Role::Merge, Rule::SeveralBases));
    }
    if has_tag(facts, "mergekit") || (has_tag(facts, "merge") && (has_base(facts) || !facts.listed_owner)) {
        return Some((Role::Merge, Rule::MergeTag));
    }
    let name = facts.name();
    // A packed or converted copy of a merge has its words, too.
    let copied = facts.gguf || has_tag(facts, "gguf") || names::says_quantized(name) || names::says_converted(name, false);
    if !names::says_merged(name) || facts.listed_owner || copied {
        return None;
    }
    Some((Role::Merge, if names::says_merge_method(name) { Rule::MergeMethodToken } else { Rule::MergeToken }))
}

fn quantized(facts: &RepoFacts) -> Option<Decision> {
    // A fine-tune may ship GGUF beside its weights (google/gemma-7b-it): then the index states the relation.
    // Weights counted to the last one are those of safetensors files: GGUF lies beside them, whoever the owner is.
    let counted = facts.float_weights || facts.exact_params.is_some();
    let only_gguf = (facts.gguf && facts.params.is_none()) || (has_tag(facts, "gguf") && !counted);
    let named = names::says_quantized(facts.name());
    let ships_beside = facts.listed_owner && !named;
    if only_gguf && facts.relation != Some(Relation::Finetune) && !ships_beside {
        return Some((Role::Quantized, Rule::GgufWeights));
    }
    let tagged = ["gptq", "awq", "exl2"].iter().any(|tag| has_tag(facts, tag));
    (named || tagged).then_some((Role::Quantized, Rule::QuantizationToken))
}

fn converted(facts: &RepoFacts) -> Option<Decision> {
    let converted =
        vocabulary().tags.conversion_libraries.contains(&library(facts)) || names::says_converted(facts.name(), has_base(facts));
    converted.then_some((Role::Converted, Rule::ConversionLibraryOrToken))
}

/// Weights that draft for a target: no size and no base's size tell what they are, only the name.
fn draft(facts: &RepoFacts) -> Option<Decision> {
    names::draft(facts.name(), is_fraction_of_named(facts)).map(|_| (Role::Finetuned, Rule::DraftHead))
}

/// Whether the counted weights are less than a third of what the name says: heads, not a model whose count is rounded or pruned.
fn is_fraction_of_named(facts: &RepoFacts) -> bool {
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let fraction = |n: i64, named: f64| facts.float_weights && (n as f64) < named / 3.0;
    facts.params.zip(facts.named_size).is_some_and(|(n, named)| fraction(n, named))
}

/// The card says of weights that no record tells of what they are. A listed house that calls a model of its own a copy means its checkpoint.
fn said_by_its_card(facts: &RepoFacts) -> Option<Decision> {
    let said = facts.said_role.filter(|role| !facts.listed_owner || !matches!(role, Role::Converted | Role::Merge));
    Some((said?, Rule::CardSaysTheRole))
}

/// A relation or a base is stated, and nothing says that the weights are packed, converted or merged.
fn with_base(facts: &RepoFacts) -> Option<Decision> {
    if facts.relation == Some(Relation::Quantized) {
        // The Hub infers the relation and errs: SmolLM2-1.7B-Instruct is full BF16 and a fine-tune (docs/method.md, section 2).
        return Some(if facts.float_weights && !names::is_mirror(facts.owner()) {
            (Role::Finetuned, Rule::QuantizedRelationOnFloatWeights)
        } else {
            (Role::Quantized, Rule::QuantizedRelation)
        });
    }
    if !has_base(facts) {
        return None;
    }
    let longer = facts.listed_owner && names::says_longer_context(facts.name());
    Some(if calls_itself_a_base(facts) || longer || says_continued(facts) {
        (Role::Continued, Rule::BaseTokenOnABase)
    } else {
        (Role::Finetuned, if facts.bases_from_card { Rule::CardNamesABase } else { Rule::BaseModelLink })
    })
}

/// No base is stated, but the card, a tag or the task says that there was one.
fn tagged(facts: &RepoFacts) -> Option<Decision> {
    if facts.says_fine_tuning {
        return Some((Role::Finetuned, Rule::CardSaysFineTuning));
    }
    if says_continued(facts) {
        return Some((Role::Continued, Rule::ContinuedPretrainingTag));
    }
    if vocabulary().tags.fine_tuning_tools.iter().any(|tag| has_tag(facts, tag)) {
        let role = if names::says_base(facts.name()) { Role::Continued } else { Role::Finetuned };
        return Some((role, Rule::FineTuningToolTag));
    }
    let head = facts.pipeline_tag.as_deref().is_some_and(|task| vocabulary().tags.head_tasks.contains(&task));
    head.then_some((Role::Finetuned, Rule::TaskHead))
}

/// Fewest parameters of a model of whose copies a name tells that they have layers of multi-token prediction.
const LEAST_WITH_DRAFT_LAYERS: f64 = 1e9;

/// Fewest parameters of a model whose "base" is a stage and not a size, where the name has no number: bert-base has 1.1e8, t5-base 2.2e8,
/// xlm-roberta-base 2.8e8.
const LEAST_BASE_STAGE: i64 = 2_000_000_000;

/// Whether the name calls the model a base, and does not mean its size (`Qwen3-14B-Base`, not `vit-base-patch16-224`).
fn calls_itself_a_base(facts: &RepoFacts) -> bool {
    let is_a_stage = facts.named_size.is_some() || facts.rough_params.is_some_and(|n| n >= LEAST_BASE_STAGE);
    // Who is not listed names the base beside words of their own: "Mistral-7B-Base-SimPO2-5e-7".
    (facts.listed_owner || names::ends_as_a_base(facts.name()))
        && names::says_base(facts.name())
        && (is_a_stage || !names::tokens(facts.name()).iter().any(|token| token == "base"))
}

/// Whether the task is that of agents that learn in an environment.
#[must_use]
pub fn is_task_of_agents(task: Option<&str>) -> bool {
    task.is_some_and(|task| vocabulary().tags.tasks_of_agents.contains(&task))
}

/// Fewest parameters of a language model that was trained by reinforcement.
const LEAST_LANGUAGE_MODEL: f64 = 1e8;

/// An agent learns to play or to move from nothing; of a language model the size, the library or the family tells.
fn agent(facts: &RepoFacts) -> Option<Decision> {
    let is_language_model = facts.size().is_some_and(|n| n >= LEAST_LANGUAGE_MODEL)
        || vocabulary().tags.libraries_of_language_models.contains(&library(facts))
        || families::named(facts.name()).is_some();
    let is_silent = facts.pipeline_tag.is_none() && facts.library.is_none();
    let plays =
        (is_task_of_agents(facts.pipeline_tag.as_deref()) || is_silent && names::says_agent(facts.name())) && !is_language_model;
    plays.then_some((Role::Pretrained, Rule::AgentOfAnEnvironment))
}

/// The name is that of a toolkit's recipe, which starts from random weights.
fn recipe(facts: &RepoFacts) -> Option<Decision> {
    names::says_recipe(facts.name()).then_some((Role::Pretrained, Rule::RecipeOfAToolkit))
}

/// A listed house publishes its pre-trainings as bases; where it trains on, it says on what.
fn base_of_a_house(facts: &RepoFacts) -> Option<Decision> {
    let is_base = facts.listed_owner && names::is_base_of_family(facts.name()) && calls_itself_a_base(facts);
    is_base.then_some((Role::Pretrained, Rule::BaseOfAListedHouse))
}

/// No base is stated, and the name says how the training began.
fn said_by_its_name(facts: &RepoFacts) -> Option<Decision> {
    if facts.says_fine_tuning {
        return None;
    }
    let scratch = names::says_from_scratch(facts.name()).then_some((Role::Pretrained, Rule::NameSaysFromScratch));
    scratch.or_else(|| names::says_continued(facts.name()).then_some((Role::Continued, Rule::NameSaysContinued)))
}

/// Nothing but the name says that there was a base.
fn named(facts: &RepoFacts) -> Option<Decision> {
    let name = facts.name();
    if names::says_uncensored(name) {
        return Some((Role::Finetuned, Rule::UncensoredToken));
    }
    if names::says_unquantized(name) {
        return Some((Role::Finetuned, Rule::UnquantizedToken));
    }
    #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
    let is_small = facts.named_size.or(facts.rough_params.map(|n| n as f64)).is_some_and(|n| n < LEAST_WITH_DRAFT_LAYERS);
    // Small models are pre-trained that way; with a large one's name the layers are kept, or added.
    if names::says_draft_layers(name) && !is_small {
        return Some((Role::Finetuned, Rule::DraftLayersToken));
    }
    if names::says_pruned(name) {
        return Some((Role::Finetuned, Rule::PrunedToken));
    }
    if names::says_reward_model(name) {
        return Some((Role::Finetuned, Rule::RewardModelToken));
    }
    if names::says_post_trained(name) || names::says_post_trained_within(name) {
        return Some((Role::Finetuned, Rule::PostTrainingToken));
    }
    names::says_task(name).then_some((Role::Finetuned, Rule::TaskToken))
}

fn says_continued(facts: &RepoFacts) -> bool {
    facts.signals.iter().any(|s| s.starts_with("continu") && s.ends_with("pretraining"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::tags::signal;

    /// A tag that is not kept could never decide.
    #[test]
    fn tags_of_fine_tuning_tools_are_kept() {
        assert!(vocabulary().tags.fine_tuning_tools.iter().all(|tag| signal(tag).is_some()));
    }

    fn facts(id: &str) -> RepoFacts {
        RepoFacts { model_id: id.into(), params: Some(1_000_000), float_weights: true, ..RepoFacts::default() }
    }

    #[test]
    fn ordered_rules() {
        let base = || vec!["a/base".to_owned()];
        let cases = [
            (facts("a/new-7B"), Role::Pretrained),
            (RepoFacts { has_weights: Some(false), ..facts("a/none") }, Role::Empty),
            (RepoFacts { base_ids: base(), ..facts("a/tuned") }, Role::Finetuned),
            (RepoFacts { base_ids: base(), relation: Some(Relation::Adapter), ..facts("a/l") }, Role::Adapter),
            (RepoFacts { base_ids: vec!["a/x".into(), "a/y".into()], base_count: 2, ..facts("a/m") }, Role::Merge),
            (RepoFacts { gguf: true, params: None, float_weights: false, ..facts("a/g") }, Role::Quantized),
            (
                // meta-llama/Llama-3.1-8B-Instruct: one base, renamed, under two names.
                RepoFacts { base_ids: vec!["m/Meta-X".into(), "m/X".into()], base_count: 1, ..facts("m/X-Instruct") },
                Role::Finetuned,
            ),
            (RepoFacts { says_fine_tuning: true, ..facts("a/qa") }, Role::Finetuned),
            (RepoFacts { base_ids: base(), library: Some("mlx".into()), ..facts("m/x") }, Role::Converted),
            (
                // HuggingFaceTB/SmolLM2-1.7B-Instruct: relation "quantized" on BF16 weights.
                RepoFacts { base_ids: base(), relation: Some(Relation::Quantized), ..facts("HuggingFaceTB/SmolLM2-1.7B-Instruct") },
                Role::Finetuned,
            ),
            (
                RepoFacts { base_ids: base(), relation: Some(Relation::Quantized), float_weights: false, ..facts("q/x") },
                Role::Quantized,
            ),
            (RepoFacts { signals: Box::new(["autotrain"]), ..facts("u/autotrain-x") }, Role::Finetuned),
            (RepoFacts { registry_kind: Some(RunKind::Pretraining), ..facts("a/new-8B") }, Role::Pretrained),
            // Qwen/Qwen3-8B is registered for the pre-training of Qwen3-8B-Base, which it names as its base.
            (RepoFacts { registry_kind: Some(RunKind::Pretraining), base_ids: base(), ..facts("a/it") }, Role::Finetuned),
            (
                RepoFacts { registry_kind: Some(RunKind::FineTuning), registry_continued: true, ..facts("a/code-7B") },
                Role::Continued,
            ),
            (facts("a/new-7B-Instruct"), Role::Finetuned),
            // A stage in the name of a language model, a size in that of an encoder.
            (RepoFacts { listed_owner: true, named_size: Some(1.4e10), ..facts("Qwen/Qwen3-14B-Base") }, Role::Pretrained),
            (RepoFacts { base_ids: base(), named_size: Some(7e9), ..facts("a/more-7B-base") }, Role::Continued),
            (RepoFacts { base_ids: base(), ..facts("google/vit-base-patch16-224") }, Role::Finetuned),
            (facts("hf-internal-testing/tiny-random-gpt2"), Role::Untrained),
            // A registered run is no fixture, whatever its name.
            (RepoFacts { registry_kind: Some(RunKind::Pretraining), ..facts("a/dummy") }, Role::Pretrained),
            (facts("nvidia/gpt-oss-120b-Eagle3-v3"), Role::Finetuned),
            (facts("z-lab/gpt-oss-120b-DFlash"), Role::Finetuned),
            (facts("nvidia/Eagle2.5-8B"), Role::Pretrained),
            (facts("sakamakismile/Qwen3.8-27B-MTP-NVFP4"), Role::Quantized),
            (RepoFacts { named_size: Some(7e9), ..facts("a/b-7B-MTP") }, Role::Finetuned),
            (RepoFacts { named_size: Some(1e6), ..facts("a/b-1M-MTP") }, Role::Pretrained),
            (facts("bryanvine/gpt-oss-120b-reap-48"), Role::Finetuned),
            (facts("failspy/Codestral-22B-v0.1-abliterated-v3"), Role::Finetuned),
            (facts("google/gemma-3-27b-pt-qat-q4_0-unquantized"), Role::Finetuned),
            (facts("u/Alpha-Beta-7B-slerp"), Role::Merge),
        ];
        for (facts, expected) in cases {
            assert_eq!(role(&facts).0, expected, "{}", facts.model_id);
        }
    }

    /// Regression: adapters whose name alone tells of them were fine-tunes, and trainings whose name says how they began were guessed.
    #[test]
    fn what_the_name_alone_says() {
        let silent = |id: &str| RepoFacts { params: None, float_weights: false, ..facts(id) };
        let cases = [
            (silent("LLMs/Alpaca-LoRA-65B-elina"), (Role::Adapter, Rule::AdapterToken)),
            (silent("TheBloke/guanaco-qlora-65B-GPTQ"), (Role::Quantized, Rule::QuantizationToken)),
            // Weights that are counted are not an adapter's.
            (facts("thinkcoder/llama3-8b-lora"), (Role::Pretrained, Rule::NoSignOfABase)),
            (facts("nvidia/AceInstruct-72B"), (Role::Finetuned, Rule::PostTrainingToken)),
            (facts("rdtand/Hy3-295B-A21B-prismaquant-gridbook-2.9bit-vllm"), (Role::Quantized, Rule::QuantizationToken)),
            (silent("norallm/normistral-7b-scratch"), (Role::Pretrained, Rule::NameSaysFromScratch)),
            (silent("Amrendra/roberta-tapt-acl-arc"), (Role::Continued, Rule::NameSaysContinued)),
            (RepoFacts { says_fine_tuning: true, ..silent("a/x-scratch") }, (Role::Finetuned, Rule::CardSaysFineTuning)),
        ];
        for (facts, expected) in cases {
            assert_eq!(role(&facts), expected, "{}", facts.model_id);
        }
    }

    /// Regression: tokenizers, logs and stand-ins of test suites were trainings; agents without a task were fine-tunes.
    #[test]
    fn words_of_what_is_no_training() {
        let cases = [
            (RepoFacts { params: None, ..facts("oobabooga/llama-tokenizer") }, Role::Empty),
            (RepoFacts { params: None, ..facts("bigscience/tr11-176B-ml-logs") }, Role::Empty),
            (facts("a/llama-tokenizer"), Role::Pretrained),
            (RepoFacts { params: None, ..facts("OpenMOSS-Team/MOSS-Audio-Tokenizer") }, Role::Pretrained),
            (facts("tiny-random/glm-4-moe"), Role::Untrained),
            (facts("seanmor5/tiny-llama-test"), Role::Untrained),
            (facts("bigscience/tr8b-104B-debug"), Role::Untrained),
            (RepoFacts { params: None, ..facts("a/A2C-AntBulletEnv-v0") }, Role::Pretrained),
        ];
        for (facts, expected) in cases {
            assert_eq!(role(&facts).0, expected, "{}", facts.model_id);
        }
    }

    #[test]
    fn rules_that_took_one_thing_for_another() {
        let base = || vec!["a/base".to_owned()];
        let cases = [
            // Regression: a registered run was lost where the repository shows texts alone.
            (
                RepoFacts { registry_kind: Some(RunKind::Pretraining), has_weights: Some(false), ..facts("a/gone-8B") },
                Role::Pretrained,
            ),
            // Regression: the word was the base's.
            (RepoFacts { base_ids: base(), named_size: Some(7e9), ..facts("u/Mistral-7B-Base-SimPO2-5e-7") }, Role::Finetuned),
            // Regression: recipes of icefall were likeliest empty, agents fine-tuned.
            (RepoFacts { params: None, ..facts("c/icefall-aishell-transducer-stateless-modified-2022-03-01") }, Role::Pretrained),
            (
                RepoFacts { params: None, pipeline_tag: Some("reinforcement-learning".into()), ..facts("sb3/ddpg-Ant-v3") },
                Role::Pretrained,
            ),
            (
                RepoFacts {
                    pipeline_tag: Some("reinforcement-learning".into()),
                    named_size: Some(7e9),
                    ..facts("p/beaver-7b-v1.0-reward")
                },
                Role::Finetuned,
            ),
        ];
        for (facts, expected) in cases {
            assert_eq!(role(&facts).0, expected, "{}", facts.model_id);
        }
    }
}
