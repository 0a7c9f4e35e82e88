//! What a training may have been, where nothing certain tells: each with its own figures.

use super::explanation::Alternative;
use crate::cli::text::number;
use hugging_carbon::domain::{ClosedSet, Run, RunKind};
use hugging_carbon::estimation::Built;
use hugging_carbon::method::draws::{Draws, Shared, simulate};
use hugging_carbon::method::simulate::{Part, RunModel};
use hugging_carbon::method::summary::{Scratch, summarize};

/// Every kind that the run may have been, the likeliest first, simulated as if it was that, of whichever year; what they lack to one is
/// that nothing was trained. Empty where the kind is known.
pub fn alternatives(run: &Run, built: &Built<'_>, draws: usize, seed: u64) -> Vec<Alternative> {
    if run.shares.is_certain() {
        return Vec::new();
    }
    let shared = Shared::new(draws, seed);
    let (mut drawn, mut scratch) = (Draws::default(), Scratch::default());
    let of_kind = |kind: &RunKind| -> Vec<Part<'_>> { built.parts.iter().filter(|part| part.kind == *kind).cloned().collect() };
    let mut alternatives: Vec<Alternative> = RunKind::ALL
        .iter()
        .map(|kind| (kind, of_kind(kind)))
        .filter(|(_, parts)| !parts.is_empty())
        .map(|(kind, mut parts)| {
            let probability: f64 = parts.iter().map(|part| part.weight).sum();
            parts.iter_mut().for_each(|part| part.weight /= probability);
            let likeliest = &parts[0];
            let model =
                RunModel { compute: likeliest.compute.clone(), mfu: likeliest.mfu, parts: &parts, ..built.model(&run.run_id) };
            simulate(&model, &shared, &mut drawn);
            let mut of = |values: &[f64]| summarize(values, &mut scratch).into();
            let (train_flop, energy_kwh, emissions_kgco2e) = (of(&drawn.flop), of(&drawn.energy), of(&drawn.emissions));
            Alternative { kind: kind.word(), probability, train_flop, energy_kwh, emissions_kgco2e }
        })
        .collect();
    alternatives.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    alternatives
}

/// The same in a sentence or two; none where the kind is known.
pub fn remark(alternatives: &[Alternative]) -> Option<String> {
    if alternatives.is_empty() {
        return None;
    }
    let mut parts: Vec<String> = alternatives
        .iter()
        .filter(|a| a.probability >= LEAST)
        .map(|a| {
            let kg = a.emissions_kgco2e;
            let kind = a.kind.replace('_', "-");
            format!("{} {kind}: median {} kg CO2e, mean {}", percent(a.probability), number(kg.p50), number(kg.mean))
        })
        .collect();
    let nothing = 1.0 - alternatives.iter().map(|a| a.probability).sum::<f64>();
    if nothing >= LEAST {
        parts.push(format!("{} nothing at all: 0", percent(nothing)));
    }
    Some(format!(
        "What was trained is not certain. {}. The figures mix these: their mean is what to add up over many trainings; for this one read the \
         kinds one by one, because the median of a mix may lie where none of them does. The steps shown are those of the kind that the role names.",
        parts.join("; ")
    ))
}

/// What is less likely is left out of the sentence.
const LEAST: f64 = 0.005;

/// A whole percentage.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::super::explanation::Interval;
    use super::*;

    #[test]
    fn the_sentence_names_each_kind_and_what_is_left() {
        let of = |kind, probability, kg: f64| {
            let figures = Interval { p05: kg / 2.0, p50: kg, p95: kg * 2.0, mean: kg * 1.5 };
            Alternative { kind, probability, train_flop: figures, energy_kwh: figures, emissions_kgco2e: figures }
        };
        assert_eq!(remark(&[]), None);
        let text = remark(&[of("fine_tuning", 0.8, 4.0), of("pretraining", 0.15, 36_000.0)]).unwrap();
        assert!(
            text.contains(
                "80 % fine-tuning: median 4.00 kg CO2e, mean 6.00; 15 % pretraining: median 36,000 kg CO2e, mean 54,000; 5 % nothing at all: 0."
            ),
            "{text}"
        );
    }
}
