//! Columns of a table as a polars frame, for joins and aggregates over whole tables.
//!
//! Tables are read in one way, by the Parquet reader of `io`; polars gets the columns that a question needs, and nothing is scanned twice
//! by another reader.

use super::io::{open_columns, table_path};
use crate::error::{Error, Result};
use arrow::array::{Array, ArrayRef, AsArray, new_empty_array};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type};
use arrow::record_batch::RecordBatchReader;
use polars::prelude::{
    BooleanChunked, ChunkCompareIneq, Column, DataFrame, DataFrameJoinOps, Float64Chunked, Int32Chunked, Int64Chunked, IntoColumn,
    JoinArgs, JoinType, NewChunkedArray, PlSmallStr, SortMultipleOptions, StringChunked,
};
use std::path::Path;

/// The columns of `<dir>/<table>.parquet`, in the order given.
///
/// # Errors
/// The table is missing or damaged, lacks a column, or a column's type has no frame (lists and dates).
pub fn frame(dir: &Path, table: &str, columns: &[&str]) -> Result<DataFrame> {
    let path = table_path(dir, table);
    let reader = open_columns(&path, columns)?;
    let schema = reader.schema();
    let missing = |name: &str| {
        Error::input(
            format!("no column '{name}'"),
            path.display(),
            "rebuild it: hugging-carbon run --force, with the options of the last run",
        )
    };
    let mut chunks: Vec<Vec<ArrayRef>> = Vec::new();
    for name in columns {
        let field = schema.field_with_name(name).map_err(|_| missing(name))?.clone();
        // A table without rows has its types all the same.
        chunks.push(vec![new_empty_array(field.data_type())]);
    }
    for batch in reader {
        let batch = batch?;
        for (name, chunk) in columns.iter().zip(&mut chunks) {
            chunk.push(batch.column_by_name(name).ok_or_else(|| missing(name))?.clone());
        }
    }
    let series = columns.iter().zip(&chunks).map(|(name, chunk)| column(name, chunk)).collect::<Result<Vec<Column>>>()?;
    let height = series.first().map_or(0, Column::len);
    Ok(DataFrame::new(height, series)?)
}

/// Rows whose value of `column` is above zero.
///
/// # Errors
/// There is no such column of 32-bit integers.
pub fn above_zero(frame: &DataFrame, column: &str) -> Result<DataFrame> {
    let mask = frame.column(column)?.i32()?.gt(0);
    Ok(frame.filter(&mask)?)
}

/// Rows that have a value of `column`, and whose value is none of `key` in `other`.
///
/// # Errors
/// A column is missing, or the two are of different types.
pub fn without_partner(frame: &DataFrame, column: &str, other: &DataFrame, key: &str) -> Result<DataFrame> {
    let filled = frame.filter(&frame.column(column)?.is_not_null())?;
    Ok(filled.join(other, [column], [key], JoinArgs::new(JoinType::Anti), None)?)
}

/// Rows whose value of `column` is one of `key` in `other`.
///
/// # Errors
/// A column is missing, or the two are of different types.
pub fn with_partner(frame: &DataFrame, column: &str, other: &DataFrame, key: &str) -> Result<DataFrame> {
    Ok(frame.join(other, [column], [key], JoinArgs::new(JoinType::Semi), None)?)
}

/// The `n` rows with the largest values of `column`, the largest first; equal ones by `key`.
///
/// # Errors
/// A column is missing.
pub fn largest(frame: &DataFrame, column: &str, key: &str, n: usize) -> Result<DataFrame> {
    let order = SortMultipleOptions::default().with_order_descending_multi([true, false]);
    Ok(frame.sort([column, key], order)?.head(Some(n)))
}

fn column(name: &str, chunks: &[ArrayRef]) -> Result<Column> {
    let name_of = || PlSmallStr::from_str(name);
    macro_rules! gather {
        ($chunked:ty, $read:expr) => {
            <$chunked>::from_iter_options(name_of(), chunks.iter().flat_map($read)).into_column()
        };
    }
    Ok(match chunks.first().map_or(&DataType::Null, |first| first.data_type()) {
        DataType::Utf8 => gather!(StringChunked, |a| a.as_string::<i32>().iter()),
        DataType::Float64 => gather!(Float64Chunked, |a| a.as_primitive::<Float64Type>().iter()),
        DataType::Int64 => gather!(Int64Chunked, |a| a.as_primitive::<Int64Type>().iter()),
        DataType::Int32 => gather!(Int32Chunked, |a| a.as_primitive::<Int32Type>().iter()),
        DataType::Boolean => gather!(BooleanChunked, |a| a.as_boolean().iter()),
        other => return Err(Error::Internal(format!("column '{name}' of type {other} has no frame"))),
    })
}
