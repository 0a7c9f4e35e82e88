//! The one error type of the crate: what went wrong, where, the way out, and the exit status it means.

use std::path::PathBuf;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What is added to the number of a signal that ended a command: SIGHUP gives 129, SIGINT 130, SIGTERM 143, as shells have it.
pub const SIGNALLED: i32 = 128;

/// Exit statuses of the binary, besides [`SIGNALLED`]. Schedulers script against the numbers (docs/architecture.md, "Exit status").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitStatus {
    /// Everything asked for was done.
    Done = 0,
    /// Configuration, input or a missing file: the user's to fix.
    UserError = 1,
    /// Wrong command line: clap's own status, and what it states that cannot be.
    Usage = 2,
    /// `audit` or a data test found that something does not hold.
    VerificationFailed = 3,
    /// The Hub or the network.
    Network = 4,
    /// A bug of ours.
    Internal = 70,
}

impl From<ExitStatus> for std::process::ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(status as u8)
    }
}

/// Everything that can stop a command.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting is unknown, malformed or out of range.
    #[error("configuration: {0}")]
    Config(String),
    /// The input cannot be used as it is.
    #[error("{what}\n  where: {place}\n  way out: {remedy}")]
    Input {
        /// What is wrong.
        what: String,
        /// File, row or model it was found in.
        place: String,
        /// What the user can do.
        remedy: String,
    },
    /// A stage is asked for whose inputs are not those of the last run.
    #[error("{what}\n  where: {place}\n  way out: {remedy}")]
    NotFresh {
        /// Which stage, and why.
        what: String,
        /// The directory of the tables.
        place: String,
        /// What the user can do.
        remedy: String,
    },
    /// Another process works on the data directory; what it comes to is its own to write down.
    #[error("{what}\n  where: {place}\n  way out: {remedy}")]
    Busy {
        /// Who.
        what: String,
        /// The directory of the tables.
        place: String,
        /// What the user can do.
        remedy: String,
    },
    /// What the command line states cannot be.
    #[error("{what}\n  where: {place}\n  way out: {remedy}")]
    Usage {
        /// What is wrong.
        what: String,
        /// The flags.
        place: String,
        /// What the user can do.
        remedy: String,
    },
    /// Reading or writing a file failed.
    #[error("{action} {}: {source}\n  way out: {}", path.display(), io_remedy(source))]
    Io {
        /// What was attempted, as a verb: "cannot read".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// The Hub, or the way to it, does not give what is needed. Never holds a token: what is shown is built from our own words,
    /// the URL and the status.
    #[error("{what}\n  where: {place}\n  way out: {remedy}")]
    Network {
        /// What happened, and how long it was tried.
        what: String,
        /// The URL or the repository.
        place: String,
        /// What the user can do.
        remedy: String,
    },
    /// A digest, a rebuild or a data test does not agree.
    #[error("verification failed: {0}")]
    Verification(String),
    /// A command that publishes failed.
    #[error("{cause}\n  published: {standing}")]
    Unpublished {
        /// Why.
        cause: Box<Self>,
        /// What was published nevertheless, and what `latest` is.
        standing: String,
    },
    /// Something that should be impossible.
    #[error("internal error: {0}\n  way out: this is a bug in hugging-carbon; please report it with the command and the run log")]
    Internal(String),
}

impl Error {
    /// The exit status this error means.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Config(_) | Self::Input { .. } | Self::NotFresh { .. } | Self::Busy { .. } | Self::Io { .. } => {
                ExitStatus::UserError
            }
            Self::Usage { .. } => ExitStatus::Usage,
            Self::Network { .. } => ExitStatus::Network,
            Self::Verification(_) => ExitStatus::VerificationFailed,
            Self::Unpublished { cause, .. } => cause.exit_status(),
            Self::Internal(_) => ExitStatus::Internal,
        }
    }

    /// Whether it is that nothing may be written there: permissions, or a file system that is mounted read-only.
    #[must_use]
    pub fn is_read_only(&self) -> bool {
        let kinds = [std::io::ErrorKind::PermissionDenied, std::io::ErrorKind::ReadOnlyFilesystem];
        matches!(self, Self::Io { source, .. } if kinds.contains(&source.kind()))
    }

    /// Whether it is that the disk, or what one may use of it, is full.
    #[must_use]
    pub fn is_for_want_of_space(&self) -> bool {
        let kinds = [std::io::ErrorKind::StorageFull, std::io::ErrorKind::QuotaExceeded];
        matches!(self, Self::Io { source, .. } if kinds.contains(&source.kind()))
    }

    /// An input error with its place and the way out.
    pub fn input(what: impl Into<String>, place: impl ToString, remedy: impl Into<String>) -> Self {
        Self::Input { what: what.into(), place: place.to_string(), remedy: remedy.into() }
    }

    /// A wrong command line, with the flags and the way out.
    pub fn usage(what: impl Into<String>, place: impl ToString, remedy: impl Into<String>) -> Self {
        Self::Usage { what: what.into(), place: place.to_string(), remedy: remedy.into() }
    }

    /// A network error with its place and the way out.
    pub fn network(what: impl Into<String>, place: impl ToString, remedy: impl Into<String>) -> Self {
        Self::Network { what: what.into(), place: place.to_string(), remedy: remedy.into() }
    }

    /// An I/O error on `path`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}

fn io_remedy(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind as K;
    match error.kind() {
        K::NotFound => "check the path; --source, --cards, --data-dir and pipeline.toml decide where files are looked for",
        K::PermissionDenied => "give this user permission on it, or choose another --data-dir or --source",
        K::StorageFull | K::QuotaExceeded => {
            "free some space or choose another --data-dir, then run again: it goes on where it was"
        }
        K::ReadOnlyFilesystem => "mount it for writing, or choose another --data-dir, then run again",
        K::UnexpectedEof => "the file ends too early: fetch it again",
        _ => "mend what the reason says (the disk, the mount), then run again: it goes on where it was",
    }
}

/// Arrow errors met on tables we wrote ourselves are bugs; those on user input are wrapped where they occur.
impl From<arrow::error::ArrowError> for Error {
    fn from(e: arrow::error::ArrowError) -> Self {
        Self::Internal(format!("arrow: {e}"))
    }
}

/// Polars only ever sees tables this crate wrote.
impl From<polars::error::PolarsError> for Error {
    fn from(e: polars::error::PolarsError) -> Self {
        Self::Internal(format!("polars: {e}"))
    }
}

/// Attaches a path and a verb to an I/O result.
pub trait IoContext<T> {
    /// `cannot read data/x.parquet: <reason>`.
    ///
    /// # Errors
    /// The wrapped error, with its path.
    fn at_path(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T>;
}

impl<T> IoContext<T> for std::io::Result<T> {
    fn at_path(self, action: &'static str, path: impl Into<PathBuf>) -> Result<T> {
        self.map_err(|e| Error::io(action, path, e))
    }
}
