//! What the snapshot says of its own reliability holds together: regressions, back-test, sensitivity, groups.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, table};
use hugging_carbon::domain::{Comparison, GroupBy, Tier};
use hugging_carbon::tables::{
    AggregateRow, BacktestRow, BacktestRunRow, EstimateRow, RegressionCandidateRow, RegressionObservationRow, RegressionRow,
    RegressionTermRow, SensitivityRow,
};

fn snapshot() -> (Workspace, std::path::PathBuf) {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let snapshot = workspace.snapshot();
    (workspace, snapshot)
}

/// Every setting is on its side of the headline, which is that of `aggregates` but for the order of the sum; the scenario is 1 / 0.18.
#[test]
fn sensitivity_is_about_the_headline() {
    let (_workspace, snapshot) = snapshot();
    let rows: Vec<SensitivityRow> = table(&snapshot);
    let of = |factor: &str, setting: &str| rows.iter().find(|r| r.factor == factor && r.setting == setting).unwrap();
    let all = table::<AggregateRow>(&snapshot);
    let all = all.iter().find(|r| r.cohort == rows[0].cohort && r.group_by == GroupBy::All).unwrap();
    let headline = of("headline", "as published").emissions_kgco2e_mean;
    assert!((headline / all.emissions_kgco2e.mean - 1.0).abs() < 1e-12, "{headline} {}", all.emissions_kgco2e.mean);
    for (factor, low, high) in [
        ("grid_gco2e_per_kwh", "p05", "p95"),
        ("host_power_ratio", "p05", "p95"),
        ("pue", "p05", "p95"),
        // A higher utilization takes fewer hours.
        ("mfu", "p95", "p05"),
    ] {
        assert!(of(factor, low).ratio_to_headline < 1.0 && of(factor, high).ratio_to_headline > 1.0, "{factor}");
        assert_eq!(of(factor, low).train_flop_p50 > 0.0, !of(factor, low).is_scenario);
    }
    assert!(of("active_share", "all parameters").ratio_to_headline > 1.0 && of("implicit_grouping", "off").ratio_to_headline > 1.0);
    let programme = rows.iter().find(|r| r.is_scenario && r.factor == "programme").unwrap();
    assert!((programme.ratio_to_headline - 1.0 / 0.18).abs() < 1e-9);
}

/// The largest runs are nested, the bands of the AI Act and the tiers each hold every run once.
#[test]
fn groups_hold_every_run_once() {
    let (_workspace, snapshot) = snapshot();
    let rows: Vec<AggregateRow> = table(&snapshot);
    let cohorts: std::collections::BTreeSet<&str> = rows.iter().map(|r| r.cohort.as_str()).collect();
    assert_eq!(cohorts.len(), 3, "all models, and both readings of the threshold");
    for cohort in cohorts {
        let of = |group_by: GroupBy| rows.iter().filter(|r| r.cohort == cohort && r.group_by == group_by).collect::<Vec<_>>();
        let all = of(GroupBy::All)[0];
        use GroupBy as By;
        for group_by in [By::EuAiAct, By::Tier, By::Role, By::Modality, By::Country, By::TrainingYear] {
            assert_eq!(of(group_by).iter().map(|r| r.runs).sum::<i64>(), all.runs, "{cohort} {group_by}");
        }
        let share = |group: &str| of(GroupBy::Top).iter().find(|r| r.group == group).map_or(0.0, |r| r.share_of_total);
        assert!(share("top_1") < share("top_10") && share("top_10") < share("top_100") && share("top_100") <= 1.0 + 1e-12);
    }
    // The first rank is the largest mean of the estimates.
    let largest = table::<EstimateRow>(&snapshot).iter().map(|e| e.emissions_kgco2e.mean).fold(0.0, f64::max);
    let top = rows.iter().find(|r| r.cohort == "all_models" && r.group == "top_1").unwrap();
    assert!((top.emissions_kgco2e.mean / largest - 1.0).abs() < 1e-12);
}

/// Every regression is usable with the registry of the binary; what was kept is what is published, on its design matrix.
#[test]
fn regressions_are_usable_and_follow_from_their_observations() {
    let (_workspace, snapshot) = snapshot();
    let terms: Vec<RegressionTermRow> = table(&snapshot);
    let observations: Vec<RegressionObservationRow> = table(&snapshot);
    let candidates: Vec<RegressionCandidateRow> = table(&snapshot);
    let regressions: Vec<RegressionRow> = table(&snapshot);
    assert_eq!(regressions.len(), 8);
    for row in regressions {
        // Regression: the three checks were called used.
        assert_eq!(row.used, row.regression_id.makes_estimates(), "{}: {:?}", row.regression_id, row.not_used_reason);
        let own: Vec<&RegressionObservationRow> = observations.iter().filter(|o| o.regression_id == row.regression_id).collect();
        assert_eq!(i64::try_from(own.len()).unwrap(), row.n);
        // Residuals of least squares with an intercept sum to zero.
        let coefficients: Vec<f64> = row
            .terms
            .iter()
            .map(|term| terms.iter().find(|t| t.regression_id == row.regression_id && t.term == *term).unwrap().estimate)
            .collect();
        let residual =
            |o: &RegressionObservationRow| o.response - o.terms.iter().zip(&coefficients).map(|(x, b)| x * b).sum::<f64>();
        let sum: f64 = own.iter().map(|o| residual(o)).sum();
        assert!(sum.abs() < 1e-8, "{}: {sum}", row.regression_id);
        let kept: Vec<&RegressionCandidateRow> =
            candidates.iter().filter(|c| c.regression_id == row.regression_id && c.is_kept).collect();
        assert_eq!((kept.len(), kept[0].grouped_cv_rmse), (1, row.grouped_cv_rmse.unwrap()));
        assert!(candidates.iter().any(|c| c.regression_id == row.regression_id && !c.is_kept && !c.reason.is_empty()));
    }
}

/// The scores follow from the comparisons, and those left out say why.
#[test]
fn the_back_test_follows_from_its_comparisons() {
    let (_workspace, snapshot) = snapshot();
    let runs: Vec<BacktestRunRow> = table(&snapshot);
    for row in table::<BacktestRow>(&snapshot).iter().filter(|r| r.kind == "all") {
        let of = |left_out: bool| {
            runs.iter().filter(|r| r.tier == row.tier && r.against == row.against && r.left_out.is_some() == left_out).count()
        };
        assert_eq!((row.n, row.left_out_circular), (of(false) as i64, of(true) as i64), "{:?} {}", row.tier, row.against);
        assert!(row.tier > row.against_tier || row.against == Comparison::IndependentCompute, "{:?} {}", row.tier, row.against);
    }
    assert!(runs.iter().all(|r| r.left_out.as_ref().is_none_or(|why| !why.is_empty())));
}

/// Llama 2 states its device hours and emissions; the registry names its copy -hf, and the run is that of the original.
#[test]
fn a_run_registered_for_another_format_is_the_originals() {
    let (_workspace, snapshot) = snapshot();
    let estimates: Vec<EstimateRow> = table(&snapshot);
    let of = |id: &str| estimates.iter().find(|e| e.model_id == id);
    let (Some(original), Some(copy)) = (of("meta-llama/Llama-2-7b"), of("meta-llama/Llama-2-7b-hf")) else {
        panic!("the sample holds Llama-2-7b and its copy")
    };
    assert_eq!((original.tier.0, copy.tier.0), (Tier::Emissions, Tier::NoTraining));
    assert!((original.emissions_kgco2e.p50 / 31_220.0 - 1.0).abs() < 0.05, "Touvron et al. 2023, table 2: 31.22 t");
}
