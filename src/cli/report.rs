//! `report` and `explorer`: the pages of a snapshot, from its published tables and manifest alone.

use super::Cli;
use hugging_carbon::error::Result;
use hugging_carbon::report::About;
use hugging_carbon::stages::snapshot::latest::{LATEST, snapshot_at};
use hugging_carbon::stages::snapshot::{about, verify_files};
use hugging_carbon::store::write_atomically;
use std::path::Path;

/// Writes a page of a snapshot, by default of the newest.
pub fn write_page(cli: &Cli, snapshot: Option<&Path>, output: &Path, page: impl Fn(&Path, &About) -> Result<String>) -> Result<()> {
    let latest = cli.global.data_dir.join("snapshots").join(LATEST);
    let snapshot = snapshot_at(snapshot.unwrap_or(&latest))?;
    let (_, manifest) = verify_files(&snapshot)?;
    write_atomically(output, page(&snapshot, &about(&manifest))?.as_bytes())?;
    tracing::info!(snapshot = %snapshot.display(), file = %output.display(), "page written");
    Ok(())
}
