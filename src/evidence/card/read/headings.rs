//! What the headings above a block say of its figures.

use crate::evidence::card::parse::block::{Block, BlockKind, Under};
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary::{self, Words};
use std::rc::Rc;

/// Notes what the headings above every block speak of: once for all blocks that follow each other under the same.
pub fn mark_headings(blocks: &mut [Block]) {
    for i in 0..blocks.len() {
        let (before, rest) = blocks.split_at_mut(i);
        let Some(b) = rest.first_mut() else { return };
        let same = before.last().filter(|last| Rc::ptr_eq(&last.headings, &b.headings) && last.label == b.label);
        b.under = same.map_or_else(|| read_titles(b), |last| last.under);
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

/// What a block stands under: its headings, outermost first, then the line in bold or italics.
fn read_titles(b: &Block) -> Under {
    let words = &vocabulary::card().headings;
    let titles: Vec<String> = b.headings.iter().map(String::as_str).chain(b.label.as_deref()).map(str::to_lowercase).collect();
    let says = |title: &String, parts: &Words| parts.is_within(title);
    let tuning = &vocabulary::prose().downstream.tuning;
    let tunes = |title: &String| title.contains("fine") || title.split(' ').any(|w| tuning.begins(w));
    let trains = |title: &String| says(title, &words.never_evaluation) || (speaks_of_training(title) && !tunes(title));
    let telling = |title: &&String| says(title, &words.evaluation) || trains(title);
    Under {
        evaluation: titles.iter().rev().find(telling).is_some_and(|title| !trains(title)),
        training: titles.iter().any(|title| says(title, &words.training) || speaks_of_training(title)),
        environment: titles.iter().any(|title| says(title, &words.environment)),
        data: titles.last().is_some_and(|title| says(title, &words.data)),
    }
}

/// Whether a title has a word of training, in any language of the lists.
fn speaks_of_training(title: &str) -> bool {
    let ts = lex(title);
    (0..ts.len()).any(|i| is_train(&ts, i))
}
