//! How far the estimates can be trusted, as sections of the dataset card: regressions, back-test, sensitivity, and the figures of others.

use crate::domain::{GroupBy, number};
use crate::error::Result;
use crate::tables::io::rows;
use crate::tables::lookup::rows_of_text;
use crate::tables::{AggregateRow, BacktestRow, RegressionCandidateRow, RegressionRow, SensitivityRow};
use std::fmt::Write as _;
use std::path::Path;

/// Totals in t CO2e that the paper "Hugging Carbon" (arXiv 2605.01549) gives for models with over 5,000 downloads, version 1 and 2.
const PAPER_TONNES: [f64; 2] = [5.8e4, 6.0e4];
/// Compute in FLOP of the 699 open-weight models of Epoch AI's list of 2026-03-30 that state one.
const EPOCH_OPEN_FLOP: f64 = 5.0e26;

/// The sections, from the tables of a snapshot under construction.
///
/// # Errors
/// A table is missing.
pub(super) fn sections(cohort: &str, staging: &Path) -> Result<String> {
    let mut card = String::new();
    regressions(&mut card, staging)?;
    backtest(&mut card, staging)?;
    sensitivity(&mut card, staging)?;
    others(&mut card, cohort, staging)?;
    Ok(card)
}

fn dex(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| format!("{v:.2}"))
}

/// A bias that two decimals do not show has no sign.
fn without_minus_zero(dex: f64) -> f64 {
    if dex.abs() < 0.005 { 0.0 } else { dex }
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |v| number::percent(v, 0))
}

// Writing to a String cannot fail: the results of `writeln!` below are of that kind.
fn regressions(card: &mut String, staging: &Path) -> Result<()> {
    card.push_str(
        "\n## Regressions\n\nOrdinary least squares in log10; errors in dex (0.30 is a factor of 2) on owners that were held out. \
         `regression_terms` has the coefficients,\n`regression_observations` the design matrices, `regression_candidates` the models that were tried and not kept.\n\n\
         | regression | n | k | R2 | error, root mean square | median | 90 % interval covers | best of those not kept |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    let candidates: Vec<RegressionCandidateRow> = rows(staging)?.collect::<Result<_>>()?;
    for row in rows::<RegressionRow>(staging)? {
        let row = row?;
        let best = candidates
            .iter()
            .filter(|c| c.regression_id == row.regression_id && !c.is_kept)
            .min_by(|a, b| a.grouped_cv_rmse.total_cmp(&b.grouped_cv_rmse));
        let best = best.map_or_else(|| "-".to_owned(), |c| format!("{} ({:.2}): {}", c.candidate, c.grouped_cv_rmse, c.reason));
        let _ = writeln!(
            card,
            "| {} | {} | {} | {:.2} | {} | {} | {} | {best} |",
            row.regression_id,
            row.n,
            row.k,
            row.r2,
            dex(row.grouped_cv_rmse),
            dex(row.grouped_cv_median_abs_error),
            percent(row.coverage_90)
        );
    }
    card.push('\n');
    for row in rows::<RegressionRow>(staging)? {
        let row = row?;
        let _ = writeln!(card, "- `{}`, on {}", row.formula, row.fitted_on);
    }
    Ok(())
}

fn backtest(card: &mut String, staging: &Path) -> Result<()> {
    card.push_str(
        "\n## Back-test\n\nWhat better evidence says is hidden, and the run estimated through every later tier by regressions that saw nothing of its \
         owner. log10 of\nestimate over truth; `backtest_runs` has every comparison, and those left out with the reason.\n\n\
         | tier | against | kind | n | owners | bias | median error | within 2x | within 10x | 90 % interval covers | left out |\n\
         | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows::<BacktestRow>(staging)? {
        let row = row?;
        let _ = writeln!(
            card,
            "| {} | {} | {} | {} | {} | {:+.2} | {:.2} | {} | {} | {} | {} |",
            row.tier.0.number(),
            row.against,
            row.kind,
            row.n,
            row.owners,
            without_minus_zero(row.bias_dex),
            row.median_abs_error_dex,
            percent(Some(row.share_within_2x)),
            percent(Some(row.share_within_10x)),
            percent(row.coverage_90),
            row.left_out_circular
        );
    }
    Ok(())
}

fn sensitivity(card: &mut String, staging: &Path) -> Result<()> {
    card.push_str(
        "\n## Sensitivity\n\nThe cohort's mean emissions when one factor of every run, or one rule, is set otherwise.\n\n\
         | factor | setting | t CO2e | over the headline | what |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in rows::<SensitivityRow>(staging)? {
        let row = row?;
        let scenario = if row.is_scenario { "scenario, " } else { "" };
        let _ = writeln!(
            card,
            "| {} | {} | {:.0} | {:.2} | {scenario}{} |",
            row.factor,
            row.setting,
            row.emissions_kgco2e_mean / 1000.0,
            row.ratio_to_headline,
            row.note
        );
    }
    Ok(())
}

fn others(card: &mut String, cohort: &str, staging: &Path) -> Result<()> {
    let mut all: Option<AggregateRow> = None;
    let (mut tiers, mut countries, mut top) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows_of_text::<AggregateRow>(staging, "cohort", cohort)? {
        match row.group_by {
            GroupBy::All => all = Some(row),
            GroupBy::Tier if row.runs > 0 => tiers.push(row),
            GroupBy::Country => countries.push(row),
            GroupBy::Top => top.push(row),
            GroupBy::Tier
            | GroupBy::TrainingYear
            | GroupBy::Owner
            | GroupBy::Basis
            | GroupBy::Coverage
            | GroupBy::Modality
            | GroupBy::Role
            | GroupBy::Accelerator
            | GroupBy::License
            | GroupBy::EuAiAct
            | GroupBy::Upstream => {}
        }
    }
    let Some(all) = all else { return Ok(()) };
    countries.sort_by(|a, b| b.share_of_total.total_cmp(&a.share_of_total));
    let list = |rows: &[AggregateRow], name: &str| -> String {
        rows.iter()
            .take(4)
            .map(|r| format!("{name}{} {}", r.group, number::percent(r.share_of_total, 0)))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let [v1, v2] = PAPER_TONNES.map(|t| t / 1000.0);
    let tonnes = |kg: f64| kg / 1e6;
    let _ = write!(
        card,
        "\n## Beside the figures of others\n\nThis index: {:.1} kt CO2e (90 % {:.1} to {:.1}) and {:.2e} FLOP for {} models of the cohort. By tier: {}; by \
         country of the owner: {};\nthe largest runs: {}. The paper \"Hugging Carbon\" (arXiv 2605.01549) gives {v1:.0} and {v2:.0} kt (versions 1 and 2) for models \
         with over 5,000\ndownloads; Epoch AI's 699 open-weight models with known compute sum to {EPOCH_OPEN_FLOP:.1e} FLOP (2026-03-30). Nothing here was tuned to \
         either. An index\nof part of the Hub lacks runs, so that its total is a lower bound of the Hub's by coverage; where the total is above the paper's all the \
         same,\nthe difference is made by the factors that `sensitivity` ranks: which pre-trainings of 2025 and 2026 the index holds and the tokens they\nstate, the grid \
         of the owner's country where no place is stated (averages, not the data centre's contracts), utilization at the centre of\npublished runs, and hosts and \
         facility on top of the accelerators. The paper's own rows and coefficients are not known here.\n",
        tonnes(all.emissions_kgco2e.p50),
        tonnes(all.emissions_kgco2e.p05),
        tonnes(all.emissions_kgco2e.p95),
        all.train_flop.p50,
        all.models,
        list(&tiers, "tier "),
        list(&countries, ""),
        list(&top, "")
    );
    Ok(())
}
