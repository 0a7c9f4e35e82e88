//! What names say: tokens of a repository's name, its namespace, its architecture.
//!
//! A function `says_...` tells what whole tokens of a name (without namespace) say; `data/vocabulary/lineage.toml` has the lists.

mod architectures;
mod formats;
mod kinds;
mod memo;
mod owners;
mod stages;
mod stems;
mod tokens;
mod training;

pub use architectures::{is_family_architecture, is_vision_architecture};
pub use formats::{
    ends_in_a_file_format, is_conversion_of, says_adapter, says_another_format, says_converted, says_low_rank_adapter,
    says_quantized,
};
pub use kinds::{
    Draft, draft, is_untrained, says_agent, says_draft_layers, says_no_weights, says_pruned, says_uncensored, says_unquantized,
    says_vision, size_of_another, squeezed, target,
};
pub use owners::{canonical_owners, is_canonical, is_mirror};
pub use stages::{BareSteps, bare_steps, stage, without_stage};
pub use stems::{line_and_version, stem, stem_with_version, version_of_line, without_format, words_beside_numbers};
pub use tokens::{Token, shared_words, tokens};
pub use training::{
    context_length, ends_as_a_base, is_base_of_family, is_release_of, post_training_stage, says_base, says_context_length,
    says_continued, says_fine_tuned, says_from_nothing, says_from_scratch, says_it_went_on, says_language, says_layers_and_width,
    says_longer_context, says_made_of_a_language_model, says_merge_method, says_merged, says_post_trained,
    says_post_trained_within, says_pretrain, says_recipe, says_reward_model, says_task, says_task_or_post_trained,
};
