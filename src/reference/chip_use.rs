//! Which chips published runs used: by variant of a chip, and by kind of run and year.

use super::{Accelerator, Accelerators, Registry, Table};
use crate::domain::RunKind;
use crate::method::assumptions::AT_SCALE_FLOP;
use crate::units::Day;
use std::collections::BTreeMap;

/// Fewest registry runs a year's mixture rests on; below it the neighbouring years join.
const MIN_MIXTURE_RUNS: usize = 15;

/// What the names of Google's own chips begin with.
const GOOGLES: &str = "Google TPU";

/// For what a mixture of chips is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MixtureRole {
    /// Pre-training.
    Pretraining,
    /// Any training of the scale of a pre-training (1e22 FLOP or more): consumers' cards and the chips of notebooks took no part in those, and
    /// TPUs only in those of their maker, which this mixture leaves out.
    PretrainingAtScale,
    /// Google's own chips, on which Google trains, whatever the kind of training.
    GoogleTpu,
    /// Anything that starts from weights.
    FineTuning,
}

impl MixtureRole {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Pretraining, Self::PretrainingAtScale, Self::GoogleTpu, Self::FineTuning];

    /// The role of a kind of run.
    #[must_use]
    pub const fn of_kind(kind: Option<RunKind>) -> Self {
        match kind {
            Some(RunKind::Pretraining) => Self::Pretraining,
            Some(RunKind::Continued | RunKind::PostTraining | RunKind::FineTuning | RunKind::Adapter) | None => Self::FineTuning,
        }
    }

    /// The word in names of mixtures.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pretraining => "pretraining",
            Self::PretrainingAtScale => "pretraining_at_scale",
            Self::GoogleTpu => "google_tpu",
            Self::FineTuning => "fine_tuning",
        }
    }
}

/// Use of the accelerators in the runs of the registry.
#[derive(Debug)]
pub struct ChipUse {
    accelerators: Table<Accelerators>,
    mixtures: BTreeMap<(MixtureRole, i32), Vec<(usize, f64)>>,
    /// Registry runs per chip, what weighs the variants that a text leaves open.
    uses: Vec<usize>,
}

impl ChipUse {
    /// Learns how often each chip was used, and, per year and role, which chips registry runs used (docs/method.md, section 4).
    pub(super) fn new(accelerators: Table<Accelerators>, registry: &Registry) -> Self {
        let rows = accelerators.rows();
        let mut uses = vec![0; rows.len()];
        let mut mixtures = BTreeMap::new();
        let mut counts: BTreeMap<(MixtureRole, i32), BTreeMap<usize, usize>> = BTreeMap::new();
        for run in registry.runs() {
            let Some(chip) = run.accelerator.as_deref().and_then(|text| accelerators.named_index(text)) else { continue };
            uses[chip] += 1;
            let Some(year) = run.trained_on_day().map(Day::year) else { continue };
            if rows[chip].training_peak().is_none() || rows[chip].tdp().is_none() {
                continue;
            }
            let is_at_scale = run.train_flop.is_some_and(|flop| flop >= AT_SCALE_FLOP);
            let is_googles = rows[chip].accelerator.starts_with(GOOGLES);
            let roles = [
                Some(MixtureRole::of_kind(Some(run.kind))),
                (is_at_scale && !is_googles).then_some(MixtureRole::PretrainingAtScale),
                is_googles.then_some(MixtureRole::GoogleTpu),
            ];
            for role in roles.into_iter().flatten() {
                *counts.entry((role, year)).or_default().entry(chip).or_default() += 1;
            }
        }
        for role in MixtureRole::ALL {
            let years: Vec<i32> = counts.keys().filter(|(r, _)| *r == role).map(|(_, y)| *y).collect();
            let (Some(&first), Some(&last)) = (years.first(), years.last()) else { continue };
            for year in first..=last {
                mixtures.insert((role, year), mixture(&counts, role, year, last - first));
            }
        }
        Self { accelerators, mixtures, uses }
    }

    /// How often registry runs used each of some chips, as probabilities; every one counts once more than it was seen, so that none
    /// is ruled out.
    #[must_use]
    pub fn weights(&self, names: &[String]) -> Vec<(&Accelerator, f64)> {
        let rows = self.accelerators.rows();
        let chosen: Vec<usize> = (0..rows.len()).filter(|i| names.contains(&rows[*i].accelerator)).collect();
        #[allow(clippy::cast_precision_loss)] // Some thousand runs.
        let total: f64 = chosen.iter().map(|i| (self.uses[*i] + 1) as f64).sum();
        #[allow(clippy::cast_precision_loss)]
        chosen.into_iter().map(|i| (&rows[i], (self.uses[i] + 1) as f64 / total)).collect()
    }

    /// Chips and probabilities for a run of unknown hardware, with the year they were taken from.
    #[must_use]
    pub fn mixture(&self, role: MixtureRole, year: i32) -> (i32, Vec<(&Accelerator, f64)>) {
        let nearest = self.mixtures.keys().filter(|(r, _)| *r == role).min_by_key(|(_, y)| (y - year).abs()).copied();
        let Some(key) = nearest else { return (year, Vec::new()) };
        let chips = self.mixtures[&key].iter().map(|(i, weight)| (&self.accelerators.rows()[*i], *weight)).collect();
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
    fn an_open_variant_is_weighted_by_published_use() {
        let reference = Reference::load().unwrap();
        let family = reference.accelerators.named("H100").unwrap().family();
        let names: Vec<String> = reference.accelerators.family(family).iter().map(|a| a.accelerator.clone()).collect();
        let weights = reference.chip_use.weights(&names);
        assert!((weights.iter().map(|(_, w)| w).sum::<f64>() - 1.0).abs() < 1e-12);
        let most = weights.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap();
        assert_eq!(most.0.accelerator, "NVIDIA H100 SXM5 80GB", "published training runs name it most");
    }

    #[test]
    fn mixtures_sum_to_one_and_follow_the_years() {
        let reference = Reference::load().unwrap();
        for role in MixtureRole::ALL {
            for year in [2016, 2018, 2020, 2022, 2024, 2030] {
                let (_, chips) = reference.chip_use.mixture(role, year);
                let sum: f64 = chips.iter().map(|(_, w)| w).sum();
                assert!((sum - 1.0).abs() < 1e-12, "{role:?} {year}: {sum}");
            }
        }
        let share = |year: i32, vendor_chip: &str| -> f64 {
            let (_, chips) = reference.chip_use.mixture(MixtureRole::Pretraining, year);
            chips.iter().filter(|(a, _)| a.accelerator.contains(vendor_chip)).map(|(_, w)| w).sum()
        };
        // Regression: T4, RTX 3090 and TPUs were drawn for trainings of 1e24 FLOP.
        for year in [2022, 2024, 2025, 2026] {
            let (_, chips) = reference.chip_use.mixture(MixtureRole::PretrainingAtScale, year);
            let small = |name: &str| ["T4", "RTX", "P100", "TPU", "Quadro"].iter().any(|part| name.contains(part));
            let shares: Vec<(&str, f64)> =
                chips.iter().filter(|(a, _)| small(&a.accelerator)).map(|(a, w)| (a.accelerator.as_str(), *w)).collect();
            assert!(shares.iter().map(|(_, w)| w).sum::<f64>() < 0.05, "{year}: {shares:?}");
        }
        let (_, googles) = reference.chip_use.mixture(MixtureRole::GoogleTpu, 2024);
        assert!(googles.iter().all(|(a, _)| a.accelerator.starts_with("Google TPU")));
        assert_eq!(share(2019, "H100"), 0.0, "the H100 came in 2022");
        assert!(share(2025, "H100") > share(2023, "H100"));
    }
}
