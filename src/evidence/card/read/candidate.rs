//! Values: from a few tokens to a row of evidence in its canonical unit.

use crate::evidence::card::decide::sections::{Own, name_tokens};
use crate::evidence::card::parse::markdown::{Block, BlockKind};
use crate::evidence::hardware::{self, Context, Hardware, Openness};
use crate::evidence::quantity::durations::{clock, duration};
use crate::evidence::quantity::numbers::{Quantity, first_quantity, quantity, scale};
use crate::evidence::quantity::tokens::{Kind, Token, lex, span, text_at};
use crate::evidence::quantity::units::hours_in;
use crate::evidence::{Extracted, MAX_QUOTE_CHARS};
use crate::reference::Reference;

/// Evidence with its standing among others of its field.
pub struct Fact {
    /// The row.
    pub row: Extracted,
    /// Standing: smaller is better.
    pub rank: u8,
}

/// Where a value stands and what its place takes away from it.
#[derive(Clone, Copy)]
pub struct Spot<'b> {
    /// Block.
    pub block: &'b Block,
    /// Bytes of the card to quote.
    pub quote: (usize, usize),
    /// Standing.
    pub rank: u8,
    /// Why no value here can be accepted.
    pub reason: Option<&'static str>,
}

impl Spot<'_> {
    /// The same with a reason, unless there is one.
    #[must_use]
    pub fn refused(self, reason: Option<&'static str>) -> Self {
        Self { reason: self.reason.or(reason), ..self }
    }

    /// The same with a lower standing.
    #[must_use]
    pub fn after(self, by: u8) -> Self {
        Self { rank: self.rank.saturating_add(by), ..self }
    }
}

/// Standing of front matter, table rows, keys with values, code and prose.
pub const RANK_FRONT_MATTER: u8 = 1;
/// See [`RANK_FRONT_MATTER`].
pub const RANK_TABLE: u8 = 3;
/// See [`RANK_FRONT_MATTER`].
pub const RANK_PAIR: u8 = 4;
/// See [`RANK_FRONT_MATTER`].
pub const RANK_CODE: u8 = 8;
/// See [`RANK_FRONT_MATTER`].
pub const RANK_PROSE: u8 = 20;
/// Texts about hardware read in one card: beyond, a card is a list of products.
const MAX_HARDWARE_TEXTS: usize = 64;
/// Rows kept of one card.
const MAX_ROWS: usize = 1000;
/// Bytes of a text about hardware that is read.
const MAX_HARDWARE_BYTES: usize = 1500;
/// Hours of a year: more cannot be the wall hours of one training in a form that is often filled with device hours.
const HOURS_PER_YEAR: f64 = 8760.0;
/// Fewest FLOP of a training: less is one forward pass.
pub const MIN_TRAIN_FLOP: f64 = 1e15;

/// The card while it is read.
pub struct Card<'a> {
    /// Reference tables.
    pub reference: &'a Reference,
    /// The text, cut.
    pub source: &'a str,
    /// The repository.
    pub own: Own,
    /// Whether CO2 is what the model is about.
    pub co2_subject: bool,
    /// Whether the sentence before spoke of training.
    pub trained_before: bool,
    /// Evidence so far.
    pub facts: Vec<Fact>,
    /// Measurement tools named, with the place: they count when a figure does.
    pub tools: Vec<Fact>,
    hardware_texts: usize,
}

impl<'a> Card<'a> {
    /// Before reading.
    #[must_use]
    pub fn new(reference: &'a Reference, source: &'a str, own: Own) -> Self {
        Self {
            reference,
            source,
            own,
            co2_subject: false,
            trained_before: false,
            facts: Vec::new(),
            tools: Vec::new(),
            hardware_texts: 0,
        }
    }

    /// Builds a row.
    #[must_use]
    pub fn fact(
        &self,
        spot: &Spot<'_>,
        field: &'static str,
        value: Option<f64>,
        written: &str,
        reason: Option<&'static str>,
    ) -> Fact {
        let wrong = value.is_some_and(|v| !(v.is_finite() && v > 0.0 && v < 1e40));
        let reason = spot.reason.or(reason).or(wrong.then_some("zero or out of range"));
        let written: String = written.trim().chars().take(MAX_QUOTE_CHARS).collect();
        let row = Extracted {
            field,
            value: value.filter(|v| v.is_finite()),
            unit: crate::evidence::unit_of(field),
            as_written: written,
            source: if spot.block.kind == BlockKind::FrontMatter { "card_yaml" } else { "card_text" },
            locator: locator(spot.block),
            quote: quote(self.source, spot.quote),
            extractor: match spot.block.kind {
                BlockKind::FrontMatter => "card_front_matter",
                BlockKind::TableRow => "card_table",
                _ => "card_text",
            },
            confidence: match spot.rank {
                0..=RANK_PAIR => 0.8,
                5..RANK_PROSE => 0.7,
                _ => 0.65,
            },
            reject_reason: reason.map(str::to_owned),
        };
        Fact { row, rank: spot.rank }
    }

    /// Adds a row.
    pub fn add(&mut self, spot: &Spot<'_>, field: &'static str, value: Option<f64>, written: &str, reason: Option<&'static str>) {
        if self.facts.len() < MAX_ROWS {
            let fact = self.fact(spot, field, value, written, reason);
            self.facts.push(fact);
        }
    }

    /// Adds a number read from tokens of a text.
    pub fn add_quantity(&mut self, spot: &Spot<'_>, field: &'static str, value: f64, written: &str, q: &Quantity) {
        self.add(spot, field, Some(value), written, q.is_range.then_some("a range"));
    }

    /// Whether letters with a number glued to them are a chip.
    #[must_use]
    pub fn is_chip(&self, ts: &[Token<'_>], i: usize) -> bool {
        let (Some(word), Some(number)) = (ts.get(i), ts.get(i + 1)) else { return false };
        word.kind == Kind::Word
            && number.kind == Kind::Number
            && number.glued
            && word.text.len() + number.text.len() <= self.reference.accelerators.longest_alias()
            && self.reference.accelerators.by_alias(&format!("{}{}", word.text, number.text)).is_some()
    }

    /// Device hours that end with the unit of time at `at`: `2.788M H800 GPU hours`. None when no device stands between.
    #[must_use]
    pub fn device_hours(&self, ts: &[Token<'_>], at: usize) -> Option<DeviceHours> {
        const DEVICES: &[&str] =
            &["gpu", "gpus", "tpu", "tpus", "core", "chip", "node", "device", "accelerator", "npu", "card", "gcd"];
        const FILLERS: &[&str] = &["nvidia", "gb", "sxm", "pcie", "compute", "amd", "x", "g", "tesla", "total", "cumulative"];
        let per_unit = hours_in(text_at(ts, at))?;
        let mut seen = false;
        for j in (at.saturating_sub(10)..at).rev() {
            let t = ts.get(j)?;
            match t.kind {
                Kind::Word if t.is_any(DEVICES) || (t.text.len() <= 2 && self.is_chip(ts, j)) => seen = true,
                Kind::Word if t.is_any(FILLERS) || scale(t.text.as_ref()).is_some() => {}
                Kind::Sign if t.is_any(&["-", "."]) => {}
                Kind::Number => {
                    let is_memory = ts.get(j + 1).is_some_and(|u| u.is_any(&["gb", "g", "gib"]));
                    if let Some(q) = quantity(ts, j)
                        && !is_memory
                        && seen
                        && q.to <= at
                    {
                        return (q.to < at || q.scaled).then_some(DeviceHours { hours: q.value * per_unit, quantity: q });
                    }
                }
                Kind::Word | Kind::Sign | Kind::Power => return None,
            }
        }
        None
    }

    /// Reads a text that holds hours of training: of devices when it says so, or when no single training lasts so long.
    pub fn add_hours(&mut self, spot: &Spot<'_>, key: &str, value: &str) {
        let all = lex(value);
        let ts = span(&all, 0, MAX_VALUE_TOKENS);
        let key = key.to_lowercase();
        let range = |is: bool| is.then_some("a range");
        for i in (0..ts.len()).filter(|i| ts.get(*i).is_some_and(|t| t.is_any(&["hours", "hour", "days", "hrs", "h"]))) {
            if let Some(d) = self.device_hours(ts, i) {
                self.add(spot, "accelerator_hours", Some(d.hours), value, range(d.quantity.is_range));
                return;
            }
        }
        let says_devices = ["gpu", "tpu", "device"].iter().any(|w| key.contains(w));
        let field = |is_device: bool| if is_device { "accelerator_hours" } else { "wall_hours" };
        for i in 0..ts.len() {
            if let Some(hours) = clock(ts, i) {
                self.add(spot, "wall_hours", Some(hours), value, None);
                return;
            }
            if let Some(d) = duration(ts, i) {
                let named = ts
                    .windows(2)
                    .any(|w| matches!(w, [a, b] if a.is_any(&["gpu", "tpu"]) && b.is_any(&["hours", "-", "hour", "days"])));
                self.add(spot, field(says_devices || named), Some(d.hours), value, range(d.is_range));
                return;
            }
        }
        let Some(q) = first_quantity(ts) else { return };
        let hours = if key.contains("hour") {
            q.value
        } else if key.contains("runtime") {
            q.value / crate::units::SECONDS_PER_HOUR
        } else {
            return;
        };
        self.add_quantity(spot, field(says_devices || hours > HOURS_PER_YEAR), hours, value, &q);
    }

    /// Reads a text about hardware. Returns whether it names a chip.
    pub fn add_hardware(&mut self, spot: &Spot<'_>, text: &str, context: Context) -> bool {
        if self.hardware_texts >= MAX_HARDWARE_TEXTS || text.len() > MAX_HARDWARE_BYTES {
            return false;
        }
        self.hardware_texts += 1;
        let original = text;
        let text = without_points(text);
        let reference = self.reference;
        let found = hardware::read_hardware(&reference.accelerators, &text, context);
        if found.openness == Openness::Unnamed {
            if let Some(n) = found.count.filter(|_| context == Context::Field) {
                self.add(&spot.after(2), "accelerator_count", Some(f64::from(n)), original, None);
            }
            return false;
        }
        let several = (found.openness == Openness::Several).then_some("several chips");
        let written = shortest(reference, original, &text, &found, context);
        self.add(spot, "accelerator", None, &written, several);
        if let Some(n) = found.count {
            let all = lex(&text);
            let is_hours = (0..all.len()).any(|i| {
                all.get(i).is_some_and(|t| t.is_any(&["hours", "hour", "days"]))
                    && self
                        .device_hours(&all, i)
                        .is_some_and(|d| all.get(d.quantity.from).and_then(|t| t.value) == Some(f64::from(n)))
            });
            if !is_hours {
                let n = tpu_cores(&all).unwrap_or(f64::from(n));
                self.add(spot, "accelerator_count", Some(n), &written, several);
            }
        }
        true
    }

    /// FLOP of a training in the first number of a text.
    pub fn add_flop(&mut self, spot: &Spot<'_>, ts: &[Token<'_>], written: &str) {
        let Some(q) = first_quantity(ts) else { return };
        let value = q.value * flop_unit(text_at(ts, q.to)).unwrap_or(1.0);
        let spot = spot.refused((value < MIN_TRAIN_FLOP).then_some("too few for a training: FLOP of one pass"));
        self.add_quantity(&spot, "train_flop", value, written, &q);
    }
}

/// Device hours and the quantity they were read from.
#[derive(Clone, Copy, Debug)]
pub struct DeviceHours {
    /// Hours.
    pub hours: f64,
    /// Quantity.
    pub quantity: Quantity,
}

/// Tokens of a value that are read.
pub const MAX_VALUE_TOKENS: usize = 120;

/// `v10.0` is a version and no V100.
fn without_points(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    text.char_indices().map(|(i, c)| if c == '.' && digit(i.checked_sub(1)) && digit(Some(i + 1)) { ';' } else { c }).collect()
}

/// The shortest run of words that reads as the whole text does: what the estimate will read again.
fn shortest(reference: &Reference, original: &str, text: &str, found: &Hardware<'_>, context: Context) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let reads = |run: &[&str], context: Context| {
        let again = hardware::read_hardware(&reference.accelerators, &run.join(" "), context);
        again.count == found.count && again.openness == found.openness && again.names() == found.names()
    };
    let (mut from, mut to) = (0, words.len());
    if context == Context::Prose && to <= MAX_SHORTENED_WORDS {
        while from + 1 < to && words.get(from + 1..to).is_some_and(|run| reads(run, context)) {
            from += 1;
        }
        while from + 1 < to && words.get(from..to - 1).is_some_and(|run| reads(run, context)) {
            to -= 1;
        }
    }
    let run = words.get(from..to).unwrap_or_default();
    if context == Context::Field || reads(run, Context::Field) {
        return original.split_whitespace().skip(from).take(to - from).collect::<Vec<_>>().join(" ");
    }
    let names = found.names().join(" or ");
    found.count.map_or_else(|| names.clone(), |n| format!("{n} x {names}"))
}

/// Longest text that is shortened, in words: every step reads it again.
const MAX_SHORTENED_WORDS: usize = 60;

/// `256 cores of a Cloud TPU v3 Pod`: two cores a chip up to v4 (Google Cloud TPU documentation).
fn tpu_cores(ts: &[Token<'_>]) -> Option<f64> {
    (0..ts.len()).find_map(|i| {
        let cores = ts.get(i).filter(|t| t.kind == Kind::Number)?.value?;
        let is_tpu = text_at(ts, i + 1) == "cores" && span(ts, i, i + 8).iter().any(|t| t.is_any(&["tpu", "tpus"]));
        is_tpu.then(|| (cores / 2.0).floor().max(1.0))
    })
}

/// FLOP in a unit of them.
#[must_use]
pub fn flop_unit(word: &str) -> Option<f64> {
    Some(match word {
        "flop" | "flops" => 1.0,
        "pflop" | "pflops" | "petaflop" | "petaflops" => 1e15,
        "eflop" | "eflops" | "exaflop" | "exaflops" => 1e18,
        "zflop" | "zflops" | "zettaflop" | "zettaflops" => 1e21,
        "yflops" => 1e24,
        _ => return None,
    })
}

/// A quantity with a unit behind it: value in the unit's base, token after the unit, the quantity.
#[must_use]
pub fn unit_value(ts: &[Token<'_>], i: usize, unit: fn(&str) -> Option<f64>) -> Option<(f64, usize, Quantity)> {
    let q = quantity(ts, i)?;
    let last = text_at(ts, q.to - 1);
    if q.scaled && last == "t" && q.to - 1 > i {
        // 1.2t beside CO2 is tonnes.
        return unit("t").map(|factor| (q.value / 1e12 * factor, q.to, q));
    }
    let mut at = q.to;
    while at < q.to + 2 && ts.get(at).is_some_and(|t| t.is_any(&["(", "-", "metric", "kilo", "of"])) {
        at += 1;
    }
    let factor = ts.get(at).filter(|t| t.kind == Kind::Word).and_then(|t| unit(t.text.as_ref()))?;
    Some((q.value * factor, at + 1, q))
}

/// The unit that a key or header names.
#[must_use]
pub fn header_unit(text: &str, unit: fn(&str) -> Option<f64>) -> Option<f64> {
    lex(text).iter().filter(|t| t.kind == Kind::Word).find_map(|t| unit(t.text.as_ref()))
}

/// Name of a number format in a text.
#[must_use]
pub fn precision_of(text: &str) -> Option<&'static str> {
    const FORMATS: &[(&str, &[&str])] = &[
        ("bf16", &["bf16", "bfloat16", "bfloat"]),
        ("fp8", &["fp8", "float8"]),
        ("mixed", &["mixed", "amp", "apex"]),
        ("fp16", &["fp16", "float16", "half", "f16"]),
        ("fp32", &["fp32", "float32", "f32", "full"]),
    ];
    let words = name_tokens(text);
    FORMATS.iter().find(|(_, names)| words.iter().any(|w| names.contains(&w.as_str()))).map(|(name, _)| *name)
}

fn locator(b: &Block) -> String {
    let section = b.headings.last().map(|h| format!("section '{}', ", h.chars().take(60).collect::<String>())).unwrap_or_default();
    match b.kind {
        BlockKind::FrontMatter => "front matter".to_owned(),
        BlockKind::Code => format!("{section}code, line {}", b.line),
        BlockKind::TableRow => format!("{section}table, line {}", b.line),
        _ => format!("{section}line {}", b.line),
    }
}

/// At most 200 characters of the card, exactly as they stand there.
#[must_use]
pub fn quote(source: &str, (from, to): (usize, usize)) -> String {
    let mut from = from.min(source.len());
    while !source.is_char_boundary(from) {
        from -= 1;
    }
    let mut to = to.clamp(from, source.len());
    while !source.is_char_boundary(to) {
        to += 1;
    }
    source.get(from..to).unwrap_or_default().trim().chars().take(MAX_QUOTE_CHARS).collect()
}

#[cfg(test)]
mod tests;
