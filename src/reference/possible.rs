//! What chips can do and draw at most, and grids have: beyond it a stated figure is not that of a training.

use super::{Accelerator, Accelerators};

/// FP8 doubles the peak of the table, which no training reaches.
pub const MOST_OF_PEAK: f64 = 2.0;
/// Watts of a host beside one device at most: a DGX A100 draws up to 6,500 W, of which its eight GPUs may draw 400 each (NVIDIA, system
/// specifications). A DGX-1 leaves 137 to each (3,500 W, eight of 300), a DGX H100 575 (10,200 W, eight of 700); who has one small device
/// has no larger host than a share of such a box.
const HOST_W: f64 = (6_500.0 - 8.0 * 400.0) / 8.0;
/// Shares of the rated power that a device with its host can draw, from idling to a host as large as two devices.
pub const POWER_SHARES: (f64, f64) = (0.02, 3.0);
/// Watts of one device at most; a wafer draws ten times as much.
const MOST_OF_A_DEVICE: f64 = 3000.0;
/// Grams per kWh: below the cleanest grid, above the dirtiest.
pub const GRID_GCO2E_PER_KWH: (f64, f64) = (1.0, 1500.0);
/// Energy that no training has taken: several times the largest published, 310 GWh of Grok 4 (Epoch AI, 2025).
pub const MOST_ENERGY_KWH: f64 = 2e9;
/// Emissions that no training had: several times the largest published, 0.15 Mt of Grok 4 (Epoch AI, 2025).
pub const MOST_EMISSIONS_KGCO2E: f64 = 1e9;

/// FLOP per second at the highest rate the table has of a chip.
#[must_use]
pub fn peak(chip: &Accelerator) -> Option<f64> {
    [chip.bf16_tflops, chip.fp16_tflops, chip.fp32_tflops].into_iter().flatten().reduce(f64::max).map(|tflops| tflops * 1e12)
}

/// The largest figure of some chips; none where one of them has none, which leaves open what it can do.
pub fn most<T: Fn(&Accelerator) -> Option<f64>>(chips: &[&Accelerator], of: T) -> Option<f64> {
    let all: Option<Vec<f64>> = chips.iter().map(|chip| of(chip)).collect();
    all?.into_iter().reduce(f64::max)
}

/// FLOP per second of the fastest chip of the table.
#[must_use]
pub fn most_of_any_chip(accelerators: &Accelerators) -> f64 {
    accelerators.rows().iter().filter_map(peak).fold(0.0, f64::max)
}

/// Peak rate of some chips, FLOP per second. One that the table does not know does no more than the best of those it knows; wafers are
/// never called anything else.
#[must_use]
pub fn most_rate(chips: &[&Accelerator], accelerators: &Accelerators) -> f64 {
    if chips.is_empty() {
        let is_device = |chip: &&Accelerator| chip.tdp_w.is_none_or(|watts| watts <= MOST_OF_A_DEVICE);
        accelerators.rows().iter().filter(is_device).filter_map(peak).fold(0.0, f64::max)
    } else {
        most(chips, peak).unwrap_or_else(|| most_of_any_chip(accelerators))
    }
}

/// Devices that one training has at most: the largest had 200,000 (xAI, Colossus, 2025); of chips for desks and not for halls nobody puts
/// more than a thousand together.
#[must_use]
pub fn most_devices(chips: &[&Accelerator]) -> f64 {
    let for_desks = !chips.is_empty() && chips.iter().all(|chip| matches!(chip.class.as_str(), "workstation" | "consumer"));
    if for_desks { 1_000.0 } else { 200_000.0 }
}

/// Whether one of some chips with its share of the host can draw a power; none where the rating of one is not known.
#[must_use]
pub fn can_draw(chips: &[&Accelerator], watts: f64) -> Option<bool> {
    let most = most(chips, |chip| chip.tdp_w)?;
    let highest = (most * POWER_SHARES.1).max(most + HOST_W);
    Some((most * POWER_SHARES.0..=highest).contains(&watts))
}

/// FLOP per joule that no chip of the table reaches: the best peak over rated power, at twice the peak.
#[must_use]
pub fn most_flop_per_joule(accelerators: &Accelerators) -> f64 {
    let rated = accelerators.rows().iter().filter_map(|chip| Some(peak(chip)? / chip.tdp_w?));
    rated.fold(0.0, f64::max) * MOST_OF_PEAK
}
