//! The calculation of a run as steps: which a tier takes, in which order, and where it begins.

use super::{Flag, Tier, closed_set};

closed_set! {
    /// A quantity or factor of the calculation (docs/method.md, sections 3 and 4).
    enum Step {
        /// Training compute.
        Compute = "compute",
        /// Peak rate of the accelerator and the share of it that is used.
        Utilization = "utilization",
        /// Device hours.
        Hours = "hours",
        /// Power per accelerator with its share of the host.
        Power = "power",
        /// Power usage effectiveness of the facility.
        Overhead = "overhead",
        /// Electricity of the facility.
        Energy = "energy",
        /// Emissions per electricity at the place and in the year.
        Grid = "grid",
        /// Emissions.
        Emissions = "emissions",
    }
}

closed_set! {
    /// How a step comes about.
    enum Way {
        /// The calculation begins with it: evidence states it, or a regression predicts it.
        Given = "given",
        /// A factor that is multiplied in.
        Factor = "factor",
        /// It follows from the steps before it.
        Computed = "computed",
        /// It follows backwards, for emissions per compute alone: the emissions do not rest on it.
        Implied = "implied",
    }
}

/// What is known of a run beside the figure that its tier rests on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Whether nothing states the compute of a run whose emissions, energy or hours are stated.
    pub is_compute_implied: bool,
    /// Whether energy is stated beside emissions.
    pub is_energy_stated: bool,
    /// Whether device hours are stated beside emissions or energy.
    pub are_hours_stated: bool,
}

impl Beside {
    /// All that can be, in the order of [`Beside::number`].
    #[must_use]
    pub fn all() -> [Self; 8] {
        std::array::from_fn(|at| Self {
            is_compute_implied: at & 1 > 0,
            is_energy_stated: at & 2 > 0,
            are_hours_stated: at & 4 > 0,
        })
    }

    /// What the flags of an estimate say.
    #[must_use]
    pub fn of_flags(flags: &[Flag]) -> Self {
        Self {
            is_compute_implied: flags.contains(&Flag::ComputeImpliedByTheChain),
            is_energy_stated: flags.contains(&Flag::EnergyIsStated),
            are_hours_stated: flags.contains(&Flag::AcceleratorHoursAreStated),
        }
    }

    /// Place among all.
    #[must_use]
    pub fn number(self) -> usize {
        usize::from(self.is_compute_implied) + 2 * usize::from(self.is_energy_stated) + 4 * usize::from(self.are_hours_stated)
    }
}

impl Tier {
    /// The steps of this tier in their order. None where nothing was trained.
    #[must_use]
    pub fn steps(self, beside: Beside) -> Vec<(Step, Way)> {
        use Step::{Compute, Emissions, Energy, Grid, Hours, Overhead, Power, Utilization};
        use Way::{Computed, Factor, Given, Implied};
        let to_energy = [(Power, Factor), (Overhead, Factor), (Energy, Computed)];
        let to_emissions = [(Grid, Factor), (Emissions, Computed)];
        let back_to_hours = [(Power, Factor), (Overhead, Factor), (Hours, Implied)];
        let back_to_compute = [(Utilization, Factor), (Compute, Implied)];
        let Beside { is_compute_implied, is_energy_stated, are_hours_stated } = beside;
        let mut steps: Vec<(Step, Way)> = if is_compute_implied { Vec::new() } else { vec![(Compute, Given)] };
        match self {
            Self::NoTraining => return Vec::new(),
            Self::Emissions if is_energy_stated => steps.extend([(Emissions, Given), (Energy, Given)]),
            Self::Emissions => steps.extend([(Emissions, Given), (Grid, Factor), (Energy, Implied)]),
            Self::Energy => steps.extend([&[(Energy, Given)][..], &to_emissions].concat()),
            Self::Hardware => steps.extend([&[(Hours, Given)][..], &to_energy, &to_emissions].concat()),
            Self::Compute | Self::Parameters | Self::Category => {
                return [&[(Compute, Given), (Utilization, Factor), (Hours, Computed)][..], &to_energy, &to_emissions].concat();
            }
        }
        if self != Self::Hardware && are_hours_stated {
            steps.push((Hours, Given));
        } else if self != Self::Hardware && is_compute_implied {
            steps.extend(back_to_hours);
        }
        if is_compute_implied {
            steps.extend(back_to_compute);
        }
        steps
    }

    /// Whether the emissions of this tier are a product of this factor. Reported emissions rest on none: what is reckoned backwards from them,
    /// energy, hours and compute, takes factors, and they do not.
    #[must_use]
    pub fn emissions_rest_on(self, factor: Step) -> bool {
        let mut behind_what_is_given = false;
        for (step, way) in self.steps(Beside::default()) {
            match way {
                // Where compute is stated beside what the tier begins with, the later one counts.
                Way::Given => behind_what_is_given = step != Step::Emissions && self.begins_with(step),
                Way::Factor if step == factor => return behind_what_is_given,
                Way::Factor | Way::Computed | Way::Implied => {}
            }
        }
        false
    }

    /// Whether the emissions follow from this step on.
    const fn begins_with(self, step: Step) -> bool {
        match self {
            Self::NoTraining => false,
            Self::Emissions => matches!(step, Step::Emissions),
            Self::Energy => matches!(step, Step::Energy),
            Self::Hardware => matches!(step, Step::Hours),
            Self::Compute | Self::Parameters | Self::Category => matches!(step, Step::Compute),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: tonnes that a card reports were counted among those that rest on the owner's country. docs/method.md, section 3.
    #[test]
    fn emissions_rest_on_the_factors_behind_what_is_given() {
        let factors = [Step::Utilization, Step::Power, Step::Overhead, Step::Grid];
        let rests = |tier: Tier| factors.map(|factor| tier.emissions_rest_on(factor));
        assert_eq!(rests(Tier::NoTraining), [false; 4]);
        assert_eq!(rests(Tier::Emissions), [false; 4]);
        assert_eq!(rests(Tier::Energy), [false, false, false, true]);
        assert_eq!(rests(Tier::Hardware), [false, true, true, true]);
        for tier in [Tier::Compute, Tier::Parameters, Tier::Category] {
            assert_eq!(rests(tier), [true; 4], "{tier}");
        }
    }

    /// Every tier ends in emissions, begins with what is given, and rests on no factor that it does not use: docs/method.md, section 4.
    #[test]
    fn a_tier_takes_the_steps_below_its_evidence() {
        let names = |tier: Tier, beside| tier.steps(beside).iter().map(|(step, _)| step.name()).collect::<Vec<_>>().join(" ");
        let named = |tier: Tier, is_compute_implied| names(tier, Beside { is_compute_implied, ..Beside::default() });
        assert_eq!(named(Tier::NoTraining, false), "");
        assert_eq!(named(Tier::Emissions, false), "compute emissions grid energy");
        assert_eq!(named(Tier::Energy, false), "compute energy grid emissions");
        assert_eq!(named(Tier::Hardware, false), "compute hours power overhead energy grid emissions");
        assert_eq!(named(Tier::Compute, false), "compute utilization hours power overhead energy grid emissions");
        assert_eq!(named(Tier::Hardware, true), "hours power overhead energy grid emissions utilization compute");
        assert_eq!(named(Tier::Energy, true), "energy grid emissions power overhead hours utilization compute");
        // What is stated is no factor's and follows from nothing: hours of 433,000 kWh do not go by the kilograms.
        let stated = Beside { is_energy_stated: true, are_hours_stated: true, is_compute_implied: true };
        assert_eq!(names(Tier::Emissions, stated), "emissions energy hours utilization compute");
        assert_eq!(names(Tier::Energy, stated), "energy grid emissions hours utilization compute");
        assert_eq!(names(Tier::Hardware, stated), named(Tier::Hardware, true));
        assert!(Beside::all().iter().enumerate().all(|(at, beside)| beside.number() == at));
        for tier in Tier::ALL.iter().filter(|tier| **tier != Tier::NoTraining) {
            for beside in Beside::all() {
                let steps = tier.steps(beside);
                assert_eq!(steps.iter().filter(|(step, _)| *step == Step::Emissions).count(), 1);
                assert_eq!(steps.iter().filter(|(step, _)| *step == Step::Compute).count(), 1);
                assert!(steps.iter().position(|(_, way)| *way == Way::Given) < Some(2), "{tier:?}");
            }
        }
    }
}
