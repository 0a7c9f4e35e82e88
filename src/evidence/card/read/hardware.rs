//! Chips and their number, cut out of the text that names them.

use super::candidate::{Card, Spot};
use super::nodes::{devices_per_node, eastern_cluster, nodes_of};
use crate::domain::Field;
use crate::evidence::hardware::{Context, Hardware, Openness, read_hardware, unknown_chip};
use crate::evidence::quantity::tokens::{Kind, Token, lex, span, text_at};
use crate::evidence::vocabulary;
use crate::reference::Accelerators;

/// Texts about hardware read in one card: beyond, a card is a list of products.
const MAX_HARDWARE_TEXTS: usize = 64;
/// Bytes of a text about hardware that is read.
const MAX_HARDWARE_BYTES: usize = 1500;
/// Reason of a chip that the reference table does not have.
const UNKNOWN_CHIP: &str = "a chip that the table of accelerators does not have";
/// How much chips that a text leaves open stand behind one that it names.
const OPEN: u8 = 5;
/// Longest text that is shortened, in words: every step reads it again.
const MAX_SHORTENED_WORDS: usize = 60;

impl Card<'_> {
    /// Reads a text about hardware. Returns whether it names a chip.
    pub fn add_hardware(&mut self, spot: &Spot<'_>, text: &str, context: Context) -> bool {
        if self.hardware_texts >= MAX_HARDWARE_TEXTS || text.len() > MAX_HARDWARE_BYTES {
            return false;
        }
        self.hardware_texts += 1;
        let original = text;
        let (text, accelerators) = (without_points(text), self.tables.accelerators);
        let found = read_hardware(accelerators, &text, context);
        if found.openness == Openness::Unnamed {
            if let Some(name) = unknown_chip(&text) {
                self.add(&spot.after(OPEN), Field::Accelerator, None, &name, Some(UNKNOWN_CHIP));
            }
            if let Some(n) = found.count.filter(|_| context == Context::Field) {
                self.add(&spot.after(2), Field::AcceleratorCount, Some(f64::from(n)), original, None);
            }
            return false;
        }
        let several = (found.openness == Openness::Several).then_some("several chips");
        // "Supported with Cloud TPUs" says less than "on a TPU v3-8".
        let spot = &spot.after(if found.openness == Openness::Alternatives { OPEN } else { 0 });
        let written = shortest(accelerators, original, &text, &found, context);
        self.add(spot, Field::Accelerator, None, &written, several);
        if let Some(n) = found.count {
            let all = lex(original);
            let is_hours = self.counts_hours(&all, n);
            // "936 nodes, each with 4 A100": nobody says how many of them trained.
            let per_node = devices_per_node(&all, |i| self.is_chip(&all, i));
            let is_each = all.iter().any(|t| t.is_any(&["each"]));
            let of_one_node =
                (context == Context::Prose || is_each) && per_node.is_some_and(|each| (each - f64::from(n)).abs() < 0.5);
            let says_nodes = all.iter().any(|t| t.is_any(&["nodes", "servers", "machines", "hosts"]));
            // Nodes that a machine consists of are not those of a training.
            let whole = all.iter().any(|t| t.is_any(&["consists", "composed", "comprises", "comprising"]));
            let nodes = nodes_of(&all).filter(|nodes| of_one_node && !whole && *nodes > 1.0);
            let spot = &spot.refused(is_range_of_devices(&all, n).then_some("a range"));
            if let Some((nodes, each)) = eastern_cluster(original) {
                self.add_eastern_cluster(&spot.refused(several), &written, nodes, each);
            } else if let Some(nodes) = nodes {
                self.add(spot, Field::AcceleratorCount, Some(nodes * f64::from(n)), &written, several);
            } else if of_one_node && says_nodes {
                self.add(spot, Field::AcceleratorCount, Some(f64::from(n)), &written, Some("devices of one node"));
                if spot.refused(several).reason.is_none() && context == Context::Prose && !whole {
                    self.add_part_of_cluster(spot, false, f64::from(n), &written);
                }
            } else if is_hours {
                // "39,400 A100 hours (64 nodes x 8 = 512 GPUs)": the number of devices stands behind its sign.
                if let Some(n) = result_in_devices(&all) {
                    self.add(&spot.after(1), Field::AcceleratorCount, Some(n), &written, several);
                }
            } else {
                let n = tpu_cores(&lex(&text)).unwrap_or(f64::from(n));
                // "Platform: the institute's DGX A100": where it stands, and not how much of it was used.
                let is_place = found.is_uncounted && self.is_place_of_machine;
                let why = several.or(is_place.then_some("the devices of a machine, not said to be all used"));
                // Devices that are counted go before those of a machine.
                self.add(&spot.after(u8::from(found.by_machine)), Field::AcceleratorCount, Some(n), &written, why);
            }
        }
        true
    }

    /// Adds the devices of nodes that a text in Chinese, Japanese or Korean tells; those of one, where nobody says how many there were, may
    /// stand in a list with the nodes.
    fn add_eastern_cluster(&mut self, spot: &Spot<'_>, written: &str, nodes: Option<f64>, each: f64) {
        if let Some(nodes) = nodes {
            return self.add(spot, Field::AcceleratorCount, Some(nodes * each), written, None);
        }
        self.add(spot, Field::AcceleratorCount, Some(each), written, Some("devices of one node"));
        if spot.reason.is_none() {
            self.add_part_of_cluster(spot, false, each, written);
        }
    }

    /// Whether a number of devices is that of their hours: the 400 of "1.400 GPU-Stunden" is part of it, and "500 node-hours on 8xA100 nodes"
    /// are no 4,000 devices.
    fn counts_hours(&self, ts: &[Token<'_>], n: u32) -> bool {
        let digits = |i: usize| ts.get(i).map(|t| t.text.chars().filter(char::is_ascii_digit).collect::<String>());
        (0..ts.len()).any(|i| {
            self.device_hours(ts, i).is_some_and(|d| {
                let product = (d.hours - f64::from(n)).abs() < 0.5;
                product || digits(d.quantity.from).is_some_and(|written| written.ends_with(&n.to_string()))
            })
        })
    }
}

/// "Between 1 and 32 A100": whether a number of devices is the end of a range that opens with a word for one.
fn is_range_of_devices(ts: &[Token<'_>], n: u32) -> bool {
    let opens = |i: usize| ts.get(i).is_some_and(|t| t.is_any(&vocabulary::units().ranges.opening));
    let is_n = |t: &Token<'_>| t.value.is_some_and(|value| (value - f64::from(n)).abs() < 0.5);
    let first = |i: usize| ts.get(i).is_some_and(|t| t.kind == Kind::Number && !is_n(t));
    (0..ts.len()).any(|i| opens(i) && first(i + 1) && ts.get(i + 3).is_some_and(is_n))
}

/// `v10.0` is a version and no V100.
fn without_points(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    // The point of `trn1.32xlarge` is part of its name.
    let is_machine = |i: usize| {
        text.get(i + 1..).is_some_and(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with("xlarge"))
    };
    let text: String = text
        .char_indices()
        .map(|(i, c)| if c == '.' && digit(i.checked_sub(1)) && digit(Some(i + 1)) && !is_machine(i) { ';' } else { c })
        .collect();
    without_plurals(&text)
}

/// "vier A40's", "two RTX 6000 Ada's": behind a name with digits, or the word behind such a name, the apostrophe makes a plural and no
/// owner.
fn without_plurals(text: &str) -> String {
    let has_digit = |word: Option<&str>| word.is_some_and(|w| w.contains(|c: char| c.is_ascii_digit()));
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(['\'', '’']) {
        out.push_str(before);
        let ends = behind.strip_prefix('s').is_some_and(|after| !after.starts_with(char::is_alphanumeric));
        let mut words = out.split_whitespace().rev();
        let is_plural = ends && before.ends_with(char::is_alphanumeric) && (has_digit(words.next()) || has_digit(words.next()));
        if !is_plural {
            out.push('\'');
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// The shortest run of words that reads as the whole text does: what the estimate will read again.
fn shortest(accelerators: &Accelerators, original: &str, text: &str, found: &Hardware<'_>, context: Context) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let reads = |run: &[&str], context: Context| {
        let again = read_hardware(accelerators, &run.join(" "), context);
        again.count == found.count
            && again.openness == found.openness
            && again.names() == found.names()
            && again.names_chip == found.names_chip
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

/// "64 nodes x 8 = 512 GPUs", "192,000 H100 hours on 768 GPUs".
pub(super) fn result_in_devices(ts: &[Token<'_>]) -> Option<f64> {
    let words = &vocabulary::card().device_hours;
    let counts = |at: &usize| {
        ts.get(at + 1).is_some_and(|t| t.kind == Kind::Number) && ts.get(at + 2).is_some_and(|t| t.is_any(&words.named))
    };
    let leads = |at: &usize| ts.get(*at).is_some_and(|t| t.is("=") || t.is_any(&vocabulary::keys().pairs.on));
    let at = (0..ts.len()).find(|at| leads(at) && counts(at))?;
    let n = ts.get(at + 1).filter(|t| t.kind == Kind::Number)?.value?;
    ts.get(at + 2).is_some_and(|t| t.is_any(&words.named)).then_some(n).filter(|n| n.fract() == 0.0 && *n >= 1.0)
}

/// `256 cores of a Cloud TPU v3 Pod`: two cores a chip up to v4 (Google Cloud TPU documentation).
fn tpu_cores(ts: &[Token<'_>]) -> Option<f64> {
    (0..ts.len()).find_map(|i| {
        let cores = ts.get(i).filter(|t| t.kind == Kind::Number)?.value?;
        let is_tpu = text_at(ts, i + 1) == "cores" && span(ts, i, i + 8).iter().any(|t| t.is_any(&["tpu", "tpus"]));
        is_tpu.then(|| (cores / 2.0).floor().max(1.0))
    })
}
