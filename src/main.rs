//! The binary: parse, dispatch, exit status.
#![warn(missing_docs)]

mod cli;

use std::process::ExitCode;

/// Rows are many short strings: with this allocator a run takes a fifth less time (docs/profile.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A panic is a bug of ours: the message goes to stderr as usual, the status says so (docs/architecture.md, "Exit status").
    std::panic::catch_unwind(cli::main).unwrap_or(hugging_carbon::error::ExitStatus::Internal).into()
}
