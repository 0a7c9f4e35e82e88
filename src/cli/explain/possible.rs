//! What is stated on the command line and cannot be one training: it is refused, because a person is there to correct it.

use crate::cli::text::number;
use hugging_carbon::domain::{Field, Flag, Modality, Run};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::estimation::{implied_efficiency, implied_mfu, product_flop, refuse_contradictions};
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::tier::reached_tiers;

/// Factor between stated compute and 6 x N x D that is believed: a judgement. Activations computed again make 8 of 6, attention over long
/// contexts doubles it at most; the rest is room for other ways to count.
const MOST_COMPUTE_APART: f64 = 10.0;
/// Parameters of a mixture of experts per parameter used, at most, where those used are not stated: 1e12 of 3.2e10 (Kimi K2, 2025).
const MOST_PARAMS_PER_USED: f64 = 31.25;
/// Least utilization believed of a training of some size: a judgement, a hundredth of what poorly fed devices are published with.
const LEAST_MFU: f64 = 1e-3;
/// Device hours above which it holds: shorter trainings may be little but their start.
const HOURS_OF_SOME_SIZE: f64 = 1e3;
/// Least share of the FLOP that the most efficient chip does with the energy: a judgement, below what chips of 2014 (7e-3 of its efficiency)
/// did when used to a twentieth, with a facility that takes half again.
const LEAST_OF_ENERGY: f64 = 1e-4;
/// Electricity in kWh above which it holds, as above for hours.
const KWH_OF_SOME_SIZE: f64 = 1e3;

const REMEDY: &str = "correct what is wrong, or leave one of them out";

/// Holds the figures of a run against each other, as those of the index are.
///
/// # Errors
/// They cannot be those of one training.
pub fn refuse_what_cannot_be(run: &Run, reference: &Reference) -> Result<()> {
    let mut checked = run.clone();
    if let Some(first) = refuse_contradictions(&mut checked, &reference.accelerators).first() {
        let flags: Vec<&str> = first.refused.iter().copied().filter_map(flag).collect();
        return Err(Error::usage(first.words.clone(), flags.join(", "), REMEDY));
    }
    let checks = [compute_apart(run), hardly_used(run, reference), energy_without_compute(run, reference)];
    if let Some((words, place)) = checks.into_iter().flatten().next() {
        return Err(Error::usage(words, place, REMEDY));
    }
    reached_tiers(&mut checked);
    let beyond = Flag::ReportedEnergyBeyondAnyTrainingOfThisSize;
    if checked.flags.contains(&beyond) {
        let remedy = if run.known.active_params.is_some() { REMEDY } else { "give the size with --params, or correct the energy" };
        return Err(Error::usage("more electricity than any training of this size can take", "--kwh", remedy));
    }
    Ok(())
}

/// Why a figure cannot be, with the flags that state it.
type Refusal = (String, &'static str);

/// Stated compute against that of parameters and tokens. Of a mixture whose used parameters are not stated it may be far less.
fn compute_apart(run: &Run) -> Option<Refusal> {
    let (flop, product) = (run.known.train_flop?, product_flop(run)?);
    let are_used_stated = run.known.active_params != run.known.total_params;
    let less = if are_used_stated { MOST_COMPUTE_APART } else { MOST_COMPUTE_APART * MOST_PARAMS_PER_USED };
    let apart = flop / product;
    let words =
        format!("{} FLOP are {} times the {} that parameters and tokens mean", number(flop), number(apart), number(product));
    (!(1.0 / less..=MOST_COMPUTE_APART).contains(&apart)).then_some((words, "--flop, --params, --tokens"))
}

/// Device hours that would hardly have been used. Agents that learn in an environment, of no other modality, wait for it most of the time.
fn hardly_used(run: &Run, reference: &Reference) -> Option<Refusal> {
    let hours = run.hardware.accelerator_hours.filter(|hours| *hours > HOURS_OF_SOME_SIZE && run.modality != Modality::Other)?;
    let mfu = implied_mfu(run, &reference.accelerators).filter(|mfu| *mfu < LEAST_MFU)?;
    let words = format!("{} device hours for this compute mean an MFU of {}, which no training has", number(hours), number(mfu));
    Some((words, if run.known.train_flop.is_some() { "--flop, --hours" } else { "--params, --tokens, --hours" }))
}

/// Electricity that would hardly have trained anything.
fn energy_without_compute(run: &Run, reference: &Reference) -> Option<Refusal> {
    let kwh = run.known.energy_kwh.filter(|kwh| *kwh > KWH_OF_SOME_SIZE)?;
    let flop = run.known.train_flop.or_else(|| product_flop(run))?;
    let share = implied_efficiency(run, &reference.accelerators)?;
    let words = format!(
        "{} kWh for {} FLOP: no chip needs as much, the most efficient one does {} times as many FLOP with them",
        number(kwh),
        number(flop),
        number(1.0 / share)
    );
    let place = if run.known.train_flop.is_some() { "--flop, --kwh" } else { "--params, --tokens, --kwh" };
    (share < LEAST_OF_ENERGY).then_some((words, place))
}

/// The flag that states a field.
fn flag(field: Field) -> Option<&'static str> {
    let flags = [
        (Field::TrainFlop, "--flop"),
        (Field::TrainTokens, "--tokens"),
        (Field::AcceleratorHours, "--hours"),
        (Field::EnergyKwh, "--kwh"),
        (Field::Mfu, "--mfu"),
    ];
    flags.into_iter().find(|(of, _)| *of == field).map(|(_, flag)| flag)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hugging_carbon::domain::RunKind;

    fn refused(of: impl Fn(&mut Run)) -> Option<String> {
        let mut run = Run::new("a/b", RunKind::Pretraining, Modality::Text);
        of(&mut run);
        refuse_what_cannot_be(&run, &Reference::load().unwrap()).err().map(|e| e.to_string())
    }

    fn size(run: &mut Run, total: f64, used: f64, tokens: f64) {
        (run.known.total_params, run.known.active_params, run.known.train_tokens) = (Some(total), Some(used), Some(tokens));
    }

    /// Regression: compute was held against its chips on the upper side alone, and never against parameters and tokens.
    #[test]
    fn stated_compute_is_held_against_everything_on_both_sides() {
        // Llama 2 7B: 6 x 7e9 x 2e12 = 8.4e22 FLOP.
        for (flop, is_refused) in [(8.4e22, false), (1e23, false), (3e22, false), (1e24, true), (1e20, true)] {
            let said = refused(|run| {
                size(run, 7e9, 7e9, 2e12);
                run.known.train_flop = Some(flop);
            });
            assert_eq!(said.is_some(), is_refused, "{flop}: {said:?}");
            assert!(said.is_none_or(|said| said.contains("8.40e22 that parameters and tokens mean")));
        }
        // DeepSeek-V3: 3.3e24 FLOP of 6.71e11 parameters, 3.7e10 of them used, on 1.48e13 tokens; with and without those used.
        for used in [3.7e10, 6.71e11] {
            assert_eq!(
                refused(|run| {
                    size(run, 6.71e11, used, 1.48e13);
                    run.known.train_flop = Some(3.3e24);
                }),
                None
            );
        }
        let on_h100 = |hours: f64| {
            move |run: &mut Run| {
                run.known.train_flop = Some(1e24);
                run.hardware.accelerators = vec!["NVIDIA H100 SXM5 80GB".to_owned()];
                run.hardware.accelerator_hours = Some(hours);
            }
        };
        // 1e24 / (989e12 x 3600) = 280,900 hours at the whole peak: 700,000 at 0.4.
        assert_eq!(refused(on_h100(7e5)), None);
        assert!(refused(on_h100(1e9)).is_some_and(|said| said.contains("an MFU of 2.81e-4")));
        let with = |kwh: f64| move |run: &mut Run| (run.known.train_flop, run.known.energy_kwh) = (Some(1e24), Some(kwh));
        // 700,000 hours at 1 kW.
        assert_eq!(refused(with(7e5)), None);
        assert!(refused(with(1e9)).is_some_and(|said| said.contains("--kwh")));
    }
}
