//! Figures that hold more than the training of this model: sums over time of a model that has a base, sums over a family or a project.

use super::repository::Repository;
use crate::evidence::card::about::CardRole;
use crate::evidence::vocabulary::{self, Words};

/// Reason of the row of a table that sums the others up.
pub const TOTAL_ROW: &str = "the sum of several rows";

/// Reason of a row of a table that is another model's.
pub const OTHER_ROW: &str = "another model's row";

/// Reason of a figure that holds the trainings of several models.
pub const SEVERAL_MODELS: &str = "a total of several models";

/// Words between an evaluation and the suite that it is of.
const MOST_BEFORE_SUITE: usize = 4;
/// Words between "all" and "models".
const MOST_BETWEEN: usize = 2;

/// Why a text, lower case, gives a figure to more than the training of this model.
#[must_use]
pub fn covers_more(own: &Repository, text: &str) -> Option<&'static str> {
    let totals = &vocabulary::card().totals;
    let says = |phrases: &Words| phrases.is_within(text);
    if says(&totals.families) || names_a_collection(own, text) || names_sizes_in_brackets(text) {
        return Some(SEVERAL_MODELS);
    }
    // "A cumulative of 100 hours" is how the ML CO2 Impact calculator says "in all".
    let cumulative = totals.cumulative.iter().any(|word| {
        text.match_indices(word)
            .any(|(at, _)| !text.get(at + word.len()..).is_some_and(|rest| rest.trim_start().starts_with("of ")))
    });
    // Of what calls itself a base, and has none that is known, the sum over time is its own.
    let is_base = || own.tokens.iter().any(|t| t == "base");
    let has_base = || (own.role == CardRole::FineTune && !is_base()) || own.has_base();
    // "Our own runs used a cumulative 740 GPU hours": the author's, without the base.
    let cumulative = cumulative && !says(&totals.own_runs);
    ((cumulative || says(&totals.inclusive)) && has_base()).then_some("a total that holds the training of the base")
}

/// "Energy (1B + 3B + 7B)", "emissions (all three)": the brackets of a key name several models.
fn names_sizes_in_brackets(text: &str) -> bool {
    let inside = text.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inside, _)| inside);
    inside.is_some_and(|inside| {
        let words = super::repository::name_tokens(inside);
        let sizes = words
            .iter()
            .filter(|w| super::repository::size_of(w).is_some() || super::designators::size_word(w).is_some_and(|_| w.len() > 3));
        let is_sum = inside.contains(['+', ',', '&']) || inside.contains(" and ");
        let all = words.first().is_some_and(|w| vocabulary::card().totals.wholes.contains(&w.as_str()));
        let counted =
            words.get(1).is_some_and(|w| crate::evidence::quantity::units::count_word(w).is_some_and(|n| n > 1)) && words.len() < 4;
        (sizes.count() > 1 && is_sum) || (all && counted)
    })
}

/// Why a key or its value, lower case, gives a figure to the search for a training as well.
#[must_use]
pub fn holds_the_search(text: &str) -> Option<&'static str> {
    let totals = &vocabulary::card().totals;
    let says = |phrases: &Words| phrases.is_within(text);
    (says(&totals.development) && !says(&totals.excluded)).then_some("a total that holds more than this training")
}

/// Why emissions are none of the grid's: those that certificates leave, which are counted apart (docs/method.md, section 1).
#[must_use]
pub fn market_based(text: &str) -> Option<&'static str> {
    let totals = &vocabulary::card().totals;
    let lower = text.to_lowercase();
    (totals.market_based.is_within(&lower) && !totals.location_based.is_within(&lower))
        .then_some("market-based: after certificates")
}

/// "the whole Mira family", "all five models".
fn names_a_collection(own: &Repository, text: &str) -> bool {
    let totals = &vocabulary::card().totals;
    let (mut since_whole, mut since_use) = (usize::MAX, usize::MAX);
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        // "Evaluation on the full suite": of benchmarks.
        let of_models = since_use > MOST_BEFORE_SUITE;
        if since_whole <= MOST_BETWEEN && of_models && totals.collections.contains(&word) {
            return true;
        }
        since_use = if totals.uses.contains(&word) { 0 } else { since_use.saturating_add(1) };
        // "All 9 Code-Elk models": a number and the name of the family say nothing.
        let is_passed = own.has(word) || own.letters.contains(word) || word.bytes().all(|b| b.is_ascii_digit());
        since_whole = if totals.wholes.contains(&word) { 0 } else { since_whole.saturating_add(usize::from(!is_passed)) };
    }
    false
}

/// Whether the first cell of a row is a part of a machine: "GPU", "RAM", "Rest of the servers".
#[must_use]
pub fn is_component(cell: &str) -> bool {
    let words = super::repository::name_tokens(cell);
    let components = &vocabulary::card().totals.components;
    let passed = |w: &str| matches!(w, "energy" | "power" | "of" | "the" | "and" | "usage" | "consumption");
    let is_part = |w: &&String| components.contains(&w.as_str()) || w.parse::<f64>().is_ok();
    words.iter().any(|w| components.contains(&w.as_str())) && words.iter().all(|w| is_part(&w) || passed(w))
}

/// Whether the first cell of a row says that the row sums the others up.
#[must_use]
pub fn is_total(cell: &str) -> bool {
    let words = super::repository::name_tokens(cell);
    let totals = &vocabulary::card().totals;
    let phases = &vocabulary::card().phases;
    words.iter().any(|w| totals.rows.contains(&w.as_str()))
        && words.iter().all(|w| totals.rows.contains(&w.as_str()) || phases.generic.contains(&w.as_str()) || w == "family")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::about::About;

    #[test]
    fn sums_hold_the_base_where_there_is_one() {
        let base = ["org/big".to_owned()];
        let about = |role, base_ids| Repository::new(&About { model_id: "org/small-9b", role, base_ids, total_params: None });
        let (tuned, root) = (about(CardRole::FineTune, &base[..]), about(CardRole::OwnTraining, &[]));
        for text in ["cumulative compute", "energy, including the base", "kumulierte energie, kumuliert"] {
            assert!(covers_more(&tuned, text).is_some(), "{text}");
            assert_eq!(covers_more(&root, text), None, "{text}");
        }
        let named =
            Repository::new(&About { model_id: "org/big-base", role: CardRole::FineTune, base_ids: &[], total_params: None });
        assert_eq!(covers_more(&named, "cumulative compute"), None);
        assert_eq!(covers_more(&tuned, "a cumulative of 100 hours of computation"), None);
        assert!(covers_more(&root, "emissions of the whole family").is_some());
        for text in ["training the entire lynx series", "all four sizes together"] {
            assert!(covers_more(&root, text).is_some(), "{text}");
        }
        for text in ["all layers of the model", "the whole training of this model"] {
            assert_eq!(covers_more(&root, text), None, "{text}");
        }
        assert!(holds_the_search("energy with the hyperparameter sweep and failed runs").is_some());
        assert_eq!(holds_the_search("energy excluding failed runs"), None);
        for cell in ["Total", "**Total**", "Total training", "Sum", "合计"] {
            assert!(is_total(cell), "{cell}");
        }
        for cell in ["Total Recall 7B", "", "7B", "Overall-7B"] {
            assert!(!is_total(cell), "{cell}");
        }
    }
}
