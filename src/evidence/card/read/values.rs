//! Values with a unit, and names of number formats.

use super::candidate::{Card, Spot};
use super::rates::{RATE, is_sign, rate_around, rate_behind};
use super::repository::name_tokens;
use crate::domain::Field;
use crate::evidence::quantity::computes::{ComputeKind, compute_unit};
use crate::evidence::quantity::digits::DecimalSign;
use crate::evidence::quantity::numbers::{Quantity, first_quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, Token, lex, span, text_at};
use crate::evidence::quantity::units::unit_at;
use crate::evidence::vocabulary;

/// Tokens of a value that are read.
pub const MAX_VALUE_TOKENS: usize = 120;
/// Fewest FLOP of a training: less is one forward pass.
const MIN_TRAIN_FLOP: f64 = 1e15;
/// FLOP that no machine does in a second: so many FLOPS are an amount.
pub const MOST_FLOP_PER_SECOND: f64 = 1e21;
/// Whole numbers that are years rather than masses, where the unit stands before.
const YEARS: std::ops::RangeInclusive<f64> = 1990.0..=2050.0;

impl Card<'_> {
    /// FLOP of a training in the first number of a text.
    pub fn add_flop(&mut self, spot: &Spot<'_>, ts: &[Token<'_>], written: &str) {
        let Some(q) = first_quantity(ts) else { return };
        let unit = compute_unit(ts, q.to);
        let value = q.value * unit.map_or(1.0, |u| u.flop);
        let is_rate = unit.is_some_and(|u| u.kind == ComputeKind::Rate);
        let spot = spot
            .refused(is_rate.then_some(RATE))
            .refused((value < MIN_TRAIN_FLOP).then_some("too few for a training: FLOP of one pass"));
        self.add_quantity(&spot, Field::TrainFlop, value, written, &q);
    }
}

/// A quantity with a unit behind it that is no rate: value in the unit's base, token after the unit, the quantity.
#[must_use]
pub fn unit_value(ts: &[Token<'_>], i: usize, unit: fn(&str) -> Option<f64>) -> Option<(f64, usize, Quantity)> {
    figure(ts, i, unit).filter(|(_, _, q)| !q.is_rate)
}

/// A figure with a unit, where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Its first token.
    pub from: usize,
    /// The token behind it.
    pub to: usize,
    /// Value in the unit that evidence is kept in.
    pub value: f64,
    /// Its number.
    pub quantity: Quantity,
}

/// The figures with a unit from a token on, in order; each begins behind the one before.
#[must_use]
pub fn figures(ts: &[Token<'_>], from: usize, unit: fn(&str) -> Option<f64>) -> Vec<Figure> {
    let mut out: Vec<Figure> = Vec::new();
    let mut at = from;
    while at < ts.len() {
        let is_number = ts.get(at).is_some_and(|t| t.kind == Kind::Number);
        match if is_number { figure(ts, at, unit) } else { None } {
            Some((value, to, quantity)) => {
                out.push(Figure { from: at, to, value, quantity });
                at = to.max(at + 1);
            }
            None => at += 1,
        }
    }
    out
}

/// The same; a rate is one of them, and says so: `0.4 kg CO2 per kWh`.
#[must_use]
pub fn figure(ts: &[Token<'_>], i: usize, unit: fn(&str) -> Option<f64>) -> Option<(f64, usize, Quantity)> {
    let (value, to, q) = unit_behind(ts, i, unit).or_else(|| unit_before(ts, i, unit))?;
    Some((value, to, Quantity { is_rate: rate_around(ts, i, to).is_some(), ..q }))
}

fn unit_behind(ts: &[Token<'_>], i: usize, unit: fn(&str) -> Option<f64>) -> Option<(f64, usize, Quantity)> {
    let q = quantity(ts, i)?;
    let last = text_at(ts, q.to - 1);
    if q.scaled && last == "t" && q.to - 1 > i {
        // 1.2t beside CO2 is tonnes.
        return unit("t").map(|factor| (q.value / 1e12 * factor, q.to, q));
    }
    let mut at = q.to;
    while at < q.to + 2 && ts.get(at).is_some_and(|t| t.is_any(&["(", "-", "metric", "kilo", "of", "$", "\\"])) {
        at += 1;
    }
    let (factor, to) = unit_at(ts, at, unit)?;
    Some(((q.value + terms_before(ts, q.from)) * factor, to, q))
}

/// A number with those that are added to it behind: `300 + 20`.
#[must_use]
pub fn summed(ts: &[Token<'_>], q: Quantity) -> Quantity {
    let mut all = q;
    while let Some(next) = ts.get(all.to).filter(|t| t.is("+")).and_then(|_| quantity(ts, all.to + 1)).filter(|next| !next.is_word)
    {
        all = Quantity { value: all.value + next.value, to: next.to, is_range: all.is_range || next.is_range, ..all };
    }
    all
}

/// The same with those before it: the 5 of `12 + 5 kWh`.
#[must_use]
pub fn terms_before(ts: &[Token<'_>], from: usize) -> f64 {
    let mut sum = 0.0;
    let mut at = from;
    while let Some(sign) = at.checked_sub(1).filter(|sign| ts.get(*sign).is_some_and(|t| t.is("+"))) {
        let before =
            (sign.saturating_sub(2)..sign).find_map(|i| quantity(ts, i).filter(|q| q.to == sign && q.from == i && !q.is_word));
        let Some(q) = before else { break };
        sum += q.value;
        at = q.from;
    }
    sum
}

/// `tCO2eq 52`: a unit that names its gas may stand before the number, when it is not that of another.
fn unit_before(ts: &[Token<'_>], i: usize, unit: fn(&str) -> Option<f64>) -> Option<(f64, usize, Quantity)> {
    let q = quantity(ts, i).filter(|q| !q.is_word)?;
    let is_year = q.value.fract() == 0.0 && YEARS.contains(&q.value) && ts.get(i).is_some_and(|t| t.text.len() == 4);
    let counts = ts.get(q.to).is_some_and(|t| t.kind == Kind::Word || t.is_any(&["%", "/", "x", "×"]));
    let mut at = i.checked_sub(1)?;
    if ts.get(at).is_some_and(|t| t.is_any(&[":", "=", "~", "≈"])) {
        at = at.checked_sub(1)?;
    }
    let word = ts.get(at).filter(|t| t.kind == Kind::Word && t.text.contains("co2"))?;
    let factor = unit(&word.text)?;
    let taken = at.checked_sub(1).and_then(|b| ts.get(b)).is_some_and(|t| t.kind == Kind::Number || is_sign(t));
    (!is_year && !counts && !taken).then_some((q.value * factor, q.to, q))
}

/// The unit that a key or header names; none where it names a rate.
#[must_use]
pub fn header_unit(text: &str, unit: fn(&str) -> Option<f64>) -> Option<f64> {
    let ts = lex(text);
    let (factor, to) = (0..ts.len()).find_map(|i| unit_at(&ts, i, unit))?;
    rate_behind(&ts, to).is_none().then_some(factor)
}

/// Token behind the word for tokens at a token, or that token.
#[must_use]
pub fn tokens_end(ts: &[Token<'_>], i: usize) -> usize {
    i + usize::from(ts.get(i).is_some_and(|t| t.is_any(&vocabulary::prose().tokens.words)))
}

/// Passes over the data that are written behind a number of tokens, and the token behind them: `300B tokens x 4 epochs`.
#[must_use]
pub fn passes_behind(ts: &[Token<'_>], i: usize) -> Option<(f64, usize)> {
    let words = &vocabulary::prose().epochs;
    let mut at = i;
    while at < i + 3 && ts.get(at).is_some_and(|t| t.is_any(&words.joins)) {
        at += 1;
    }
    let q = quantity(ts, at).filter(|q| at > i && !q.is_range && !q.scaled && q.value >= 1.0 && q.value <= 1000.0)?;
    ts.get(q.to).is_some_and(|t| t.is_any(&words.words)).then_some((q.value, q.to + 1))
}

/// A value that is a product and nothing else: "4 x 16".
#[must_use]
pub fn product(ts: &[Token<'_>]) -> Option<f64> {
    let is_times = |i: usize, t: &Token<'_>| if i.is_multiple_of(2) { t.kind == Kind::Number } else { t.is_any(&["x", "×", "*"]) };
    let is_product = ts.len() >= 3 && ts.len() % 2 == 1 && ts.iter().enumerate().all(|(i, t)| is_times(i, t));
    is_product.then(|| ts.iter().filter_map(|t| t.value).product())
}

/// The batch of all devices that a value states behind that of one: "so 32 effective", "total 64".
#[must_use]
pub fn whole_beside(ts: &[Token<'_>]) -> Option<Quantity> {
    let words = &vocabulary::prose().batches.whole;
    let part = first_quantity(ts).filter(|q| q.value >= 1.0)?;
    let is_whole = |at: usize| ts.get(at).is_some_and(|t| t.is_any(words));
    (part.to..ts.len()).find_map(|at| {
        let q = quantity(ts, at).filter(|q| !q.is_word && q.value > part.value && (q.value / part.value).fract() < 1e-9)?;
        // "donc 32 au total"
        let joined = q.to + usize::from(ts.get(q.to).is_some_and(|t| t.is_any(&["in", "en", "em", "im", "au"])));
        let leads = ts.get(at - 1).is_some_and(|t| t.kind == Kind::Word && t.is_any(&vocabulary::prose().batches.results));
        (is_whole(joined) || is_whole(at - 1) || leads).then_some(q)
    })
}

/// The product of the factors of a batch in tokens that are no length: "16 micro-batch x 8 accumulation x 512 ctx". None where no factor
/// is said to be one.
#[must_use]
pub fn batch_of_factors(ts: &[Token<'_>]) -> Option<f64> {
    let words = &vocabulary::recipe().prose;
    let is_times = |t: &Token<'_>| t.is_any(&["x", "×", "*"]);
    let mut of_length = 0;
    let mut product = 1.0;
    let factors: Vec<&[Token<'_>]> = ts.split(is_times).collect();
    for factor in &factors {
        let q = first_quantity(factor).filter(|q| q.value.fract() == 0.0 && q.value >= 1.0)?;
        let is = |t: &Token<'_>| {
            [words.sequences, words.contexts, words.lengths, words.sequence_lengths, words.context_lengths]
                .iter()
                .any(|list| t.is_any(list))
                || t.is_any(&vocabulary::prose().tokens.words)
                || t.is("ctx")
        };
        if factor.iter().any(is) {
            of_length += 1;
        } else {
            product *= q.value;
        }
    }
    (of_length == 1 && factors.len() > 1).then_some(product)
}

/// The last sign before the product of a calculation: "32 x 8 = 256", "8, accumulation 4 → 32", "16 * 4 -> 64".
#[must_use]
pub fn product_sign(ts: &[Token<'_>]) -> Option<usize> {
    let is_sign = |i: usize| {
        let arrow = text_at(ts, i) == ">" && i.checked_sub(1).is_some_and(|before| matches!(text_at(ts, before), "-" | "="));
        arrow || ts.get(i).is_some_and(|t| t.is_any(&["=", "→", "⇒", "➔"]))
    };
    (0..ts.len()).rev().find(|i| is_sign(*i))
}

/// Words of the name of a setting, at most.
const SETTING_NAME: usize = 6;

/// Where a further setting begins: the comma of "32, num_train_epochs=3, learning_rate=2e-5", the bar of "24 | lr: 1e-5 | fp16".
#[must_use]
pub fn next_setting(ts: &[Token<'_>]) -> usize {
    let is_part = |t: &Token<'_>| t.kind == Kind::Word || t.is_any(&["_", "-"]) || (t.kind == Kind::Number && t.glued);
    let begins = |i: &usize| {
        let name = span(ts, i + 1, i + 1 + SETTING_NAME).iter().take_while(|t| is_part(t)).count();
        // "8, accumulation: 4 → 32" is a calculation.
        let is_factor =
            |t: &Token<'_>| t.is_any(&vocabulary::prose().batches.accumulation) || t.is_any(&vocabulary::card().device_hours.named);
        let is_factor = span(ts, i + 1, i + 1 + name).iter().any(is_factor);
        let named = ts.get(i + 1).is_some_and(|t| t.kind == Kind::Word) && !is_factor;
        let is_bar = ts.get(*i).is_some_and(|t| t.is("|"));
        let ends = is_bar || ts.get(*i).is_some_and(|t| t.is_any(&[",", ";", "·", "•"]));
        ends && named && (is_bar || matches!(text_at(ts, i + 1 + name), "=" | ":"))
    };
    (1..ts.len()).find(begins).unwrap_or(ts.len())
}

/// What the points in a value that counts are: "12.000" steps are thousands, since there is no thousandth of a step.
#[must_use]
pub fn sign_of_count(value: &str) -> DecimalSign {
    let number: &str = value.trim_start_matches(|c: char| !c.is_ascii_digit());
    let number = number.split(|c: char| !(c.is_ascii_digit() || c == '.')).next().unwrap_or_default().trim_end_matches('.');
    let mut groups = number.split('.');
    let first = groups.next().unwrap_or_default();
    let is_group = |g: &str| g.len() == 3;
    let grouped = number.contains('.') && (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(is_group);
    if grouped { DecimalSign::Comma } else { DecimalSign::Unknown }
}

/// Name of a number format in a text.
#[must_use]
pub fn precision_of(text: &str) -> Option<&'static str> {
    let words = name_tokens(text);
    let formats = &vocabulary::card().precision.formats;
    formats.iter().find(|format| words.iter().any(|w| format.words.contains(&w.as_str()))).map(|format| format.name.as_str())
}
/// Longest value of which a remark in brackets is a part, in bytes: "32 (per device)".
const SHORT_VALUE: usize = 40;

/// The value without the remark behind it, where it has a long one: "650k (the configuration says 1000000, I stopped when ...)".
#[must_use]
pub fn without_remark(value: &str) -> &str {
    let explains = vocabulary::keys().pairs.explains.iter().filter_map(|word| value.find(word));
    let at = value.find(" (").into_iter().chain(explains).min();
    let short = at.and_then(|at| value.get(..at)).filter(|short| short.contains(|c: char| c.is_ascii_digit()));
    short.filter(|_| value.len() > SHORT_VALUE).unwrap_or(value)
}

/// Whether a value begins with FLOP of a training; hours at a speed behind them are reckoned from them.
#[must_use]
pub fn states_flop(ts: &[Token<'_>]) -> bool {
    let stated = first_quantity(ts).and_then(|q| Some((q.value, compute_unit(ts, q.to)?)));
    stated.is_some_and(|(value, unit)| unit.kind != ComputeKind::Rate && value * unit.flop >= MIN_TRAIN_FLOP)
}

/// Whether a value is several settings, each with its sign: "micro-batch=2, grad-accum=16".
#[must_use]
pub fn is_row_of_settings(value: &str) -> bool {
    let is_setting = |piece: &str| piece.split_once('=').is_some_and(|(key, _)| key.trim().starts_with(char::is_alphabetic));
    let mut pieces = value.split([',', ';']);
    pieces.next().is_some_and(is_setting) && pieces.next().is_some_and(is_setting)
}
