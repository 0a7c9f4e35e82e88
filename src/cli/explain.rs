//! `explain`: a model's figures as a calculation that a person can redo.

use super::compose::Pipeline;
use super::regression_text::regression_line;
use super::text::{number, percent, table};
use super::{Cli, print};
use hugging_carbon::domain::{Field, Quantiles, RegressionId, Role, Run, RunKind, Tier};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::estimation::fine_tune::flop_per_sample;
use hugging_carbon::estimation::{Basis, Built, FactorTables, FitRows, Fits, build, compute_fit, counted_flop, six_nd_law};
use hugging_carbon::method::chain::{FLOP_PER_FROZEN_PARAM_TOKEN, FLOP_PER_PARAM_TOKEN, FORWARD_PASSES_OF_A_STEP};
use hugging_carbon::method::simulate::{Central, Compute, Prediction, Response, Start, central, pow10};
use hugging_carbon::tables::io::rows;
use hugging_carbon::tables::{EstimateByTierRow, EstimateRow, EvidenceRow, LineageRow, ModelRow, RunRow, TierRow};
use std::fmt::Write as _;

/// Members of a family shown.
const SHOWN_MEMBERS: usize = 12;
/// Ids suggested for an unknown one.
const SUGGESTIONS: usize = 5;

/// Prints identity, family, evidence and the chain of every tier.
pub fn explain(cli: &Cli, model_id: &str) -> Result<()> {
    let context = Pipeline::to_look(cli)?;
    let model = find(&context, model_id)?;
    let tier = find_row::<TierRow>(&context, |t| t.model_id == model.model_id)?
        .ok_or_else(|| Error::Internal(format!("{} has no row in tiers", model.model_id)))?;
    let mut out = String::new();
    identity(&mut out, &model);
    family(&mut out, &context, &model)?;
    evidence(&mut out, &context, &model)?;
    if tier.tier.0 == Tier::NoTraining {
        no_training(&mut out, &context, &model)?;
    } else {
        tiers(&mut out, &context, &tier.into())?;
    }
    print(&out)
}

fn find_row<R: hugging_carbon::tables::Row>(context: &Pipeline, wanted: impl Fn(&R) -> bool) -> Result<Option<R>> {
    for row in rows::<R>(&context.work)? {
        let row = row?;
        if wanted(&row) {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The model, without regard to case; else an error with ids that contain the same name.
fn find(context: &Pipeline, model_id: &str) -> Result<ModelRow> {
    let wanted = model_id.to_lowercase();
    let name = wanted.rsplit('/').next().unwrap_or(&wanted).to_owned();
    let mut near = Vec::new();
    for row in rows::<ModelRow>(&context.work)? {
        let row = row?;
        let id = row.model_id.to_lowercase();
        if id == wanted {
            return Ok(row);
        }
        if !name.is_empty() && id.contains(&name) {
            near.push(row.model_id);
            // The shortest first: an id that is just the name comes before its variants.
            near.sort_by_key(|id| (id.len(), id.clone()));
            near.truncate(SUGGESTIONS);
        }
    }
    let remedy = if near.is_empty() {
        "check the id, or ingest an index that holds it".to_owned()
    } else {
        format!("did you mean: {}", near.join(", "))
    };
    Err(Error::input(format!("no model '{model_id}' in the index"), context.work.display(), remedy))
}

fn identity(out: &mut String, model: &ModelRow) {
    let or_unknown = |value: Option<String>| value.unwrap_or_else(|| "unknown".into());
    let params = match (model.total_params, model.active_params) {
        #[allow(clippy::cast_precision_loss)]
        (Some(total), Some(active)) if active != total => {
            format!("{} in total, {} active per token", number(total as f64), number(active as f64))
        }
        #[allow(clippy::cast_precision_loss)]
        (Some(total), _) => number(total as f64),
        (None, _) => "unknown".into(),
    };
    let source = model.params_source.map(|s| format!(" (from {s})")).unwrap_or_default();
    let date = model.trained_on.map(|d| format!("{d} (from {})", model.trained_on_source.map(|s| s.name()).unwrap_or_default()));
    let _ = writeln!(out, "{}", model.model_id);
    let _ = writeln!(out, "  role        {} (rule: {})", model.role, model.role_rule);
    if !model.p.is_certain() {
        let likely = Role::ALL.iter().map(|role| (role, model.p.share(*role))).filter(|(_, p)| *p >= 0.005);
        let likely: Vec<String> = likely.map(|(role, p)| format!("{role} {}", percent(p))).collect();
        let _ = writeln!(out, "  not certain {}", likely.join(", "));
    }
    let _ = writeln!(out, "  parameters  {params}{source}");
    let _ = writeln!(out, "  modality    {}", model.modality);
    let _ = writeln!(out, "  trained on  {}", or_unknown(date));
    let _ = writeln!(out, "  country     {}", or_unknown(model.owner_country.clone()));
    let downloads = |n: Option<i64>| n.map_or_else(|| "unknown".into(), |n| n.to_string());
    let _ = writeln!(
        out,
        "  downloads   {} of all time, {} in 30 days; {} the cohort",
        downloads(model.downloads_all_time),
        downloads(model.downloads_30d),
        if model.in_cohort { "in" } else { "not in" }
    );
}

fn family(out: &mut String, context: &Pipeline, model: &ModelRow) -> Result<()> {
    out.push_str("\nFamily\n");
    let _ = writeln!(out, "  owns run    {}", model.own_run_id.as_deref().unwrap_or("none"));
    let _ = writeln!(out, "  stands on   {}", model.stands_on_run_id.as_deref().unwrap_or("no run of this index"));
    if !model.base_model_ids.is_empty() {
        let _ = writeln!(out, "  names bases {}", model.base_model_ids.join(", "));
    }
    if let Some(run) = find_row::<RunRow>(context, |r| r.model_id == model.model_id)? {
        if let Some(parent) = &run.parent_run_id {
            let _ = writeln!(out, "  started from {parent}");
        }
        if run.member_count > 1 {
            let _ = writeln!(out, "  carried by  {} repositories (rule: {})", run.member_count, run.group_rule);
        }
    }
    upstream(out, context, model)?;
    let Some(root) = &model.stands_on_run_id else { return Ok(()) };
    let mut others: Vec<String> = Vec::new();
    for row in rows::<ModelRow>(&context.work)? {
        let row = row?;
        if row.stands_on_run_id.as_ref() == Some(root) && row.model_id != model.model_id {
            others.push(format!("{} ({})", row.model_id, row.role));
        }
    }
    for other in others.iter().take(SHOWN_MEMBERS) {
        let _ = writeln!(out, "  with        {other}");
    }
    if others.len() > SHOWN_MEMBERS {
        let _ = writeln!(out, "  and         {} more", others.len() - SHOWN_MEMBERS);
    }
    Ok(())
}

/// Every run upstream, once, and what own and upstream add up to.
fn upstream(out: &mut String, context: &Pipeline, model: &ModelRow) -> Result<()> {
    for run in model.upstream_run_ids.iter().take(SHOWN_MEMBERS) {
        let _ = writeln!(out, "  upstream    {run}");
    }
    if model.upstream_run_ids.len() > SHOWN_MEMBERS {
        let _ = writeln!(out, "  and         {} more runs upstream", model.upstream_run_ids.len() - SHOWN_MEMBERS);
    }
    if let Some(row) = find_row::<LineageRow>(context, |l| l.model_id == model.model_id)?
        && !model.upstream_run_ids.is_empty()
    {
        let bound = if row.is_complete { "" } else { ", at least: a base is not in this index" };
        let _ = writeln!(
            out,
            "  emissions   {} kg CO2e of its own, {} with everything upstream (means){bound}",
            number(row.own_emissions_kgco2e_mean),
            number(row.lineage_emissions_kgco2e_mean)
        );
    }
    Ok(())
}

fn evidence(out: &mut String, context: &Pipeline, model: &ModelRow) -> Result<()> {
    out.push_str("\nEvidence\n");
    let mut any = false;
    for row in rows::<EvidenceRow>(&context.work)? {
        let row = row?;
        if row.model_id != model.model_id {
            continue;
        }
        any = true;
        let value = row.value.map_or_else(|| row.value_as_written.clone(), |v| format!("{} {}", number(v), row.unit));
        let verdict = row.reject_reason.map(|why| format!("  REFUSED: {why}")).unwrap_or_default();
        let value = if row.field == Field::TrainedOn { row.value_as_written.clone() } else { value };
        let _ = writeln!(out, "  {:<17} {value}{verdict}", row.field);
        let _ = writeln!(out, "    {} | {} | \"{}\"", row.source, row.locator, row.quote);
    }
    if !any {
        out.push_str("  none\n");
    }
    Ok(())
}

fn no_training(out: &mut String, context: &Pipeline, model: &ModelRow) -> Result<()> {
    let _ = writeln!(
        out,
        "\nTier 0, {}: this repository trained nothing itself (role {}), so its own FLOP, kWh and kg CO2e are 0.",
        Tier::NoTraining,
        model.role
    );
    let Some(run_id) = &model.stands_on_run_id else {
        out.push_str("The run its weights rest on is not in this index.\n");
        return Ok(());
    };
    if let Some(e) = find_row::<EstimateRow>(context, |e| &e.run_id == run_id)? {
        let _ = writeln!(
            out,
            "It carries {run_id}: {} FLOP, {} kWh, {} kg CO2e (90 % {} to {}), counted there once.",
            number(e.train_flop.p50),
            number(e.energy_kwh.p50),
            number(e.emissions_kgco2e.p50),
            number(e.emissions_kgco2e.p05),
            number(e.emissions_kgco2e.p95)
        );
    }
    Ok(())
}

/// What estimates are made with, from the tables of the work directory.
fn basis(context: &Pipeline, tables: &FactorTables) -> Result<Basis> {
    let (work, method) = (&context.work, &context.config.method);
    let fit_rows = FitRows {
        regressions: rows(work)?.collect::<Result<_>>()?,
        terms: rows(work)?.collect::<Result<_>>()?,
        covariances: rows(work)?.collect::<Result<_>>()?,
        observations: rows(work)?.collect::<Result<_>>()?,
    };
    let fits = Fits::from_rows(fit_rows, six_nd_law(rows(work)?)?, method.draws, method.seed)?;
    Basis::with_roots(fits, tables, || Ok(rows::<TierRow>(work)?.map(|row| Ok(row?.into()))))
}

fn tiers(out: &mut String, context: &Pipeline, run: &Run) -> Result<()> {
    let tables = FactorTables::new(&context.reference);
    let basis = basis(context, &tables)?;
    let reached: Vec<String> = run.tiers.iter().map(|t| format!("{} {t}", t.number())).collect();
    let _ = writeln!(out, "\nTiers the evidence reaches: {}. The headline takes the first.", reached.join(", "));
    for &tier in &run.tiers {
        let built = build(run, tier, &basis, &tables)?;
        let _ = writeln!(out, "\nTier {}, {tier}", tier.number());
        chain(out, run, &built, &basis.fits)?;
        let wanted = |e: &EstimateByTierRow| e.run_id == run.run_id && e.tier.0 == tier;
        if let Some(e) = find_row::<EstimateByTierRow>(context, wanted)? {
            published(out, &e, context.config.method.draws);
        }
    }
    Ok(())
}

/// The chain at central values, one line a step, each computed from the numbers printed above it.
fn chain(out: &mut String, row: &Run, built: &Built<'_>, fits: &Fits) -> Result<()> {
    let c = central(&built.model(&row.run_id));
    let (n, grid) = (number, built.grid.value.gco2e_per_kwh);
    compute_lines(out, row, built, fits)?;
    energy_lines(out, built, &c);
    let place = if built.grid.is_fallback { "the place of training is not stated: fallback" } else { "stated" };
    let value = &built.grid.value;
    let _ = writeln!(out, "  I = {} g/kWh   {} {}, {}, {place}", n(grid), value.place, value.year, value.basis);
    if let Start::Emissions(m) = built.start {
        let _ = writeln!(out, "  E = 1000 x M / I = 1000 x {} / {} = {} kWh", n(m.median), n(grid), n(c.energy.0));
    } else {
        let _ = writeln!(out, "  M = E x I / 1000 = {} x {} / 1000 = {} kg CO2e", n(c.energy.0), n(grid), n(c.emissions.0));
    }
    if matches!(built.compute, Compute::Implied) {
        implied_lines(out, built, &c);
    }
    let _ = writeln!(
        out,
        "  ATCI = 1000 x M / (C / 1e15) = 1000 x {} / ({} / 1e15) = {} g/PFLOP",
        n(c.emissions.0),
        n(c.flop.0),
        n(c.emissions.0 * 1000.0 / (c.flop.0 / 1e15))
    );
    if !built.flags.is_empty() {
        let flags: Vec<&str> = built.flags.iter().map(|flag| flag.name()).collect();
        let _ = writeln!(out, "  assumed: {}", flags.join(", "));
    }
    Ok(())
}

/// Device hours and energy, as far down as the evidence starts.
fn energy_lines(out: &mut String, built: &Built<'_>, c: &Central) {
    let n = number;
    match built.start {
        Start::Compute => {
            let _ = writeln!(out, "  peak = {} FLOP/s, MFU = {}   {}", n(c.peak.0), n(built.mfu.median), chip_note(built));
            let _ = writeln!(
                out,
                "  H = C / (peak x MFU x 3600) = {} / ({} x {} x 3600) = {} device hours",
                n(c.flop.0),
                n(c.peak.0),
                n(built.mfu.median),
                n(c.hours.0)
            );
        }
        Start::Hours(h) => {
            let _ = writeln!(out, "  H = {} device hours   stated; {}", n(h.median), built.chips.name);
        }
        Start::Energy(_) | Start::Emissions(_) => {}
    }
    match built.start {
        Start::Compute | Start::Hours(_) => {
            power_line(out, built, c);
            let _ = writeln!(out, "  PUE = {}   {}", n(built.pue.pue), pue_note(built));
            let _ = writeln!(
                out,
                "  E = H x P x PUE / 1000 = {} x {} x {} / 1000 = {} kWh",
                n(c.hours.0),
                n(c.power.0),
                n(built.pue.pue),
                n(c.energy.0)
            );
        }
        Start::Energy(e) => {
            let _ = writeln!(out, "  E = {} kWh   reported", n(e.median));
        }
        Start::Emissions(m) => {
            let _ = writeln!(out, "  M = {} kg CO2e   reported", n(m.median));
        }
    }
}

/// Compute that nothing states: what the energy implies on the chip, backwards through the chain.
fn implied_lines(out: &mut String, built: &Built<'_>, c: &Central) {
    let n = number;
    if !matches!(built.start, Start::Hours(_)) {
        power_line(out, built, c);
        let _ = writeln!(out, "  PUE = {}   {}", n(built.pue.pue), pue_note(built));
        let _ = writeln!(
            out,
            "  H = 1000 x E / (P x PUE) = 1000 x {} / ({} x {}) = {} device hours",
            n(c.energy.0),
            n(c.power.0),
            n(built.pue.pue),
            n(c.hours.0)
        );
    }
    let _ = writeln!(out, "  peak = {} FLOP/s, MFU = {}   {}", n(c.peak.0), n(built.mfu.median), chip_note(built));
    let _ = writeln!(
        out,
        "  C = H x peak x MFU x 3600 = {} x {} x {} x 3600 = {} FLOP   implied, nothing states it",
        n(c.hours.0),
        n(c.peak.0),
        n(built.mfu.median),
        n(c.flop.0)
    );
}

fn chip_note(built: &Built<'_>) -> String {
    match built.chips.set.as_ref() {
        [one] => format!("{} (dense)", one.name),
        many if built.chips.is_fallback => {
            format!("{}: weighted geometric mean of {} chips in use then", built.chips.name, many.len())
        }
        many => format!("weighted geometric mean of {} candidates: {}", many.len(), built.chips.name),
    }
}

/// P = TDP x share x host factor for one chip; a mixture has only its mean.
fn power_line(out: &mut String, built: &Built<'_>, c: &Central) {
    let n = number;
    let _ = match (built.chips.set.as_ref(), &built.chips.power) {
        ([one], Some(power)) => writeln!(
            out,
            "  P = TDP x accelerator share x host factor = {} x {} x {} = {} W   {}",
            n(one.tdp.0),
            n(power.accelerator_share),
            n(power.host_factor),
            n(c.power.0),
            power.source
        ),
        _ => writeln!(out, "  P = {} W per accelerator with its share of the host   weighted geometric mean", n(c.power.0)),
    };
}

fn pue_note(built: &Built<'_>) -> String {
    let fallback = if built.pue.is_fallback() { ", fallback" } else { "" };
    format!("{}, {}{fallback}", built.pue.operator, built.pue.year)
}

fn compute_lines(out: &mut String, row: &Run, built: &Built<'_>, fits: &Fits) -> Result<()> {
    let c = built.compute.central().unwrap_or_default().0;
    match &built.compute {
        Compute::Implied => {}
        Compute::Known { .. } if row.known.train_flop.is_some() => {
            let _ = writeln!(out, "  C = {} FLOP   stated", number(c));
        }
        Compute::Known { .. } if counted_flop(row).is_some() => {
            let per = if row.kind == Some(RunKind::Adapter) { 2.0 } else { FORWARD_PASSES_OF_A_STEP };
            let (f, s) = (row.known.forward_flop.unwrap_or_default(), row.known.train_samples.unwrap_or_default());
            let _ = writeln!(out, "  C = {per} x F x S = {per} x {} x {} = {} FLOP", number(f), number(s), number(c));
        }
        Compute::Known { .. } if row.known.train_tokens.is_none() => {
            let (n, samples) = (row.known.active_params.unwrap_or_default(), row.known.train_samples.unwrap_or_default());
            let (length, per) = (row.known.sample_length.unwrap_or_default().0, flop_per_sample(row, 1.0, 1.0));
            let _ = writeln!(
                out,
                "  C = {per} x N x samples x length = {per} x {} x {} x {} = {} FLOP",
                number(n),
                number(samples),
                number(length),
                number(c)
            );
        }
        Compute::Known { .. } => {
            let per = if row.kind == Some(RunKind::Adapter) { FLOP_PER_FROZEN_PARAM_TOKEN } else { FLOP_PER_PARAM_TOKEN };
            let (n, d) = (row.known.active_params.unwrap_or_default(), row.known.train_tokens.unwrap_or_default());
            let _ = writeln!(out, "  C = {per} x N x D = {per} x {} x {} = {} FLOP", number(n), number(d), number(c));
        }
        Compute::Share { share, of_flop, .. } => {
            let root = row.root_run_id.as_deref().unwrap_or_default();
            let _ = writeln!(
                out,
                "  C = share x C(pre-training) = {} x {} = {} FLOP   share of stage {}, of {root}",
                number(*share),
                number(*of_flop),
                number(c),
                row.stage.map(|stage| stage.name()).unwrap_or_default()
            );
        }
        Compute::Parameters(prediction) => prediction_lines(out, row, prediction, fits)?,
        Compute::Category { size_terms, prediction, .. } => {
            let id = RegressionId::ParamsFromCategory;
            regression_line(out, id, "log10 N", fits.get(id)?, size_terms);
            prediction_lines(out, row, prediction, fits)?;
        }
    }
    Ok(())
}

fn prediction_lines(out: &mut String, row: &Run, prediction: &Prediction<'_>, fits: &Fits) -> Result<()> {
    let (id, response) = compute_fit(row);
    let symbol = match response {
        Response::Tokens => "log10 D",
        Response::Samples => "log10 samples",
        Response::Compute => "log10 C",
    };
    let predicted = regression_line(out, id, symbol, fits.get(id)?, &prediction.terms);
    let n = pow10(prediction.terms[prediction.size_position]);
    let raw = match response {
        Response::Compute => {
            let _ = writeln!(out, "  C = 10^{predicted:.4} = {} FLOP", number(pow10(predicted)));
            pow10(predicted)
        }
        Response::Tokens => {
            let (d, per) = (pow10(predicted), FLOP_PER_PARAM_TOKEN);
            let _ = writeln!(out, "  C = {per} x N x D = {per} x {} x {} = {} FLOP", number(n), number(d), number(per * n * d));
            per * n * d
        }
        Response::Samples => {
            let (samples, length, per) = (pow10(predicted), pow10(prediction.log_length), FLOP_PER_PARAM_TOKEN);
            let flop = per * n * samples * length;
            let _ = writeln!(
                out,
                "  C = {per} x N x samples x length = {per} x {} x {} x {} = {} FLOP",
                number(n),
                number(samples),
                number(length),
                number(flop)
            );
            if prediction.widening > 1.0 {
                let _ = writeln!(out, "  errors widened {:.2} times, for the length and for sizes not seen", prediction.widening);
            }
            flop
        }
    };
    let (low, high) = prediction.log_bounds;
    let bound = if high < prediction.log_ceiling {
        let why =
            if row.is_pretraining() { "20,000 tokens per parameter" } else { "a third of a pre-training of this size and date" };
        format!("at most {} FLOP ({why})", number(pow10(high)))
    } else {
        format!("at most {} FLOP (the most that was published)", number(pow10(prediction.log_ceiling)))
    };
    let least =
        if low.is_finite() { format!("at least {} FLOP (one token per parameter), ", number(pow10(low))) } else { String::new() };
    let _ = writeln!(out, "  bounded to {least}{bound}");
    let c = prediction.central();
    if prediction.factor < 1.0 || (c / raw - 1.0).abs() > 1e-9 {
        let _ = writeln!(out, "  C = {} FLOP after bounds and the factor {:.3}", number(c), prediction.factor);
    }
    Ok(())
}

fn published(out: &mut String, e: &EstimateByTierRow, draws: usize) {
    let quantity = |name: &str, q: Quantiles| std::iter::once(name.to_owned()).chain(q.values().map(number)).collect::<Vec<_>>();
    let mut lines = vec![quantity("FLOP", e.train_flop), quantity("kWh", e.energy_kwh), quantity("kg CO2e", e.emissions_kgco2e)];
    lines.extend(e.atci_gco2e_per_pflop.map(|atci| quantity("g/PFLOP", atci)));
    let header = format!("published, {draws} draws");
    out.push_str(&table(&[&header, "p05", "median", "p95", "mean"], &lines, 1));
}
