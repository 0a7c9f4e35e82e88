//! Whether the figures known of a run can be those of one training: beyond what any factor allows, one of them is something else.
//!
//! Cards are held to the same where they are read (`evidence::card::decide::consistency`); here it is figures of several sources, and
//! those that a person states. Where two contradict each other and no third decides between them, both are refused.

use super::counted_flop;
use crate::domain::number::number;
use crate::domain::{Field, Flag, Run, RunKind};
use crate::method::assumptions as assume;
use crate::method::assumptions::ATCI_BAND_GCO2E_PER_PFLOP;
use crate::method::chain::{adapter_flop, training_flop};
use crate::reference::possible::{self, GRID_GCO2E_PER_KWH, MOST_OF_PEAK, POWER_SHARES};
use crate::reference::{Accelerator, Accelerators};
use crate::units::{FLOP_PER_PFLOP, GRAMS_PER_KG, Params, SECONDS_PER_HOUR, Tokens};

/// Joules of a kWh.
const JOULES_PER_KWH: f64 = 3.6e6;
/// Factor between a stated utilization and that of the other figures: peaks of FP8 are twice those of the table, and peaks for sparse
/// weights twice those again.
const MOST_MFU_APART: f64 = 4.0;
/// Figures that cannot be of one training.
#[derive(Clone, Debug, PartialEq)]
pub struct Contradiction {
    /// Which are refused for it.
    pub refused: Vec<Field>,
    /// What they would mean.
    pub words: String,
}

type Check = fn(&Run, &Accelerators) -> Option<Contradiction>;

/// Refuses what cannot be, with a flag.
pub fn refuse_contradictions(run: &mut Run, accelerators: &Accelerators) -> Vec<Contradiction> {
    let checks: [Check; 7] = [
        compute_against_chips,
        hours_of_a_programme,
        energy_against_grid,
        energy_against_chips,
        emissions_against_chips,
        energy_against_compute,
        utilization,
    ];
    let mut found = Vec::new();
    for check in checks {
        if let Some(contradiction) = check(run, accelerators) {
            contradiction.refused.iter().for_each(|field| refuse(run, *field));
            found.push(contradiction);
        }
    }
    if !found.is_empty() {
        run.flags.push(Flag::StatedFiguresContradict);
    }
    found
}

/// Takes a figure away, with the evidence for it.
fn refuse(run: &mut Run, field: Field) {
    let known = &mut run.known;
    let figures = [
        (Field::TrainFlop, &mut known.train_flop),
        (Field::TrainTokens, &mut known.train_tokens),
        (Field::TrainSamples, &mut known.train_samples),
        (Field::EnergyKwh, &mut known.energy_kwh),
        (Field::EmissionsKgco2e, &mut known.emissions_kgco2e),
        (Field::Mfu, &mut known.mfu),
        (Field::AcceleratorHours, &mut run.hardware.accelerator_hours),
    ];
    for (_, figure) in figures.into_iter().filter(|(of, _)| *of == field) {
        *figure = None;
    }
    run.chosen.forget(field);
    if field == Field::AcceleratorHours {
        run.chosen.forget(Field::AcceleratorCount);
        run.chosen.forget(Field::WallHours);
    }
}

/// Compute with the figure that it rests on.
fn compute(run: &Run) -> Option<(f64, Field)> {
    let stated = run.known.train_flop.map(|flop| (flop, Field::TrainFlop));
    let counted = || counted_flop(run).map(|flop| (flop.0, Field::TrainSamples));
    stated.or_else(counted).or_else(|| product_flop(run).map(|flop| (flop, Field::TrainTokens)))
}

/// FLOP that parameters and tokens mean; none where one of them is not known.
#[must_use]
pub fn product_flop(run: &Run) -> Option<f64> {
    let (n, d) = (Params(run.known.active_params?), Tokens(run.known.train_tokens?));
    Some(if run.kind == Some(RunKind::Adapter) { adapter_flop(n, d).0 } else { training_flop(n, d).0 })
}

fn chips<'r>(run: &Run, accelerators: &'r Accelerators) -> Vec<&'r Accelerator> {
    run.hardware.accelerators.iter().filter_map(|name| accelerators.get(name)).collect()
}

fn named(run: &Run) -> String {
    if run.hardware.accelerators.is_empty() { "any chip".to_owned() } else { run.hardware.accelerators.join(" | ") }
}

/// Utilization that compute, device hours and chips mean, of the highest peak; none where one of them is not known.
#[must_use]
pub fn implied_mfu(run: &Run, accelerators: &Accelerators) -> Option<f64> {
    let ((flop, _), hours) = (compute(run)?, run.hardware.accelerator_hours?);
    Some(flop / (hours * SECONDS_PER_HOUR * possible::most_rate(&chips(run, accelerators), accelerators)))
}

/// FLOP per joule that compute and energy mean, as a share of what the most efficient chip does at its peak; none where one is not known.
#[must_use]
pub fn implied_efficiency(run: &Run, accelerators: &Accelerators) -> Option<f64> {
    let ((flop, _), kwh) = (compute(run)?, run.known.energy_kwh?);
    Some(flop / (kwh * JOULES_PER_KWH) / possible::most_flop_per_joule(accelerators))
}

fn compute_against_chips(run: &Run, accelerators: &Accelerators) -> Option<Contradiction> {
    let times = implied_mfu(run, accelerators).filter(|times| *times > MOST_OF_PEAK)?;
    let ((flop, field), hours) = (compute(run)?, run.hardware.accelerator_hours?);
    let words = format!(
        "{} FLOP in {} device hours are {} times the peak rate of {}",
        number(flop),
        number(hours),
        number(times),
        named(run)
    );
    Some(Contradiction { refused: vec![field, Field::AcceleratorHours], words })
}

/// Months of a programme on its whole cluster beside the tokens of one model: the hours are not those of the training. Where energy or
/// emissions are stated, too, they say whose hours it is.
fn hours_of_a_programme(run: &Run, accelerators: &Accelerators) -> Option<Contradiction> {
    let is_alone = run.known.energy_kwh.is_none() && run.known.emissions_kgco2e.is_none();
    let is_of_text = run.is_pretraining() && run.modality.counts_tokens() && run.known.train_tokens.is_some();
    if !is_alone || !is_of_text || run.hardware.accelerators.is_empty() {
        return None;
    }
    let ((flop, _), hours) = (compute(run)?, run.hardware.accelerator_hours?);
    let mfu =
        implied_mfu(run, accelerators).filter(|mfu| *mfu < assume::LEAST_MFU_OF_A_CLUSTER && flop >= assume::AT_SCALE_FLOP)?;
    let words = format!(
        "{} FLOP in {} device hours of {} are a utilization of {}: they are those of a programme",
        number(flop),
        number(hours),
        named(run),
        number(mfu)
    );
    Some(Contradiction { refused: vec![Field::AcceleratorHours], words })
}

fn energy_against_grid(run: &Run, _: &Accelerators) -> Option<Contradiction> {
    let (kg, kwh) = (run.known.emissions_kgco2e?, run.known.energy_kwh?);
    let grid = kg * GRAMS_PER_KG / kwh;
    let words = format!("{} kg CO2e of {} kWh are {} g/kWh, which no grid has", number(kg), number(kwh), number(grid));
    let (low, high) = GRID_GCO2E_PER_KWH;
    (!(low..=high).contains(&grid)).then_some(Contradiction { refused: vec![Field::EmissionsKgco2e, Field::EnergyKwh], words })
}

fn energy_against_chips(run: &Run, accelerators: &Accelerators) -> Option<Contradiction> {
    let (kwh, hours) = (run.known.energy_kwh?, run.hardware.accelerator_hours?);
    let watts = kwh * 1000.0 / hours;
    let words = format!(
        "{} kWh in {} device hours are {} W, which {} with its host cannot draw",
        number(kwh),
        number(hours),
        number(watts),
        named(run)
    );
    (possible::can_draw(&chips(run, accelerators), watts) == Some(false))
        .then_some(Contradiction { refused: vec![Field::EnergyKwh, Field::AcceleratorHours], words })
}

fn emissions_against_chips(run: &Run, accelerators: &Accelerators) -> Option<Contradiction> {
    let (kg, hours) = (run.known.emissions_kgco2e?, run.hardware.accelerator_hours?);
    let watts = possible::most(&chips(run, accelerators), |chip| chip.tdp_w)?;
    let most = hours * watts / 1000.0 * POWER_SHARES.1 * GRID_GCO2E_PER_KWH.1 / GRAMS_PER_KG;
    let words = format!(
        "{} kg CO2e are {} times what {} device hours of {} can emit on the dirtiest grid",
        number(kg),
        number(kg / most),
        number(hours),
        named(run)
    );
    (kg > most).then_some(Contradiction { refused: vec![Field::EmissionsKgco2e], words })
}

fn energy_against_compute(run: &Run, accelerators: &Accelerators) -> Option<Contradiction> {
    let ((flop, field), kwh) = (compute(run)?, run.known.energy_kwh?);
    let times = implied_efficiency(run, accelerators)?;
    let most = flop / FLOP_PER_PFLOP * ATCI_BAND_GCO2E_PER_PFLOP.1 / GRID_GCO2E_PER_KWH.0;
    let (flop, energy) = (number(flop), number(kwh));
    let words = if times > 1.0 {
        format!("{flop} FLOP with {energy} kWh are {} times what the most efficient chip does", number(times))
    } else {
        format!("{energy} kWh are {} times what {flop} FLOP take on any chip", number(kwh / most))
    };
    (times > 1.0 || kwh > most).then_some(Contradiction { refused: vec![field, Field::EnergyKwh], words })
}

fn utilization(run: &Run, accelerators: &Accelerators) -> Option<Contradiction> {
    let (stated, implied) = (run.known.mfu?, implied_mfu(run, accelerators).filter(|_| !run.hardware.accelerators.is_empty())?);
    let apart = if stated > implied { stated / implied } else { implied / stated };
    let words = format!("compute, device hours and chips mean an MFU of {}, not {}", number(implied), number(stated));
    (apart > MOST_MFU_APART).then_some(Contradiction { refused: vec![Field::Mfu], words })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Modality;
    use crate::reference::Reference;

    fn run(of: impl Fn(&mut Run)) -> Run {
        let mut run = Run::new("a/b", RunKind::Pretraining, Modality::Text);
        of(&mut run);
        run
    }

    fn refused(of: impl Fn(&mut Run)) -> Vec<Field> {
        let accelerators = Reference::load().unwrap().accelerators;
        refuse_contradictions(&mut run(of), &accelerators).into_iter().flat_map(|found| found.refused).collect()
    }

    fn llama(run: &mut Run) {
        // Llama 2 7B: 184,320 hours of A100 80GB (Touvron et al. 2023, table 2), 7e9 parameters, 2e12 tokens: an MFU of 0.41.
        (run.known.active_params, run.known.train_tokens) = (Some(7e9), Some(2e12));
        run.hardware.accelerators = vec!["NVIDIA A100 SXM4 80GB".to_owned()];
        run.hardware.accelerator_hours = Some(184_320.0);
    }

    /// Regression: only figures of one card were held against each other; an MFU of 3.9 or 281 was taken without a word.
    #[test]
    fn more_compute_than_the_chips_do_is_refused() {
        assert!(refused(llama).is_empty());
        let fewer = |run: &mut Run| {
            llama(run);
            run.hardware.accelerator_hours = Some(19_200.0);
        };
        assert_eq!(refused(fewer), [Field::TrainTokens, Field::AcceleratorHours]);
        // 8.4e22 / (312e12 x 3600 x 19,200) = 3.9.
        let accelerators = Reference::load().unwrap().accelerators;
        assert!((implied_mfu(&run(fewer), &accelerators).unwrap() - 3.895).abs() < 0.01);
        let h100 = |run: &mut Run| {
            run.known.train_flop = Some(1e24);
            run.hardware.accelerators = vec!["NVIDIA H100 SXM5 80GB".to_owned()];
            run.hardware.accelerator_hours = Some(1000.0);
        };
        assert_eq!(refused(h100), [Field::TrainFlop, Field::AcceleratorHours]);
    }

    /// Regression: VAETKI (10.1e9 active parameters, 9.8e12 tokens) had the emissions of 1,016 H100 for the four and a half months of its
    /// programme: 5.9e23 / (989e12 x 3600 x 3.29e6) is a utilization of 0.05.
    #[test]
    fn months_of_a_programme_are_no_hours_of_a_training() {
        let vaetki = |tokens: f64, kg: Option<f64>| {
            move |run: &mut Run| {
                (run.known.active_params, run.known.train_tokens) = (Some(10.1e9), Some(tokens));
                run.hardware.accelerators = vec!["NVIDIA H100 SXM5 80GB".to_owned()];
                (run.hardware.accelerator_hours, run.known.emissions_kgco2e) = (Some(3_289_808.0), kg);
            }
        };
        assert_eq!(refused(vaetki(9.8e12, None)), [Field::AcceleratorHours]);
        // A low utilization, as some had, and hours that emissions confirm.
        assert!(refused(vaetki(2e13, None)).is_empty() && refused(vaetki(9.8e12, Some(1e6))).is_empty());
    }

    #[test]
    fn energy_that_cannot_be_is_refused() {
        let with = |kwh: f64| {
            move |run: &mut Run| {
                (run.known.active_params, run.known.train_tokens) = (Some(7e9), Some(2e12));
                run.known.energy_kwh = Some(kwh);
            }
        };
        assert_eq!(refused(with(10.0)), [Field::TrainTokens, Field::EnergyKwh]);
        assert_eq!(refused(with(1e12)), [Field::TrainTokens, Field::EnergyKwh]);
        // 184,320 hours at 400 W and a half more for host and facility.
        assert!(refused(with(1.1e5)).is_empty());
        // 10 MWh in 184,320 hours would be 54 W, which an A100 may idle at; 100 kWh would be half a watt.
        let metered = |kwh: f64| {
            move |run: &mut Run| {
                llama(run);
                (run.known.train_tokens, run.known.energy_kwh) = (None, Some(kwh));
            }
        };
        assert!(refused(metered(1e4)).is_empty());
        assert_eq!(refused(metered(100.0)), [Field::EnergyKwh, Field::AcceleratorHours]);
    }

    #[test]
    fn a_stated_utilization_is_held_against_the_others() {
        let of = |mfu: f64| {
            move |run: &mut Run| {
                llama(run);
                run.known.mfu = Some(mfu);
            }
        };
        assert!(refused(of(0.4)).is_empty() && refused(of(0.2)).is_empty());
        assert_eq!(refused(of(0.01)), [Field::Mfu]);
    }

    #[test]
    fn emissions_are_held_against_energy_and_hours() {
        let of = |kg: f64, kwh: Option<f64>| {
            move |run: &mut Run| {
                llama(run);
                (run.known.emissions_kgco2e, run.known.energy_kwh) = (Some(kg), kwh);
            }
        };
        // Meta reports 31.22 t for Llama 2 7B; 9e5 t of it would be 4.9 t an hour.
        assert!(refused(of(31_220.0, None)).is_empty());
        assert_eq!(refused(of(9e8, None)), [Field::EmissionsKgco2e]);
        assert_eq!(refused(of(31_220.0, Some(1e5 / 1e4))), [Field::EmissionsKgco2e, Field::EnergyKwh]);
    }
}
