//! `explain`: a model's figures as a calculation that a person can redo; and the same calculation for a training that is in no index.

mod alternatives;
mod around;
mod card;
mod central;
mod chain;
mod compute;
mod explanation;
mod find;
mod gather;
mod markdown;
mod near;
mod possible;
mod quantities;
mod record;
mod remarks;
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
  hugging-carbon explain --params '7 billion' --tokens 2T --country Germany --mfu 40%
  hugging-carbon explain --record model.json       # as https://huggingface.co/api/models/OWNER/NAME gives it
  hugging-carbon explain --record - < model.json
It reads what hugging-carbon run made, or with --snapshot a snapshot: a directory, or a version of the data directory. A training that is
in no index needs neither: where there is no run yet, the regressions of the built-in sample are fitted first, half a minute, once.";

/// What is explained, and how.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ExplainArgs {
    /// Hub id, owner/name, or its address on the Hub; of a name alone, the most downloaded repository that has it
    #[arg(required_unless_present_any = ["record", "params", "flop", "hours", "kwh", "accelerator", "mfu", "year", "country", "owner"])]
    model_id: Option<String>,
    /// Snapshot to read: its directory, as downloaded, or a version of the data directory [default: the tables in the data directory]
    #[arg(long, value_name = "DIR|VERSION")]
    snapshot: Option<PathBuf>,
    /// Form of the answer; json has a stable schema (docs/explain.md)
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// Write the co2_eq_emissions block that an author could put into the model card
    #[arg(long, conflicts_with = "format")]
    card: bool,
    /// A model that is in no index, from its record as JSON, - for stdin; a key "card" may hold the text of its card
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
    if args.model_id.is_none() && args.record.is_none() {
        args.stated.refuse_nothing_to_go_by()?;
    }
    let tables = Tables::of_command_line(cli, args.snapshot.as_deref(), args.model_id.is_none())?;
    let explanation = match (&args.model_id, &args.record) {
        (Some(id), _) => gather::of_model(&tables, id_of_address(id))?,
        (None, Some(record)) => record::of_record(&tables, record)?,
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

/// What follows an id in an address: views of the repository.
const VIEWS: [&str; 6] = ["tree", "blob", "resolve", "raw", "commits", "discussions"];

/// The id of a model's page on the Hub or a mirror of it, of whatever part of it, or of a path of its file system (`hf://`); anything else
/// without the blanks around it and slashes at its end.
fn id_of_address(text: &str) -> &str {
    let text = text.trim();
    let hosts = ["huggingface.co/", "www.huggingface.co/", "hf.co/"];
    let of_web = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)?.split_once('/')).map(|(_, path)| path);
    let of_hub = || hosts.iter().find_map(|host| text.strip_prefix(host));
    let of_files = || text.strip_prefix("hf://").map(|path| path.strip_prefix("models/").unwrap_or(path));
    let Some(path) = of_web.or_else(of_hub).or_else(of_files) else { return text.trim_end_matches('/') };
    let path = ["api/models/", "models/"].iter().find_map(|start| path.strip_prefix(start)).unwrap_or(path);
    let path = path.split(['?', '#']).next().unwrap_or(path);
    // A path of the file system may name a revision: owner/name@main.
    let path = if text.starts_with("hf://") { path.split('@').next().unwrap_or(path) } else { path }.trim_end_matches('/');
    // Owner and name, or the name of an old repository without an owner; what follows them is a view of the repository.
    let mut slashes = path.match_indices('/').map(|(at, _)| at);
    let first = slashes.next().unwrap_or(path.len());
    let second = slashes.next().unwrap_or(path.len());
    let is_view = path[first..second].strip_prefix('/').is_some_and(|view| VIEWS.contains(&view));
    // With nothing behind it, as in "owner/tree", the word is a name.
    if is_view && second < path.len() { &path[..first] } else { &path[..second] }
}

fn json(explanation: &Explanation) -> Result<String> {
    let text = serde_json::to_string_pretty(explanation).map_err(|e| Error::Internal(format!("explanation: {e}")))?;
    Ok(text + "\n")
}

#[cfg(test)]
mod tests {
    use super::id_of_address;

    #[test]
    fn an_address_of_the_hub_is_an_id() {
        for (text, id) in [
            ("https://huggingface.co/owner/name", "owner/name"),
            ("https://huggingface.co/owner/name/", "owner/name"),
            ("https://huggingface.co/owner/name/tree/main?x=1", "owner/name"),
            ("huggingface.co/api/models/owner/name", "owner/name"),
            ("https://huggingface.co/gpt2", "gpt2"),
            ("owner/name", "owner/name"),
            ("gpt2", "gpt2"),
            // Regression: these were ids of no model.
            ("owner/name/", "owner/name"),
            (" owner/name \n", "owner/name"),
            ("hf://owner/name", "owner/name"),
            ("hf://models/owner/name@main/config.json", "owner/name"),
            ("https://hf-mirror.com/owner/name/blob/main/README.md", "owner/name"),
            ("https://huggingface.co/gpt2/tree/main", "gpt2"),
            ("https://huggingface.co/gpt2/resolve/main/config.json?download=true", "gpt2"),
            ("https://huggingface.co/owner/tree", "owner/tree"),
        ] {
            assert_eq!(id_of_address(text), id, "{text}");
        }
    }
}
