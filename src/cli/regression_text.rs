//! A regression at work on one model, as a line that a person can redo.

use hugging_carbon::domain::{RegressionId, Term};
use hugging_carbon::estimation::LoadedFit;
use hugging_carbon::method::simulate::{House, SharedFit, pow10};
use std::fmt::Write as _;

/// Terms with the signs of their coefficients between them: `2.1 - 0.5 x 1.5 [years]`.
fn signed_sum(terms: &[(f64, String)]) -> String {
    let mut out = String::new();
    for (at, (coefficient, text)) in terms.iter().enumerate() {
        out.push_str(match (at, *coefficient < 0.0) {
            (0, true) => "-",
            (0, false) => "",
            (_, true) => " - ",
            (_, false) => " + ",
        });
        out.push_str(text);
    }
    out
}

/// Decimals of logarithms in a line: a millionth of a dex changes no digit that is printed of what follows.
const DECIMALS: usize = 6;

/// A number as it is printed.
fn printed(x: f64) -> f64 {
    format!("{x:.DECIMALS$}").parse().unwrap_or(x)
}

/// The line of a prediction, with the errors of runs like it (`shared`) and what the house of a training adds; the sum of what is printed in it
/// is given back.
pub fn regression_line(
    out: &mut String,
    (id, symbol): (RegressionId, &str),
    fit: &LoadedFit,
    shared: &SharedFit,
    (terms, house): (&[f64], Option<House<'_>>),
) -> f64 {
    let of_terms: f64 = shared.central.iter().zip(terms).map(|(b, x)| printed(*b) * printed(*x)).sum();
    let value = printed(of_terms + house.map_or(0.0, |house| printed(house.dex)));
    let mut parts: Vec<(f64, String)> = fit
        .terms
        .iter()
        .zip(&shared.central)
        .zip(terms)
        .filter(|(_, x)| **x != 0.0)
        .map(|((term, b), x)| match term {
            Term::Intercept => (*b, format!("{:.DECIMALS$}", b.abs())),
            // What is counted or is there or not has no decimals.
            other if x.fract() == 0.0 => (*b, format!("{:.DECIMALS$} x {x} [{}]", b.abs(), other.name())),
            other => (*b, format!("{:.DECIMALS$} x {x:.DECIMALS$} [{}]", b.abs(), other.name())),
        })
        .collect();
    parts.extend(house.map(|house| (house.dex, format!("{:.DECIMALS$} [house]", house.dex.abs()))));
    let log_n = fit.terms.iter().position(|t| t.is_size()).map_or(value, |at| terms[at]);
    let [low, middle, high] = shared.errors.near(log_n).interval();
    let _ = writeln!(out, "  {symbol} = {} = {value:.DECIMALS$}   regression {id}", signed_sum(&parts));
    if let Some(House { name, trainings, dex }) = house {
        let known = if trainings == 1 { "1 training is".to_owned() } else { format!("{trainings} trainings are") };
        let (times, side) = (pow10(dex.abs()), if dex < 0.0 { "fewer" } else { "more" });
        let _ = writeln!(out, "  house: of {name} {known} known; it is taken to see {times:.2} times {side} tokens than others");
    }
    let _ = writeln!(out, "  held-out errors of its class of size: median {middle:+.2} dex, 90 % between {low:+.2} and {high:+.2}");
    value
}

#[cfg(test)]
mod tests {
    use super::{regression_line, signed_sum};
    use hugging_carbon::domain::{Modality, RegressionId, Run, RunKind, Term};
    use hugging_carbon::estimation::LoadedFit;
    use hugging_carbon::method::simulate::SharedFit;

    /// Regression: the line told the errors of everybody's runs, where those of some kinds are drawn from their own.
    #[test]
    fn errors_are_those_of_runs_like_it() {
        let terms = vec![Term::Intercept, Term::UnlistedPerson, Term::PersonYears2022To2026];
        let values = [[1.0, 0.0, 0.0], [1.0, 1.0, 3.0]];
        let rows = (0..80).map(|i| (values[i % 2].as_slice(), 12.0, Some(if i % 2 == 0 { 0.25 } else { 0.75 })));
        let fit =
            LoadedFit::new(terms, String::new(), rows, |errors| SharedFit::with_draws(vec![12.0, 0.0, 0.0], Vec::new(), errors));
        let told = |values: &[f64]| {
            let run = Run::new("a/b", RunKind::Pretraining, Modality::Text);
            let mut out = String::new();
            regression_line(
                &mut out,
                (RegressionId::TokensFromParams, "log10 D"),
                &fit,
                fit.shared_for(&run, values),
                (values, None),
            );
            out
        };
        assert!(told(&values[1]).contains("median +0.75 dex"));
        assert!(told(&values[0]).contains("median +0.25 dex"));
    }

    /// Regression: "7.1 + -0.5238 x 1.5".
    #[test]
    fn a_term_below_zero_is_taken_off() {
        let terms =
            [(7.1, "7.1000".to_owned()), (-0.5238, "0.5238 x 1.5000 [years]".to_owned()), (0.2, "0.2000 x 1.0000 [b]".to_owned())];
        assert_eq!(signed_sum(&terms), "7.1000 - 0.5238 x 1.5000 [years] + 0.2000 x 1.0000 [b]");
        assert_eq!(signed_sum(&[(-1.0, "1.0000".to_owned())]), "-1.0000");
    }
}
