//! Agents that learn in a simulated environment (reinforcement learning). Most of their time goes into the simulation, so that neither their
//! size nor a law of other trainings tells it: steps of the environment, and how many of them are done in a second, do.

use super::FactorTables;
use crate::domain::{Run, TaskGroup};
use crate::method::assumptions as assume;
use crate::method::simulate::{Compute, LogNormal, Spread};
use crate::reference::Accelerators;
use crate::reference::agents::Agent;
use libm::log10;

/// From this size on a model that was trained by reinforcement is a language model.
const LEAST_LANGUAGE_MODEL: f64 = 1e8;
/// The chip of a notebook that stands for the machine.
pub(super) const CHIP: &str = "NVIDIA T4";

/// Whether a run is that of an agent.
#[must_use]
pub fn is_agent(run: &Run) -> bool {
    run.task == TaskGroup::Control && run.known.active_params.is_none_or(|n| n < LEAST_LANGUAGE_MODEL)
}

/// Its compute: steps times FLOP per step. A number in the name ("ppo-LunarLander-v2-2M") counts steps.
pub(super) fn compute(run: &Run, tables: &FactorTables, most_flop: f64) -> Option<Compute<'static>> {
    let agent = is_agent(run).then(|| tables.agents.of_name(&run.model_id))?;
    let named = tables.agents.steps_in_name(&run.model_id);
    let sd_dex = if named.is_some() { assume::STEPS_NAMED_SD_DEX } else { agent.sd_dex };
    Some(Compute::Known {
        median: agent.flop_per_step * named.unwrap_or(agent.steps),
        spread: Spread::Normal(sd_dex * assume::LN_10),
        log_ceiling: log10(most_flop),
    })
}

/// The utilization of the chip: FLOP per step times steps per second over its peak.
pub(super) fn mfu(run: &Run, tables: &FactorTables) -> Option<LogNormal> {
    let agent = is_agent(run).then(|| tables.agents.of_name(&run.model_id))?;
    let median = utilization(agent, &tables.accelerators)?;
    Some(LogNormal { median, own_sd: assume::STEPS_PER_SECOND_SD_DEX * assume::LN_10, shared_sd: assume::MFU_SHARED_SD })
}

fn utilization(agent: &Agent, accelerators: &Accelerators) -> Option<f64> {
    Some(agent.flop_per_step * agent.steps_per_second / accelerators.get(CHIP)?.training_peak()?.0)
}

#[cfg(test)]
mod tests {
    use super::super::{Basis, build};
    use super::*;
    use crate::domain::{Modality, RunKind, Tier};
    use crate::method::simulate::central;
    use crate::reference::Reference;

    /// Regression: a wide list's 1,600 agents were given 4 kg each, and 20 to 50 in the mean, as pre-trainings of a drawn size. A million
    /// steps at a thousand a second are 1,000 s, 0.28 h of one machine of some 100 W: a few hundredths of a kWh.
    #[test]
    fn an_agent_trains_for_minutes() {
        let tables = FactorTables::new(&Reference::load().unwrap());
        let basis = Basis::without_fits(&tables);
        let of = |id: &str| {
            let mut run = Run::new(id, RunKind::Pretraining, Modality::Other);
            (run.task, run.tiers) = (TaskGroup::Control, vec![Tier::Category]);
            let built = build(&run, Tier::Category, &basis, &tables).unwrap();
            assert_eq!(built.compute_tier, Tier::Category);
            let of_middle = central(&built.model(id));
            (of_middle.hours.0, of_middle.energy.0, of_middle.emissions.0)
        };
        let (hours, kwh, kg) = of("a/ppo-LunarLander-v2");
        assert!((hours - 1000.0 / 3600.0).abs() < 1e-3, "{hours}");
        assert!((0.02..0.08).contains(&kwh) && kg < 0.1, "{kwh} {kg}");
        // Two million steps in the name take twice as long.
        assert!((of("a/ppo-lunarlander-v2-steps-2M").0 / hours - 2.0).abs() < 1e-9);
        // A table of numbers is filled in seconds, games of images take hours.
        assert!(of("a/q-Taxi-v3").0 < 0.01);
        assert!((1.0..24.0).contains(&of("a/dqn-SpaceInvadersNoFrameskip-v4").0));
    }

    /// A cost model of 6.6e9 parameters is a language model that was tuned, whatever its task says.
    #[test]
    fn a_language_model_is_no_agent() {
        let mut run = Run::new("PKU-Alignment/beaver-7b-v1.0-cost", RunKind::FineTuning, Modality::Other);
        run.task = TaskGroup::Control;
        run.known.active_params = Some(6.6e9);
        assert!(!is_agent(&run));
        run.known.active_params = Some(1.2e6);
        assert!(is_agent(&run));
    }
}
