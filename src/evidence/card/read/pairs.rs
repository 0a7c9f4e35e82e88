//! A key and its value: lines `Hardware Type: A100`, cells of two-column tables, columns of comparison tables.

use crate::evidence::card::decide::sections::{is_template, is_train, under_environment, under_evaluation, under_training};
use crate::evidence::card::parse::markdown::{Block, BlockKind};
use crate::evidence::card::read::candidate::{Card, MAX_VALUE_TOKENS, Spot, header_unit, precision_of, unit_value};
use crate::evidence::card::read::keys::{Key, key_of, norm_key};
use crate::evidence::card::read::places::{date_in, provider_in};
use crate::evidence::hardware::Context;
use crate::evidence::quantity::durations::duration;
use crate::evidence::quantity::numbers::{first_quantity, quantity};
use crate::evidence::quantity::tokens::{Token, lex, span, text_at};
use crate::evidence::quantity::units::{energy_unit, mass_unit};

impl Card<'_> {
    /// Reads a pair. Returns whether the key is one of ours.
    pub fn add_pair(&mut self, spot: &Spot<'_>, key: &str, value: &str, links: &[(String, String)]) -> bool {
        let norm = norm_key(key.trim_matches(|c: char| " -*#•|".contains(c)));
        let Some(kind) = key_of(&norm) else { return false };
        let value = value.trim();
        if is_template(value) && !matches!(kind, Key::Devices | Key::GlobalBatch | Key::Active) {
            let field = match kind {
                Key::Hardware => "accelerator",
                Key::Hours => "wall_hours",
                Key::Provider => "cloud_provider",
                Key::Region => "cloud_region",
                Key::Carbon => "emissions_kgco2e",
                Key::Energy => "energy_kwh",
                _ => return true,
            };
            if !value.is_empty() {
                self.add(spot, field, None, value, Some("template left unfilled"));
            }
            return true;
        }
        let b = spot.block;
        let about_training = under_training(b);
        let all = lex(value);
        let ts = span(&all, 0, MAX_VALUE_TOKENS);
        let sided = matches!(
            kind,
            Key::Hardware
                | Key::Hours
                | Key::Carbon
                | Key::Energy
                | Key::Precision
                | Key::Batch
                | Key::GlobalBatch
                | Key::Region
                | Key::Provider
        );
        let evaluated = sided && !norm.contains("train") && under_evaluation(b);
        let spot = &spot.refused(evaluated.then_some("evaluation or inference"));
        match kind {
            Key::Hardware => return self.add_hardware_pair(spot, &norm, value, ts, about_training),
            Key::Devices => {
                if let Some(q) = first_quantity(ts).filter(|q| q.value.fract() == 0.0) {
                    self.add(spot, "accelerator_count", Some(q.value), value, None);
                }
            }
            Key::Hours => {
                if matches!(norm.as_str(), "time" | "duration" | "hours" | "runtime") && !about_training {
                    return false;
                }
                self.add_hours(spot, key, value);
            }
            Key::Provider => {
                if matches!(norm.as_str(), "cloud" | "provider") && !about_training {
                    return false;
                }
                let lower = value.to_lowercase();
                let none = ["no", "false", "local", "private", "private infrastructure"].contains(&lower.as_str());
                if !none && !lower.contains("no cloud") {
                    let named = provider_in(&lower, false).map(str::to_owned);
                    let written = named.unwrap_or_else(|| value.chars().take(60).collect());
                    self.add(spot, "cloud_provider", None, &written, None);
                }
            }
            Key::Region => {
                if matches!(norm.as_str(), "region" | "location") && !under_environment(b) {
                    return false;
                }
                self.add_place(spot, value);
            }
            Key::Carbon => self.add_carbon(spot, key, value, ts),
            Key::Energy => self.add_energy(spot, key, value, ts),
            Key::Tokens => {
                // Words of sizes of data; a bare number below ten million is a length.
                let of_data = ts.iter().any(|t| t.is_any(&["dataset", "corpus", "context", "vocab", "vocabulary", "sequence"]));
                let loose = matches!(norm.as_str(), "tokens" | "total tokens" | "number of tokens");
                if let Some(q) = first_quantity(ts).filter(|q| q.value >= 1e6 && (q.scaled || q.value >= 1e7)) {
                    let spot = spot.after(u8::from(loose)).refused(of_data.then_some("data set size"));
                    self.add_quantity(&spot, "train_tokens", q.value, value, &q);
                }
            }
            Key::Flop => self.add_flop(spot, ts, value),
            Key::Epochs => {
                if let Some(q) = first_quantity(ts).filter(|q| q.value <= 1e5 && ts.len() <= 12)
                    && !ts.iter().any(|t| t.is("early"))
                {
                    self.add_quantity(spot, "epochs", q.value, value, &q);
                }
            }
            Key::Steps => {
                if matches!(norm.as_str(), "steps" | "iterations") && !about_training {
                    return false;
                }
                if let Some(q) = first_quantity(ts).filter(|q| q.value >= 10.0 && ts.len() <= 12) {
                    self.add_quantity(spot, "train_steps", q.value, value, &q);
                }
            }
            Key::Batch | Key::GlobalBatch => {
                if matches!(norm.as_str(), "bs" | "batch") && !about_training {
                    return false;
                }
                // `32 x 8 x 2 x 4 = 2048`: the product.
                let equals = ts.iter().rposition(|t| t.is("="));
                let q = first_quantity(span(ts, equals.map_or(0, |at| at + 1), ts.len()));
                let short = ts.len() <= if equals.is_some() { 40 } else { 8 };
                if let Some(q) = q.filter(|_| short) {
                    let spot = spot.after(u8::from(kind == Key::Batch));
                    self.add_quantity(&spot, "batch_size", q.value, value, &q);
                }
            }
            Key::Precision => self.add_precision_pair(spot, &norm, value, about_training),
            Key::Params | Key::Active => self.add_params(spot, kind, key, value, ts),
            Key::Base => {
                self.add_base(&Spot { reason: None, ..*spot }, value, links, None, 6);
            }
            Key::Date => {
                if let Some(date) = date_in(ts) {
                    self.add(spot, "trained_on", None, &date, None);
                }
            }
        }
        true
    }

    fn add_hardware_pair(&mut self, spot: &Spot<'_>, norm: &str, value: &str, ts: &[Token<'_>], about_training: bool) -> bool {
        let vague = matches!(norm, "device" | "devices" | "gpu" | "tpu" | "machine" | "compute" | "infrastructure");
        if vague && !about_training && spot.block.kind != BlockKind::ListItem {
            return false;
        }
        let serves =
            ts.iter().any(|t| t.is_any(&["inference", "infer", "deployment", "serving", "evaluation", "minimum", "recommended"]))
                && !(0..ts.len()).any(|i| is_train(ts, i));
        let spot = &spot.refused(serves.then_some("inference or requirement"));
        let named = value.len() < 400 && self.add_hardware(spot, value, Context::Field);
        if named {
            if let Some(provider) = provider_in(&value.to_lowercase(), true) {
                self.add(&spot.after(1), "cloud_provider", None, provider, None);
            }
            // `8 A100 for 3 days`
            if let Some(d) = (0..ts.len()).find_map(|i| duration(ts, i)) {
                self.add(&spot.after(1), "wall_hours", Some(d.hours), value, d.is_range.then_some("a range"));
            }
        } else if matches!(norm, "num gpus" | "number of gpus" | "gpu count" | "device count")
            && let Some(q) = first_quantity(ts)
        {
            self.add(spot, "accelerator_count", Some(q.value), value, None);
        }
        true
    }

    /// Emissions: a number with its unit, or with the unit of its key; none without a unit.
    pub fn add_carbon(&mut self, spot: &Spot<'_>, key: &str, value: &str, ts: &[Token<'_>]) {
        if let Some((kg, _, q)) = (0..ts.len()).find_map(|i| unit_value(ts, i, mass_unit)) {
            self.add_quantity(spot, "emissions_kgco2e", kg, value, &q);
            return;
        }
        let Some(q) = first_quantity(ts) else { return };
        match header_unit(key, mass_unit).filter(|_| ts.len() < 12) {
            Some(unit) => self.add_quantity(spot, "emissions_kgco2e", q.value * unit, value, &q),
            None => self.add(spot, "emissions_kgco2e", Some(q.value), value, Some("no unit")),
        }
    }

    /// Energy, likewise.
    pub fn add_energy(&mut self, spot: &Spot<'_>, key: &str, value: &str, ts: &[Token<'_>]) {
        if let Some((kwh, _, q)) = (0..ts.len()).find_map(|i| unit_value(ts, i, energy_unit)) {
            self.add_quantity(spot, "energy_kwh", kwh, value, &q);
        } else if let Some((unit, q)) = header_unit(key, energy_unit).zip(first_quantity(ts)) {
            self.add_quantity(spot, "energy_kwh", q.value * unit, value, &q);
        }
    }

    fn add_precision_pair(&mut self, spot: &Spot<'_>, norm: &str, value: &str, about_training: bool) {
        let lower = value.to_lowercase();
        if matches!(norm, "fp16" | "bf16") {
            if ["true", "yes", "1", "on"].iter().any(|yes| lower.starts_with(yes)) {
                self.add(spot, "precision", None, norm, None);
            }
            return;
        }
        let is_no = ["no", "none", "false"].iter().any(|no| lower.starts_with(no));
        if is_no || (norm == "dtype" && !about_training) {
            return;
        }
        if let Some(name) = precision_of(&lower) {
            self.add(spot, "precision", None, name, None);
        }
    }

    /// `671B total parameters with 37B activated`: both; a file's gigabytes are none.
    fn add_params(&mut self, spot: &Spot<'_>, kind: Key, key: &str, value: &str, ts: &[Token<'_>]) {
        let head: String = value.to_lowercase().chars().take(40).collect();
        let key = key.to_lowercase();
        if kind == Key::Params && (key.contains("non-embed") || key.contains("non embed") || head.contains("non-embed")) {
            if let Some(q) = first_quantity(ts) {
                self.add(spot, "total_params", Some(q.value), value, Some("non-embedding parameters"));
            }
            return;
        }
        for i in 0..ts.len() {
            let Some(q) = quantity(ts, i).filter(|q| !q.is_word && q.value >= 1e5 && (q.scaled || q.value >= 1e6)) else {
                continue;
            };
            if matches!(text_at(ts, q.to), "gb" | "mb" | "tb" | "gib") {
                continue;
            }
            let next = span(ts, q.to, q.to + 4);
            let says_total = next.iter().take(2).any(|t| t.is("total"));
            let active = kind == Key::Active || (next.iter().any(|t| t.text.starts_with("activ")) && !says_total);
            if active {
                self.add_quantity(spot, "active_params", q.value, value, &q);
            } else {
                let spot = spot.refused(self.own.wrong_size(q.value));
                self.add_quantity(&spot, "total_params", q.value, value, &q);
            }
            if kind == Key::Active {
                return;
            }
        }
    }
}

/// Spot of a pair on a line of a block.
#[must_use]
pub fn line_spot<'a>(b: &'a Block, from: usize, to: usize, rank: u8, reason: Option<&'static str>) -> Spot<'a> {
    Spot { block: b, quote: b.source_range(from, to), rank, reason }
}
