//! Prose, sentence by sentence.

mod clouds;
mod compute;
mod counts;
mod emissions;
mod formats;
mod hardware;
mod lengths;
mod nearby;
mod parameters;
mod sentence;
mod times;
mod tokens;
mod triggers;

use self::sentence::Sentence;
use self::triggers::Triggers;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::sentences::sentence_end;
use crate::evidence::card::read::candidate::{Card, RANK_PROSE, Spot};
use crate::evidence::card::read::headings::{under_evaluation, under_training};
use crate::evidence::card::read::passage::Passage;
use crate::evidence::card::read::totals::covers_more;
use crate::evidence::card::read::training::is_pretraining;
use crate::evidence::quantity::tokens::{lex_in, span};
use crate::evidence::vocabulary;

/// Reads a run of text of a block that begins `offset` bytes into the block's text.
pub fn read_prose(card: &mut Card<'_>, passage: &Passage<'_>, text: &str, offset: usize) {
    let b = passage.block;
    let ts = lex_in(text, card.sign);
    card.trained_before = false;
    let (training, evaluation) = (under_training(b), under_evaluation(b));
    let mut from = 0;
    while from < ts.len() {
        let to = sentence_end(&ts, text, from);
        let s = Sentence::new(text, span(&ts, from, to), training, evaluation);
        from = to;
        read_sentence(card, passage, &s, offset);
        card.trained_before = s.trains();
    }
}

fn read_sentence(card: &mut Card<'_>, passage: &Passage<'_>, s: &Sentence<'_, '_>, offset: usize) {
    let Some((first, last)) = s.ts.first().zip(s.ts.last()) else { return };
    let b = passage.block;
    let found = Triggers::scan(card, s.ts);
    let quote = b.source_range(offset + first.from, offset + last.to);
    let reason = passage.refused.or_else(|| whose(card, s));
    let spot = Spot { block: b, quote, rank: RANK_PROSE, reason };
    if found.base {
        let links = b.links_between(offset + first.from, offset + last.to);
        card.add_base_in_prose(&spot, s.text, links, s.ts, offset);
    }
    if found.hardware {
        hardware::read_hardware_prose(card, &spot, s);
    }
    if found.time {
        times::read_times(card, &spot, s);
    }
    if found.carbon || found.energy {
        let text = s.text.get(first.from..last.to).unwrap_or_default().to_lowercase();
        let spot = spot.refused(covers_more(&card.own, &text));
        if found.carbon {
            emissions::read_emissions(card, &spot, s);
        }
        if found.energy {
            emissions::read_energy(card, &spot, s);
        }
    }
    if found.counts {
        counts::read_counts(card, &spot, s);
    }
    lengths::read_lengths(card, &spot, s);
    if found.precision {
        formats::read_precision(card, &spot, s);
    }
    if found.month {
        formats::read_date(card, &spot, s);
    }
    if found.cloud {
        clouds::read_cloud_prose(card, &spot, s);
    }
    if found.tool {
        emissions::read_tool(card, &spot, s);
    }
}

/// What the sentence itself says against its figures being this model's training.
fn whose(card: &Card<'_>, s: &Sentence<'_, '_>) -> Option<&'static str> {
    let words = &vocabulary::prose().sentences;
    let fine_tune = card.own.role == CardRole::FineTune;
    let own_pretraining = s.has(&words.own_pretraining);
    if fine_tune && is_pretraining(s.ts, &s.trains) && !own_pretraining {
        return Some("base model's figure");
    }
    if let Some(first) = s.trains.first() {
        let before = span(s.ts, 0, *first);
        if fine_tune && !s.has(&words.own_fine_tuning) && card.own.base_in(before) {
            return Some("base model's figure");
        }
        let other = before.iter().take(6).any(|t| t.is_any(&words.other_sizes));
        if other && s.has(&["model"]) && !s.has(&words.this_model) {
            return Some("another model's figure");
        }
    }
    let advice = s.has(&["if"]) && s.has(&["you"]) && !s.has(&["we"]) && s.has(&words.advice);
    advice.then_some("advice to the reader")
}
