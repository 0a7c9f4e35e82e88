//! The page docs/commands.md: written from the command line as clap has it, and compared with it.

use super::Cli;
use clap::builder::StyledStr;
use clap::{Arg, Command, CommandFactory, Parser};
use std::path::Path;

const HEAD: &str = "\
# Commands

Every command of `hugging-carbon` with its arguments and options. `hugging-carbon COMMAND --help` says the same. What the exit status
means: [architecture.md](architecture.md#exit-status). Settings, which live in a file: [settings.md](settings.md).

This page is written from the command line itself. After a change of it, `WRITE_COMMANDS_PAGE=1 cargo test --release --bin
hugging-carbon commands_page` writes it anew.
";

/// The page on disk is what the command line says. With WRITE_COMMANDS_PAGE set it is written instead.
#[test]
fn the_page_is_that_of_the_command_line() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/commands.md");
    let text = page();
    if std::env::var_os("WRITE_COMMANDS_PAGE").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == text,
        "docs/commands.md is not what the command line says: \
         WRITE_COMMANDS_PAGE=1 cargo test --release --bin hugging-carbon commands_page"
    );
}

/// clap's own check of the definitions: names that clash, defaults that are not possible.
#[test]
fn the_command_line_is_sound() {
    Cli::command().debug_assert();
}

/// Words of a line as a shell splits them, up to a pipe, a redirection or a comment.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_word) = (Vec::new(), String::new(), false, false);
    for c in line.chars() {
        match c {
            '\'' => (is_quoted, is_word) = (!is_quoted, true),
            '|' | '>' | '<' | '#' if !is_quoted && !is_word => break,
            ' ' if !is_quoted => {
                if std::mem::take(&mut is_word) {
                    words.push(std::mem::take(&mut word));
                }
            }
            c => {
                word.push(c);
                is_word = true;
            }
        }
    }
    words.extend(is_word.then_some(word));
    words
}

/// Lines of examples of a command and of those below it.
fn examples(command: &Command, out: &mut Vec<String>) {
    let help = command.get_after_help().or_else(|| command.get_after_long_help()).map(ToString::to_string).unwrap_or_default();
    out.extend(
        help.lines()
            .filter(|line| line.trim_start().starts_with("hugging-carbon ") || line.contains("=... hugging-carbon"))
            .map(str::to_owned),
    );
    command.get_subcommands().for_each(|below| examples(below, out));
}

/// Every example of every help is a command line that is understood: what it names may not be there.
#[test]
fn every_example_is_understood() {
    let mut lines = Vec::new();
    examples(&Cli::command(), &mut lines);
    assert!(lines.len() >= 45, "{}", lines.len());
    for line in lines {
        // The first example of `run` says in words what it does.
        let line = line.split("   ").map(str::trim).find(|part| !part.is_empty()).unwrap();
        let words: Vec<String> = shell_words(line).into_iter().skip_while(|word| word != "hugging-carbon").collect();
        if let Err(e) = Cli::try_parse_from(&words) {
            panic!("{line}: {e}");
        }
    }
}

/// Commands, and those below them, whose help has no line "Examples:".
fn without_examples(command: &Command, out: &mut Vec<String>) {
    let helps = [command.get_after_help(), command.get_after_long_help()];
    if !helps.into_iter().flatten().any(|help| help.to_string().lines().any(|line| line == "Examples:")) {
        out.push(command.get_name().to_owned());
    }
    command.get_subcommands().for_each(|below| without_examples(below, out));
}

/// Regression: thirteen commands had a heading of their own or none.
#[test]
fn every_help_has_examples() {
    let mut without = Vec::new();
    without_examples(&Cli::command(), &mut without);
    assert!(without.is_empty(), "{without:?}");
}

fn page() -> String {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let everywhere = table(root.get_arguments().filter(|arg| arg.is_global_set()));
    let mut out = format!("{HEAD}\n## Everywhere\n\nThese options go before or after any command.\n\n{everywhere}");
    for command in root.get_subcommands() {
        section(command, 2, &mut out);
    }
    out
}

/// A command, then the commands below it.
fn section(command: &Command, level: usize, out: &mut String) {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let about = command.get_long_about().or_else(|| command.get_about());
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").split_whitespace().collect::<Vec<_>>().join(" ");
    out.push_str(&format!("\n{} {name}\n\n{}.\n\n```\n{usage}\n```\n", "#".repeat(level), sentence(about)));
    let mut own = command.get_arguments().filter(|arg| !arg.is_global_set() && !is_help(arg)).peekable();
    if own.peek().is_some() {
        out.push_str(&format!("\n{}", table(own)));
    }
    for below in command.get_subcommands() {
        section(below, level + 1, out);
    }
}

/// Whether it is one of the options that every command has: `tag` has a VERSION of its own.
fn is_help(arg: &Arg) -> bool {
    !arg.is_positional() && ["help", "version"].contains(&arg.get_id().as_str())
}

fn table<'a>(args: impl Iterator<Item = &'a Arg>) -> String {
    let mut out = "| argument | meaning | default | variable |\n| --- | --- | --- | --- |\n".to_owned();
    for arg in args.filter(|arg| !arg.is_hide_set()) {
        let words = |values: Vec<String>| values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ");
        let mut meaning = sentence(arg.get_long_help().or_else(|| arg.get_help()));
        if arg.get_action().takes_values() {
            let possible = arg.get_possible_values();
            if !possible.is_empty() {
                meaning.push_str(&format!("; one of {}", words(possible.iter().map(|v| v.get_name().to_owned()).collect())));
            }
        }
        let defaults = arg.get_default_values().iter().map(|v| v.to_string_lossy().into_owned()).collect::<Vec<_>>();
        // A flag that is not given is false: clap calls that a default, a reader would not.
        let default = if arg.get_action().takes_values() { words(defaults) } else { String::new() };
        let variable = arg.get_env().map(|name| format!("`{}`", name.to_string_lossy())).unwrap_or_default();
        for cell in [format!("`{}`", spelling(arg)), meaning, default, variable] {
            out.push_str(&if cell.is_empty() { "| ".to_owned() } else { format!("| {} ", cell.replace('|', "\\|")) });
        }
        out.push_str("|\n");
    }
    out
}

/// `-q, --quiet`, `--threads N`, `MODEL_ID`.
fn spelling(arg: &Arg) -> String {
    let values: Vec<String> = arg.get_value_names().unwrap_or_default().iter().map(ToString::to_string).collect();
    if arg.is_positional() {
        return values.join(" ");
    }
    let names: Vec<String> = arg
        .get_short()
        .map(|short| format!("-{short}"))
        .into_iter()
        .chain(arg.get_long().map(|long| format!("--{long}")))
        .collect();
    let value = if arg.get_action().takes_values() { format!(" {}", values.join(" ")) } else { String::new() };
    format!("{}{value}", names.join(", "))
}

/// A doc comment as one line without the stop that clap takes off short ones.
fn sentence(text: Option<&StyledStr>) -> String {
    let text = text.map(ToString::to_string).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

/// Regression: `tag VERSION TAG` stood there without its VERSION, because every `version` was taken for the option.
#[test]
fn every_positional_argument_has_a_row() {
    let text = page();
    let tag = text.split("\n## hugging-carbon tag\n").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap();
    assert!(tag.contains("| `VERSION` |") && tag.contains("| `TAG` |"), "{tag}");
}
