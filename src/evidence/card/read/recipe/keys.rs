//! Keys of recipes: what a line of a list, a row of a table or a setting in code holds.

use crate::evidence::card::read::composed::composed;
use crate::evidence::vocabulary;
use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// What a key of a recipe holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecipeKey {
    /// Batch of all devices, with accumulation.
    TotalBatch,
    /// Batch of one device, by its name.
    DeviceBatch,
    /// Batch of a step before accumulation.
    Batch,
    /// Steps of accumulation.
    Accumulation,
    /// Devices.
    Devices,
    /// Devices in code: of one node, where nodes are counted.
    LocalDevices,
    /// Nodes.
    Nodes,
    /// Devices of one node.
    NodeDevices,
    /// Steps of anything, unless code tells a recipe.
    LooseSteps,
    /// Passes, or how far a training had come.
    LooseEpochs,
    /// How long the training is, in a unit behind the number.
    Duration,
    /// Whether it was distributed.
    Distributed,
    /// Passes over the data.
    Epochs,
    /// Steps that were planned.
    Steps,
    /// Examples of one pass.
    Examples,
    /// Likewise, or the data in another unit.
    LooseExamples,
    /// Examples seen in all passes.
    Samples,
    /// Longest sequence.
    Length,
    /// Length that uses of the model have, too.
    LooseLength,
    /// Longest context that the model takes.
    ModelLength,
    /// Side of the images.
    Side,
    /// Side of the images, in code of a recipe.
    LooseSide,
    /// Any other key that tells a recipe.
    Other,
    /// The model that code starts from.
    Base,
}

/// What a key holds, once [`norm_key`](crate::evidence::card::parse::pair::norm_key) made it comparable.
#[must_use]
pub fn recipe_key(key: &str) -> Option<RecipeKey> {
    static KEYS: LazyLock<FxHashMap<&'static str, RecipeKey>> = LazyLock::new(|| {
        let words = &vocabulary::recipe().keys;
        vocabulary::by_word(&[
            (words.total_batch, RecipeKey::TotalBatch),
            (words.device_batch, RecipeKey::DeviceBatch),
            (words.batch, RecipeKey::Batch),
            (words.accumulation, RecipeKey::Accumulation),
            (words.devices, RecipeKey::Devices),
            (words.devices_in_code, RecipeKey::LocalDevices),
            (words.nodes, RecipeKey::Nodes),
            (words.node_devices, RecipeKey::NodeDevices),
            (words.loose_steps, RecipeKey::LooseSteps),
            (words.loose_epochs, RecipeKey::LooseEpochs),
            (words.duration, RecipeKey::Duration),
            (words.distributed, RecipeKey::Distributed),
            (words.epochs, RecipeKey::Epochs),
            (words.steps, RecipeKey::Steps),
            (words.examples, RecipeKey::Examples),
            (words.samples, RecipeKey::Samples),
            (words.length, RecipeKey::Length),
            (words.loose_length, RecipeKey::LooseLength),
            (words.model_length, RecipeKey::ModelLength),
            (words.side, RecipeKey::Side),
            (words.loose_examples, RecipeKey::LooseExamples),
            (words.loose_side, RecipeKey::LooseSide),
            (words.others, RecipeKey::Other),
            (vocabulary::recipe().bases.keys, RecipeKey::Base),
        ])
    });
    let key = vocabulary::recipe().commands.prefixes.iter().find_map(|prefix| key.strip_prefix(prefix)).unwrap_or(key);
    KEYS.get(key).or_else(|| KEYS.get(composed(key)?)).copied().or_else(|| samples_seen(key))
}

/// "Number of samples seen during finetuning": examples, and that they were seen.
fn samples_seen(key: &str) -> Option<RecipeKey> {
    let says = |list: &[&str]| key.split(' ').any(|word| list.contains(&word));
    (says(&["seen"]) && says(&vocabulary::recipe().prose.samples)).then_some(RecipeKey::Samples)
}
