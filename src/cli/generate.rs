//! `generate`: shell completions and man pages, made from the command line itself. So they are those of the version that is
//! installed, whichever way it came (as ripgrep's `--generate` and uv's `generate-shell-completion` have it).

use super::{Cli, print};
use clap::CommandFactory;
use clap_complete::Shell;
use hugging_carbon::error::{Error, IoContext, Result};
use std::path::Path;

/// Prints the completions of a shell.
pub fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hugging-carbon", &mut script);
    let script = String::from_utf8(script).map_err(|e| Error::Internal(format!("completions: {e}")))?;
    print(&script)
}

/// Writes one man page per command into a directory, which is made if it is not there.
pub fn man_pages(dir: &Path) -> Result<()> {
    fs_err::create_dir_all(dir).at_path("cannot create", dir)?;
    clap_mangen::generate_to(Cli::command(), dir).at_path("cannot write man pages to", dir)
}
