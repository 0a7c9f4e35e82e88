//! What a sentence says against all of its figures being of this model's training: the base's, an original's, a reader's, a comparison, advice.

use super::sentence::Sentence;
use super::subjects::is_name_between;
use crate::evidence::card::about::CardRole;
use crate::evidence::card::parse::block::Block;
use crate::evidence::card::read::candidate::Card;
use crate::evidence::card::read::eastern_bases::begins_with_a_base;
use crate::evidence::card::read::phases::{Phase, own_phase};
use crate::evidence::card::read::templates::bound_in;
use crate::evidence::card::read::training::{is_pretraining, is_train};
use crate::evidence::quantity::tokens::{Kind, Token, is_latin_word, lex_in, span, text_at};
use crate::evidence::quantity::units::count_word;
use crate::evidence::vocabulary::{self, Words};

/// What stands under a heading on baselines is theirs, unless the paragraph names this model.
#[must_use]
pub fn of_baselines(card: &Card<'_>, b: &Block) -> Option<&'static str> {
    let words = &vocabulary::card().headings.baselines;
    let told = b.headings.iter().any(|heading| words.is_within(&heading.to_lowercase()));
    (told && !card.own.named_in(&lex_in(&b.text, card.sign))).then_some("another model's figure")
}

/// Tokens at the beginning of a sentence within which the task of a fine-tune is named: "Fine-tuning of the NER model".
const TASK_WITHIN: usize = 8;

/// Why the phrases of a sentence make all its figures others than this training's.
fn of_the_sentence(s: &Sentence<'_, '_>) -> Option<&'static str> {
    let words = &vocabulary::prose().sentences;
    if !s.ts.iter().any(|t| t.kind == Kind::Number) && s.text.is_ascii() {
        return None;
    }
    let text = s.written(0, s.ts.len()).to_lowercase();
    let says = |phrases: &Words| phrases.is_within(&text);
    if says(&words.by_others) {
        return Some("base model's figure");
    }
    if words.tried_by_readers.is_within(&sentence_up_to(s).to_lowercase()) {
        return Some("what a reader tells");
    }
    // "You think you can train it on 1.4T tokens?"
    if s.ts.last().is_some_and(|t| t.is_any(&["?", "？"])) && s.has(&words.readers) {
        return Some("a question");
    }
    if words.compares.begins(&text) {
        return Some("a comparison");
    }
    if says(&words.your_own) {
        return Some("advice to the reader");
    }
    if says(&words.left_out) {
        return Some("work that is no training");
    }
    (!s.trains() && says(&words.not_counted) && !s.has(&words.overheads)).then_some("work that is no training")
}

/// The text of a sentence up to its last token, with the clauses before it: "I tried to run it, but I find that it needs 300 hours".
fn sentence_up_to<'s>(s: &Sentence<'s, '_>) -> &'s str {
    let to = s.ts.last().map_or(0, |t| t.to);
    let from = s.ts.first().map_or(0, |t| t.from);
    let before = s.text.get(..from).unwrap_or_default();
    let begins = [". ", "? ", "! ", "\n"].iter().filter_map(|sign| before.rfind(sign).map(|at| at + sign.len())).max().unwrap_or(0);
    s.text.get(begins..to).unwrap_or_default()
}

/// Tokens before the colon of a sentence's head, at most.
const HEAD: usize = 12;

/// "Planned for the full version: 3 epochs", "Original model figures, as published: 1.46M GPU hours": what stands before a colon says whose
/// the figures behind it are.
fn of_its_head(card: &Card<'_>, s: &Sentence<'_, '_>) -> Option<&'static str> {
    let words = &vocabulary::prose().subjects;
    let colon = s.ts.iter().take(HEAD).position(|t| t.is_any(&[":", "："]))?;
    let head = span(s.ts, 0, colon);
    let many = |t: &Token<'_>| t.value.or_else(|| count_word(&t.text).map(f64::from)).is_some_and(|n| n > 1.0);
    let runs = |t: &Token<'_>| many(t) || t.is_any(&vocabulary::prose().rates.several_runs);
    if let [all, which] = head
        && all.is_any(&vocabulary::prose().rates.several)
        && runs(which)
    {
        return Some("a total of several runs");
    }
    if head.iter().any(|t| t.kind == Kind::Number) {
        return None;
    }
    // "Training time allowed by policy: 8 hours".
    if let Some(why) = bound_in(s.written(0, colon)) {
        return Some(why);
    }
    if head.first().is_some_and(|t| t.is_any(&words.heads_planned)) {
        return Some("planned");
    }
    // "Their training: 11 days on 64 V100."
    if head.first().is_some_and(|t| t.is_any(&words.theirs)) {
        return Some("another model's figure");
    }
    let base = head.iter().take(2).any(|t| t.is_any(&words.of_base)) && head.iter().any(|t| t.is_any(&words.model_nouns));
    let told_own = head.iter().any(|t| t.is_any(&words.own_work) || t.is_any(&words.this_one));
    (card.own.role == CardRole::FineTune && base && !told_own && !(0..colon).any(|i| is_train(s.ts, i)))
        .then_some("base model's figure")
}

/// "MusicGen was trained by Meta on 20K hours", in the card of a fine-tune: by one who publishes bases and not this model.
fn is_by_an_owner(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let owners = &vocabulary::prose().sentences.owners;
    let last = s.trains.iter().max().copied();
    s.trains.iter().any(|i| {
        // "from OpenAI finetuned on 2B tokens": the last verb is the one of this model.
        let by = last == Some(*i) && s.ts.get(i + 1).is_some_and(|t| t.is("by"));
        by && s
            .ts
            .get(i + 2)
            .is_some_and(|t| t.upper && t.is_any(owners) && !card.own.id.to_lowercase().starts_with(t.text.as_ref()))
    })
}

/// "For each downstream task we fine-tuned for 5 epochs", in the card of a model that was only pre-trained or under its results.
fn is_of_downstream(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().downstream;
    let is_tuning = |t: &Token<'_>| words.tuning.iter().any(|stem| t.text.starts_with(stem));
    let pretrained = own_phase(&card.own) == Some(Phase::PreTraining);
    let tunes = |(i, t): (usize, &Token<'_>)| is_tuning(t) || (t.is("fine") && is_train(s.ts, i));
    if !(pretrained || s.under_evaluation) || !s.ts.iter().enumerate().any(tunes) {
        return false;
    }
    let of_tasks = s.has(&words.tasks) && s.has(&words.each);
    // "Fine-tuning heads takes another 10 minutes": what it takes a reader.
    let present = s.has(&vocabulary::prose().times.present);
    let begins = s.ts.iter().take(3).any(|t| is_tuning(t) || t.is("fine"));
    let of_a_task = begins && s.ts.iter().take(TASK_WITHIN).any(|t| t.is_any(&words.task_models) && !card.own.has(&t.text));
    let by_readers = s.ts.first().is_some_and(|t| t.is_any(&words.readers));
    let told =
        (pretrained && (of_a_task || by_readers)) || of_tasks || s.has(&words.downstream) || (pretrained && present && begins);
    told || (pretrained && s.under_evaluation)
}

/// Tokens at the beginning of a Chinese, Japanese or Korean sentence that hold its subject.
const CJK_SUBJECT: usize = 3;

/// Tokens at the beginning of a sentence that name the original.
const ORIGINAL: usize = 4;

/// "El BETO original se entrenó", "Oryginalny HerBERT był trenowany", "PhoBERT gốc": a name with the word for the original beside it begins the
/// sentence.
fn names_an_original(s: &Sentence<'_, '_>) -> bool {
    let words = &vocabulary::prose().subjects;
    let is_name = |t: &Token<'_>| t.kind == Kind::Word && t.upper && is_latin_word(&t.text);
    (0..ORIGINAL).any(|i| {
        let original = s.ts.get(i).is_some_and(|t| t.is_any(&words.originals));
        let before = i.checked_sub(1).and_then(|at| s.ts.get(at)).is_some_and(|t| is_name(t) && !t.is_any(&words.the));
        original && (before || s.ts.get(i + 1).is_some_and(is_name))
    })
}

/// "The base took 1.7M GPU hours."
fn is_of_the_base(card: &Card<'_>, s: &Sentence<'_, '_>) -> bool {
    let others = &vocabulary::prose().subjects;
    // "According to them the base took 200k hours", "they report that the base saw 2T tokens".
    let within = s.ts.windows(3).any(|w| {
        matches!(w, [the, base, took] if the.is_any(&["the", "its"]) && base.is_any(&others.of_base) && took.is_any(&others.took))
    });
    if within && card.own.role == CardRole::FineTune && !card.own.has("base") {
        return true;
    }
    let subject = (1..4).find(|i| s.ts.get(*i).is_some_and(|t| t.is_any(&others.of_base)));
    let is_subject = subject.is_some_and(|at| {
        // "The base, StableLM, saw 1T tokens".
        let named = is_name_between(s.ts, at + 1).then(|| (at + 2..s.ts.len()).find(|i| text_at(s.ts, *i) == ",")).flatten();
        let at = named.unwrap_or(at);
        let behind = span(s.ts, at + 1, at + 5);
        let passive = behind.iter().any(|t| t.is_any(&["was", "were", "had", "has", "itself"]))
            && s.trains.iter().any(|i| (at + 1..at + 7).contains(i));
        // "The original model trained by its authors was trained with"
        let by_others = (at + 1..at + 4).any(|i| is_train(s.ts, i) && text_at(s.ts, i + 1) == "by");
        span(behind, 0, 2).iter().any(|t| t.is_any(&others.took)) || passive || by_others
    });
    let first = s.ts.iter().find(|t| t.kind == Kind::Word);
    is_subject && first.is_some_and(|t| t.is_any(&["the", "its", "our"])) && !card.own.has("base")
}

/// The words of training of a sentence; where some stand outside brackets, these alone.
fn outside_brackets(s: &Sentence<'_, '_>) -> Vec<usize> {
    let depth = |i: usize| {
        let signs = s.ts.iter().take(i);
        signs.fold(0_usize, |depth, t| if t.is("(") { depth + 1 } else { depth.saturating_sub(usize::from(t.is(")"))) })
    };
    let outside: Vec<usize> = s.trains.iter().copied().filter(|i| depth(*i) == 0).collect();
    if outside.is_empty() { s.trains.clone() } else { outside }
}

/// What the sentence itself says against its figures being this model's training.
#[must_use]
pub fn whose(card: &Card<'_>, s: &Sentence<'_, '_>) -> Option<&'static str> {
    let words = &vocabulary::prose().sentences;
    let fine_tune = card.own.role == CardRole::FineTune;
    // "継続事前学習", "weiter vortrainiert": of scripts without spaces, a part of the word.
    let parts = || s.ts.iter().filter(|t| !t.text.is_ascii());
    let own_pretraining = || {
        s.has(&words.own_pretraining)
            || parts().any(|t| words.own_pretraining.iter().any(|w| !w.is_ascii() && w.chars().count() > 1 && t.text.contains(w)))
    };
    // "Llama Pro's blocks are pre-trained on 80B tokens", in the card of Llama Pro.
    let names_own = || s.trains.first().is_some_and(|verb| card.own.named_in(span(s.ts, 0, *verb)));
    if fine_tune && is_pretraining(s.ts, &outside_brackets(s)) && !own_pretraining() && !names_own() {
        return Some("base model's figure");
    }
    if let Some(why) = of_the_sentence(s) {
        return Some(why);
    }
    if let Some(why) = of_its_head(card, s) {
        return Some(why);
    }
    if fine_tune && is_by_an_owner(card, s) {
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
    if is_of_downstream(card, s) {
        return Some("a fine-tune of this model");
    }
    if fine_tune && names_an_original(s) {
        return Some("base model's figure");
    }
    if is_of_the_base(card, s) {
        return Some("base model's figure");
    }
    if fine_tune && begins_with_a_base(&card.eastern_bases, s.written(0, s.ts.len())) {
        return Some("base model's figure");
    }
    // "ベースモデルは約2兆トークンで事前学習されています"
    // "本模型在基座上进行微调": this model is the subject, and the base where it began.
    let this = &vocabulary::card().designators.this_cjk;
    let names_this = s.ts.iter().take(CJK_SUBJECT).any(|t| !t.text.is_ascii() && this.is_within(&t.text));
    let names_base = |t: &Token<'_>| vocabulary::prose().subjects.of_base_cjk.is_within(&t.text);
    let cjk_base = !names_this && s.ts.iter().take(CJK_SUBJECT).any(names_base);
    if cjk_base && !card.own.has("base") {
        return Some("base model's figure");
    }
    let advice = s.has(&["if"]) && s.has(&["you"]) && !s.has(&["we"]) && s.has(&words.advice);
    (advice || s.has(&words.recommends)).then_some("advice to the reader")
}
