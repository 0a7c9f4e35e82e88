//! Rates: so much per kilowatt-hour, per epoch, per device, per query. They are no figures of a training, and this is the only place that
//! tells them, for sentences, keys, values and headers alike.

use crate::evidence::quantity::tokens::{Kind, Token, span, text_at, text_before};
use crate::evidence::quantity::units::{count_word, energy_unit, mass_unit};
use crate::evidence::vocabulary;

/// Tokens behind a unit within which the sign of a rate is looked for.
const BEHIND: usize = 10;
/// Tokens before a number within which a word for a rate is.
const BEFORE: usize = 14;
/// Tokens before a figure within which one unit of energy is said to equal it.
const EQUALS: usize = 6;
/// Tokens behind the sign within which what it divides by is.
const SUBJECT: usize = 4;
/// Numbers behind "/" that count several things and make no rate: "10 hours / 3 epochs".
const SEVERAL: std::ops::Range<f64> = 1.5..1000.0;

/// Reason of a figure of a unit of something, or of a part of the training.
pub const RATE: &str = "a rate";
/// Reason of a figure of a use.
const OF_USE: &str = "evaluation or inference";

/// Whether a token is the sign of a rate: "per", "/", "every".
#[must_use]
pub fn is_sign(t: &Token<'_>) -> bool {
    t.is_any(&vocabulary::prose().rates.per)
}

/// What the sign of a rate divides by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Divisor {
    /// A run: the figure is this training's.
    Run,
    /// A use of the model.
    Use,
    /// A part of a training, or a unit that is known.
    Part,
    /// Another word.
    Word,
    /// Nothing that is divided by.
    Nothing,
}

impl Divisor {
    /// The reason that it gives; `any_word` says that the sign follows a unit, so that any word is divided by.
    fn reason(self, any_word: bool) -> Option<&'static str> {
        match self {
            Self::Use => Some(OF_USE),
            Self::Part => Some(RATE),
            Self::Word => any_word.then_some(RATE),
            Self::Run | Self::Nothing => None,
        }
    }
}

/// What the sign of a rate at a token divides by.
fn divisor(ts: &[Token<'_>], sign: usize) -> Divisor {
    let words = &vocabulary::prose().rates;
    let Some(next) = ts.get(sign).filter(|t| is_sign(t)).and(ts.get(sign + 1)) else { return Divisor::Nothing };
    // "14 дней на 8 GPU", "4,5 часа на GPU": on them.
    let is_on = ts.get(sign).is_some_and(|t| t.is_any(&words.also_on));
    let is_device = next.is_any(&vocabulary::card().device_hours.named);
    if is_on && (is_device || next.value.is_some_and(|n| n >= 1.0)) {
        return Divisor::Nothing;
    }
    let mut at = sign + 1;
    let count_of = |t: &Token<'_>| t.value.or_else(|| count_word(&t.text).map(f64::from)).filter(|n| SEVERAL.contains(n));
    let is_passed = |t: &Token<'_>| t.kind == Kind::Number || t.is_any(&words.fillers) || count_of(t).is_some();
    while at <= sign + SUBJECT && ts.get(at).is_some_and(is_passed) {
        at += 1;
    }
    let Some(subject) = ts.get(at) else { return Divisor::Nothing };
    let is_gas = subject.text.contains("co2") || mass_unit(&subject.text).is_some_and(|_| subject.text.len() > 1);
    // "10 hours / 3 epochs", "26 ore per tre epoche".
    let of_passes = || ts.get(sign).is_some_and(|t| t.is("/")) || subject.is_any(&vocabulary::prose().epochs.words);
    let several = count_of(next).is_some() && of_passes();
    if subject.is_any(&words.uses) {
        Divisor::Use
    } else if several || is_gas {
        Divisor::Nothing
    } else if subject.is_any(&words.runs)
        || subject.is_any(&vocabulary::prose().subjects.model_nouns)
        || (at > sign + 1 && text_before(ts, at, 1) == "training")
    {
        Divisor::Run
    } else if span(ts, at, at + 2).iter().any(|t| t.is_any(&words.parts)) || names_epochs(ts.get(at)) {
        Divisor::Part
    } else if next.kind == Kind::Word && !next.is_any(&words.no_rate) && subject.kind == Kind::Word && !is_on {
        Divisor::Word
    } else {
        Divisor::Nothing
    }
}

/// Why what stands behind a figure, from the token after its unit on, makes it none of the training: `kg CO2e per kWh`,
/// `kg eq. CO$_2$/kWh`, `g kWh^-1`, `kg per query`.
#[must_use]
pub fn rate_behind(ts: &[Token<'_>], to: usize) -> Option<&'static str> {
    let words = &vocabulary::prose().rates;
    for at in to..to + BEHIND {
        let t = ts.get(at)?;
        if is_sign(t) {
            return divisor(ts, at).reason(true);
        }
        // "40 kWh a month", "0.2 g for each page".
        let next = ts.get(at + 1);
        if t.is_any(&words.articles) && next.is_some_and(|next| next.is_any(&words.periods)) {
            return Some(RATE);
        }
        if t.is("for") && next.is_some_and(|next| next.is_any(&["each", "every"])) {
            return divisor(ts, at + 1).reason(true);
        }
        if at < to + 2 && energy_unit(&t.text).is_some() && mass_unit(text_before(ts, to, 1)).is_some() {
            return is_inverted(ts, at + 1).then_some(RATE);
        }
        if !t.is_any(&words.passed) {
            return None;
        }
    }
    None
}

/// Why a figure, whose number begins at `from` and whose unit ends before `to`, is none of the training.
#[must_use]
pub fn rate_around(ts: &[Token<'_>], from: usize, to: usize) -> Option<&'static str> {
    rate_behind(ts, to)
        .or_else(|| (is_rate_before(ts, from) || is_conversion(ts, from, to)).then_some(RATE))
        .or_else(|| rate_of_each(ts, from))
}

/// "1 kWh = 0.4 kg CO2": both sides say what one unit of energy is.
fn is_conversion(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    let is_one = |at: usize| ts.get(at).is_some_and(|t| t.value.is_some_and(|v| (v - 1.0).abs() < f64::EPSILON));
    let equals = |at: usize| ts.get(at).is_some_and(|t| t.is_any(&vocabulary::prose().rates.equals));
    let one_unit = |at: usize| is_one(at) && energy_unit(text_at(ts, at + 1)).is_some() && equals(at + 2);
    let is_left = to == from + 2 && one_unit(from);
    is_left || (from.saturating_sub(EQUALS)..from).any(one_unit)
}

/// Why a figure, whose number begins at `from`, is that of a part or a use which the sentence is about: `each epoch took 3 h`,
/// `one epoch needs 2.7 kWh`.
#[must_use]
pub fn rate_of_each(ts: &[Token<'_>], from: usize) -> Option<&'static str> {
    let words = &vocabulary::prose().rates;
    for at in (from.saturating_sub(BEFORE)..from).rev() {
        let t = ts.get(at)?;
        let ends = t.kind == Kind::Number || t.is_any(&words.ends_of_each);
        let counted = || span(ts, at.saturating_sub(BEHIND), at).iter().any(|before| before.is_any(&words.parts));
        // "(4 epochs, each 11 kWh)", and not "8 images each takes 30 hours".
        if at + 1 == from && t.is_any(&words.each_behind) && counted() {
            return Some(RATE);
        }
        // "each of the 3 epochs about 12.3 kWh"
        let counts_passes = t.kind == Kind::Number && ts.get(at + 1).is_some_and(|next| next.is_any(&words.parts));
        if counts_passes && is_each_of(ts, at) {
            return Some(RATE);
        }
        // "one" is a number, too.
        let behind = at + 1 + usize::from(ts.get(at + 1).is_some_and(|next| next.is_any(&words.fillers)));
        // "Fine-tuned for a single epoch in 3 hours": the only one there was.
        let is_all = t.is_any(&["one", "single"]) && at.checked_sub(2).is_some_and(|b| span(ts, b, at).iter().any(|t| t.is("for")));
        let is_one =
            t.is_any(&words.one_pass) || (!t.text.is_ascii() && words.one_pass_cjk.iter().any(|end| t.text.ends_with(end)));
        if is_one && ts.get(behind).is_some_and(|next| next.is_any(&words.passes)) && !is_all {
            return Some(RATE);
        }
        // "5 Epochen zu je 1,24 kWh"
        if at + 1 == from && t.is_any(&vocabulary::prose().steps.of_each) && !t.is("of") && is_behind_passes(ts, at) {
            return Some(RATE);
        }
        if ends {
            return None;
        }
        // "에폭당 약 31분".
        if words.per_behind.iter().any(|end| t.text.ends_with(end)) {
            return Some(RATE);
        }
        if is_sign(t) && !t.is("/") {
            // "bei 380 g pro kWh entspricht das 1,29 kg": the sign has its figure.
            let has_figure = span(ts, at.saturating_sub(SUBJECT), at).iter().any(|t| t.kind == Kind::Number);
            return divisor(ts, at).reason(false).filter(|_| !has_figure);
        }
    }
    None
}

/// Tokens before the word that shares out a figure within which the passes are counted.
const PASSES_BEFORE: usize = 3;

/// Whether a number of passes stands before a word that shares out what follows: "5 Epochen zu", "5 эпох".
fn is_behind_passes(ts: &[Token<'_>], at: usize) -> bool {
    let passes = (at.saturating_sub(PASSES_BEFORE)..at).rev().find(|i| names_epochs(ts.get(*i)));
    passes.and_then(|i| i.checked_sub(1)).and_then(|i| ts.get(i)).is_some_and(|t| t.value.is_some())
}

/// Whether a word is one for epochs.
#[must_use]
pub fn names_epochs(t: Option<&Token<'_>>) -> bool {
    let words = &vocabulary::prose().epochs;
    t.is_some_and(|t| t.is_any(&words.words) || (!t.text.is_ascii() && words.cjk.iter().any(|w| t.text.starts_with(w))))
}

/// The passes that one phrase counts beside a figure of each of them, whose number begins at `from` and whose unit ends before `to`: "1.24 kWh
/// per epoch, 5 epochs", "3 epochs, each about 4 h", "5 Epochen zu je 1,24 kWh". None where they are told apart: so much is not stated.
#[must_use]
pub fn passes_in_phrase(ts: &[Token<'_>], from: usize, to: usize) -> Option<f64> {
    passes_behind_rate(ts, to).or_else(|| passes_before_share(ts, from))
}

/// "per epoch, 5 epochs", "pro Epoche x 5 Epochen".
fn passes_behind_rate(ts: &[Token<'_>], to: usize) -> Option<f64> {
    let sign = (to..to + 2).find(|at| ts.get(*at).is_some_and(is_sign))?;
    let noun = (sign + 1..sign + SUBJECT).find(|at| names_epochs(ts.get(*at)))?;
    let joins = |at: &usize| ts.get(*at).is_some_and(|t| t.is_any(&[",", "x", "×", "*", "(", "·"]));
    let count = noun + 1 + (noun + 1..noun + 3).take_while(joins).count();
    let n = ts.get(count).filter(|t| t.kind == Kind::Number && count > noun + 1)?.value?;
    names_epochs(ts.get(count + 1)).then_some(n)
}

/// "3 epochs, each about", "5 Epochen zu je".
fn passes_before_share(ts: &[Token<'_>], from: usize) -> Option<f64> {
    let words = vocabulary::prose();
    let about = |t: &Token<'_>| t.is_any(&words.times.about);
    let shares = |t: &Token<'_>| t.is_any(&words.rates.each_behind) || (t.is_any(&words.steps.of_each) && !t.is("of"));
    let lead = (0..from).rev().find(|at| !ts.get(*at).is_some_and(about))?;
    let shared = (lead.saturating_sub(SUBJECT)..=lead).rev().take_while(|at| ts.get(*at).is_some_and(shares)).last()?;
    let comma = shared.checked_sub(1).filter(|at| ts.get(*at).is_some_and(|t| t.is(",")));
    let noun = comma.unwrap_or(shared).checked_sub(1).filter(|at| names_epochs(ts.get(*at)))?;
    ts.get(noun.checked_sub(1)?).filter(|t| t.kind == Kind::Number)?.value
}

/// "each of the", "every one of": whether what is counted at a token is told one by one.
fn is_each_of(ts: &[Token<'_>], at: usize) -> bool {
    let of = (at.saturating_sub(2)..at).rev().find(|back| ts.get(*back).is_some_and(|t| t.is("of")));
    of.is_some_and(|of| span(ts, of.saturating_sub(2), of).iter().any(|t| t.is_any(&["each", "every"])))
}

/// Why a text gives its figures to a part of the training, to a use, or to several runs, wherever it says so.
#[must_use]
pub fn rate_in(ts: &[Token<'_>]) -> Option<&'static str> {
    (0..ts.len()).find_map(|at| divisor(ts, at).reason(false)).or_else(|| of_runs(ts))
}

/// "10 kg for 5 runs", without "per run".
#[must_use]
pub fn of_runs(ts: &[Token<'_>]) -> Option<&'static str> {
    let per_run = (0..ts.len()).any(|at| divisor(ts, at) == Divisor::Run);
    (counts_runs(ts) && !per_run).then_some("a total of several runs")
}

/// Whether tokens count several runs: "225 runs", "all of the seeds".
#[must_use]
pub fn counts_runs(ts: &[Token<'_>]) -> bool {
    let words = &vocabulary::prose().rates;
    (0..ts.len()).any(|i| {
        let counted = |t: &Token<'_>| t.value.or_else(|| count_word(&t.text).map(f64::from)).is_some_and(|n| n > 1.0);
        let many = ts.get(i).is_some_and(|t| t.is_any(&words.several) || (t.kind != Kind::Power && counted(t)));
        many && span(ts, i + 1, i + 4).iter().any(|t| t.is_any(&words.several_runs))
    })
}

/// Whether a text counts per device: hours of one device are those of the clock.
#[must_use]
pub fn is_per_device(ts: &[Token<'_>]) -> bool {
    let devices = &vocabulary::prose().rates.devices;
    ts.windows(2).any(|w| matches!(w, [sign, device] if is_sign(sign) && device.is_any(devices)))
}

/// `^-1`, `⁻¹`, `-1`.
fn is_inverted(ts: &[Token<'_>], at: usize) -> bool {
    let mut at = at;
    while ts.get(at).is_some_and(|t| t.is_any(&["^", "{", "$"])) {
        at += 1;
    }
    ts.get(at).is_some_and(|t| t.is_any(&["-", "−", "⁻"])) && matches!(text_at(ts, at + 1), "1" | "¹")
}

/// Whether what stands before a number makes it a rate: `emissions per kWh were 82.5 g`, `a carbon intensity of 432 g`.
fn is_rate_before(ts: &[Token<'_>], from: usize) -> bool {
    let words = &vocabulary::prose().rates;
    // `12 h × 0.432 kg/kWh ≈ 62 kg`: what follows the sign is the result.
    let mut is_result = false;
    for at in (from.saturating_sub(BEFORE)..from).rev() {
        let Some(t) = ts.get(at) else { return false };
        if t.is_any(&words.barriers) || (t.kind == Kind::Number && !ts.get(at + 1).is_some_and(|n| n.is("%"))) {
            return false;
        }
        if t.is_any(&words.factors) {
            return true;
        }
        is_result |= t.is_any(&words.results);
        let behind_sign = || {
            let sign = at.checked_sub(1).and_then(|b| ts.get(b));
            sign.is_some_and(is_sign) && !sign.is_some_and(|t| t.is("each"))
        };
        if !is_result && energy_unit(&t.text).is_some() && behind_sign() {
            // "bei 380 g CO2 pro kWh entspricht das 1,29 kg": the rate has its number.
            let gas = span(ts, at.saturating_sub(5), at);
            return !gas.windows(2).any(|w| matches!(w, [n, unit] if n.kind == Kind::Number && mass_unit(&unit.text).is_some()));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use crate::evidence::card::read::values::{figure, header_unit, unit_value};
    use crate::evidence::quantity::tokens::lex;
    use crate::evidence::quantity::units::{energy_unit, mass_unit};

    fn masses(text: &str) -> Vec<(f64, bool)> {
        let ts = lex(text);
        (0..ts.len()).filter_map(|i| figure(&ts, i, mass_unit)).map(|(v, _, q)| ((v * 1e6).round() / 1e6, q.is_rate)).collect()
    }

    #[test]
    fn rates_before_behind_and_inside_the_figure() {
        for text in [
            "0.432 kgCO$_2$eq/kWh",
            "0.03kgCO^2/kWh",
            "0.364 kg CO2e per kWh",
            "0.57 kg eq. CO2/kWh",
            "82 g CO~2~e pro kWh",
            "56 gCO2eq par kWh",
            "0.4 kg CO2 kWh^-1",
            "0.4 kg CO₂ kWh⁻¹",
            "average CO2e emissions per KWh during training was 82.5 g",
            "the carbon intensity of the grid was 151.65 g",
            "an emission factor of 0.233 kg CO2e",
            "Emissionsfaktor: 0,4 kg",
            "12 kg CO2 per epoch",
            "3 g CO2e per 1000 queries",
            "3 g CO2e/100 requests",
            "0.3 kg CO2 / kWh",
            "0.3 kg CO2 / 1 kWh",
        ] {
            let got = masses(text);
            assert!(got.len() == 1 && got.iter().all(|(_, is_rate)| *is_rate), "{text}: {got:?}");
        }
    }

    #[test]
    fn masses_beside_rates_are_figures() {
        for (text, kg) in [
            ("57 gCO2e (as per the grid operator)", 0.057),
            ("emitted 12 kg CO2 per training run", 12.0),
            ("2.26 kWh / 1.29 kg CO2", 1.29),
            ("with the French carbon intensity, it emitted 4 kg of CO2", 4.0),
            ("194.4 kgCO$_2$eq of which 0 percents", 194.4),
            ("0.08 kgCO^2", 0.08),
            ("3.2 tCO_{2}e", 3200.0),
            ("52 kg CO₂-eq", 52.0),
            ("tCO2eq 52", 52_000.0),
            ("kgCO2eq: 17.5", 17.5),
        ] {
            assert_eq!(masses(text), [(kg, false)], "{text}");
        }
        let two = "283W x 8h = 2.26 kWh x 0.57 kg eq. CO2/kWh = 1.29 kg eq. CO2";
        assert_eq!(masses(two), [(0.57, true), (1.29, false)]);
        assert!(masses("in tCO2eq 2023").is_empty() && masses("52 tCO2eq 8 GPUs").len() == 1);
    }

    #[test]
    fn headers_and_values_of_rates_have_no_unit() {
        assert_eq!(header_unit("Carbon intensity (gCO2/kWh)", mass_unit), None);
        assert_eq!(header_unit("kWh per epoch", energy_unit), None);
        assert_eq!(header_unit("CO2 (kg)", mass_unit), Some(1.0));
        let ts = lex("12 kWh per epoch, 120 kWh in total");
        assert_eq!((0..ts.len()).find_map(|i| unit_value(&ts, i, energy_unit)).map(|f| f.0), Some(120.0));
    }
}
