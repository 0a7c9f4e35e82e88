//! Newtypes for the quantities of the method, so that a watt cannot be passed where a kilowatt-hour is meant.
//!
//! Every type wraps an `f64` in the unit its name states (METHOD.md section 1).

macro_rules! unit {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default)]
        pub struct $name(pub f64);

        impl $name {
            /// The bare number, in the unit of the type.
            #[must_use]
            pub fn get(self) -> f64 {
                self.0
            }
        }
    };
}

unit!(
    /// Model FLOP, forward and backward, a fused multiply-add counted as two, no recomputation (symbol C).
    Flop
);
unit!(
    /// Rate of an accelerator, FLOP per second, dense.
    FlopPerSecond
);
unit!(
    /// Parameters of a model (symbol N).
    Params
);
unit!(
    /// Tokens, or samples, seen in training: data set size times epochs (symbol D).
    Tokens
);
unit!(
    /// Device hours: devices times wall hours (symbol H).
    AcceleratorHours
);
unit!(
    /// Electric power in watts.
    Watts
);
unit!(
    /// Energy in kWh, at the facility meter unless a name says otherwise (symbol E).
    Kwh
);
unit!(
    /// Grid intensity in grams of CO2 equivalent per kWh (symbol I).
    GCo2ePerKwh
);
unit!(
    /// Kilograms of CO2 equivalent (symbol M).
    KgCo2e
);
unit!(
    /// ATCI: grams of CO2 equivalent per PFLOP of training compute.
    GCo2ePerPflop
);

/// FLOP in one PFLOP.
pub const FLOP_PER_PFLOP: f64 = 1e15;
/// Grams in one kilogram.
pub const GRAMS_PER_KG: f64 = 1000.0;
/// Seconds in one hour.
pub const SECONDS_PER_HOUR: f64 = 3600.0;
/// Kilograms in one international avoirdupois pound (exact, NIST SP 811).
pub const KG_PER_POUND: f64 = 0.453_592_37;
