//! Whether the figures that were chosen can be those of one training: beyond what any factor allows, one of them is something else.
//!
//! A figure is refused for what the others make of it. Where two figures contradict each other and no third decides between them, both are
//! refused: nobody knows which is wrong.

use super::accept::Fact;
use crate::domain::Field;
use crate::evidence::card::read::data_sizes::is_data_size;
use crate::evidence::hardware::{Context, read_hardware};
use crate::reference::possible::{self, GRID_GCO2E_PER_KWH as GRID, MOST_OF_PEAK, POWER_SHARES, peak};
use crate::reference::{Accelerator, Accelerators};
use crate::units::{GRAMS_PER_KG, SECONDS_PER_HOUR};

/// Fewest parameters of a language model: with less nobody passes over a billion tokens.
const LEAST_PARAMS: f64 = 1e7;
/// Fewest tokens that are compared with what chips can do.
const LEAST_TOKENS: f64 = 1e9;
/// FLOP per parameter and token of a forward pass alone: every training takes more.
const FORWARD_FLOP: f64 = 2.0;
/// Hours of a year: a longer time is one of devices (docs/method.md, section 3).
const HOURS_PER_YEAR: f64 = 8760.0;
/// Tokens seen over tokens in the data set times epochs; beyond, one of them is another data set's.
const MOST_PASSES: f64 = 10.0;

/// The figures chosen so far.
struct Chosen<'f, 'r> {
    facts: &'f mut [Fact],
    chips: Vec<&'r Accelerator>,
}

impl Chosen<'_, '_> {
    fn value(&self, field: Field) -> Option<f64> {
        self.facts.iter().find(|f| f.row.field == field && f.row.reject_reason.is_none()).and_then(|f| f.row.value)
    }

    /// Hours of all devices: stated, or devices times hours by the clock.
    fn device_hours(&self) -> Option<f64> {
        let product = || {
            let hours = self.value(Field::WallHours).filter(|h| *h <= HOURS_PER_YEAR)?;
            Some(self.value(Field::AcceleratorCount)? * hours)
        };
        self.value(Field::AcceleratorHours).or_else(product).filter(|h| *h > 0.0)
    }

    /// Refuses what was chosen of some fields.
    fn refuse(&mut self, fields: &[Field], reason: &str) {
        for fact in self.facts.iter_mut().filter(|f| fields.contains(&f.row.field) && f.row.reject_reason.is_none()) {
            fact.row.reject_reason = Some(reason.to_owned());
        }
    }

    fn most<T: Fn(&Accelerator) -> Option<f64>>(&self, of: T) -> Option<f64> {
        possible::most(&self.chips, of)
    }
}

/// Refuses the figures that the others contradict.
pub fn refuse_contradictions(facts: &mut [Fact], accelerators: &Accelerators) {
    let named = facts.iter().find(|f| f.row.field == Field::Accelerator && f.row.reject_reason.is_none());
    let chips = named.map(|f| read_hardware(accelerators, &f.row.as_written, Context::Field).chips).unwrap_or_default();
    let mut chosen = Chosen { facts, chips };
    compute_against_chips(&mut chosen, accelerators);
    tokens_against_chips(&mut chosen);
    emissions_against_energy(&mut chosen);
    emissions_against_power(&mut chosen);
    energy_against_power(&mut chosen);
    tokens_against_data(&mut chosen);
}

/// More FLOP than the chips can do in the hours: another chip, if one can; else the hours or the FLOP are not this training's.
fn compute_against_chips(chosen: &mut Chosen<'_, '_>, accelerators: &Accelerators) {
    let Some(flop) = chosen.value(Field::TrainFlop) else { return };
    let Some(hours) = chosen.device_hours() else {
        compute_against_any_time(chosen, flop);
        return;
    };
    let rate = flop / (hours * SECONDS_PER_HOUR);
    let any_chip = possible::most_of_any_chip(accelerators);
    let most = possible::most_rate(&chosen.chips, accelerators);
    if rate <= most * MOST_OF_PEAK {
        return;
    }
    let times = rate / most;
    if rate <= any_chip {
        let why = format!("the stated compute in the stated hours is {times:.1} times what this chip can do: another chip");
        chosen.refuse(&[Field::Accelerator], &why);
    } else {
        let why = format!("contradiction: {times:.1} times what the chips can do in the stated hours");
        chosen.refuse(&[Field::TrainFlop, Field::AcceleratorHours, Field::WallHours], &why);
    }
}

/// More FLOP than so many of the chips can do in a year, where nobody says how long they took: another chip.
fn compute_against_any_time(chosen: &mut Chosen<'_, '_>, flop: f64) {
    let Some(peak) = chosen.most(peak) else { return };
    let many = possible::most_devices(&chosen.chips);
    // One chip that is named may stand for more of them; a number of several is one.
    let devices = chosen.value(Field::AcceleratorCount).filter(|n| *n > 1.0).unwrap_or(many);
    let years = flop / (peak * MOST_OF_PEAK * devices) / (HOURS_PER_YEAR * SECONDS_PER_HOUR);
    if years > 1.0 {
        let why = format!("the stated compute takes {devices:.0} of this chip {years:.1} years at twice its peak: another chip");
        chosen.refuse(&[Field::Accelerator], &why);
    }
}

/// More tokens than the chips can read in the hours, by the smallest model or by the size that the card states.
fn tokens_against_chips(chosen: &mut Chosen<'_, '_>) {
    let (Some(tokens), Some(hours), Some(most)) = (chosen.value(Field::TrainTokens), chosen.device_hours(), chosen.most(peak))
    else {
        return;
    };
    let size = chosen.value(Field::ActiveParams).or_else(|| chosen.value(Field::TotalParams)).unwrap_or(LEAST_PARAMS);
    let times = FORWARD_FLOP * size.max(LEAST_PARAMS) * tokens / (hours * SECONDS_PER_HOUR) / (most * MOST_OF_PEAK);
    if tokens >= LEAST_TOKENS && times > 1.0 {
        let why = format!("contradiction: {times:.1} times the tokens that the chips can read in the stated hours");
        chosen.refuse(&[Field::TrainTokens], &why);
    }
}

/// Emissions beyond what the chips can have drawn in the hours on the dirtiest grid.
fn emissions_against_power(chosen: &mut Chosen<'_, '_>) {
    if chosen.value(Field::EnergyKwh).is_some() {
        return;
    }
    let (Some(kg), Some(hours), Some(watts)) =
        (chosen.value(Field::EmissionsKgco2e), chosen.device_hours(), chosen.most(|chip| chip.tdp_w))
    else {
        return;
    };
    let most = hours * watts / 1000.0 * POWER_SHARES.1 * GRID.1 / GRAMS_PER_KG;
    if kg > most {
        let why = format!("contradiction: {:.0} times what the chips can emit in the stated hours", kg / most);
        chosen.refuse(&[Field::EmissionsKgco2e], &why);
    }
}

/// Emissions over energy are a grid.
fn emissions_against_energy(chosen: &mut Chosen<'_, '_>) {
    let (Some(kg), Some(kwh)) = (chosen.value(Field::EmissionsKgco2e), chosen.value(Field::EnergyKwh)) else { return };
    let grid = kg * GRAMS_PER_KG / kwh;
    if (GRID.0..=GRID.1).contains(&grid) {
        return;
    }
    let why = format!("contradiction: emissions over energy are {grid:.3e} g/kWh, which no grid has");
    match fits_power(chosen, kwh) {
        Some(true) => chosen.refuse(&[Field::EmissionsKgco2e], &why),
        Some(false) => chosen.refuse(&[Field::EnergyKwh], &why),
        None => chosen.refuse(&[Field::EmissionsKgco2e, Field::EnergyKwh], &why),
    }
}

/// Whether the chips in the hours can have drawn an energy; none where one of them is not known.
fn fits_power(chosen: &Chosen<'_, '_>, kwh: f64) -> Option<bool> {
    let hours = chosen.device_hours()?;
    possible::can_draw(&chosen.chips, kwh * 1000.0 / hours)
}

/// Whether even one chip would have drawn far more in the hours by the clock, where nobody says how many there were.
fn is_idle(chosen: &Chosen<'_, '_>, kwh: f64) -> bool {
    let least: Option<Vec<f64>> = chosen.chips.iter().map(|chip| chip.tdp_w).collect();
    let least = least.and_then(|watts| watts.into_iter().reduce(f64::min));
    let (Some(hours), Some(watts), None) = (chosen.value(Field::WallHours), least, chosen.device_hours()) else { return false };
    kwh * 1000.0 < hours * watts * POWER_SHARES.0
}

/// Energy over hours is a power.
fn energy_against_power(chosen: &mut Chosen<'_, '_>) {
    let Some(kwh) = chosen.value(Field::EnergyKwh) else { return };
    if fits_power(chosen, kwh) != Some(false) && !is_idle(chosen, kwh) {
        return;
    }
    let why = "contradiction: the chips cannot have drawn this energy in the stated hours";
    // Emissions that fit the energy speak for it.
    let hours = [Field::AcceleratorHours, Field::WallHours];
    if chosen.value(Field::EmissionsKgco2e).is_some() {
        chosen.refuse(&hours, why);
    } else {
        chosen.refuse(&[Field::EnergyKwh, hours[0], hours[1]], why);
    }
}

/// Tokens seen beyond all passes over the only data set whose size the card gives.
fn tokens_against_data(chosen: &mut Chosen<'_, '_>) {
    let (Some(seen), Some(epochs)) = (chosen.value(Field::TrainTokens), chosen.value(Field::Epochs)) else { return };
    let mut sizes = chosen
        .facts
        .iter()
        .filter(|f| f.row.field == Field::TrainTokens && f.row.reject_reason.as_deref().is_some_and(is_data_size))
        .filter_map(|f| f.row.value);
    let (Some(size), None) = (sizes.next(), sizes.next()) else { return };
    if seen > MOST_PASSES * size * epochs.max(1.0) {
        let times = seen / (size * epochs.max(1.0));
        chosen.refuse(&[Field::TrainTokens], &format!("contradiction: {times:.0} times the data set and its epochs"));
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::Field;
    use crate::evidence::Extracted;
    use crate::evidence::card::tests::card_tables;
    use crate::evidence::card::{About, CardRole, extract};
    use crate::reference::Reference;

    fn kept(lines: &[&str], field: Field) -> bool {
        let card = format!("# m\n\n## Training\n\n- {}\n", lines.join("\n- "));
        let about = About { model_id: "org/m", role: CardRole::OwnTraining, base_ids: &[], total_params: None };
        let rows: Vec<Extracted> = extract(card_tables(&Reference::load().unwrap()), &card, &about);
        assert!(rows.iter().any(|r| r.field == field), "{lines:?} {field}: {rows:?}");
        rows.iter().any(|r| r.field == field && r.reject_reason.is_none())
    }

    #[test]
    fn chips_that_cannot_have_done_the_compute_are_refused() {
        let flop = "Training compute: 8.29e19 FLOPs";
        let p600 = ["Hardware Type: 8 P600 GPUs", "Hours used: 720", flop];
        assert!(!kept(&p600, Field::Accelerator) && kept(&p600, Field::TrainFlop) && kept(&p600, Field::WallHours));
        assert!(kept(&["Hardware Type: 8 Quadro P6000", "Hours used: 720", flop], Field::Accelerator));
        let t4 = ["Hardware Type: 4 T4", "Hours used: 1000", "Training compute: 3e21 FLOPs"];
        assert!(!kept(&t4, Field::Accelerator));
        // No chip does this in ten hours: hours or compute are another training's.
        let nothing = ["Hardware Type: 1 A100", "Hours used: 10", "Training compute: 3e24 FLOPs"];
        assert!(kept(&nothing, Field::Accelerator) && !kept(&nothing, Field::TrainFlop) && !kept(&nothing, Field::WallHours));
        // Where no hours stand beside it, too: a thousand of them would take eight years.
        let petaflop_days = "Training compute: 7.3e3 petaflop/s-days";
        let without_hours = ["Hardware: Quadro P600", petaflop_days];
        assert!(!kept(&without_hours, Field::Accelerator) && kept(&without_hours, Field::TrainFlop));
        assert!(kept(&["Hardware: A100", petaflop_days], Field::Accelerator));
        assert!(!kept(&["Hardware: 4 x RTX 3090", "Training compute: 3e23 FLOPs"], Field::Accelerator));
        assert!(kept(&["Hardware: 512 x A100", "Training compute: 3e23 FLOPs"], Field::Accelerator));
        let fine = ["Hardware Type: 64 A100 80GB", "Hours used: 500", "Training compute: 2e22 FLOPs"];
        assert!(kept(&fine, Field::Accelerator) && kept(&fine, Field::TrainFlop));
    }

    #[test]
    fn emissions_over_energy_are_a_grid() {
        let bare = ["Carbon Emitted: 100 kg", "Energy consumed: 10 kWh"];
        assert!(!kept(&bare, Field::EmissionsKgco2e) && !kept(&bare, Field::EnergyKwh));
        let with_chips = ["Carbon Emitted: 2000 kg", "Energy consumed: 8 kWh", "Hardware Type: 1 A100 80GB", "Hours used: 20"];
        assert!(!kept(&with_chips, Field::EmissionsKgco2e) && kept(&with_chips, Field::EnergyKwh));
        let fine = ["Carbon Emitted: 4 kg", "Energy consumed: 10 kWh"];
        assert!(kept(&fine, Field::EmissionsKgco2e) && kept(&fine, Field::EnergyKwh));
    }

    #[test]
    fn energy_over_hours_is_a_power() {
        let far = ["Energy consumed: 5000 kWh", "Hardware Type: 1 T4", "Hours used: 2"];
        assert!(!kept(&far, Field::EnergyKwh) && !kept(&far, Field::WallHours));
        // Emissions that fit the energy speak against the hours.
        let hours = ["Energy consumed: 5000 kWh", "Carbon Emitted: 2 t", "Hardware Type: 1 T4", "Hours used: 2"];
        assert!(kept(&hours, Field::EnergyKwh) && !kept(&hours, Field::WallHours));
        let fine = ["Energy consumed: 10 kWh", "Hardware Type: 1 A100 80GB", "Hours used: 20"];
        assert!(kept(&fine, Field::EnergyKwh) && kept(&fine, Field::WallHours));
    }
}
