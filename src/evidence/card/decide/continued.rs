//! A training that went on from a checkpoint, in a table that counts from the start of that checkpoint.

use super::accept::Fact;
use crate::domain::Field;
use crate::evidence::card::read::data_sizes::{OF_CONTEXT, is_data_size};
use crate::evidence::card::read::totals::OTHER_ROW;

/// Counts that go on from those of a checkpoint.
const COUNTS: [Field; 2] = [Field::TrainSteps, Field::TrainTokens];
/// A rounded count differs from what the rows of a table leave for it by less.
const ROUNDED: f64 = 0.02;

/// "Trained for 313,198 steps" beside a table that has 560,001 for this model and 246,803 for the one it was resumed from: the row of the
/// table counts both, and the text the training of this model.
pub fn refuse_counts_from_the_base(facts: &mut [Fact]) {
    for field in COUNTS {
        let counts = || facts.iter().enumerate().filter(|(_, f)| f.row.field == field && f.row.value.is_some_and(|v| v > 0.0));
        let value = |f: &Fact| f.row.value.unwrap_or_default();
        let in_table = |f: &Fact, reason: Option<&str>| f.table > 0 && f.row.reject_reason.as_deref() == reason;
        let is_stated =
            |f: &Fact| f.table == 0 && f.row.reject_reason.as_deref().is_none_or(|why| is_data_size(why) || why == OF_CONTEXT);
        let found = counts().filter(|(_, f)| in_table(f, None)).find_map(|(_, whole)| {
            let is_base = |f: &Fact, rest: f64, stated: f64| {
                f.table == whole.table && in_table(f, Some(OTHER_ROW)) && (value(f) - rest).abs() <= ROUNDED * stated
            };
            let is_rest = |(_, f): &(usize, &Fact)| {
                let rest = value(whole) - value(f);
                is_stated(f) && rest > 0.0 && counts().any(|(_, base)| is_base(base, rest, value(f)))
            };
            counts().find(is_rest).map(|(stated, _)| (stated, value(whole), whole.rank))
        });
        let Some((stated, whole, rank)) = found else { continue };
        for fact in facts.iter_mut().filter(|f| f.row.field == field && in_table(f, None) && f.row.value == Some(whole)) {
            fact.row.reject_reason = Some("counted from the start of the base".to_owned());
        }
        if let Some(fact) = facts.get_mut(stated) {
            fact.row.reject_reason = None;
            fact.rank = fact.rank.min(rank);
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
