//! Steps of one pass beside those of all of them.

use super::keys::RecipeKey;
use super::parts::Part;

/// "Total steps: 1150", "Epoch: 10", "max_train_steps = 11500": of two numbers of steps, the one that the other is so many passes of is that
/// of one pass.
pub fn refuse_steps_of_one_pass(found: &mut [Part<'_>]) {
    let values = |is: fn(RecipeKey) -> bool| -> Vec<f64> { found.iter().filter(|p| is(p.key)).filter_map(|p| p.value).collect() };
    let passes = values(|key| matches!(key, RecipeKey::Epochs | RecipeKey::LooseEpochs));
    let steps = values(|key| key == RecipeKey::Steps);
    let is_one_pass = |n: f64| passes.iter().any(|e| *e > 1.0 && steps.iter().any(|all| (n * e - all).abs() < f64::EPSILON * all));
    let of_one: Vec<bool> = found.iter().map(|p| p.key == RecipeKey::Steps && p.value.is_some_and(is_one_pass)).collect();
    for (p, _) in found.iter_mut().zip(of_one).filter(|(_, of_one)| *of_one) {
        p.key = RecipeKey::Other;
    }
}
