//! Emissions of the cohort by month (docs/method.md, section 8). The trend over them is the matter of `snapshot`, which knows when the index
//! ends.

use super::{Drawn, Item};
use crate::domain::{Tier, TrainedOnSource};
use crate::method::summary::{Scratch, summarize};
use crate::stages::estimate::Settings;
use crate::tables::MonthRow;
use std::collections::BTreeMap;

/// Name of everything together beside documented and imputed.
const ALL: &str = "all";

/// Year and month.
type Key = (i32, i32);

/// Sums of a month.
struct Sums {
    runs: i64,
    emissions: Vec<f64>,
    largest: f64,
}

/// Emissions by basis and month.
pub(super) struct Months {
    sums: BTreeMap<(&'static str, Key), Sums>,
    draws: usize,
}

impl Months {
    pub(super) fn new(settings: &Settings) -> Self {
        Self { sums: BTreeMap::new(), draws: settings.draws }
    }

    /// Adds the dated runs of a block that are in the cohort, in order.
    pub(super) fn add(&mut self, block: &[Item<'_>], drawn: &[Option<Drawn<'_, '_>>]) {
        for (item, drawn) in block.iter().zip(drawn) {
            let Some(drawn) = drawn.as_ref().filter(|_| item.model.in_cohort && item.tier() != Tier::NoTraining) else { continue };
            let is_floor = item.model.trained_on_source == Some(TrainedOnSource::CreatedAtFloor);
            let Some(day) = item.model.trained_on.filter(|_| !is_floor) else { continue };
            let date = day.to_civil();
            let month = (i32::from(date.year()), i32::from(date.month()));
            for basis in [ALL, item.tier().basis()] {
                let new = || Sums { runs: 0, emissions: vec![0.0; self.draws], largest: 0.0 };
                let sums = self.sums.entry((basis, month)).or_insert_with(new);
                sums.runs += 1;
                sums.largest = sums.largest.max(item.estimate.emissions_kgco2e.mean);
                for (sum, kg) in sums.emissions.iter_mut().zip(&drawn.draws.emissions) {
                    *sum += kg;
                }
            }
        }
    }

    /// The months, by basis.
    pub(super) fn finish(self, settings: &Settings) -> Vec<MonthRow> {
        let cohort = settings.cohort();
        let mut scratch = Scratch::default();
        let row = |((basis, (year, month)), sums): ((&str, Key), Sums)| {
            let emissions_kgco2e = summarize(&sums.emissions, &mut scratch);
            MonthRow {
                cohort: cohort.clone(),
                basis: basis.to_owned(),
                month: format!("{year:04}-{month:02}"),
                runs: sums.runs,
                emissions_kgco2e,
                largest_run_share: if emissions_kgco2e.mean > 0.0 { sums.largest / emissions_kgco2e.mean } else { 0.0 },
            }
        };
        self.sums.into_iter().map(row).collect()
    }
}
