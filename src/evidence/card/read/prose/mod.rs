//! Prose: one scan over the words of a sentence finds what it may speak of; only then is it read closely.

mod counts;
mod times;

use crate::evidence::card::CardRole;
use crate::evidence::card::decide::sections::{is_pretraining, is_train, under_evaluation, under_training};
use crate::evidence::card::parse::markdown::Block;
use crate::evidence::card::read::candidate::{Card, RANK_PROSE, Spot, flop_unit, unit_value};
use crate::evidence::card::read::places::{CLOUD_WORDS, month, provider_in};
use crate::evidence::hardware::Context;
use crate::evidence::quantity::durations::unit_hours;
use crate::evidence::quantity::tokens::{Kind, Token, lex, span, text_at, text_before};
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use rustc_hash::FxHashSet;

/// Tokens of a sentence that are read together; a longer one is cut.
const MAX_SENTENCE: usize = 120;
/// Words before a point that does not end a sentence.
const ABBREVIATIONS: &[&str] = &["al", "e", "g", "i", "approx", "ca", "vs", "no", "fig", "eq", "et", "dr", "mr", "sec", "resp"];

/// A sentence while it is read.
pub struct Sentence<'s, 't> {
    /// Its tokens.
    pub ts: &'s [Token<'t>],
    /// The text that the tokens were cut from.
    pub text: &'s str,
    /// Its words.
    pub words: FxHashSet<&'s str>,
    /// Positions of words of training.
    pub trains: Vec<usize>,
    /// Whether a heading above speaks of training.
    pub under_training: bool,
    /// Whether the nearest heading speaks of evaluation or use.
    pub under_evaluation: bool,
    /// Whether it speaks of one stage of several.
    pub is_stage: bool,
}

impl Sentence<'_, '_> {
    /// Whether one of these words occurs.
    #[must_use]
    pub fn has(&self, words: &[&str]) -> bool {
        words.iter().any(|w| self.words.contains(w))
    }

    /// Whether it speaks of training.
    #[must_use]
    pub fn trains(&self) -> bool {
        !self.trains.is_empty()
    }

    /// The text of some of its tokens.
    #[must_use]
    pub fn written(&self, from: usize, to: usize) -> &str {
        let tokens = span(self.ts, from, to);
        tokens.first().zip(tokens.last()).and_then(|(a, b)| self.text.get(a.from..b.to)).unwrap_or_default()
    }
}

/// What the words of a sentence may speak of.
#[derive(Clone, Copy, Default)]
struct Triggers {
    hardware: bool,
    time: bool,
    carbon: bool,
    energy: bool,
    counts: bool,
    precision: bool,
    month: bool,
    cloud: bool,
    tool: bool,
    base: bool,
}

impl Triggers {
    fn scan(card: &Card<'_>, ts: &[Token<'_>]) -> Self {
        let mut found = Self::default();
        for (i, t) in ts.iter().enumerate() {
            match t.kind {
                Kind::Number => found.hardware |= t.is_any(BARE_CHIPS),
                Kind::Word => found.word(card, ts, i, t),
                Kind::Power | Kind::Sign => {}
            }
        }
        found
    }

    fn word(&mut self, card: &Card<'_>, ts: &[Token<'_>], i: usize, t: &Token<'_>) {
        let word = t.text.as_ref();
        self.hardware |= HARDWARE_WORDS.contains(&word) || card.is_chip(ts, i);
        self.time |= unit_hours(ts, i).is_some();
        self.carbon |= CARBON_WORDS.contains(&word);
        self.energy |= energy_unit(word).is_some();
        self.precision |=
            word == "precision" || (matches!(word, "bf" | "bfloat" | "fp" | "float") && ts.get(i + 1).is_some_and(|n| n.glued));
        self.month |= t.upper && month(word).is_some();
        self.cloud |= CLOUD_WORDS.contains(&word);
        self.tool |= matches!(word, "codecarbon" | "carbontracker" | "calculator");
        self.counts |= matches!(
            word,
            "tokens"
                | "token"
                | "epochs"
                | "epoch"
                | "épocas"
                | "epochen"
                | "époques"
                | "steps"
                | "step"
                | "iterations"
                | "updates"
                | "batch"
                | "parameters"
                | "parameter"
                | "params"
                | "paramètres"
                | "parámetros"
                | "parametern"
                | "activated"
                | "active"
                | "mfu"
                | "model"
                | "models"
                | "variant"
                | "version"
        ) || flop_unit(word).is_some()
            || !word.is_ascii();
        self.base |= matches!(
            word,
            "fine"
                | "finetuned"
                | "finetune"
                | "finetunes"
                | "finetuning"
                | "tuned"
                | "this"
                | "adapter"
                | "adapters"
                | "quantized"
                | "initialized"
                | "initialised"
                | "started"
                | "starting"
                | "resumed"
                | "built"
                | "converted"
                | "continued"
                | "trained"
                | "further"
                | "model"
                | "based"
                | "derived"
                | "distilled"
                | "we"
        ) || !word.is_ascii();
    }
}

/// Numbers that are chips by themselves; whether they are in a text decides the hardware reader.
const BARE_CHIPS: &[&str] = &["3090", "4090", "2080", "1080", "3080", "3060", "5090", "3070", "4080", "4070"];
const HARDWARE_WORDS: &[&str] = &[
    "gpu", "gpus", "tpu", "tpus", "nvidia", "rtx", "gtx", "tesla", "geforce", "cerebras", "ascend", "gaudi", "trainium", "colab",
    "titan", "npu", "npus", "instinct", "dgx", "quadro", "ipu", "hpu", "mi",
];
const CARBON_WORDS: &[&str] = &[
    "co2",
    "co2eq",
    "co2e",
    "carbon",
    "emissions",
    "emission",
    "emitted",
    "kgco2eq",
    "tco2eq",
    "kgco2",
    "tco2e",
    "kgco2e",
    "gco2eq",
    "碳排放",
];

/// Reads a run of text of a block that begins `offset` bytes into the block's text.
pub fn read(card: &mut Card<'_>, b: &Block, text: &str, offset: usize, reason: Option<&'static str>) {
    let ts = lex(text);
    card.trained_before = false;
    let (training, evaluation) = (under_training(b), under_evaluation(b));
    let mut from = 0;
    while from < ts.len() {
        let to = sentence_end(&ts, text, from);
        let tokens = span(&ts, from, to);
        from = to;
        let trains: Vec<usize> = (0..tokens.len()).filter(|i| is_train(tokens, *i)).collect();
        let triggers = Triggers::scan(card, tokens);
        let spoke = !trains.is_empty();
        let words: FxHashSet<&str> = tokens.iter().filter(|t| t.kind == Kind::Word).map(|t| t.text.as_ref()).collect();
        let any = |list: &[&str]| list.iter().any(|w| words.contains(w));
        let is_stage = any(&["stage", "stages", "phase"]) && any(&["first", "second", "initial", "third", "final"]);
        let s = Sentence { ts: tokens, text, trains, under_training: training, under_evaluation: evaluation, is_stage, words };
        sentence(card, b, &s, triggers, offset, reason);
        card.trained_before = spoke;
    }
}

/// Token behind the sentence that begins at a token.
fn sentence_end(ts: &[Token<'_>], text: &str, from: usize) -> usize {
    for (i, t) in ts.iter().enumerate().skip(from) {
        let next = ts.get(i + 1);
        let ends = t.kind == Kind::Sign
            && (t.is_any(&["。", "！", "？"])
                || (t.is_any(&[".", "!", "?"])
                    && next.is_none_or(|n| !n.glued)
                    && !(i > from && ABBREVIATIONS.contains(&text_before(ts, i, 1)))));
        let gap = next.and_then(|n| text.get(t.to..n.from)).is_some_and(|between| between.contains("\n\n"));
        if ends || gap || i - from >= MAX_SENTENCE {
            return i + 1;
        }
    }
    ts.len()
}

fn sentence(card: &mut Card<'_>, b: &Block, s: &Sentence<'_, '_>, found: Triggers, offset: usize, section: Option<&'static str>) {
    let Some((first, last)) = s.ts.first().zip(s.ts.last()) else { return };
    let quote = b.source_range(offset + first.from, offset + last.to);
    let reason = section.or_else(|| whose(card, s));
    let spot = Spot { block: b, quote, rank: RANK_PROSE, reason };
    if found.base {
        let links = b.links_between(offset + first.from, offset + last.to);
        card.add_base_in_prose(&spot, s.text, links, s.ts, offset);
    }
    if found.hardware {
        hardware(card, &spot, s);
    }
    if found.time {
        times::read(card, &spot, s);
    }
    if found.carbon || found.energy {
        emissions(card, &spot, s, found);
    }
    if found.counts {
        counts::read(card, &spot, s);
    }
    if found.precision {
        counts::precision(card, &spot, s);
    }
    if found.month {
        counts::date(card, &spot, s);
    }
    if found.cloud {
        provider(card, &spot, s);
    }
    if found.tool {
        tool(card, &spot, s);
    }
}

/// What the sentence itself says against its figures being this model's training.
fn whose(card: &Card<'_>, s: &Sentence<'_, '_>) -> Option<&'static str> {
    let fine_tune = card.own.role == CardRole::FineTune;
    let own_pretraining = s.has(&["we", "our", "further", "continued", "continual", "continue", "additional", "additionally"]);
    if fine_tune && is_pretraining(s.ts, &s.trains) && !own_pretraining {
        return Some("base model's figure");
    }
    if let Some(first) = s.trains.first() {
        let before = span(s.ts, 0, *first);
        if fine_tune && !s.has(&["fine", "finetuned", "we", "finetune", "our"]) && card.own.base_in(before) {
            return Some("base model's figure");
        }
        let other = before.iter().take(6).any(|t| t.is_any(&["larger", "smaller", "largest", "smallest"]));
        if other && s.has(&["model"]) && !s.has(&["this", "our", "we"]) {
            return Some("another model's figure");
        }
    }
    let advice = s.has(&["if"]) && s.has(&["you"]) && !s.has(&["we"]) && s.has(&["want", "would"]);
    advice.then_some("advice to the reader")
}

fn hardware(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let serves = s.has(&[
        "inference",
        "latency",
        "throughput",
        "vram",
        "requires",
        "require",
        "needs",
        "minimum",
        "recommended",
        "benchmark",
        "benchmarks",
        "evaluated",
        "tested",
        "demo",
        "deploy",
        "fits",
        "average",
    ]);
    let runs = s.has(&[
        "not", "no", "work", "works", "speed", "faster", "timing", "timings", "memory", "fit", "fitting", "run", "runs", "running",
        "load", "loaded", "slow", "consumer",
    ]);
    let trains = s.trains();
    let reason = if trains {
        let may = s.has(&["can", "could", "might", "may"]) && !s.has(&["was", "were", "we", "took"]);
        if s.has(&["inference", "minimum", "average"]) && !s.has(&["trained"]) {
            Some("inference or requirement")
        } else {
            may.then_some("not said of this training")
        }
    } else if serves {
        Some("inference or requirement")
    } else if s.under_evaluation {
        Some("evaluation or inference")
    } else if runs {
        Some("inference or requirement")
    } else {
        let used = s.has(&["took", "used", "using", "cluster", "supercomputer", "花费", "使用"]);
        (!s.under_training && !used).then_some("not said of a training")
    };
    let text = s.written(0, s.ts.len());
    card.add_hardware(&spot.refused(reason).after(if trains { 0 } else { 3 }), text, Context::Prose);
}

fn emissions(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>, found: Triggers) {
    let trains = s.trains();
    let mut at = 0;
    while found.carbon && at < s.ts.len() {
        let is_number = s.ts.get(at).is_some_and(|t| t.kind == Kind::Number);
        let Some((kg, next, q)) = (if is_number { unit_value(s.ts, at, mass_unit) } else { None }) else {
            at += 1;
            continue;
        };
        let follows = text_at(s.ts, next);
        let reason = if card.co2_subject && !s.under_training {
            Some("CO2 is the model's subject")
        } else if !trains
            && s.has(&["inference", "query", "queries", "prediction", "evaluation", "evaluating", "benchmark", "leaderboard"])
        {
            Some("inference or evaluation")
        } else if follows == "/" || follows == "per" {
            Some("a rate")
        } else if !trains && !s.under_training && s.has(&["offset", "equivalent", "car", "flight", "average"]) {
            Some("a comparison")
        } else if !(trains || s.under_training || s.has(&["emitted", "emission", "emissions", "estimated", "footprint"])) {
            Some("not said of a training")
        } else {
            None
        };
        let spot = spot.refused(reason);
        card.add_quantity(&spot, "emissions_kgco2e", kg, s.written(at, next), &q);
        at = next.max(at + 1);
    }
    if !found.energy {
        return;
    }
    for i in (0..s.ts.len()).filter(|i| s.ts.get(*i).is_some_and(|t| t.kind == Kind::Number)) {
        let Some((kwh, next, q)) = unit_value(s.ts, i, energy_unit) else { continue };
        let follows = text_at(s.ts, next);
        let reason = if follows == "/" || follows == "per" {
            Some("a rate")
        } else {
            (!(trains || s.under_training || s.has(&["consumed", "consumption", "energy"]))).then_some("not said of a training")
        };
        card.add_quantity(&spot.refused(reason), "energy_kwh", kwh, s.written(i, next), &q);
    }
}

fn provider(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let Some(verb) = s.trains.first().copied() else { return };
    let joined = span(s.ts, verb, verb + 14).iter().any(|t| t.is_any(&["on", "using", "with", "via", "in", "by"]));
    let behind = s.written(verb, verb + 30).to_lowercase();
    let Some(name) = provider_in(&behind, true).filter(|_| joined) else { return };
    if name == "Lambda" && !s.has(&["gpu", "gpus", "cloud", "instance", "instances"]) {
        return;
    }
    let serves = s.has(&["inference", "deploy", "evaluation"]).then_some("inference");
    card.add(&spot.after(1), "cloud_provider", None, name, serves);
}

fn tool(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let name = if s.has(&["codecarbon"]) {
        "CodeCarbon"
    } else if s.has(&["carbontracker"]) {
        "carbontracker"
    } else if s.has(&["calculator"]) && s.has(&["impact", "emissions", "carbon"]) {
        "ML CO2 Impact calculator"
    } else {
        return;
    };
    let fact = card.fact(spot, "measurement_tool", None, name, None);
    card.tools.push(fact);
}
