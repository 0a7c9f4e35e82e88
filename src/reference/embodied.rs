//! Emissions of making the hardware, per accelerator and hour of use (data/reference/embodied.csv). Outside the headline.
//!
//! A device's emissions from cradle to gate are spread over the hours it is assumed to be used: its life times the share of it in which
//! it computes. To the accelerator comes its share of the machine around it.

use super::Accelerators;
use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Hours in a year.
const HOURS_PER_YEAR: f64 = 8760.0;
/// Joins names in a cell.
const SEPARATOR: char = '|';
/// Ends a name that stands for all that begin like it; alone it stands for every accelerator.
const REST: char = '*';

/// What of a machine a row is about.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The accelerator alone.
    Accelerator,
    /// The accelerator with its share of the machine around it.
    AcceleratorAndHost,
    /// One accelerator's share of the machine around it.
    Host,
}

/// A row of embodied.csv.
#[derive(Clone, Debug, Deserialize)]
pub struct EmbodiedRow {
    /// What was assessed.
    pub device: String,
    /// What of a machine it is.
    pub part: Part,
    /// Accelerators it is about, joined by `|`, `*` for the rest of a name; for hosts, classes of accelerators.
    pub chips: String,
    /// Whether it stands in for accelerators of which no figure was found.
    pub stands_in: bool,
    /// Emissions in kg CO2e of one device.
    pub kgco2e: f64,
    /// Years it is assumed to be used.
    pub life_years: f64,
    /// Share of these years in which it computes.
    pub use_share: f64,
    /// Factor either way within which the truth is assumed to lie nine times in ten.
    pub spread_factor: f64,
    /// What is counted: cradle to gate, or to grave without use.
    pub boundary: String,
    /// Source.
    pub source: String,
    /// Edition of the source.
    pub vintage: String,
}

impl EmbodiedRow {
    fn kgco2e_per_hour(&self) -> f64 {
        self.kgco2e / (self.life_years * HOURS_PER_YEAR * self.use_share)
    }

    /// How many letters of a chip's name the row names; none where it is about others.
    fn names(&self, chip: &str) -> Option<usize> {
        let named = |name: &str| match name.strip_suffix(REST) {
            Some(beginning) => chip.starts_with(beginning).then_some(beginning.len()),
            None => (name == chip).then_some(name.len()),
        };
        self.chips.split(SEPARATOR).filter_map(named).max()
    }
}

/// Embodied emissions of an accelerator, with its share of the machine, per hour of use.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbodiedRate {
    /// kg CO2e per device hour.
    pub kgco2e_per_hour: f64,
    /// The devices it is made of.
    pub device: String,
    /// Whether another device stands in for the accelerator.
    pub is_fallback: bool,
}

/// Embodied emissions by accelerator.
#[derive(Debug)]
pub struct Embodied {
    rates: BTreeMap<String, EmbodiedRate>,
    spread_factor: f64,
}

impl Embodied {
    pub(super) fn new(rows: &[EmbodiedRow], accelerators: &Accelerators) -> Result<Self> {
        let wrong = |what: String| Error::Internal(format!("embodied.csv: {what}"));
        let spread_factor = rows.first().map(|row| row.spread_factor).ok_or_else(|| wrong("no rows".into()))?;
        if let Some(row) = rows.iter().find(|row| row.spread_factor != spread_factor || row.life_years * row.use_share <= 0.0) {
            return Err(wrong(format!("{}: one spread for all rows, and a life above zero", row.device)));
        }
        let mut rates = BTreeMap::new();
        for chip in accelerators.rows() {
            let name = chip.accelerator.as_str();
            let best = rows.iter().filter_map(|row| Some((row.names(name)?, row))).max_by_key(|(letters, _)| *letters);
            let (_, own) = best.filter(|(_, row)| row.part != Part::Host).ok_or_else(|| wrong(format!("nothing for {name}")))?;
            let mut rate =
                EmbodiedRate { kgco2e_per_hour: own.kgco2e_per_hour(), device: own.device.clone(), is_fallback: own.stands_in };
            if own.part == Part::Accelerator {
                let of_class = |row: &&EmbodiedRow| row.part == Part::Host && row.chips.split(SEPARATOR).any(|c| c == chip.class);
                let host = rows.iter().find(of_class).ok_or_else(|| wrong(format!("no host for class {}", chip.class)))?;
                rate.kgco2e_per_hour += host.kgco2e_per_hour();
                rate.device = format!("{} + {}", own.device, host.device);
            }
            rates.insert(name.to_owned(), rate);
        }
        Ok(Self { rates, spread_factor })
    }

    /// Of an accelerator by its name in accelerators.csv.
    #[must_use]
    pub fn rate(&self, accelerator: &str) -> Option<&EmbodiedRate> {
        self.rates.get(accelerator)
    }

    /// Factor either way within which the truth is assumed to lie nine times in ten.
    #[must_use]
    pub fn spread_factor(&self) -> f64 {
        self.spread_factor
    }
}

#[cfg(test)]
mod tests {
    use crate::reference::Reference;

    /// By hand: 5 years x 8,760 h x 0.85 = 37,230 h of use. H100 (NVIDIA: 1,312 kg for a board of 8) with an eighth of a server of
    /// 5,700 kg: (164 + 712.5) / 37,230 = 0.023543 kg an hour. Morrison et al. 2025 (arXiv 2503.05804) have 0.013: within the factor of 3.
    #[test]
    fn an_h100_and_its_share_of_the_server_by_hand() {
        let embodied = Reference::load().unwrap().embodied;
        let h100 = embodied.rate("NVIDIA H100 SXM5 80GB").unwrap();
        assert!((h100.kgco2e_per_hour / 0.023_543 - 1.0).abs() < 1e-4, "{h100:?}");
        assert!(!h100.is_fallback && h100.kgco2e_per_hour / 0.013 < embodied.spread_factor());
        assert_eq!(embodied.spread_factor(), 3.0);
    }

    /// TPU v6e: 692 kg with its share of the host over 37,230 h; a TPU v4 has no figure that was found.
    #[test]
    fn a_tpu_has_its_host_in_its_figure_and_others_stand_in_where_there_is_none() {
        let embodied = Reference::load().unwrap().embodied;
        let rate = |name: &str| embodied.rate(name).unwrap().clone();
        assert!((rate("Google TPU v6e").kgco2e_per_hour - 692.0 / 37_230.0).abs() < 1e-12);
        assert_eq!(
            [rate("Google TPU v6e"), rate("Google TPU v4"), rate("NVIDIA V100 SXM2 16GB")].map(|rate| rate.is_fallback),
            [false, true, true]
        );
        // A card for a desk stands in a computer of its own: (150 + 300) / 37,230.
        assert!((rate("NVIDIA RTX 4090").kgco2e_per_hour - 450.0 / 37_230.0).abs() < 1e-12);
        assert_eq!(embodied.rate("no such chip"), None);
    }
}
