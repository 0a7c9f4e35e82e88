//! The stages of one training that lists of the same keys tell, one list for each: "Phase 1", "Phase 2".

use super::accept::Fact;
use super::choose::same;
use crate::domain::Field;
use crate::evidence::Extracted;
use crate::evidence::card::read::stages::STAGES;

/// What stages add up to.
const SUMS: [Field; 6] =
    [Field::WallHours, Field::AcceleratorHours, Field::EnergyKwh, Field::EmissionsKgco2e, Field::TrainSteps, Field::TrainTokens];
/// What counts where it is the same in all of them.
const SHARED: [Field; 5] = [Field::Accelerator, Field::AcceleratorCount, Field::BatchSize, Field::SequenceLength, Field::Precision];

/// Adds up what each of the stages states, and accepts what is the same in all.
pub fn accept_stages(facts: &mut Vec<Fact>) {
    let stage = |f: &Fact| STAGES.iter().position(|why| f.row.reject_reason.as_deref() == Some(why));
    let Some(last) = facts.iter().filter_map(stage).max().filter(|last| *last > 0) else { return };
    let of = |facts: &[Fact], field: Field| -> Option<Vec<usize>> {
        let first = |number: usize| {
            let mut all = facts.iter().enumerate().filter(|(_, f)| f.row.field == field && stage(f) == Some(number));
            let (at, fact) = all.next()?;
            // A list that states it twice tells of something else.
            all.all(|(_, other)| other.row.value == fact.row.value && other.row.as_written == fact.row.as_written).then_some(at)
        };
        (0..=last).map(first).collect()
    };
    let get = |facts: &[Fact], at: &[usize]| at.iter().filter_map(|i| facts.get(*i)).map(|f| f.row.clone()).collect::<Vec<_>>();
    let counts = of(facts, Field::AcceleratorCount).map(|at| get(facts, &at));
    let differ = counts.as_ref().is_some_and(|all| all.windows(2).any(|w| matches!(w, [a, b] if !same(a.value, b.value))));
    for field in SUMS.into_iter().filter(|field| !(differ && *field == Field::WallHours)) {
        // The card sums them up itself.
        let total = |f: &Fact| f.table > 0 && f.row.field == field && f.row.reject_reason.is_none();
        let Some(rows) = of(facts, field).filter(|_| !facts.iter().any(total)).map(|at| get(facts, &at)) else { continue };
        let Some(value) = rows.iter().map(|row| row.value).sum::<Option<f64>>() else { continue };
        let Some((first, rank)) =
            rows.first().cloned().zip(of(facts, field).and_then(|at| facts.get(*at.first()?).map(|f| f.rank)))
        else {
            continue;
        };
        let written: Vec<&str> = rows.iter().map(|row| row.as_written.as_str()).collect();
        let row = Extracted {
            value: Some(value),
            as_written: written.join(" + "),
            locator: format!("{}: sum of the stages", first.locator),
            reject_reason: None,
            ..first.clone()
        };
        facts.push(Fact { row, rank, table: 0 });
    }
    for field in SHARED {
        let Some(at) = of(facts, field) else { continue };
        let rows = get(facts, &at);
        let is_one = rows.windows(2).all(|w| match w {
            [a, b] => {
                if a.value.is_some() {
                    same(a.value, b.value)
                } else {
                    // "16 x H100" and "8 x H100" are one chip.
                    let chip =
                        |text: &str| text.trim_start_matches(|c: char| c.is_ascii_digit() || " x×*".contains(c)).to_lowercase();
                    chip(&a.as_written) == chip(&b.as_written)
                }
            }
            _ => true,
        });
        if let Some(fact) = at.first().filter(|_| is_one).and_then(|i| facts.get_mut(*i)) {
            fact.row.reject_reason = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn value(card: &str, field: Field) -> Option<f64> {
        let about = About { model_id: "lab/otter-1b", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let rows = extract(card_tables(&Reference::load().unwrap()), card, &about);
        rows.into_iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
    }

    #[test]
    fn lists_of_stages_add_up() {
        let card = "# otter-1b\n\n## Training\n\n**Phase 1**\n- Steps: 90,000\n- Batch size: 512\n- Training time: 40 hours\n- Hardware: 8 x A100 80GB\n\n**Phase 2**\n- Steps: 10,000\n- Batch size: 256\n- Training time: 5 hours\n- Hardware: 8 x A100 80GB\n";
        assert_eq!((value(card, Field::WallHours), value(card, Field::TrainSteps)), (Some(45.0), Some(100_000.0)));
        assert_eq!((value(card, Field::AcceleratorCount), value(card, Field::BatchSize)), (Some(8.0), None));
        // Two models are no stages.
        let models = card.replace("Phase 1", "otter-1b").replace("Phase 2", "otter-9b");
        assert_eq!(value(&models, Field::WallHours), Some(40.0));
    }
}
