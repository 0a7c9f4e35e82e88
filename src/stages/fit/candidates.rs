//! The models that were tried: the kept one beside those that lost, all on the same rows.

use super::declarations::{Category, Declaration, Explained};
use super::samples::{Sample, terms_with_categories};
use crate::domain::{RegressionId, Term};
use crate::estimation::FactorTables;
use crate::estimation::fine_tune::{flop_per_sample, sample_length};
use crate::method::fitting::{FAMILY_SHRINKAGE, Observation, family_errors, held_out_errors, root_mean_square};
use crate::method::summary::median;
use crate::tables::RegressionCandidateRow;
use libm::log10;

/// Releases of a family within this many days are held out together.
const RELEASE_DAYS: i32 = 120;

/// One row per model of a declaration.
pub(super) fn rows(
    declaration: &Declaration,
    tables: &FactorTables,
    samples: &[Sample],
    kept: &[Observation],
) -> Vec<RegressionCandidateRow> {
    let (kept_name, kept_reason) = declaration.kept;
    let kept_names = terms_with_categories(declaration.terms, declaration.categories, samples);
    let mut rows = vec![row(declaration.id, kept_name, kept_names.clone(), &held_out_errors(kept), true, kept_reason)];
    for lost in declaration.lost {
        let (names, mut observations) = observe(lost.terms, lost.categories, samples);
        for (observation, sample) in observations.iter_mut().zip(samples) {
            observation.response += explained(lost.of, tables, sample);
        }
        rows.push(row(declaration.id, lost.name, names, &held_out_errors(&observations), false, lost.reason));
    }
    if let Some(reason) = declaration.family_effects {
        let released: Vec<(String, i32)> = samples.iter().map(Sample::released).collect();
        for (name, shrinkage, reason) in [
            (format!("{kept_name}, effects of families"), FAMILY_SHRINKAGE, reason),
            // The same rows held out without the effect: what it is to be compared with.
            (
                format!("{kept_name}, by releases"),
                f64::INFINITY,
                "the kept model in the cross-validation of the effects of families",
            ),
        ] {
            let errors = family_errors(kept, &released, RELEASE_DAYS, shrinkage);
            rows.push(row(declaration.id, &name, kept_names.clone(), &errors, false, reason));
        }
    }
    rows
}

/// log10 of what a sample counts for in another unit.
fn explained(of: Explained, tables: &FactorTables, sample: &Sample) -> f64 {
    let (length, _) = sample_length(&sample.run, tables);
    match of {
        Explained::Same => 0.0,
        Explained::Tokens => log10(length),
        Explained::Compute => log10(flop_per_sample(&sample.run, sample.run.known.active_params.unwrap_or(1.0), length)),
    }
}

fn observe(terms: &[Term], categories: &[Category], samples: &[Sample]) -> (Vec<Term>, Vec<Observation>) {
    let names = terms_with_categories(terms, categories, samples);
    let observations = samples.iter().map(|s| s.observe(&names)).collect();
    (names, observations)
}

fn row(
    regression_id: RegressionId,
    candidate: &str,
    terms: Vec<Term>,
    errors: &[Option<f64>],
    is_kept: bool,
    reason: &str,
) -> RegressionCandidateRow {
    let errors: Vec<f64> = errors.iter().flatten().copied().collect();
    let absolute: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
    RegressionCandidateRow {
        regression_id,
        candidate: candidate.to_owned(),
        terms,
        n: i64::try_from(errors.len()).unwrap_or(i64::MAX),
        grouped_cv_rmse: root_mean_square(&errors).unwrap_or(f64::NAN),
        grouped_cv_median_abs_error: median(&absolute),
        grouped_cv_bias: median(&errors),
        is_kept,
        reason: reason.to_owned(),
    }
}
