//! Keys of one block that say something of each other: a batch of one device and that of all, steps of one pass and of all, two values of one key.

use super::keys::RecipeKey;
use super::parts::Part;
use crate::evidence::card::parse::block::BlockKind;
use crate::evidence::vocabulary;

/// Reason of a key that one block gives twice, with different values.
pub const TWO_VALUES: &str = "one block gives this key two values";

/// Keys that beside a batch are a recipe's: steps, passes that are told once, sides.
pub fn tell_loose_keys(found: &mut [Part<'_>]) {
    let batch = |p: &Part<'_>| matches!(p.key, RecipeKey::Batch | RecipeKey::DeviceBatch | RecipeKey::TotalBatch);
    let has_batch = found.iter().any(batch);
    let told_once = |key: RecipeKey| found.iter().filter(|p| p.key == key).count() == 1;
    let is_plan = told_once(RecipeKey::LooseEpochs) && !found.iter().any(|p| p.key == RecipeKey::Epochs);
    for p in found.iter_mut().filter(|_| has_batch) {
        p.key = match p.key {
            RecipeKey::LooseSteps => RecipeKey::Steps,
            RecipeKey::LooseEpochs if is_plan => RecipeKey::Epochs,
            RecipeKey::LooseSide => RecipeKey::Side,
            key => key,
        };
    }
}

/// The batch of a configuration that has one of a device, too, or is of a tool whose batch is that of all devices.
pub fn tell_whole_batch(found: &mut [Part<'_>], code: &str) {
    let value = |key: RecipeKey| found.iter().find(|p| p.key == key).and_then(|p| p.value);
    let of_device = value(RecipeKey::DeviceBatch)
        .zip(value(RecipeKey::Batch))
        .is_some_and(|(one, all)| all > one && (all / one).fract() < 1e-9);
    if of_device || vocabulary::recipe().commands.whole_batches.is_within(code) {
        for p in found.iter_mut().filter(|p| p.key == RecipeKey::Batch) {
            p.key = RecipeKey::TotalBatch;
        }
    }
}

/// "Total steps: 1150", "Epoch: 10", "max_train_steps = 11500": of two numbers of steps, the one that the other is so many passes of is that
/// of one pass.
fn refuse_steps_of_one_pass(found: &mut [Part<'_>]) {
    let values = |is: fn(RecipeKey) -> bool| -> Vec<f64> { found.iter().filter(|p| is(p.key)).filter_map(|p| p.value).collect() };
    let passes = values(|key| matches!(key, RecipeKey::Epochs | RecipeKey::LooseEpochs));
    let steps = values(|key| key == RecipeKey::Steps);
    let is_one_pass = |n: f64| passes.iter().any(|e| *e > 1.0 && steps.iter().any(|all| (n * e - all).abs() < f64::EPSILON * all));
    let of_one: Vec<bool> = found.iter().map(|p| p.key == RecipeKey::Steps && p.value.is_some_and(is_one_pass)).collect();
    for (p, _) in found.iter_mut().zip(of_one).filter(|(_, of_one)| *of_one) {
        p.key = RecipeKey::Other;
    }
}

/// A block that gives a key two values tells of two stages or two models: none of them is the whole training's.
pub fn refuse_two_values(found: &mut [Part<'_>]) {
    refuse_steps_of_one_pass(found);
    for key in [RecipeKey::Epochs, RecipeKey::Steps, RecipeKey::TotalBatch, RecipeKey::Length] {
        let mut values = found.iter().filter(|p| p.key == key && p.spot.block.kind == BlockKind::Code).filter_map(|p| p.value);
        let Some(first) = values.next() else { continue };
        if values.all(|v| (v - first).abs() < f64::EPSILON) {
            continue;
        }
        for p in found.iter_mut().filter(|p| p.key == key) {
            p.spot = p.spot.refused(Some(TWO_VALUES));
        }
    }
}
