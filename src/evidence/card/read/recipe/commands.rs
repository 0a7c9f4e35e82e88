//! Commands that trained: what launches them, and whose devices they name.

use super::keys::RecipeKey;
use super::parts::{Part, value_of};
use crate::domain::Field;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::read::candidate::Card;
use crate::evidence::card::read::passage::Passage;
use crate::evidence::vocabulary;

/// Whether code is a command that trains: `yolo detect train ...`, `python train.py`, `accelerate launch train_dreambooth.py`.
#[must_use]
pub fn is_command_of_training(code: &str) -> bool {
    let launchers = &vocabulary::recipe().commands.launchers;
    let begins = |line: &str| line.split(' ').next().is_some_and(|first| launchers.contains(&first));
    let is_train = |word: &str| {
        word == "train" || word.rsplit('/').next().is_some_and(|file| file.starts_with("train") && file.ends_with(".py"))
    };
    // "./transducer/train.py --num-epochs 31": the script itself may be the command.
    let is_script = |line: &str| line.split(' ').next().is_some_and(|first| first.contains('/') && is_train(first));
    let mut lines = code.lines().map(|line| line.trim_start_matches(['!', '$', ' ', '%']));
    lines.any(|line| is_script(line) || (begins(line) && line.split(' ').any(is_train)))
}

/// The devices of a recipe in code, where nothing else says how many there were. Those of a command count where it trained this model, and
/// is no advice.
pub fn add_devices(card: &mut Card<'_>, passages: &[Passage<'_>], parts: &[&Part<'_>]) {
    if card.candidates.iter().any(|c| c.field == Field::AcceleratorCount && c.reason.is_none()) {
        return;
    }
    let get = |key| value_of(parts, key);
    let (Ok(devices), Ok(of_node), Ok(nodes)) = (get(RecipeKey::Devices), get(RecipeKey::NodeDevices), get(RecipeKey::Nodes))
    else {
        return;
    };
    let number = |p: Option<&Part<'_>>| p.and_then(|p| p.value);
    let of_nodes = number(of_node).map(|n| n * number(nodes).unwrap_or(1.0));
    let Some(part) = devices.or(of_node).filter(|p| p.is_code()) else { return };
    let Some(count) = number(devices).or(of_nodes).filter(|n| n.fract() == 0.0 && *n >= 1.0) else { return };
    let b = part.spot.block;
    let is_command = b.text.contains("--");
    // Without its nodes a configuration says what one of them has.
    let is_open = devices.is_none() && nodes.is_none() && !is_command;
    if !is_open && (!is_command || has_trained(passages, b)) {
        card.add(&part.spot, Field::AcceleratorCount, Some(count), &part.written, None);
    }
}

/// Whether a command trained this model: it stands where the text tells of its training, or trains, and neither it nor the text before
/// speaks to the reader.
fn has_trained(passages: &[Passage<'_>], b: &Block) -> bool {
    let (words, lists) = (&vocabulary::recipe().commands, &vocabulary::card().headings);
    let code = b.text.to_lowercase();
    let is_open = words.placeholders.iter().any(|part| code.contains(part));
    let before = passages.iter().rev().map(|p| p.block).find(|p| p.from < b.from && p.kind != BlockKind::Code);
    let speaks = before.is_some_and(|before| {
        let lower = before.text.to_lowercase();
        lower.split(|c: char| !c.is_alphanumeric()).any(|word| lists.addresses.contains(&word))
    });
    !is_open && !speaks && (b.under.training || is_command_of_training(&b.text))
}
