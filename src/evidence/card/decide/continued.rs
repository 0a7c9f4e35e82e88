//! A training that went on from a checkpoint, in a table that counts from the start of that checkpoint.

use super::accept::Fact;
use crate::domain::Field;
use crate::evidence::card::read::totals::OTHER_ROW;

/// Counts that go on from those of a checkpoint.
const COUNTS: [Field; 2] = [Field::TrainSteps, Field::TrainTokens];
/// A sum of counts differs from the count of the whole by less.
const EXACT: f64 = 0.001;

/// "Trained for 313,198 steps" beside a table that has 560,001 for this model and 246,803 for the one it was resumed from: the row of the
/// table counts both, and the text the training of this model.
pub fn refuse_counts_from_the_base(facts: &mut [Fact]) {
    for field in COUNTS {
        let of = |table: bool, reason: Option<&'static str>| {
            let is_such = move |f: &&Fact| {
                f.row.field == field && (f.table > 0) == table && f.row.reject_reason.as_deref() == reason && f.row.value.is_some()
            };
            facts.iter().filter(is_such)
        };
        let found = of(true, None).find_map(|whole| {
            let value = whole.row.value?;
            let is_rest = |stated: &&Fact| {
                let rest = value - stated.row.value.unwrap_or_default();
                let is_base = |base: &Fact| {
                    base.table == whole.table && base.row.value.is_some_and(|n| n > 0.0 && (n - rest).abs() <= EXACT * value)
                };
                rest > 0.0 && of(true, Some(OTHER_ROW)).any(is_base)
            };
            of(false, None).find(is_rest).map(|stated| (value, stated.row.value, whole.rank))
        });
        let Some((whole, stated, rank)) = found else { continue };
        for fact in facts.iter_mut().filter(|f| f.row.field == field && f.row.reject_reason.is_none()) {
            if fact.table > 0 && fact.row.value == Some(whole) {
                fact.row.reject_reason = Some("counted from the start of the base".to_owned());
            } else if fact.table == 0 && fact.row.value == stated {
                fact.rank = fact.rank.min(rank);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn steps(card: &str) -> Option<f64> {
        let about = About { model_id: "lab/heron-tuned", role: CardRole::FineTune, base_ids: &[], total_params: None };
        let rows = extract(card_tables(&Reference::load().unwrap()), card, &about);
        rows.into_iter().find(|r| r.field == Field::TrainSteps && r.reject_reason.is_none()).and_then(|r| r.value)
    }

    /// Regression: the steps of a decoder were those of its checkpoint's whole life.
    #[test]
    fn a_table_that_counts_from_the_start_of_the_base_tells_of_both() {
        let card = "# heron-tuned\n\nheron-tuned was resumed from heron and trained for 120000 steps.\n\n## Evaluation\n\n| Model | train steps | FID |\n|---|---|---|\n| heron | 300000 | 4.9 |\n| heron-tuned | 420000 | 4.4 |\n";
        assert_eq!(steps(card), Some(120_000.0));
        assert_eq!(steps(&card.replace("420000", "415000")), Some(415_000.0));
    }
}
