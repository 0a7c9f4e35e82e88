//! The list of settings as files people read: the repository's `pipeline.toml` and `docs/settings.md`.

use super::settings::{Kind, Limits, SETTINGS, Setting, Value};

/// Longest line of a comment.
const WIDTH: usize = 110;

const FILE_HEAD: &str = "\
# The nightly configuration: every setting there is. Unknown keys are refused.
# A setting is resolved as default < this file < HUGGING_CARBON_<SECTION>_<KEY> < flag.
# A line that is commented out shows the default, or an example where there is none.
# Written from the list in src/config/settings.rs, as docs/settings.md is; a test compares.
";

const PAGE_HEAD: &str = "\
# Settings

Every setting of Hugging Carbon. Each is resolved as default < `pipeline.toml` < environment variable < flag; `run -v` says where it
came from. Unknown keys are refused, and so are values out of range. A path in a file is relative to the file. A list of words in a
variable has commas between them. The flag `--source` sets `source.kind` and `source.path`, the flag `--cards` sets `cards.path`,
`--evidence` sets `cards.evidence`. With `--source` or one of the two others the file's cards are left aside, with a warning: they belong
to the file's source. Those of a variable stay.

This page and the comments of [pipeline.toml](../pipeline.toml) are written from the list in `src/config/settings.rs`. After a change
of it, `WRITE_SETTINGS=1 cargo test --release --lib config` writes both anew.
";

/// The repository's `pipeline.toml`.
#[must_use]
pub fn pipeline_toml() -> String {
    let mut out = FILE_HEAD.to_owned();
    for (section, settings) in sections() {
        out.push_str(&format!("\n[{section}]\n"));
        for setting in settings {
            for line in wrapped(&commented(setting)) {
                out.push_str(&format!("# {line}\n"));
            }
            let (_, name) = setting.split();
            let set = setting.here.or(setting.default.filter(|_| setting.shown));
            if let Some(value) = set {
                out.push_str(&format!("{name} = {}\n", as_toml(value)));
            } else if let Some(value) = setting.default.or(setting.example) {
                out.push_str(&format!("# {name} = {}\n", as_toml(value)));
            }
        }
    }
    out
}

/// The page `docs/settings.md`.
#[must_use]
pub fn settings_page() -> String {
    let mut out = PAGE_HEAD.to_owned();
    for (section, settings) in sections() {
        out.push_str(&format!(
            "\n## {section}\n\n| key | meaning | type | default | variable |\n| --- | --- | --- | --- | --- |\n"
        ));
        for setting in settings {
            let default = setting.default.map_or_else(|| "none".to_owned(), |value| format!("`{}`", as_toml(value)));
            let (_, name) = setting.split();
            out.push_str(&format!(
                "| `{name}` | {} | {} | {default} | `{}` |\n",
                setting.about,
                kind_in_words(setting.kind),
                setting.variable()
            ));
        }
    }
    out
}

/// The settings, section by section.
fn sections() -> Vec<(&'static str, Vec<&'static Setting>)> {
    let mut sections: Vec<(&str, Vec<&Setting>)> = Vec::new();
    for setting in SETTINGS {
        let (section, _) = setting.split();
        match sections.last_mut() {
            Some((last, settings)) if *last == section => settings.push(setting),
            _ => sections.push((section, vec![setting])),
        }
    }
    sections
}

/// What a setting decides, with what it may be where that is not plain.
fn commented(setting: &Setting) -> String {
    let allowed = match setting.kind {
        Kind::Text | Kind::Flag => String::new(),
        Kind::Path => " Relative to this file.".to_owned(),
        Kind::Whole(limits) | Kind::Number(limits) => format!(" {}.", capitalized(&range(limits))),
        Kind::Word(words) => format!(" One of {}.", words().join(", ")),
        Kind::Words(words) => format!(" Any of {}.", words().join(", ")),
    };
    format!("{}{allowed}", setting.about)
}

fn kind_in_words(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Flag => "true or false".to_owned(),
        Kind::Whole(limits) => format!("whole number, {}", range(limits)),
        Kind::Number(limits) => format!("number, {}", range(limits)),
        Kind::Word(words) => format!("one of {}", quoted(&words())),
        Kind::Words(words) => format!("list of {}", quoted(&words())),
    }
}

fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

fn range(limits: Limits) -> String {
    let Limits { least, most, .. } = limits;
    if most.is_infinite() {
        format!("{least} or more")
    } else if most > least {
        format!("{least} to {most}")
    } else {
        format!("{least} only")
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn as_toml(value: Value) -> String {
    match value {
        Value::Text(text) => format!("\"{text}\""),
        Value::Flag(flag) => flag.to_string(),
        Value::Whole(number) => number.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Words(words) => format!("[{}]", words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ")),
    }
}

/// A text in lines of at most [`WIDTH`] characters.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
