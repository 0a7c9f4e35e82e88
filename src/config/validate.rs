//! What a value must be beyond its type: the words and ranges of the list, and the rules that tie two settings together.

use super::Origin;
use super::layers::Origins;
use super::sections::Config;
use super::settings::{Kind, SETTINGS, Setting};
use crate::domain::SourceKind;
use crate::error::{Error, Result};

/// What is wrong with the first word that is none of its setting's.
pub(super) fn unknown_word(table: &toml::Table) -> Option<String> {
    SETTINGS.iter().find_map(|setting| {
        let (words, found) = match (setting.kind, value_of(table, setting)?) {
            (Kind::Word(words), toml::Value::String(word)) => (words(), vec![word.as_str()]),
            (Kind::Words(words), toml::Value::Array(list)) => (words(), list.iter().filter_map(toml::Value::as_str).collect()),
            // Whether the type is right is for `refuse_wrong_types` to say.
            (Kind::Word(_) | Kind::Words(_) | Kind::Text | Kind::Path | Kind::Flag | Kind::Whole(_) | Kind::Number(_), _) => {
                return None;
            }
        };
        let unknown = found.into_iter().find(|word| !words.contains(word))?;
        Some(format!("unknown variant `{unknown}`, expected {}\nin `{}`", one_of(&words), setting.key))
    })
}

fn one_of(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [first, second] => format!("{first} or {second}"),
        _ => format!("one of {}", quoted.join(", ")),
    }
}

/// Checks that every value is of the type of its setting, and in its range, before anything is made of it.
///
/// # Errors
/// The first that is not, with what is wanted.
pub(super) fn refuse_wrong_values(table: &toml::Table, origins: &Origins) -> Result<()> {
    for setting in SETTINGS {
        let Some(value) = value_of(table, setting) else { continue };
        if let Some(rule) = wrong_type(setting.kind, value).or_else(|| broken_rule(setting.kind, value)) {
            return Err(refusal(origins, setting.key, rule));
        }
    }
    Ok(())
}

/// What is wanted where a value is of another type.
fn wrong_type(kind: Kind, value: &toml::Value) -> Option<&'static str> {
    let are_texts = |list: &toml::Value| list.as_array().is_some_and(|items| items.iter().all(toml::Value::is_str));
    let (fits, wanted) = match kind {
        Kind::Text => (value.is_str(), "a text in quotes is wanted: key = \"text\""),
        Kind::Path => (value.is_str(), "a path in quotes is wanted: key = \"data/models.parquet\""),
        Kind::Word(_) => (value.is_str(), "a word in quotes is wanted: key = \"word\"; docs/settings.md lists the words"),
        Kind::Flag => (value.is_bool(), "true or false is wanted, without quotes: key = true"),
        Kind::Whole(_) => (value.is_integer(), "a whole number is wanted, without quotes and point: key = 5"),
        Kind::Number(_) => (value.is_integer() || value.is_float(), "a number is wanted, without quotes: key = 0.05"),
        Kind::Words(_) => {
            (are_texts(value), "a list of words is wanted: key = [\"word\", \"word\"]; docs/settings.md lists the words")
        }
    };
    (!fits).then_some(wanted)
}

/// Checks what no setting says alone.
pub(super) fn validate(config: &Config, origins: &Origins) -> Result<()> {
    if config.cards.fetch && config.source.kind != SourceKind::HubListing {
        return Err(refusal(origins, "cards.fetch", "cards are fetched for a crawled listing only: source.kind = \"hub-listing\""));
    }
    let cards = &config.cards;
    if cards.evidence.is_some() && (cards.path.is_some() || cards.repo.is_some() || cards.fetch) {
        return Err(refusal(
            origins,
            "cards.evidence",
            "evidence goes in the stead of cards: leave cards.path, cards.repo and cards.fetch out",
        ));
    }
    if config.cards.repo.is_some() != config.cards.file.is_some() {
        return Err(refusal(origins, "cards.repo", "a repository of cards needs cards.file, and the other way round"));
    }
    Ok(())
}

fn value_of<'t>(table: &'t toml::Table, setting: &Setting) -> Option<&'t toml::Value> {
    let (section, name) = setting.split();
    table.get(section)?.get(name)
}

fn broken_rule(kind: Kind, value: &toml::Value) -> Option<&'static str> {
    match kind {
        Kind::Path => (value.as_str() == Some("")).then_some("the path is empty"),
        Kind::Whole(limits) | Kind::Number(limits) => {
            // Not a number is in no range.
            let is_within = number(value).is_none_or(|n| (limits.least..=limits.most).contains(&n));
            (!is_within).then_some(limits.refusal)
        }
        Kind::Text | Kind::Flag | Kind::Word(_) | Kind::Words(_) => None,
    }
}

fn number(value: &toml::Value) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)] // Limits are small or infinite.
    value.as_float().or_else(|| value.as_integer().map(|n| n as f64))
}

fn refusal(origins: &Origins, key: &str, rule: &str) -> Error {
    let (value, origin) = origins.get(key).cloned().unwrap_or((String::new(), Origin::Default));
    Error::Config(format!("{key} = {value} (from {origin}): {rule}"))
}
