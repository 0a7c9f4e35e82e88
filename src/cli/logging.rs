//! Log lines on stderr, for a person or a machine.

use super::LogFormat;
use hugging_carbon::error::Error;
use std::io::IsTerminal;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging. Clock times appear in the JSON form only: a person at a terminal does not need them, a scheduler does.
pub fn init(format: LogFormat, quiet: bool, verbose: bool) {
    let level = match (quiet, verbose) {
        (true, _) => LevelFilter::WARN,
        (_, true) => LevelFilter::DEBUG,
        _ => LevelFilter::INFO,
    };
    let builder = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    let filter = tracing_subscriber::EnvFilter::builder().parse_lossy(format!("error,hugging_carbon={level}"));
    match format {
        LogFormat::Json => builder.json().with_env_filter(filter).init(),
        LogFormat::Text => {
            let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            builder.without_time().with_ansi(colour).with_env_filter(filter).init();
        }
    }
}

/// The last word of a failed command.
pub fn report(format: LogFormat, error: &Error) {
    match format {
        LogFormat::Json => tracing::error!(exit_status = error.exit_status() as u8, "{error}"),
        LogFormat::Text => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "error: {error}");
        }
    }
}
