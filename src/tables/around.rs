//! Tables on what stands beside the totals: factors set otherwise, and what surrounds the electricity.

use super::table;
use crate::domain::{GroupBy, Quantiles};

table! {
    /// What a cohort's total becomes when one factor of every run, or one rule, is set otherwise.
    "sensitivity" key("cohort", "factor", "setting")
    struct SensitivityRow / SensitivityBuilders {
        /// Cohort, as in `aggregates`.
        cohort: String,
        /// Factor, rule or scenario.
        factor: String,
        /// Its setting: p05, p95, off, or what the scenario says.
        setting: String,
        /// Whether it is a scenario outside the headline's boundary.
        is_scenario: bool,
        /// Training compute of the cohort in FLOP, median.
        train_flop_p50: f64,
        /// Emissions of the cohort in kg CO2e, median.
        emissions_kgco2e_p50: f64,
        /// Emissions of the cohort in kg CO2e, mean.
        emissions_kgco2e_mean: f64,
        /// Mean over the headline's mean.
        ratio_to_headline: f64,
        /// What was changed.
        note: String,
    }
}

table! {
    /// What surrounds the electricity of a cohort and of its groups: making the hardware, water, and market-based emissions as reported.
    /// Outside the headline; nothing of it is in `aggregates`.
    "around_electricity" key("cohort", "group_by", "group")
    struct AroundRow / AroundBuilders {
        /// Cohort of the configuration, as in `aggregates`.
        cohort: String,
        /// Grouping, as in `aggregates`. One of: all, basis, training_year, country.
        group_by: GroupBy,
        /// Value of the grouping, as in `aggregates`.
        group: String,
        /// Training runs in the group.
        runs: i64,
        /// Emissions of making the hardware in kg CO2e, for the hours it was used.
        embodied_kgco2e: Quantiles,
        /// Share of the mean that rests on an accelerator that is not known, or has no figure of its own.
        embodied_on_fallback_share: f64,
        /// Water consumed in litres, on site and for the electricity.
        water_l: Quantiles,
        /// Water consumed at the data centres in litres, mean.
        water_on_site_l_mean: f64,
        /// Water consumed for the electricity in litres, mean.
        water_off_site_l_mean: f64,
        /// Share of water_on_site_l_mean that rests on the average of data centres, because no operator is known or it has no figure;
        /// null where no water is consumed there.
        water_on_site_on_fallback_share: Option<f64>,
        /// Share of water_off_site_l_mean that rests on an average of countries, because no country is known or it has no figure;
        /// null likewise.
        water_off_site_on_fallback_share: Option<f64>,
        /// Share of water_off_site_l_mean of a country that is not stated as the place of training: mostly the owner's;
        /// null likewise.
        water_off_site_place_not_stated_share: Option<f64>,
        /// Runs whose developer reports market-based emissions.
        market_based_runs: i64,
        /// Sum of these figures in kg CO2e as reported; null where there are none.
        market_based_kgco2e: Option<f64>,
        /// Mean emissions of the same runs in kg CO2e as the headline counts them, by location.
        market_based_runs_emissions_kgco2e_mean: f64,
    }
}
