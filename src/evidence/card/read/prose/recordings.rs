//! Hours of recordings: "18 hours of read speech", "310 horas de audio", "1000 小时的语音数据", and their parts in brackets. They lie beside the
//! hours of a training and are none.

use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::durations::{duration, unit_hours};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, span};
use crate::evidence::vocabulary;

/// Words behind a unit of time within which what was recorded is named.
const REACH: usize = 4;
/// Tokens before a bracket within which the recordings stand whose parts it tells.
const BRACKET: usize = 10;
/// Shortest beginning of a word that tells it.
const LEAST_STEM: usize = 4;
/// Hours of a day: recordings are counted in hours.
const DAY: f64 = 24.0;

/// Whether the time of some tokens is that of recordings.
#[must_use]
pub fn is_recording(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    is_named(ts, from, to) || is_part_of_recording(ts, from)
}

/// Whether another time of a text is that of recordings.
#[must_use]
pub fn has_recordings(ts: &[Token<'_>]) -> bool {
    (0..ts.len()).any(|i| duration(ts, i).is_some_and(|d| is_named(ts, i, d.to)))
}

/// Whether recordings are named behind a time.
fn is_named(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    let words = &vocabulary::prose().times;
    let unit = to.checked_sub(1).filter(|at| *at >= from);
    // Days and weeks are those of a training.
    if unit.and_then(|at| unit_hours(ts, at)).is_none_or(|hours| hours >= DAY) {
        return false;
    }
    // Chinese and Japanese write it in the word of the unit: "小时的语音数据".
    if unit.and_then(|at| ts.get(at)).is_some_and(|t| !is_latin_word(&t.text) && tells(t)) {
        return true;
    }
    span(ts, to, to + REACH).iter().take_while(|t| t.kind == Kind::Word).any(|t| tells(t) || t.is_any(&words.data))
}

/// Whether a word is one for data or recordings.
fn tells(t: &Token<'_>) -> bool {
    let text = t.text.as_ref();
    let begins = |stem: &&&str| if stem.len() < LEAST_STEM { text == **stem } else { text.starts_with(**stem) };
    let within = |stem: &&&str| !stem.is_ascii() && text.contains(**stem);
    let stems = vocabulary::prose().times.data_stems.iter();
    if is_latin_word(text) { stems.into_iter().any(|stem| begins(&stem)) } else { stems.into_iter().any(|stem| within(&stem)) }
}

/// "27 hours of clips (22 h train + 5 h dev)": a part of recordings, in the brackets behind them.
fn is_part_of_recording(ts: &[Token<'_>], from: usize) -> bool {
    let open =
        (from.saturating_sub(2 * BRACKET)..from).rev().find(|at| ts.get(*at).is_some_and(|t| t.is_any(&["(", ")", "（", "）"])));
    let Some(open) = open.filter(|at| ts.get(*at).is_some_and(|t| t.is_any(&["(", "（"]))) else { return false };
    // "音声データ(話者数8036名、1621時間)": what stands before the brackets are data, and nothing in them is of a training.
    let words = vocabulary::prose();
    // "on 292,217 rows (515.8 hours)": how long the examples are that stand before the bracket.
    let rows = open.checked_sub(2).is_some_and(|number| {
        let noun = ts.get(number + 1).is_some_and(|t| t.is_any(&words.samples.nouns) || tells(t));
        noun && ts.get(number).is_some_and(|t| t.kind == Kind::Number) && from == open + 1
    });
    if rows {
        return true;
    }
    let data = open.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| tells(t) || t.is_any(&words.subjects.data));
    let close = (from..ts.len()).find(|at| ts.get(*at).is_some_and(|t| t.is_any(&[")", "）"]))).unwrap_or(ts.len());
    let inside = span(ts, open, close);
    let trains = inside.iter().any(|t| {
        let lists = [&words.triggers.hardware, &words.epochs.words, &words.steps.words, &words.times.strong];
        lists.iter().any(|list| t.is_any(*list))
    });
    if data && !trains && inside.iter().any(|t| t.is_any(&[",", "，", "、"])) {
        return true;
    }
    (open.saturating_sub(BRACKET)..open).any(|i| duration(ts, i).is_some_and(|d| d.to <= open && is_named(ts, i, d.to)))
}

/// Tokens before a time within which it is called the length of data.
const LENGTH: usize = 4;

/// "the whole training dataset with duration 2000h", "recordings of a total duration of 20 h".
#[must_use]
pub fn is_length_of_data(ts: &[Token<'_>], from: usize) -> bool {
    let words = vocabulary::prose();
    let called = |at: &usize| ts.get(*at).is_some_and(|t| t.is_any(&words.times.lengths));
    let at = (from.saturating_sub(LENGTH)..from).rev().find(called);
    let of_data = |t: &Token<'_>| t.is_any(&words.subjects.data) || t.is_any(&words.times.data) || t.is_any(&words.times.audio);
    at.is_some_and(|at| span(ts, at.saturating_sub(LENGTH), at).iter().any(of_data) && !is_train(ts, at - usize::from(at > 0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::quantity::tokens::lex;

    #[test]
    fn hours_of_recordings_and_of_training() {
        let recorded = |text: &str| {
            let ts = lex(text);
            (0..ts.len()).filter_map(|i| duration(&ts, i).filter(|d| is_recording(&ts, i, d.to)).map(|d| d.hours)).next()
        };
        for (text, hours) in [
            ("18 hours of read speech", Some(18.0)),
            ("310 horas de audio etiquetado durante 3 días", Some(310.0)),
            ("27 Stunden Sprachaufnahmen", Some(27.0)),
            ("1000 小时的语音数据", Some(1000.0)),
            ("7 h 30 min on a V100", None),
            ("3 days of audio", None),
        ] {
            assert_eq!(recorded(text), hours, "{text}");
        }
        let ts = lex("27 hours of clips (22 h train + 5 h dev) for 7 hours");
        let all: Vec<bool> = (0..ts.len()).filter_map(|i| duration(&ts, i).map(|d| is_recording(&ts, i, d.to))).collect();
        assert_eq!(all, [true, true, true, false]);
    }
}
