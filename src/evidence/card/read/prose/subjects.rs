//! What a clause gives its figure to: work around a training, another model, what was granted, saved, planned or would have been.

use super::contrasts::{is_everyday, is_example, is_instead, is_limit, is_of_each_pass, is_of_the_paper, is_set_against, is_than};
use super::nearby::{any, last};
use super::parts::part_or_all;
use super::sentence::Sentence;
use super::strangers::{is_another, is_no_training};
use super::uses::tells_use;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::read::candidate::Card;
use crate::evidence::card::read::rates::{RATE, of_runs};
use crate::evidence::card::read::repository::Repository;
use crate::evidence::card::read::totals::SEVERAL_MODELS;
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at, text_before};
use crate::evidence::vocabulary::{self, Words};

/// Tokens before a figure within which its clause begins.
const REACH: usize = 40;
/// Tokens behind a figure that say something of it.
const BEHIND: usize = 5;
/// Fewest bytes before a figure that may hold such a phrase.
const LEAST_SET_BESIDE: usize = 12;
/// Tokens before a figure within which it is told by what everybody knows.
const NEAR: usize = 10;
/// Tokens behind a figure within which the sentence says that it is of a training.
const TRAINED_BEHIND: usize = 8;
/// Tokens from the beginning of a clause within which its part is named.
const PART_WORDS: usize = 6;
/// Tokens before a figure of which one says that it was given.
const NEXT_TO: usize = 3;
/// Tokens before work around a training within which it is left out.
const LEFT_OUT: usize = 4;
/// Tokens around a figure within which a job waits.
const WAITS: usize = 4;
/// Tokens within which "whole" and "family" stand together.
const TOGETHER: usize = 5;
/// Tokens before a figure within which a relative clause begins.
const RELATIVE: usize = 12;
/// Words of a name at the beginning of a clause, at most.
const NAME_WORDS: usize = 8;
/// Tokens of a name that stands before its relative clause, at most: "Kestrel-8B-Base-2" has eight.
const NAME_TOKENS: usize = 16;
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
    /// Chips.
    Chips,
}

impl Measure {
    /// Whether it is a time, an energy or an emission.
    fn is_amount(self) -> bool {
        matches!(self, Self::Time | Self::Footprint)
    }
}

/// "2.1 kg; for comparison, a flight emits 1,000 kg and GPT-3 took 552 t": all that stands behind such words.
fn is_set_beside(s: &Sentence<'_, '_>, from: usize) -> bool {
    let text = s.written(0, from);
    let phrases = &vocabulary::prose().subjects.set_beside;
    text.len() > LEAST_SET_BESIDE && phrases.is_within(&text.to_lowercase())
}

/// "Unlike BLOOM (1.08M GPU hours on 384 A100s), our model needed 2,150": what a sentence that begins with a contrast tells before its own
/// model.
fn stands_before_ours(ts: &[Token<'_>], from: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    ts.first().is_some_and(|t| t.is_any(&words.begins_contrast)) && ours_behind_contrast(ts).is_some_and(|ours| from < ours)
}

/// Where the clause of this model begins in a sentence that begins with a contrast.
#[must_use]
pub fn ours_behind_contrast(ts: &[Token<'_>]) -> Option<usize> {
    let words = &vocabulary::prose().subjects;
    ts.first().filter(|t| t.is_any(&words.begins_contrast))?;
    let is_own = |t: &Token<'_>| t.is_any(&words.own_work) || t.is_any(&["this", "ours", "we", "nous", "unser", "wir"]);
    (1..ts.len()).find(|i| ts.get(*i).is_some_and(|t| t.is(",")) && ts.get(i + 1).is_some_and(is_own)).map(|comma| comma + 1)
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
    let has = |list: &Words| clause.iter().any(|t| t.is_any(list));
    let behind = span(s.ts, to, to + BEHIND);
    if measure.is_amount() && is_limit(s.ts, from) {
        return Some("a limit");
    }
    if stands_before_ours(s.ts, from) {
        return Some("another model's figure");
    }
    if is_example(s.ts, &at) {
        return Some("an example");
    }
    if has(&words.saved) || any(behind, &words.less) || is_made_up_for(behind) || is_reduced_by(s.ts, from) {
        return Some("what was spared, not what was used");
    }
    if (measure.is_amount() && (is_everyday(s.ts, from, to) || is_than(s.ts, from)))
        || is_set_against(s.ts, &at)
        || is_instead(s.ts, from)
        || is_set_beside(s, from)
        || is_of_the_paper(s.ts, from)
    {
        return Some("a comparison");
    }
    if let Some(why) = part_or_all(s, from, to).filter(|_| measure.is_amount()) {
        return Some(why);
    }
    if measure.is_amount() && is_of_each_pass(s.ts, from, to) {
        return Some(RATE);
    }
    if is_in_bracket_of_the_base(card, s, from) {
        return Some("base model's figure");
    }
    if let Some(why) = not_what_was_used(s, measure, &at, from, to) {
        return Some(why);
    }
    if let Some(why) = of_another_model(card, s, &at) {
        return Some(why);
    }
    if let Some(why) = is_no_training(card, s, measure, &at, (from, to)) {
        return Some(why);
    }
    if let Some(why) = of_several_trainings(s, measure, &at, to) {
        return Some(why);
    }
    if measure == Measure::Chips {
        let trains = s.trains.iter().any(|i| is_training(s.ts, *i));
        return (!trains && is_making(s.ts, &at)).then_some("work that is no training");
    }
    let of_part = || of_a_part(s.ts, &at, card.several_before);
    around_the_training(s, &at, from, to).or_else(of_part).or_else(|| of_runs_of(&clause, s.ts.get(to)))
}

/// "We tuned goose (trained on 2T tokens with 1,000 GPUs)": what a bracket behind the name of the base says of its training.
#[must_use]
pub fn is_in_bracket_of_the_base(card: &Card<'_>, s: &Sentence<'_, '_>, from: usize) -> bool {
    let bracket = (0..from).rev().find(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&["(", ")", "（", "）"])));
    let Some(open) = bracket.filter(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&["(", "（"]))) else { return false };
    let skips = |i: &usize| s.ts.get(*i).is_some_and(|t| t.is_any(&vocabulary::prose().subjects.base_brackets));
    let first = (open + 1..from).find(|i| !skips(i)).unwrap_or(from);
    // "pre-training the base model (2.5 t)": what stands right behind the name of the base.
    let words = &vocabulary::prose().subjects;
    let noun = open - usize::from(open > 0 && s.ts.get(open - 1).is_some_and(|t| t.is_any(&words.model_nouns)));
    // "distilled from the 13B teacher (trained earlier on 512 GPUs for 30 days)"
    let trains = (open + 1..from.min(open + 4)).any(|i| is_train(s.ts, i));
    if trains && span(s.ts, open.saturating_sub(2), open).iter().any(|t| t.is_any(&vocabulary::prose().parameters.teachers)) {
        return true;
    }
    let the_base = noun.checked_sub(2).is_some_and(|the| {
        s.ts.get(the).is_some_and(|t| t.is_any(&words.the)) && s.ts.get(the + 1).is_some_and(|t| t.is_any(&words.base))
    });
    if the_base && first == from && !card.own.has("base") {
        return true;
    }
    // "pre-trained"
    // "(the base had seen 2T tokens)"
    let base_had = s.ts.get(open + 1).is_some_and(|t| t.is_any(&words.the) || t.is("its"))
        && s.ts.get(open + 2).is_some_and(|t| t.is_any(&words.base) || t.is_any(&words.of_base));
    if base_had && card.own.role == CardRole::FineTune && !card.own.has("base") {
        return true;
    }
    // "Based on a Swin-T pre-trained on ImageNet (300 epochs, by Microsoft)"
    let starts = s.ts.iter().take(STARTS).any(|t| t.is_any(&words.starts_from));
    if starts && (0..open).any(|i| is_train(s.ts, i)) {
        return true;
    }
    let is_verb = is_train(s.ts, first) || (text_at(s.ts, first + 1) == "-" && is_train(s.ts, first + 2));
    first < from && is_verb && card.own.base_in(span(s.ts, open.saturating_sub(BASE_NAME), open))
}

/// Tokens at the beginning of a sentence that say that a model starts from another.
const STARTS: usize = 2;
/// Tokens before a bracket within which the name ends that it tells of.
const BASE_NAME: usize = 4;

/// Why a figure is of what was granted, of what could be or is planned, of a law, or of the base as well.
fn not_what_was_used(s: &Sentence<'_, '_>, measure: Measure, at: &[usize], from: usize, to: usize) -> Option<&'static str> {
    let words = &vocabulary::prose().subjects;
    let has = |list: &Words| at.iter().any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(list)));
    let behind = span(s.ts, to, to + BEHIND);
    let trained = at.iter().any(|i| is_training(s.ts, *i));
    let is_given = has(&words.granted) && !has(&words.used) && !trained && measure.is_amount() && !s.has(&words.tools);
    let near = any(last(span(s.ts, 0, from), NEXT_TO), &words.granted) || any(span(behind, 0, 2), &words.granted);
    // "The tool gave 74.4 kg".
    let near = near && !s.has(&words.tools);
    if (measure.is_amount() && near) || is_given {
        return Some("what was granted, not what was used");
    }
    if could_have_been(s.ts, at, to) {
        return Some("what another training would have taken");
    }
    // "A longer schedule (600 epochs) is planned."
    let is_planned = behind.iter().zip(behind.iter().skip(1)).any(|(verb, t)| verb.is_any(&words.are) && t.is_any(&words.planned));
    // "It will take about 2 days": said of how it is, and not to the reader.
    let habit = |i: usize| {
        s.ts.get(i).is_some_and(|t| t.is_any(&words.will))
            && any(span(s.ts, i + 1, i + 3), &words.takes)
            && measure == Measure::Time
            && !s.has(&vocabulary::prose().sentences.readers)
    };
    let plans = |i: &usize| s.ts.get(*i).is_some_and(|t| t.is_any(&words.planned)) && !habit(*i);
    if at.iter().any(plans) || is_planned {
        return Some("planned");
    }
    if any(last(span(s.ts, 0, to), 2), &vocabulary::units().computes.flop) && s.has(&words.thresholds) && !trained {
        return Some("a limit");
    }
    if measure == Measure::Count && any(behind, &words.lives) {
        return Some("a total that holds more than this training");
    }
    None
}

/// Why a figure is of a project, or of several models.
fn of_several_trainings(s: &Sentence<'_, '_>, measure: Measure, at: &[usize], to: usize) -> Option<&'static str> {
    let words = &vocabulary::prose().subjects;
    let has = |list: &Words| at.iter().any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(list)));
    let all_of =
        |i: usize, list: &Words| s.ts.get(i).is_some_and(|t| t.is_any(&words.whole)) && any(span(s.ts, i + 1, i + TOGETHER), list);
    let articles = &vocabulary::card().designators.articles;
    // "9.1 GWh went into the project".
    let of_works = |i: usize| {
        s.ts.get(i).is_some_and(|t| t.is_any(articles))
            && words.into.contains(&text_before(s.ts, i, 1))
            && s.ts.get(i + 1).is_some_and(|t| t.is_any(&words.works))
    };
    if measure.is_amount() && (to..to + TOGETHER).any(of_works) && !at.iter().any(|i| is_training(s.ts, *i)) {
        return Some("a total that holds more than this training");
    }
    // "The Ibis models consumed 3.4 GWh", "la famille a émis 2,9 t".
    let is_several = |i: usize| {
        let before = span(s.ts, i.saturating_sub(NEXT_TO), i);
        let led = any(before, articles) || any(before, &words.all_of);
        s.ts.get(i).is_some_and(|t| t.is_any(&words.several))
            && led
            && s.ts.get(i + 1).is_some_and(|t| t.is_any(&words.name_verbs) || t.is_any(&vocabulary::card().designators.verbs))
    };
    let models = measure == Measure::Footprint
        && at.iter().any(|i| {
            s.ts.get(*i).is_some_and(|t| t.is_any(&words.models_of_all))
                && any(span(s.ts, i.saturating_sub(NEXT_TO), *i), &words.all_models)
                || is_several(*i)
        })
        && !has(&words.of_each);
    // "All three sizes saw 300B tokens": each of them did, unless they are counted together.
    let shared = measure == Measure::Count
        && !at.iter().any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&words.counted_together)))
        && !any(behind_of(s, to), &words.counted_together);
    if models || (!shared && at.iter().any(|i| all_of(*i, &words.families))) || (to..to + TOGETHER).any(|i| all_of(i, &words.works))
    {
        return Some(SEVERAL_MODELS);
    }
    None
}

/// The tokens behind a figure that say something of it.
fn behind_of<'s, 't>(s: &Sentence<'s, 't>, to: usize) -> &'s [Token<'t>] {
    span(s.ts, to, to + BEHIND)
}

/// "12 kg were offset": what stands behind a figure says that it was made up for.
fn is_made_up_for(behind: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose().subjects;
    let verb = behind.iter().position(|t| t.is_any(&words.made_up));
    verb.is_some_and(|i| any(span(behind, 0, i), &words.been))
}

/// "Training from scratch would have required 5 MWh".
fn could_have_been(ts: &[Token<'_>], at: &[usize], to: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let unreal = |i: usize| ts.get(i).is_some_and(|t| t.is_any(&words.unreal)) && any(span(ts, i + 1, i + 4), &words.unreal_verbs);
    // "With the grid of our country (60 g/kWh) that would be 0.03 kg": reckoned, and not imagined.
    let is_reckoned = any(ts, &words.grids) && span(ts, 0, to).iter().any(|t| t.is_any(&words.unreal));
    // "Long schedules (500 epochs) were not feasible."
    // "200 epochs are enough to get a good result."
    let denied = span(ts, to, to + BEHIND).windows(2).any(|w| {
        matches!(w, [a, b] if (a.is_any(&words.not) && b.is_any(&words.feasible)) || (a.is_any(&words.are) && b.is_any(&words.enough)))
    });
    denied || (!is_reckoned && (at.iter().copied().any(unreal) || unreal(to)))
}

/// "This reduces emissions by 12 kg".
fn is_reduced_by(ts: &[Token<'_>], from: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let by = from.saturating_sub(NEXT_TO);
    let is_by = span(ts, by, from).iter().any(|t| t.is_any(&words.by));
    is_by && any(span(ts, from.saturating_sub(NEAR), from), &words.reduced)
}

/// Why a figure is of work around the training, or of more than it.
fn around_the_training(s: &Sentence<'_, '_>, at: &[usize], from: usize, to: usize) -> Option<&'static str> {
    let words = &vocabulary::prose().subjects;
    let has = |list: &Words| at.iter().any(|i| s.ts.get(*i).is_some_and(|t| t.is_any(list)));
    let behind = span(s.ts, to, to + BEHIND);
    // "The queue waited longer than the job ran (three days)".
    let queue = any(span(s.ts, 0, 2), &words.queues) && s.trains.is_empty();
    if queue || any(last(span(s.ts, 0, from), WAITS), &words.waits) || any(span(behind, 0, WAITS), &words.waits) {
        return Some("work that is no training");
    }
    if is_with_the_search(s, from, to) {
        return Some("a total that holds more than this training");
    }
    let ends = (to..to + TRAINED_BEHIND).find(|i| s.ts.get(*i).is_none_or(|t| t.is_any(&[",", ";"]) || t.is_any(&words.and)));
    let trains =
        at.iter().any(|i| is_training(s.ts, *i)) || (to..ends.unwrap_or(to + TRAINED_BEHIND)).any(|i| is_training(s.ts, i));
    if trains {
        return None;
    }
    let used = at.iter().any(|i| tells_use(s.ts, *i))
        || (to..to + 2)
            .take_while(|i| !s.ts.get(*i).is_some_and(|t| t.is_any(&[",", ";", "，", "；", "、"])))
            .any(|i| tells_use(s.ts, i));
    if used || has(&words.work) || is_making(s.ts, at) || any(span(behind, 0, 2), &words.work) {
        return Some("work that is no training");
    }
    has(&words.wider).then_some("a total that holds more than this training")
}

/// "Including the hyperparameter search, the project consumed 320 kWh"; the final run is named apart.
fn is_with_the_search(s: &Sentence<'_, '_>, from: usize, to: usize) -> bool {
    let words = &vocabulary::prose().subjects;
    let last = |list: &Words| (0..from).rev().find(|i| s.ts.get(*i).is_some_and(|t| t.is_any(list)));
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
    let mut commas = 0_usize;
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
                // "Our teacher, a 70B model, was trained": what stands between the commas tells of what stands before them.
                let stands_beside = t.is(",")
                    && commas > 0
                    && ts.get(i + 1).is_some_and(|next| next.is_any(&words.beside) || is_name_between(ts, i));
                commas += usize::from(t.is(","));
                let opens = t.is_any(&words.and) && out.last().and_then(|at| ts.get(*at)).is_some_and(|t| t.is_any(&words.openers));
                // "61 kg, of which 9 kg are from the training": a part has its own clause.
                let parts =
                    t.is_any(&words.which) && i.checked_sub(1).and_then(|of| ts.get(of)).is_some_and(|t| t.is_any(&words.of));
                if parts || opens || t.is_any(&words.contrasts) || (t.is_any(&words.boundaries) && !shares() && !stands_beside) {
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

/// "The base, StableLM, saw 1T tokens": a comma before a name that the next comma ends.
pub fn is_name_between(ts: &[Token<'_>], comma: usize) -> bool {
    let named = |t: &&Token<'_>| (t.kind != Kind::Sign && (t.upper || t.kind == Kind::Number || t.glued)) || t.is("-");
    let name = span(ts, comma + 1, comma + NAME_WORDS).iter().take_while(named).count();
    name > 0 && text_at(ts, comma + 1 + name) == "," && ts.get(comma + 1).is_some_and(|t| t.upper)
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
        // "and encoding the index": the first word behind the one that joins.
        let begins = n == 0 || (n == 1 && at.first().is_some_and(|first| ts.get(*first).is_some_and(|t| t.is_any(&words.goes_on))));
        ts.get(*i).is_some_and(|t| t.is_any(&words.making)) && (begins || is_made())
    })
}

/// Tokens of a clause within which the original is its subject.
const ORIGINAL: usize = 5;

/// Why a clause tells of another model.
fn of_another_model(card: &Card<'_>, s: &Sentence<'_, '_>, at: &[usize]) -> Option<&'static str> {
    let words = &vocabulary::prose().subjects;
    let own = &card.own;
    let is = |i: &usize, list: &Words| s.ts.get(*i).is_some_and(|t| t.is_any(list));
    // "Our teacher" is another model's, whoever owns it.
    let of_other = |i: usize| s.ts.get(i + 1).is_some_and(|next| next.is_any(&words.others));
    let told_own = at.iter().any(|i| is(i, &words.own) && !of_other(*i));
    let other = at.iter().any(|i| is(i, &words.other) && any(span(s.ts, i + 1, i + 3), &words.models));
    // "distilled from a teacher" tells of the student.
    let subject = at.iter().take_while(|i| !is_training(s.ts, **i));
    // "no separate reward model needed" tells of this one.
    let without = |i: usize| any(span(s.ts, i.saturating_sub(2), i), &words.not);
    let named_other = subject.clone().any(|i| is(i, &words.others) && !own.has(text_at(s.ts, *i)) && !without(*i));
    let of_the_art = subject.clone().any(|i| is(i, &words.of_the_art) && text_before(s.ts, *i, 1) == "-");
    // "The original network trained for 3 days."
    let original =
        at.iter().take(ORIGINAL).any(|i| is(i, &words.originals) && any(span(s.ts, i + 1, i + 3), &words.original_nouns));
    if original && !told_own && !own.has("original") && !own.named_in(s.ts) {
        return Some("a comparison");
    }
    if other || ((named_other || of_the_art) && !told_own) {
        return Some("another model's figure");
    }
    let the_base = at.iter().take(3).any(|i| is(i, &words.the) && is(&(i + 1), &words.base));
    if the_base && !own.has("base") && !at.iter().any(|i| is_training(s.ts, *i)) {
        return Some("base model's figure");
    }
    if tells_of_the_base(own, s, at) {
        return Some("base model's figure");
    }
    is_another(card, s, at).then_some("another model's figure")
}

/// "It was built by finetuning Pika-7B, which saw 1T tokens": what follows tells of the base that stands before it.
fn tells_of_the_base(own: &Repository, s: &Sentence<'_, '_>, at: &[usize]) -> bool {
    let words = &vocabulary::prose().subjects;
    let from = at.last().copied().unwrap_or_default();
    let relative = (from.saturating_sub(RELATIVE)..=from).rev().find(|i| words.relatives.contains(&text_at(s.ts, *i)));
    relative.is_some_and(|i| {
        let before = span(s.ts, i.saturating_sub(NAME_TOKENS), i);
        let named =
            before.iter().rev().skip_while(|t| t.is(",")).take_while(|t| t.upper || t.kind == Kind::Number || t.glued || t.is("-"));
        let mut name: Vec<&str> = named.map(|t| t.text.as_ref()).collect();
        name.reverse();
        let name: String = name.concat().chars().filter(|c| c.is_alphanumeric()).collect();
        own.base_in(before) || (name.len() > 2 && own.has_base_called(&name))
    })
}

/// "One training step takes 1.4 s and 0.0006 kWh", "each of the three stages took 30 hours", "on an A100 an epoch lasts 45 minutes": the
/// clause is about a part.
fn of_a_part(ts: &[Token<'_>], at: &[usize], several_models: bool) -> Option<&'static str> {
    let words = &vocabulary::prose().rates;
    let is = |i: usize, list: &Words| ts.get(i).is_some_and(|t| t.is_any(list));
    let first = at.first().copied()?;
    // "One epoch on 9,000 dialogues" is all of a training; "one step takes 1.4 s" is not.
    let lasts = at.iter().any(|i| is(*i, &vocabulary::prose().subjects.lasts));
    // "Each trillion tokens takes 3.7 days."
    let is_pass = |t: &Token<'_>| t.is_any(&words.passes) || (lasts && t.is_any(&words.parts));
    let pass = |t: &Token<'_>| is_pass(t) || t.text.strip_suffix('s').is_some_and(|one| words.passes.contains(&one));
    let each = &vocabulary::prose().subjects.each;
    // "Five passes over the data, each took 50 minutes".
    // ... and "Each ran for 11 hours" behind a sentence on three models is one of them.
    let alone = is(first, each) && is(first + 1, &vocabulary::prose().subjects.lasts) && !(several_models && first == 0);
    let begins = is(first, each) || (is(first, &words.one_pass) && lasts);
    let part = alone || begins && span(ts, first + 1, first + PART_WORDS).iter().take_while(|t| t.kind == Kind::Word).any(pass);
    // A part with its verb behind it, wherever the clause says so.
    let subject = at.iter().any(|i| {
        let one = is(*i, &words.one_pass) || is(*i, &vocabulary::prose().subjects.articles);
        let behind = i + 1 + usize::from(is(i + 1, &words.fillers));
        let led = i.checked_sub(1).is_some_and(|before| is(before, &words.passes_led));
        one && !led && is(behind, &words.passes) && is(behind + 1, &vocabulary::prose().subjects.lasts)
    });
    let whole = at.iter().any(|i| is(*i, &words.of_the_whole));
    ((part || subject) && !whole).then_some(RATE)
}

/// "the five runs together consumed 5.6 kWh", and not "four runs of 31 hours each".
fn of_runs_of(clause: &[&Token<'_>], next: Option<&Token<'_>>) -> Option<&'static str> {
    if next.is_some_and(|t| t.is_any(&vocabulary::prose().rates.each_behind)) {
        return None;
    }
    let owned: Vec<Token<'_>> = clause.iter().map(|t| (*t).clone()).collect();
    of_runs(&owned)
}
