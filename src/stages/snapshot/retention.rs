//! Which snapshots are kept: restic's rules (<https://restic.readthedocs.io/en/stable/060_forget.html>), with the index date as the time.

use super::latest::{index_date_of, latest_version};
use super::publish::FORGOTTEN;
use super::verify::is_version_name;
use crate::error::{Error, IoContext, Result};
use crate::store::{remove_tree, sync_directory, write_atomically};
use fs_err as fs;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the file that holds the tags, in the directory of the snapshots: a published snapshot itself never changes.
const TAGS_FILE: &str = "tags.json";

/// What is to be kept. With none of these nothing would be.
#[derive(Clone, Debug, Default)]
pub struct Keep {
    /// The last snapshot of each of so many days that have one.
    pub daily: u32,
    /// The last of so many weeks (ISO 8601: from Monday).
    pub weekly: u32,
    /// The last of so many months.
    pub monthly: u32,
    /// Those with one of these tags; the version itself counts as one.
    pub tags: Vec<String>,
}

/// A snapshot and why it is kept; no reason means that it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Its version.
    pub version: String,
    /// Reasons to keep it.
    pub reasons: Vec<String>,
}

/// Tags by version.
pub type Tags = BTreeMap<String, Vec<String>>;

/// Versions of all snapshots of a directory, the newest first: by index date, then by when they were published.
///
/// # Errors
/// The directory cannot be listed.
pub fn versions(snapshots: &Path) -> Result<Vec<String>> {
    listed(snapshots, false)
}

/// The same with snapshots that are links to directories elsewhere, as caches of downloads and shared disks have them: they can be read, and
/// belong to somebody else.
///
/// # Errors
/// The directory cannot be listed.
pub fn versions_and_links(snapshots: &Path) -> Result<Vec<String>> {
    listed(snapshots, true)
}

fn listed(snapshots: &Path, with_links: bool) -> Result<Vec<String>> {
    if !snapshots.exists() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(snapshots).at_path("cannot list", snapshots)? {
        let entry = entry.at_path("cannot list", snapshots)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let mut metadata = entry.metadata().at_path("cannot read", entry.path())?;
        if with_links && metadata.is_symlink() {
            // One that leads nowhere is no snapshot.
            let Ok(led_to) = fs::metadata(entry.path()) else { continue };
            metadata = led_to;
        }
        if is_version_name(&name) && metadata.is_dir() {
            let published = metadata.modified().at_path("cannot read", entry.path())?;
            found.push((index_date_of(&name).to_owned(), published, name));
        }
    }
    found.sort_unstable();
    Ok(found.into_iter().rev().map(|(_, _, name)| name).collect())
}

/// Says of each snapshot, the newest first, why it is kept. The one that `latest` names always is.
#[must_use]
pub fn decide(newest_first: &[String], latest: Option<&str>, tags: &Tags, keep: &Keep) -> Vec<Verdict> {
    let mut buckets: [(u32, Option<[i16; 3]>, &str); 3] =
        [(keep.daily, None, "daily snapshot"), (keep.weekly, None, "weekly snapshot"), (keep.monthly, None, "monthly snapshot")];
    let mut verdicts = Vec::new();
    for (at, version) in newest_first.iter().enumerate() {
        let mut reasons = Vec::new();
        if latest == Some(version) {
            reasons.push("'latest' points at it".to_owned());
        }
        let own = tags.get(version).map_or(&[][..], Vec::as_slice);
        let wanted: Vec<&str> = keep.tags.iter().filter(|tag| own.contains(tag) || *tag == version).map(String::as_str).collect();
        if !wanted.is_empty() {
            reasons.push(format!("tag {}", wanted.join(", ")));
        }
        let is_oldest = at + 1 == newest_first.len();
        for ((left, last, name), period) in buckets.iter_mut().zip(periods(version)) {
            // The oldest is kept while there is room: the history reaches as far back as it can.
            if *left > 0 && (*last != Some(period) || is_oldest) {
                reasons.push(if *last == Some(period) { format!("oldest {name}") } else { (*name).to_owned() });
                (*left, *last) = (*left - 1, Some(period));
            }
        }
        verdicts.push(Verdict { version: version.clone(), reasons });
    }
    verdicts
}

/// Day, week and month of a version's index; what is undated is of one day.
fn periods(version: &str) -> [[i16; 3]; 3] {
    let Ok(date) = index_date_of(version).parse::<Date>() else { return [[0; 3]; 3] };
    let week = date.iso_week_date();
    let (year, month, day) = (date.year(), i16::from(date.month()), i16::from(date.day()));
    [[year, month, day], [week.year(), i16::from(week.week()), 0], [year, month, 0]]
}

/// The tags that were given.
///
/// # Errors
/// The file cannot be read or is damaged.
pub fn read_tags(snapshots: &Path) -> Result<Tags> {
    let path = snapshots.join(TAGS_FILE);
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|e| {
            Error::input(
                format!("the tags cannot be read: {e}"),
                path.display(),
                "mend or remove it; tags are given with the command tag",
            )
        }),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Tags::new()),
        Err(e) => Err(Error::io("cannot read", path, e)),
    }
}

/// Writes the tags.
///
/// # Errors
/// The disk is full or the directory cannot be written.
pub fn write_tags(snapshots: &Path, tags: &Tags) -> Result<()> {
    let mut text = serde_json::to_vec_pretty(tags).map_err(|e| Error::Internal(format!("tags: {e}")))?;
    text.push(b'\n');
    write_atomically(&snapshots.join(TAGS_FILE), &text)
}

/// Removes a snapshot: out of sight first, so that nobody meets half of it. Never the one that `latest` names.
///
/// # Errors
/// It is the newest, or cannot be removed.
pub fn forget(snapshots: &Path, version: &str) -> Result<()> {
    if latest_version(snapshots)?.as_deref() == Some(version) {
        return Err(Error::Internal(format!("{version} is the newest snapshot and must not be removed")));
    }
    let (from, to) = (snapshots.join(version), snapshots.join(format!("{FORGOTTEN}{version}")));
    fs::rename(&from, &to).at_path("cannot remove", &from)?;
    sync_directory(snapshots)?;
    remove_tree(&to)?;
    let mut tags = read_tags(snapshots)?;
    if tags.remove(version).is_some() {
        write_tags(snapshots, &tags)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(newest_first: &[&str], latest: &str, keep: &Keep) -> Vec<String> {
        let all: Vec<String> = newest_first.iter().map(|date| format!("{date}-00000000")).collect();
        let latest = format!("{latest}-00000000");
        let tags = Tags::from([("2026-01-05-00000000".to_owned(), vec!["paper".to_owned()])]);
        let verdicts = decide(&all, Some(&latest), &tags, keep);
        verdicts.into_iter().filter(|v| !v.reasons.is_empty()).map(|v| v.version[..10].to_owned()).collect()
    }

    /// By hand on a calendar: 2026-03-02 is a Monday, 2026-03-01 a Sunday.
    #[test]
    fn days_weeks_and_months_as_restic_counts_them() {
        let all = ["2026-03-03", "2026-03-02", "2026-03-01", "2026-02-28", "2026-02-20", "2026-01-31", "2026-01-05", "2025-12-24"];
        let newest = "2026-03-03";
        let daily = Keep { daily: 3, ..Keep::default() };
        assert_eq!(kept(&all, newest, &daily), ["2026-03-03", "2026-03-02", "2026-03-01"]);
        // Weeks: 03-02..03-08, 02-23..03-01, 02-16..02-22.
        let weekly = Keep { weekly: 3, ..Keep::default() };
        assert_eq!(kept(&all, newest, &weekly), ["2026-03-03", "2026-03-01", "2026-02-20"]);
        let monthly = Keep { monthly: 3, ..Keep::default() };
        assert_eq!(kept(&all, newest, &monthly), ["2026-03-03", "2026-02-28", "2026-01-31"]);
        // Days without a snapshot do not count, and what is left over keeps the oldest.
        let roomy = Keep { monthly: 5, ..Keep::default() };
        assert_eq!(kept(&all, newest, &roomy), ["2026-03-03", "2026-02-28", "2026-01-31", "2025-12-24"]);
        let both = Keep { daily: 1, monthly: 2, ..Keep::default() };
        assert_eq!(kept(&all, newest, &both), ["2026-03-03", "2026-02-28"]);
    }

    #[test]
    fn latest_and_tagged_ones_stay() {
        let all = ["2026-03-03", "2026-02-20", "2026-01-05"];
        let keep = Keep { daily: 1, ..Keep::default() };
        assert_eq!(kept(&all, "2026-02-20", &keep), ["2026-03-03", "2026-02-20"]);
        let tagged = Keep { tags: vec!["paper".into()], ..Keep::default() };
        assert_eq!(kept(&all, "2026-03-03", &tagged), ["2026-03-03", "2026-01-05"]);
        let by_version = Keep { tags: vec!["2026-02-20-00000000".into()], ..Keep::default() };
        assert_eq!(kept(&all, "2026-03-03", &by_version), ["2026-03-03", "2026-02-20"]);
    }

    /// Of several snapshots of one day the one published last is that day's; the weeks of a new year begin with its first Thursday.
    #[test]
    fn one_of_a_day_and_the_turn_of_the_year() {
        let all: Vec<String> = ["2026-01-01-22222222", "2026-01-01-11111111", "2025-12-31-00000000"].map(str::to_owned).to_vec();
        let reasons =
            |keep: Keep| -> Vec<usize> { decide(&all, None, &Tags::new(), &keep).iter().map(|v| v.reasons.len()).collect() };
        assert_eq!(reasons(Keep { daily: 2, ..Keep::default() }), [1, 0, 1]);
        // 2025-12-31 and 2026-01-01 are in the first week of 2026; the oldest is kept for the second count.
        assert_eq!(reasons(Keep { weekly: 1, ..Keep::default() }), [1, 0, 0]);
        assert_eq!(reasons(Keep { weekly: 2, ..Keep::default() }), [1, 0, 1]);
    }
}
