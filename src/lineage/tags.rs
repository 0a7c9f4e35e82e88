//! What a repository's tags say of its training and its bases.

use super::vocabulary::vocabulary;
use crate::domain::Relation;

/// The tag of [`RepoFacts`](super::RepoFacts)`::signals` that a tag is; none where no rule and no sign reads it.
#[must_use]
pub fn signal(tag: &str) -> Option<&'static str> {
    vocabulary().tags.signals.get(tag)
}

/// The architecture that tags in lower case name: the first that is no format and no library, unless it is the code of a language.
#[must_use]
pub fn architecture(tags: impl Iterator<Item = String>) -> Option<String> {
    let words = &vocabulary().tags;
    let first = tags.into_iter().find(|tag| !words.formats.contains(&tag.as_str()))?;
    let is_language = first.len() <= 3 && !words.short_architectures.contains(&first.as_str());
    (!first.contains(':') && !is_language).then_some(first)
}

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
