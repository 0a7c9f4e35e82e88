//! What the path of a file states of all its rows: tables in partitions keep columns in the names of directories.

use super::parquet::is_column;
use crate::hub::record::HubField;

/// What a path of Hive has for a column without a value.
const NO_VALUE: &str = "__HIVE_DEFAULT_PARTITION__";

/// Columns that a partitioned table keeps in the names of its directories: `pipeline_tag=text-generation/part-0.parquet`.
pub(super) fn partition_values(name: &str) -> Vec<(HubField, String)> {
    let value = |part: &str| {
        let (key, value) = part.split_once('=')?;
        let field = HubField::parse(key).filter(|field| is_column(*field))?;
        (value != NO_VALUE).then(|| (field, unescaped(value)))
    };
    let (dirs, _) = name.rsplit_once('/').unwrap_or_default();
    dirs.split('/').filter_map(value).collect()
}

/// `%3A` and the like, as Hive writes what a file system may not take.
pub(super) fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_of_partitions_are_columns() {
        let read = |name: &str| partition_values(name);
        assert_eq!(
            read("pipeline_tag=text%2Dgeneration/library_name=peft/part-0.parquet"),
            [(HubField::PipelineTag, "text-generation".to_owned()), (HubField::LibraryName, "peft".to_owned())]
        );
        assert!(read("year=2024/part-0.parquet").is_empty() && read("a=b.parquet").is_empty());
        assert!(read(&format!("gated={NO_VALUE}/x.parquet")).is_empty());
        assert_eq!(unescaped("100%"), "100%");
    }
}
