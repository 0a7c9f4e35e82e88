//! How every Parquet file is written: what is fixed, so that the same rows have the same bytes.

use crate::error::{Error, Result};
use arrow::datatypes::{DataType, Schema};
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::SortingColumn;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;

/// Rows of a row group. Fixed, because the bytes of a table must not depend on memory or threads.
pub const ROW_GROUP_ROWS: usize = 131_072;
/// Most rows of a page. Who asks for a model by its key reads a page of each column and not the whole group.
const PAGE_ROWS: usize = 8_192;
/// Version of what Parquet files hold beside their rows; raised when the same rows get other bytes. Part of every fingerprint.
///
/// 2: fields have metadata (description, unit, source). 3: numbers with a fraction have no dictionary. 4: the order of rows is noted, keys have an
/// index of pages, and elements of lists are called `element`, as the format wants it.
pub const TABLE_FORMAT: u32 = 4;

/// Properties of every Parquet file: zstd 3, fixed row groups and pages, a creator that names the format and not the build. Estimates differ from
/// row to row: a dictionary of them costs a look-up each, and makes the file a fifth larger. Only keys have statistics by page: rows are sorted by
/// them, so that these alone tell pages apart.
pub(super) fn writer_properties(schema: &Schema, key: &[&str]) -> Result<WriterProperties> {
    let level = ZstdLevel::try_new(3).map_err(|e| Error::Internal(format!("zstd level: {e}")))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_data_page_row_count_limit(PAGE_ROWS)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_sorting_columns(sorting_columns(schema, key)?)
        .set_created_by(format!("hugging-carbon table format {TABLE_FORMAT}"));
    let path = |name: &str| ColumnPath::new(vec![name.to_owned()]);
    let numbers = schema.fields().iter().filter(|field| *field.data_type() == DataType::Float64);
    let without_dictionary =
        |properties: WriterPropertiesBuilder, name: &str| properties.set_column_dictionary_enabled(path(name), false);
    let with_pages = |properties: WriterPropertiesBuilder, name: &&str| {
        properties.set_column_statistics_enabled(path(name), EnabledStatistics::Page)
    };
    let properties = numbers.fold(properties, |properties, field| without_dictionary(properties, field.name()));
    Ok(key.iter().fold(properties, with_pages).build())
}

/// The order of the rows: by the columns of the key, from the least. A column is one leaf, a list too, so that it has the number of its field.
fn sorting_columns(schema: &Schema, key: &[&str]) -> Result<Option<Vec<SortingColumn>>> {
    let column = |name: &&str| {
        let at = schema.index_of(name).ok().and_then(|at| i32::try_from(at).ok());
        let column_idx = at.ok_or_else(|| Error::Internal(format!("the key's column '{name}' is not in the table")))?;
        Ok(SortingColumn { column_idx, descending: false, nulls_first: false })
    };
    let columns = key.iter().map(column).collect::<Result<Vec<_>>>()?;
    Ok((!columns.is_empty()).then_some(columns))
}

#[cfg(test)]
mod tests {
    use crate::tables::io::BatchWriter;
    use crate::tables::{Row, RowBuilders, RunRow};
    use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions};

    /// Regression: rows were sorted and nothing said so, and who asked for one model read a whole group of 131,072 rows.
    #[test]
    fn the_order_and_the_pages_of_the_key_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("runs.parquet");
        let mut writer = BatchWriter::create(&path, RunRow::schema(), RunRow::KEY).unwrap();
        let mut builders = <RunRow as Row>::Builders::default();
        for i in 0..20_000 {
            builders.push(RunRow {
                run_id: format!("{i:06}"),
                model_id: "a/b".to_owned(),
                kind: crate::domain::RunKind::Adapter,
                parent_run_id: None,
                member_count: 1,
                group_rule: crate::domain::Rule::ALL[0],
            });
        }
        writer.write(&builders.finish().unwrap()).unwrap();
        writer.finish().unwrap();
        let file = std::fs::File::open(&path).unwrap();
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new()).unwrap().metadata().clone();
        let sorted = metadata.row_group(0).sorting_columns().unwrap();
        assert_eq!(sorted.iter().map(|column| (column.column_idx, column.descending)).collect::<Vec<_>>(), [(0, false)]);
        let [key, other] = [0, 1].map(|at| metadata.row_group(0).column(at));
        assert!(key.column_index_offset().is_some() && key.offset_index_offset().is_some());
        assert!(other.column_index_offset().is_none() && other.offset_index_offset().is_some());
    }
}
