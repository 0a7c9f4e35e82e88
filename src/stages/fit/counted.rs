//! Rows of the regression on the FLOP of a forward pass: recipes whose compute is counted.

use super::samples::Sample;
use crate::domain::{Modality, OwnerClass, Run, RunKind, SampleUnit};
use crate::method::chain;
use crate::method::simulate::pow10;
use crate::reference::{NamedTraining, Trainings};
use crate::units::{Day, Flop};
use libm::log10;
use std::collections::BTreeMap;

/// A row per recipe that starts from random weights: its architectures are one decision, not many.
pub(super) fn samples(trainings: &Trainings) -> Vec<Sample> {
    let mut by_recipe: BTreeMap<&str, Vec<NamedTraining<'_>>> = BTreeMap::new();
    for named in trainings.known_weights() {
        let Some(recipe) = named.recipe.filter(|recipe| recipe.base_recipe.is_none()) else { continue };
        if named.architecture.unit != SampleUnit::Second && named.architecture.params.is_some() {
            by_recipe.entry(&recipe.recipe).or_default().push(named);
        }
    }
    by_recipe.into_iter().filter_map(|(id, weights)| sample(id, &weights)).collect()
}

fn sample(id: &str, weights: &[NamedTraining<'_>]) -> Option<Sample> {
    let recipe = weights.first()?.recipe?;
    // The regression speaks for names without a recipe, which tell one pass: what passes and samples add is its response.
    let passes = recipe.passes.unwrap_or(1.0);
    let logs: Vec<[f64; 3]> = weights
        .iter()
        .filter_map(|named| {
            let (forward, seen) = (named.forward_flop()?, named.samples_seen()?);
            let flop = chain::sample_training_flop(Flop(forward), seen).0;
            Some([log10(flop), log10(forward / passes), log10(named.architecture.params?)])
        })
        .collect();
    #[allow(clippy::cast_precision_loss)] // Some dozens.
    let mean = |at: usize| logs.iter().map(|row| row[at]).sum::<f64>() / logs.len() as f64;
    if logs.is_empty() {
        return None;
    }
    let mut run = Run::new(id, RunKind::Pretraining, Modality::Vision);
    run.trained_on = recipe.vintage.parse().ok().and_then(|year| Day::from_ymd(year, 7, 1));
    run.owner.class = OwnerClass::Industry;
    run.known.forward_flop = Some(pow10(mean(1)));
    run.known.active_params = Some(pow10(mean(2)));
    run.known.total_params = run.known.active_params;
    let source = recipe.source.split([',', ';']).next().unwrap_or_default();
    Some(Sample { id: id.to_owned(), owner: source.trim().to_owned(), house: None, response: mean(0), run })
}
