//! Which number of a value is its figure: the result behind the last "=" of a written-out calculation, a whole training and no rate of it.

use super::candidate::{Card, Spot};
use super::items::SEVERAL_FIGURES;
use super::rates::{RATE, of_runs, rate_behind, rate_in, rate_of_each};
use super::training::is_train;
use super::values::{Figure, figures, header_unit, unit_value};
use crate::domain::Field;
use crate::evidence::quantity::numbers::{Quantity, first_quantity};
use crate::evidence::quantity::tokens::{Token, span};
use crate::evidence::quantity::units::{energy_unit, mass_unit};
use crate::evidence::vocabulary;

/// Two masses that differ by more are two figures, and not one in two units.
const SAME: f64 = 0.1;

/// Token behind the last sign of a result; 0 where nothing is worked out.
#[must_use]
pub fn result_from(ts: &[Token<'_>]) -> usize {
    ts.iter().rposition(|t| t.is_any(&vocabulary::prose().rates.results)).map_or(0, |at| at + 1)
}

/// Why a value says that its figure is a use's.
fn of_use(ts: &[Token<'_>]) -> Option<&'static str> {
    let words = &vocabulary::keys().pairs;
    let used = ts.iter().any(|t| t.is_any(&words.qualified_by_use)) && !(0..ts.len()).any(|i| is_train(ts, i));
    used.then_some("evaluation or inference")
}

/// An amount of a value, with what its place says against it.
struct Amount {
    value: f64,
    quantity: Quantity,
    reason: Option<&'static str>,
}

/// The amounts from a token on, in the unit that evidence is kept in.
fn amounts(ts: &[Token<'_>], from: usize, unit: fn(&str) -> Option<f64>) -> Vec<Amount> {
    let reason = |f: &Figure| rate_behind(ts, f.to).or_else(|| rate_of_each(ts, f.from)).or(f.quantity.is_rate.then_some(RATE));
    let mut out: Vec<Amount> = Vec::new();
    let mut last_to: Option<usize> = None;
    for f in figures(ts, from, unit) {
        let adds = last_to.is_some_and(|to| to + 1 == f.from && ts.get(to).is_some_and(|t| t.is("+")));
        last_to = Some(f.to);
        match out.last_mut() {
            // "12 kWh + 5 kWh"
            Some(sum) if adds && sum.reason.is_none() && reason(&f).is_none() => sum.value += f.value,
            _ => out.push(Amount { value: f.value, quantity: f.quantity, reason: reason(&f) }),
        }
    }
    out
}

/// The brackets of a value that tell what was made up for: "(4 kg after offsetting)".
fn offsets(ts: &[Token<'_>]) -> Option<(usize, usize)> {
    let open = ts.iter().position(|t| t.is_any(&["(", "（"])).filter(|at| *at > 0)?;
    let close = (open..ts.len()).find(|at| ts.get(*at).is_some_and(|t| t.is_any(&[")", "）"]))).unwrap_or(ts.len());
    let words = &vocabulary::prose().subjects;
    span(ts, open, close).iter().any(|t| t.is_any(&words.made_up) || t.is_any(&words.making_up)).then_some((open, close))
}

/// The amount that a value states: behind its last sign of a result, where there is one.
fn amount(ts: &[Token<'_>], unit: fn(&str) -> Option<f64>) -> Option<Amount> {
    let from = result_from(ts);
    let mut all = amounts(ts, from, unit);
    if all.is_empty() && from > 0 {
        all = amounts(ts, 0, unit);
    }
    // "25 kg (of which 5 kg were offset)": what was made up for is no other figure of the training.
    let made_up = offsets(ts);
    all.retain(|a| !made_up.is_some_and(|(open, close)| (open..close).contains(&a.quantity.from)));
    let whole: Vec<f64> = all.iter().filter(|a| a.reason.is_none()).map(|a| a.value).collect();
    let at = all.iter().position(|a| a.reason.is_none()).unwrap_or(0);
    let differs = |first: f64| whole.iter().any(|v| *v > 0.0 && (v - first).abs() > SAME * first.max(*v));
    let several = whole.first().is_some_and(|first| differs(*first));
    let found = (at < all.len()).then(|| all.swap_remove(at))?;
    let several = several.then_some(SEVERAL_FIGURES);
    let reason = found.reason.or(several).or_else(|| of_runs(ts)).or_else(|| of_use(ts));
    Some(Amount { reason, ..found })
}

impl Card<'_> {
    /// Emissions: a number with its unit, or with the unit of its key; none without a unit.
    pub fn add_carbon(&mut self, spot: &Spot<'_>, key: &str, value: &str, ts: &[Token<'_>]) {
        self.add_steps(spot, value, ts);
        if let Some(found) = amount(ts, mass_unit) {
            self.add_quantity(&spot.refused(found.reason), Field::EmissionsKgco2e, found.value, value, &found.quantity);
            return;
        }
        let Some(q) = first_quantity(span(ts, result_from(ts), ts.len())).or_else(|| first_quantity(ts)) else { return };
        match header_unit(key, mass_unit).filter(|_| ts.len() < 12) {
            Some(unit) => {
                let spot = spot.refused(rate_in(ts).or_else(|| of_use(ts)));
                self.add_quantity(&spot, Field::EmissionsKgco2e, q.value * unit, value, &q);
            }
            None => self.add(spot, Field::EmissionsKgco2e, Some(q.value), value, Some("no unit")),
        }
    }

    /// Energy, likewise.
    pub fn add_energy(&mut self, spot: &Spot<'_>, key: &str, value: &str, ts: &[Token<'_>]) {
        if let Some(found) = amount(ts, energy_unit) {
            self.add_quantity(&spot.refused(found.reason), Field::EnergyKwh, found.value, value, &found.quantity);
        } else if let Some((unit, q)) = header_unit(key, energy_unit).zip(first_quantity(span(ts, result_from(ts), ts.len()))) {
            let spot = spot.refused(rate_in(ts).or_else(|| of_use(ts)));
            self.add_quantity(&spot, Field::EnergyKwh, q.value * unit, value, &q);
        }
    }

    /// The energy on the way to emissions: "283 W x 8 h = 2.26 kWh x ... = 1.29 kg".
    fn add_steps(&mut self, spot: &Spot<'_>, value: &str, ts: &[Token<'_>]) {
        for at in (0..ts.len()).filter(|i| ts.get(*i).is_some_and(|t| t.is_any(&vocabulary::prose().rates.results))) {
            let found = (at + 1..at + 3).find_map(|i| unit_value(ts, i, energy_unit));
            if let Some((kwh, next, q)) = found {
                let spot = spot.after(1).refused(rate_behind(ts, next));
                self.add_quantity(&spot, Field::EnergyKwh, kwh, value, &q);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::quantity::tokens::lex;

    fn kg(text: &str) -> Option<(f64, Option<&'static str>)> {
        amount(&lex(text), mass_unit).map(|a| (a.value, a.reason))
    }

    #[test]
    fn the_result_of_a_calculation_is_its_figure() {
        for (text, result) in [
            ("283W x 8h = 2.26 kWh x 0.57 kg eq. CO2/kWh = 1.29 kg eq. CO2", 1.29),
            ("0.4 kg CO2eq per kWh * 250 W * 100 h = 10 kg", 10.0),
            ("300 W × 12 h × 0.432 kgCO2eq/kWh ≈ 1.56 kgCO2eq", 1.56),
            ("400 W * 50 h = 20 kWh; 20 kWh * 350 g/kWh = 7000 g", 7.0),
            ("7 kg (at 0.35 kg CO2e per kWh)", 7.0),
            ("2.1 kg per run, 5 runs", 2.1),
        ] {
            let got = kg(text);
            assert!(got.is_some_and(|(v, r)| (v - result).abs() < 1e-9 && r.is_none()), "{text}: {got:?}");
        }
    }

    #[test]
    fn rates_parts_uses_and_sums_are_refused() {
        for text in [
            "0.3 kg per epoch",
            "0.364 kg CO₂e per kWh",
            "12 g CO2eq / query",
            "5 g per 1000 requests",
            "10.5 kg (5 runs)",
            "3 kg for pretraining, 1 kg for tuning",
            "0.57 kg eq. CO2/kWh",
        ] {
            let got = kg(text);
            assert!(got.is_some_and(|(_, r)| r.is_some()), "{text}: {got:?}");
        }
    }
}
