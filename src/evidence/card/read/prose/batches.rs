//! Batches in prose: of all devices, where the sentence tells it; of one device times accumulation times devices, where it tells these.

use super::NOT_SAID;
use super::counts::{of_another, told_before};
use super::nearby::any;
use super::sentence::Sentence;
use super::steps::device_of_each;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Candidate, Card, Spot, candidate};
use crate::evidence::card::read::data_sizes::BATCH_IN_TOKENS;
use crate::evidence::card::read::rates::is_sign;
use crate::evidence::card::read::recipe::{LARGEST_BATCH, RECIPE};
use crate::evidence::card::read::totals::SEVERAL_MODELS;
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, span, text_at};
use crate::evidence::vocabulary::{self, Words};

/// Tokens around a word within which numbers belong to it.
const REACH: usize = 4;
/// Tokens between a batch and its accumulation, at most, where nothing stands between them.
const RIGHT_BEHIND: usize = 1;
/// Tokens behind a batch within which its parts and their product are told.
const PRODUCT: usize = 24;

/// Whether a token is one of some words or begins with one; those of other scripts may stand within it.
pub fn says(t: Option<&Token<'_>>, words: Words) -> bool {
    let Some(t) = t.filter(|t| t.kind == Kind::Word) else { return false };
    t.is_any(&words) || (!is_latin_word(&t.text) && words.is_within(&t.text))
}

/// Whether a token is a word for a batch.
#[must_use]
pub fn is_batch(t: &Token<'_>) -> bool {
    let words = &vocabulary::prose().batches;
    says(Some(t), words.things) || says(Some(t), words.words)
}

/// A batch as the sentence states it.
struct Stated {
    /// Its number.
    q: Quantity,
    /// Whether it is of one device or before accumulation.
    is_part: bool,
    /// Whether it is said to be of all devices.
    is_whole: bool,
}

/// Reads the batch whose word stands at `i`.
pub fn read_batch(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let Some(stated) = stated(s, i, card.trained_before).filter(|_| !is_of_experience(s)) else { return };
    let words = &vocabulary::prose().batches;
    let q = stated.q;
    // "65,536 tokens per batch (128 GPUs × 512 tokens)" counts devices.
    if s.ts.get(q.to).is_some_and(|t| t.is_any(&vocabulary::card().device_hours.named)) && any(span(s.ts, i + 1, q.from), &["("]) {
        return;
    }
    let left = span(s.ts, i.saturating_sub(4), i);
    let of_tokens =
        span(s.ts, q.to, q.to + 2).iter().any(|t| t.is_any(&vocabulary::prose().tokens.words)) || q.value > LARGEST_BATCH;
    // "8,192 (16 sequences per device with 16 accumulation steps)": the brackets explain the whole.
    let explained = !stated.is_part && s.ts.get(q.to).is_some_and(|t| t.is_any(&["(", "（"]));
    let accumulation = (q.to..(q.to + PRODUCT).min(s.ts.len())).find(|at| !explained && says(s.ts.get(*at), words.accumulation));
    let repeats = accumulation.and_then(|at| repeats(s, &q, at));
    let accumulation = accumulation.filter(|at| !denies_accumulation(s, *at));
    let accumulation = accumulation.filter(|_| stated.is_part || repeats.is_none_or(|n| n.value > 1.0));
    let parts = Parts { accumulation, repeats, explained };
    let (whole, product) = whole_or_product(card, spot, s, &stated, &parts);
    let whole = whole.or_else(|| if of_tokens { in_brackets(s, q.to).or_else(|| in_sequences(s, q.to)) } else { None });
    let is_open = whole.is_none() && product.is_none();
    // "Batch 为 1、累积为 4"
    let right_behind = accumulation.is_some_and(|at| at <= q.to + RIGHT_BEHIND);
    if is_open && right_behind && !stated.is_whole && repeats.is_some_and(|n| n.value > 1.0) {
        card.recipe.accumulated.push(q.value);
    }
    if let Some(n) =
        repeats.filter(|n| is_open && accumulation.is_some() && !stated.is_whole && n.value > 1.0 && spot.reason.is_none())
    {
        let row = candidate(spot, Field::BatchSize, Some(q.value), s.written(q.from, q.to), None);
        card.recipe.open_batches.push((q.value, n.value, row));
    }
    let reason = if is_of_evaluation_alone(s, i) || is_open && (stated.is_part || accumulation.is_some() && !stated.is_whole) {
        Some("evaluation or per-device batch")
    } else if (s.under_evaluation || s.has(&vocabulary::prose().hardware.serving)) && !s.trains() {
        Some("evaluation or inference")
    } else if of_tokens && whole.is_none() {
        Some(BATCH_IN_TOKENS)
    } else {
        let said = s.trains() || s.under_training || s.is_recipe || card.trained_before || is_told(s) || is_past(s);
        (!said).then_some(NOT_SAID)
    };
    let said = any(left, &words.whole) || stated.is_whole;
    // "With the teacher X for 70k steps with batch size 75" tells of the student.
    let is_student = s.trains() && s.has(&vocabulary::prose().subjects.others);
    let another = of_another(card, s, q.from, q.to).filter(|why| *why != "planned" && !is_student);
    let spot = spot.after(u8::from(!said) + told_before(s)).refused(reason).refused(another);
    match (whole, product) {
        (Some(whole), _) => card.add_quantity(&spot, Field::BatchSize, whole.value, s.written(whole.from, whole.to), &whole),
        (None, Some((value, how))) => {
            let mut row = candidate(&spot, Field::BatchSize, Some(value), s.written(q.from, q.to), q.refusal());
            row.extractor = Some(RECIPE);
            row.locator = format!("{}: {how}", row.locator);
            card.candidates.push(row);
        }
        (None, None) => card.add_quantity(&spot, Field::BatchSize, counted(s.ts, &q), s.written(q.from, q.to), &q),
    }
}

/// What stands beside the number of a batch.
struct Parts {
    /// The word for accumulation, unless it is denied.
    accumulation: Option<usize>,
    /// Steps of it.
    repeats: Option<Quantity>,
    /// Whether brackets behind the number explain it.
    explained: bool,
}

/// The batch of all devices behind that of one, or the product of its parts with how it was reckoned.
fn whole_or_product(
    card: &Card<'_>,
    spot: &Spot<'_>,
    s: &Sentence<'_, '_>,
    stated: &Stated,
    parts: &Parts,
) -> (Option<Quantity>, Option<(f64, String)>) {
    let words = &vocabulary::prose().batches;
    let q = stated.q;
    match parts.accumulation {
        Some(_) if stated.is_whole => (None, None),
        Some(at) => {
            let behind = parts.repeats.map_or(at, |n| n.to.max(at + 1));
            let whole = result_behind(s, &q, behind).or_else(|| in_brackets(s, behind));
            (whole, parts.repeats.and_then(|n| product(card, spot, &q, n.value)))
        }
        // "Pro GPU ein Batch von 8, vier GPUs", with or without "keine Gradientenakkumulation"
        None if stated.is_part => {
            let whole = result_behind(s, &q, q.to).or_else(|| total_behind(s, &q));
            let all = (0..s.ts.len()).filter(|at| says(s.ts.get(*at), words.accumulation));
            let accumulates = all.into_iter().any(|at| !denies_accumulation(s, at));
            (whole, if accumulates { None } else { product(card, spot, &q, 1.0) })
        }
        // "4 (effective=32 with gradient accumulation=8)"
        None if parts.explained => (told_in_brackets(s, &q), None),
        None => (None, None),
    }
}

/// A batch of the experience of one who learns by trying is none of data.
fn is_of_experience(s: &Sentence<'_, '_>) -> bool {
    vocabulary::recipe().bases.reinforcement.is_within(s.text)
}

/// "eval batch size of 24", where "train and eval batch size of 24" is of both; the word for the batch stands at `i`.
fn is_of_evaluation_alone(s: &Sentence<'_, '_>, i: usize) -> bool {
    let words = &vocabulary::prose().batches.other_batches;
    let is_eval = |at: usize| s.ts.get(at).is_some_and(|t| t.is_any(words));
    any(span(s.ts, i.saturating_sub(4), i), words) && !(i.saturating_sub(4)..i).any(|at| is_joined(s.ts, at, is_eval))
}

/// Tokens between "each" and the batch of each, at most.
const EACH_CHIP: usize = 3;

/// "No gradient accumulation", "无梯度累积", "gradients were not accumulated".
fn denies_accumulation(s: &Sentence<'_, '_>, at: usize) -> bool {
    let denied = &vocabulary::prose().batches.denied;
    let in_word = s.ts.get(at).is_some_and(|t| denied.iter().any(|w| !w.is_ascii() && t.text.starts_with(w)));
    in_word || any(span(s.ts, at.saturating_sub(REACH), at), denied)
}

/// Steps of accumulation of a sentence, one where it tells of none; none where it does not say how many.
pub fn accumulated(s: &Sentence<'_, '_>, q: &Quantity) -> Option<f64> {
    let words = &vocabulary::prose().batches;
    let Some(at) = (0..s.ts.len()).find(|at| says(s.ts.get(*at), words.accumulation)) else { return Some(1.0) };
    if denies_accumulation(s, at) { Some(1.0) } else { repeats(s, q, at).map(|n| n.value) }
}

/// The batch of all devices behind that of one: "96 images per GPU over three GPUs, i.e. 288 in total", "(32 en total)".
fn total_behind(s: &Sentence<'_, '_>, part: &Quantity) -> Option<Quantity> {
    let words = &vocabulary::prose().batches;
    let is_total = |at: usize| s.ts.get(at).is_some_and(|t| t.is_any(&words.whole) || t.is_any(&vocabulary::prose().tokens.totals));
    (part.to..(part.to + PRODUCT).min(s.ts.len())).find_map(|at| {
        let q = quantity(s.ts, at).filter(|q| !q.is_word && q.value >= part.value && (q.value / part.value).fract() < 1e-9)?;
        let noun = q.to + usize::from(says(s.ts.get(q.to), words.examples));
        let total = noun + usize::from(s.ts.get(noun).is_some_and(|t| t.is_any(&["in", "en", "em", "im", "au"])));
        // "64 per GPU (global 512)"
        let sign = usize::from(q.from.checked_sub(1).is_some_and(|at| s.ts.get(at).is_some_and(|t| t.is_any(&["=", ":"]))));
        let led = q.from > part.to + sign && q.from.checked_sub(1 + sign).is_some_and(is_total);
        (led || is_total(q.to) || is_total(q.to + 1) || is_total(noun) || is_total(total)).then_some(q)
    })
}

/// "2 (effective 16 via accumulation 8)": the batch of all devices in the brackets behind that of one.
fn told_in_brackets(s: &Sentence<'_, '_>, part: &Quantity) -> Option<Quantity> {
    let close = (part.to..s.ts.len()).find(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&[")", "）"])))?;
    let is_batch = |q: &Quantity| q.value > part.value && q.value <= LARGEST_BATCH;
    let of_tokens = |q: &Quantity| s.ts.get(q.to).is_some_and(|t| t.is_any(&vocabulary::prose().tokens.words));
    total_behind(s, part).filter(|q| q.to <= close && is_batch(q) && !of_tokens(q))
}

/// A number of whole things: the point of "4.096" groups, there is no thousandth of an example.
#[must_use]
pub fn counted(ts: &[Token<'_>], q: &Quantity) -> f64 {
    let text = text_at(ts, q.from);
    let mut groups = text.split('.');
    let first = groups.next().unwrap_or_default();
    let grouped = !q.scaled && text.contains('.') && (1..=3).contains(&first.len()) && !first.starts_with('0');
    let is_grouped = grouped && q.to == q.from + 1 && groups.all(|g| g.len() == 3 && g.bytes().all(|b| b.is_ascii_digit()));
    if is_grouped { text.replace('.', "").parse().unwrap_or(q.value) } else { q.value }
}

/// "The batch size was set to 7,680": what it was, told to nobody; what a reader sets for a use is told otherwise.
fn is_past(s: &Sentence<'_, '_>) -> bool {
    let words = vocabulary::prose();
    s.has(&words.batches.was) && !s.has(&words.epochs.not_by_default) && !s.has(&words.hardware.serving) && !s.under_evaluation
}

/// Whether the sentence tells of other parts of a recipe: accumulation, a learning rate, sequences.
fn is_told(s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().batches;
    let samples = s.ts.iter().any(|t| t.is_any(&vocabulary::prose().steps.sampling));
    !samples && s.ts.iter().any(|t| says(Some(t), words.accumulation) || says(Some(t), words.beside))
}

/// The number of the batch whose word stands at `i`; `trained_before` says that the text told of a training.
fn stated(s: &Sentence<'_, '_>, i: usize, trained_before: bool) -> Option<Stated> {
    let words = &vocabulary::prose().batches;
    let at_word = |at: usize| s.ts.get(at);
    let mut at = i + 1 + usize::from(text_at(s.ts, i + 1) == "-");
    // "taille de lot de 32", "batch size of 32", "batchgröße 32".
    let in_one_word = !at_word(i).is_some_and(|t| t.is_any(&words.things));
    let is_sized = in_one_word || any(span(s.ts, i.saturating_sub(2), i), &words.sizes);
    let says_size = at_word(at).is_some_and(|t| t.is_any(&words.size_behind));
    at = if says_size { at + 1 } else { i + 1 };
    // "lote global de 32"
    let mut is_whole = any(span(s.ts, i.saturating_sub(3), i), &words.whole);
    if at_word(at).is_some_and(|t| t.is_any(&words.whole)) {
        (at, is_whole) = (at + 1, true);
    }
    // "batch per device 16", "Batch pro Karte 4"
    let per = at_word(at).is_some_and(is_sign) && at_word(at + 1).is_some_and(|t| is_device(t));
    if per {
        at += 2;
    }
    at = behind_sides(s, behind_sharers(s, at));
    let joins = at;
    while at_word(at).is_some_and(|t| t.is_any(&words.joins)) {
        at += 1;
    }
    // "mini-batches of size 96"
    let sized = at > joins && at_word(at).is_some_and(|t| t.is_any(&words.size_behind));
    at += usize::from(sized);
    let counts_nouns = (joins..at).any(|at| at_word(at).is_some_and(|t| t.is_any(&["of", "de", "von", "di", "da"])));
    // "employing 512 batch size", "with 64 batchsize"
    let is_size = says_size || in_one_word;
    let before = || i.checked_sub(1).and_then(|b| quantity(s.ts, b)).filter(|q| is_size && !q.is_word && q.to == i);
    // "batch of eight"
    let is_some = |q: &Quantity| q.value > 1.0 || text_at(s.ts, q.from) == "one";
    let is_alone = |q: &Quantity| is_some(q) && q.to == q.from + 1 && at_word(q.to).is_none_or(|t| t.kind == Kind::Sign);
    let behind = quantity(s.ts, at).filter(|q| !q.is_word || is_alone(q));
    let is_each = behind.is_none();
    let q = behind.or_else(before).or_else(|| per_batch(s, i))?;
    let counted = !counts_nouns || counts_examples(s, &q);
    let fits = is_sized
        || says_size
        || sized
        || is_each
        || (counted && (trained_before || s.under_training || s.is_recipe || s.trains() || is_told(s)));
    let is_part = per || is_of_one_device(s, i, &q);
    fits.then_some(Stated { q, is_part, is_whole: is_whole && !is_part })
}

/// "64 examples per batch", "32 sentences to a batch": the number before the word for the batch at `i`.
fn per_batch(s: &Sentence<'_, '_>, i: usize) -> Option<Quantity> {
    let words = &vocabulary::prose().batches;
    let is = |at: usize, list: &Words| s.ts.get(at).is_some_and(|t| t.is_any(list));
    let into = i.checked_sub(3).filter(|at| is(at + 1, &words.into) && is(at + 2, &words.each));
    let noun = i.checked_sub(2).filter(|at| s.ts.get(at + 1).is_some_and(is_sign)).or(into);
    let noun = noun.filter(|at| says(s.ts.get(*at), words.examples))?;
    noun.checked_sub(1).and_then(|b| quantity(s.ts, b)).filter(|q| !q.is_word && q.to == noun)
}

/// "A batch of 500 tickets takes 35 minutes" is no recipe: what is counted is examples, or nothing.
fn counts_examples(s: &Sentence<'_, '_>, q: &Quantity) -> bool {
    let words = &vocabulary::prose().batches;
    // "un lot de 0,5 million de tokens"
    let next = s.ts.get(q.to + usize::from(q.scaled && matches!(text_at(s.ts, q.to), "de" | "d" | "di")));
    // "a batch of 4 video clips"
    let adjective = next.is_some_and(|t| t.kind == Kind::Word) && s.ts.get(q.to + 1).is_some_and(is_examples);
    let is_known = says(next, words.examples) || says(next, vocabulary::prose().tokens.words) || adjective;
    // "lote de 16 sobre 45.000 reseñas"
    let goes_on = next.is_some_and(|t| {
        t.is("from") || t.is_any(&vocabulary::prose().samples.joins) || t.is_any(&vocabulary::prose().subjects.and)
    });
    next.is_none_or(|t| t.kind != Kind::Word) || goes_on || is_known
}

/// Whether the batch whose word stands at `i` and its number are of one device: "batch size 4 per GPU", "单卡批大小 16", "per-card batch 512".
fn is_of_one_device(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> bool {
    // "batch size 4 per GPU", "16 на карту"
    let each = (q.to..q.to + 2).take_while(|at| s.ts.get(*at).is_some_and(|t| t.kind == Kind::Word || is_sign(t)));
    // "24 per-GPU"
    let device_at = |at: usize| s.ts.get(at + usize::from(text_at(s.ts, at) == "-")).is_some_and(is_device);
    let each = each.into_iter().any(|at| s.ts.get(at).is_some_and(is_sign) && device_at(at + 1));
    let leads = |at: usize| span(s.ts, q.to, at).iter().all(|t| t.kind == Kind::Word);
    let each = each || (q.to..q.to + REACH).any(|at| leads(at) && device_of_each(s, at).is_some());
    // "单卡批大小 16"
    let each = each || s.ts.get(i).is_some_and(|t| !is_latin_word(&t.text) && is_device(t));
    // "4 images per GPU (total batch size of 32)": what stands before the bracket is of something else.
    let near = span(s.ts, i.saturating_sub(REACH), i);
    let from = i - near.iter().rev().take_while(|t| !t.is_any(&["(", "（"])).count();
    // "per-card batch 512"
    let per_device = (from..i).any(|at| {
        let behind = at + 1 + usize::from(text_at(s.ts, at + 1) == "-");
        // "每卡batch 16"
        let in_one =
            s.ts.get(at).is_some_and(|t| !is_latin_word(&t.text) && is_device(t) && vocabulary::prose().rates.per.begins(&t.text));
        in_one || (s.ts.get(at).is_some_and(is_sign) && behind < i && s.ts.get(behind).is_some_and(is_device))
    });
    let label = span(s.ts, from, i);
    each || is_of_each_chip(s, i) || is_on_each(s, q) || is_for_one(s, q) || per_device || any(label, &["device", "gpu", "micro"])
}

/// "The batch size 64 in the code is only for one GPU".
fn is_for_one(s: &Sentence<'_, '_>, q: &Quantity) -> bool {
    let one = |at: usize| s.ts.get(at).is_some_and(|t| t.is_any(&vocabulary::prose().rates.one_pass));
    let ends = (q.to..s.ts.len()).find(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&[",", ";", ")"]))).unwrap_or(s.ts.len());
    (q.to..ends).any(|at| text_at(s.ts, at) == "for" && one(at + 1) && s.ts.get(at + 2).is_some_and(is_device))
}

/// "32 V100 with a batch size of 16 on each": of each of the chips before.
fn is_on_each(s: &Sentence<'_, '_>, q: &Quantity) -> bool {
    let each = s.ts.get(q.to + 1).is_some_and(|t| t.is_any(&vocabulary::prose().rates.each_behind));
    let ends = s.ts.get(q.to + 2).is_none_or(|t| t.kind == Kind::Sign || is_device(t));
    each && ends && s.ts.get(q.to).is_some_and(|t| t.is_any(&vocabulary::keys().pairs.on))
}

/// "4 RTX 3090 (each with batch size 1)": of each of the chips that were told before.
fn is_of_each_chip(s: &Sentence<'_, '_>, i: usize) -> bool {
    let words = vocabulary::prose();
    let each = (i.saturating_sub(EACH_CHIP)..i).rev().find(|at| s.ts.get(*at).is_some_and(|t| t.is_any(&words.subjects.each)));
    let is_chip = |t: &Token<'_>| is_device(t) || t.is_any(&words.triggers.hardware) || t.is_any(&words.triggers.bare_chips);
    let joined = |at: usize| span(s.ts, at + 1, i).iter().all(|t| t.is_any(&words.steps.with) || t.is_any(&["a", "an", "having"]));
    each.is_some_and(|at| at + 1 < i && joined(at) && span(s.ts, 0, at).iter().any(is_chip))
}

/// "Batch de entrenamiento y evaluación de 32", "batch (training) 32": the token behind the sides that it is of, of which one is the training.
fn behind_sides(s: &Sentence<'_, '_>, at: usize) -> usize {
    let words = &vocabulary::prose().batches;
    let is_eval = |at: usize| s.ts.get(at).is_some_and(|t| t.is_any(&words.other_batches));
    let is_both = |at: &usize| is_joined(s.ts, *at, is_eval);
    let first = || (at..at + 3).find(|at| !s.ts.get(*at).is_some_and(|t| t.is_any(&words.joins)));
    let begins = (at..at + 3).find(is_both).or_else(first).unwrap_or(at);
    let sides = if is_both(&begins) { 3 } else { usize::from(is_train(s.ts, begins)) };
    let behind = begins + sides;
    if sides == 0 { at } else { behind + usize::from(text_at(s.ts, behind) == ")") }
}

/// Whether two sides are joined that begin at a token, of which one is the training and the other none: "train/eval", "evaluation and training".
fn is_joined(ts: &[Token<'_>], at: usize, is_eval: impl Fn(usize) -> bool) -> bool {
    let joins = ts.get(at + 1).is_some_and(|t| t.is_any(&vocabulary::prose().subjects.and) || t.is_any(&["/", "&", "和", "与"]));
    let trains = |at: usize| is_train(ts, at) || text_at(ts, at) == "train";
    joins && ((trains(at) && is_eval(at + 2)) || (is_eval(at) && trains(at + 2)))
}

/// "Batch size for both versions was 192": the token behind those who share it, where the verb stands.
fn behind_sharers(s: &Sentence<'_, '_>, at: usize) -> usize {
    let words = &vocabulary::prose().batches;
    let led =
        s.ts.get(at).is_some_and(|t| t.is_any(&words.shared_leads)) && s.ts.get(at + 1).is_some_and(|t| t.is_any(&words.sharers));
    let verb =
        (at + 2..at + 2 + REACH).find(|to| s.ts.get(*to).is_some_and(|t| t.is_any(&words.joins) && !t.is_any(&words.shared_leads)));
    verb.filter(|to| led && span(s.ts, at, *to).iter().all(|t| t.kind == Kind::Word)).unwrap_or(at)
}

/// Whether a token counts examples of a batch.
#[must_use]
pub fn is_examples(t: &Token<'_>) -> bool {
    let words = vocabulary::prose();
    says(Some(t), words.batches.sequences) || t.is_any(&words.samples.nouns)
}

/// Whether a token is a device.
#[must_use]
pub fn is_device(t: &Token<'_>) -> bool {
    t.is_any(&vocabulary::card().device_hours.named) || says(Some(t), vocabulary::prose().batches.devices)
}

/// The product that a sentence states behind its parts: "= 128", "→ 32", "also 32".
fn result_behind(s: &Sentence<'_, '_>, part: &Quantity, from: usize) -> Option<Quantity> {
    let words = &vocabulary::prose().batches;
    // "learning rate = 1e-5" is no result: before its sign stands a part of the product.
    let is_result = |at: &usize| {
        let before = at.checked_sub(1).and_then(|before| s.ts.get(before));
        let of_accumulation = (1..4).filter_map(|back| at.checked_sub(back)).any(|at| says(s.ts.get(at), words.accumulation));
        let key = before.is_some_and(|t| t.kind == Kind::Word && !is_device(t) && !of_accumulation);
        says(s.ts.get(*at), words.results) || s.ts.get(*at).is_some_and(|t| t.is_any(&words.results) && !(t.is("=") && key))
    };
    let of_parts = |q: &Quantity| q.value >= part.value && q.value <= LARGEST_BATCH && (q.value / part.value).fract() < 1e-9;
    (from..(from + PRODUCT).min(s.ts.len())).filter(is_result).find_map(|at| {
        let q = (at + 1..at + 3).find_map(|at| quantity(s.ts, at).filter(|q| !q.is_word && of_parts(q)))?;
        let next = s.ts.get(q.to);
        // "実効 32 です", and not "共 8 张 A100"
        let eastern = |t: &Token<'_>| !is_latin_word(&t.text) && !vocabulary::hardware().counters.begins(&t.text);
        let ends = |t: &Token<'_>| t.kind != Kind::Word || t.is_any(&words.whole) || eastern(t);
        let fits = next.is_none_or(ends) || says(next, words.examples);
        fits.then_some(q)
    })
}

/// The number of sequences in the brackets behind: "4M tokens (2,048 sequences of 2,048 tokens)".
fn in_brackets(s: &Sentence<'_, '_>, from: usize) -> Option<Quantity> {
    let open = (from..from + REACH + 2).find(|at| s.ts.get(*at).is_some_and(|t| t.is("(")))?;
    let q = (open + 1..open + 3).find_map(|at| quantity(s.ts, at).filter(|q| !q.is_word && q.value <= LARGEST_BATCH))?;
    let is_whole = s.ts.get(q.to).is_some_and(|t| t.is_any(&vocabulary::prose().batches.whole));
    (is_whole || says(s.ts.get(q.to), vocabulary::prose().batches.sequences)).then_some(q)
}

/// "0.5M tokens, i.e. 256 sequences of 2,048 tokens": the number of sequences behind a batch in tokens.
fn in_sequences(s: &Sentence<'_, '_>, from: usize) -> Option<Quantity> {
    let noun = (from..(from + PRODUCT).min(s.ts.len())).find(|at| says(s.ts.get(*at), vocabulary::prose().batches.sequences))?;
    let q = noun.checked_sub(1).and_then(|at| quantity(s.ts, at)).filter(|q| q.to == noun && !q.is_word)?;
    (q.from >= from && q.value <= LARGEST_BATCH && !s.ts.get(noun + 1).is_some_and(is_sign)).then_some(q)
}

/// Steps of accumulation, whose word stands at `at`.
fn repeats(s: &Sentence<'_, '_>, q: &Quantity, at: usize) -> Option<Quantity> {
    // "gradient accumulation and 4 A100s"
    let of_devices = |n: &Quantity| {
        let chip = s.ts.get(n.to).is_some_and(|t| t.kind == Kind::Word && t.upper)
            && s.ts.get(n.to + 1).is_some_and(|t| t.kind == Kind::Number && t.glued);
        // The letter of "A100" is no article.
        let letter = n.is_word && s.ts.get(n.to).is_some_and(|t| t.kind == Kind::Number && t.glued);
        chip || letter || s.ts.get(n.to).is_some_and(is_device)
    };
    let is_number = |at: usize| quantity(s.ts, at).filter(|n| n.value.fract() == 0.0 && n.value >= 1.0 && !of_devices(n));
    let behind = (at + 1..at + 1 + REACH).find_map(is_number);
    let before = || (at.saturating_sub(2)..at).find_map(|b| is_number(b).filter(|n| n.to <= at && n.from > q.from));
    before().or(behind).filter(|n| n.from != q.from)
}

/// Batch x accumulation x devices, where the sentence states all of them.
pub fn product(card: &Card<'_>, spot: &Spot<'_>, q: &Quantity, repeats: f64) -> Option<(f64, String)> {
    // "We train all models with batch size 24 per-GPU across 8 GPUs": the devices of each of them.
    let counts = |c: &&Candidate| c.reason.as_deref().is_none_or(|why| why == SEVERAL_MODELS);
    let here = |c: &&Candidate| c.field == Field::AcceleratorCount && c.quote == spot.quote && counts(c);
    let mut counts = card.candidates.iter().filter(here).filter_map(|c| c.value);
    let devices = counts.next()?;
    let one = counts.all(|other| (other - devices).abs() < 0.5);
    let value = q.value * repeats * devices;
    one.then(|| (value, format!("{} x {repeats} steps of accumulation x {devices} devices", q.value)))
}
