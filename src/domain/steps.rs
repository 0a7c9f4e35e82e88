//! The calculation of a run as steps: which a tier takes, in which order, and where it begins.

use super::{Tier, closed_set};

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

impl Tier {
    /// The steps of this tier in their order; `is_compute_implied` where nothing states the compute of a run whose emissions, energy or
    /// hours are stated. None where nothing was trained.
    #[must_use]
    pub fn steps(self, is_compute_implied: bool) -> Vec<(Step, Way)> {
        use Step::{Compute, Emissions, Energy, Grid, Hours, Overhead, Power, Utilization};
        use Way::{Computed, Factor, Given, Implied};
        let to_energy = [(Power, Factor), (Overhead, Factor), (Energy, Computed)];
        let to_emissions = [(Grid, Factor), (Emissions, Computed)];
        let back_to_hours = [(Power, Factor), (Overhead, Factor), (Hours, Implied)];
        let back_to_compute = [(Utilization, Factor), (Compute, Implied)];
        let mut steps: Vec<(Step, Way)> = if is_compute_implied { Vec::new() } else { vec![(Compute, Given)] };
        match self {
            Self::NoTraining => return Vec::new(),
            Self::Emissions => steps.extend([(Emissions, Given), (Grid, Factor), (Energy, Implied)]),
            Self::Energy => steps.extend([&[(Energy, Given)][..], &to_emissions].concat()),
            Self::Hardware => steps.extend([&[(Hours, Given)][..], &to_energy, &to_emissions].concat()),
            Self::Compute | Self::Parameters | Self::Category => {
                return [&[(Compute, Given), (Utilization, Factor), (Hours, Computed)][..], &to_energy, &to_emissions].concat();
            }
        }
        if is_compute_implied {
            if self != Self::Hardware {
                steps.extend(back_to_hours);
            }
            steps.extend(back_to_compute);
        }
        steps
    }

    /// Whether the emissions of this tier are a product of this factor. Reported emissions rest on none: what is reckoned backwards from them,
    /// energy, hours and compute, takes factors, and they do not.
    #[must_use]
    pub fn emissions_rest_on(self, factor: Step) -> bool {
        let mut behind_what_is_given = false;
        for (step, way) in self.steps(false) {
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
        let named =
            |tier: Tier, is_implied| tier.steps(is_implied).iter().map(|(step, _)| step.name()).collect::<Vec<_>>().join(" ");
        assert_eq!(named(Tier::NoTraining, false), "");
        assert_eq!(named(Tier::Emissions, false), "compute emissions grid energy");
        assert_eq!(named(Tier::Energy, false), "compute energy grid emissions");
        assert_eq!(named(Tier::Hardware, false), "compute hours power overhead energy grid emissions");
        assert_eq!(named(Tier::Compute, false), "compute utilization hours power overhead energy grid emissions");
        assert_eq!(named(Tier::Hardware, true), "hours power overhead energy grid emissions utilization compute");
        assert_eq!(named(Tier::Energy, true), "energy grid emissions power overhead hours utilization compute");
        for tier in Tier::ALL.iter().filter(|tier| **tier != Tier::NoTraining) {
            for is_implied in [false, true] {
                let steps = tier.steps(is_implied);
                assert_eq!(steps.iter().filter(|(step, _)| *step == Step::Emissions).count(), 1);
                assert_eq!(steps.iter().filter(|(step, _)| *step == Step::Compute).count(), 1);
                assert!(steps.iter().position(|(_, way)| *way == Way::Given) < Some(2), "{tier:?}");
            }
        }
    }
}
