//! Prose about tokens, epochs, steps, batches, parameters, FLOP, number formats and dates.

use crate::evidence::card::CardRole;
use crate::evidence::card::decide::sections::is_train_verb;
use crate::evidence::card::read::candidate::{Card, Spot, flop_unit};
use crate::evidence::card::read::places::date_in;
use crate::evidence::card::read::prose::Sentence;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at};

/// Fewest tokens of a training: less is a length.
const MIN_TOKENS: f64 = 1e6;
/// Words before a number of tokens within which its verb is looked for.
const VERB_REACH: usize = 24;
/// Shares that a training's MFU can be; the highest published are near 0.7 (data/reference/mfu.csv).
const MFU_RANGE: (f64, f64) = (0.01, 0.8);
/// Fewest FLOP in prose: the first convolutional networks took more, one pass of a large model takes less.
const MIN_FLOP: f64 = 1e17;

/// Reads a sentence that holds a word for something counted.
pub fn read(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let rival = card.own.other_in_label(s.ts);
    let own = card.own.named_in(s.ts);
    let many = several_sizes(s);
    for (i, t) in s.ts.iter().enumerate().filter(|(_, t)| t.kind == Kind::Word) {
        let cjk = |starts: &[&str]| !t.text.is_ascii() && starts.iter().any(|w| t.text.starts_with(w));
        if t.is_any(&["tokens", "token"]) || cjk(&["个token", "词元", "토큰", "トークン"]) {
            tokens(card, spot, s, i);
        } else if t.is_any(&["epochs", "epoch", "épocas", "epochen", "époques"]) || cjk(&["轮", "エポック", "에폭"]) {
            epochs(card, spot, s, i);
        } else if t.is_any(&["steps", "step", "iterations", "updates"]) {
            steps(card, spot, s, i, own);
        } else if t.is("batch") {
            batch(card, spot, s, i);
        } else if t.is_any(&["parameters", "parameter", "params", "paramètres", "parámetros", "parametern"])
            || cjk(&["参数", "參數", "パラメ", "파라미터"])
        {
            parameters(card, spot, s, i, Sizes { rival, many, is_word_model: false });
        } else if t.is_any(&["model", "variant", "version", "models"]) {
            if card.own.size.is_some() && (own || s.has(&["this", "our"])) {
                parameters(card, spot, s, i, Sizes { rival, many, is_word_model: true });
            }
        } else if t.is("mfu") {
            mfu(card, spot, s, i);
        } else if t.is_any(&["activated", "active"]) {
            activated(card, spot, s, i);
        } else if flop_unit(t.text.as_ref()).is_some() {
            flop(card, spot, s, i);
        }
    }
}

/// The quantity before a word, with nothing between them but words and hyphens.
fn before(s: &Sentence<'_, '_>, i: usize, reach: usize, fits: impl Fn(&Quantity, &[Token<'_>]) -> bool) -> Option<Quantity> {
    (i.saturating_sub(reach)..i).find_map(|at| {
        let q = quantity(s.ts, at).filter(|q| q.to <= i)?;
        let between = span(s.ts, q.to, i);
        let joined = between.iter().all(|t| t.kind == Kind::Word || t.is_any(&["-", "\""]));
        (joined && fits(&q, between)).then_some(q)
    })
}

fn any(ts: &[Token<'_>], words: &[&str]) -> bool {
    ts.iter().any(|t| t.is_any(words))
}

fn last<'a, 't>(ts: &'a [Token<'t>], n: usize) -> &'a [Token<'t>] {
    span(ts, ts.len().saturating_sub(n), ts.len())
}

fn tokens(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let q = before(s, i, 7, |q, between| {
        !q.is_word && q.value >= MIN_TOKENS && !any(between, &["samples", "examples", "documents", "words", "sentences", "per"])
    });
    let Some(q) = q else { return };
    let reason = not_tokens_seen(s, i, &q);
    let left = span(s.ts, q.from.saturating_sub(16), q.from);
    let spot = spot.after(u8::from(any(left, &["additional", "approximately"]))).refused(reason);
    card.add_quantity(&spot, "train_tokens", q.value, s.written(q.from, i + 1), &q);
}

/// Why a number of tokens is not the number seen in training.
fn not_tokens_seen(s: &Sentence<'_, '_>, i: usize, q: &Quantity) -> Option<&'static str> {
    const LENGTHS: &[&str] = &[
        "context",
        "sequence",
        "sequences",
        "length",
        "vocabulary",
        "vocab",
        "warmup",
        "warm",
        "every",
        "batch",
        "batches",
        "size",
        "window",
        "limit",
        "max",
        "maximum",
        "each",
        "per",
        "last",
        "first",
    ];
    const LENGTHS_BEHIND: &[&str] = &[
        "warmup",
        "warm",
        "ramp",
        "context",
        "batch",
        "batches",
        "vocabulary",
        "per",
        "long",
        "window",
        "length",
        "sequence",
        "every",
        "each",
    ];
    const CORPUS: &[&str] = &[
        "comprising",
        "containing",
        "corpus",
        "corpora",
        "dataset",
        "datasets",
        "consisting",
        "composed",
        "totaling",
        "totalling",
        "sized",
        "subset",
        "gb",
        "tb",
        "equal",
        "which",
        "documents",
        "pages",
        "has",
        "have",
        "contains",
        "size",
        "images",
        "characters",
        "words",
    ];
    let lowest = q.from.saturating_sub(16);
    let left = span(s.ts, lowest, q.from);
    let right = span(s.ts, i + 1, i + 8);
    let middle = span(s.ts, q.to, i);
    let follows = |n: usize| right.get(n).map_or("", |t| t.text.as_ref());
    let seen = any(last(left, 4), &["saw", "seen", "processed", "consumed"])
        || last(left, 3).iter().any(|t| t.text.contains("学习"))
        || (follows(0) == "during" && follows(1) == "training")
        || matches!(follows(0), "seen" | "processed");
    let inner = &[
        "parameters",
        "params",
        "activated",
        "active",
        "each",
        "per",
        "parameter",
        "vocabulary",
        "unique",
        "vocab",
        "context",
        "sequence",
        "embeddings",
    ];
    if any(middle, inner) || (text_at(s.ts, i) == "token" && middle.is_empty() && !q.scaled) {
        return Some("not tokens seen");
    }
    let length = any(last(left, 6), LENGTHS) && !seen && !any(last(left, 2), &["total"]);
    if length || any(span(right, 0, 3), LENGTHS_BEHIND) {
        return Some("context, batch or vocabulary");
    }
    let nearest = left.last().map_or("", |t| t.text.as_ref());
    if nearest == "than" || (nearest == "to" && any(left, &["up"])) {
        return Some("a limit");
    }
    if s.is_stage {
        return Some("one stage of several");
    }
    if seen {
        return None;
    }
    let Some(verb) = (q.from.saturating_sub(VERB_REACH)..q.from).rev().find(|at| is_train_verb(s.ts, *at, q.from)) else {
        return Some("data set size");
    };
    let between = span(s.ts, verb + 1, q.from);
    let bracketed = any(span(between, 1, between.len()), &["("]) && !any(left, &["total", "steps", "epochs"]);
    // "on H100 80GB": the gigabytes of a chip, not of a data set.
    let on_chips = s.has(&["gpu", "gpus", "hardware"]);
    let corpus = between.iter().any(|t| t.is_any(CORPUS) && !(on_chips && t.is("gb"))) && !any(last(left, 2), &["for"]);
    if bracketed || corpus || any(span(right, 0, 2), &["subset", "corpus", "dataset", "sample", "split"]) {
        return Some("data set size");
    }
    (s.under_evaluation && !s.trains()).then_some("evaluation")
}

/// Model FLOP utilization: the share before its name (`41 % MFU`, `41 % model FLOPs utilization (MFU)`), or behind (`an MFU of 0.41`).
fn mfu(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let share = |at: usize| {
        let q = quantity(s.ts, at).filter(|q| !q.is_word && !q.scaled)?;
        let percent = matches!(text_at(s.ts, q.to), "%" | "percent");
        let value = if percent { q.value / 100.0 } else { q.value };
        // A bare number above 1 is something else.
        (MFU_RANGE.0..=MFU_RANGE.1).contains(&value).then_some((value, q))
    };
    let behind = || (i + 1..s.ts.len().min(i + 6)).find_map(share);
    let ahead = || (i.saturating_sub(8)..i).rev().find_map(share).filter(|(_, q)| matches!(text_at(s.ts, q.to), "%" | "percent"));
    let names_it = matches!(text_at(s.ts, i + 1), "of" | "is" | "was" | "=" | ":" | "at");
    let found = if names_it { behind() } else { ahead().or_else(behind) };
    let Some((value, q)) = found else { return };
    let reason = s
        .has(&["inference", "decoding", "serving"])
        .then_some("inference")
        .or((s.under_evaluation && !s.trains()).then_some("evaluation"));
    card.add_quantity(&spot.refused(reason), "mfu", value, s.written(q.from.min(i), q.to.max(i + 1)), &q);
}

fn epochs(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let q = before(s, i, 4, |q, between| {
        !any(between, &["x", "more", "of", "steps", "per", "k"]) && (between.is_empty() || !q.is_word)
    });
    let Some(q) = q.filter(|q| !(q.is_word && matches!(text_at(s.ts, q.from), "a" | "an"))) else { return };
    let left = span(s.ts, q.from.saturating_sub(5), q.from);
    let schedule = any(left, &["every", "warmup", "first", "last", "warm", "patience", "save", "than", "each"])
        || (left.last().is_some_and(|t| t.is("after")) && !s.trains());
    let reason = if !s.trains() && !s.under_training {
        Some("not said of a training")
    } else if schedule {
        Some("part of a schedule")
    } else {
        (s.under_evaluation && !s.trains()).then_some("evaluation")
    };
    card.add_quantity(&spot.refused(reason), "epochs", q.value, s.written(q.from, i + 1), &q);
}

fn steps(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize, own: bool) {
    const SCHEDULE: &[&str] = &[
        "warmup",
        "warm",
        "every",
        "evaluation",
        "eval",
        "inference",
        "sampling",
        "denoising",
        "ddim",
        "plms",
        "first",
        "next",
        "warming",
        "logging",
        "save",
        "each",
        "per",
        "last",
        "remaining",
    ];
    let Some(q) = before(s, i, 4, |q, between| q.value >= 100.0 && !any(between, &["epochs", "x", "of"])) else { return };
    let left = span(s.ts, q.from.saturating_sub(7), q.from);
    let middle = span(s.ts, q.from + 1, i);
    let schedule = any(left, SCHEDULE)
        || any(span(s.ts, i + 1, i + 4), SCHEDULE)
        || any(middle, SCHEDULE)
        || any(last(left, 3), &["diffusion"])
        || any(middle, &["diffusion"]);
    let reason = if schedule {
        Some("part of a schedule")
    } else if !s.trains() && !s.under_training {
        Some("not said of a training")
    } else {
        (s.under_evaluation && !s.trains()).then_some("evaluation")
    };
    // A sentence that names this model in full goes before one about its family.
    let spot = spot.after(if own { 0 } else { 2 }).refused(reason);
    card.add_quantity(&spot, "train_steps", q.value, s.written(q.from, i + 1), &q);
}

fn batch(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let mut at = i + 1 + usize::from(text_at(s.ts, i + 1) == "-");
    if !matches!(text_at(s.ts, at), "size" | "sizes") {
        return;
    }
    at += 1;
    while matches!(text_at(s.ts, at), "of" | "is" | "was" | ":" | "=" | "(" | "to" | "set" | "as") {
        at += 1;
    }
    let Some(q) = quantity(s.ts, at) else { return };
    let left = span(s.ts, i.saturating_sub(4), i);
    let reason = if any(left, &["eval", "evaluation", "inference", "test", "micro", "per", "validation"]) {
        Some("evaluation or per-device batch")
    } else {
        (!s.trains() && !s.under_training).then_some("not said of a training")
    };
    let whole = any(left, &["global", "total", "effective"]);
    let spot = spot.after(u8::from(!whole)).refused(reason);
    card.add_quantity(&spot, "batch_size", q.value, s.written(q.from, q.to), &q);
}

/// Several counts of parameters in one sentence are several models.
fn several_sizes(s: &Sentence<'_, '_>) -> bool {
    let mut first: Option<f64> = None;
    for i in (0..s.ts.len()).filter(|i| s.ts.get(*i).is_some_and(|t| t.kind == Kind::Number)) {
        let Some(q) = quantity(s.ts, i).filter(|q| q.scaled && q.value >= 1e6) else { continue };
        if !span(s.ts, q.to, q.to + 2).iter().any(|t| t.text.starts_with("param")) {
            continue;
        }
        if first.is_some_and(|f| (f - q.value).abs() > 0.0) {
            return true;
        }
        first = Some(q.value);
    }
    false
}

/// What a sentence says about sizes.
#[derive(Clone, Copy)]
struct Sizes {
    /// Whether it begins with another model's name.
    rival: bool,
    /// Whether it names several sizes.
    many: bool,
    /// Whether the word after the number is "model" and not "parameters".
    is_word_model: bool,
}

fn parameters(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize, sizes: Sizes) {
    const COMPARE: &[&str] = &[
        "than",
        "compared",
        "outperforms",
        "outperform",
        "larger",
        "smaller",
        "comparable",
        "ranging",
        "times",
        "largest",
        "smallest",
    ];
    let q = before(s, i, 5, |q, between| {
        !q.is_word
            && q.value >= 1e5
            && (q.scaled || q.value >= 1e6)
            && between.len() <= if sizes.is_word_model { 0 } else { 3 }
            && !any(between, &["gpu", "tokens", "hours", "images", "pairs", "steps", "samples", "gb"])
    });
    let Some(q) = q else { return };
    let middle = span(s.ts, q.to, i);
    let left = span(s.ts, q.from.saturating_sub(4), q.from);
    let right = span(s.ts, i + 1, i + 5);
    let starts = |ts: &[Token<'_>]| ts.iter().any(|t| t.text.starts_with("activ"));
    let active = starts(middle) || starts(span(right, 0, 2)) || starts(last(left, 2));
    const PARTS: &[&str] = &["non", "trainable", "embedding", "reduction", "reward", "lora"];
    let named_behind = right.first().is_some_and(|t| t.upper) && text_at(s.ts, i) == "parameter";
    let reason = if sizes.rival {
        Some("another model's row")
    } else if card.own.size.is_some() {
        if active { None } else { card.own.wrong_size(q.value) }
    } else if sizes.many {
        Some("several models")
    } else if s.has(COMPARE) {
        Some("a comparison")
    } else if card.own.role == CardRole::FineTune && s.has(&["base", "backbone", "encoder", "decoder", "vision", "teacher", "gpt"])
    {
        Some("base model's figure")
    } else if named_behind {
        Some("another model's figure")
    } else {
        (any(left, PARTS) || any(middle, PARTS)).then_some("part of the parameters")
    };
    let field = if active { "active_params" } else { "total_params" };
    let spot = spot.after(if sizes.is_word_model { 2 } else { 0 }).refused(reason);
    card.add_quantity(&spot, field, q.value, s.written(q.from, i + 1), &q);
}

/// "with 37B activated for each token".
fn activated(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let q = before(s, i, 3, |q, between| between.is_empty() && !q.is_word && q.scaled && (1e6..=1e13).contains(&q.value));
    if let Some(q) = q.filter(|_| !any(span(s.ts, i + 1, i + 3), &["parameters", "params", "parameter"])) {
        card.add_quantity(spot, "active_params", q.value, s.written(q.from, i + 1), &q);
    }
}

fn flop(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, i: usize) {
    let Some(unit) = flop_unit(text_at(s.ts, i)) else { return };
    let Some(q) = before(s, i, 7, |q, between| !q.is_word && between.iter().all(|t| t.kind == Kind::Word)) else { return };
    let value = q.value * unit;
    let reason = if value < MIN_FLOP || matches!(text_at(s.ts, i + 1), "/" | "per" | "s") {
        Some("a rate or one pass")
    } else {
        (!s.trains() && !s.under_training).then_some("not said of a training")
    };
    card.add_quantity(&spot.refused(reason), "train_flop", value, s.written(q.from, i + 1), &q);
}

/// The number format of a training.
pub fn precision(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    const FORMATS: &[(&str, &[&str], &str)] = &[
        ("bf16", &["bf", "bfloat"], "16"),
        ("fp8", &["fp"], "8"),
        ("fp16", &["fp", "float"], "16"),
        ("fp32", &["fp", "float"], "32"),
    ];
    if !s.trains() && !s.under_training {
        return;
    }
    let pairs = || s.ts.windows(2).filter_map(|w| if let [a, b] = w { Some((a, b)) } else { None });
    let coded = FORMATS
        .iter()
        .find(|(_, letters, bits)| pairs().any(|(a, b)| a.is_any(letters) && b.kind == Kind::Number && b.glued && b.is(bits)))
        .map(|(name, _, _)| *name);
    let spoken = || {
        let (a, _) = pairs().find(|(a, b)| a.is_any(&["mixed", "half"]) && b.is_any(&["precision", "-"]))?;
        s.has(&["precision"]).then(|| if a.is("mixed") { "mixed" } else { "fp16" })
    };
    let Some(name) = coded.or_else(spoken) else { return };
    let reason = if !s.trains() {
        Some("not said of a training")
    } else if s.has(&["you", "need", "without", "no", "not", "quantization", "lora", "support", "supports", "vram"]) {
        Some("advice")
    } else {
        let files = s.has(&[
            "inference",
            "weights",
            "load",
            "loading",
            "checkpoint",
            "quantized",
            "saved",
            "stored",
            "converted",
            "released",
        ]);
        files.then_some("precision of the files or of inference")
    };
    card.add(&spot.refused(reason), "precision", None, name, None);
}

/// "Training happened in March 2023"; not the date of the data.
pub fn date(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    const JOINS: &[&str] = &["happened", "started", "in", "between", "from", "took", "during", "began"];
    const OTHERS: &[&str] = &["data", "dataset", "on", "corpus", "cutoff", "until", "up", "dump", "dumps", "collected"];
    for x in &s.trains {
        let near = span(s.ts, *x, x + 9);
        let verb = text_at(s.ts, *x);
        if matches!(verb, "training" | "trained")
            && any(span(near, 1, 7), JOINS)
            && !any(near, OTHERS)
            && let Some(date) = date_in(near)
        {
            card.add(spot, "trained_on", None, &date, None);
            return;
        }
    }
}
