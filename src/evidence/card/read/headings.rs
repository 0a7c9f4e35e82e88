//! What the headings above a block say of its figures.

use crate::evidence::card::parse::block::{Block, BlockKind, Under};
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary::{self, Words};
use rustc_hash::FxHashMap;
use std::rc::Rc;

/// Notes what the headings above every block speak of: once for all blocks that follow each other under the same.
pub fn mark_headings(blocks: &mut [Block]) {
    let mut read: FxHashMap<String, Title> = FxHashMap::default();
    for i in 0..blocks.len() {
        let (before, rest) = blocks.split_at_mut(i);
        let Some(b) = rest.first_mut() else { return };
        let same = before.last().filter(|last| Rc::ptr_eq(&last.headings, &b.headings) && last.label == b.label);
        b.under = same.map_or_else(|| read_titles(b, &mut read), |last| last.under);
    }
    mark_logged(blocks);
}

/// A section that holds what a trainer printed tells of its training: "Colab, GPU A100." beside the log.
fn mark_logged(blocks: &mut [Block]) {
    let logs = &vocabulary::card().headings.logs;
    let is_log = |b: &&Block| b.kind == BlockKind::Code && b.headings.len() > 1 && logs.iter().any(|mark| b.text.contains(mark));
    let sections: Vec<Rc<[String]>> = blocks.iter().filter(is_log).map(|b| Rc::clone(&b.headings)).collect();
    if sections.is_empty() {
        return;
    }
    for b in blocks.iter_mut().filter(|b| !b.under.evaluation && !b.under.training) {
        b.under.training = sections.iter().any(|section| Rc::ptr_eq(section, &b.headings));
    }
}

/// What a title says of the figures under it: read once, wherever it stands.
#[derive(Clone, Copy)]
struct Title {
    /// Whether it says of evaluation, where it speaks of evaluation or training at all.
    evaluation: Option<bool>,
    training: bool,
    environment: bool,
    data: bool,
}

fn read_title(title: &str) -> Title {
    let words = &vocabulary::card().headings;
    let title = title.to_lowercase();
    let says = |parts: &Words| parts.is_within(&title);
    let tuning = &vocabulary::prose().downstream.tuning;
    let speaks = speaks_of_training(&title);
    let tunes = || title.contains("fine") || title.split(' ').any(|w| tuning.begins(w));
    let trains = says(&words.never_evaluation) || (speaks && !tunes());
    Title {
        evaluation: (trains || says(&words.evaluation)).then_some(!trains),
        training: speaks || says(&words.training),
        environment: says(&words.environment),
        data: says(&words.data),
    }
}

/// What a block stands under: its headings, outermost first, then the line in bold or italics.
fn read_titles(b: &Block, read: &mut FxHashMap<String, Title>) -> Under {
    let mut under = Under::default();
    for title in b.headings.iter().map(String::as_str).chain(b.label.as_deref()) {
        let title = match read.get(title) {
            Some(known) => *known,
            None => *read.entry(title.to_owned()).or_insert_with(|| read_title(title)),
        };
        under.evaluation = title.evaluation.unwrap_or(under.evaluation);
        under.training |= title.training;
        under.environment |= title.environment;
        under.data = title.data;
    }
    under
}

/// Whether a title has a word of training, in any language of the lists.
fn speaks_of_training(title: &str) -> bool {
    let ts = lex(title);
    (0..ts.len()).any(|i| is_train(&ts, i))
}
