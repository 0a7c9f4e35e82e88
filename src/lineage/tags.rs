//! What a repository's tags say of its training and its bases.

use crate::domain::Relation;

/// Tags that a rule of [`roles`](super::roles) reads; the others are not kept.
pub const SIGNAL_TAGS: &[&str] = &[
    "autotrain",
    "generated_from_trainer",
    "setfit",
    "trl",
    "axolotl",
    "llama-factory",
    "dreambooth",
    "lora",
    "peft",
    "merge",
    "mergekit",
    "gguf",
    "gptq",
    "awq",
    "exl2",
    "continual-pretraining",
    "continued-pretraining",
    "continual pretraining",
    "continued pretraining",
];

/// The relation that a list of tags states, and the ids of the bases it states it for, each once.
#[must_use]
pub fn stated_bases(tags: &[String]) -> (Option<Relation>, Vec<String>) {
    let mut relation = None;
    let mut ids: Vec<String> = Vec::new();
    for tag in tags {
        let Some(rest) = tag.strip_prefix("base_model:") else { continue };
        let id = match rest.split_once(':') {
            Some((word, id)) => {
                relation = relation.or(Relation::parse(word));
                id
            }
            None => rest,
        };
        if !id.is_empty() && !ids.iter().any(|seen| seen.eq_ignore_ascii_case(id)) {
            ids.push(id.to_owned());
        }
    }
    (relation, ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_state_relation_and_ids_once() {
        let tags: Vec<String> =
            ["base_model:a/b", "base_model:merge:a/b", "base_model:merge:c/d", "x"].iter().map(|t| (*t).to_owned()).collect();
        assert_eq!(stated_bases(&tags), (Some(Relation::Merge), vec!["a/b".to_owned(), "c/d".to_owned()]));
    }
}
