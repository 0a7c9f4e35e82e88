//! Where a setting comes from: default < pipeline.toml < `HUGGING_CARBON_*` < flag.

use super::sections::Config;
use super::settings::{Kind, SETTINGS, Setting, Value, find_setting};
use super::validate::{refuse_wrong_values, unknown_word, validate};
use crate::error::{Error, IoContext, Result};
use fs_err as fs;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where a setting came from, for `run -v`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A command-line flag.
    Flag(&'static str),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => write!(f, "default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "{name}"),
            Self::Flag(flag) => write!(f, "{flag}"),
        }
    }
}

/// Dotted key to value and origin.
pub(super) type Origins = BTreeMap<String, (String, Origin)>;

/// A configuration together with the origin of every setting.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The settings.
    pub config: Config,
    /// Dotted key to value and origin, of what was set and of what every snapshot pins.
    pub origins: BTreeMap<String, (String, Origin)>,
    /// Settings of the file that a flag has put aside.
    pub left_aside: Vec<LeftAside>,
}

/// A setting of the file that a flag has put aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftAside {
    /// Dotted key.
    pub setting: String,
    /// Value as the file has it.
    pub value: String,
    /// The file and the flag, in words.
    pub why: String,
}

/// What the command line says about the configuration.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--config`.
    pub config_file: Option<PathBuf>,
    /// `--source`.
    pub source: Option<PathBuf>,
    /// `--cards`.
    pub cards: Option<PathBuf>,
    /// `--evidence`.
    pub evidence: Option<PathBuf>,
}

/// Begin of the variables of settings.
const PREFIX: &str = "HUGGING_CARBON_";
/// Most letters that a misspelt name has wrong.
const MOST_SLIPS: usize = 2;

/// Refuses variables that look like a setting and are none: a misspelt one would be ignored in silence. Variables of flags and tests have no
/// section.
///
/// # Errors
/// There is such a variable.
pub fn refuse_unknown_variables(names: impl Iterator<Item = String>) -> Result<()> {
    let sections: Vec<String> = SETTINGS.iter().map(|setting| format!("{PREFIX}{}_", setting.split().0.to_uppercase())).collect();
    let known: Vec<String> = SETTINGS.iter().map(Setting::variable).collect();
    let distance = |name: &str| known.iter().map(|other| strsim::damerau_levenshtein(other, name)).min().unwrap_or(usize::MAX);
    // A misspelt section is told by the whole name.
    let is_like = |name: &str| sections.iter().any(|section| name.starts_with(section)) || distance(name) <= MOST_SLIPS;
    let is_unknown = |name: &String| name.starts_with(PREFIX) && !known.contains(name) && is_like(name);
    let Some(name) = names.filter(is_unknown).min() else { return Ok(()) };
    let nearest = known.iter().min_by_key(|other| strsim::damerau_levenshtein(other, &name)).cloned().unwrap_or_default();
    Err(Error::Config(format!(
        "environment variable {name}: no setting has this name\n  way out: unset it, or write {nearest}; docs/settings.md lists them"
    )))
}

/// Resolves the configuration from all four layers. `environment` looks a variable up.
///
/// # Errors
/// A file that is named but missing, broken TOML, an unknown key, a value of the wrong type or out of range.
pub fn resolve(overrides: &Overrides, environment: impl Fn(&str) -> Option<String>) -> Result<Resolved> {
    let mut layers = Layers::of_defaults();
    if let Some((path, text)) = read_file(overrides.config_file.as_deref())? {
        let mut table = parse_toml(&text, &path)?;
        // Keys and types are checked per layer, so that the message can name the file.
        check_keys(&table, &path)?;
        relative_to(&mut table, path.parent().unwrap_or(Path::new("")));
        layers.merge(table, &Origin::File(path));
    }
    for setting in SETTINGS {
        let name = setting.variable();
        if let Some(value) = environment(&name) {
            let value = parse_text(setting.kind, &value).ok_or_else(|| {
                Error::Config(format!(
                    "environment variable {name}: '{value}' is neither a number nor true or false, as this setting needs"
                ))
            })?;
            layers.set(setting.key, value, Origin::Environment(name));
        }
    }
    for [said, other] in [["cards.path", "cards.evidence"], ["cards.evidence", "cards.path"]] {
        // A variable goes before the file, also where it says the other of two that exclude each other.
        if let Some((_, Origin::Environment(variable))) = layers.origins.get(said) {
            let variable = variable.clone();
            layers.leave_aside(other, &variable);
        }
    }
    if let Some(path) = &overrides.source {
        layers.set("source.kind", toml::Value::String("file".into()), Origin::Flag("--source"));
        layers.set("source.path", toml::Value::String(path.to_string_lossy().into_owned()), Origin::Flag("--source"));
    }
    let flag = |given: &[(&'static str, bool)]| given.iter().find(|(_, is_given)| *is_given).map(|(flag, _)| *flag);
    let [source, cards, evidence] = [&overrides.source, &overrides.cards, &overrides.evidence].map(Option::is_some);
    if let Some(path) = &overrides.cards {
        layers.set("cards.path", toml::Value::String(path.to_string_lossy().into_owned()), Origin::Flag("--cards"));
    } else if let Some(flag) = flag(&[("--source", source), ("--evidence", evidence)]) {
        layers.leave_aside("cards.path", flag);
    }
    if let Some(path) = &overrides.evidence {
        let value = toml::Value::String(path.to_string_lossy().into_owned());
        layers.set("cards.evidence", value, Origin::Flag("--evidence"));
    } else if let Some(flag) = flag(&[("--source", source), ("--cards", cards)]) {
        layers.leave_aside("cards.evidence", flag);
    }
    layers.finish()
}

fn read_file(named: Option<&Path>) -> Result<Option<(PathBuf, String)>> {
    let path = named.unwrap_or(Path::new("pipeline.toml"));
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((path.to_owned(), text))),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && named.is_none() => Ok(None),
        Err(e) => Err(e).at_path("cannot read configuration", path),
    }
}

fn parse_toml(text: &str, path: &Path) -> Result<toml::Table> {
    text.parse().map_err(|e: toml::de::Error| {
        let way_out = "texts stand in quotes, numbers and true or false without, lists in brackets, sections as [source]; docs/settings.md \
                       has every key";
        Error::Config(format!("{}: {}\n  way out: {way_out}", path.display(), e.to_string().trim_end()))
    })
}

fn check_keys(table: &toml::Table, path: &Path) -> Result<()> {
    let unknown = |key: &str| {
        let known: Vec<&str> = SETTINGS.iter().map(|setting| setting.key).collect();
        Error::Config(format!("{}: unknown key '{key}'\n  known keys: {}", path.display(), known.join(", ")))
    };
    for (section, value) in table {
        let Some(entries) = value.as_table() else { return Err(unknown(section)) };
        if !SETTINGS.iter().any(|setting| setting.split().0 == section) {
            return Err(unknown(section));
        }
        for key in entries.keys() {
            let dotted = format!("{section}.{key}");
            if find_setting(&dotted).is_none() {
                return Err(unknown(&dotted));
            }
        }
    }
    Ok(())
}

/// A relative path in a file is relative to the file, so that a scheduler may start the tool anywhere.
fn relative_to(table: &mut toml::Table, base: &Path) {
    for (section, key) in SETTINGS.iter().filter(|setting| matches!(setting.kind, Kind::Path)).map(Setting::split) {
        if let Some(toml::Value::String(path)) = table.get_mut(section).and_then(|s| s.get_mut(key)) {
            let joined = base.join(&*path).to_string_lossy().into_owned();
            *path = joined;
        }
    }
}

/// The text of an environment variable as a value of the setting's type.
fn parse_text(kind: Kind, text: &str) -> Option<toml::Value> {
    match kind {
        Kind::Text | Kind::Path | Kind::Word(_) => Some(toml::Value::String(text.to_owned())),
        Kind::Flag => text.trim().parse().ok().map(toml::Value::Boolean),
        Kind::Whole(_) => text.trim().parse().ok().map(toml::Value::Integer),
        Kind::Number(_) => text.trim().parse().ok().map(toml::Value::Float),
        Kind::Words(_) => {
            let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
            Some(toml::Value::Array(words.map(|word| toml::Value::String(word.to_owned())).collect()))
        }
    }
}

fn to_toml(value: Value) -> toml::Value {
    match value {
        Value::Text(text) => toml::Value::String(text.to_owned()),
        Value::Flag(flag) => toml::Value::Boolean(flag),
        Value::Whole(number) => toml::Value::Integer(number),
        Value::Number(number) => toml::Value::Float(number),
        Value::Words(words) => toml::Value::Array(words.iter().map(|word| toml::Value::String((*word).to_owned())).collect()),
    }
}

/// The settings so far, each with the layer that said it last.
#[derive(Default)]
struct Layers {
    table: toml::Table,
    origins: Origins,
    left_aside: Vec<LeftAside>,
}

impl Layers {
    fn of_defaults() -> Self {
        let mut layers = Self::default();
        for setting in SETTINGS {
            let Some(default) = setting.default else { continue };
            if setting.shown {
                layers.set(setting.key, to_toml(default), Origin::Default);
            } else {
                // How something is fetched is worth a line of `run -v` only where somebody has set it.
                layers.put(setting.key, to_toml(default));
            }
        }
        layers
    }

    fn merge(&mut self, table: toml::Table, origin: &Origin) {
        for (section, entries) in table {
            if let toml::Value::Table(entries) = entries {
                for (key, value) in entries {
                    self.set(&format!("{section}.{key}"), value, origin.clone());
                }
            }
        }
    }

    fn set(&mut self, dotted: &str, value: toml::Value, origin: Origin) {
        self.origins.insert(dotted.to_owned(), (value.to_string(), origin));
        self.put(dotted, value);
    }

    fn put(&mut self, dotted: &str, value: toml::Value) {
        let (section, key) = dotted.split_once('.').unwrap_or((dotted, ""));
        let entry = self.table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        if let toml::Value::Table(entries) = entry {
            entries.insert(key.to_owned(), value);
        }
    }

    /// Drops a setting of the file: its cards belong to its source. What a variable says is said for this run, like the flag.
    fn leave_aside(&mut self, dotted: &str, flag: &str) {
        if !matches!(self.origins.get(dotted), Some((_, Origin::File(_)))) {
            return;
        }
        let Some((value, origin)) = self.origins.remove(dotted) else { return };
        let why = format!("{origin}, because of {flag}");
        self.left_aside.push(LeftAside { setting: dotted.to_owned(), value, why });
        let (section, key) = dotted.split_once('.').unwrap_or((dotted, ""));
        if let Some(toml::Value::Table(entries)) = self.table.get_mut(section) {
            entries.remove(key);
        }
    }

    fn finish(self) -> Result<Resolved> {
        let Self { table, origins, left_aside } = self;
        let refused = |why: &str| Error::Config(format!("{}{}", why.trim_end(), describe(&origins)));
        if let Some(why) = unknown_word(&table) {
            return Err(refused(&why));
        }
        refuse_wrong_values(&table, &origins)?;
        let mut config: Config = toml::Value::Table(table).try_into().map_err(|e: toml::de::Error| refused(&e.to_string()))?;
        // A set, whose order changes nothing.
        config.method.without_link_passes.sort_unstable();
        config.method.without_link_passes.dedup();
        validate(&config, &origins)?;
        Ok(Resolved { config, origins, left_aside })
    }
}

fn describe(origins: &Origins) -> String {
    let set: Vec<String> = origins
        .iter()
        .filter(|(_, (_, origin))| *origin != Origin::Default)
        .map(|(key, (value, origin))| format!("\n  {key} = {value} ({origin})"))
        .collect();
    set.concat()
}
