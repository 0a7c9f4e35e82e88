//! `status`: stages, freshness, rows, digests, and who is at work.

use super::compose::Pipeline;
use super::{Cli, print, text};
use clap::{Args, ValueEnum};
use hugging_carbon::engine::{Freshness, Owner, Record, at_work};
use hugging_carbon::error::{Error, Result};
use hugging_carbon::stages::snapshot::latest::latest_version;
use serde_json::{Value, json};

/// Format of `--format json`; raised when a reader must change. docs/nightly.md describes it.
const STATUS_FORMAT: u32 = 1;

/// What `status` is asked for.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct StatusArgs {
    /// Form of the answer
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

const EXAMPLES: &str = "The exit status is 0 whether stages are fresh or stale: \
    hugging-carbon status --format json | jq -e 'all(.stages[]; .state == \"fresh\")' tells a script which.\n\n\
    Examples:\n  hugging-carbon status\n  hugging-carbon status --data-dir nightly --format json";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For programs
    Json,
}

type Stages = Vec<(&'static str, Freshness, Option<Record>)>;

/// Prints one row per stage and table.
pub fn status(cli: &Cli, args: &StatusArgs) -> Result<()> {
    let pipeline = Pipeline::to_look(cli)?;
    // Before anything is read: who ends meanwhile was at work.
    let owner = at_work(&pipeline.work);
    let stages = pipeline.status()?;
    match args.format {
        Format::Text => print(&as_text(owner.as_ref(), stages)),
        Format::Json => {
            let found = as_json(owner.as_ref(), latest_version(&pipeline.snapshots)?, &stages);
            let found = serde_json::to_string_pretty(&found).map_err(|e| Error::Internal(format!("status: {e}")))?;
            print(&format!("{found}\n"))
        }
    }
}

fn state_of(freshness: &Freshness) -> (&'static str, Option<&str>) {
    match freshness {
        Freshness::Fresh => ("fresh", None),
        Freshness::Stale(why) => ("stale", Some(why)),
    }
}

fn as_text(owner: Option<&Owner>, found: Stages) -> String {
    let (mut stages, mut tables) = (Vec::new(), Vec::new());
    for (name, freshness, record) in found {
        let (state, why) = state_of(&freshness);
        stages.push(vec![name.to_owned(), state.to_owned(), why.unwrap_or_default().to_owned()]);
        for (table, receipt) in record.into_iter().flat_map(|r| r.outputs) {
            tables.push(vec![name.to_owned(), table, text::count(receipt.rows), receipt.sha256[..12].to_owned()]);
        }
    }
    let at_work = owner.map(|owner| format!("Another hugging-carbon is at work here: {owner}\n\n")).unwrap_or_default();
    let stages = text::table(&["stage", "state", "why"], &stages, 3);
    if tables.is_empty() {
        return format!("{at_work}{stages}\nNothing has been built here yet: hugging-carbon run\n");
    }
    format!("{at_work}{stages}\n{}", text::table(&["stage", "table", "rows", "sha256"], &tables, 2))
}

fn as_json(owner: Option<&Owner>, latest: Option<String>, found: &Stages) -> Value {
    let tables = |record: &Option<Record>| -> Vec<Value> {
        let outputs = record.iter().flat_map(|record| &record.outputs);
        outputs
            .map(|(table, receipt)| json!({"table": table, "rows": receipt.rows, "bytes": receipt.bytes, "sha256": receipt.sha256}))
            .collect()
    };
    let stages = found.iter().map(|(name, freshness, record)| {
        let (state, why) = state_of(freshness);
        json!({"stage": name, "state": state, "why": why, "tables": tables(record)})
    });
    json!({
        "format": STATUS_FORMAT,
        "latest": latest,
        "at_work": owner.map(|owner| json!({"host": owner.host, "process": owner.process, "since": owner.taken_at})),
        "stages": stages.collect::<Vec<Value>>(),
    })
}
