//! Of which years the repositories without a date may be: those of repositories of the same index without a date of creation that something
//! else dates.

use crate::tables::RawModelRow;
use std::collections::BTreeMap;

/// Fewest that speak for the others.
const LEAST_DATED: usize = 20;
/// One, three, five, seven and nine tenths: five equally likely years.
const TENTHS: [usize; 5] = [1, 3, 5, 7, 9];

/// Which fields a record has. Indexes are put together from lists of the Hub of several years, each of which gives all its records the same
/// fields: in `wide_2026-10` those without likes are of 2022 and before.
pub(super) type Fields = (bool, bool);

/// Those that a record has.
pub(super) fn fields(raw: &RawModelRow) -> Fields {
    let counted = raw.safetensors_total.is_some() || raw.gguf_total.is_some() || !raw.safetensors_counts.is_empty();
    (counted, raw.likes.is_some())
}

/// Years of repositories without a date of creation that the registry, a looked-up fact or a paper dates, ascending, by the fields of
/// their records and of all.
#[derive(Debug, Default)]
pub(super) struct UndatedYears {
    of_fields: BTreeMap<Fields, Vec<i32>>,
    of_all: Vec<i32>,
}

impl UndatedYears {
    /// Takes note of the year of a repository without a date of creation, if it is known.
    pub(super) fn add(&mut self, fields: Fields, year: Option<i32>) {
        let Some(year) = year else { return };
        for years in [self.of_fields.entry(fields).or_default(), &mut self.of_all] {
            years.insert(years.partition_point(|y| *y <= year), year);
        }
    }

    /// The years at five tenths of those whose records have the same fields, of all where they are too few; none of too few of all. What
    /// was made of a base is no older than it: only years from that of the base on count, or that year alone where there are none.
    pub(super) fn possible(&self, raw: &RawModelRow, year_of_base: Option<i32>) -> Option<Vec<i32>> {
        let enough = |years: &&Vec<i32>| years.len() >= LEAST_DATED;
        let years = self.of_fields.get(&fields(raw)).filter(enough).or(Some(&self.of_all).filter(enough))?;
        let least = year_of_base.unwrap_or(i32::MIN);
        let years = &years[years.partition_point(|year| *year < least)..];
        Some(TENTHS.iter().map(|tenth| years.get(years.len() * tenth / 10).copied().unwrap_or(least)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::record::empty_row;

    fn record(likes: Option<i64>) -> RawModelRow {
        RawModelRow { likes, ..empty_row("test") }
    }

    /// Thirty years 2010 to 2039 in any order: the tenths are the 4th, 10th, 16th, 22nd and 28th.
    #[test]
    fn years_at_five_tenths_of_records_with_the_same_fields() {
        let mut years = UndatedYears::default();
        for i in 0..30 {
            years.add(fields(&record(Some(1))), Some(2010 + (i * 7) % 30));
        }
        years.add(fields(&record(None)), None);
        let expected = Some(vec![2013, 2019, 2025, 2031, 2037]);
        assert_eq!(years.possible(&record(Some(9)), None), expected);
        // Regression: an undated copy was given years before its base's. Of 2030 to 2039 the tenths are the 2nd, 4th, 6th, 8th and 10th.
        assert_eq!(years.possible(&record(Some(9)), Some(2030)), Some(vec![2031, 2033, 2035, 2037, 2039]));
        assert_eq!(years.possible(&record(Some(9)), Some(2050)), Some(vec![2050; 5]));
        // Nothing is known of records like this one: those of all.
        assert_eq!(years.possible(&record(None), None), expected);
        for _ in 0..20 {
            years.add(fields(&record(None)), Some(2020));
        }
        assert_eq!(years.possible(&record(None), None), Some(vec![2020; 5]));
        assert_eq!(UndatedYears::default().possible(&record(None), None), None);
    }
}
