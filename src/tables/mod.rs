//! The schema of every Parquet table, in one place.
//!
//! A table is declared once, by `table!`, as a struct whose fields are its columns; the doc comment of a field is the
//! column's description and is published in the dataset card. Names, types and keys are a contract (DESIGN.md, "Tables").

pub mod cell;
pub mod io;
mod published;
pub mod sort;
mod work;

use arrow::datatypes::Schema;
use std::sync::Arc;

pub use cell::{Day, TimestampMs};
pub use published::*;
pub use work::*;

/// A row type that knows its table.
pub trait Row: Sized + Send {
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
    /// Column names with their descriptions.
    fn columns() -> Vec<(&'static str, &'static str)>;
    /// Reads one row of a batch.
    ///
    /// # Errors
    /// A column is missing or of another type than declared.
    fn read(batch: &arrow::array::RecordBatch, row: usize) -> crate::error::Result<Self>;
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
    fn finish(&mut self) -> crate::error::Result<arrow::array::RecordBatch>;
}

/// Declares a table: struct, Arrow schema, writer and reader.
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
            $($field: <$type as $crate::tables::cell::Cell>::Builder,)+
        }

        impl Default for $builders {
            fn default() -> Self {
                Self { rows: 0, $($field: <$type as $crate::tables::cell::Cell>::builder(),)+ }
            }
        }

        impl $crate::tables::RowBuilders<$row> for $builders {
            fn push(&mut self, row: $row) {
                $(<$type as $crate::tables::cell::Cell>::append(row.$field, &mut self.$field);)+
                self.rows += 1;
            }

            fn len(&self) -> usize {
                self.rows
            }

            fn finish(&mut self) -> $crate::error::Result<arrow::array::RecordBatch> {
                self.rows = 0;
                let columns: Vec<arrow::array::ArrayRef> =
                    vec![$(std::sync::Arc::new(self.$field.finish()),)+];
                Ok(arrow::array::RecordBatch::try_new(<$row as $crate::tables::Row>::schema(), columns)?)
            }
        }

        impl $crate::tables::Row for $row {
            const NAME: &'static str = $name;
            const KEY: &'static [&'static str] = &[$($key),+];
            const ABOUT: &'static str = concat!($($about),+);
            type Builders = $builders;

            fn schema() -> std::sync::Arc<arrow::datatypes::Schema> {
                use $crate::tables::cell::Cell;
                std::sync::Arc::new(arrow::datatypes::Schema::new(vec![$(
                    arrow::datatypes::Field::new(
                        stringify!($field),
                        <$type as Cell>::data_type(),
                        <$type as Cell>::NULLABLE,
                    ),
                )+]))
            }

            fn columns() -> Vec<(&'static str, &'static str)> {
                vec![$((stringify!($field), concat!($($doc),+)),)+]
            }

            fn read(batch: &arrow::array::RecordBatch, row: usize) -> $crate::error::Result<Self> {
                Ok(Self {
                    $($field: batch
                        .column_by_name(stringify!($field))
                        .and_then(|column| <$type as $crate::tables::cell::Cell>::read(column, row))
                        .ok_or_else(|| $crate::error::Error::input(
                            format!("table '{}' lacks column '{}' in the type this version writes", $name, stringify!($field)),
                            concat!($name, ".parquet"),
                            "rebuild it: hugging-carbon run --force",
                        ))?,)+
                })
            }
        }
    };
}
pub(crate) use table;

/// Name, key, description and columns of one table, without its row type.
#[derive(Clone, Debug)]
pub struct TableInfo {
    /// Table name.
    pub name: &'static str,
    /// Key columns.
    pub key: &'static [&'static str],
    /// What a row is.
    pub about: &'static str,
    /// Column names and descriptions.
    pub columns: Vec<(&'static str, &'static str)>,
    /// Arrow schema.
    pub schema: Arc<Schema>,
}

fn info<R: Row>() -> TableInfo {
    TableInfo { name: R::NAME, key: R::KEY, about: R::ABOUT, columns: R::columns(), schema: R::schema() }
}

/// Every table a snapshot holds, in alphabetical order.
#[must_use]
pub fn published() -> Vec<TableInfo> {
    vec![
        info::<AggregateRow>(),
        info::<BacktestRow>(),
        info::<BacktestRunRow>(),
        info::<EstimateRow>(),
        info::<EstimateByTierRow>(),
        info::<EvidenceRow>(),
        info::<LineageRow>(),
        info::<ModelRow>(),
        info::<QuarantineRow>(),
        info::<RegressionCandidateRow>(),
        info::<RegressionObservationRow>(),
        info::<RegressionTermRow>(),
        info::<RegressionRow>(),
        info::<RunRow>(),
        info::<SensitivityRow>(),
    ]
}
