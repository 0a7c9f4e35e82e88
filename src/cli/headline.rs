//! What `run` prints when it is done: cohort total with interval, share by tier, ATCI, top ten runs.

use super::compose::Pipeline;
use super::text::{count, number, percent, table};
use hugging_carbon::domain::Tier;
use hugging_carbon::domain::tier::{DOCUMENTED, IMPUTED};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::stages::snapshot::fallbacks::count_fallbacks;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::tables::frame::{above_zero, frame, largest, with_partner};
use hugging_carbon::tables::io::rows;
use hugging_carbon::tables::{BacktestRow, RegressionCandidateRow, RegressionRow, RegressionTermRow};
use std::fmt::Write as _;
use std::path::Path;

/// Runs in the list.
const TOP: usize = 10;

/// The headline of the snapshot that was published.
pub fn headline(pipeline: &Pipeline) -> Result<String> {
    let snapshot = pipeline.published()?;
    let path = snapshot.join("manifest.json");
    let text = fs_err::read(&path).map_err(|e| Error::io("cannot read", &path, e))?;
    let manifest = Manifest::parse(&text, &snapshot.display().to_string())?;
    let headline = &manifest.headline;
    let mut out = String::new();
    let _ = writeln!(out, "Snapshot {}", snapshot.display());
    let _ = writeln!(
        out,
        "Cohort {}: {} of {} models, {} training runs\n",
        headline.cohort,
        count(u64::try_from(headline.models).unwrap_or(0)),
        count(manifest.tables.get("models").map_or(0, |t| t.receipt.rows)),
        count(u64::try_from(headline.runs).unwrap_or(0)),
    );
    let row = |name: &str, values: [f64; 4], scale: f64| {
        std::iter::once(name.to_owned()).chain(values.iter().map(|v| number(v * scale))).collect::<Vec<_>>()
    };
    let mut totals = vec![
        row("emissions, t CO2e", headline.emissions_kgco2e, 1e-3),
        row("energy, MWh", headline.energy_kwh, 1e-3),
        row("compute, FLOP", headline.train_flop, 1.0),
    ];
    for (basis, about) in [(DOCUMENTED, "documented, t CO2e"), (IMPUTED, "imputed, t CO2e")] {
        totals.extend(headline.by_basis.get(basis).map(|total| row(about, total.emissions_kgco2e, 1e-3)));
    }
    totals.extend(headline.atci_gco2e_per_pflop.map(|v| row("ATCI, g CO2e/PFLOP", v, 1.0)));
    out.push_str(&table(&["total", "p05", "median", "p95", "mean"], &totals, 1));
    if let Some(outside) = &headline.outside {
        let [p05, p50, p95, _] = outside.emissions_kgco2e.map(|kg| number(kg / 1000.0));
        let (runs, whose) = match outside.runs {
            1 => ("1 training".to_owned(), "whose own repository is"),
            runs => (format!("{} trainings", count(u64::try_from(runs).unwrap_or(0))), "whose own repositories are"),
        };
        let _ = writeln!(
            out,
            "\nNot in the total: {p50} t ({p05} to {p95}) of {runs} that these models stand on,\n{whose} below the threshold"
        );
    }
    out.push_str("\nShare of emissions by tier\n");
    let shares: Vec<Vec<String>> =
        headline.share_by_tier.iter().map(|(tier, share)| vec![tier.clone(), name_of_tier(tier), percent(*share)]).collect();
    out.push_str(&table(&["tier", "name", "share"], &shares, 2));
    let _ = writeln!(out, "\nTop ten runs by mean emissions");
    out.push_str(&top_runs(&snapshot, headline.emissions_kgco2e[3])?);
    Ok(out)
}

/// What rests on fallbacks, as `estimate` prints it.
pub fn fallbacks(work: &Path) -> Result<String> {
    let lines: Vec<Vec<String>> = count_fallbacks(work)?
        .into_iter()
        .map(|f| vec![f.factor.to_owned(), count(f.runs), count(f.of_runs), percent(f.share_of_emissions)])
        .collect();
    Ok(format!(
        "What stands in for what nothing states, of the runs of the cohort\n{}",
        table(&["factor", "runs", "of", "share of emissions"], &lines, 1)
    ))
}

/// Name of a tier given by its number.
fn name_of_tier(number: &str) -> String {
    let tier = number.parse().ok().and_then(Tier::from_number);
    tier.map_or_else(|| number.to_owned(), |tier| tier.name().to_owned())
}

fn top_runs(snapshot: &Path, total: f64) -> Result<String> {
    let models = frame(snapshot, "models", &["model_id", "in_cohort"])?;
    let cohort = models.filter(models.column("in_cohort")?.bool()?)?;
    let columns = [
        "run_id",
        "model_id",
        "tier",
        "train_flop_p50",
        "emissions_kgco2e_p05",
        "emissions_kgco2e_p50",
        "emissions_kgco2e_p95",
        "emissions_kgco2e_mean",
    ];
    let trained = above_zero(&frame(snapshot, "estimates", &columns)?, "tier")?;
    let top = largest(&with_partner(&trained, "model_id", &cohort, "model_id")?, "emissions_kgco2e_mean", "run_id", TOP)?;
    let float = |name: &str, i: usize| -> Result<f64> { Ok(top.column(name)?.f64()?.get(i).unwrap_or(f64::NAN)) };
    let mut lines = Vec::new();
    for i in 0..top.height() {
        let tonnes = |name: &str| Ok::<_, Error>(number(float(name, i)? / 1000.0));
        lines.push(vec![
            (i + 1).to_string(),
            top.column("run_id")?.str()?.get(i).unwrap_or_default().to_owned(),
            top.column("tier")?.i32()?.get(i).unwrap_or_default().to_string(),
            number(float("train_flop_p50", i)?),
            tonnes("emissions_kgco2e_p05")?,
            tonnes("emissions_kgco2e_p50")?,
            tonnes("emissions_kgco2e_p95")?,
            percent(if total > 0.0 { float("emissions_kgco2e_mean", i)? / total } else { 0.0 }),
        ]);
    }
    Ok(table(&["", "run", "tier", "FLOP", "t p05", "t median", "t p95", "share"], &lines, 2))
}

/// The regressions, what was tried for them, and the back-test, as `fit` prints them.
pub fn regressions(work: &Path) -> Result<String> {
    let mut out = String::new();
    let terms: Vec<RegressionTermRow> = rows(work)?.collect::<Result<_>>()?;
    let candidates: Vec<RegressionCandidateRow> = rows(work)?.collect::<Result<_>>()?;
    for row in rows::<RegressionRow>(work)? {
        let row = row?;
        regression(&mut out, &row);
        let own: Vec<Vec<String>> = terms.iter().filter(|t| t.regression_id == row.regression_id).map(term_line).collect();
        out.push_str(&table(&["term", "estimate", "HC3 error", "t", "p", "95 % low", "95 % high"], &own, 1));
        out.push('\n');
        let tried: Vec<Vec<String>> =
            candidates.iter().filter(|c| c.regression_id == row.regression_id).map(candidate_line).collect();
        out.push_str(&table(&["model tried", "n", "rmse", "median error", "bias", "", "why"], &tried, 1));
        out.push('\n');
    }
    out.push_str("Back-test (log10 of estimate over truth; medians)\n");
    let lines: Vec<Vec<String>> = rows::<BacktestRow>(work)?.map(|b| Ok(backtest_line(b?))).collect::<Result<_>>()?;
    let header = [
        "tier",
        "against",
        "kind",
        "n",
        "owners",
        "bias",
        "error",
        "by owner",
        "within 2x",
        "within 10x",
        "90 % covers",
        "left out",
    ];
    out.push_str(&table(&header, &lines, 3));
    Ok(out)
}

fn regression(out: &mut String, row: &RegressionRow) {
    let dex = |v: Option<f64>| v.map_or_else(|| "-".to_owned(), |v| format!("{v:.3}"));
    let test = |value: Option<f64>, p: Option<f64>| match (value, p) {
        (Some(value), Some(p)) => format!("{value:.2} (p {p:.1e})"),
        _ => "-".to_owned(),
    };
    let _ = writeln!(
        out,
        "{}: {}\n  on {}\n  n = {}, k = {}, R2 = {:.3} (adjusted {:.3}), F = {}, residual {:.3} dex, condition {:.0}\n  \
         Breusch-Pagan {}, Jarque-Bera {}\n  leave-one-out {:.3} dex; owners held out: {} dex, median {} dex, 90 % interval covers {}\n  {}",
        row.regression_id,
        row.response,
        row.fitted_on,
        row.n,
        row.k,
        row.r2,
        row.r2_adjusted,
        test(row.f_statistic, row.f_p_value),
        row.residual_se,
        row.condition_number,
        test(row.breusch_pagan, row.breusch_pagan_p_value),
        test(Some(row.jarque_bera), Some(row.jarque_bera_p_value)),
        row.loo_rmse,
        dex(row.grouped_cv_rmse),
        dex(row.grouped_cv_median_abs_error),
        row.coverage_90.map_or_else(|| "-".to_owned(), percent),
        row.not_used_reason.as_ref().map_or_else(|| "used by estimates".to_owned(), |why| format!("not used: {why}")),
    );
}

fn term_line(t: &RegressionTermRow) -> Vec<String> {
    vec![
        t.term.name(),
        format!("{:.4}", t.estimate),
        format!("{:.4}", t.std_error_hc3),
        format!("{:.2}", t.t_statistic),
        format!("{:.2e}", t.p_value),
        format!("{:.4}", t.ci95_low),
        format!("{:.4}", t.ci95_high),
    ]
}

fn candidate_line(c: &RegressionCandidateRow) -> Vec<String> {
    vec![
        c.candidate.clone(),
        c.n.to_string(),
        format!("{:.3}", c.grouped_cv_rmse),
        format!("{:.3}", c.grouped_cv_median_abs_error),
        format!("{:+.3}", c.grouped_cv_bias),
        if c.is_kept { "kept" } else { "" }.to_owned(),
        c.reason.clone(),
    ]
}

fn backtest_line(b: BacktestRow) -> Vec<String> {
    vec![
        b.tier.0.number().to_string(),
        b.against.name().to_owned(),
        b.kind,
        b.n.to_string(),
        b.owners.to_string(),
        format!("{:+.3}", b.bias_dex),
        format!("{:.3}", b.median_abs_error_dex),
        format!("{:.3}", b.owner_median_abs_error_dex),
        percent(b.share_within_2x),
        percent(b.share_within_10x),
        b.coverage_90.map_or_else(|| "-".to_owned(), percent),
        b.left_out_circular.to_string(),
    ]
}
