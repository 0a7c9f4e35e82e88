//! Figures that no rule claimed: accepted where nothing else is known of their field, they agree with each other, other figures of the training
//! stand beside them, and nothing physical speaks against them. They never take the place of what a rule accepted.

use super::accept::{Fact, accept};
use super::choose::same;
use super::consistency::refuse_contradictions;
use crate::domain::Field;
use crate::evidence::card::read::unclaimed::{Needs, Unclaimed};
use crate::reference::Accelerators;
use crate::reference::possible::GRID_GCO2E_PER_KWH;
use crate::units::GRAMS_PER_KG;
use std::collections::BTreeSet;

/// Fields that only a training has.
pub const OF_TRAINING: [Field; 11] = [
    Field::EmissionsKgco2e,
    Field::EnergyKwh,
    Field::Accelerator,
    Field::WallHours,
    Field::AcceleratorHours,
    Field::TrainFlop,
    Field::TrainTokens,
    Field::TrainSteps,
    Field::BatchSize,
    Field::Epochs,
    Field::SequenceLength,
];
/// The order in which figures are taken: what others rest on first.
const ORDER: [Field; 8] = [
    Field::Accelerator,
    Field::AcceleratorCount,
    Field::AcceleratorHours,
    Field::EnergyKwh,
    Field::EmissionsKgco2e,
    Field::TrainFlop,
    Field::TrainTokens,
    Field::SequenceLength,
];

/// Accepts the unclaimed figures that stand alone for their field.
pub fn accept_unclaimed(facts: &mut Vec<Fact>, unclaimed: Vec<Unclaimed>, source: &str, accelerators: &Accelerators) {
    if unclaimed.is_empty() {
        return;
    }
    let all: Vec<(Fact, bool, Needs)> =
        unclaimed.into_iter().map(|u| (accept(u.candidate, source), u.of_training, u.needs)).collect();
    let doubted = contradicted(facts, &all, accelerators);
    // Times rest on what else was found.
    for field in ORDER.into_iter().chain([Field::WallHours]) {
        let mut of_field = all.iter().filter(|(fact, _, _)| fact.row.field == field && fact.row.reject_reason.is_none());
        let Some((first, of_training, needs)) = of_field.next() else { continue };
        let agree = of_field.all(|(other, _, _)| is_same(other, first));
        if !agree || doubted.contains(&field) || is_known(facts, first) {
            continue;
        }
        let beside = beside(facts, &all, first);
        let told = match needs {
            Needs::One => *of_training || beside >= 1,
            Needs::Two => beside >= 2 || (*of_training && beside >= 1),
            Needs::Energy => fits_energy(facts, first),
        };
        if told && fits(facts, first, accelerators) {
            facts.push(first.clone());
        }
    }
}

/// The fields of unclaimed figures that cannot all be of one training, with what is accepted: of none of them it is known which is wrong.
fn contradicted(facts: &[Fact], all: &[(Fact, bool, Needs)], accelerators: &Accelerators) -> BTreeSet<Field> {
    let accepted = facts.iter().filter(|f| f.row.reject_reason.is_none());
    let mut tried: Vec<Fact> = accepted.chain(all.iter().map(|(fact, _, _)| fact)).cloned().collect();
    refuse_contradictions(&mut tried, accelerators);
    let refused = tried.iter().skip(tried.len() - all.len()).filter(|f| f.row.reject_reason.is_some());
    refused.map(|f| f.row.field).collect()
}

fn is_same(a: &Fact, b: &Fact) -> bool {
    a.row.value.is_none() && a.row.as_written == b.row.as_written || same(a.row.value, b.row.value)
}

/// Whether a rule has accepted a figure of the field, or refused this one.
fn is_known(facts: &[Fact], figure: &Fact) -> bool {
    facts.iter().filter(|f| f.row.field == figure.row.field).any(|f| f.row.reject_reason.is_none() || is_same(f, figure))
}

/// Place of a figure without its line: the section, or the table.
fn section(fact: &Fact) -> (usize, &str) {
    let at = fact.row.locator.rsplit_once("line ").map_or("", |(section, _)| section);
    (fact.table, at)
}

/// How many other fields of a training are told in the same section or table, by rules or by units.
fn beside(facts: &[Fact], all: &[(Fact, bool, Needs)], figure: &Fact) -> usize {
    let is_near = |f: &&Fact| {
        let near = if figure.table > 0 { f.table == figure.table } else { section(f) == section(figure) };
        near && f.row.reject_reason.is_none() && f.row.field != figure.row.field && OF_TRAINING.contains(&f.row.field)
    };
    let by_rule = facts.iter().filter(is_near).map(|f| f.row.field);
    let by_unit = all.iter().map(|(fact, _, _)| fact).filter(is_near).map(|f| f.row.field);
    by_rule.chain(by_unit).collect::<BTreeSet<Field>>().len()
}

/// Whether a mass over the accepted energy is what a grid emits.
fn fits_energy(facts: &[Fact], figure: &Fact) -> bool {
    let energy = facts.iter().find(|f| f.row.field == Field::EnergyKwh && f.row.reject_reason.is_none());
    let grid = energy.and_then(|f| f.row.value).zip(figure.row.value).map(|(kwh, kg)| kg * GRAMS_PER_KG / kwh);
    grid.is_some_and(|grid| (GRID_GCO2E_PER_KWH.0..=GRID_GCO2E_PER_KWH.1).contains(&grid))
}

/// Whether nothing that is accepted contradicts a figure.
pub fn fits(facts: &[Fact], figure: &Fact, accelerators: &Accelerators) -> bool {
    let accepted = facts.iter().filter(|f| f.row.reject_reason.is_none());
    let mut tried: Vec<Fact> = accepted.cloned().chain([figure.clone()]).collect();
    refuse_contradictions(&mut tried, accelerators);
    tried.iter().all(|f| f.row.reject_reason.is_none())
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::Extracted;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn read(card: &str) -> Vec<Extracted> {
        let about = About { model_id: "lab/heron", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        extract(card_tables(&Reference::load().unwrap()), card, &about)
    }

    fn value(rows: &[Extracted], field: Field) -> Option<f64> {
        rows.iter().find(|r| r.field == field && r.reject_reason.is_none()).and_then(|r| r.value)
    }

    /// Keys that nobody has a word for.
    const TABLE: &str =
        "# heron\n\n| Qu | Val |\n|---|---|\n| Xela | 16 × A100 |\n| Yorp | 5 days |\n| Zamu | 1,250 kWh |\n| Wek | 440 kg |\n";

    #[test]
    fn rows_of_unknown_keys_are_told_by_their_units() {
        let rows = read(TABLE);
        assert_eq!(value(&rows, Field::EnergyKwh), Some(1250.0), "{rows:?}");
        assert_eq!((value(&rows, Field::AcceleratorCount), value(&rows, Field::WallHours)), (Some(16.0), Some(120.0)), "{rows:?}");
        // A mass of which nothing names the gas is emissions where energy beside it makes it a grid's.
        assert_eq!(value(&rows, Field::EmissionsKgco2e), Some(440.0), "{rows:?}");
        assert!(rows.iter().filter(|r| r.reject_reason.is_none()).all(|r| r.confidence <= 0.5), "{rows:?}");
    }

    #[test]
    fn what_speaks_of_something_else_is_left() {
        for key in ["Evaluation", "Inference", "평가", "Per query", "Base"] {
            let rows = read(&TABLE.replace("Zamu", key));
            assert_eq!(value(&rows, Field::EnergyKwh), None, "{key}: {rows:?}");
        }
        let rows = read(&TABLE.replace("# heron\n", "# heron\n\n## Evaluation\n"));
        assert_eq!((value(&rows, Field::EnergyKwh), value(&rows, Field::WallHours)), (None, None), "{rows:?}");
        // Two that differ are none, and physics has its veto.
        let rows = read(&TABLE.replace("| Wek | 440 kg |", "| Wek | 30 kWh |"));
        assert_eq!(value(&rows, Field::EnergyKwh), None, "{rows:?}");
        let rows = read(&TABLE.replace("440 kg", "44,000 kg"));
        assert_eq!(value(&rows, Field::EmissionsKgco2e), None, "{rows:?}");
        let rows = read(&TABLE.replace("1,250 kWh", "900 MWh"));
        assert_eq!(value(&rows, Field::EnergyKwh), None, "{rows:?}");
    }

    #[test]
    fn what_a_rule_accepts_stands() {
        let rows = read(&format!("{TABLE}\n## Training\n\nTraining consumed 1.4 MWh.\n"));
        assert_eq!(value(&rows, Field::EnergyKwh), Some(1400.0), "{rows:?}");
    }

    #[test]
    fn so_few_tokens_are_a_length() {
        let rows = read("# heron\n\nFor training the snippets were laid out as 2048 tokens.\n");
        assert_eq!(value(&rows, Field::SequenceLength), Some(2048.0), "{rows:?}");
        let rows = read("# heron\n\nThe trained model can answer with 2048 new tokens.\n");
        assert_eq!(value(&rows, Field::SequenceLength), None, "{rows:?}");
    }
}
