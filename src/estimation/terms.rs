//! The terms of a run for the regressions.

use crate::domain::regression::TermValues;
use crate::domain::{Run, is_named_like_a_laboratory};
use crate::method::assumptions as assume;
use crate::units::Day;
use libm::log10;

/// What the terms of a regression are read from, for a run. Years lie within those the registry's runs cover.
#[must_use]
pub fn term_values(run: &Run) -> TermValues {
    let log = |value: Option<f64>| value.map_or(0.0, log10);
    let years = run.date().map_or(assume::ASSUMED_YEAR.1, Day::years_since_2022);
    TermValues {
        log10_active_params: log(run.known.active_params),
        log10_total_params: log(run.known.total_params),
        log10_train_flop: log(run.known.train_flop),
        log10_forward_flop: log(run.known.forward_flop),
        years_since_2022: years.clamp(assume::TREND_YEARS.0, assume::TREND_YEARS.1),
        modality: run.modality,
        owner_class: run.owner.class,
        is_named_like_a_laboratory: run.owner.name.as_deref().is_some_and(is_named_like_a_laboratory),
        kind: run.kind,
        size_word: run.size_word,
        task: run.task,
    }
}
