//! Tables whose files alone do not tell which rows are theirs: Iceberg and Hudi keep that beside them. Files that the table gave up lie there
//! until somebody removes them, so that what reads all of them brings rows back.

use crate::error::{Error, Result};
use fs_err as fs;
use std::path::Path;

/// Refuses a directory that Iceberg or Hudi keeps.
///
/// # Errors
/// It is one.
pub(super) fn refuse_lakes(dir: &Path) -> Result<()> {
    let refuse = |what: &str, remedy: &str| {
        let what = format!("the directory is {what} table: which of its files are still part of it is not read");
        Err(Error::input(what, dir.display(), remedy))
    };
    if dir.join(".hoodie").is_dir() {
        return refuse("a Hudi", "write the table out as plain Parquet: spark.read.format(\"hudi\").load(DIR).write.parquet(OUT)");
    }
    if is_iceberg(&dir.join("metadata")) {
        return refuse(
            "an Iceberg",
            "write the table out as plain Parquet: duckdb -c \"install iceberg; load iceberg; copy (from iceberg_scan('DIR')) to \
             'models.parquet'\", or spark.table(NAME).write.parquet(OUT)",
        );
    }
    Ok(())
}

/// Whether a directory holds the metadata of an Iceberg table.
fn is_iceberg(metadata: &Path) -> bool {
    let Ok(entries) = fs::read_dir(metadata) else { return false };
    entries.flatten().any(|entry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        name.ends_with(".metadata.json") || name == "version-hint.text"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: files that a table no longer holds were read, and their rows came back.
    #[test]
    fn tables_of_iceberg_and_hudi_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        for name in ["a/metadata", "b/.hoodie", "c/metadata"] {
            std::fs::create_dir_all(path(name)).unwrap();
        }
        std::fs::write(path("a/metadata/v2.metadata.json"), "{}").unwrap();
        std::fs::write(path("c/metadata/notes.json"), "{}").unwrap();
        let said = |name: &str| refuse_lakes(&path(name)).map_err(|e| e.to_string());
        assert!(said("a").unwrap_err().contains("iceberg_scan") && said("b").unwrap_err().contains("hudi"));
        assert_eq!(said("c"), Ok(()));
    }
}
