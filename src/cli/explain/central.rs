//! Why the medians of the draws are not the central values that the steps show.

use super::explanation::Figures;
use crate::cli::text::number;
use hugging_carbon::domain::Run;
use hugging_carbon::estimation::{Built, is_product};
use hugging_carbon::method::simulate::{Compute, Spread, central};

/// Relative difference from which it is said: below it lies what a thousand draws of a wide spread leave to chance.
const SHOWN: f64 = 0.05;

/// Both values of every quantity in which they differ, and why; none where they agree. Of a training that may have been several things the
/// remark on them says it.
pub fn remark(run: &Run, built: &Built<'_>, figures: &Figures) -> Option<String> {
    if !built.parts.is_empty() {
        return None;
    }
    let c = central(&built.model(&run.run_id));
    let both = [
        ("C", c.flop.0, figures.train_flop.p50, "FLOP"),
        ("E", c.energy.0, figures.energy_kwh.p50, "kWh"),
        ("M", c.emissions.0, figures.emissions_kgco2e.p50, "kg CO2e"),
    ];
    let apart = |(_, central, median, _): &(&str, f64, f64, &str)| *central > 0.0 && (median / central - 1.0).abs() > SHOWN;
    let words: Vec<String> = both
        .into_iter()
        .filter(apart)
        .map(|(symbol, central, median, unit)| format!("{symbol} {} and {} {unit}", number(central), number(median)))
        .collect();
    if words.is_empty() {
        return None;
    }
    Some(format!("Central values of the steps and medians of the draws differ ({}): {}.", words.join(", "), why(run, built)))
}

/// The largest reason that there is.
fn why(run: &Run, built: &Built<'_>) -> &'static str {
    match &built.compute {
        Compute::Known { spread: Spread::Measured(_), .. } if is_product(run) => {
            "the stated compute is 6 N D of the stated figures, and where both were published compute was not 6 N D, but lay around it with \
             the errors that are drawn, to one side more than to the other"
        }
        Compute::Known { spread: Spread::Measured(_), .. } => {
            "where compute was published it was not 6 N D, but lay around it with the errors that are drawn, to one side more than to the other"
        }
        Compute::Known { .. } | Compute::Share { .. } | Compute::Implied => {
            "draws vary all factors at once, end at bounds, and are dealt to every chip and place that may be; the steps take the middle of each"
        }
        Compute::Parameters(_) | Compute::Category { .. } => {
            "draws have the errors that the regression made, and end at bounds; the steps take its prediction"
        }
    }
}
