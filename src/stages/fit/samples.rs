//! Rows the regressions learn from, with their terms read like those of any run.

use super::declarations::Category;
use crate::error::Result;
use crate::evidence::hardware;
use crate::method::assumptions::{FINE_TUNE_MAX_SHARE_OF_PRETRAINING, TOKENS_FIT_SINCE_YEAR};
use crate::method::chain;
use crate::method::regression::{Fit, Observation};
use crate::method::simulate::central;
use crate::pipeline::Context;
use crate::reference::{OwnerClass, Reference, ReportedFineTune, TrainingRun};
use crate::stages::run_model::{
    Basis, COMPUTE_FIT, EMISSIONS_FIT, ENERGY_FIT, FINE_TUNE_EMISSIONS_FIT, FINE_TUNE_FIT, TOKENS_FIT, build, speaks_tokens, term,
};
use crate::tables::io::rows;
use crate::tables::{Day, Row, TierRow};
use crate::units::{GRAMS_PER_KG, Params, Tokens};
use libm::log10;
use std::collections::BTreeMap;

/// Most index rows a category regression is fitted on: every k-th by id, so that a full index costs no more than a small one.
const MAX_CATEGORY_ROWS: usize = 5_000;
/// Fewest rows a category needs for an indicator of its own; smaller ones share the baseline.
const MIN_CATEGORY_ROWS: usize = 8;
/// 6 N D beyond this factor from compute that was counted another way: one of the figures is not what it seems.
const CONTRADICTED_DEX: f64 = 0.7;

/// A row a regression may learn from.
pub(super) struct Sample {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) response: f64,
    pub(super) row: TierRow,
}

impl Sample {
    pub(super) fn observe(&self, names: &[String]) -> Observation {
        Observation {
            id: self.id.clone(),
            owner: self.owner.clone(),
            response: self.response,
            terms: names.iter().map(|name| term(name, &self.row)).collect(),
        }
    }

    /// Family (namespace and first word of the name) and day, for effects of families.
    pub(super) fn released(&self) -> (String, i32) {
        let id = if self.row.model_id.is_empty() { &self.id } else { &self.row.model_id };
        let (owner, name) = id.split_once('/').unwrap_or((self.owner.as_str(), id.as_str()));
        let word: String = name.to_lowercase().chars().take_while(char::is_ascii_alphabetic).collect();
        (format!("{owner}|{word}").to_lowercase(), self.row.trained_on.map_or(0, |day| day.0))
    }
}

/// All rows of a regression; `chain` is what the physical chain needs.
pub(super) fn samples(context: &Context, id: &str, tokens_fit: Option<&Fit>, chain: &Basis) -> Result<Vec<Sample>> {
    let reference = &context.reference;
    let runs = || reference.registry.runs().iter();
    let open = |r: &&TrainingRun| r.kind == "pretraining" && r.open_weights == Some(true);
    let of = |r: &TrainingRun, response: f64| registry_sample(reference, r, response);
    Ok(match id {
        COMPUTE_FIT => runs().filter(open).filter(|r| !is_six_nd(r)).filter_map(|r| of(r, r.train_flop?)).collect(),
        TOKENS_FIT => runs()
            .filter(open)
            .filter(|r| speaks_tokens(&r.modality) && r.confidence.as_deref() != Some("speculative") && !is_contradicted(r))
            .filter(|r| r.trained_on_day().is_some_and(|d| d.year() >= TOKENS_FIT_SINCE_YEAR))
            .filter_map(|r| of(r, r.seen_tokens()?))
            .collect(),
        FINE_TUNE_FIT => runs()
            .filter(|r| ["fine_tuning", "post_training"].contains(&r.kind.as_str()))
            .filter(|r| tokens_fit.is_some_and(|fit| is_fine_tune(reference, r, fit) == Some(true)))
            .filter_map(|r| of(r, r.train_flop?))
            .chain(reported_compute(reference, chain)?)
            .collect(),
        FINE_TUNE_EMISSIONS_FIT => {
            reference.reported.iter().filter_map(|r| reported_sample(r, r.emissions_gco2e / GRAMS_PER_KG)).collect()
        }
        ENERGY_FIT => runs().filter_map(|r| of(r, energy(reference, chain, r)?)).collect(),
        EMISSIONS_FIT => runs().filter_map(|r| of(r, emissions(reference, chain, r)?)).collect(),
        _ => category_samples(context)?,
    })
}

/// Compute of the AutoTrain repositories: their tracked emissions through the chain of a fine-tune of their year, backwards.
fn reported_compute(reference: &Reference, basis: &Basis) -> Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for reported in &reference.reported {
        let Some(mut sample) = reported_sample(reported, 1.0) else { continue };
        sample.row.emissions_kgco2e = Some(reported.emissions_gco2e / GRAMS_PER_KG);
        let built = build(&sample.row, 1, basis, reference)?;
        sample.response = log10(central(&built.model(&sample.id)).flop.0);
        samples.push(sample);
    }
    Ok(samples)
}

fn reported_sample(reported: &ReportedFineTune, response: f64) -> Option<Sample> {
    let mut row = blank(&reported.model_id, "fine_tuning", &reported.modality, reported.day()?);
    row.active_params = Some(reported.params());
    row.total_params = row.active_params;
    row.owner_class = OwnerClass::Unlisted.name().to_owned();
    Some(Sample { id: reported.model_id.clone(), owner: reported.owner().to_owned(), response: log10(response), row })
}

/// Whether a run that started from weights stays below a third of the pre-training its size and date would have taken; above, it
/// is a continued pre-training and teaches nothing about fine-tunes.
fn is_fine_tune(reference: &Reference, run: &TrainingRun, tokens_fit: &Fit) -> Option<bool> {
    let row = as_tier_row(reference, run)?;
    let terms: Vec<f64> = tokens_fit.coefficients.iter().map(|c| term(&c.term, &row)).collect();
    let tokens = log10(run.train_flop? / chain::FLOP_PER_PARAM_TOKEN / run.effective_params()?);
    Some(tokens <= tokens_fit.predict(&terms) + log10(FINE_TUNE_MAX_SHARE_OF_PRETRAINING))
}

/// Whether compute is the product of the same row's size and tokens.
pub(super) fn is_six_nd(run: &TrainingRun) -> bool {
    run.flop_is_6nd == Some(true) || run.flop_method.as_deref() == Some("six_nd")
}

/// Whether compute was counted from device hours.
pub(super) fn is_from_hours(run: &TrainingRun) -> bool {
    run.flop_method.as_deref().is_some_and(|m| m.starts_with("hardware"))
}

fn is_contradicted(run: &TrainingRun) -> bool {
    let ratio = || {
        let product = chain::training_flop(Params(run.effective_params()?), Tokens(run.seen_tokens()?)).0;
        Some(log10(product / run.train_flop?))
    };
    ratio().is_some_and(|r| r.abs() > CONTRADICTED_DEX)
}

fn registry_sample(reference: &Reference, run: &TrainingRun, response: f64) -> Option<Sample> {
    Some(Sample {
        id: run.registry_id.clone(),
        owner: owner(run),
        response: log10(response),
        row: as_tier_row(reference, run).filter(|row| row.active_params.is_some())?,
    })
}

/// Organizations that the registry names in several ways: a beginning of the name, and the owner it is.
const ALIASES: &[(&str, &str)] = &[
    ("facebook", "Meta"),
    ("meta ", "Meta"),
    ("deepmind", "Google"),
    ("google", "Google"),
    ("microsoft", "Microsoft"),
    ("ibm", "IBM"),
    ("mit-ibm", "IBM"),
    ("salesforce", "Salesforce"),
    ("alibaba", "Alibaba"),
];

/// Whose run it is, for cross-validation: the first organization, under one name; else the namespace, else the run itself.
pub(super) fn owner(run: &TrainingRun) -> String {
    let namespace = || run.hub_id.as_deref().and_then(|id| id.split_once('/')).map(|(owner, _)| owner.to_owned());
    let Some(first) = run.organization.as_deref().and_then(|o| o.split(',').next()).map(str::trim).filter(|o| !o.is_empty()) else {
        return namespace().unwrap_or_else(|| run.registry_id.clone());
    };
    let lower = format!("{} ", first.to_lowercase());
    ALIASES.iter().find(|(beginning, _)| lower.starts_with(beginning)).map_or(first, |(_, name)| name).to_owned()
}

/// Stated energy at the facility, or hours times power times PUE, where the compute does not come from those hours.
fn energy(reference: &Reference, basis: &Basis, run: &TrainingRun) -> Option<f64> {
    run.train_flop.filter(|_| !is_from_hours(run))?;
    if let Some(kwh) = run.energy_kwh {
        return Some(kwh);
    }
    let row = as_tier_row(reference, run)?;
    row.accelerator_hours.filter(|_| !row.accelerators.is_empty())?;
    let built = build(&row, 3, basis, reference).ok()?;
    Some(central(&built.model(&run.registry_id)).energy.0)
}

/// Stated location-based emissions, or energy times the grid of the owner's country, where the compute does not come from hours.
fn emissions(reference: &Reference, basis: &Basis, run: &TrainingRun) -> Option<f64> {
    run.train_flop.filter(|_| !is_from_hours(run))?;
    let stated = run.reported_emissions_kgco2e.filter(|_| run.emissions_basis.as_deref() != Some("market"));
    if let Some(kg) = stated.filter(|kg| *kg > 0.0) {
        return Some(kg);
    }
    let (kwh, day) = (energy(reference, basis, run)?, run.trained_on_day()?);
    let country = run.country.as_deref()?.split('|').next()?;
    let grid = reference.grid.value(country, day.year())?;
    Some(kwh * grid.gco2e_per_kwh / GRAMS_PER_KG)
}

/// A registry row in the shape that regressions and the chain read; none without a date.
pub(super) fn as_tier_row(reference: &Reference, run: &TrainingRun) -> Option<TierRow> {
    let mut row = blank(run.hub_id.as_deref().unwrap_or_default(), &run.kind, &run.modality, run.trained_on_day()?);
    run.registry_id.clone_into(&mut row.run_id);
    row.owner = run.hub_id.as_deref().and_then(|id| id.split_once('/')).map(|(owner, _)| owner.to_owned());
    row.owner_class = OwnerClass::of(run.organization.as_deref().unwrap_or_default()).name().to_owned();
    row.owner_country = run.country.as_deref().and_then(|c| c.split('|').next()).map(str::to_owned);
    row.total_params = run.params.or(run.active_params);
    row.active_params = run.effective_params();
    row.train_flop = run.train_flop;
    row.train_tokens = run.seen_tokens();
    row.accelerator_hours = run.accelerator_hours;
    row.mfu = run.mfu;
    let text = run.accelerator.as_deref().unwrap_or_default();
    row.accelerators = hardware::read_hardware(&reference.accelerators, text, hardware::Context::Field).names();
    Some(row)
}

fn blank(model_id: &str, kind: &str, modality: &str, day: Day) -> TierRow {
    TierRow {
        run_id: model_id.to_owned(),
        model_id: model_id.to_owned(),
        tier: 0,
        available_tiers: Vec::new(),
        kind: kind.to_owned(),
        modality: modality.to_owned(),
        owner_country: None,
        owner: None,
        owner_class: OwnerClass::Industry.name().to_owned(),
        trained_on: Some(day),
        trained_on_source: None,
        total_params: None,
        active_params: None,
        train_tokens: None,
        train_flop: None,
        train_flop_confidence: None,
        emissions_kgco2e: None,
        energy_kwh: None,
        accelerator_hours: None,
        accelerators: Vec::new(),
        mfu: None,
        place: None,
        operator: None,
        cloud_region: None,
        stage: kind.to_owned(),
        root_run_id: None,
        chosen_evidence: Vec::new(),
        stands_on_run_id: None,
        flags: Vec::new(),
    }
}

/// Every k-th run with known parameters, k such that at most `MAX_CATEGORY_ROWS` remain.
fn category_samples(context: &Context) -> Result<Vec<Sample>> {
    let total = context.record("tier")?.outputs.get(TierRow::NAME).map_or(0, |r| r.rows);
    let step = usize::try_from(total).unwrap_or(usize::MAX).div_ceil(MAX_CATEGORY_ROWS).max(1);
    let mut samples = Vec::new();
    for row in rows::<TierRow>(&context.work)?.step_by(step) {
        let row = row?;
        let Some(params) = row.active_params.filter(|_| row.kind != "no_training") else { continue };
        samples.push(Sample {
            id: row.run_id.clone(),
            owner: row.owner.clone().unwrap_or_else(|| row.model_id.clone()),
            response: log10(params),
            row,
        });
    }
    // The registry speaks for modalities of which an index shows few sizes.
    let known: std::collections::BTreeSet<String> = samples.iter().map(|s| s.row.model_id.to_lowercase()).collect();
    let reference = &context.reference;
    let open = reference.registry.runs().iter().filter(|r| r.open_weights == Some(true));
    let unknown = open.filter(|r| r.hub_id.as_ref().is_none_or(|id| !known.contains(&id.to_lowercase())));
    samples.extend(unknown.filter_map(|r| registry_sample(reference, r, r.effective_params()?)));
    Ok(samples)
}

/// The intercept, the numeric terms, and an indicator for each category with enough rows.
pub(super) fn term_names(terms: &[&str], categories: &[Category], samples: &[Sample]) -> Vec<String> {
    let mut names: Vec<String> = std::iter::once("intercept").chain(terms.iter().copied()).map(str::to_owned).collect();
    for (column, baseline) in categories {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for sample in samples {
            let value = if *column == "kind" { &sample.row.kind } else { &sample.row.modality };
            *counts.entry(value.as_str()).or_default() += 1;
        }
        let enough = counts.into_iter().filter(|(value, n)| value != baseline && *n >= MIN_CATEGORY_ROWS);
        names.extend(enough.map(|(value, _)| format!("{column}={value}")));
    }
    names
}
