//! The physical chain of docs/method.md, section 4, one small function per formula.

use crate::units::{
    AcceleratorHours, FLOP_PER_PFLOP, Flop, FlopPerSecond, GCo2ePerKwh, GCo2ePerPflop, GRAMS_PER_KG, KgCo2e, Kwh, Params,
    SECONDS_PER_HOUR, Tokens, Watts,
};

/// FLOP per parameter and token of full training: 2 forward, 4 backward (Kaplan et al. 2020, arXiv 2001.08361, section 2.1).
pub const FLOP_PER_PARAM_TOKEN: f64 = 6.0;
/// Its common logarithm, log10 6.
pub const LOG10_FLOP_PER_PARAM_TOKEN: f64 = 0.778_151_250_383_643_6;
/// FLOP per base parameter and token of adapter training: no weight gradients for frozen weights (docs/method.md, section 4).
pub const FLOP_PER_FROZEN_PARAM_TOKEN: f64 = 4.0;

/// Forward passes that a training step is worth: one forward, two backward.
pub const FORWARD_PASSES_OF_A_STEP: f64 = 3.0;

/// C = 6 N D.
#[must_use]
pub fn training_flop(active: Params, tokens: Tokens) -> Flop {
    Flop(FLOP_PER_PARAM_TOKEN * active.0 * tokens.0)
}

/// C = 4 N D, for adapters on frozen weights.
#[must_use]
pub fn adapter_flop(active: Params, tokens: Tokens) -> Flop {
    Flop(FLOP_PER_FROZEN_PARAM_TOKEN * active.0 * tokens.0)
}

/// C = 3 F S: forward pass of a sample, and a backward pass of twice the work (Kaplan et al. 2020, arXiv 2001.08361, section 2.1), over
/// all samples seen.
#[must_use]
pub fn sample_training_flop(forward: Flop, samples: f64) -> Flop {
    Flop(FORWARD_PASSES_OF_A_STEP * forward.0 * samples)
}

/// H = C / (peak x MFU x 3600); `peak` is the dense rate at training precision.
#[must_use]
pub fn accelerator_hours(compute: Flop, peak: FlopPerSecond, mfu: f64) -> AcceleratorHours {
    AcceleratorHours(compute.0 / (peak.0 * mfu * SECONDS_PER_HOUR))
}

/// Power of one accelerator with its share of the host: P = TDP x ratio.
#[must_use]
pub fn node_power(tdp: Watts, power_ratio: f64) -> Watts {
    Watts(tdp.0 * power_ratio)
}

/// E = H P PUE / 1000.
#[must_use]
pub fn facility_energy(hours: AcceleratorHours, power: Watts, pue: f64) -> Kwh {
    Kwh(hours.0 * power.0 * pue / 1000.0)
}

/// M = E I / 1000.
#[must_use]
pub fn emissions(energy: Kwh, grid: GCo2ePerKwh) -> KgCo2e {
    KgCo2e(energy.0 * grid.0 / GRAMS_PER_KG)
}

/// E = 1000 M / I: the energy that a reported emission implies on a grid.
#[must_use]
pub fn implied_energy(emissions: KgCo2e, grid: GCo2ePerKwh) -> Kwh {
    Kwh(emissions.0 * GRAMS_PER_KG / grid.0)
}

/// H = 1000 E / (P PUE): the device hours that a facility energy implies.
#[must_use]
pub fn implied_hours(energy: Kwh, power: Watts, pue: f64) -> AcceleratorHours {
    AcceleratorHours(energy.0 * 1000.0 / (power.0 * pue))
}

/// C = H x peak x MFU x 3600: the compute that device hours imply.
#[must_use]
pub fn implied_flop(hours: AcceleratorHours, peak: FlopPerSecond, mfu: f64) -> Flop {
    Flop(hours.0 * peak.0 * mfu * SECONDS_PER_HOUR)
}

/// ATCI = M / C in g per PFLOP.
#[must_use]
pub fn atci(emissions: KgCo2e, compute: Flop) -> GCo2ePerPflop {
    GCo2ePerPflop(emissions.0 * GRAMS_PER_KG / (compute.0 / FLOP_PER_PFLOP))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, published: f64, relative: f64) {
        assert!((got / published - 1.0).abs() < relative, "{got} against published {published}");
    }

    /// Brown et al. 2020 (arXiv 2005.14165), table D.1: GPT-3 175B, 300 B tokens, 3.14e23 FLOP (N = 174.6 B in the table).
    #[test]
    fn gpt3_compute() {
        close(training_flop(Params(174.6e9), Tokens(300e9)).0, 3.14e23, 0.005);
    }

    /// Patterson et al. 2021 (arXiv 2104.10350), table 4, GPT-3: 3.14e23 FLOP at 24.6 TFLOP/s on V100 = 10,000 chips for
    /// 14.8 days; 330 W a chip, PUE 1.10, 1,287 MWh; 429 g/kWh, 552.1 t.
    #[test]
    fn gpt3_energy_and_emissions() {
        let hours = accelerator_hours(Flop(3.14e23), FlopPerSecond(125e12), 24.6 / 125.0);
        close(hours.0, 10_000.0 * 14.8 * 24.0, 0.01);
        let energy = facility_energy(hours, node_power(Watts(300.0), 1.1), 1.10);
        close(energy.0, 1_287_000.0, 0.01);
        close(emissions(Kwh(1_287_000.0), GCo2ePerKwh(429.0)).0, 552_100.0, 0.001);
        // 552.1 t over 3.14e23 FLOP: 5.521e8 g over 3.14e8 PFLOP.
        close(atci(KgCo2e(552_100.0), Flop(3.14e23)).0, 1.758, 0.001);
    }

    /// The same row backwards: 1,287 MWh at 330 W and PUE 1.10 is 3.55 million V100 hours, 3.14e23 FLOP at 24.6 TFLOP/s.
    #[test]
    fn gpt3_backwards() {
        let hours = implied_hours(Kwh(1_287_000.0), Watts(330.0), 1.10);
        close(hours.0, 10_000.0 * 14.8 * 24.0, 0.01);
        close(implied_flop(hours, FlopPerSecond(125e12), 24.6 / 125.0).0, 3.14e23, 0.01);
    }

    /// Patterson et al. 2021, table 4, T5: 512 TPU v3 for 20 days, 310 W, PUE 1.12, 85.7 MWh; 545 g/kWh, 46.7 t.
    #[test]
    fn t5_energy_and_emissions() {
        let energy = facility_energy(AcceleratorHours(512.0 * 20.0 * 24.0), Watts(310.0), 1.12);
        close(energy.0, 85_700.0, 0.005);
        close(emissions(energy, GCo2ePerKwh(545.0)).0, 46_700.0, 0.005);
        close(implied_energy(KgCo2e(46_700.0), GCo2ePerKwh(545.0)).0, 85_700.0, 0.001);
    }

    /// Patterson et al. 2021, table 4. GShard-600B: 1,024 TPU v3 for 3.1 days, 288 W, PUE 1.09, 24.1 MWh; 177 g/kWh, 4.3 t. Switch
    /// Transformer: 1,024 TPU v3 for 27 days, 245 W, PUE 1.10, 179 MWh; 330 g/kWh, 59.1 t.
    #[test]
    fn gshard_and_switch_energy_and_emissions() {
        let gshard = facility_energy(AcceleratorHours(1024.0 * 3.1 * 24.0), Watts(288.0), 1.09);
        close(gshard.0, 24_100.0, 0.015);
        close(emissions(Kwh(24_100.0), GCo2ePerKwh(177.0)).0, 4_300.0, 0.015);
        let switch = facility_energy(AcceleratorHours(1024.0 * 27.0 * 24.0), Watts(245.0), 1.10);
        close(switch.0, 179_000.0, 0.005);
        close(emissions(switch, GCo2ePerKwh(330.0)).0, 59_100.0, 0.005);
    }

    /// Luccioni et al. 2022 (arXiv 2211.02001), section 4.2, BLOOM: 1,082,990 A100 hours at 400 W are 433,196 kWh; at 57 g/kWh 24.69 t.
    #[test]
    fn bloom_dynamic_energy_and_emissions() {
        let energy = facility_energy(AcceleratorHours(1_082_990.0), node_power(Watts(400.0), 1.0), 1.0);
        close(energy.0, 433_196.0, 1e-5);
        close(emissions(energy, GCo2ePerKwh(57.0)).0, 24_690.0, 0.001);
    }

    /// Groeneveld et al. 2024 (arXiv 2402.00838), OLMo 7B on A100-40GB: 104 MWh of GPUs, PUE 1.1, 610 g/kWh, 70 t.
    #[test]
    fn olmo_7b_emissions() {
        let facility = Kwh(104_000.0 * 1.1);
        close(emissions(facility, GCo2ePerKwh(610.0)).0, 70_000.0, 0.005);
    }

    /// Llama 2 model card: 70B took 1,720,320 A100 GPU-hours at 400 W, 291.42 t; the card's arithmetic has no PUE and implies
    /// 423.5 g/kWh.
    #[test]
    fn llama2_70b_card() {
        let energy = facility_energy(AcceleratorHours(1_720_320.0), Watts(400.0), 1.0);
        close(emissions(energy, GCo2ePerKwh(423.5)).0, 291_420.0, 0.001);
    }

    #[test]
    fn an_adapter_costs_two_thirds_of_full_training() {
        let (n, d) = (Params(7e9), Tokens(1e8));
        close(adapter_flop(n, d).0 * 1.5, training_flop(n, d).0, 1e-12);
    }
}
