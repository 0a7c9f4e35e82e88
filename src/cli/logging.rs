//! Log lines on stderr, for a person or a machine.

use super::LogFormat;
use hugging_carbon::error::Error;
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging. Clock times appear in the JSON form only: a person at a terminal does not need them, a scheduler does.
pub fn init(format: LogFormat, quiet: bool, verbose: bool) {
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::WARN,
        (_, true) => LevelFilter::DEBUG,
        _ => LevelFilter::INFO,
    };
    let builder = tracing_subscriber::fmt().with_target(false).log_internal_errors(false);
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(format!("error,hugging_carbon={level}"));
    match format {
        LogFormat::Json => builder.json().with_writer(|| WithRunId).with_env_filter(filter).init(),
        LogFormat::Text => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            builder.with_writer(|| Stderr).without_time().with_ansi(colour).with_env_filter(filter).init();
        }
    }
}

/// Id of this run: when it began, to the microsecond, and its process.
pub fn run_id() -> &'static str {
    static ID: OnceLock<String> = OnceLock::new();
    ID.get_or_init(|| format!("{}-{}", jiff::Timestamp::now().strftime("%Y%m%dT%H%M%S.%6fZ"), std::process::id()))
}

/// Standard error that may be gone (`2> >(head -1)`, a full disk): a line of the log that nobody can read is lost, and never ends a run.
struct Stderr;

impl Write for Stderr {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let _ = std::io::stderr().write_all(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let _ = std::io::stderr().flush();
        Ok(())
    }
}

/// Puts the run's id at the begin of every JSON line. A span would not reach the threads that work for it.
struct WithRunId;

impl Write for WithRunId {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        match line.strip_prefix(b"{") {
            Some(rest) => {
                Stderr.write_all(&[format!("{{\"run_id\":\"{}\",", run_id()).as_bytes(), rest].concat())?;
                Ok(line.len())
            }
            None => Stderr.write(line),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Stderr.flush()
    }
}

/// The last word of a failed command.
pub fn report(format: LogFormat, error: &Error) {
    last_word(format, error.exit_status() as i32, &error.to_string());
}

/// The last word of a command that did not end well.
pub fn last_word(format: LogFormat, exit_status: i32, message: &str) {
    match format {
        LogFormat::Json => tracing::error!(exit_status, "{message}"),
        LogFormat::Text => {
            let _ = writeln!(std::io::stderr(), "error: {message}");
        }
    }
}
