//! Files that are parts of one table and say so in their names: `train-00000-of-00002.parquet`.

use super::source::PassedOver;
use std::collections::{BTreeMap, BTreeSet};

/// A name without its numbers, and the two: which part it is, and of how many.
fn part(name: &str) -> Option<(String, u32, u32)> {
    let at = name.rfind("-of-")?;
    let digits = |text: &str| text.len() >= 4 && text.bytes().all(|b| b.is_ascii_digit());
    let (before, behind) = (&name[..at], &name[at + "-of-".len()..]);
    let of = &behind[..behind.bytes().take_while(u8::is_ascii_digit).count()];
    let first = before.bytes().rev().take_while(u8::is_ascii_digit).count();
    let number = &before[before.len() - first..];
    if !digits(of) || !digits(number) {
        return None;
    }
    let around = format!("{}*{}", &before[..before.len() - first], &behind[of.len()..]);
    Some((around, number.parse().ok()?, of.parse().ok()?))
}

/// Parts that are not there although the names of others tell of them.
pub(super) fn missing_parts<'n>(names: impl Iterator<Item = &'n str>) -> Vec<PassedOver> {
    let mut tables: BTreeMap<(String, u32), BTreeSet<u32>> = BTreeMap::new();
    for (around, number, of) in names.filter_map(part) {
        tables.entry((around, of)).or_default().insert(number);
    }
    let missing = tables.into_iter().filter_map(|((around, of), there)| {
        let gone = (of as usize).saturating_sub(there.len());
        let reason = format!("{gone} of its {of} parts are not there, as the names of the others tell: fetch them, too");
        (gone > 0).then_some(PassedOver { name: around, reason, is_loss: true })
    });
    missing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Regression: half of a table was read as all of it, though its name tells of the other half.
    #[test]
    fn parts_that_are_not_there_are_told() {
        let missing = |names: &[&str]| missing_parts(names.iter().copied()).into_iter().map(|part| part.name).collect::<Vec<_>>();
        assert_eq!(missing(&["data/train-00000-of-00002.parquet"]), ["data/train-*.parquet"]);
        assert!(missing(&["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]).is_empty());
        assert_eq!(missing(&["part-00000-of-00003-ab12.jsonl.gz", "x-0001-of-0001.json"]), ["part-*-ab12.jsonl.gz"]);
        assert!(missing(&["models.parquet", "best-of-2024.parquet", "a-1-of-2.json"]).is_empty());
    }
}
