//! Whether a model has a size that no older model of the index has. Who tunes a model of 2e10 parameters or more keeps its size, or nearly; who
//! trains one anew chooses his own.

use crate::domain::Role;
use crate::lineage::{RepoFacts, Resolution, names, shows_a_base_of_another};

/// Fewest parameters: below, sizes lie too close to each other to tell.
const LEAST_PARAMS: i64 = 20_000_000_000;
/// Difference, relative, below which two sizes of different houses are one: some tokens more, or a head.
const OF_ANOTHER: f64 = 0.003;
/// The same within a house, which goes on with its own model with a vocabulary, a tower or layers more.
const OF_ITS_HOUSE: f64 = 0.10;

/// The large models of an index by their counts.
pub(super) struct KnownSizes<'a> {
    facts: &'a [RepoFacts],
    resolution: &'a Resolution,
    /// Count and position, by count.
    sorted: Vec<(i64, usize)>,
}

impl<'a> KnownSizes<'a> {
    /// Those with weights of their own shape.
    pub(super) fn new(facts: &'a [RepoFacts], resolution: &'a Resolution) -> Self {
        let has_its_shape = |i: usize| match resolution.placements[i].role {
            Role::Pretrained | Role::Continued | Role::Finetuned | Role::Merge | Role::Converted => true,
            Role::Adapter | Role::Quantized | Role::Empty | Role::Untrained => false,
        };
        let counted = facts.iter().enumerate().filter_map(|(i, f)| Some((f.exact_params?, i)));
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)] // A bound.
        let least = (LEAST_PARAMS as f64 * (1.0 - OF_ITS_HOUSE)) as i64;
        let mut sorted: Vec<(i64, usize)> = counted.filter(|(n, i)| *n >= least && has_its_shape(*i)).collect();
        sorted.sort_unstable();
        Self { facts, resolution, sorted }
    }

    /// Whether the repository is a large model of a listed house with such a size. What has no date may be older.
    pub(super) fn is_new(&self, i: usize) -> bool {
        let f = &self.facts[i];
        let Some(n) = f.exact_params.filter(|n| *n >= LEAST_PARAMS && f.listed_owner) else { return false };
        if shows_a_base_of_another(f) {
            return false;
        }
        #[allow(clippy::cast_precision_loss)] // Below 1e14: exact.
        let apart = |m: i64| (m as f64 / n as f64 - 1.0).abs();
        let from = self.sorted.partition_point(|(m, _)| *m < n && apart(*m) > OF_ITS_HOUSE);
        let near = self.sorted[from..].iter().take_while(|(m, _)| *m <= n || apart(*m) <= OF_ITS_HOUSE);
        let absent = self.resolution.absent.iter().filter(|a| a.same_house(f));
        let is_absent_sibling = |a: &RepoFacts| a.rough_params.is_some_and(|m| apart(m) <= OF_ITS_HOUSE) && !is_younger(f, a);
        !near.clone().any(|(m, j)| *j != i && self.may_be_the_base(i, *j, apart(*m))) && !absent.clone().any(is_absent_sibling)
    }

    /// Whether the weights may come from another model, by its size and age.
    fn may_be_the_base(&self, i: usize, other: usize, apart: f64) -> bool {
        let (f, o) = (&self.facts[i], &self.facts[other]);
        let placement = &self.resolution.placements[other];
        let rests_on_it = placement.base == Some(i) || placement.root == Some(i);
        let is_made_of_it = rests_on_it || f.same_house(o) && is_made_of(o.name(), f.name());
        let within = if f.same_house(o) { OF_ITS_HOUSE } else { OF_ANOTHER };
        apart <= within && !is_made_of_it && !is_younger(f, o)
    }
}

/// Whether the second is younger, as far as dates are known.
fn is_younger(f: &RepoFacts, other: &RepoFacts) -> bool {
    f.created_ms.zip(other.created_ms).is_some_and(|(own, other)| other > own)
}

/// Whether the name of a house's model is another's with more words, or one of a post-training beside one of none.
fn is_made_of(name: &str, of: &str) -> bool {
    let goes_on = name.len() > of.len() && name.to_lowercase().starts_with(&of.to_lowercase());
    !names::is_base_of_family(name) && (goes_on || names::says_post_trained(name) && !names::says_post_trained(of))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lineage::resolve;

    const DAY_MS: i64 = 86_400_000;

    fn facts(id: &str, params: i64, day: i64) -> RepoFacts {
        RepoFacts {
            model_id: id.to_owned(),
            params: Some(params),
            rough_params: Some(params),
            exact_params: Some(params),
            created_ms: (day > 0).then_some(day * DAY_MS),
            listed_owner: !id.starts_with("u/"),
            ..RepoFacts::default()
        }
    }

    fn new_ones(all: &[RepoFacts]) -> Vec<&str> {
        let resolution = resolve(all, Vec::new(), &|_| None, &[]);
        let sizes = KnownSizes::new(all, &resolution);
        (0..all.len()).filter(|i| sizes.is_new(*i)).map(|i| all[i].model_id.as_str()).collect()
    }

    /// Regression: Command A+ (218B), K-EXAONE-2.0-750B, GigaChat3-702B and ALIA-40b, of sizes that no older model has, were fine-tunes of
    /// some kilograms for four in five.
    #[test]
    fn a_size_that_nobody_had_before_is_new() {
        let all = [
            facts("CohereLabs/command-a-plus-05-2026", 218_750_277_872, 200),
            facts("u/command-a-plus-tune", 218_750_277_872, 210),
            facts("BSC-LT/ALIA-40b", 40_433_885_184, 20),
            // Undated, and of its name with more words.
            facts("BSC-LT/ALIA-40b-instruct", 40_433_885_184, 0),
            // As large as an older one of another house, nearly.
            facts("Qwen/Qwen3-30B", 30_532_122_624, 10),
            facts("CohereLabs/North-Mini-Code-1.0", 30_484_303_872, 200),
            // Undated: who knows.
            facts("u/somebody-25B", 25_000_000_001, 0),
            facts("a/copy-or-not-25B", 25_010_000_003, 30),
            // Within a tenth of an older one of its house, and small.
            facts("b/line-50B", 50_000_000_007, 10),
            facts("b/other-54B", 54_000_000_007, 20),
            facts("c/small-8B", 8_100_000_007, 10),
        ];
        assert_eq!(new_ones(&all), ["CohereLabs/command-a-plus-05-2026", "BSC-LT/ALIA-40b", "Qwen/Qwen3-30B", "b/line-50B"]);
    }
}
