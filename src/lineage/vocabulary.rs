//! The words by which names, tags and namespaces are told apart: the struct of `data/vocabulary/lineage.toml`.

use crate::vocabulary::{Word, Words, lists, tables, word_file};
use rustc_hash::FxHashMap;

lists!(Untrained { owners, owner_endings, words, beside_random, beside_tiny, no_weights, beside_a_tokenizer, trained });
lists!(TrainingStages { words, rounds, phases, beside });
lists!(Drafts { words, beside_family, prediction, parts, small_models, assistants, before_assistant });
lists!(List { words });
lists!(Vision { words, endings });
lists!(Pruned { words, not_before });
lists!(Tokens {
    variants,
    quantized,
    not_quantized_alone,
    converted,
    converted_pairs,
    number_formats,
    handed_on,
    file_formats,
    groups,
    adapters,
    low_rank_adapters,
    put_into_the_weights,
    post_trained,
    post_trained_within,
    tasks,
    continued,
    bases,
    merge_methods,
    merged,
    from_nothing,
    from_scratch,
    going_on,
    going_on_pairs,
    agents,
    recipes,
    reward_models,
    made_of_a_language_model,
    languages,
});
lists!(Continuation { fields, tasks, tuning_tags });
lists!(Stages { reasoning_distillation, long_rl, preference, sft });
lists!(Owners { mirrors, canonical });
lists!(Tags {
    signals,
    fine_tuning_tools,
    formats,
    short_architectures,
    head_tasks,
    tasks_on_a_backbone,
    tasks_of_seeing,
    tasks_of_transcribing,
    tasks_of_agents,
    tasks_of_masks,
    libraries_of_language_models,
    conversion_libraries,
});
lists!(Architectures { of_families, vision_beginnings, vision_endings });
tables!(House { word: Word, homes: Words });
tables!(Shorthand { token: Word, family: Word, version: Word });
tables!(Families {
    kinds: Words,
    relatives: Words,
    specialities: Words,
    glued_specialities: Words,
    houses: Vec<House>,
    shorthands: Vec<Shorthand>,
    derived: FxHashMap<String, Word>,
});
tables!(Vocabulary {
    untrained: Untrained,
    drafts: Drafts,
    training_stages: TrainingStages,
    uncensored: List,
    unquantized: List,
    pruned: Pruned,
    vision: Vision,
    tokens: Tokens,
    continuation: Continuation,
    stages: Stages,
    owners: Owners,
    tags: Tags,
    architectures: Architectures,
    families: Families,
});

word_file!(
    /// The word lists.
    vocabulary: Vocabulary = "lineage.toml"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_names_are_lower_case_and_whole() {
        let v = vocabulary();
        let lists = [v.untrained.words, v.drafts.words, v.drafts.beside_family, v.uncensored.words, v.vision.words];
        for word in lists.iter().flat_map(|list| list.list()) {
            assert!(word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{word}");
        }
        assert!(v.families.houses.len() > 20 && v.families.houses.iter().all(|h| !h.homes.is_empty()));
    }
}
