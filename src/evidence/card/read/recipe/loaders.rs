//! Cards of sentence-transformers: "DataLoader of length 183", the parameters of `fit()`, the architecture's longest sequence, and in
//! newer ones "Size: 5,000 training samples".

use super::RECIPE;
use super::keys::RecipeKey;
use super::notes::Examples;
use super::parts::{Part, one_number};
use crate::domain::Field;
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::read::candidate::{Card, RANK_CODE, RANK_PAIR, Spot, candidate};
use crate::evidence::card::read::passage::Passage;
use crate::evidence::quantity::numbers::quantity;
use crate::evidence::quantity::tokens::{Kind, lex};
use crate::evidence::vocabulary;

/// Reads what such a card adds to the parts of a recipe.
pub fn read_loaders(card: &mut Card<'_>, passages: &[Passage<'_>], parts: &[Part<'_>]) {
    let loaders: Vec<(Passage<'_>, f64)> = passages.iter().filter_map(|p| Some((*p, batches(p.block)?))).collect();
    let sets = set_sizes(passages);
    let fits: Vec<Fit> = passages.iter().filter_map(|p| fit(p.block)).collect();
    if !loaders.is_empty() || !sets.is_empty() {
        add_architecture(card, passages);
    }
    match loaders.as_slice() {
        [] => {}
        [(passage, length)] => match fits.as_slice() {
            [fit] => add_steps(card, passage, *length, fit),
            _ => card.recipe.refuse_product("no single call of fit()"),
        },
        _ => card.recipe.refuse_product("several loaders"),
    }
    if let Some((first, _)) = sets.first() {
        let count: f64 = sets.iter().map(|(_, n)| n).sum();
        let spot = Spot { block: first.block, quote: (first.block.from, first.block.to), rank: RANK_PAIR, reason: first.refused };
        let row = candidate(&spot, Field::TrainSamples, Some(count), &first.block.text, None);
        let known = parts.iter().any(|p| p.key == RecipeKey::Epochs);
        if known && spot.reason.is_none() && card.recipe.examples.is_none() {
            card.recipe.examples = Some(Examples { count, written: row.written, locator: row.locator, quote: row.quote });
        }
    }
}

/// Batches of a loader: the number behind "of length".
fn batches(b: &Block) -> Option<f64> {
    if b.kind == BlockKind::Code || !b.text.contains("DataLoader") {
        return None;
    }
    let behind = vocabulary::recipe().sentence_transformers.loader.iter().find_map(|w| b.text.split_once(*w))?.1;
    quantity(&lex(behind), 0).map(|q| q.value).filter(|n| *n >= 1.0)
}

/// Sizes of the sets trained on, one for each data set.
fn set_sizes<'b>(passages: &[Passage<'b>]) -> Vec<(Passage<'b>, f64)> {
    let words = &vocabulary::recipe().sentence_transformers.set_size;
    let size = |p: &Passage<'b>| {
        let text = Some(p.block).filter(|b| b.kind == BlockKind::ListItem)?.text.as_str();
        let (_, value) = text.split_once(':').filter(|(head, _)| head.trim().eq_ignore_ascii_case("size"))?;
        let is_size = words.is_within(&value.to_lowercase());
        one_number(value).filter(|_| is_size).map(|q| (*p, q.value))
    };
    passages.iter().filter_map(size).collect()
}

/// The parameters of a call of `fit()`.
struct Fit {
    epochs: f64,
    steps_per_epoch: Option<f64>,
}

fn fit(b: &Block) -> Option<Fit> {
    if b.kind != BlockKind::Code || !b.text.contains("\"steps_per_epoch\"") {
        return None;
    }
    let value = |key: &str| {
        let line = b.text.lines().find(|l| l.trim_start().starts_with(&format!("\"{key}\"")))?;
        line.split_once(':').and_then(|(_, v)| v.trim().trim_end_matches(',').parse::<f64>().ok())
    };
    Some(Fit { epochs: value("epochs")?, steps_per_epoch: value("steps_per_epoch") })
}

fn add_steps(card: &mut Card<'_>, passage: &Passage<'_>, length: f64, fit: &Fit) {
    let b = passage.block;
    let per_epoch = fit.steps_per_epoch.unwrap_or(length);
    let spot = Spot { block: b, quote: (b.from, b.to), rank: RANK_PAIR, reason: passage.refused };
    let mut row = candidate(&spot, Field::TrainSteps, Some(per_epoch * fit.epochs), &b.text, None);
    row.extractor = Some(RECIPE);
    row.locator = format!("{}: {per_epoch} steps of an epoch x {} epochs", row.locator, fit.epochs);
    card.candidates.push(row);
}

/// `Transformer({'max_seq_length': 128, ...})`: texts are cut to it in training, too.
fn add_architecture(card: &mut Card<'_>, passages: &[Passage<'_>]) {
    for passage in passages.iter().filter(|p| p.block.kind == BlockKind::Code && p.block.text.contains("SentenceTransformer(")) {
        let b = passage.block;
        let ts = lex(&b.text);
        let Some(at) = ts.iter().position(|t| t.is("max_seq_length")) else { continue };
        let number = (at + 1..at + 5).find(|i| ts.get(*i).is_some_and(|t| t.kind == Kind::Number));
        let Some(t) = number.and_then(|i| ts.get(i)).filter(|t| t.value.is_some()) else { continue };
        let quote = b.source_range(ts.get(at).map_or(t.from, |k| k.from), t.to);
        let spot = Spot { block: b, quote, rank: RANK_CODE, reason: passage.refused };
        card.add(&spot, Field::SequenceLength, t.value, t.text.as_ref(), None);
        return;
    }
}
