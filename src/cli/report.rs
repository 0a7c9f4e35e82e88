//! `report` and `explorer`: the pages of a snapshot, from its published tables and manifest, and on request beside those of others.

use super::beside::{all_snapshots, edition, edition_at, snapshot_named, snapshot_since};
use super::{Cli, print};
use clap::Args;
use hugging_carbon::compare::{change, series};
use hugging_carbon::domain::GroupBy;
use hugging_carbon::error::Result;
use hugging_carbon::report::{About, Beside};
use hugging_carbon::stages::snapshot::latest::{LATEST, snapshot_at};
use hugging_carbon::stages::snapshot::{about, verify_files};
use hugging_carbon::store::write_output;
use std::path::{Path, PathBuf};

/// Which snapshot, and beside which others.
#[derive(Debug, Args)]
pub struct PageArgs {
    /// Snapshot directory, or a version of the data directory [default: the newest in the data directory]
    snapshot: Option<PathBuf>,
    /// File to write, - for stdout
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Also tell what changed since another snapshot, by cause: its directory, or `previous` for the one published before it in the same directory
    #[arg(long, value_name = "DIR")]
    since: Option<PathBuf>,
    /// Also draw the totals of every snapshot of a directory as a series
    #[arg(long, value_name = "DIR")]
    history: Option<PathBuf>,
}

/// Writes a page of a snapshot, by default of the newest. Without the others it is the document of the snapshot, to the byte.
pub fn write_page(cli: &Cli, args: &PageArgs, page: impl Fn(&Path, &About, &Beside) -> Result<String>) -> Result<()> {
    let snapshots = cli.global.data_dir.join("snapshots");
    let snapshot = match &args.snapshot {
        Some(named) => snapshot_named(&snapshots, named)?,
        None => snapshot_at(&snapshots.join(LATEST))?,
    };
    let (version, manifest) = verify_files(&snapshot)?;
    let mut beside = Beside::default();
    if let Some(since) = &args.since {
        let old = snapshot_since(since, &snapshot, &manifest.index_date)?;
        let (old_version, before) = verify_files(&old)?;
        beside.change = Some(change((&old, edition(old_version, &before)), (&snapshot, edition(version, &manifest)))?);
    }
    if let Some(dir) = &args.history {
        let editions = all_snapshots(dir)?.iter().map(|dir| edition_at(dir)).collect::<Result<Vec<_>>>()?;
        beside.series = series(&editions, GroupBy::All)?;
    }
    let page = page(&snapshot, &about(&manifest), &beside)?;
    // A stdout that is a file goes on where it is, as with any other command.
    if args.output == Path::new("-") || args.output == Path::new("/dev/stdout") {
        return print(&page);
    }
    write_output(&args.output, page.as_bytes())?;
    tracing::info!(snapshot = %snapshot.display(), file = %args.output.display(), "page written");
    Ok(())
}
