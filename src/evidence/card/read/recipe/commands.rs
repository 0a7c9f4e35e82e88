//! Commands that trained: what launches them, and whose devices they name.

use super::keys::RecipeKey;
use super::parts::{Part, value_of};
use crate::domain::Field;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::read::candidate::Card;
use crate::evidence::card::read::passage::Passage;
use crate::evidence::vocabulary;

/// Parts of the names of scripts that train: `train_dreambooth.py`, `run_sft.py`, `pretrain_gpt.py`.
const SCRIPTS: [&str; 7] = ["train", "pretrain", "finetune", "sft", "training", "pretraining", "finetuning"];

/// Whether code is a command that trains: `yolo detect train ...`, `python train.py`, `accelerate launch train_dreambooth.py`.
#[must_use]
pub fn is_command_of_training(code: &str) -> bool {
    let launchers = &vocabulary::recipe().commands.launchers;
    let begins = |line: &str| line.split(' ').next().is_some_and(|first| launchers.contains(&first));
    let is_train = |word: &str| {
        let is_file = |file: &str| file.ends_with(".py") && file.split(['_', '-', '.']).any(|part| SCRIPTS.contains(&part));
        // "python -m llama_recipes.finetuning"
        let is_module = word.rsplit_once('.').is_some_and(|(_, last)| SCRIPTS.contains(&last));
        is_module || vocabulary::recipe().commands.trains.contains(&word) || word.rsplit('/').next().is_some_and(is_file)
    };
    // "./transducer/train.py --num-epochs 31": the script itself may be the command.
    let is_script = |line: &str| line.split(' ').next().is_some_and(|first| first.contains('/') && is_train(first));
    // "NPROC_PER_NODE=8 swift sft": variables stand before a command.
    let is_variable =
        |word: &str| word.split_once('=').is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
    code.lines().any(|line| {
        let line = line.trim_start_matches(['!', '$', ' ', '%']);
        let skipped: usize = line.split(' ').take_while(|word| is_variable(word)).map(|word| word.len() + 1).sum();
        let command = line.get(skipped..).unwrap_or_default();
        is_script(command)
            || (begins(command) && command.split(' ').any(is_train))
            || vocabulary::recipe().commands.modes.contains(&line.trim_end())
    })
}

/// The devices that the parts of a recipe state, with the part that states them: in all, or of one node times nodes. An error if a key has two
/// values.
pub fn devices_in<'p, 'b>(parts: &'p [&'p Part<'b>]) -> Result<Option<(f64, &'p Part<'b>)>, ()> {
    let get = |key| value_of(parts, key);
    let nodes = get(RecipeKey::Nodes)?.and_then(|p| p.value);
    let with = |p: &'p Part<'b>, nodes: f64| p.value.map(|n| (n * nodes, p));
    if let Some(devices) = get(RecipeKey::Devices)?.and_then(|p| with(p, 1.0)) {
        return Ok(Some(devices));
    }
    let of_node = get(RecipeKey::NodeDevices)?.or(get(RecipeKey::LocalDevices)?);
    Ok(of_node.and_then(|p| with(p, nodes.unwrap_or(1.0))))
}

/// The devices of a recipe in code, where nothing else says how many there were. Those of a command count where it trained this model, and
/// is no advice.
pub fn add_devices(card: &mut Card<'_>, passages: &[Passage<'_>], parts: &[&Part<'_>]) {
    if card.candidates.iter().any(|c| c.field == Field::AcceleratorCount && c.reason.is_none()) {
        return;
    }
    let Ok(stated) = devices_in(parts) else { return };
    let Some((count, part)) = stated.filter(|(_, part)| part.is_code()) else { return add_visible(card, passages, parts) };
    if count.fract() != 0.0 || count < 1.0 {
        return;
    }
    let b = part.spot.block;
    let is_command = b.text.contains("--");
    let has_nodes = parts.iter().any(|p| p.key == RecipeKey::Nodes);
    // Without its nodes a configuration says what one of them has.
    let is_open = part.key == RecipeKey::NodeDevices && !has_nodes && !is_command;
    if !is_open && (!is_command || has_trained(passages, b)) {
        card.add(&part.spot, Field::AcceleratorCount, Some(count), &part.written, None);
    }
}

/// The devices that a command lists by their numbers: "CUDA_VISIBLE_DEVICES=0,1,2,3", "device=0,1".
fn add_visible(card: &mut Card<'_>, passages: &[Passage<'_>], parts: &[&Part<'_>]) {
    let words = &vocabulary::recipe().commands;
    let Some(part) = parts.iter().find(|p| p.is_code() && p.spot.block.kind == BlockKind::Code && p.spot.reason.is_none()) else {
        return;
    };
    let b = part.spot.block;
    let sides = parts.iter().any(|p| p.key == RecipeKey::Side && std::ptr::eq(p.spot.block, b));
    let lists = words.visible.iter().chain(words.detector_devices.iter().filter(|_| sides));
    let numbers: Vec<usize> = lists.filter_map(|sign| count_listed(&b.text, sign)).collect();
    let Some(count) = numbers.first().copied().filter(|n| numbers.iter().all(|other| other == n)) else { return };
    if has_trained(passages, b) {
        #[allow(clippy::cast_precision_loss)] // A line has few numbers.
        card.add(&part.spot, Field::AcceleratorCount, Some(count as f64), &part.written, None);
    }
}

/// How many numbers a list behind a sign has: "0,1", "[0, 1]", "'0'". Blocks with several such lists tell nothing.
fn count_listed(code: &str, sign: &str) -> Option<usize> {
    let mut all =
        code.match_indices(sign).filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'));
    let (at, _) = all.next().filter(|_| all.next().is_none())?;
    let list = code.get(at + sign.len()..)?.trim_start_matches(['"', '\'', '[', '(']);
    let end = list.find(|c: char| !(c.is_ascii_digit() || c == ',')).unwrap_or(list.len());
    let list = list.get(..end)?;
    let numbers: Vec<&str> = list.split(',').collect();
    let is_number = |n: &&str| !n.is_empty() && n.len() <= 2;
    numbers.iter().all(is_number).then_some(numbers.len())
}

/// Whether code trained this model, by its command or by what only a training has.
#[must_use]
pub fn is_code_that_trained(passages: &[Passage<'_>], b: &Block) -> bool {
    let says = || vocabulary::recipe().commands.trainers.is_within(&b.text) || is_command_of_training(&b.text);
    b.kind == BlockKind::Code && says() && !is_advice(passages, b)
}

/// Whether a command trained this model: it stands where the text tells of its training, or trains, and neither it nor the text before
/// speaks to the reader.
pub fn has_trained(passages: &[Passage<'_>], b: &Block) -> bool {
    !is_advice(passages, b) && (b.under.training || is_command_of_training(&b.text))
}

/// Whether code is for the reader to fill in, or the text before it speaks to the reader.
fn is_advice(passages: &[Passage<'_>], b: &Block) -> bool {
    let (words, lists) = (&vocabulary::recipe().commands, &vocabulary::card().headings);
    let code = b.text.to_lowercase();
    let is_open = words.placeholders.iter().any(|part| code.contains(part));
    let before = passages.iter().rev().map(|p| p.block).find(|p| p.from < b.from && p.kind != BlockKind::Code);
    let speaks = before.is_some_and(|before| {
        let lower = before.text.to_lowercase();
        lower.split(|c: char| !c.is_alphanumeric()).any(|word| lists.addresses.contains(&word))
    });
    is_open || speaks
}
