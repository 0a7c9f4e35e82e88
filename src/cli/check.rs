//! `check`: is what is published recent and complete? For whoever watches the nightly job from outside.

use super::{Cli, print};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::hub::live::client::{Caps, Client};
use hugging_carbon::hub::live::clock::SystemClock;
use hugging_carbon::hub::live::environment::Environment;
use hugging_carbon::hub::live::fetch::{Fetcher, Patience};
use hugging_carbon::hub::live::published::{Held, look, small_file};
use hugging_carbon::hub::live::remote::RepoId;
use hugging_carbon::stages::snapshot::latest::latest_snapshot;
use hugging_carbon::stages::snapshot::manifest::Manifest;
use hugging_carbon::stages::snapshot::{verify_files, version_name};
use hugging_carbon::store::sha256_bytes;
use std::sync::Arc;
use std::time::Duration;

/// Time without an answer after which the Hub is given up: a check that waits for half an hour is no check.
const PATIENCE: Duration = Duration::from_secs(60);
/// Files named in a message.
const NAMED: usize = 5;

/// Reads a time such as `36h`, `90m` or `2d`.
pub fn parse_age(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let seconds = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err("write it as a whole number of m, h, d or w, such as 36h".into()),
    };
    let number: u64 = number.parse().map_err(|_| "write it as a whole number of m, h, d or w, such as 36h".to_owned())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| "too long".into())
}

/// Checks what `latest` names, or what a dataset repository has on its branch main.
pub fn check(cli: &Cli, max_age: Duration, repo: Option<&str>) -> Result<()> {
    let now = jiff::Timestamp::now();
    let (place, version, manifest) = match repo {
        None => local(cli)?,
        Some(repo) => remote(cli, &RepoId::parse(repo)?)?,
    };
    let age = index_age(&manifest.index_date, now)?;
    if is_ahead(&manifest.index_date, now)? {
        return Err(Error::Verification(format!(
            "what is published is dated later than today: {version}, index of {}; no later run becomes the newest before that day\n  \
             where: {place}\n  way out: find the record with that date in models.parquet and mend it in the source, then run once with \
             --allow-older, which turns 'latest' back",
            manifest.index_date
        )));
    }
    let hours = |time: Duration| time.as_secs() / 3_600;
    let about = format!("{version}, index of {}, {} h old", manifest.index_date, hours(age));
    if age > max_age {
        return Err(Error::Verification(format!(
            "what is published is too old: {about} (at most {} h)\n  where: {place}\n  way out: see run_results.json of the nightly run, \
             and the log of its scheduler",
            hours(max_age)
        )));
    }
    print(&format!("{place}: {about}, complete, {} tables\n", manifest.tables.len()))
}

/// Whether an index is dated later than a clock that is a day off may see it.
fn is_ahead(date: &str, now: jiff::Timestamp) -> Result<bool> {
    Ok(begin_of(date)?.as_second() > now.as_second() + 86_400)
}

fn begin_of(date: &str) -> Result<jiff::Timestamp> {
    format!("{date}T00:00:00Z").parse().map_err(|_| {
        Error::Verification(format!(
            "the manifest's index date '{date}' is no date\n  way out: run again with an index that has dates"
        ))
    })
}

/// Time since the end of the newest day in the index: a crawl sees a part of its own day.
fn index_age(date: &str, now: jiff::Timestamp) -> Result<Duration> {
    let begin = begin_of(date)?;
    let since = u64::try_from(now.as_second() - begin.as_second()).unwrap_or_default();
    Ok(Duration::from_secs(since.saturating_sub(86_400)))
}

fn local(cli: &Cli) -> Result<(String, String, Manifest)> {
    let snapshots = cli.global.data_dir.join("snapshots");
    let place = snapshots.display().to_string();
    let incomplete = |what: String| {
        Error::Verification(format!(
            "{what}\n  where: {place}\n  way out: hugging-carbon run, with the options of the nightly job, publishes one"
        ))
    };
    let latest = latest_snapshot(&snapshots)?.ok_or_else(|| incomplete("nothing is published".into()))?;
    if !latest.exists() {
        return Err(incomplete(format!("'latest' names {}, which is not there", latest.display())));
    }
    let (version, manifest) = verify_files(&latest)?;
    Ok((place, version, manifest))
}

fn remote(cli: &Cli, repo: &RepoId) -> Result<(String, String, Manifest)> {
    let environment = Environment::from_process(&cli.global.data_dir.join("hub"))?;
    let client = Client::new(&environment, Caps::default(), Arc::new(SystemClock::default()))?;
    let mut fetcher = Fetcher::new(&client, Patience { patience: PATIENCE, ..Patience::default() });
    let held = look(&mut fetcher, &environment, repo)?;
    let place = format!("{repo}@{}", held.commit);
    let fail =
        |what: String| Error::Verification(format!("{what}\n  where: {place}\n  way out: hugging-carbon publish uploads one"));
    if !held.files.contains_key("manifest.json") {
        return Err(fail("the repository holds no snapshot".into()));
    }
    let text = small_file(&mut fetcher, &environment, repo, &held.commit, "manifest.json")?;
    let manifest = Manifest::parse(&text, &place)?;
    let version = version_name(&manifest, &sha256_bytes(&text));
    let wrong = incomplete_files(&manifest, &held);
    if !wrong.is_empty() {
        let (count, shown) = (wrong.len(), wrong[..wrong.len().min(NAMED)].join(", "));
        return Err(fail(format!("{version} is incomplete: {count} files are missing or differ from the manifest: {shown}")));
    }
    if !held.tags.contains(&version) {
        return Err(fail(format!("{version} is uploaded, but the tag of that name is missing")));
    }
    Ok((place, version, manifest))
}

/// Files of the manifest that the repository lacks, or holds with another size or digest.
fn incomplete_files(manifest: &Manifest, held: &Held) -> Vec<String> {
    let differs = |name: &str, bytes: Option<u64>, sha256: &str| match held.files.get(name) {
        None => true,
        Some(file) => {
            file.bytes.zip(bytes).is_some_and(|(there, here)| there != here)
                || file.sha256.as_ref().is_some_and(|there| there != sha256)
        }
    };
    let tables = manifest.tables.iter().map(|(table, entry)| {
        let name = format!("{table}.parquet");
        let is_wrong = differs(&name, Some(entry.receipt.bytes), &entry.receipt.sha256);
        (name, is_wrong)
    });
    let documents = manifest.documents.iter().map(|(name, sha256)| (name.clone(), differs(name, None, sha256)));
    tables.chain(documents).filter(|(_, is_wrong)| *is_wrong).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_as_people_write_them() {
        for (text, hours) in [("36h", 36.0), ("2d", 48.0), ("90m", 1.5), ("1w", 168.0), ("0h", 0.0)] {
            assert_eq!(parse_age(text).unwrap().as_secs_f64() / 3_600.0, hours, "{text}");
        }
        for bad in ["", "36", "h", "1.5h", "-1h", "36 h", "36é", "999999999999999999w"] {
            assert!(parse_age(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_index_is_as_old_as_the_end_of_its_newest_day() {
        let age = |now: &str| index_age("2026-11-28", now.parse().unwrap()).unwrap().as_secs();
        assert_eq!(age("2026-11-28T13:00:00Z"), 0);
        assert_eq!(age("2026-11-29T00:00:00Z"), 0);
        assert_eq!(age("2026-11-29T13:00:00Z"), 13 * 3_600);
        // The job stopped: a day and a half later the check says so.
        assert_eq!(age("2026-11-30T12:00:01Z"), 36 * 3_600 + 1);
        assert!(index_age("undated", jiff::Timestamp::now()).is_err());
        // Regression: a snapshot of 2034 was fresh, and complete.
        let ahead = |date: &str| is_ahead(date, "2026-11-28T13:00:00Z".parse().unwrap()).unwrap();
        assert!(ahead("2034-05-19") && ahead("2026-11-30") && !ahead("2026-11-29") && !ahead("2026-11-27"));
    }
}
