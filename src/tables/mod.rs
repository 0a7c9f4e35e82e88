//! The schema of every Parquet table, in one place.
//!
//! A table is declared once, by `table!`, as a struct whose fields are its columns; the doc comment of a field is the
//! column's description and is published in the dataset card, in the
//! field's metadata and in other documents. Names, types and keys are a contract (docs/architecture.md, "Tables").

mod around;
pub mod batches;
mod beside;
mod bounds;
pub mod cell;
mod columns;
mod covariances;
mod file;
pub mod following;
mod footprint;
pub mod frame;
pub mod io;
pub mod lookup;
mod parts;
mod properties;
mod published;
mod readings;
mod roles;
pub mod sort;
mod trend;
mod work;

use crate::error::{Error, Result};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::Schema;
use std::sync::Arc;

pub use crate::units::{Day, TimestampMs};
pub use around::*;
pub(crate) use beside::Ahead;
pub use bounds::*;
pub use cell::TierNumber;
pub use columns::ColumnInfo;
pub use covariances::*;
pub use footprint::*;
pub use parts::*;
pub use published::*;
pub use readings::*;
pub use roles::*;
pub use trend::*;
pub use work::*;

/// A row type that knows its table.
pub trait Row: Sized + Send + 'static {
    /// Table name; the file is `<name>.parquet`.
    const NAME: &'static str;
    /// Columns that make up the key; rows are sorted by them and unique in them.
    const KEY: &'static [&'static str];
    /// One sentence on what a row is.
    const ABOUT: &'static str;
    /// Column builders of a batch under construction.
    type Builders: RowBuilders<Self>;
    /// Arrow schema.
    fn schema() -> Arc<Schema>;
    /// Column descriptions, in the order of the schema.
    fn descriptions() -> Vec<String>;
    /// Reads one row of the columns of the schema, in its order.
    ///
    /// # Errors
    /// A cell holds what this version does not know.
    fn from_columns(columns: &[ArrayRef], row: usize) -> Result<Self>;
}

/// Collects rows into an Arrow batch.
pub trait RowBuilders<R>: Default + Send {
    /// Adds a row.
    fn push(&mut self, row: R);
    /// Rows so far.
    fn len(&self) -> usize;
    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The batch, leaving the builders empty.
    ///
    /// # Errors
    /// Arrow's, if columns disagree in length (a bug).
    fn finish(&mut self) -> Result<RecordBatch>;
}

/// Declares a table: struct, Arrow schema, writer and reader. A field of [`Quantiles`](crate::domain::Quantiles) is four columns.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $name:literal key($($key:literal),+)
        struct $row:ident / $builders:ident {
            $($(#[doc = $doc:literal])+ $field:ident : $type:ty,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $row {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        #[doc = concat!("Column builders of `", $name, "`.")]
        pub struct $builders {
            rows: usize,
            $($field: <$type as $crate::tables::cell::Columns>::Builder,)+
        }

        impl Default for $builders {
            fn default() -> Self {
                Self { rows: 0, $($field: <$type as $crate::tables::cell::Columns>::builder(),)+ }
            }
        }

        impl $crate::tables::RowBuilders<$row> for $builders {
            fn push(&mut self, row: $row) {
                $(<$type as $crate::tables::cell::Columns>::append(row.$field, &mut self.$field);)+
                self.rows += 1;
            }

            fn len(&self) -> usize {
                self.rows
            }

            fn finish(&mut self) -> $crate::error::Result<arrow::array::RecordBatch> {
                self.rows = 0;
                let mut columns: Vec<arrow::array::ArrayRef> = Vec::new();
                $(columns.extend(<$type as $crate::tables::cell::Columns>::finish(&mut self.$field));)+
                Ok(arrow::array::RecordBatch::try_new(<$row as $crate::tables::Row>::schema(), columns)?)
            }
        }

        impl $crate::tables::Row for $row {
            const NAME: &'static str = $name;
            const KEY: &'static [&'static str] = &[$($key),+];
            const ABOUT: &'static str = concat!($($about),+);
            type Builders = $builders;

            fn schema() -> std::sync::Arc<arrow::datatypes::Schema> {
                use $crate::tables::cell::Columns;
                // Asked for with every batch, and always the same.
                static SCHEMA: std::sync::OnceLock<std::sync::Arc<arrow::datatypes::Schema>> = std::sync::OnceLock::new();
                let schema = SCHEMA.get_or_init(|| {
                    let mut fields = Vec::new();
                    $(fields.extend(<$type as Columns>::fields(stringify!($field)));)+
                    std::sync::Arc::new($crate::tables::columns::described($name, fields, &Self::descriptions()))
                });
                std::sync::Arc::clone(schema)
            }

            fn descriptions() -> Vec<String> {
                use $crate::tables::cell::Columns;
                let mut descriptions = Vec::new();
                $(descriptions.extend(<$type as Columns>::describe(concat!($($doc),+)));)+
                descriptions
            }

            fn from_columns(mut columns: &[arrow::array::ArrayRef], row: usize) -> $crate::error::Result<Self> {
                Ok(Self { $($field: $crate::tables::read_field(&mut columns, row, $name, stringify!($field))?,)+ })
            }
        }
    };
}
pub(crate) use table;

/// Reads a field off the front of the columns that are left.
fn read_field<C: cell::Columns>(columns: &mut &[ArrayRef], row: usize, table: &str, column: &str) -> Result<C> {
    let (cells, left) = columns.split_at_checked(C::WIDTH).unwrap_or_default();
    *columns = left;
    C::read(cells, row).ok_or_else(|| unknown_cell(table, column))
}

/// A cell that cannot be read.
fn unknown_cell(table: &str, column: &str) -> Error {
    Error::input(
        format!("table '{table}': column '{column}' holds something that this version does not write"),
        format!("{table}.parquet"),
        "rebuild it: hugging-carbon run --force, with the options of the last run",
    )
}

/// Name, key, description and columns of one table, without its row type.
#[derive(Clone, Debug)]
pub struct TableInfo {
    /// Table name.
    pub name: &'static str,
    /// Key columns.
    pub key: &'static [&'static str],
    /// What a row is.
    pub about: &'static str,
    /// Column descriptions, in the order of the schema.
    pub descriptions: Vec<String>,
    /// Arrow schema.
    pub schema: Arc<Schema>,
}

fn info<R: Row>() -> TableInfo {
    TableInfo { name: R::NAME, key: R::KEY, about: R::ABOUT, descriptions: R::descriptions(), schema: R::schema() }
}

/// Every table a snapshot holds, in alphabetical order.
#[must_use]
pub fn published() -> Vec<TableInfo> {
    vec![
        info::<AggregateRow>(),
        info::<AroundRow>(),
        info::<BacktestRow>(),
        info::<BacktestRunRow>(),
        info::<ComputeBoundRow>(),
        info::<EstimateRow>(),
        info::<EstimateByTierRow>(),
        info::<EvidenceRow>(),
        info::<LineageRow>(),
        info::<ModelFootprintRow>(),
        info::<ModelRow>(),
        info::<QuarantineRow>(),
        info::<RegressionCandidateRow>(),
        info::<RegressionCovarianceRow>(),
        info::<RegressionObservationRow>(),
        info::<RegressionTermRow>(),
        info::<RegressionRow>(),
        info::<RoleReliabilityRow>(),
        info::<RoleScoreRow>(),
        info::<RoleTermRow>(),
        info::<RunRow>(),
        info::<SensitivityRow>(),
        info::<TrendRow>(),
        info::<TrendMonthRow>(),
    ]
}
