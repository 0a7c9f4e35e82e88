//! How one Rust value becomes one Arrow cell and back.
//!
//! The `table!` macro declares a table as a plain struct; this trait is all it needs to know of each field's type.

use crate::domain::role_shares::ROLES;
use crate::domain::{ClosedSet, Quantiles, Role, RoleShares, Term, Tier};
use crate::units::{Day, TimestampMs};
use arrow::array::{
    Array, ArrayBuilder, ArrayRef, AsArray, BooleanBuilder, Date32Builder, Float64Builder, Int32Builder, Int64Builder, ListBuilder,
    StringBuilder, TimestampMillisecondBuilder,
};
use arrow::datatypes::{DataType, Date32Type, Field, Float64Type, Int32Type, Int64Type, TimeUnit, TimestampMillisecondType};
use std::sync::Arc;

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
    /// Name and words of the closed set that the column takes its values from; none where any value may stand.
    fn closed_set() -> Option<(&'static str, Vec<&'static str>)> {
        None
    }
}

fn set_of<S: ClosedSet>() -> Option<(&'static str, Vec<&'static str>)> {
    Some((S::SET, S::ALL.iter().map(|member| member.word()).collect()))
}

/// Most words that a description lists; those of larger sets are listed in the dataset card, each with its meaning.
const MOST_LISTED: usize = 20;

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
// A sum of nothing is -0.0, which is no other number and reads as one.
primitive_cell!(f64, Float64Builder, Float64Type, DataType::Float64, |v: f64| v + 0.0, |v| v);
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

/// The items of the list in a row, in place: a list that is cut out of its column is an array of its own.
fn read_items<C: Cell>(array: &ArrayRef, row: usize) -> Option<Vec<C>> {
    let list = array.as_list_opt::<i32>()?;
    let (offsets, values) = (list.value_offsets(), list.values());
    #[allow(clippy::cast_sign_loss)] // Offsets of Arrow are none below zero.
    let of_row = offsets[row] as usize..offsets[row + 1] as usize;
    let mut items = Vec::with_capacity(of_row.len());
    for item in of_row {
        items.push(C::read(values, item)?);
    }
    Some(items)
}

/// The elements of a list, called as the Parquet format wants it.
fn element(data_type: DataType) -> Arc<Field> {
    Arc::new(Field::new("element", data_type, true))
}

fn list_builder<B: ArrayBuilder + Default>(of: DataType) -> ListBuilder<B> {
    ListBuilder::new(B::default()).with_field(element(of))
}

macro_rules! list_cell {
    ($item:ty, $item_builder:ty, $item_type:expr) => {
        impl Cell for Vec<$item> {
            type Builder = ListBuilder<$item_builder>;
            const NULLABLE: bool = false;
            fn data_type() -> DataType {
                DataType::List(element($item_type))
            }
            fn builder() -> Self::Builder {
                list_builder($item_type)
            }
            fn append(self, builder: &mut Self::Builder) {
                for item in self {
                    builder.values().append_value(item);
                }
                builder.append(true);
            }
            fn read(array: &ArrayRef, row: usize) -> Option<Self> {
                read_items(array, row)
            }
        }
    };
}

/// A list, or none: what an older table lacks.
impl Cell for Option<Vec<i32>> {
    type Builder = ListBuilder<Int32Builder>;
    const NULLABLE: bool = true;
    fn data_type() -> DataType {
        <Vec<i32> as Cell>::data_type()
    }
    fn builder() -> Self::Builder {
        <Vec<i32> as Cell>::builder()
    }
    fn append(self, builder: &mut Self::Builder) {
        let is_there = self.is_some();
        for item in self.unwrap_or_default() {
            builder.values().append_value(item);
        }
        builder.append(is_there);
    }
    fn read(array: &ArrayRef, row: usize) -> Option<Self> {
        array.as_list_opt::<i32>()?;
        if array.is_null(row) { Some(None) } else { <Vec<i32> as Cell>::read(array, row).map(Some) }
    }
}

list_cell!(String, StringBuilder, DataType::Utf8);
list_cell!(i64, Int64Builder, DataType::Int64);
list_cell!(i32, Int32Builder, DataType::Int32);
list_cell!(f64, Float64Builder, DataType::Float64);

// Closed sets: the published word in a text column.
impl<S: ClosedSet> Cell for S {
    type Builder = StringBuilder;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn append(self, builder: &mut Self::Builder) {
        builder.append_value(self.word());
    }
    fn read(array: &ArrayRef, row: usize) -> Option<Self> {
        S::of_word(array.as_string_opt::<i32>()?.value(row))
    }
    fn closed_set() -> Option<(&'static str, Vec<&'static str>)> {
        set_of::<S>()
    }
}

impl<S: ClosedSet> Cell for Option<S> {
    type Builder = StringBuilder;
    const NULLABLE: bool = true;
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn append(self, builder: &mut Self::Builder) {
        builder.append_option(self.map(S::word));
    }
    fn read(array: &ArrayRef, row: usize) -> Option<Self> {
        let column = array.as_string_opt::<i32>()?;
        if column.is_null(row) { Some(None) } else { S::of_word(column.value(row)).map(Some) }
    }
    fn closed_set() -> Option<(&'static str, Vec<&'static str>)> {
        set_of::<S>()
    }
}

impl<S: ClosedSet> Cell for Vec<S> {
    type Builder = ListBuilder<StringBuilder>;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        <Vec<String> as Cell>::data_type()
    }
    fn builder() -> Self::Builder {
        <Vec<String> as Cell>::builder()
    }
    fn append(self, builder: &mut Self::Builder) {
        for item in self {
            builder.values().append_value(item.word());
        }
        builder.append(true);
    }
    fn read(array: &ArrayRef, row: usize) -> Option<Self> {
        read_items(array, row)
    }
    fn closed_set() -> Option<(&'static str, Vec<&'static str>)> {
        set_of::<S>()
    }
}

impl Cell for Vec<TierNumber> {
    type Builder = ListBuilder<Int32Builder>;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        <Vec<i32> as Cell>::data_type()
    }
    fn builder() -> Self::Builder {
        <Vec<i32> as Cell>::builder()
    }
    fn append(self, builder: &mut Self::Builder) {
        Cell::append(self.into_iter().map(|tier| tier.0.number()).collect::<Vec<i32>>(), builder);
    }
    fn read(array: &ArrayRef, row: usize) -> Option<Self> {
        let numbers = <Vec<i32> as Cell>::read(array, row)?;
        numbers.into_iter().map(|number| Tier::from_number(number).map(TierNumber)).collect()
    }
}

/// A tier by its published number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TierNumber(pub Tier);

impl Cell for TierNumber {
    type Builder = Int32Builder;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        DataType::Int32
    }
    fn append(self, builder: &mut Self::Builder) {
        builder.append_value(self.0.number());
    }
    fn read(array: &ArrayRef, row: usize) -> Option<Self> {
        Tier::from_number(array.as_primitive_opt::<Int32Type>()?.value(row)).map(Self)
    }
}

impl Cell for Term {
    type Builder = StringBuilder;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        DataType::Utf8
    }
    fn append(self, builder: &mut Self::Builder) {
        builder.append_value(self.name());
    }
    fn read(array: &ArrayRef, row: usize) -> Option<Self> {
        Self::parse(array.as_string_opt::<i32>()?.value(row))
    }
}

impl Cell for Vec<Term> {
    type Builder = ListBuilder<StringBuilder>;
    const NULLABLE: bool = false;
    fn data_type() -> DataType {
        <Vec<String> as Cell>::data_type()
    }
    fn builder() -> Self::Builder {
        <Vec<String> as Cell>::builder()
    }
    fn append(self, builder: &mut Self::Builder) {
        Cell::append(self.into_iter().map(Term::name).collect::<Vec<String>>(), builder);
    }
    fn read(array: &ArrayRef, row: usize) -> Option<Self> {
        let words = <Vec<String> as Cell>::read(array, row)?;
        words.iter().map(|word| Term::parse(word)).collect()
    }
}

/// A value that takes one column or several.
pub trait Columns: Sized {
    /// Builders of the columns.
    type Builder: Send;
    /// How many columns.
    const WIDTH: usize;
    /// Names and Arrow types of the columns of a field.
    fn fields(name: &str) -> Vec<Field>;
    /// Descriptions of the columns of a field.
    fn describe(about: &str) -> Vec<String>;
    /// Empty builders.
    fn builder() -> Self::Builder;
    /// Appends the value.
    fn append(self, builder: &mut Self::Builder);
    /// The arrays, leaving the builders empty.
    fn finish(builder: &mut Self::Builder) -> Vec<ArrayRef>;
    /// Reads row `row` of the value's columns; `None` when one cannot be read.
    fn read(columns: &[ArrayRef], row: usize) -> Option<Self>;
}

impl<C: Cell> Columns for C {
    type Builder = C::Builder;
    const WIDTH: usize = 1;
    fn fields(name: &str) -> Vec<Field> {
        vec![Field::new(name, C::data_type(), C::NULLABLE)]
    }
    fn describe(about: &str) -> Vec<String> {
        let about = about.trim();
        vec![match C::closed_set() {
            // A column that has only some of the words lists them itself.
            Some(_) if about.contains("One of: ") => about.to_owned(),
            None => about.to_owned(),
            Some((_, words)) if words.len() <= MOST_LISTED => format!("{about} One of: {}.", words.join(", ")),
            Some((set, _)) => format!("{about} One of the words of '{set}' in the dataset card (README.md)."),
        }]
    }
    fn builder() -> Self::Builder {
        <C as Cell>::builder()
    }
    fn append(self, builder: &mut Self::Builder) {
        Cell::append(self, builder);
    }
    fn finish(builder: &mut Self::Builder) -> Vec<ArrayRef> {
        vec![builder.finish()]
    }
    fn read(columns: &[ArrayRef], row: usize) -> Option<Self> {
        <C as Cell>::read(columns.first()?, row)
    }
}

macro_rules! quantile_columns {
    ($type:ty, $part:ty, $split:expr, $join:expr) => {
        impl Columns for $type {
            type Builder = [Float64Builder; 4];
            const WIDTH: usize = 4;
            fn fields(name: &str) -> Vec<Field> {
                Quantiles::PARTS
                    .iter()
                    .map(|(suffix, _)| Field::new(format!("{name}_{suffix}"), DataType::Float64, <$part as Cell>::NULLABLE))
                    .collect()
            }
            fn describe(about: &str) -> Vec<String> {
                let about = about.trim().trim_end_matches('.');
                // In front, because what a quantity is may take several sentences.
                Quantiles::PARTS
                    .iter()
                    .map(|(_, meaning)| format!("{}{}: {about}.", meaning[..1].to_uppercase(), &meaning[1..]))
                    .collect()
            }
            fn builder() -> Self::Builder {
                Default::default()
            }
            fn append(self, builder: &mut Self::Builder) {
                for (part, builder) in $split(self).into_iter().zip(builder) {
                    Cell::append(part, builder);
                }
            }
            fn finish(builder: &mut Self::Builder) -> Vec<ArrayRef> {
                builder.iter_mut().map(|part| Arc::new(part.finish()) as ArrayRef).collect()
            }
            fn read(columns: &[ArrayRef], row: usize) -> Option<Self> {
                let [p05, p50, p95, mean] = columns else { return None };
                let part = |column| <$part as Cell>::read(column, row);
                Some($join([part(p05)?, part(p50)?, part(p95)?, part(mean)?]))
            }
        }
    };
}

quantile_columns!(Quantiles, f64, Quantiles::values, Quantiles::from_values);
quantile_columns!(Option<Quantiles>, Option<f64>, split_or_nulls, all_or_none);

impl Columns for RoleShares {
    type Builder = [Float64Builder; ROLES];
    const WIDTH: usize = ROLES;
    fn fields(name: &str) -> Vec<Field> {
        Role::ALL.iter().map(|role| Field::new(format!("{name}_{role}"), DataType::Float64, false)).collect()
    }
    fn describe(about: &str) -> Vec<String> {
        let about = about.trim().trim_end_matches('.');
        Role::ALL.iter().map(|role| format!("{about}: {role}.")).collect()
    }
    fn builder() -> Self::Builder {
        Default::default()
    }
    fn append(self, builder: &mut Self::Builder) {
        for (p, builder) in self.values().iter().zip(builder) {
            builder.append_value(*p);
        }
    }
    fn finish(builder: &mut Self::Builder) -> Vec<ArrayRef> {
        builder.iter_mut().map(|part| Arc::new(part.finish()) as ArrayRef).collect()
    }
    fn read(columns: &[ArrayRef], row: usize) -> Option<Self> {
        let values: Option<Vec<f64>> = columns.iter().map(|column| <f64 as Cell>::read(column, row)).collect();
        Self::from_weights(&values?)
    }
}

fn split_or_nulls(quantiles: Option<Quantiles>) -> [Option<f64>; 4] {
    quantiles.map_or([None; 4], |q| q.values().map(Some))
}

fn all_or_none([p05, p50, p95, mean]: [Option<f64>; 4]) -> Option<Quantiles> {
    Some(Quantiles { p05: p05?, p50: p50?, p95: p95?, mean: mean? })
}
