//! Rates: so much per kilowatt-hour, per epoch, per device. They are no figures of a training.

use crate::evidence::quantity::tokens::{Kind, Token, text_at, text_before};
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;

/// Tokens behind a unit within which "per" is looked for.
const BEHIND: usize = 7;
/// Tokens before a number within which it is.
const BEFORE: usize = 14;

/// Whether the figure whose number begins at `from` and whose unit ends before `to` is a rate.
#[must_use]
pub fn is_rate(ts: &[Token<'_>], from: usize, to: usize) -> bool {
    is_rate_behind(ts, to) || is_rate_before(ts, from)
}

/// Whether a unit is divided by what follows it: `kg CO2e per kWh`, `kg eq. CO2/kWh`, `g kWh^-1`.
#[must_use]
pub fn is_rate_behind(ts: &[Token<'_>], to: usize) -> bool {
    let words = &vocabulary::prose().rates;
    for at in to..to + BEHIND {
        let Some(t) = ts.get(at) else { return false };
        let next = ts.get(at + 1);
        if t.is_any(&words.per) {
            let is_gas = |n: &Token<'_>| n.text.contains("co2");
            return next.is_some_and(|n| {
                !is_gas(n)
                    && !n.is_any(&words.whole)
                    && (n.kind == Kind::Word || (n.kind == Kind::Number && t.is("/") && is_one(ts, at + 1)))
            });
        }
        if at < to + 2 && energy_unit(&t.text).is_some() && mass_unit(text_before(ts, to, 1)).is_some() {
            return is_inverted(ts, at + 1);
        }
        if !t.is_any(&words.passed) {
            return false;
        }
    }
    false
}

/// `/ 1 kWh`.
fn is_one(ts: &[Token<'_>], at: usize) -> bool {
    text_at(ts, at) == "1" && energy_unit(text_at(ts, at + 1)).is_some()
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
        is_result |= t.is_any(&["≈", "≃", "≅", "⇒"]);
        if !is_result && energy_unit(&t.text).is_some() && text_before_is(ts, at, &words.per) {
            return true;
        }
    }
    false
}

fn text_before_is(ts: &[Token<'_>], at: usize, words: &[&str]) -> bool {
    words.contains(&text_before(ts, at, 1)) || (text_before(ts, at, 1) == "every" && words.contains(&text_before(ts, at, 2)))
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
