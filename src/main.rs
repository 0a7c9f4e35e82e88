//! The binary: parse, dispatch, exit status.
#![warn(missing_docs)]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    // A panic is a bug of ours: the message goes to stderr as usual, the status says so (docs/architecture.md, "Exit status").
    std::panic::catch_unwind(cli::main).unwrap_or(hugging_carbon::error::ExitStatus::Internal).into()
}
