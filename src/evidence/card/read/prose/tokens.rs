//! Tokens in prose: seen in training, or the size of a data set, a context, a batch, a vocabulary.

use super::batches::is_batch;
use super::counts::is_this_checkpoint;
use super::nearby::{any, before, last};
use super::sentence::Sentence;
use super::subjects::{Measure, gives_it_to_another};
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::data_sizes::{
    BATCH_IN_TOKENS, DATA_SET_SIZE, OF_CONTEXT, OF_ONE_EPOCH, TRAINED_ON_DATA, is_data_size,
};
use crate::evidence::card::read::rates::rate_behind;
use crate::evidence::card::read::totals::SEVERAL_MODELS;
use crate::evidence::card::read::training::{is_late_train_verb, is_train_verb};
use crate::evidence::card::read::values::passes_behind;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at};
use crate::evidence::vocabulary;

/// Fewest tokens of a training: less is a length.
const MIN_TOKENS: f64 = 1e6;
/// Largest batch, in tokens, as "2048 sequences (8,388,608 tokens)" tell it: published trainings went to 60 million (DeepSeek-V3, 15,360 sequences of 4,096).
const LARGEST_BATCH_IN_TOKENS: f64 = 1e8;
/// Words before a number of tokens within which its verb is looked for.
const VERB_REACH: usize = 24;
/// Words behind the word for tokens within which it is, in languages that put it there.
const LATE_VERB_REACH: usize = 12;

/// Reads the number of tokens before the word at `i`.
pub fn read_tokens(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let words = &vocabulary::prose().tokens;
    let q = before(s, i, 7, |q, between| (!q.is_word || q.scaled) && q.value >= MIN_TOKENS && !any(between, &words.other_units));
    let Some(q) = q else { return read_count_behind(card, spot, s, i) };
    let part = part_trained_on(s, i);
    if let Some(part) = part {
        card.add_quantity(spot, Field::TrainTokens, part.value, s.written(part.from, part.to), &part);
        return card.add_quantity(&spot.refused(Some(OF_WHICH)), Field::TrainTokens, q.value, s.written(q.from, i + 1), &q);
    }
    // "300B tokens, of which we sampled a part"
    let of_which = text_at(s.ts, i + 1) == "," && text_at(s.ts, i + 2) == "of" && text_at(s.ts, i + 3) == "which";
    let spot = &spot.refused(of_which.then_some(OF_WHICH));
    let passes = passes(s, i, &q);
    let said = s.trains() || s.under_training;
    let reason = not_tokens_seen(s, i, &q, card.own.role)
        // The size of a data set and the passes over it are the tokens seen.
        .filter(|why| passes.is_none() || !(is_data_size(why) || *why == OF_ONE_EPOCH || *why == NOT_SEEN) || !said)
        // "The data consists of 71.7B tokens", behind a sentence that speaks of training.
        .map(|why| if why == DATA_SET_SIZE && (said || card.trained_before) && of_data(s, i, &q) { TRAINED_ON_DATA } else { why });
    // "500K updates, 2M tokens per batch"
    let of_step = any(span(s.ts, i + 1, i + 2), &vocabulary::prose().rates.per) || text_at(s.ts, i + 1) == "/";
    let step = s.ts.get(i + 2).is_some_and(|t| {
        t.is_any(&vocabulary::prose().steps.words) || t.is_any(&vocabulary::prose().batches.things) || t.is("batch")
    });
    if of_step && step && q.value < LARGEST_BATCH_IN_TOKENS {
        card.add_quantity(&spot.refused(Some(BATCH_IN_TOKENS)), Field::BatchSize, q.value, s.written(q.from, i + 1), &q);
    }
    let left = span(s.ts, q.from.saturating_sub(16), q.from);
    let whose = gives_it_to_another(card, s, Measure::Count, q.from, i + 1).or_else(|| of_tokenizer(s, i));
    // "All models saw 143,000 steps of 1,024 sequences × 2,048 tokens, that is 299.9B tokens in total": each of them did.
    let whose = whose.filter(|why| *why != SEVERAL_MODELS || !is_product_of_numbers(s, i, &q));
    let spot = spot.after(u8::from(any(left, &words.extra))).refused(reason).refused(whose);
    let Passes { times, from, to } = passes.unwrap_or(Passes { times: 1.0, from: q.from, to: i + 1 });
    card.add_quantity(&spot, Field::TrainTokens, q.value * times, s.written(from, to), &q);
}

/// "学習トークン数は5000億です", "训练token数为2万亿": the number of the tokens that were trained on, behind its name.
fn read_count_behind(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let words = &vocabulary::prose().tokens;
    let counts = |at: &usize| s.ts.get(*at).is_some_and(|t| words.counts_cjk.iter().any(|w| t.text.contains(w)));
    let Some(name) = (i..i + 2).find(counts) else { return };
    let led = span(s.ts, i.saturating_sub(2), i + 1).iter().any(|t| words.trained_cjk.iter().any(|w| t.text.contains(w)));
    // "事前学習は16枚で12日間、総トークン数は2,100億"
    let total = s.trains() && s.ts.get(name).is_some_and(|t| t.text.starts_with(['総', '总', '總']));
    let led = led || total;
    let q = (name + 1..name + 4).find_map(|at| quantity(s.ts, at).filter(|q| !q.is_word && q.scaled && q.value >= MIN_TOKENS));
    if let Some(q) = q.filter(|_| led) {
        let whose = gives_it_to_another(card, s, Measure::Count, q.from, q.to);
        card.add_quantity(&spot.refused(whose), Field::TrainTokens, q.value, s.written(i, q.to), &q);
    }
}

/// Reason of tokens that are a size of something.
const NOT_SEEN: &str = "not tokens seen";
/// Reason of data of which a part was trained on.
const OF_WHICH: &str = "data of which a part was trained on";

/// "800B tokens, of which this model was trained on only the first 60B": the part.
fn part_trained_on(s: &Sentence<'_, '_>, i: usize) -> Option<Quantity> {
    let which = (i + 1..i + 4).find(|at| text_at(s.ts, *at) == "of" && text_at(s.ts, at + 1) == "which")?;
    let verb = (which..s.ts.len()).find(|at| is_train_verb(s.ts, *at, s.ts.len()))?;
    let ends = |q: &Quantity| s.ts.get(q.to).is_none_or(|t| t.kind == Kind::Sign || t.is_any(&vocabulary::prose().tokens.words));
    (verb + 1..s.ts.len()).find_map(|at| quantity(s.ts, at).filter(|q| q.scaled && q.value >= MIN_TOKENS && ends(q)))
}

/// Whether the number is said of data, and of one amount of it.
fn of_data(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> bool {
    let nouns = &vocabulary::prose().tokens.data_nouns;
    any(span(s.ts, q.from.saturating_sub(10), q.from), nouns) || any(span(s.ts, i + 1, i + 4), nouns)
}

/// "The tokenizer was trained on 10B tokens of text".
fn of_tokenizer(s: &Sentence<'_, '_>, i: usize) -> Option<&'static str> {
    let verb = s.trains.iter().copied().filter(|at| *at < i).max()?;
    let subject = span(s.ts, verb.saturating_sub(4), verb);
    any(subject, &["tokenizer", "tokeniser"]).then_some("the tokenizer's")
}

/// Passes over tokens, and where they are written together.
struct Passes {
    times: f64,
    from: usize,
    to: usize,
}

/// Passes over the data whose tokens are counted: `300B tokens x 4 epochs`, `4 epochs over 300B tokens`. None where the number counts all
/// passes already, or is a part of something else.
fn passes(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> Option<Passes> {
    let words = &vocabulary::prose().epochs;
    let left = span(s.ts, q.from.saturating_sub(8), q.from);
    if any(left, &words.whole) || any(span(s.ts, i, i + 8), &words.whole) || any(last(left, 2), &words.not_over) {
        return None;
    }
    // "300B tokens of web text for 4 epochs": a few words of data may stand between.
    let behind = (i + 1..i + 6)
        .take_while(|at| s.ts.get(*at).is_some_and(|t| t.kind == Kind::Word || t.is_any(&words.joins)))
        .find_map(|at| passes_behind(s.ts, at));
    if let Some((times, to)) = behind {
        let crossed = s.ts.get(i + 1).is_some_and(|t| t.is_any(&["x", "×", "*"]));
        let over_data = any(last(left, 4), &words.over) || crossed;
        return over_data.then_some(Passes { times, from: q.from, to });
    }
    if is_passed_once(s, i) {
        return Some(Passes { times: 1.0, from: q.from, to: i + 1 });
    }
    // "1T tokens, seen once", "vus une seule fois"
    if let Some(passes) = seen_so_often(s, i, q) {
        return Some(passes);
    }
    let epochs = (q.from.saturating_sub(8)..q.from).rev().find(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&words.words)))?;
    let between = span(s.ts, epochs + 1, q.from);
    let over = between.first().is_some_and(|t| t.is_any(&words.over)) && between.iter().all(|t| t.kind == Kind::Word || t.is("~"));
    let n = (epochs.saturating_sub(3)..epochs).find_map(|at| quantity(s.ts, at).filter(|n| n.to == epochs && !n.is_range))?;
    (over && n.value >= 1.0 && !n.scaled).then_some(Passes { times: n.value, from: n.from, to: i + 1 })
}

/// "2.4B tokens of filings and news, one pass", "a single epoch".
fn is_passed_once(s: &Sentence<'_, '_>, i: usize) -> bool {
    let words = &vocabulary::prose();
    let one = |at: usize| s.ts.get(at).is_some_and(|t| t.is_any(&words.rates.one_pass) || t.is("1") || t.is("single"));
    let pass = |at: usize| s.ts.get(at).is_some_and(|t| t.is_any(&words.epochs.words) || t.is_any(&words.rates.passes));
    let led = |at: usize| s.ts.get(at).is_some_and(|t| t.is_any(&[",", "(", ";", "for", "in", "a", "single"]));
    (i + 1..i + OFTEN).any(|at| {
        at > i + 1 && led(at - 1) && one(at) && (pass(at + 1) || (s.ts.get(at + 1).is_some_and(|t| t.is("single")) && pass(at + 2)))
    })
}

/// Tokens behind data within which it is said how often they were seen.
const OFTEN: usize = 14;

/// "1T tokens, seen once", "(1 000 000 000 000), vus une seule fois", "dreimal durchlaufen": passes over data, told in words.
fn seen_so_often(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> Option<Passes> {
    let words = vocabulary::prose();
    let seen = (i + 1..i + OFTEN)
        .find(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&words.epochs.passed) || t.is_any(&words.tokens.seen_behind)))?;
    let near = seen.saturating_sub(2)..seen + 4;
    let often = near.into_iter().find_map(|at| {
        let word = text_at(s.ts, at);
        let times = s.ts.get(at + 1).is_some_and(|t| t.is_any(&words.epochs.times))
            || s.ts.get(at + 2).is_some_and(|t| t.is_any(&words.epochs.times));
        let one = words.epochs.once.contains(&word).then_some(1.0);
        let counted = || quantity(s.ts, at).filter(|n| times && n.value >= 1.0 && !n.scaled && !n.is_range).map(|n| n.value);
        one.or_else(|| vocabulary::units().repeats.get(word).map(|n| f64::from(*n))).or_else(counted)
    })?;
    Some(Passes { times: often, from: q.from, to: i + 1 })
}

/// Whether a sentence says in so many words that the tokens were seen in training.
fn is_said_seen(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> bool {
    let words = &vocabulary::prose().tokens;
    let left = span(s.ts, q.from.saturating_sub(16), q.from);
    let right = span(s.ts, i + 1, i + 8);
    let middle = span(s.ts, q.to, i);
    let (said, under_data) = (s.trains() || s.under_training, s.under_data || any(left, &words.data_nouns));
    let follows = |n: usize| right.get(n).map_or("", |t| t.text.as_ref());
    any(last(left, 4), &words.seen)
        // "over 9 days, processing 1.6T tokens"
        || (said && any(last(left, 3), &words.processing))
        // "3,1B gesehenen Tokens"
        || any(middle, &words.seen)
        || any(middle, &words.seen_behind)
        || (s.under_training && any(last(left, 2), &words.used))
        || last(left, 3).iter().any(|t| t.text.contains("学习"))
        || (follows(0) == "during" && follows(1) == "training")
        || words.seen_behind.contains(&follows(0))
        || is_seen_late(s, i)
        // "9.04B tokens (17,250 steps)"
        || (follows(0) == "(" && right.iter().take_while(|t| !t.is(")")).any(|t| t.is_any(&vocabulary::prose().steps.words)))
        // "250k steps, which amounts to 1T tokens"
        || (any(last(left, 3), &words.amounts) && tells_passes(s))
        || is_used_by_the_run(left)
        || is_product_of_numbers(s, i, q)
        // "300B training tokens", "after 300B tokens training was stopped"
        || (said && !under_data && (any(middle, &["training"]) || (any(last(left, 1), &["after"]) && s.has(&vocabulary::prose().times.closed))))
        // "1.5T tokens in total", "per un totale di 660 miliardi di token"
        || (said && !under_data && (any(span(right, 0, 2), &words.totals) || any(last(left, 3), &words.totals)))
        || is_product(s, left, right)
}

/// "Each update processed 1M tokens."
fn is_taken_by_a_step(s: &Sentence<'_, '_>, q: &Quantity) -> bool {
    let words = vocabulary::prose();
    let each = s.ts.iter().take(2).any(|t| t.is_any(&words.subjects.each));
    let unit =
        |t: &Token<'_>| t.is_any(&words.steps.words) || t.is_any(&words.batches.things) || t.is_any(&["batch", "update", "step"]);
    each && s.ts.iter().take(3).any(unit) && q.value < LARGEST_BATCH_IN_TOKENS
}

/// What a sentence on a checkpoint says of its tokens: that they are this model's, or why they are not; none where it speaks of none.
#[allow(clippy::option_option)] // Nothing said; said to be this model's; said to be another's.
fn of_a_checkpoint(s: &Sentence<'_, '_>, left: &[Token<'_>], own: CardRole) -> Option<Option<&'static str>> {
    let words = &vocabulary::prose().tokens;
    let is_this = is_this_checkpoint(s.ts);
    // In the card of a fine-tune such a sentence is quoted from its base's.
    if is_this && own == CardRole::FineTune {
        return Some(Some("base model's figure"));
    }
    if is_this && any(last(left, 5), &["with", "after"]) {
        return Some(None);
    }
    let other = !is_this && s.has(&words.other_checkpoints) && s.has(&["checkpoint", "checkpoints"]);
    other.then_some(Some("another checkpoint"))
}

/// Why a number of tokens is not the number seen in training.
fn not_tokens_seen(s: &Sentence<'_, '_>, i: usize, q: &Quantity, own: CardRole) -> Option<&'static str> {
    let words = &vocabulary::prose().tokens;
    let left = span(s.ts, q.from.saturating_sub(16), q.from);
    let right = span(s.ts, i + 1, i + 8);
    let middle = span(s.ts, q.to, i);
    let seen = is_said_seen(s, i, q);
    if any(middle, &words.not_seen_between) || (text_at(s.ts, i) == "token" && middle.is_empty() && !q.scaled) {
        return Some(NOT_SEEN);
    }
    if let Some(why) = rate_behind(s.ts, i + 1) {
        // "300B tokens per epoch"
        let of_epoch =
            any(span(right, 0, 2), &vocabulary::prose().rates.per) && any(span(right, 1, 3), &vocabulary::prose().epochs.words);
        return Some(if of_epoch { OF_ONE_EPOCH } else { why });
    }
    let scale = text_at(s.ts, q.to - 1);
    if is_taken_by_a_step(s, q) {
        return Some(BATCH_IN_TOKENS);
    }
    if q.scaled && scale.starts_with("billion") && words.long_scale.contains(&text_at(s.ts, q.to)) {
        return Some("of the long or the short scale");
    }
    let of_data = any(last(left, 6), &words.data_nouns);
    // The "first" of a stage limits nothing.
    let of_stage = |t: &Token<'_>| s.is_stage && t.is_any(&vocabulary::prose().sentences.stage_numbers);
    let is_length = |t: &Token<'_>| t.is_any(&words.lengths) && !(of_data && t.is("size")) && !of_stage(t);
    // "batch 512, 320B tokens", "1T tokens with a batch size of 1760": the length has its own number.
    // So has "a context of 4,096 tokens and a batch of 1,024 sequences on 500B tokens".
    let near = last(left, 6);
    let ends =
        near.iter().rposition(|t| t.is(",")).filter(|at| *at > 0 && near.get(at - 1).is_some_and(|t| t.kind == Kind::Number));
    let number = near.iter().rposition(|t| t.kind == Kind::Number && !t.glued);
    let is_longer = |t: &Token<'_>| is_length(t) && !t.is("size");
    let named = number.filter(|at| near.iter().take(*at).any(is_longer)).map(|at| {
        // The thing that is counted belongs to its number.
        at + usize::from(near.get(at + 1).is_some_and(is_length))
    });
    let near = span(near, ends.max(named).map_or(0, |at| at + 1), near.len());
    let length = near.iter().any(is_length) && !seen && !any(last(left, 2), &words.totals);
    let begins = right.iter().position(|t| t.is_any(&["with", "(", ",", "using", "at"])).unwrap_or(right.len());
    let in_bracket = any(last(left, 3), &["("]) && any(last(left, 9), &["batch", "batches"]) && q.value < LARGEST_BATCH_IN_TOKENS;
    if length || in_bracket || any(span(right, 0, begins.min(3)), &words.lengths_behind) {
        return Some(OF_CONTEXT);
    }
    if is_limit(left) {
        return Some("a limit");
    }
    if s.is_stage {
        return Some("one stage of several");
    }
    if let Some(said) = of_a_checkpoint(s, left, own) {
        return said;
    }
    if seen { None } else { not_trained_on(s, i, q) }
}

/// "Das Modell hat 3,2 Milliarden Token in 20.000 Schritten gesehen": the participle ends the sentence or its clause.
fn is_seen_late(s: &Sentence<'_, '_>, i: usize) -> bool {
    let words = &vocabulary::prose().tokens;
    let ends = |at: usize| s.ts.get(at + 1).is_none_or(|t| t.kind == Kind::Sign || t.is_any(&vocabulary::prose().subjects.and));
    let clause = (i + 1..i + LATE_VERB_REACH).take_while(|at| s.ts.get(*at).is_some_and(|t| !t.is_any(&[",", ";", "."])));
    clause.into_iter().any(|at| s.ts.get(at).is_some_and(|t| t.is_any(&words.seen_late)) && ends(at))
}

/// Whether a sentence tells of steps or of passes.
fn tells_passes(s: &Sentence<'_, '_>) -> bool {
    s.has(&vocabulary::prose().steps.words) || s.has(&vocabulary::prose().epochs.words)
}

/// "The final run used 31.5B tokens".
fn is_used_by_the_run(left: &[Token<'_>]) -> bool {
    let used = last(left, 2).iter().rposition(|t| t.is_any(&vocabulary::prose().tokens.used));
    used.is_some() && (any(last(left, 5), &vocabulary::prose().sentences.run_nouns) || any(last(left, 3), &["training"]))
}

/// Numbers of a sentence that are multiplied, at most.
const MOST_NUMBERS: usize = 8;
/// A rounded product differs from the exact one by less.
const ROUNDED: f64 = 0.03;

/// "20,000 steps with 64 sequences of 1,024 tokens each (1.3B tokens)": the product of three numbers of a sentence on a recipe.
fn is_product_of_numbers(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> bool {
    if !s.is_recipe {
        return false;
    }
    let mut values: Vec<f64> = Vec::new();
    let mut at = 0;
    while at < i {
        let found = quantity(s.ts, at).filter(|n| !n.is_word && n.from != q.from);
        values.extend(found.map(|n| n.value).filter(|v| *v > 1.0));
        at = found.map_or(at + 1, |n| n.to.max(at + 1));
    }
    let few = values.len() <= MOST_NUMBERS;
    let fits = |product: f64| (product - q.value).abs() <= ROUNDED * q.value;
    few && values.iter().enumerate().any(|(a, x)| {
        let rest = values.get(a + 1..).unwrap_or_default();
        rest.iter().enumerate().any(|(b, y)| rest.get(b + 1..).unwrap_or_default().iter().any(|z| fits(x * y * z)))
    })
}

/// "less than 100B tokens", "up to 2T tokens".
fn is_limit(left: &[Token<'_>]) -> bool {
    let nearest = left.last().map_or("", |t| t.text.as_ref());
    let less = nearest == "than" && !any(last(left, 2), &["more"]);
    less || (nearest == "to" && any(left, &["up"]))
}

/// "500K steps with a batch size of 256 (in total 66B tokens)": the product of both.
fn is_product(s: &Sentence<'_, '_>, left: &[Token<'_>], right: &[Token<'_>]) -> bool {
    let opened = last(left, 5).iter().rposition(|t| t.is_any(&["(", ")"])).and_then(|at| last(left, 5).get(at));
    let in_brackets = opened.is_some_and(|t| t.is("("));
    let total = |ts: &[Token<'_>]| any(ts, &["total", "insgesamt"]);
    in_brackets && (total(last(left, 4)) || total(span(right, 0, 2))) && s.has(&vocabulary::prose().tokens.products)
}

/// Why a number of tokens that nothing else is said of is not the number of a training: its verb, and what stands between.
fn not_trained_on(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> Option<&'static str> {
    let words = &vocabulary::prose().tokens;
    let left = span(s.ts, q.from.saturating_sub(16), q.from);
    let right = span(s.ts, i + 1, i + 8);
    let verb = (q.from.saturating_sub(VERB_REACH)..q.from).rev().find(|at| is_train_verb(s.ts, *at, q.from));
    // "The tokenizer was trained on", "training a tokenizer on"
    let object = |verb: usize| any(span(s.ts, verb + 1, verb + 3), &words.other_trained);
    let of_tokenizer = |verb: usize| any(span(s.ts, verb.saturating_sub(6), verb), &words.other_trained) || object(verb);
    let between = match verb {
        Some(verb) if of_tokenizer(verb) => return Some("not tokens seen by the model"),
        Some(verb) => span(s.ts, verb + 1, q.from),
        None if is_used_behind(s, i) => last(left, 8),
        // "From scratch on 60B tokens."
        None if any(last(left, 2), &["scratch"]) => last(left, 1),
        // "Training: 16 nodes, batch 512, 320B tokens", "Feinabstimmung auf 45 Mio. Tokens": a note that begins with training.
        None if is_note(s) => last(left, 2),
        None => return Some(DATA_SET_SIZE),
    };
    let bracketed =
        any(span(between, 1, between.len()), &["("]) && !any(left, &words.not_bracketed) && !is_bracket_of_samples(between);
    // "on H100 80GB": the gigabytes of a chip, not of a data set.
    let on_chips = s.has(&words.chips);
    // "with a batch size of 512"
    let of_batch = |at: usize| at.checked_sub(1).and_then(|b| between.get(b)).is_some_and(is_batch);
    let is_corpus =
        |(at, t): (usize, &Token<'_>)| t.is_any(&words.corpus) && !(on_chips && t.is("gb")) && !(t.is("size") && of_batch(at));
    let corpus = between.iter().enumerate().any(is_corpus) && !any(last(left, 2), &["for"]);
    // "by retrieving from 1.2 trillion tokens"
    if any(last(left, 1), &words.sources) {
        return Some(DATA_SET_SIZE);
    }
    if bracketed || corpus || any(span(right, 0, 2), &words.data_behind) {
        return Some(TRAINED_ON_DATA);
    }
    (s.under_evaluation && !s.trains()).then_some("evaluation")
}

/// Whether a sentence is a note without the small words of English, which begins with training and does not speak of data.
fn is_note(s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose();
    let stems = &words.times.data_stems;
    let of_data = s.words().any(|w| words.tokens.data_nouns.contains(&w) || stems.iter().any(|stem| w.starts_with(stem)));
    s.trains.first().is_some_and(|i| *i < 2) && !s.has(&words.times.english) && !of_data
}

/// Whether a verb of training follows, where a language puts it, or "were used for training".
fn is_used_behind(s: &Sentence<'_, '_>, i: usize) -> bool {
    let late = (i..i + LATE_VERB_REACH).any(|at| is_late_train_verb(s.ts, at));
    let used = any(span(s.ts, i + 1, i + 5), &vocabulary::prose().tokens.used) && s.trains.iter().any(|at| *at > i);
    late || used
}

/// "on 4.7M (~100M tokens) tweets": how many tokens the samples have that the verb names.
fn is_bracket_of_samples(between: &[Token<'_>]) -> bool {
    let Some(open) = between.iter().position(|t| t.is("(")) else { return false };
    (0..open).any(|at| quantity(between, at).is_some_and(|q| !q.is_word && q.to + 2 >= open && q.from <= 2))
}
