//! A regression at work on one model, as a line that a person can redo.

use hugging_carbon::domain::{RegressionId, Term};
use hugging_carbon::estimation::LoadedFit;
use std::fmt::Write as _;

pub fn regression_line(out: &mut String, id: RegressionId, symbol: &str, fit: &LoadedFit, terms: &[f64]) -> f64 {
    let value: f64 = fit.shared.central.iter().zip(terms).map(|(b, x)| b * x).sum();
    let parts: Vec<String> = fit
        .terms
        .iter()
        .zip(&fit.shared.central)
        .zip(terms)
        .filter(|(_, x)| **x != 0.0)
        .map(|((term, b), x)| match term {
            Term::Intercept => format!("{b:.4}"),
            other => format!("{b:.4} x {x:.4} [{}]", other.name()),
        })
        .collect();
    let log_n = fit.terms.iter().position(|t| t.is_size()).map_or(value, |at| terms[at]);
    let [low, middle, high] = fit.shared.errors.near(log_n).interval();
    let _ = writeln!(out, "  {symbol} = {} = {value:.4}   regression {id}", parts.join(" + "));
    let _ = writeln!(out, "  held-out errors of its class of size: median {middle:+.2} dex, 90 % between {low:+.2} and {high:+.2}");
    value
}
