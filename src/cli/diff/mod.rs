//! `diff`: what changed between two snapshots, and why the total did.

mod text;

use super::beside::{edition, snapshot_named};
use super::{Cli, print};
use clap::{Args, ValueEnum};
use hugging_carbon::compare::change;
use hugging_carbon::error::{Error, Result};
use hugging_carbon::report::change_page;
use hugging_carbon::stages::snapshot::{about, verify_files};
use std::path::PathBuf;

/// Which snapshots, and how.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hugging-carbon diff 2026-05-19-1a2b3c4d latest
  hugging-carbon diff OLD NEW --format json | jq '.causes[0]'
  hugging-carbon diff OLD NEW --format html > why.html")]
pub struct DiffArgs {
    /// Older snapshot: its directory, a version of the data directory, or latest
    old: PathBuf,
    /// Newer snapshot, likewise
    new: PathBuf,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For programs
    Json,
    /// A page that needs nothing else
    Html,
}

/// Prints what changed between two snapshots.
pub fn diff(cli: &Cli, args: &DiffArgs) -> Result<()> {
    let snapshots = cli.global.data_dir.join("snapshots");
    let (old, new) = (snapshot_named(&snapshots, &args.old)?, snapshot_named(&snapshots, &args.new)?);
    let ((old_version, before), (new_version, after)) = (verify_files(&old)?, verify_files(&new)?);
    let change = change((&old, edition(old_version, &before)), (&new, edition(new_version, &after)))?;
    match args.format {
        Format::Text => print(&text::text(&change, &before, &after)),
        Format::Html => print(&change_page(&change, &about(&after))),
        Format::Json => {
            let json = serde_json::to_string_pretty(&change).map_err(|e| Error::Internal(format!("diff: {e}")))?;
            print(&(json + "\n"))
        }
    }
}
