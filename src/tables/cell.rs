//! How one Rust value becomes one Arrow cell and back.
//!
//! The `table!` macro declares a table as a plain struct; this trait is all it needs to know of each field's type.

use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, BooleanBuilder, Date32Builder, Float64Builder, Int32Builder, Int64Builder, ListBuilder,
    StringBuilder, TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Date32Type, Field, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMillisecondType};
use std::sync::Arc;

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

/// A value that can stand in a table cell.
pub trait Cell: Sized {
    /// The Arrow builder of the column.
    type Builder: ArrayBuilder + Default;
    /// Whether the column may hold nulls.
    const NULLABLE: bool;
    /// Arrow type of the column.
    fn data_type() -> DataType;
    /// A builder whose arrays have exactly `data_type`.
    fn builder() -> Self::Builder {
        Self::Builder::default()
    }
    /// Appends the value.
    fn append(self, builder: &mut Self::Builder);
    /// Reads row `row`; `None` when the column has another type than declared.
    fn read(array: &ArrayRef, row: usize) -> Option<Self>;
}

macro_rules! primitive_cell {
    ($rust:ty, $builder:ty, $arrow:ty, $data_type:expr, $into:expr, $from:expr) => {
        impl Cell for $rust {
            type Builder = $builder;
            const NULLABLE: bool = false;
            fn data_type() -> DataType {
                $data_type
            }
            fn append(self, builder: &mut Self::Builder) {
                builder.append_value($into(self));
            }
            fn read(array: &ArrayRef, row: usize) -> Option<Self> {
                Some($from(array.as_primitive_opt::<$arrow>()?.value(row)))
            }
        }
        impl Cell for Option<$rust> {
            type Builder = $builder;
            const NULLABLE: bool = true;
            fn data_type() -> DataType {
                $data_type
            }
            fn append(self, builder: &mut Self::Builder) {
                builder.append_option(self.map($into));
            }
            fn read(array: &ArrayRef, row: usize) -> Option<Self> {
                let column = array.as_primitive_opt::<$arrow>()?;
                Some(column.is_valid(row).then(|| $from(column.value(row))))
            }
        }
    };
}

primitive_cell!(i64, Int64Builder, Int64Type, DataType::Int64, |v| v, |v| v);
primitive_cell!(i32, Int32Builder, Int32Type, DataType::Int32, |v| v, |v| v);
primitive_cell!(f64, Float64Builder, Float64Type, DataType::Float64, |v| v, |v| v);
primitive_cell!(Day, Date32Builder, Date32Type, DataType::Date32, |v: Day| v.0, Day);

fn utc_millis() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

impl Cell for Option<TimestampMs> {
    type Builder = TimestampMillisecondBuilder;
    const NULLABLE: bool = true;
    fn data_type() -> DataType {
        utc_millis()
    }
    fn builder() -> Self::Builder {
        TimestampMillisecondBuilder::new().with_data_type(utc_millis())
    }
    fn append(self, builder: &mut Self::Builder) {
        builder.append_option(self.map(|t| t.0));
    }
    fn read(array: &ArrayRef, row: usize) -> Option<Self> {
        let column = array.as_primitive_opt::<TimestampMillisecondType>()?;
        Some(column.is_valid(row).then(|| TimestampMs(column.value(row))))
    }
}

macro_rules! boolean_cell {
    ($rust:ty, $nullable:expr, $append:ident, $read:expr) => {
        impl Cell for $rust {
            type Builder = BooleanBuilder;
            const NULLABLE: bool = $nullable;
            fn data_type() -> DataType {
                DataType::Boolean
            }
            fn append(self, builder: &mut Self::Builder) {
                builder.$append(self);
            }
            fn read(array: &ArrayRef, row: usize) -> Option<Self> {
                Some($read(array.as_boolean_opt()?, row))
            }
        }
    };
}

boolean_cell!(bool, false, append_value, |a: &arrow::array::BooleanArray, row| a.value(row));
boolean_cell!(Option<bool>, true, append_option, |a: &arrow::array::BooleanArray, row| a.is_valid(row).then(|| a.value(row)));

macro_rules! string_cell {
    ($rust:ty, $nullable:expr, $append:ident, $read:expr) => {
        impl Cell for $rust {
            type Builder = StringBuilder;
            const NULLABLE: bool = $nullable;
            fn data_type() -> DataType {
                DataType::Utf8
            }
            fn append(self, builder: &mut Self::Builder) {
                builder.$append(self);
            }
            fn read(array: &ArrayRef, row: usize) -> Option<Self> {
                Some($read(array.as_string_opt::<i32>()?, row))
            }
        }
    };
}

string_cell!(String, false, append_value, |a: &arrow::array::StringArray, row| a.value(row).to_owned());
string_cell!(Option<String>, true, append_option, |a: &arrow::array::StringArray, row| a
    .is_valid(row)
    .then(|| a.value(row).to_owned()));

macro_rules! list_cell {
    ($item:ty, $item_builder:ty, $item_type:expr) => {
        impl Cell for Vec<$item> {
            type Builder = ListBuilder<$item_builder>;
            const NULLABLE: bool = false;
            fn data_type() -> DataType {
                DataType::List(Arc::new(Field::new("item", $item_type, true)))
            }
            fn append(self, builder: &mut Self::Builder) {
                for item in self {
                    builder.values().append_value(item);
                }
                builder.append(true);
            }
            fn read(array: &ArrayRef, row: usize) -> Option<Self> {
                let values = array.as_list_opt::<i32>()?.value(row);
                (0..values.len()).map(|i| <$item>::read(&values, i)).collect()
            }
        }
    };
}

list_cell!(String, StringBuilder, DataType::Utf8);
list_cell!(i64, Int64Builder, DataType::Int64);
list_cell!(i32, Int32Builder, DataType::Int32);
list_cell!(f64, Float64Builder, DataType::Float64);
