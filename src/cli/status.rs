//! `status`: stages, freshness, rows, digests.

use super::compose::Pipeline;
use super::{Cli, print, text};
use hugging_carbon::engine::Freshness;
use hugging_carbon::error::Result;

/// Prints one row per stage and table.
pub fn status(cli: &Cli) -> Result<()> {
    let pipeline = Pipeline::to_look(cli)?;
    let mut stages = Vec::new();
    let mut tables = Vec::new();
    for (name, freshness, record) in pipeline.status()? {
        let (state, why) = match freshness {
            Freshness::Fresh => ("fresh", String::new()),
            Freshness::Stale(why) => ("stale", why),
        };
        stages.push(vec![name.to_owned(), state.to_owned(), why]);
        for (table, receipt) in record.into_iter().flat_map(|r| r.outputs) {
            tables.push(vec![name.to_owned(), table, text::count(receipt.rows), receipt.sha256[..12].to_owned()]);
        }
    }
    print(&text::table(&["stage", "state", "why"], &stages, 3))?;
    if tables.is_empty() {
        return print("\nNothing has been built here yet: hugging-carbon run\n");
    }
    print("\n")?;
    print(&text::table(&["stage", "table", "rows", "sha256"], &tables, 2))
}
