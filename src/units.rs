//! Newtypes for the quantities of the method, so that a watt cannot be passed where a kilowatt-hour is meant.
//!
//! Every quantity wraps an `f64` in the unit its name states (docs/method.md, section 1); dates and instants count from 1970.

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

/// A calendar date as days since 1970-01-01 (Arrow Date32).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i32);

impl Day {
    /// The date of a civil year, month and day, if it exists.
    #[must_use]
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        Self::from_civil(date)
    }

    /// Days since the epoch of a civil date.
    #[must_use]
    pub fn from_civil(date: jiff::civil::Date) -> Option<Self> {
        let span = date.since((jiff::Unit::Day, jiff::civil::date(1970, 1, 1))).ok()?;
        Some(Self(span.get_days()))
    }

    /// Parses `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::from_civil(text.trim().parse().ok()?)
    }

    /// The civil date.
    #[must_use]
    pub fn to_civil(self) -> jiff::civil::Date {
        jiff::civil::date(1970, 1, 1).saturating_add(jiff::Span::new().days(i64::from(self.0).clamp(-700_000, 2_900_000)))
    }

    /// Calendar year.
    #[must_use]
    pub fn year(self) -> i32 {
        i32::from(self.to_civil().year())
    }

    /// Years since 2022-01-01 as a decimal, the time axis of the regressions (365.25 days a year).
    #[must_use]
    pub fn years_since_2022(self) -> f64 {
        // 18,993 days lie between 1970-01-01 and 2022-01-01.
        (f64::from(self.0) - 18_993.0) / 365.25
    }
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.to_civil())
    }
}

/// An instant as milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimestampMs(pub i64);

impl TimestampMs {
    /// The UTC day of the instant.
    #[must_use]
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(86_400_000)).unwrap_or(i32::MAX))
    }
}
