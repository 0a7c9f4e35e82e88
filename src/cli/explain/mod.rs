//! `explain`: a model's figures as a calculation that a person can redo; and the same calculation for a training that is in no index.

mod alternatives;
mod around;
mod card;
mod chain;
mod explanation;
mod find;
mod gather;
mod markdown;
mod stated;
mod tables;
mod text;

use self::explanation::Explanation;
use self::stated::Stated;
use self::tables::Tables;
use super::{Cli, print};
use clap::{Args, ValueEnum};
use hugging_carbon::domain::plain::plain_lines;
use hugging_carbon::error::{Error, Result};
use std::path::PathBuf;

/// Examples below the help of the command.
const EXAMPLES: &str = "\
Examples:
  hugging-carbon explain meta-llama/Llama-3.1-8B
  hugging-carbon explain bert-base-uncased --snapshot 2026-05-19-1a2b3c4d --format md
  hugging-carbon explain --card bigscience/bloom
  hugging-carbon explain --params 7e9 --tokens 2e12 --year 2025 --country FRA
  hugging-carbon explain --params 7e9 --accelerator 'H100 SXM' --hours 184320 --year 2023 --country 'us-east-1' --format json
  hugging-carbon explain --record model.json       # as https://huggingface.co/api/models/OWNER/NAME gives it";

/// What is explained, and how.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// Hub id, owner/name; of a name alone, the most downloaded repository that has it
    #[arg(required_unless_present_any = ["record", "params", "flop", "hours", "kwh"])]
    model_id: Option<String>,
    /// Snapshot directory to read, as downloaded [default: the tables in the data directory]
    #[arg(long, value_name = "DIR")]
    snapshot: Option<PathBuf>,
    /// Form of the answer; json has a stable schema (docs/explain.md)
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the co2_eq_emissions block that an author could put into the model card
    #[arg(long, conflicts_with = "format")]
    card: bool,
    /// A model that is in no index, from its record as JSON; a key "card" may hold the text of its card
    #[arg(long, value_name = "FILE", conflicts_with = "model_id")]
    record: Option<PathBuf>,
    #[command(flatten)]
    stated: Stated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For a terminal
    Text,
    /// For programs
    Json,
    /// Markdown, for a page or an issue
    Md,
}

/// Prints identity, family, evidence and the chain of every tier; or the block for a card.
pub fn explain(cli: &Cli, args: &ExplainArgs) -> Result<()> {
    let tables = Tables::of_command_line(cli, args.snapshot.as_deref())?;
    let explanation = match (&args.model_id, &args.record) {
        (Some(id), _) => gather::of_model(&tables, id)?,
        (None, Some(record)) => gather::of_record(&tables, record)?,
        (None, None) => gather::of_run(&tables, args.stated.run(&tables.reference)?)?,
    };
    if args.card {
        return print(&card::block(&explanation)?);
    }
    print(&match args.format {
        Format::Text => plain_lines(&text::text(&explanation)),
        Format::Md => plain_lines(&markdown::markdown(&explanation)),
        Format::Json => json(&explanation)?,
    })
}

fn json(explanation: &Explanation) -> Result<String> {
    let text = serde_json::to_string_pretty(explanation).map_err(|e| Error::Internal(format!("explanation: {e}")))?;
    Ok(text + "\n")
}
