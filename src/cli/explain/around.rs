//! What surrounds the electricity of a training, as an explanation says it: outside its figures.

use super::explanation::Interval;
use crate::cli::text::number;
use hugging_carbon::tables::EstimateByTierRow;
use serde::Serialize;

/// Making the hardware and water, with what they rest on.
#[derive(Debug, Serialize)]
pub struct AroundPart {
    pub embodied_kgco2e: Interval,
    pub embodied_source: Option<String>,
    pub embodied_is_fallback: Option<bool>,
    pub water_l: Interval,
    pub water_source: Option<String>,
    pub water_on_site_is_fallback: Option<bool>,
    pub water_off_site_is_fallback: Option<bool>,
}

impl AroundPart {
    /// Of a row of estimates; none of a snapshot made before it had these columns.
    pub fn of_row(row: &EstimateByTierRow) -> Option<Self> {
        Some(Self {
            embodied_kgco2e: row.embodied_kgco2e?.into(),
            embodied_source: row.embodied_source.clone(),
            embodied_is_fallback: row.embodied_is_fallback,
            water_l: row.water_l?.into(),
            water_source: row.water_source.clone(),
            water_on_site_is_fallback: row.water_on_site_is_fallback,
            water_off_site_is_fallback: row.water_off_site_is_fallback,
        })
    }

    /// In one sentence.
    pub fn words(&self) -> String {
        let figures = |q: Interval, unit| format!("{} {unit} ({} to {})", number(q.p50), number(q.p05), number(q.p95));
        format!(
            "Outside these figures: making the hardware {}, water {}.",
            figures(self.embodied_kgco2e, "kg CO2e"),
            figures(self.water_l, "L")
        )
    }
}
