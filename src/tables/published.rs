//! Tables that a snapshot publishes.

use super::cell::TierNumber;
use super::table;
use crate::domain::{
    Comparison, EvidenceSource, Field, Flag, GridBasis, GroupBy, Modality, OwnerClass, ParamsSource, Quantiles, RegressionId, Role,
    RoleShares, Rule, RunKind, Term, Tier, TrainedOnSource,
};
use crate::units::{Day, TimestampMs};

table! {
    /// One row per repository of the index.
    "models" key("model_id")
    struct ModelRow / ModelBuilders {
        /// Hub id, `owner/name`.
        model_id: String,
        /// Namespace of the id; null for legacy ids without one.
        owner: Option<String>,
        /// Creation of the repository; 2022-03-02T23:29:04Z is the Hub's floor and means "on or before".
        created_at: Option<TimestampMs>,
        /// Last commit to the repository.
        last_modified: Option<TimestampMs>,
        /// Downloads in the 30 days before the index was taken.
        downloads_30d: Option<i64>,
        /// Downloads since the repository exists.
        downloads_all_time: Option<i64>,
        /// Likes.
        likes: Option<i64>,
        /// The Hub's task tag.
        pipeline_tag: Option<String>,
        /// What the model takes in and gives out.
        modality: Modality,
        /// Library that loads the weights.
        library: Option<String>,
        /// Licence identifier as the card or the tags state it.
        license: Option<String>,
        /// Access: false, auto or manual; null when the index does not say.
        gated: Option<String>,
        /// First arXiv identifier among the tags.
        arxiv_id: Option<String>,
        /// Parameters (count); see params_source.
        total_params: Option<i64>,
        /// Parameters used per token (count); equal to total_params for dense models.
        active_params: Option<i64>,
        /// Where total_params comes from.
        params_source: Option<ParamsSource>,
        /// What the repository's own training was.
        role: Role,
        /// Name of the rule that decided the role.
        role_rule: Rule,
        /// Probability of the role (docs/method.md, section 2); one for a role that is known.
        p: RoleShares,
        /// Hub ids of the base models as the index states them.
        base_model_ids: Vec<String>,
        /// Training run that produced this repository's own weights; null where there was no training.
        own_run_id: Option<String>,
        /// Pre-training run the weights rest on, also where the index lacks its repository (then `runs` has no row for it); null when it
        /// is unknown or the parents of a merge rest on several.
        stands_on_run_id: Option<String>,
        /// Runs of the index upstream of this repository's weights, each once, its own left out; a merge has the union of its parents'.
        upstream_run_ids: Vec<String>,
        /// Whether every chain of bases ends in a run of the index.
        lineage_is_complete: bool,
        /// Best known date of the training.
        trained_on: Option<Day>,
        /// Where trained_on comes from.
        trained_on_source: Option<TrainedOnSource>,
        /// Years that the training may be of where nothing tells its date, each as likely as the others: those, by tenths, of the
        /// repositories of this index whose records have the same fields, no date of creation either, and are dated by the registry, a
        /// looked-up fact or a paper, none before the newest of its bases or the family that its name states. Null where a date is known, or
        /// where fewer than 20 such repositories are.
        possible_years: Option<Vec<i32>>,
        /// ISO 3166 alpha-3 code of the owner's country; null when unknown.
        owner_country: Option<String>,
        /// Whether the repository passes the cohort threshold of the configuration.
        in_cohort: bool,
    }
}

table! {
    /// One row per training run, counted once however many repositories carry it.
    "runs" key("run_id")
    struct RunRow / RunBuilders {
        /// `<model_id>#<kind>`.
        run_id: String,
        /// Repository that owns the run.
        model_id: String,
        /// What was trained.
        kind: RunKind,
        /// Run this one started from; null for pre-training or when it is not in the index.
        parent_run_id: Option<String>,
        /// Repositories whose weights rest on this run, the owner included; without those that are likeliest empty or untrained.
        member_count: i64,
        /// Name of the rule that made the group.
        group_rule: Rule,
    }
}

table! {
    /// One row per extracted number or fact, with the quote it was read from.
    "evidence" key("evidence_id")
    struct EvidenceRow / EvidenceBuilders {
        /// `<model_id>#<field>#<extractor>`.
        evidence_id: String,
        /// Hub id the evidence is about.
        model_id: String,
        /// What is stated: total_params, train_flop, emissions_kgco2e ...
        field: Field,
        /// The number in canonical unit; null for textual facts.
        value: Option<f64>,
        /// Canonical unit of value.
        unit: String,
        /// Number and unit as the source writes them.
        value_as_written: String,
        /// Where it was read.
        source: EvidenceSource,
        /// Where in the source: a JSON path, a tag, a table row.
        locator: String,
        /// The words it was read from, at most 200 characters.
        quote: String,
        /// Name of the extractor.
        extractor: String,
        /// 0 to 1: how far the extractor is to be trusted.
        confidence: f64,
        /// Whether estimates may rest on it.
        accepted: bool,
        /// Why it was refused.
        reject_reason: Option<String>,
        /// Page on which it can be read again: a card at the commit of the index where the index names one; null for what follows from
        /// tables of the project alone.
        source_url: Option<String>,
    }
}

macro_rules! estimate_table {
    ($(#[doc = $about:literal])+ $name:literal key($($key:literal),+) struct $row:ident / $builders:ident) => {
        table! {
            $(#[doc = $about])+
            $name key($($key),+)
            struct $row / $builders {
                /// Training run; `<model_id>#no_training` for repositories of tier 0.
                run_id: String,
                /// Repository that owns the run.
                model_id: String,
                /// 0 to 6, how this row is known (docs/method.md, section 3).
                tier: TierNumber,
                /// Name of the tier.
                tier_name: Tier,
                /// Training compute in FLOP.
                train_flop: Quantiles,
                /// Facility energy in kWh.
                energy_kwh: Quantiles,
                /// Emissions in kg CO2e.
                emissions_kgco2e: Quantiles,
                /// ATCI, emissions per unit of compute, in g CO2e per PFLOP; null when nothing was trained.
                atci_gco2e_per_pflop: Option<Quantiles>,
                /// Emissions of making the hardware in kg CO2e, for the hours it was used; outside the headline. Null in snapshots of before.
                embodied_kgco2e: Option<Quantiles>,
                /// Water consumed in litres, on site and for the electricity; outside the headline. Null in snapshots of before.
                water_l: Option<Quantiles>,
                /// Accelerator; several joined by ` | ` when the evidence leaves them open, `mixture:<role>:<year>` when it is unknown, with
                /// `<role>+<share>_at_scale` where a share of the chips is that of trainings at scale.
                accelerator: Option<String>,
                /// What names the accelerator: evidence, or the registry's runs of that year, role and class of owner.
                accelerator_source: Option<String>,
                /// Whether the accelerator is a mixture because nothing states it.
                accelerator_is_fallback: Option<bool>,
                /// Device hours, median.
                accelerator_hours_p50: Option<f64>,
                /// Power per accelerator with its share of the host, in watts, central value.
                power_w: Option<f64>,
                /// Measurements the power rests on.
                power_source: Option<String>,
                /// Whether another vendor's measurements stand in, for the chip or some of the mixture.
                power_is_fallback: Option<bool>,
                /// Model FLOP utilization, central value.
                mfu: Option<f64>,
                /// Whether the centre of published runs stands in for a utilization that nothing states.
                mfu_is_fallback: Option<bool>,
                /// Power usage effectiveness, central value.
                pue: Option<f64>,
                /// Source of the PUE, with its site, operator or class and year.
                pue_source: Option<String>,
                /// Whether a class or survey average stands in for an operator that nothing states.
                pue_is_fallback: Option<bool>,
                /// Grid intensity in g CO2e per kWh, central value.
                grid_gco2e_per_kwh: Option<f64>,
                /// Place of the grid value: ISO 3166 alpha-3, ISO 3166-2, a cloud region, `mixture:<country>` or `mixture:<year>`.
                grid_place: Option<String>,
                /// Year of the grid value.
                grid_year: Option<i32>,
                /// What the grid value counts.
                grid_basis: Option<GridBasis>,
                /// Source of the grid value.
                grid_source: Option<String>,
                /// Whether nothing states the place of training: the owner's country, and others where its like train.
                grid_is_owner_country: Option<bool>,
                /// Whether an average of countries stands in for the grid, because neither place nor country is known.
                grid_is_fallback: Option<bool>,
                /// Devices of data/reference/embodied.csv that embodied_kgco2e rests on.
                embodied_source: Option<String>,
                /// Whether the accelerator is a mixture, or another device stands in for it in embodied_kgco2e.
                embodied_is_fallback: Option<bool>,
                /// Operator and grid of data/reference/wue.csv that water_l rests on, with their years.
                water_source: Option<String>,
                /// Whether the average of data centres stands in for the operator in water_l, on site.
                water_on_site_is_fallback: Option<bool>,
                /// Whether an average of countries stands in for the grid in water_l, off site.
                water_off_site_is_fallback: Option<bool>,
                /// Evidence the row rests on.
                evidence_ids: Vec<String>,
                /// Assumptions and warnings, sorted.
                flags: Vec<Flag>,
                /// Version of the method.
                method_version: i32,
            }
        }
    };
}

estimate_table! {
    /// The headline estimate of every repository: one row per run, and a zero row for each repository that trained nothing.
    "estimates" key("run_id")
    struct EstimateRow / EstimateBuilders
}

estimate_table! {
    /// Every estimate a run's evidence allows, one row per tier: the audit trail behind `estimates`.
    "estimates_by_tier" key("run_id", "tier")
    struct EstimateByTierRow / EstimateByTierBuilders
}

table! {
    /// Totals of a cohort and of its groups.
    "aggregates" key("cohort", "group_by", "group")
    struct AggregateRow / AggregateBuilders {
        /// downloads_all_time_gt_<n>, downloads_30d_gt_<n> or all_models.
        cohort: String,
        /// What the cohort is grouped by; top are the largest runs.
        group_by: GroupBy,
        /// Value of the grouping; `all` for the cohort's total, `unknown` for null.
        group: String,
        /// Training runs in the group.
        runs: i64,
        /// Repositories in the group; where group_by is eu_ai_act, those that own a run, which are as many as runs.
        models: i64,
        /// Training compute in FLOP.
        train_flop: Quantiles,
        /// Facility energy in kWh.
        energy_kwh: Quantiles,
        /// Emissions in kg CO2e.
        emissions_kgco2e: Quantiles,
        /// Sum of emissions over sum of compute in g CO2e per PFLOP; null when nothing was trained.
        atci_gco2e_per_pflop: Option<Quantiles>,
        /// Mean emissions of the group over mean emissions of its cohort.
        share_of_total: f64,
    }
}

table! {
    /// Own and embodied training of every repository: its own run, and everything upstream of its weights, each run once. Only `own`
    /// may be summed over repositories.
    "lineage" key("model_id")
    struct LineageRow / LineageBuilders {
        /// Hub id.
        model_id: String,
        /// Training run that produced this repository's own weights; null where there was none.
        own_run_id: Option<String>,
        /// Runs of the index upstream of it, each once.
        upstream_run_ids: Vec<String>,
        /// Whether every chain of bases ends in a run of the index; else the lineage is a lower bound.
        is_complete: bool,
        /// Mean training compute of the own run in FLOP.
        own_train_flop_mean: f64,
        /// Mean facility energy of the own run in kWh.
        own_energy_kwh_mean: f64,
        /// Mean emissions of the own run in kg CO2e.
        own_emissions_kgco2e_mean: f64,
        /// Mean training compute of the own run and all upstream in FLOP; means add up exactly, quantiles do not.
        lineage_train_flop_mean: f64,
        /// Mean facility energy of the own run and all upstream in kWh.
        lineage_energy_kwh_mean: f64,
        /// Mean emissions of the own run and all upstream in kg CO2e.
        lineage_emissions_kgco2e_mean: f64,
    }
}

table! {
    /// One row per fitted regression (ordinary least squares in log10).
    "regressions" key("regression_id")
    struct RegressionRow / RegressionBuilders {
        /// Name of the regression.
        regression_id: RegressionId,
        /// What is explained, with its unit.
        response: String,
        /// Names of the terms, the intercept first: the columns of the design matrix in `regression_observations`.
        terms: Vec<Term>,
        /// The fitted formula with numbers.
        formula: String,
        /// Which rows it was fitted on.
        fitted_on: String,
        /// Observations.
        n: i64,
        /// Coefficients, the intercept included.
        k: i64,
        /// Coefficient of determination.
        r2: f64,
        /// R2 adjusted for k.
        r2_adjusted: f64,
        /// F statistic of all slopes; null without slopes.
        f_statistic: Option<f64>,
        /// p of the F statistic.
        f_p_value: Option<f64>,
        /// Residual standard error in dex.
        residual_se: f64,
        /// Breusch-Pagan LM statistic; null without slopes.
        breusch_pagan: Option<f64>,
        /// p of Breusch-Pagan.
        breusch_pagan_p_value: Option<f64>,
        /// Jarque-Bera statistic of the residuals.
        jarque_bera: f64,
        /// p of Jarque-Bera.
        jarque_bera_p_value: f64,
        /// Condition number of the design matrix (2-norm).
        condition_number: f64,
        /// Root mean squared leave-one-out error in dex.
        loo_rmse: f64,
        /// Root mean squared error in dex when all rows of an owner are held out together; null when there is one owner.
        grouped_cv_rmse: Option<f64>,
        /// Median absolute error in dex with whole owners held out.
        grouped_cv_median_abs_error: Option<f64>,
        /// Share of truths inside the 90 % interval made of the errors of all other owners.
        coverage_90: Option<f64>,
        /// Whether estimates are made with it: it is none of the checks, n is at least 20 and the required slope significant at 0.01.
        used: bool,
        /// Why no estimate is made with it.
        not_used_reason: Option<String>,
        /// Identifiers of the rows it was fitted on, sorted.
        fitted_ids: Vec<String>,
    }
}

table! {
    /// One row per coefficient of a regression.
    "regression_terms" key("regression_id", "term")
    struct RegressionTermRow / RegressionTermBuilders {
        /// Name of the regression.
        regression_id: RegressionId,
        /// Name of the term.
        term: Term,
        /// Ordinary least squares estimate.
        estimate: f64,
        /// Heteroscedasticity-consistent standard error, HC3.
        std_error_hc3: f64,
        /// t statistic with the HC3 error.
        t_statistic: f64,
        /// Two-sided p with n - k degrees of freedom.
        p_value: f64,
        /// Lower end of the 95 % interval.
        ci95_low: f64,
        /// Upper end of the 95 % interval.
        ci95_high: f64,
    }
}

table! {
    /// One row per observation of a regression: the design matrix, the response, and the error without the observation's owner.
    "regression_observations" key("regression_id", "observation_id")
    struct RegressionObservationRow / RegressionObservationBuilders {
        /// Name of the regression.
        regression_id: RegressionId,
        /// Identifier of the row it comes from: of the registry, of a run, or of a repository.
        observation_id: String,
        /// Owner, held out as a whole in cross-validation.
        owner: String,
        /// Name under which estimates look for its house, where it is not the owner's: the organization of the repository's namespace.
        house: Option<String>,
        /// Response in log10 of the regression's unit.
        response: f64,
        /// Values of the regression's terms, in the order of `regressions.terms`.
        terms: Vec<f64>,
        /// Response less the prediction of a fit without the owner, in dex; null where that fit is impossible.
        held_out_error: Option<f64>,
    }
}

table! {
    /// Models that were tried for a regression, with the error on owners held out: the one that was kept and those that lost.
    "regression_candidates" key("regression_id", "candidate")
    struct RegressionCandidateRow / RegressionCandidateBuilders {
        /// Name of the regression.
        regression_id: RegressionId,
        /// Name of the model.
        candidate: String,
        /// Its terms.
        terms: Vec<Term>,
        /// Observations.
        n: i64,
        /// Root mean squared error in dex with whole owners held out (for effects of families: with the family's rows of the same four
        /// months held out).
        grouped_cv_rmse: f64,
        /// Median absolute error in dex, likewise.
        grouped_cv_median_abs_error: f64,
        /// Median error in dex, likewise.
        grouped_cv_bias: f64,
        /// Whether it is the one in `regressions`.
        is_kept: bool,
        /// Why it was kept or not.
        reason: String,
    }
}

table! {
    /// How well a tier does when better evidence is hidden: estimates against what was hidden.
    "backtest" key("tier", "against", "kind")
    struct BacktestRow / BacktestBuilders {
        /// Tier under test.
        tier: TierNumber,
        /// What it is compared with.
        against: Comparison,
        /// Kind of run, or `all`; of pre-trainings also by data, `pretraining of text` and `pretraining beyond text`, and by class of owner,
        /// `pretraining by industry`, `by academia` and `by unlisted owners`.
        kind: String,
        /// Tier of the evidence that was hidden.
        against_tier: TierNumber,
        /// Compared runs.
        n: i64,
        /// Owners of the compared runs.
        owners: i64,
        /// Median of log10(estimate / truth).
        bias_dex: f64,
        /// Median of |log10(estimate / truth)|.
        median_abs_error_dex: f64,
        /// The same with every owner's runs weighing as one.
        owner_median_abs_error_dex: f64,
        /// Share within a factor of 2.
        share_within_2x: f64,
        /// Share within a factor of 10.
        share_within_10x: f64,
        /// Robust standard deviation of the log10 ratio (1.4826 x MAD).
        robust_sd_dex: f64,
        /// Share of truths inside the 90 % interval of an estimate that saw nothing of the owner; null where the estimate has none.
        coverage_90: Option<f64>,
        /// Rows left out: the figure was derived from the one under test, is modelled, or is of another population; `backtest_runs` lists
        /// them with the reason.
        left_out_circular: i64,
    }
}

table! {
    /// Every comparison of the back-test, those left out with the reason.
    "backtest_runs" key("tier", "against", "run")
    struct BacktestRunRow / BacktestRunBuilders {
        /// Tier under test.
        tier: TierNumber,
        /// What it is compared with.
        against: Comparison,
        /// Run of the registry.
        run: String,
        /// Kind of run.
        kind: RunKind,
        /// Modality.
        modality: Modality,
        /// Owner.
        owner: String,
        /// Class of the owner.
        owner_class: OwnerClass,
        /// Estimate (median), in the unit of what it is compared with.
        estimate: f64,
        /// Lower end of the estimate's 90 % interval.
        estimate_p05: Option<f64>,
        /// Upper end of the estimate's 90 % interval.
        estimate_p95: Option<f64>,
        /// The hidden figure.
        truth: f64,
        /// log10(estimate / truth).
        log10_ratio: f64,
        /// Why the row is left out of the score; null when it counts.
        left_out: Option<String>,
    }
}

table! {
    /// One row per record, or part of a record, that could not be used as it was.
    "quarantine" key("source", "locator")
    struct QuarantineRow / QuarantineBuilders {
        /// File name of the source.
        source: String,
        /// File, row and field.
        locator: String,
        /// Why.
        reason: String,
        /// The raw text, capped at 2,000 characters.
        raw: String,
    }
}
