//! Sisters: models of one owner whose names differ in their size alone. Where one was pre-trained, so were the others, nearly always.

use crate::domain::{Role, Rule};
use crate::lineage::{Placement, RepoFacts, names};
use rustc_hash::{FxHashMap, FxHashSet};

/// Certain pre-trainings by owner and name without its sizes.
pub(super) struct Sisters(FxHashMap<String, FxHashSet<String>>);

impl Sisters {
    /// Those of the index that the registry, a looked-up fact or a correction knows.
    pub(super) fn new(facts: &[RepoFacts], placements: &[Placement]) -> Self {
        let mut known: FxHashMap<String, FxHashSet<String>> = FxHashMap::default();
        for (f, placement) in facts.iter().zip(placements) {
            if placement.role == Role::Pretrained
                && is_known(placement.role_rule)
                && let Some((name, size)) = without_size(f)
            {
                known.entry(name).or_default().insert(size);
            }
        }
        Self(known)
    }

    /// Whether a repository has a sister of another size among them.
    pub(super) fn have(&self, f: &RepoFacts) -> bool {
        let Some((name, size)) = without_size(f) else { return false };
        self.0.get(&name).is_some_and(|sizes| sizes.iter().any(|known| *known != size))
    }
}

/// Whether somebody knows the pre-training of a rule, rather than a name tells it.
const fn is_known(rule: Rule) -> bool {
    matches!(rule, Rule::RegistryPretraining | Rule::RepositoryFact | Rule::ReviewedCorrection | Rule::CardStatesAPretraining)
}

/// Owner and name without its sizes, and the sizes; none where the name has none, or says what only other weights get.
fn without_size(f: &RepoFacts) -> Option<(String, String)> {
    if f.owner().is_empty() || names::says_task_or_post_trained(f.name()) {
        return None;
    }
    let (mut name, mut sizes) = (f.owner().to_lowercase(), String::new());
    for token in names::tokens(f.name()).iter() {
        if is_size(token) {
            sizes.push_str(token);
            name.push_str("/#");
        } else {
            name.push('/');
            name.push_str(token);
        }
    }
    (!sizes.is_empty()).then_some((name, sizes))
}

/// `7b`, `1.8b`, `350m`, `a3b`.
fn is_size(token: &str) -> bool {
    let number = token.strip_suffix(['b', 'm']).map(|rest| rest.strip_prefix('a').unwrap_or(rest));
    number.is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok_and(|n| n > 0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::resolve;

    /// Regression: salamandra-2b (12.9e12 tokens), whose sister of 7 billion is registered, was a fine-tune with 0.87, gpt-sw3-6.7b with 0.79.
    #[test]
    fn a_sister_of_another_size_was_pretrained_too() {
        let of = |id: &str, role| RepoFacts { model_id: id.into(), looked_up_role: role, ..RepoFacts::default() };
        let all = [
            of("BSC-LT/salamandra-7b", Some(Role::Pretrained)),
            of("bsc-lt/salamandra-2B", None),
            of("BSC-LT/salamandra-2b-instruct", None),
            of("BSC-LT/salamandra-7b-vision", None),
            of("else/salamandra-2b", None),
            of("BSC-LT/another-7b", Some(Role::Finetuned)),
            of("BSC-LT/another-2b", None),
        ];
        let resolution = resolve(&all, Vec::new(), &|_| None, &[]);
        let sisters = Sisters::new(&all, &resolution.placements);
        let found: Vec<&str> = all.iter().filter(|f| sisters.have(f)).map(|f| f.model_id.as_str()).collect();
        assert_eq!(found, ["bsc-lt/salamandra-2B"]);
    }

    #[test]
    fn sizes_in_names() {
        assert!(["7b", "1.8b", "350m", "a3b"].iter().all(|token| is_size(token)));
        assert!(!["b", "ab", "8x7b", "v2", "t5", "2.5", "nanb", "infm", "-3b"].iter().any(|token| is_size(token)));
    }
}
