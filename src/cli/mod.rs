//! Command line: one file or folder per command.

mod audit;
mod beside;
mod check;
#[cfg(test)]
mod commands_page;
mod compose;
mod diff;
mod download;
mod explain;
mod generate;
mod headline;
mod history;
mod inputs;
mod logging;
mod metrics;
mod publish;
mod reference;
mod regression_text;
mod report;
mod results;
mod rows;
mod run;
mod signals;
mod snapshots;
mod status;
mod text;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use hugging_carbon::config::{self, Overrides, Resolved};
use hugging_carbon::engine::Declared;
use hugging_carbon::error::{Error, ExitStatus, Result};
use hugging_carbon::report::{explorer_page, report_page};
use hugging_carbon::stages;
use hugging_carbon::stages::estimate::Estimation;
use hugging_carbon::stages::fetch::Fetch;
use hugging_carbon::stages::fit::Fitting;
use hugging_carbon::stages::ingest::Ingest;
use hugging_carbon::stages::normalize::Normalize;
use hugging_carbon::stages::snapshot::Publication;
use hugging_carbon::stages::snapshot::retention::Keep;
use hugging_carbon::stages::tier::Tiering;
use run::Asked;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

/// The first commands that a newcomer wants.
const EXAMPLES: &str = "\
Examples:
  hugging-carbon run                                        the built-in sample, from records to a snapshot
  hugging-carbon explain meta-llama/Llama-3.1-8B            how one figure comes about
  hugging-carbon explain --params 7e9 --tokens 2e12 --year 2025 --country FRA
  hugging-carbon audit data/snapshots/latest                rebuild and compare byte for byte";

/// What training the models on the Hugging Face Hub costs in FLOP, kWh and CO2e, with an interval, a tier and the evidence for
/// every row.
#[derive(Debug, Parser)]
#[command(name = "hugging-carbon", version, arg_required_else_help = true, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, Args)]
struct Global {
    /// Configuration file [default: pipeline.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "HUGGING_CARBON_CONFIG")]
    config: Option<PathBuf>,
    /// Index file or directory; short for source.kind = "file" and source.path
    #[arg(long, global = true, value_name = "PATH")]
    source: Option<PathBuf>,
    /// Model cards: a directory of READMEs, JSON Lines of {id, card} or Parquet
    #[arg(long, global = true, value_name = "PATH")]
    cards: Option<PathBuf>,
    /// Evidence that `rows evidence` made of the cards, in their stead: Parquet or Arrow IPC, file or directory
    #[arg(long, global = true, value_name = "PATH")]
    evidence: Option<PathBuf>,
    /// Directory that holds work/ and snapshots/
    #[arg(long, global = true, value_name = "DIR", default_value = "data", env = "HUGGING_CARBON_DATA_DIR")]
    data_dir: PathBuf,
    /// Threads [default: all cores]
    #[arg(long, global = true, value_name = "N", env = "HUGGING_CARBON_THREADS", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Form of the log on stderr
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, env = "HUGGING_CARBON_LOG_FORMAT")]
    log_format: LogFormat,
    /// Only warnings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// More detail; `run -v` also prints the resolved configuration
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// One line for a person
    Text,
    /// One JSON object a line
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Every stage that is not fresh, then publish
    #[command(
        after_help = "Examples:\n  hugging-carbon run\n  hugging-carbon run --source models.parquet --cards cards/ --data-dir nightly\n  hugging-carbon run --until fit -v"
    )]
    Run {
        /// Stop after this stage
        #[arg(long, value_name = "STAGE", value_parser = stages::NAMES)]
        until: Option<String>,
        #[command(flatten)]
        stage: StageArgs,
        #[command(flatten)]
        publication: PublicationArgs,
    },
    /// Find or fetch the index and the cards, and pin them
    #[command(
        after_help = "Examples:\n  hugging-carbon fetch --source models.parquet\n  HF_TOKEN=... hugging-carbon fetch --config hub.toml"
    )]
    Fetch(StageArgs),
    /// Fetch, then read the pinned source into raw_models and quarantine
    #[command(
        after_help = "Examples:\n  hugging-carbon ingest --source models.parquet\n  hugging-carbon ingest --source models.parquet --cards cards/ --data-dir nightly"
    )]
    Ingest(StageArgs),
    /// Derive models, runs and evidence
    #[command(after_help = "Examples:\n  hugging-carbon normalize\n  hugging-carbon normalize --force")]
    Normalize(StageArgs),
    /// Decide which tiers each run's evidence allows
    #[command(after_help = "Examples:\n  hugging-carbon tier\n  hugging-carbon tier --data-dir nightly")]
    Tier(StageArgs),
    /// Fit the regressions, run the back-test, and print them
    #[command(after_help = "Examples:\n  hugging-carbon fit | less\n  hugging-carbon fit --force")]
    Fit(StageArgs),
    /// Estimate every run
    #[command(after_help = "Examples:\n  hugging-carbon estimate\n  hugging-carbon estimate --threads 4")]
    Estimate(StageArgs),
    /// Aggregate, test and publish
    #[command(after_help = "Examples:\n  hugging-carbon snapshot\n  hugging-carbon snapshot --data-dir nightly --allow-older")]
    Snapshot {
        #[command(flatten)]
        stage: StageArgs,
        #[command(flatten)]
        publication: PublicationArgs,
    },
    /// Show which stages are fresh or stale, and why
    Status(status::StatusArgs),
    /// Show how a model's figures come about, from evidence to result
    Explain(Box<explain::ExplainArgs>),
    /// Write the report of a snapshot: one HTML page that needs no script and no network
    #[command(after_help = REPORT_EXAMPLES)]
    Report(report::PageArgs),
    /// Write the explorer of a snapshot: one HTML page to find, filter and open the models of the cohort
    #[command(
        after_help = "Examples:\n  hugging-carbon explorer -o explorer.html\n  hugging-carbon explorer --since previous -o explorer.html"
    )]
    Explorer(report::PageArgs),
    /// Work on rows of Arrow IPC streams, for engines beyond one machine
    #[command(subcommand, after_help = "Examples:\n  hugging-carbon rows evidence < cards.arrow > evidence.arrow")]
    Rows(RowsCommand),
    /// The factor tables that are part of the binary
    #[command(subcommand, after_help = "Examples:\n  hugging-carbon reference check")]
    Reference(ReferenceCommand),
    /// Verify a snapshot's digests, then rebuild it and compare byte for byte
    #[command(after_help = AUDIT_EXAMPLE)]
    Audit {
        /// Snapshot directory, whatever it is called, a version of the data directory, latest, or OWNER/NAME@REVISION of a dataset repository of the Hub
        snapshot: PathBuf,
        /// Only verify digests
        #[arg(long)]
        verify_only: bool,
        /// Dataset repository that holds the recorded crawl [default for OWNER/NAME@REVISION: OWNER/NAME-inputs]
        #[arg(long, value_name = "OWNER/NAME")]
        inputs: Option<String>,
    },
    /// Upload a snapshot to a dataset repository of the Hub: one commit, and a tag named as its version
    #[command(
        after_help = "Examples:\n  hugging-carbon publish data/snapshots/latest --repo me/hugging-carbon --dry-run\n  HF_TOKEN=... hugging-carbon publish data/snapshots/latest --repo me/hugging-carbon --create"
    )]
    Publish {
        /// Snapshot directory, a version of the data directory, or latest
        snapshot: PathBuf,
        /// Dataset repository, owner/name
        #[arg(long, value_name = "OWNER/NAME")]
        repo: String,
        /// List what would be uploaded, and upload nothing
        #[arg(long)]
        dry_run: bool,
        /// Make the repository (public) if it does not exist
        #[arg(long)]
        create: bool,
        /// Also upload the crawl and the cards it was made from, to OWNER/NAME-inputs, so that a stranger can rebuild it
        #[arg(long)]
        with_inputs: bool,
    },
    /// Check that what is published is recent and complete; status 3 if it is not
    #[command(after_help = CHECK_EXAMPLE)]
    Check {
        /// Longest time since the end of the newest day in the index, such as 36h, 90m or 2d
        #[arg(long, value_name = "TIME", value_parser = check::parse_age)]
        max_age: Duration,
        /// Look at this dataset repository of the Hub instead of the data directory
        #[arg(long, value_name = "OWNER/NAME")]
        repo: Option<String>,
    },
    /// List the snapshots: date, version, size, total, tags, and whether each can be rebuilt here
    #[command(after_help = SNAPSHOTS_EXAMPLE)]
    Snapshots,
    /// Give a snapshot a tag, by which 'forget' can keep it
    #[command(after_help = TAG_EXAMPLE)]
    Tag {
        /// Version, as 'snapshots' shows it, or latest
        version: String,
        /// The tag: a word without comma and slash, and not the name of a version
        tag: String,
        /// Take the tag away
        #[arg(long)]
        delete: bool,
    },
    /// Say which snapshots would be kept and which removed; with --prune remove them and the inputs that no other was made from
    #[command(after_help = FORGET_EXAMPLE)]
    Forget(ForgetArgs),
    /// Compare two snapshots: what changed, and why the total did
    Diff(diff::DiffArgs),
    /// Show the totals of every snapshot as a series
    History(history::HistoryArgs),
    /// Shell completions and man pages of this version
    #[command(
        subcommand,
        after_help = "Examples:\n  hugging-carbon generate completions bash\n  hugging-carbon generate man /usr/local/share/man/man1"
    )]
    Generate(GenerateCommand),
}

const REPORT_EXAMPLES: &str = "Examples:
  hugging-carbon report -o report.html
  hugging-carbon report downloads/2026-05-19-1a2b3c4d -o report.html
  hugging-carbon report --since previous --history data/snapshots -o report.html";
const AUDIT_EXAMPLE: &str = "Examples:
  hugging-carbon audit data/snapshots/latest
  hugging-carbon audit owner/name@2026-11-28-0123abcd --source models.parquet";
const CHECK_EXAMPLE: &str = "Examples:
  hugging-carbon check --max-age 36h --data-dir /var/lib/hugging-carbon
  hugging-carbon check --max-age 36h --repo owner/name";
const SNAPSHOTS_EXAMPLE: &str =
    "Examples:\n  hugging-carbon snapshots\n  hugging-carbon snapshots --data-dir /var/lib/hugging-carbon";
const TAG_EXAMPLE: &str = "Examples:\n  hugging-carbon tag latest paper-2026\n  hugging-carbon tag latest paper-2026 --delete";
const FORGET_EXAMPLE: &str =
    "The rules are those of restic, by index date: of each of the last N days (weeks, months) that have a snapshot the
last one is kept, and the oldest while there is room. The one that 'latest' names is always kept.

The examples keep two weeks of days, two months of weeks, five years of months, and what a paper cites.

Examples:
  hugging-carbon forget --keep-daily 14 --keep-weekly 8 --keep-monthly 60 --keep-tag paper-2026
  hugging-carbon forget --keep-daily 14 --keep-weekly 8 --keep-monthly 60 --keep-tag paper-2026 --prune";

/// What is kept; at least one of the rules has to be given.
#[derive(Debug, Args)]
struct ForgetArgs {
    #[command(flatten)]
    keep: KeepArgs,
    /// Remove them; without it nothing is removed
    #[arg(long)]
    prune: bool,
    /// Remove nothing, also with --prune
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
struct KeepArgs {
    /// Keep the last snapshot of each of the last N days that have one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep_daily: Option<u32>,
    /// Keep the last snapshot of each of the last N weeks that have one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep_weekly: Option<u32>,
    /// Keep the last snapshot of each of the last N months that have one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep_monthly: Option<u32>,
    /// Keep snapshots with this tag; may be given several times. A version is a tag of its own
    #[arg(long, value_name = "TAG")]
    keep_tag: Vec<String>,
}

impl KeepArgs {
    fn keep(&self) -> Keep {
        let of = |n: Option<u32>| n.unwrap_or(0);
        Keep {
            daily: of(self.keep_daily),
            weekly: of(self.keep_weekly),
            monthly: of(self.keep_monthly),
            tags: self.keep_tag.clone(),
        }
    }
}

#[derive(Debug, Subcommand)]
enum ReferenceCommand {
    /// Validate every table and print what it covers
    #[command(after_help = "Examples:\n  hugging-carbon reference check\n  hugging-carbon reference check --strict")]
    Check {
        /// Fail also on reviewed corrections that the sample's records make needless or contradict
        #[arg(long)]
        strict: bool,
    },
}

#[derive(Debug, Subcommand)]
enum GenerateCommand {
    /// Print the completions of a shell
    #[command(after_help = "Examples:\n  hugging-carbon generate completions bash > /etc/bash_completion.d/hugging-carbon")]
    Completions {
        /// Shell that reads them
        shell: Shell,
    },
    /// Write one man page per command
    #[command(after_help = "Examples:\n  hugging-carbon generate man /usr/local/share/man/man1")]
    Man {
        /// Directory they go to; it is made if it is not there
        dir: PathBuf,
    },
}

/// What `rows evidence --help` says.
const ROWS_EVIDENCE: &str = "\
Read cards into evidence: an Arrow IPC stream on stdin, one on stdout.

The input has a text column with the id (id, modelId or model_id) and one with the card (card, modelcard_text, model_card, content, text, readme or \
markdown). \
Columns of the index beside them (tags, baseModels, cardData, safetensors ...) say which reading is the first; they need not be there. The \
output has the columns of the table `evidence`, those that the pipeline needs to take it (reading, position, contexts ...), and who read it, \
also in the metadata of the schema. Rows come in the order of the input. Reading 0 is that of what the record tells; the others are for what \
the whole index may tell of the repository.";

/// What it shows at its end.
const ROWS_EVIDENCE_EXAMPLES: &str = "\
Examples:
  hugging-carbon rows evidence < cards.arrow > evidence.arrow
  hugging-carbon run --source index.parquet --evidence evidence.arrow

docs/engines.md has examples for Spark, Ray, Dask and DuckDB.";

#[derive(Debug, Subcommand)]
enum RowsCommand {
    /// Read cards into evidence: an Arrow IPC stream on stdin, one on stdout
    #[command(long_about = ROWS_EVIDENCE, after_long_help = ROWS_EVIDENCE_EXAMPLES)]
    Evidence,
}

#[derive(Debug, Args)]
struct StageArgs {
    /// Rebuild even if fresh
    #[arg(long)]
    force: bool,
    /// Write what the command came to for the node exporter's textfile collector
    #[arg(long, value_name = "FILE.prom")]
    metrics: Option<PathBuf>,
}

impl StageArgs {
    fn asked(&self) -> Asked<'_> {
        Asked { force: self.force, allow_older: false, metrics: self.metrics.as_deref() }
    }
}

#[derive(Debug, Args)]
struct PublicationArgs {
    /// Point 'latest' at the result even if its index is older than that of the newest snapshot
    #[arg(long)]
    allow_older: bool,
}

/// Runs the command line and returns its exit status.
pub fn main() -> ExitStatus {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            // Help and version are answers, everything else is wrong usage.
            let status = if e.use_stderr() { ExitStatus::Usage } else { ExitStatus::Done };
            let _ = e.print();
            return status;
        }
    };
    logging::init(cli.global.log_format, cli.global.quiet, cli.global.verbose);
    signals::listen(cli.global.log_format);
    match dispatch(&cli) {
        Ok(()) => ExitStatus::Done,
        Err(e) => {
            logging::report(cli.global.log_format, &e);
            e.exit_status()
        }
    }
}

fn dispatch(cli: &Cli) -> Result<()> {
    if let Some(n) = cli.global.threads {
        // Polars has a pool of its own, sized by this variable when it is first used; no thread exists yet that could read the
        // environment at the same time.
        // SAFETY: see above.
        unsafe { std::env::set_var("POLARS_MAX_THREADS", n.to_string()) };
        // The first thread is one of them. It would only wait for them otherwise; and what has one thread can be forked (tests/faults). No
        // other thread asks the pool for anything, so that it is never waited for while this one is elsewhere.
        rayon::ThreadPoolBuilder::new()
            .num_threads(usize::from(n))
            .use_current_thread()
            .build_global()
            .map_err(|e| Error::Internal(format!("thread pool: {e}")))?;
    }
    match &cli.command {
        Command::Run { until, stage, publication } => {
            run::pipeline(cli, until.as_deref(), Asked { allow_older: publication.allow_older, ..stage.asked() })
        }
        Command::Fetch(args) => run::stage(cli, Fetch::NAME, args.asked()),
        Command::Ingest(args) => run::stage(cli, Ingest::NAME, args.asked()),
        Command::Normalize(args) => run::stage(cli, Normalize::NAME, args.asked()),
        Command::Tier(args) => run::stage(cli, Tiering::NAME, args.asked()),
        Command::Fit(args) => run::stage(cli, Fitting::NAME, args.asked()),
        Command::Estimate(args) => run::stage(cli, Estimation::NAME, args.asked()),
        Command::Snapshot { stage, publication } => {
            run::stage(cli, Publication::NAME, Asked { allow_older: publication.allow_older, ..stage.asked() })
        }
        Command::Status(args) => status::status(cli, args),
        Command::Rows(RowsCommand::Evidence) => rows::evidence(cli),
        Command::Reference(ReferenceCommand::Check { strict }) => reference::check(*strict),
        Command::Report(args) => report::write_page(cli, args, report_page),
        Command::Explorer(args) => report::write_page(cli, args, explorer_page),
        Command::Explain(args) => explain::explain(cli, args),
        Command::Audit { snapshot, verify_only, inputs } => audit::audit(cli, snapshot, *verify_only, inputs.as_deref()),
        Command::Publish { snapshot, repo, dry_run, create, with_inputs } => {
            let how = publish::Upload { dry_run: *dry_run, create: *create, with_inputs: *with_inputs };
            publish::publish(cli, snapshot, repo, how)
        }
        Command::Check { max_age, repo } => check::check(cli, *max_age, repo.as_deref()),
        Command::Snapshots => snapshots::list(cli),
        Command::Tag { version, tag, delete } => snapshots::tag(cli, version, tag, *delete),
        Command::Forget(args) => snapshots::forget(cli, &args.keep.keep(), args.prune && !args.dry_run),
        Command::Diff(args) => diff::diff(cli, args),
        Command::History(args) => history::history(cli, args),
        Command::Generate(GenerateCommand::Completions { shell }) => generate::completions(*shell),
        Command::Generate(GenerateCommand::Man { dir }) => generate::man_pages(dir),
    }
}

fn resolve(cli: &Cli) -> Result<Resolved> {
    let Global { config, source, cards, evidence, .. } = cli.global.clone();
    // A name that is no text is none of ours.
    config::refuse_unknown_variables(std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()))?;
    let overrides = Overrides { config_file: config, source, cards, evidence };
    config::resolve(&overrides, |name| std::env::var(name).ok())
}

/// Writes a result to stdout. A reader that went away (`| head`) is no error.
fn print(text: &str) -> Result<()> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io("cannot write", "<stdout>", e)),
        _ => Ok(()),
    }
}
