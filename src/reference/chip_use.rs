//! Which chips published runs used: by variant of a chip, and by kind of run and year.

use super::owners::class_of_organization;
use super::{Accelerator, Accelerators, Registry, Table, TrainingRun};
use crate::domain::{MixtureRole, OwnerClass};
use crate::method::assumptions::{AT_SCALE_FLOP, DEVICES_OF_A_MACHINE, LOG_FLOP_OF_MACHINES};
use crate::method::logistic::Logistic;
use crate::units::{Day, Flop};
use libm::log10;
use std::collections::BTreeMap;

/// Fewest registry runs a year's mixture rests on; below it the neighbouring years join.
const MIN_MIXTURE_RUNS: usize = 15;

/// The year from which mixtures are made: chips for training begin with it.
const FIRST_YEAR: i32 = 2012;

/// What the names of Google's own chips begin with.
const GOOGLES: &str = "Google TPU";
/// Words of the organizations of Google.
const GOOGLE: [&str; 2] = ["Google", "DeepMind"];

impl MixtureRole {
    /// Whose runs stand for an owner's class: at scale everybody's but Google's. Universities have older chips there, but not beyond chance (A100 or
    /// A800 in 7 of 20 of the registry's since 2024, of companies in 19 of 108; Fisher's exact test: 0.13).
    const fn class(self, class: OwnerClass) -> OwnerClass {
        match self {
            Self::Pretraining | Self::FineTuning => class,
            Self::PretrainingAtScale | Self::GoogleTpu => OwnerClass::Unlisted,
        }
    }
}

/// Whose runs of which role: a class of owner; everybody but Google together stands for owners that are not listed.
type Whose = (MixtureRole, OwnerClass);

/// Registry runs per chip, by whose they are and year.
type Counts = BTreeMap<(Whose, i32), BTreeMap<usize, usize>>;

/// Use of the accelerators in the runs of the registry.
#[derive(Debug)]
pub struct ChipUse {
    accelerators: Table<Accelerators>,
    mixtures: BTreeMap<(Whose, i32), Vec<(usize, f64)>>,
    /// Probability of more accelerators than a machine has, by log10 of compute.
    several_machines: Option<Logistic>,
    /// Registry runs per chip, what weighs the variants that a text leaves open.
    uses: Vec<usize>,
}

impl ChipUse {
    /// Learns how often each chip was used, and, per year and role, which chips registry runs used (docs/method.md, section 4).
    pub(super) fn new(accelerators: Table<Accelerators>, registry: &Registry) -> Self {
        let rows = accelerators.rows();
        let mut uses = vec![0; rows.len()];
        let mut mixtures = BTreeMap::new();
        let mut counts = Counts::new();
        for run in registry.runs() {
            let Some(chip) = run.accelerator.as_deref().and_then(|text| accelerators.named_index(text)) else { continue };
            uses[chip] += 1;
            let Some(year) = run.trained_on_day().map(Day::year) else { continue };
            if rows[chip].training_peak().is_none() || rows[chip].tdp().is_none() {
                continue;
            }
            for whose in shown_by(run, &rows[chip].accelerator) {
                *counts.entry((whose, year)).or_default().entry(chip).or_default() += 1;
            }
        }
        for &role in MixtureRole::ALL {
            for class in OwnerClass::ALL {
                let whose = (role, *class);
                let years: Vec<i32> = counts.keys().filter(|(of, _)| *of == whose).map(|(_, y)| *y).collect();
                let Some(&last) = years.last() else { continue };
                for year in FIRST_YEAR..=last {
                    let mixture = mixture(&counts, whose, (year, last - FIRST_YEAR), rows);
                    if !mixture.is_empty() {
                        mixtures.insert((whose, year), mixture);
                    }
                }
            }
        }
        Self { accelerators, mixtures, several_machines: several_machines(registry), uses }
    }

    /// Probability that a training of so many FLOP ran on more accelerators than one machine has. Without registry, none did.
    #[must_use]
    pub fn on_several_machines(&self, compute: Flop) -> f64 {
        let at = |law: Logistic| law.probability(log10(compute.0) - LOG_FLOP_OF_MACHINES);
        self.several_machines.filter(|_| compute.0 > 0.0).map_or(0.0, at)
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

    /// Chips and probabilities for a run of unknown hardware by an owner of a class, with the year they were taken from.
    #[must_use]
    pub fn mixture(&self, role: MixtureRole, class: OwnerClass, year: i32) -> (i32, Vec<(&Accelerator, f64)>) {
        let whose = (role, role.class(class));
        let nearest = self.mixtures.keys().filter(|(of, _)| *of == whose).min_by_key(|(_, y)| (y - year).abs()).copied();
        let Some(key) = nearest else { return (year, Vec::new()) };
        let chips = self.mixtures[&key].iter().map(|(i, weight)| (&self.accelerators.rows()[*i], *weight)).collect();
        (key.1, chips)
    }
}

/// Whose chips a run of the registry shows: Google's those of Google; others' those of their class, and those of everybody else.
fn shown_by(run: &TrainingRun, chip: &str) -> Vec<Whose> {
    let organization = run.organization.as_deref().unwrap_or_default();
    if GOOGLE.iter().any(|word| organization.contains(word)) {
        return if chip.starts_with(GOOGLES) { vec![(MixtureRole::GoogleTpu, OwnerClass::Unlisted)] } else { Vec::new() };
    }
    let is_at_scale = run.train_flop.is_some_and(|flop| flop >= AT_SCALE_FLOP);
    let roles = std::iter::once(MixtureRole::of_kind(Some(run.kind))).chain(is_at_scale.then_some(MixtureRole::PretrainingAtScale));
    roles.flat_map(|role| [(role, class_of_organization(organization)), (role, OwnerClass::Unlisted)]).collect()
}

/// How the number of machines follows from compute, over the registry's runs with both.
fn several_machines(registry: &Registry) -> Option<Logistic> {
    let row = |run: &TrainingRun| {
        let flop = run.train_flop.filter(|flop| *flop > 0.0)?;
        Some((log10(flop) - LOG_FLOP_OF_MACHINES, run.accelerator_count? > DEVICES_OF_A_MACHINE))
    };
    Logistic::fit(&registry.runs().iter().filter_map(row).collect::<Vec<_>>())
}

/// Whether a chip was out by the middle of a year; one whose release is not known may have been.
fn is_released_in(chip: &Accelerator, year: i32) -> bool {
    let released = chip.release_date.as_deref().and_then(Day::parse);
    released
        .is_none_or(|day| i16::try_from(year).ok().and_then(|year| Day::from_ymd(year, 7, 1)).is_none_or(|middle| day <= middle))
}

/// Chips of a year, with those of its neighbours where it has few runs. What came out later than the year stands for its vendor's chips of then:
/// left out alone, A100s of 2021 would make the TPUs of 2021 more than they ever were.
fn mixture(counts: &Counts, whose: Whose, (year, widest): (i32, i32), rows: &[Accelerator]) -> Vec<(usize, f64)> {
    for reach in 0..=widest {
        let mut pooled: BTreeMap<usize, usize> = BTreeMap::new();
        // Runs of each vendor, and those of its chips that were out.
        let mut vendors: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for y in year - reach..=year + reach {
            for (chip, n) in counts.get(&(whose, y)).into_iter().flatten() {
                let (all, out) = vendors.entry(&rows[*chip].vendor).or_default();
                *all += n;
                if y <= year || is_released_in(&rows[*chip], year) {
                    *out += n;
                    *pooled.entry(*chip).or_default() += n;
                }
            }
        }
        let (total, with_chips) = vendors
            .values()
            .fold((0, 0), |(total, with_chips), (all, out)| (total + all, with_chips + if *out > 0 { *all } else { 0 }));
        if with_chips > 0 && (total >= MIN_MIXTURE_RUNS || reach == widest) {
            #[allow(clippy::cast_precision_loss)]
            let weight = |chip: usize, n: usize| {
                let (all, out) = vendors[rows[chip].vendor.as_str()];
                (n * all) as f64 / (out * with_chips) as f64
            };
            return pooled.into_iter().map(|(chip, n)| (chip, weight(chip, n))).collect();
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use crate::domain::{MixtureRole, OwnerClass};
    use crate::reference::Reference;
    use crate::units::Flop;

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
        let share = |role, class, year: i32, part: &str| -> f64 {
            let (_, chips) = reference.chip_use.mixture(role, class, year);
            chips.iter().filter(|(a, _)| a.accelerator.contains(part)).map(|(_, w)| w).sum()
        };
        for &role in MixtureRole::ALL {
            for class in OwnerClass::ALL.iter().copied() {
                for year in [2016, 2018, 2020, 2022, 2024, 2030] {
                    let sum = share(role, class, year, "");
                    assert!((sum - 1.0).abs() < 1e-12, "{role:?} {class:?} {year}: {sum}");
                }
            }
        }
        // Regression: T4 and RTX 3090 were drawn for trainings of 1e24 FLOP.
        for year in [2022, 2024, 2025, 2026] {
            let of = |part: &&str| share(MixtureRole::PretrainingAtScale, OwnerClass::Unlisted, year, part);
            let small: f64 = ["T4", "RTX", "P100", "Quadro"].iter().map(of).sum();
            assert!(small < 0.05, "{year}: {small}");
        }
        let pretraining = |year| share(MixtureRole::Pretraining, OwnerClass::Industry, year, "H100");
        assert_eq!(pretraining(2019), 0.0, "the H100 came in 2022");
        // Regression: fine-tunes of 2019 had an A100 of 80 GB, of November 2020, from the years behind.
        for year in 2016..=2019 {
            assert_eq!(share(MixtureRole::FineTuning, OwnerClass::Unlisted, year, "A100"), 0.0, "{year}");
        }
        assert!(pretraining(2025) > pretraining(2023));
    }

    /// Regression: an undated fine-tune of a stranger had a TPU v4 with a third of the probability, because Google's runs stood for
    /// everybody's below 1e22 FLOP. Counted apart, without Google, 15 of the registry's 177 dated rows of universities with one chip are on TPUs
    /// and 15 of 471 of companies: at most 8 in 100 of anybody's fine-tunes in any years, 17 of pre-trainings, 28 of those of universities.
    #[test]
    fn tpus_are_googles_and_what_others_have_shown() {
        let reference = Reference::load().unwrap();
        let share = |role, class, year: i32| -> f64 {
            let (_, chips) = reference.chip_use.mixture(role, class, year);
            chips.iter().filter(|(a, _)| a.accelerator.starts_with("Google TPU")).map(|(_, w)| w).sum()
        };
        for year in 2016..=2026 {
            assert!((share(MixtureRole::GoogleTpu, OwnerClass::Industry, year) - 1.0).abs() < 1e-12);
            let tuned = share(MixtureRole::FineTuning, OwnerClass::Unlisted, year);
            assert!(tuned < 0.1, "{year}: {tuned}");
            let others = OwnerClass::ALL.iter().map(|class| share(MixtureRole::Pretraining, *class, year));
            assert!(others.clone().all(|share| share < 0.3), "{year}: {:?}", others.collect::<Vec<f64>>());
        }
        let pretraining = |class, year| share(MixtureRole::Pretraining, class, year);
        assert!(pretraining(OwnerClass::Academia, 2021) > pretraining(OwnerClass::Industry, 2021));
        assert!(pretraining(OwnerClass::Industry, 2021) > pretraining(OwnerClass::Industry, 2025));
    }

    /// Regression: 1e22 FLOP was a step. The same rows (527 runs with compute and count) by Newton's method in numpy, which has statsmodels' Logit on
    /// the 524 rows before them: intercept 1.302180 at 1e21 FLOP, slope 1.736237 a decade, so that half of the trainings of 10^20.25 FLOP ran on
    /// more than eight accelerators.
    #[test]
    fn several_machines_come_gradually_with_compute() {
        let use_ = Reference::load().unwrap().chip_use;
        let at = |flop: f64| use_.on_several_machines(Flop(flop));
        for (flop, expected) in [(1e17, 0.003_531), (1e19, 0.102_450), (1e20, 0.393_158), (1e21, 0.786_202), (1e22, 0.954_280)] {
            assert!((at(flop) - expected).abs() < 1e-5, "{flop:e}: {}", at(flop));
        }
        assert_eq!(at(0.0), 0.0);
        assert!(at(1.01e22) - at(0.99e22) < 0.002);
    }
}
