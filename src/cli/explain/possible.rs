//! What is stated on the command line and cannot be one training: it is refused, because a person is there to correct it.

use hugging_carbon::domain::{Field, Flag, Run};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::estimation::refuse_contradictions;
use hugging_carbon::reference::Reference;
use hugging_carbon::stages::tier::reached_tiers;

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
    reached_tiers(&mut checked);
    let beyond = Flag::ReportedEnergyBeyondAnyTrainingOfThisSize;
    if checked.flags.contains(&beyond) {
        let remedy = if run.known.active_params.is_some() { REMEDY } else { "give the size with --params, or correct the energy" };
        return Err(Error::usage("more electricity than any training of this size can take", "--kwh", remedy));
    }
    Ok(())
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
