//! Chips: names, aliases, power, dense peaks, and what was in use in a year.

use super::Registry;
use crate::error::{Error, Result};
use crate::units::{FlopPerSecond, Watts};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Fewest registry runs a year's mixture rests on; below it the neighbouring years join.
const MIN_MIXTURE_RUNS: usize = 15;

/// One row of accelerators.csv; rates are dense, in TFLOP/s.
#[derive(Clone, Debug, Deserialize)]
pub struct Accelerator {
    /// Canonical name.
    pub accelerator: String,
    /// Maker.
    pub vendor: String,
    /// Spellings, joined by `|`.
    pub aliases: String,
    /// Rated power in watts.
    pub tdp_w: Option<f64>,
    /// Vector FP32.
    pub fp32_tflops: Option<f64>,
    /// Tensor FP16 with FP32 accumulation.
    pub fp16_tflops: Option<f64>,
    /// Tensor BF16.
    pub bf16_tflops: Option<f64>,
    /// Source of the rates.
    pub peak_source: String,
    /// Source of the power.
    pub tdp_source: String,
}

impl Accelerator {
    /// Dense peak at the precision models are trained in on this chip: BF16, else FP16, else FP32.
    #[must_use]
    pub fn training_peak(&self) -> Option<FlopPerSecond> {
        self.bf16_tflops.or(self.fp16_tflops).or(self.fp32_tflops).map(|tflops| FlopPerSecond(tflops * 1e12))
    }

    /// Rated power.
    #[must_use]
    pub fn tdp(&self) -> Option<Watts> {
        self.tdp_w.map(Watts)
    }
}

/// Runs differ in hardware: fine-tunes are done on smaller machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MixtureRole {
    /// Pre-training.
    Pretraining,
    /// Anything that starts from weights.
    FineTuning,
}

/// The accelerators, found by any spelling.
#[derive(Debug)]
pub struct Accelerators {
    rows: Vec<Accelerator>,
    /// Alias words to row; the longest alias found in a text decides.
    aliases: Vec<(Vec<String>, usize)>,
    mixtures: BTreeMap<(MixtureRole, i32), Vec<(usize, f64)>>,
}

fn words(text: &str) -> Vec<String> {
    text.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

impl Accelerators {
    pub(super) fn new(rows: Vec<Accelerator>) -> Result<Self> {
        let mut by_words: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for (i, row) in rows.iter().enumerate() {
            for alias in row.aliases.split('|').chain([row.accelerator.as_str()]) {
                let words = words(alias);
                if words.is_empty() {
                    continue;
                }
                if by_words.insert(words, i).is_some_and(|other| other != i) {
                    return Err(Error::Internal(format!("accelerators.csv: alias '{alias}' stands in two rows")));
                }
            }
        }
        let mut aliases: Vec<(Vec<String>, usize)> = by_words.into_iter().collect();
        aliases.sort_by_key(|(words, _)| std::cmp::Reverse(words.iter().map(String::len).sum::<usize>()));
        Ok(Self { rows, aliases, mixtures: BTreeMap::new() })
    }

    /// The chip that a text names: the one whose longest alias stands in it as whole words.
    #[must_use]
    pub fn resolve(&self, text: &str) -> Option<&Accelerator> {
        self.resolve_index(text).map(|i| &self.rows[i])
    }

    fn resolve_index(&self, text: &str) -> Option<usize> {
        let text = words(text);
        self.aliases
            .iter()
            .find(|(alias, _)| text.windows(alias.len()).any(|window| window == alias.as_slice()))
            .map(|(_, row)| *row)
    }

    /// By canonical name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Accelerator> {
        self.rows.iter().find(|row| row.accelerator == name)
    }

    /// Learns, per year and role, which chips registry runs used (METHOD.md section 4, "Chip unknown").
    pub(super) fn with_mixtures(mut self, registry: &Registry) -> Self {
        let mut counts: BTreeMap<(MixtureRole, i32), BTreeMap<usize, usize>> = BTreeMap::new();
        for run in registry.runs() {
            let Some(year) = run.trained_on_day().map(crate::tables::Day::year) else { continue };
            let Some(chip) = run.accelerator.as_deref().and_then(|text| self.resolve_index(text)) else { continue };
            if self.rows[chip].training_peak().is_none() || self.rows[chip].tdp().is_none() {
                continue;
            }
            let role = if run.kind == "pretraining" { MixtureRole::Pretraining } else { MixtureRole::FineTuning };
            *counts.entry((role, year)).or_default().entry(chip).or_default() += 1;
        }
        for role in [MixtureRole::Pretraining, MixtureRole::FineTuning] {
            let years: Vec<i32> = counts.keys().filter(|(r, _)| *r == role).map(|(_, y)| *y).collect();
            let (Some(&first), Some(&last)) = (years.first(), years.last()) else { continue };
            for year in first..=last {
                self.mixtures.insert((role, year), mixture(&counts, role, year, last - first));
            }
        }
        self
    }

    /// Chips and probabilities for a run of unknown hardware, with the year they were taken from.
    #[must_use]
    pub fn mixture(&self, role: MixtureRole, year: i32) -> (i32, Vec<(&Accelerator, f64)>) {
        let nearest = self.mixtures.keys().filter(|(r, _)| *r == role).min_by_key(|(_, y)| (y - year).abs()).copied();
        let Some(key) = nearest else { return (year, Vec::new()) };
        let chips = self.mixtures[&key].iter().map(|(i, weight)| (&self.rows[*i], *weight)).collect();
        (key.1, chips)
    }
}

fn mixture(
    counts: &BTreeMap<(MixtureRole, i32), BTreeMap<usize, usize>>,
    role: MixtureRole,
    year: i32,
    widest: i32,
) -> Vec<(usize, f64)> {
    for reach in 0..=widest {
        let mut pooled: BTreeMap<usize, usize> = BTreeMap::new();
        for y in year - reach..=year + reach {
            for (chip, n) in counts.get(&(role, y)).into_iter().flatten() {
                *pooled.entry(*chip).or_default() += n;
            }
        }
        let total: usize = pooled.values().sum();
        if total >= MIN_MIXTURE_RUNS || (reach == widest && total > 0) {
            #[allow(clippy::cast_precision_loss)]
            return pooled.into_iter().map(|(chip, n)| (chip, n as f64 / total as f64)).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use crate::reference::{MixtureRole, Reference};

    #[test]
    fn resolves_whole_words_only() {
        for (text, expected) in [
            ("NVIDIA A100-SXM4-80GB", Some("NVIDIA A100 SXM4 80GB")),
            ("8 x NVIDIA H100 SXM5 80GB", Some("NVIDIA H100 SXM5 80GB")),
            ("Google TPU v3", Some("Google TPU v3")),
            ("a warm laptop", None),
            ("", None),
        ] {
            let reference = Reference::load().unwrap();
            assert_eq!(reference.accelerators.resolve(text).map(|a| a.accelerator.as_str()), expected);
        }
    }

    #[test]
    fn mixtures_sum_to_one_and_follow_the_years() {
        let reference = Reference::load().unwrap();
        for role in [MixtureRole::Pretraining, MixtureRole::FineTuning] {
            for year in [2016, 2018, 2020, 2022, 2024, 2030] {
                let (_, chips) = reference.accelerators.mixture(role, year);
                let sum: f64 = chips.iter().map(|(_, w)| w).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{role:?} {year}: {sum}");
            }
        }
        let share = |year: i32, vendor_chip: &str| -> f64 {
            let (_, chips) = reference.accelerators.mixture(MixtureRole::Pretraining, year);
            chips.iter().filter(|(a, _)| a.accelerator.contains(vendor_chip)).map(|(_, w)| w).sum()
        };
        assert_eq!(share(2019, "H100"), 0.0, "the H100 came in 2022");
        assert!(share(2025, "H100") > share(2023, "H100"));
    }
}
