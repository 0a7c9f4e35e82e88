//! At most one accepted row a field: by standing, then by order, and by the rule for emissions that two places state.

use super::accept::Fact;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{RANK_FRONT_MATTER, RANK_PROSE};
use crate::evidence::card::read::repository::name_tokens;
use crate::evidence::card::read::totals::{OTHER_ROW, SEVERAL_MODELS, TOTAL_ROW};
use crate::evidence::card::read::unclaimed::speaks_of_other;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary;
use std::collections::BTreeMap;

/// Reason of figures none of which is better than the others.
pub const DISAGREE: &str = "several figures of the same standing disagree";
/// Two figures that differ by less are one, rounded.
const SAME: f64 = 0.02;
/// Fields of which several figures in prose, none better than the other, mean that none is known: stages, or several models.
const STRICT: &[Field] = &[
    Field::TrainSteps,
    Field::BatchSize,
    Field::Epochs,
    Field::WallHours,
    Field::TrainTokens,
    Field::TrainSamples,
    Field::SequenceLength,
    Field::ImageSize,
    Field::EmissionsKgco2e,
];

/// Fields of which two figures of the same standing that differ are of two trainings, wherever they stand.
const AMOUNTS: &[Field] = &[Field::EmissionsKgco2e, Field::EnergyKwh, Field::WallHours, Field::AcceleratorHours];
/// Fields of which a text tells the whole and its parts: "120K steps (20K in the first stage, 100K in the second)".
const PARTED: &[Field] = &[Field::TrainTokens, Field::TrainSteps, Field::TrainSamples];
/// A sum of rounded figures differs from the rounded sum by less.
const ROUNDED: f64 = 0.01;

/// Refuses figures outside tables that a table of the card shows to be the sum of several trainings.
pub fn refuse_sums(facts: &mut [Fact]) {
    let mut sums: Vec<(Field, f64)> = Vec::new();
    let mut rows: BTreeMap<(Field, usize), Vec<f64>> = BTreeMap::new();
    for fact in facts.iter().filter(|f| f.table > 0) {
        let Some(value) = fact.row.value else { continue };
        match fact.row.reject_reason.as_deref() {
            Some(TOTAL_ROW) => sums.push((fact.row.field, value)),
            None | Some(OTHER_ROW) => rows.entry((fact.row.field, fact.table)).or_default().push(value),
            Some(_) => {}
        }
    }
    sums.extend(rows.iter().filter(|(_, values)| values.len() > 1).map(|((field, _), values)| (*field, values.iter().sum())));
    let is_amount = |field| AMOUNTS.contains(&field) || field == Field::TrainFlop;
    for fact in facts.iter_mut().filter(|f| f.table == 0 && f.row.reject_reason.is_none() && is_amount(f.row.field)) {
        let is_sum = |(field, sum): &&(Field, f64)| {
            *field == fact.row.field && fact.row.value.is_some_and(|v| (v - sum).abs() <= ROUNDED * sum)
        };
        if sums.iter().any(|s| is_sum(&s)) {
            fact.row.reject_reason = Some("the card's own table shows that it is the sum of several trainings".to_owned());
        }
    }
}

/// Refuses what calls itself a total beside one that is told to be of several models, in the same section: "3.3M GPU hours across all models" and
/// "539 t in total".
pub fn refuse_totals_beside(facts: &mut [Fact]) {
    let section = |fact: &Fact| fact.row.locator.rsplit_once(", line").map(|(section, _)| section.to_owned());
    let told: Vec<(Field, String)> = facts
        .iter()
        .filter(|f| f.row.reject_reason.as_deref() == Some(SEVERAL_MODELS))
        .filter_map(|f| Some((f.row.field, section(f)?)))
        .collect();
    let totals = &vocabulary::card().totals.rows;
    for fact in facts.iter_mut().filter(|f| f.table == 0 && f.row.reject_reason.is_none() && AMOUNTS.contains(&f.row.field)) {
        let says_total = || name_tokens(&fact.row.as_written).iter().any(|word| totals.contains(&word.as_str()));
        let beside = section(fact).is_some_and(|at| told.iter().any(|(field, told)| *field != fact.row.field && *told == at));
        if beside && says_total() {
            fact.row.reject_reason = Some(SEVERAL_MODELS.to_owned());
        }
    }
}

/// Refuses a figure that the card gives to another model, or sets beside this one, wherever else it stands: "far below the others (216 hours)".
/// Only beside another figure of its field: a base and its copy may state the same.
pub fn refuse_figures_of_others(facts: &mut [Fact]) {
    let is_others = |why: &str| matches!(why, "another model's figure" | "a comparison");
    let told: Vec<(Field, Option<f64>, String)> = facts
        .iter()
        .filter(|f| AMOUNTS.contains(&f.row.field))
        .filter_map(|f| Some((f.row.field, f.row.value, f.row.reject_reason.clone().filter(|why| is_others(why))?)))
        .collect();
    if told.is_empty() {
        return;
    }
    let accepted: Vec<(Field, Option<f64>)> =
        facts.iter().filter(|f| f.row.reject_reason.is_none()).map(|f| (f.row.field, f.row.value)).collect();
    for fact in facts.iter_mut().filter(|f| f.row.reject_reason.is_none() && f.rank >= RANK_PROSE) {
        let why = told.iter().find(|(field, value, _)| *field == fact.row.field && same(*value, fact.row.value));
        let has_another = accepted.iter().any(|(field, value)| *field == fact.row.field && !same(*value, fact.row.value));
        if let Some((_, _, why)) = why.filter(|_| has_another) {
            fact.row.reject_reason = Some(why.clone());
        }
    }
}

/// Whether two figures are the same.
#[must_use]
pub fn same(a: Option<f64>, b: Option<f64>) -> bool {
    a.zip(b).is_some_and(|(a, b)| (a - b).abs() <= SAME * a.abs().max(b.abs()))
}

/// Refuses all but one accepted row of every field.
pub fn choose(facts: &mut [Fact]) {
    let mut fields: BTreeMap<Field, Vec<usize>> = BTreeMap::new();
    for (i, fact) in facts.iter().enumerate().filter(|(_, f)| f.row.reject_reason.is_none()) {
        fields.entry(fact.row.field).or_default().push(i);
    }
    for (field, mut candidates) in fields {
        candidates.sort_by_key(|i| (facts.get(*i).map_or(u8::MAX, |f| f.rank), *i));
        let Some(first) = candidates.first().and_then(|i| facts.get(*i)) else { continue };
        let (rank, value) = (first.rank, first.row.value);
        let get = |i: &usize| facts.get(*i);
        let text = candidates.iter().copied().find(|i| get(i).is_some_and(|f| f.rank > RANK_FRONT_MATTER));
        // Emissions: the unit words of the text win over front matter that is not the same figure.
        let overruled = field == Field::EmissionsKgco2e
            && rank == RANK_FRONT_MATTER
            && text.and_then(|i| facts.get(i)).is_some_and(|f| !same(f.row.value, value));
        let chosen = if overruled { text } else { candidates.first().copied() };
        let in_prose = STRICT.contains(&field) && rank >= RANK_PROSE;
        let reach = if in_prose { rank + 1 } else { rank };
        let differs = (in_prose || (AMOUNTS.contains(&field) && rank > RANK_FRONT_MATTER))
            && candidates.iter().filter_map(get).filter(|f| f.rank <= reach).any(|f| !same(f.row.value, value));
        let adds_up = AMOUNTS.contains(&field) || PARTED.contains(&field);
        let sum = if differs && adds_up {
            sum_of_the_others(&candidates, facts, reach).or_else(|| sum_of_the_others(&candidates, facts, u8::MAX))
        } else {
            None
        };
        // Of figures that disagree one alone may stand in a sentence on no other work.
        let own = if differs && sum.is_none() { only_of_training(&candidates, facts, reach) } else { None };
        let sum = sum.or(own);
        let (differs, chosen) = if sum.is_some() { (false, sum) } else { (differs, chosen) };
        let Some(written) = chosen.and_then(|i| facts.get(i)).map(described) else { continue };
        for i in candidates {
            let Some(fact) = facts.get_mut(i) else { continue };
            if differs {
                fact.row.reject_reason = Some(DISAGREE.to_owned());
            } else if Some(i) != chosen {
                let conflict = overruled && fact.rank == RANK_FRONT_MATTER;
                let why = if conflict { "conflicts with the text" } else { "another figure was chosen" };
                fact.row.reject_reason = Some(format!("{why}: {written}"));
            }
        }
    }
}

/// The figure that is the sum of two or more others of its standing: the whole of which they are the stages.
fn sum_of_the_others(candidates: &[usize], facts: &[Fact], reach: u8) -> Option<usize> {
    let mut values: Vec<(usize, f64)> = Vec::new();
    for i in candidates.iter().copied() {
        let Some(fact) = facts.get(i).filter(|f| f.rank <= reach) else { continue };
        let value = fact.row.value?;
        // A figure told twice is one.
        if !values.iter().any(|(_, known)| same(Some(*known), Some(value))) {
            values.push((i, value));
        }
    }
    let all: f64 = values.iter().map(|(_, value)| value).sum();
    values.iter().find(|(_, value)| values.len() > 2 && (2.0 * value - all).abs() <= ROUNDED * value).map(|(i, _)| *i)
}

/// The figure, of those of one standing in one paragraph, whose sentence alone speaks of no evaluation, base or other work: "Pretraining (600 epochs) took 5 days;
/// the linear probe (90 epochs) took 6 hours".
fn only_of_training(candidates: &[usize], facts: &[Fact], reach: u8) -> Option<usize> {
    let of_reach = || candidates.iter().copied().filter(|i| facts.get(*i).is_some_and(|f| f.rank <= reach));
    let mut own = of_reach().filter(|i| facts.get(*i).is_some_and(|f| !speaks_of_other(&lex(&f.row.quote))));
    let first = own.next()?;
    let (value, place) = facts.get(first).map(|f| (f.row.value, f.row.locator.clone()))?;
    // What other paragraphs tell may be a training of its own.
    if !of_reach().all(|i| facts.get(i).is_some_and(|f| f.row.locator == place)) {
        return None;
    }
    own.all(|i| facts.get(i).is_some_and(|f| same(f.row.value, value))).then_some(first)
}

fn described(fact: &Fact) -> String {
    let short: String = fact.row.as_written.chars().take(60).collect();
    format!("{short} ({})", fact.row.locator)
}

/// Adds the first tool that the text names. It counts when the text states what it measured: templates name the calculator anyway.
pub fn add_tool(facts: &mut Vec<Fact>, tool: Option<Fact>) {
    let accepted = |f: &Fact, fields: &[Field]| f.row.reject_reason.is_none() && fields.contains(&f.row.field);
    let measures = |f: &Fact| f.rank > RANK_FRONT_MATTER && accepted(f, &[Field::EmissionsKgco2e, Field::EnergyKwh]);
    let measured = facts.iter().any(measures);
    let known = facts.iter().any(|f| accepted(f, &[Field::MeasurementTool]));
    let Some(mut tool) = tool else { return };
    if !measured {
        tool.row.reject_reason.get_or_insert_with(|| "names a tool, but no figure of this model's".to_owned());
    } else if known {
        tool.row.reject_reason.get_or_insert_with(|| "another figure was chosen: front matter".to_owned());
    }
    facts.push(tool);
}
