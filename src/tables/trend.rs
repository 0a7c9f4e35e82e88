//! Tables on emissions by month and their trend.

use super::table;
use crate::domain::Quantiles;

table! {
    /// What the trainings of a month emitted, for the cohort of the configuration. Trainings without a date, or of which only the Hub's
    /// earliest date is known, are left out.
    "trend_months" key("cohort", "basis", "month")
    struct TrendMonthRow / TrendMonthBuilders {
        /// Cohort, as in `aggregates`.
        cohort: String,
        /// all, documented or imputed.
        basis: String,
        /// Month of training, `YYYY-MM`.
        month: String,
        /// Training runs.
        runs: i64,
        /// Emissions in kg CO2e.
        emissions_kgco2e: Quantiles,
        /// Mean of the largest run over the mean of the month.
        largest_run_share: f64,
        /// Whether the trend is fitted on it: a whole month since the Hub dates its repositories, with emissions.
        is_fitted: bool,
    }
}

table! {
    /// Trends of monthly emissions: log10 of the mean of a month on its date, fitted up to the end of a year and tested on the next; the
    /// last row of a basis is fitted on all.
    "trend" key("cohort", "basis", "fitted_through")
    struct TrendRow / TrendBuilders {
        /// Cohort, as in `aggregates`.
        cohort: String,
        /// all, documented or imputed.
        basis: String,
        /// Last month it is fitted on, `YYYY-MM`.
        fitted_through: String,
        /// First month it is fitted on, `YYYY-MM`.
        fitted_from: String,
        /// Months it is fitted on.
        n: i64,
        /// log10 kg CO2e a month at 2022-01-01.
        intercept: f64,
        /// Slope in dex a year.
        slope_dex_per_year: f64,
        /// Heteroscedasticity-consistent standard error of the slope, HC3, in dex a year.
        slope_std_error_hc3_dex_per_year: f64,
        /// Two-sided p of the slope.
        slope_p_value: f64,
        /// Growth per year as a factor, 10 to the slope.
        growth_per_year: f64,
        /// Lower end of its 95 % interval.
        growth_per_year_ci95_low: f64,
        /// Upper end of its 95 % interval.
        growth_per_year_ci95_high: f64,
        /// Coefficient of determination.
        r2: f64,
        /// Residual standard error in dex.
        residual_se: f64,
        /// Durbin-Watson statistic of the residuals; 2 where neighbouring months say nothing of each other.
        durbin_watson: f64,
        /// Months of the year after that it is tested on; null in the last row.
        held_out_n: Option<i64>,
        /// Median of log10(predicted / observed) of these months.
        held_out_bias_dex: Option<f64>,
        /// Median of its absolute value.
        held_out_median_abs_error_dex: Option<f64>,
        /// Share of these months inside the 90 % interval of their prediction.
        held_out_coverage_90: Option<f64>,
        /// Whether the years held out bear a forecast of the next (docs/method.md, section 8); null but in the last row.
        bears_forecast: Option<bool>,
        /// Month of the forecast, a year after the last one fitted on; null unless the years held out bear one.
        forecast_month: Option<String>,
        /// Emissions of that month in kg CO2e: lower end of the 90 % interval.
        forecast_kgco2e_p05: Option<f64>,
        /// Emissions of that month in kg CO2e: central value.
        forecast_kgco2e_p50: Option<f64>,
        /// Emissions of that month in kg CO2e: upper end of the 90 % interval.
        forecast_kgco2e_p95: Option<f64>,
    }
}
