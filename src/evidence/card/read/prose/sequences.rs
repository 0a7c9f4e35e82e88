//! Lengths of the sequences of a training in prose, as each language words them: "sequence length of 512", "séquences de 1 024 jetons",
//! "mit einer Kontextlänge von 4.096 Token", "上下文长度 4096".
//!
//! The context is what a model takes. It is the training's where a verb of training says so in the same breath.

use super::counts::told_before;
use super::nearby::any;
use super::sentence::Sentence;
use super::subjects::{Measure, gives_it_to_another};
use crate::domain::Field;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::BlockKind;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::rates::{RATE, is_sign};
use crate::evidence::card::read::recipe::{CONTEXT_OF_MODEL, LENGTHS, LONGEST_OF_WHOLE_TRAINING, length_in_tokens};
use crate::evidence::card::read::training::is_train;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, span, text_at};
use crate::evidence::vocabulary::{self, Words};
use crate::vocabulary::Union;
use std::sync::LazyLock;

/// Words between a length and its number, at most.
const REACH: usize = 5;
/// Tokens behind a length within which a word says that it was one of several.
const STAGE_REACH: usize = 4;
/// Tokens before a number within which the verb stands that cuts texts to it.
const VERB_REACH: usize = 6;

/// The words that name a length.
#[derive(Clone, Copy)]
struct Head {
    /// First token.
    from: usize,
    /// Token behind the last.
    to: usize,
    /// Whether it is the context that the model takes.
    is_context: bool,
}

/// Whether a token is one of some words; those of other scripts stand in words that are longer, or have endings.
fn says(t: Option<&Token<'_>>, words: Words) -> bool {
    let Some(t) = t.filter(|t| t.kind == Kind::Word) else { return false };
    t.is_any(&words) || (!is_latin_word(&t.text) && words.is_within(&t.text))
}

/// Whether a word may begin to tell a length.
#[must_use]
pub fn may_tell(t: &Token<'_>) -> bool {
    static ALL: LazyLock<(Union, [Words; 7])> = LazyLock::new(|| {
        let words = &vocabulary::recipe().prose;
        let lists = [
            words.sequences,
            words.contexts,
            words.sequence_lengths,
            words.context_lengths,
            words.lengths,
            words.cut,
            words.cut_late,
        ];
        (Union::new(&lists), lists)
    });
    let (union, lists) = &*ALL;
    t.kind == Kind::Word && (t.is_any(union) || (!is_latin_word(&t.text) && lists.iter().any(|list| list.is_within(&t.text))))
}

/// Reads a sentence for the lengths of its sequences.
pub fn read_sequences(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let mut all: Vec<(Quantity, bool, bool)> = Vec::new();
    let mut at = 0;
    while at < s.ts.len() {
        let found = match head_at(s.ts, at) {
            Some(head) => {
                let q = behind(s.ts, head.to).or_else(|| before(s.ts, head.from));
                // The next head begins behind this one and its number.
                let next = q.map_or(head.to, |q| q.to.max(head.to));
                let found = q.map(|q| (q, head.is_context, is_limited(s.ts, head.to, q.from)));
                at = next.max(at + 1);
                found
            }
            None => {
                let found = sequences_of(s.ts, at)
                    .or_else(|| cut_to(s, at))
                    .map(|q| (q, false, s.has(&vocabulary::recipe().prose.serving) && is_limited(s.ts, at, q.from)));
                let found = found.or_else(|| elliptic(s, at).or_else(|| trained_at(s, at)).map(|q| (q, false, false)));
                at += 1;
                found
            }
        };
        all.extend(found);
    }
    // "A length of 128, and later one of 512": each is one of several.
    let is_stage = |q: &Quantity| any(span(s.ts, q.to, q.to + STAGE_REACH), &vocabulary::recipe().prose.stages_behind);
    let several = all.iter().any(|(q, _, _)| all.iter().any(|(other, _, _)| (q.value - other.value).abs() > 0.5));
    let staged = several && all.iter().any(|(q, _, _)| is_stage(q));
    for (q, is_context, is_limited) in all {
        let spot = spot.refused((staged || is_stage(&q)).then_some("one stage of several"));
        add_length(card, &spot, s, (&q, is_context, is_limited));
    }
}

/// The words for a length that begin at a token.
fn head_at(ts: &[Token<'_>], i: usize) -> Option<Head> {
    let words = &vocabulary::recipe().prose;
    let at = |i: usize| ts.get(i);
    if says(at(i), words.sequence_lengths) {
        return Some(Head { from: i, to: i + 1, is_context: false });
    }
    if says(at(i), words.context_lengths) {
        return Some(Head { from: i, to: i + 1, is_context: true });
    }
    let (sequence, context) = (says(at(i), words.sequences), says(at(i), words.contexts));
    let of = |i: usize| at(i).is_some_and(|t| t.is_any(&words.of) || t.is("-"));
    if sequence || context {
        // "context window", "sequence-length", "sequences of length"
        let to = (i + 1..i + 4).find(|at| !of(*at) || says(ts.get(*at), words.lengths))?;
        let is_length = says(at(to), words.lengths);
        if is_length {
            return Some(Head { from: i, to: to + 1, is_context: context });
        }
        // "context 2048", "8k context", "context of 4k"
        let number = |q: Option<Quantity>| q.is_some_and(|q| LENGTHS.contains(&q.value) && !q.is_word);
        let bare = (context || text_at(ts, i) == "seq")
            && (number(quantity(ts, i + 1)) || number(quantity(ts, to)) || number(before(ts, i)));
        return bare.then_some(Head { from: i, to: i + 1, is_context: context });
    }
    // "最大长度512"
    if at(i).is_some_and(|t| !is_latin_word(&t.text)) && says(at(i), words.most) && says(at(i), words.lengths) {
        return Some(Head { from: i, to: i + 1, is_context: false });
    }
    if says(at(i), words.lengths) {
        // "longueur de la séquence", "длина последовательности"
        let passed = |at: usize| of(at) || says(ts.get(at), words.most);
        let to = (i + 1..i + 6).find(|at| !passed(*at)).unwrap_or(i + 1);
        let (sequence, context) = (says(at(to), words.sequences), says(at(to), words.contexts));
        if sequence || context {
            return Some(Head { from: i, to: to + 1, is_context: context });
        }
        // "1.024 Sequenzen (Länge 512)"
        let of_bracket = i.checked_sub(2).is_some_and(|at| text_at(ts, at + 1) == "(" && says(ts.get(at), words.sequences));
        if of_bracket {
            return Some(Head { from: i, to: i + 1, is_context: false });
        }
        // "longueur max 256", "최대 길이 128"
        let most = |at: Option<usize>| at.is_some_and(|at| says(ts.get(at), words.most) && says(ts.get(i), words.lengths));
        let (before, behind) = (most(i.checked_sub(1)), most(Some(i + 1)));
        let is_head = before || behind || is_length_in_tokens(ts, i);
        return is_head.then_some(Head { from: i, to: i + 1 + usize::from(behind), is_context: false });
    }
    None
}

/// "Length 512 tokens", "длина 512 токенов": a length whose unit says of what it is.
fn is_length_in_tokens(ts: &[Token<'_>], i: usize) -> bool {
    let other = i.checked_sub(1).and_then(|at| ts.get(at)).is_some_and(|t| t.is_any(&vocabulary::recipe().prose.other_lengths));
    let other = other || says(ts.get(i), vocabulary::recipe().prose.not_alone);
    behind(ts, i + 1).is_some_and(|q| !other && says(ts.get(q.to), vocabulary::prose().tokens.words))
}

/// The number behind the words for a length.
fn behind(ts: &[Token<'_>], from: usize) -> Option<Quantity> {
    let words = &vocabulary::recipe().prose;
    let mut at = from;
    // "the sequence length in training was limited to 128"
    if ts.get(at).is_some_and(|t| t.is_any(&["in", "during", "for", "at"])) {
        let noun = at + 1 + usize::from(text_at(ts, at + 1) == "the");
        at = if is_train(ts, noun) { noun + 1 } else { at };
    }
    // "Sequence length (`block_size`) = 512"
    let close = (at + 1..at + 1 + REACH).find(|to| text_at(ts, *to) == ")").filter(|_| text_at(ts, at) == "(");
    at = close.filter(|close| !span(ts, at, *close).iter().any(|t| t.kind == Kind::Number)).map_or(at, |close| close + 1);
    let from = at;
    while at < from + REACH && ts.get(at).is_some_and(|t| t.is_any(&words.joins)) {
        at += 1;
    }
    quantity(ts, at).filter(|q| !q.is_word)
}

/// The number before them: "512 sequence length", "8k-token context", "4096 的上下文长度".
fn before(ts: &[Token<'_>], to: usize) -> Option<Quantity> {
    let words = &vocabulary::recipe().prose;
    (to.saturating_sub(REACH)..to).find_map(|at| {
        let q = quantity(ts, at).filter(|q| !q.is_word && q.to <= to)?;
        span(ts, q.to, to).iter().all(|t| t.is_any(&words.fillers)).then_some(q)
    })
}

/// Whether a number counts tokens; those of proteins are their residues.
fn of_tokens(ts: &[Token<'_>], q: &Quantity) -> bool {
    let residues = vocabulary::recipe().prose.residues;
    let counted = |at: usize| {
        says(ts.get(at), vocabulary::prose().tokens.words)
            || says(ts.get(at), vocabulary::prose().tokens.cjk)
            || says(ts.get(at), residues)
    };
    // "300 word pieces"
    let pieces = text_at(ts, q.to) == "word" && text_at(ts, q.to + 1) == "pieces";
    counted(q.to)
        || pieces
        || ts.get(q.to).is_some_and(|t| t.is_any(&["wordpieces", "subwords"]))
        || (ts
            .get(q.to)
            .is_some_and(|t| t.is_any(&["consecutive", "-", "个", "個", "source", "input", "subword", "wordpiece", "bpe"]))
            && counted(q.to + 1))
}

/// "Sequences of 1024 tokens", "Sequenzen zu je 512 Token", "2048 tokens per sequence".
fn sequences_of(ts: &[Token<'_>], i: usize) -> Option<Quantity> {
    let words = &vocabulary::recipe().prose;
    if says(ts.get(i), words.sequences) {
        let q = behind(ts, i + 1).filter(|q| q.from > i + 1 && of_tokens(ts, q));
        return q.or_else(|| counted_before(ts, i));
    }
    // "256 sequences, each 1024 tokens long"
    let is_long = text_at(ts, i + 1) == "long" && says(ts.get(i), vocabulary::prose().tokens.words);
    if is_long && ts.iter().take(i).any(|t| says(Some(t), words.sequences)) {
        return i.checked_sub(1).and_then(|at| quantity(ts, at)).filter(|q| !q.is_word && q.to == i);
    }
    let one = |t: Option<&Token<'_>>| says(t, words.sequences) || t.is_some_and(|t| t.is_any(&words.per_one));
    let per = ts.get(i + 1).is_some_and(is_sign) && one(ts.get(i + 2));
    let counted = per && says(ts.get(i), vocabulary::prose().tokens.words);
    let at = i.checked_sub(1).filter(|_| counted)?;
    (at.saturating_sub(1)..=at).find_map(|at| quantity(ts, at).filter(|q| !q.is_word && q.to == i))
}

/// "512-token chunks": the number before the sequences, with the word for tokens between.
fn counted_before(ts: &[Token<'_>], i: usize) -> Option<Quantity> {
    let noun = i.checked_sub(1).filter(|at| says(ts.get(*at), vocabulary::prose().tokens.words))?;
    let joins = |q: &Quantity| q.to == noun || (q.to + 1 == noun && text_at(ts, q.to) == "-");
    (noun.saturating_sub(3)..noun).find_map(|at| quantity(ts, at).filter(|q| !q.is_word && joins(q)))
}

/// Tokens behind a length within which the verb stands that cut texts to it.
const LATE_VERB_REACH: usize = 8;

/// "Texts were cut to 256 tokens", "agrégés en documents de 1024 jetons".
fn cut_to(s: &Sentence<'_, '_>, i: usize) -> Option<Quantity> {
    let q = quantity(s.ts, i).filter(|q| !q.is_word && of_tokens(s.ts, q))?;
    let late = (q.to..q.to + LATE_VERB_REACH).find(|at| says(s.ts.get(*at), vocabulary::recipe().prose.cut_late));
    let is_told = |t: &Token<'_>| t.kind == Kind::Word || t.is_any(&["(", ")"]);
    if late.is_some_and(|verb| span(s.ts, q.to, verb).iter().all(is_told)) {
        return Some(q);
    }
    let left = span(s.ts, i.saturating_sub(VERB_REACH), i);
    let verb = left.iter().rposition(|t| says(Some(t), vocabulary::recipe().prose.cut))?;
    let all_words = left.iter().skip(verb + 1).all(|t| t.kind == Kind::Word);
    // Chinese needs no preposition: "样本最长截断为 2048 个 token".
    let joined = verb + 1 < left.len() || left.last().is_some_and(|t| !is_latin_word(&t.text));
    (all_words && joined).then_some(q)
}

/// "The base has 32k context, I finetuned it with 16k": the number alone, behind a verb of training, where the sentence speaks of lengths.
fn elliptic(s: &Sentence<'_, '_>, i: usize) -> Option<Quantity> {
    let words = &vocabulary::recipe().prose;
    let q = quantity(s.ts, i).filter(|q| q.scaled && text_at(s.ts, q.to - 1) == "k")?;
    let ends = s.ts.get(q.to).is_none_or(|t| t.kind == Kind::Sign || t.is_any(&["and", "for", "then"]));
    let led = i.checked_sub(1).is_some_and(|at| s.ts.get(at).is_some_and(|t| t.is_any(&["with", "at", "to"])));
    let verb = (i.saturating_sub(VERB_REACH)..i).any(|at| is_train(s.ts, at));
    let spoken = s.ts.iter().take(i).any(|t| says(Some(t), words.contexts) || says(Some(t), words.sequences));
    (ends && led && verb && spoken).then_some(q)
}

/// "Trained at 512 tokens": what is counted behind "at" is a length.
fn trained_at(s: &Sentence<'_, '_>, i: usize) -> Option<Quantity> {
    let q = quantity(s.ts, i).filter(|q| !q.is_word && of_tokens(s.ts, q) && LENGTHS.contains(&q.value))?;
    let verb = i.checked_sub(2).filter(|_| i.checked_sub(1).is_some_and(|at| text_at(s.ts, at) == "at"))?;
    (is_train(s.ts, verb) && q.value <= LONGEST_OF_WHOLE_TRAINING).then_some(q)
}

/// Whether a limit stands between the words for a length and its number: "up to".
fn is_limited(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    any(span(ts, from, to), &["up", "most"])
}

fn add_length(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, (q, is_context, is_limited): (&Quantity, bool, bool)) {
    let words = &vocabulary::recipe().prose;
    let value = length_in_tokens(s.ts, q);
    if !LENGTHS.contains(&value) {
        return;
    }
    let reason = if any(span(s.ts, q.to, q.to + 1), &words.other_units) {
        Some("a length in another unit")
    } else if q.is_range || is_limited {
        Some("a range")
    } else if is_context {
        not_trained_at(card, s, q, spot.block.kind == BlockKind::ListItem)
            .or_else(|| s.under_evaluation.then_some("evaluation or inference"))
    } else {
        not_of_training(card, s, q)
    };
    // "Each step takes 96 sequences of length 1024": a length is never a part of a training.
    let whose = gives_it_to_another(card, s, Measure::Count, q.from, q.to).filter(|why| *why != RATE);
    // A sentence that names this model in full goes before one about its family; what is said of sequences before the context.
    let later = if card.own.named_in(s.ts) { 0 } else { 2 } + u8::from(is_context) + told_before(s);
    card.add(&spot.after(later).refused(reason).refused(whose), Field::SequenceLength, Some(value), s.written(q.from, q.to), None);
}

/// Why a length of sequences is not the training's.
fn not_of_training(card: &Card<'_>, s: &Sentence<'_, '_>, q: &Quantity) -> Option<&'static str> {
    let words = &vocabulary::recipe().prose;
    let batches = &vocabulary::prose().batches;
    let tells =
        || s.ts.iter().any(|t| says(Some(t), batches.things) || says(Some(t), batches.words)) || s.is_recipe || card.beside_recipe;
    let packed = || span(s.ts, q.from.saturating_sub(VERB_REACH), q.from).iter().any(|t| says(Some(t), words.cut));
    // "Long conversations were truncated at a maximum of 4096 tokens": what was done to texts was done for the training.
    let was_cut = || !s.under_evaluation && was_cut(s, q);
    if s.has(&words.serving) && !s.has(&["trained"]) && !has_train_in_clause(s, q) {
        Some("evaluation or inference")
    } else if !(s.trains() || s.under_training || card.trained_before || tells() || packed() && s.under_data || was_cut()) {
        Some("not said of a training")
    } else {
        s.under_evaluation.then_some("evaluation or inference")
    }
}

/// Whether a verb in the past says that texts were cut to a length.
fn was_cut(s: &Sentence<'_, '_>, q: &Quantity) -> bool {
    let words = &vocabulary::recipe().prose;
    let verb = (q.from.saturating_sub(VERB_REACH)..q.from).rev().find(|at| says(s.ts.get(*at), words.cut));
    verb.and_then(|at| at.checked_sub(1)).and_then(|at| s.ts.get(at)).is_some_and(|t| t.is_any(&words.was))
}

/// The tokens of the clause that a quantity stands in.
fn clause(s: &Sentence<'_, '_>, q: &Quantity) -> (usize, usize) {
    let ends = |t: &Token<'_>| t.is_any(&vocabulary::prose().subjects.boundaries) || t.is("but");
    let from = (0..q.from).rev().find(|at| s.ts.get(*at).is_some_and(ends)).map_or(0, |at| at + 1);
    let to = (q.to..s.ts.len()).find(|at| s.ts.get(*at).is_some_and(ends)).unwrap_or(s.ts.len());
    (from, to)
}

fn has_train_in_clause(s: &Sentence<'_, '_>, q: &Quantity) -> bool {
    let (from, to) = clause(s, q);
    (from..to).any(|at| is_train(s.ts, at))
}

/// Why a context is what the model takes, and no length of its training.
fn not_trained_at(card: &Card<'_>, s: &Sentence<'_, '_>, q: &Quantity, in_list: bool) -> Option<&'static str> {
    let words = &vocabulary::recipe().prose;
    let (from, to) = clause(s, q);
    let takes = any(span(s.ts, from, to), &words.serving) || any(span(s.ts, from, to), &words.takes);
    // The context of a sentence about a fine-tune may be its base's.
    let trains = if card.own.role == CardRole::OwnTraining { s.trains() } else { has_train_in_clause(s, q) };
    // "Effective batch size 128, 2 epochs, context of 4k"
    let is_batch = |t: &Token<'_>| says(Some(t), vocabulary::prose().batches.things);
    let is_own = card.own.role == CardRole::OwnTraining || s.ts.iter().any(is_batch);
    // "trained for 60K steps", "context length 1024": items of one list.
    let beside = card.trained_before && in_list && card.own.role == CardRole::OwnTraining;
    // "Rozmiar batcha: 512, długość kontekstu 2048"
    let batch_beside = s.ts.iter().any(|t| is_batch(t) || says(Some(t), vocabulary::prose().batches.words));
    let told =
        ((s.under_training && is_own) || beside || (card.trained_before && batch_beside) || (s.is_recipe && tells_a_rate(s)))
            && q.value <= LONGEST_OF_WHOLE_TRAINING;
    (takes || !(trains || told)).then_some(CONTEXT_OF_MODEL)
}

/// Whether a sentence tells a learning rate, which no use of a model has: "2 epochs, lr 2e-5, ctx 4096".
fn tells_a_rate(s: &Sentence<'_, '_>) -> bool {
    let learns =
        |i: usize| s.ts.get(i).is_some_and(|t| t.is("lr") || (t.is("learning") && s.ts.get(i + 1).is_some_and(|t| t.is("rate"))));
    (0..s.ts.len()).any(learns)
}
