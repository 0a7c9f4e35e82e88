//! Directories that Delta Lake keeps: which of their files the log still holds. Files that it removed lie there until they are vacuumed.

use crate::error::{Error, IoContext, Result};
use fs_err as fs;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// Directory of the log.
const LOG: &str = "_delta_log";
/// Why a file is passed over.
pub(super) const REMOVED: &str = "the log of the Delta table does not hold it";

/// The way out of a table that this program does not read as its owner does.
const WRITE_OUT: &str = "write the table out as plain Parquet: spark.read.format(\"delta\").load(DIR).write.parquet(OUT), or duckdb -c \"install delta; \
     load delta; copy (from delta_scan('DIR')) to 'models.parquet'\"";

/// Names of the files that the log of a directory holds, with `/` between their parts; none where there is no log.
///
/// # Errors
/// The log cannot be read, or begins behind its first entry.
pub(super) fn files_of_log(dir: &Path) -> Result<Option<BTreeSet<String>>> {
    let log = dir.join(LOG);
    if !log.is_dir() {
        return Ok(None);
    }
    let mut entries: Vec<std::path::PathBuf> = Vec::new();
    for entry in fs::read_dir(&log).at_path("cannot list the log of the Delta table", &log)? {
        let path = entry.at_path("cannot list the log of the Delta table", &log)?.path();
        if path.extension().is_some_and(|ending| ending == "json") {
            entries.push(path);
        }
    }
    entries.sort();
    let is_first = |path: &Path| path.file_stem().is_some_and(|stem| stem.to_string_lossy().bytes().all(|b| b == b'0'));
    if !entries.first().is_some_and(|path| is_first(path)) {
        return Err(Error::input(
            "the log of the Delta table begins with a checkpoint, which is not read",
            log.display(),
            WRITE_OUT,
        ));
    }
    // A file with rows marked as deleted is another entry of the log than the same file without.
    let mut held: BTreeSet<(String, String)> = BTreeSet::new();
    let mut mapped = false;
    for path in entries {
        let text = fs::read_to_string(&path).at_path("cannot read the log of the Delta table", &path)?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            let entry: Value = serde_json::from_str(line).map_err(|e| {
                let remedy = "fetch the table again, or write it out as plain Parquet";
                Error::input(format!("the log of the Delta table is damaged: {e}"), path.display(), remedy)
            })?;
            let of = |what: &str| {
                let action = entry.get(what)?;
                let deleted = action.get("deletionVector").filter(|vector| !vector.is_null()).map(Value::to_string);
                Some((super::partitions::unescaped(action.get("path")?.as_str()?), deleted.unwrap_or_default()))
            };
            if let Some(added) = of("add") {
                held.insert(added);
            } else if let Some(removed) = of("remove") {
                held.remove(&removed);
            } else if let Some(table) = entry.get("metaData") {
                let mode = table.get("configuration").and_then(|settings| settings.get("delta.columnMapping.mode"));
                mapped = mode.and_then(Value::as_str).is_some_and(|mode| mode != "none");
            }
        }
    }
    let refuse = |what: String| Err(Error::input(what, log.display(), WRITE_OUT));
    let marked = held.iter().filter(|(_, deleted)| !deleted.is_empty()).count();
    if marked > 0 {
        return refuse(format!(
            "{marked} files of the Delta table have rows that are marked as deleted, and the marks are not read"
        ));
    }
    if mapped {
        return refuse(
            "the columns of the Delta table have other names in its files (column mapping), which are not read".to_owned(),
        );
    }
    Ok(Some(held.into_iter().map(|(path, _)| path).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_removed_is_no_file_of_the_table() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(files_of_log(dir.path()).unwrap(), None);
        let log = dir.path().join(LOG);
        fs::create_dir(&log).unwrap();
        let write = |n: u32, text: &str| fs::write(log.join(format!("{n:020}.json")), text).unwrap();
        write(0, "{\"protocol\":{}}\n{\"add\":{\"path\":\"a.parquet\"}}\n{\"add\":{\"path\":\"year%3D2024/b.parquet\"}}\n");
        write(1, "{\"remove\":{\"path\":\"a.parquet\"}}\n{\"add\":{\"path\":\"c.parquet\"}}\n");
        let files: Vec<String> = files_of_log(dir.path()).unwrap().unwrap().into_iter().collect();
        assert_eq!(files, ["c.parquet", "year=2024/b.parquet"]);
        // Regression: rows that a table marks as deleted came back. The mark and the file without it are two entries, in any order.
        write(
            2,
            "{\"add\":{\"path\":\"c.parquet\",\"deletionVector\":{\"cardinality\":9}}}\n{\"remove\":{\"path\":\"c.parquet\"}}\n",
        );
        assert!(files_of_log(dir.path()).unwrap_err().to_string().contains("marked as deleted"));
        write(
            3,
            "{\"add\":{\"path\":\"d.parquet\"}}\n{\"remove\":{\"path\":\"c.parquet\",\"deletionVector\":{\"cardinality\":9}}}\n",
        );
        assert_eq!(files_of_log(dir.path()).unwrap().unwrap().len(), 2);
        write(4, "{\"metaData\":{\"configuration\":{\"delta.columnMapping.mode\":\"name\"}}}\n");
        assert!(files_of_log(dir.path()).unwrap_err().to_string().contains("column mapping"));
        fs::remove_file(log.join(format!("{:020}.json", 0))).unwrap();
        assert!(files_of_log(dir.path()).unwrap_err().to_string().contains("checkpoint"));
    }
}
