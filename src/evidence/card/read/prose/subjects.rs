//! What a clause gives its figure to: work around a training, another model, what was granted, saved, planned or would have been.

use super::nearby::{any, last};
use super::sentence::Sentence;
use crate::evidence::card::read::candidate::Card;
use crate::evidence::card::read::rates::{RATE, of_runs};
use crate::evidence::card::read::repository::Repository;
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at, text_before};
use crate::evidence::vocabulary;

/// Tokens before a figure within which its clause begins.
const REACH: usize = 40;
/// Tokens behind a figure that say something of it.
const BEHIND: usize = 5;
/// Tokens before a figure within which it is told by what everybody knows.
const NEAR: usize = 10;
/// Tokens behind a figure within which the sentence says that it is of a training.
const TRAINED_BEHIND: usize = 8;
/// Tokens before a figure of which one says that it was given.
const NEXT_TO: usize = 3;
/// Tokens before work around a training within which it is left out.
const LEFT_OUT: usize = 4;
/// Tokens around a figure within which a job waits.
const WAITS: usize = 4;
/// Tokens within which "whole" and "family" stand together.
const TOGETHER: usize = 5;
/// Words of a name at the beginning of a clause, at most.
const NAME_WORDS: usize = 8;
/// Tokens within which data stand beside the word for their making.
const BESIDE: usize = 6;

/// What a figure measures.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Time, of the clock or of devices.
    Time,
    /// Energy or emissions.
    Footprint,
    /// Tokens, FLOP and other counts.
    Count,
}

/// Why a figure of a sentence, from its first token to behind its last, is none of this model's training by what its clause says.
#[must_use]
pub fn gives_it_to_another(
    card: &Card<'_>,
    s: &Sentence<'_, '_>,
    measure: Measure,
    from: usize,
    to: usize,
) -> Option<&'static str> {
    let words = &vocabulary::prose().subjects;
    let at = clause(s.ts, from);
    let clause: Vec<&Token<'_>> = at.iter().filter_map(|i| s.ts.get(*i)).collect();
    let has = |list: &[&str]| clause.iter().any(|t| t.is_any(list));
    let behind = span(s.ts, to, to + BEHIND);
    if measure != Measure::Count && is_limit(s.ts, from) {
        return Some("a limit");
    }
    if has(&words.saved) || any(behind, &words.less) || is_made_up_for(behind) {
        return Some("what was spared, not what was used");
    }
    if measure == Measure::Footprint && is_everyday(s.ts, from, to) {
        return Some("a comparison");
    }
    if any(last(span(s.ts, 0, from), NEXT_TO), &words.granted) || (has(&words.granted) && !has(&words.used)) {
        return Some("what was granted, not what was used");
    }
    if could_have_been(s.ts, &at) {
        return Some("what another training would have taken");
    }
    if has(&words.planned) {
        return Some("planned");
    }
    if let Some(why) = of_another_model(card, s, &at) {
        return Some(why);
    }
    let family = at
        .iter()
        .any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.whole)) && any(span(s.ts, i + 1, i + TOGETHER), &words.families));
    if family {
        return Some("a total of several models");
    }
    around_the_training(s, &at, from, to).or_else(|| of_a_part(s.ts, &at)).or_else(|| of_runs_of(&clause))
}

/// "12 kg were offset": what stands behind a figure says that it was made up for.
fn is_made_up_for(behind: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose().subjects;
    let verb = behind.iter().position(|t| t.is_any(&words.made_up));
    verb.is_some_and(|i| any(span(behind, 0, i), &["was", "were", "been", "is", "are"]))
}

/// "Training from scratch would have required 5 MWh".
fn could_have_been(ts: &[Token<'_>], at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    at.iter().any(|i| ts.get(*i).is_some_and(|t| t.is_any(&words.unreal)) && any(span(ts, i + 1, i + 4), &words.unreal_verbs))
}

/// Why a figure is of work around the training, or of more than it.
fn around_the_training(s: &Sentence<'_, '_>, at: &[usize], from: usize, to: usize) -> Option<&'static str> {
    let words = &vocabulary::prose().subjects;
    let has = |list: &[&str]| at.iter().any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(list)));
    let behind = span(s.ts, to, to + BEHIND);
    if any(last(span(s.ts, 0, from), WAITS), &words.waits) || any(span(behind, 0, WAITS), &words.waits) {
        return Some("work that is no training");
    }
    if is_with_the_search(s, from, to) {
        return Some("a total that holds more than this training");
    }
    let ends = (to..to + TRAINED_BEHIND).find(|i| s.ts.get(*i).is_none_or(|t| t.is_any(&[",", ";", "and"])));
    let trains =
        at.iter().any(|i| is_training(s.ts, *i)) || (to..ends.unwrap_or(to + TRAINED_BEHIND)).any(|i| is_training(s.ts, i));
    if trains {
        return None;
    }
    if has(&words.work) || is_making(s.ts, at) || any(span(behind, 0, 2), &words.work) {
        return Some("work that is no training");
    }
    has(&words.wider).then_some("a total that holds more than this training")
}

/// "Including the hyperparameter search, the project consumed 320 kWh"; the final run is named apart.
fn is_with_the_search(s: &Sentence<'_, '_>, from: usize, to: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let last = |list: &[&str]| (0..from).rev().find(|i| s.ts.get(*i).is_some_and(|t| t.is_any(list)));
    let Some(work) = last(&words.search) else { return false };
    let main = last(&words.main).is_some_and(|main| main > work) || any(span(s.ts, to, to + BEHIND), &words.main);
    let left_out = any(span(s.ts, work.saturating_sub(LEFT_OUT), work), &words.excluded);
    !main && !left_out
}

/// Words of the clause that a figure ends, in their order: brackets before it are passed over, and so are clauses whose subject it shares.
fn clause(ts: &[Token<'_>], from: usize) -> Vec<usize> {
    let words = &vocabulary::prose().subjects;
    let mut out: Vec<usize> = Vec::new();
    let mut depth = 0_usize;
    for i in (from.saturating_sub(REACH)..from).rev() {
        let Some(t) = ts.get(i) else { break };
        match t.text.as_ref() {
            ")" => depth += 1,
            // What stands in brackets tells of what stands before them.
            "(" => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ => {
                let shares =
                    || out.last().and_then(|at| ts.get(*at)).is_none_or(|t| t.kind == Kind::Number || t.is_any(&words.continuing));
                let opens = t.is("and") && out.last().and_then(|at| ts.get(*at)).is_some_and(|t| t.is_any(&words.openers));
                if opens || t.is_any(&words.contrasts) || (t.is_any(&words.boundaries) && !shares()) {
                    break;
                }
                if !t.is_any(&words.boundaries) {
                    out.push(i);
                }
            }
        }
    }
    out.reverse();
    out
}

/// Whether a word is one of training; "training data" are not.
fn is_training(ts: &[Token<'_>], i: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    is_train(ts, i) && !ts.get(i + 1).is_some_and(|next| next.is_any(&words.data))
}

/// Whether a clause tells of the making of data.
fn is_making(ts: &[Token<'_>], at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    at.iter().enumerate().any(|(n, i)| {
        let is_made = || any(span(ts, i.saturating_sub(2), i + BESIDE), &words.data);
        ts.get(*i).is_some_and(|t| t.is_any(&words.making)) && (n == 0 || is_made())
    })
}

/// "under five days", but not "a little under 1 hour".
fn is_limit(ts: &[Token<'_>], from: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let fewer = text_before(ts, from, 1) == "than" && matches!(text_before(ts, from, 2), "less" | "fewer");
    let under = words.limits.contains(&text_before(ts, from, 1));
    (fewer && !words.nearly.contains(&text_before(ts, from, 3))) || (under && !words.nearly.contains(&text_before(ts, from, 2)))
}

/// "the yearly consumption (3,500 kWh) of a household".
fn is_everyday(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let before: Vec<&Token<'_>> = ts
        .get(..from)
        .unwrap_or_default()
        .iter()
        .rev()
        .take(NEAR)
        .take_while(|t| t.kind != Kind::Number && !t.is_any(&[",", ";"]))
        .collect();
    let behind_bracket = matches!(text_at(ts, to), ")" | "of") && any(span(ts, to + 1, to + BEHIND), &words.everyday);
    before.iter().any(|t| t.is_any(&words.everyday)) || behind_bracket
}

/// Whether a sentence tells of another version of this model.
#[must_use]
pub fn is_of_another_version(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let all: Vec<usize> = (0..s.ts.len().min(REACH)).collect();
    is_other_version(&card.own, s, &all)
}

/// Why a clause tells of another model.
fn of_another_model(card: &Card<'_>, s: &Sentence<'_, '_>, at: &[usize]) -> Option<&'static str> {
    let words = &vocabulary::prose().subjects;
    let own = &card.own;
    let is = |i: &usize, list: &[&str]| s.ts.get(*i).is_some_and(|t| t.is_any(list));
    let told_own = at.iter().any(|i| is(i, &words.own));
    let other = at.iter().any(|i| is(i, &words.other) && any(span(s.ts, i + 1, i + 3), &words.models));
    // "distilled from a teacher" tells of the student.
    let subject = at.iter().take_while(|i| !is_training(s.ts, **i));
    let named_other = subject.clone().any(|i| is(i, &words.others) && !own.has(text_at(s.ts, *i)));
    let of_the_art = subject.clone().any(|i| text_at(s.ts, *i) == "art" && text_before(s.ts, *i, 1) == "-");
    if other || ((named_other || of_the_art) && !told_own) {
        return Some("another model's figure");
    }
    let the_base = at.iter().take(3).any(|i| text_at(s.ts, *i) == "the" && text_at(s.ts, i + 1) == "base");
    if the_base && !own.has("base") && !at.iter().any(|i| is_training(s.ts, *i)) {
        return Some("base model's figure");
    }
    if is_other_version(own, s, at) || is_other_name(card, s, at) || is_cited(s) {
        return Some("another model's figure");
    }
    None
}

/// "Version 1 was trained for 10 hours", in the card of another version or of what calls itself "this version".
fn is_other_version(own: &Repository, s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    let Some(first) = at.first().copied() else { return false };
    let versioned = matches!(text_at(s.ts, first), "version" | "v") && s.ts.get(first + 1).is_some_and(|t| t.kind == Kind::Number);
    if !versioned {
        return false;
    }
    let number = text_at(s.ts, first + 1);
    let own_version = own.tokens.iter().find_map(|t| t.strip_prefix('v').filter(|n| n.starts_with(|c: char| c.is_ascii_digit())));
    own_version.is_some_and(|version| version != number)
}

/// "GPT-4, with 1.8 trillion parameters, consumed 2.4 billion kWh": a well-known model at the beginning that is neither this one nor its
/// base.
fn is_other_name(card: &Card<'_>, s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    let mut clause = at.iter().copied().skip_while(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.before_name))).peekable();
    let mut name = String::new();
    let mut known = false;
    let first = clause.peek().copied();
    let Some(first) = first.filter(|i| s.ts.get(*i).is_some_and(|t| t.upper && t.kind == Kind::Word)) else { return false };
    let mut behind = first;
    for i in clause.take(NAME_WORDS) {
        let Some(t) = s.ts.get(i) else { break };
        let belongs = t.upper || t.kind == Kind::Number || (t.glued && i > first);
        if !belongs {
            break;
        }
        known |= t.is_any(&words.names) || t.is_any(&vocabulary::card().bases.families);
        name.extend(t.text.chars().filter(|c| c.is_alphanumeric()));
        behind = i + 1;
    }
    let takes = at.iter().filter(|i| **i >= behind).any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.name_verbs)));
    let own = &card.own;
    let is_own = own.letters.contains(&name)
        || (!own.letters.is_empty() && name.contains(&own.letters))
        || own.tokens.iter().any(|t| t.len() > 2 && t.chars().all(char::is_alphabetic) && name.contains(t.as_str()));
    known && takes && !is_own && !own.base_in(span(s.ts, first, behind))
}

/// "652 kg CO2eq (Strubell et al., 2019)", unless the sentence tells of this work or the paper is named for its method.
fn is_cited(s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().subjects;
    let cites = s.ts.windows(2).any(|w| matches!(w, [et, al] if et.is("et") && al.is("al")));
    cites && !s.has(&words.own_work) && !s.has(&words.methods)
}

/// "One training step takes 1.4 s and 0.0006 kWh": the clause begins with a part.
fn of_a_part(ts: &[Token<'_>], at: &[usize]) -> Option<&'static str> {
    let words = &vocabulary::prose().rates;
    let first = at.first().copied()?;
    let begins = ts.get(first)?.is_any(&words.one_pass) || ts.get(first)?.is_any(&["per"]);
    let part =
        begins && span(ts, first + 1, first + 4).iter().take_while(|t| t.kind == Kind::Word).any(|t| t.is_any(&words.passes));
    let whole = at.iter().any(|i| {
        ts.get(*i).is_some_and(|t| t.is_any(&["total", "totals", "altogether", "overall", "whole", "entire", "all", "="]))
    });
    (part && !whole).then_some(RATE)
}

/// "the five runs together consumed 5.6 kWh".
fn of_runs_of(clause: &[&Token<'_>]) -> Option<&'static str> {
    let owned: Vec<Token<'_>> = clause.iter().map(|t| (*t).clone()).collect();
    of_runs(&owned)
}
