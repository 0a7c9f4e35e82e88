//! Whose figure it is: this model's training, or the base's, another model's, an evaluation's, nobody's.
//!
//! The role of the repository comes from its lineage; the text can only take away from it.

use crate::evidence::card::About;
use crate::evidence::card::CardRole;
use crate::evidence::card::parse::markdown::{Block, BlockKind};
use crate::evidence::index::names;
use crate::evidence::quantity::tokens::{Kind, Token, span, text_at, text_before};
use rustc_hash::FxHashSet;
use std::rc::Rc;

/// Lower-case words of letters and digits; a point between digits stays (`2.8b`).
#[must_use]
pub fn name_tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let point = c == '.' && word.ends_with(|d: char| d.is_ascii_digit()) && chars.peek().is_some_and(char::is_ascii_digit);
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        } else if point {
            word.push(c);
        } else if !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// Letters and digits of the last part of an id, lower case.
#[must_use]
pub fn letters(id: &str) -> String {
    last_part(id).chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn last_part(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

fn owner(id: &str) -> Option<String> {
    id.split_once('/').map(|(owner, _)| owner.to_lowercase())
}

/// The size a word of a name states: `7b`, `350m`, `7b1`.
#[must_use]
pub fn size_of(token: &str) -> Option<f64> {
    let (number, scale) = match token.strip_suffix('b') {
        Some(number) => (number, 1e9),
        None => match token.strip_suffix('m') {
            Some(number) => (number, 1e6),
            None => {
                let (whole, tenth) = token.split_once('b')?;
                let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
                if !digits(whole) || !digits(tenth) || tenth.len() != 1 {
                    return None;
                }
                return format!("{whole}.{tenth}").parse::<f64>().ok().map(|v| v * 1e9);
            }
        },
    };
    number.starts_with(|c: char| c.is_ascii_digit()).then(|| number.parse::<f64>().ok()).flatten().map(|v| v * scale)
}

/// What the extractor knows about the repository before it reads.
pub struct Own {
    /// Id.
    pub id: String,
    /// Words of the name.
    pub tokens: Vec<String>,
    set: FxHashSet<String>,
    /// Letters and digits of the name.
    pub letters: String,
    /// Its total parameters, from its files or its name.
    pub size: Option<f64>,
    /// Role, which the text may lower.
    pub role: CardRole,
    /// Ids of its bases.
    pub bases: Vec<String>,
}

impl Own {
    /// From the index.
    #[must_use]
    pub fn new(about: &About<'_>) -> Self {
        let tokens = name_tokens(last_part(about.model_id));
        let from_name = names::size(about.model_id).filter(|s| !s.from_expert_layout).map(|s| s.total);
        Self {
            id: about.model_id.to_owned(),
            set: tokens.iter().cloned().collect(),
            tokens,
            letters: letters(about.model_id),
            size: about.total_params.or(from_name),
            role: about.role,
            bases: about.base_ids.to_vec(),
        }
    }

    /// Whether a word is one of the name's.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.set.contains(word)
    }

    /// Whether all words of a name are this model's own.
    #[must_use]
    pub fn covers(&self, name: &str) -> bool {
        name_tokens(last_part(name)).iter().all(|t| self.has(t))
    }

    /// Whether a sentence names this model in full.
    #[must_use]
    pub fn named_in(&self, ts: &[Token<'_>]) -> bool {
        let joined: String = ts.iter().flat_map(|t| t.text.chars()).filter(|c| c.is_alphanumeric()).collect();
        !self.letters.is_empty() && joined.contains(&self.letters)
    }

    /// Why a number of parameters is not this model's.
    #[must_use]
    pub fn wrong_size(&self, value: f64) -> Option<&'static str> {
        let size = self.size?;
        (!SAME_SIZE.contains(&(value / size))).then_some("not the size of this model")
    }

    /// How well a cell names this model: 0 not at all or another, [`FULL_NAME`] in full.
    #[must_use]
    pub fn score(&self, cell: &str) -> usize {
        let words: Vec<String> = name_tokens(cell).into_iter().filter(|t| !CELL_FILLERS.contains(&t.as_str())).collect();
        // A word that is not this model's ("chat") makes it another.
        if words.is_empty() || words.len() > MAX_NAME_WORDS || !words.iter().all(|t| self.has(t) || t == "hf") {
            return 0;
        }
        let size = words.iter().find_map(|t| size_of(t));
        let own_size = self.tokens.iter().find_map(|t| size_of(t));
        if let (Some(a), Some(b)) = (size, own_size)
            && (a - b).abs() > 1.0
        {
            return 0;
        }
        if words.concat() == self.tokens.concat() { FULL_NAME } else { words.len() + if size.is_some() { 2 } else { 0 } }
    }

    /// `jina-embeddings-v2-small-en: 33 million parameters` in the card of another size.
    #[must_use]
    pub fn other_in_label(&self, ts: &[Token<'_>]) -> bool {
        let end = ts.iter().take(16).position(|t| t.is(":") || (t.is_any(&["-", "–", "—"]) && !t.glued));
        let Some(end) = end.filter(|end| *end >= 2) else { return false };
        let label: String = span(ts, 0, end).iter().map(|t| format!("{}{}", if t.glued { "" } else { " " }, t.text)).collect();
        let words = name_tokens(&label);
        let shared = words.iter().filter(|t| self.has(t)).count();
        (2..=8).contains(&words.len()) && shared >= 2 && shared < words.len()
    }

    /// Whether a base's name stands before the verb of a fine-tune's sentence.
    #[must_use]
    pub fn base_in(&self, ts: &[Token<'_>]) -> bool {
        const NO_NAMES: &[&str] = &["base", "large", "model", "instruct", "chat"];
        let telling = |t: &String| {
            !t.starts_with(|c: char| c.is_ascii_digit()) && t.len() > 2 && !self.has(t) && !NO_NAMES.contains(&t.as_str())
        };
        self.bases
            .iter()
            .any(|base| name_tokens(last_part(base)).iter().filter(|t| telling(t)).any(|t| ts.iter().any(|word| word.is(t))))
    }
}

/// Score of a cell that is this model's name and nothing else.
pub const FULL_NAME: usize = 100;
/// Rounded and exact counts of one model differ by less.
const SAME_SIZE: std::ops::RangeInclusive<f64> = 0.8..=1.25;
/// Most words of a model's name in a cell.
const MAX_NAME_WORDS: usize = 12;
const CELL_FILLERS: &[&str] = &["model", "the", "this", "ours", "link", "params", "parameters"];

/// Headings under which a copy quotes the card of its original; all that follows is the original's.
const ORIGINAL_HEADINGS: &[&str] =
    &["original model", "original card", "original readme", "original description", "original modelcard"];
/// Headings of a fine-tune's card that speak of its base.
const BASE_HEADINGS: &[&str] = &["pre-training", "pretraining", "pre training", "base model", "base_model", "foundation model"];
const EVALUATION_HEADINGS: &[&str] = &[
    "evaluation",
    "benchmark",
    "inference",
    "usage",
    "how to use",
    "how to run",
    "deploy",
    "quickstart",
    "quick start",
    "requirements",
    "speed",
    "efficiency",
    "throughput",
    "latency",
    "performance",
    "demo",
    "serving",
    "get started",
    "getting started",
];
const TRAINING_HEADINGS: &[&str] = &[
    "train",
    "environmental",
    "carbon",
    "compute",
    "hardware",
    "infrastructure",
    "fine-tun",
    "finetun",
    "训练",
    "学習",
    "학습",
    "technical spec",
    "co2",
];

/// Whether the nearest heading that says anything speaks of evaluation, use or speed.
#[must_use]
pub fn under_evaluation(b: &Block) -> bool {
    let says = |h: &str, words: &[&str]| words.iter().any(|w| h.contains(w));
    for heading in b.headings.iter().rev() {
        let heading = heading.to_lowercase();
        if says(&heading, &["train", "environmental", "carbon"]) {
            return false;
        }
        if says(&heading, EVALUATION_HEADINGS) {
            return true;
        }
    }
    false
}

/// Whether a heading above speaks of training, hardware or the environment.
#[must_use]
pub fn under_training(b: &Block) -> bool {
    b.headings.iter().any(|h| {
        let heading = h.to_lowercase();
        TRAINING_HEADINGS.iter().any(|w| heading.contains(w))
    })
}

/// Whether a heading above speaks of environment or compute, where a place is a training's.
#[must_use]
pub fn under_environment(b: &Block) -> bool {
    b.headings.iter().any(|h| {
        let heading = h.to_lowercase();
        ["environment", "carbon", "emission", "co2", "compute"].iter().any(|w| heading.contains(w))
    })
}

/// Whether a word speaks of training.
#[must_use]
pub fn is_train(ts: &[Token<'_>], i: usize) -> bool {
    const STEMS: &[&str] = &["train", "pretrain", "finetun", "retrain", "entren", "entraîn", "trein", "distill"];
    const CJK: &[&str] = &["训练", "訓練", "微调", "学習", "학습", "预训", "обуч", "エポック"];
    let Some(t) = ts.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    let word = t.text.as_ref();
    if STEMS.iter().any(|stem| word.starts_with(stem)) && word != "trains" {
        return true;
    }
    if word == "fine" {
        return text_at(ts, i + 1).starts_with("tun") || (text_at(ts, i + 1) == "-" && text_at(ts, i + 2).starts_with("tun"));
    }
    !word.is_ascii() && CJK.iter().any(|part| word.contains(part))
}

/// Whether a word is the verb of a training: trained, pre-trained, tuned; `training` only right before its preposition.
#[must_use]
pub fn is_train_verb(ts: &[Token<'_>], i: usize, before: usize) -> bool {
    const VERBS: &[&str] =
        &["trained", "train", "pretrained", "pretrain", "finetuned", "finetune", "trains", "retrained", "tuned", "tune"];
    const PREPOSITIONS: &[&str] = &["on", "for", "with", "over", "using", "covered", "used", "of", "(", "took", "ran", "consumed"];
    let Some(t) = ts.get(i).filter(|t| t.kind == Kind::Word) else { return false };
    if !t.text.is_ascii() {
        return is_train(ts, i);
    }
    let noun = t.is_any(&["training", "pretraining", "finetuning", "tuning"]);
    t.is_any(VERBS) || (noun && i + 1 < before && ts.get(i + 1).is_some_and(|p| p.is_any(PREPOSITIONS)))
}

/// Whether a sentence speaks of pre-training that is not this repository's own.
#[must_use]
pub fn is_pretraining(ts: &[Token<'_>], trains: &[usize]) -> bool {
    trains.iter().any(|i| {
        let word = text_at(ts, *i);
        word.starts_with("pretrain")
            || (word.starts_with("train") && text_before(ts, *i, 1) == "-" && text_before(ts, *i, 2) == "pre")
    })
}

/// Whether a value is a template's.
#[must_use]
pub fn is_template(value: &str) -> bool {
    const UNFILLED: &[&str] = &[
        "",
        "optional",
        "needs more information",
        "n/a",
        "tbd",
        "to be added",
        "not available",
        "not specified",
        "none",
        "todo",
        "na",
        "-",
        "?",
        "not applicable",
        "not disclosed",
        "unavailable",
    ];
    let short: String = value.trim().chars().take(80).flat_map(char::to_lowercase).collect();
    let bare = short.trim_matches(|c: char| "*_[]().` ".contains(c));
    UNFILLED.contains(&bare) || short.contains("information needed") || bare.starts_with("unknown")
}

/// What the sections of a card take away: decided once, asked for every block.
pub struct Sections {
    copy: bool,
    another_repo: bool,
    original_from: Option<usize>,
    base_headings: bool,
    /// Heading paths whose figures are another version's.
    others: Vec<Rc<[String]>>,
}

impl Sections {
    /// Reads the blocks for what settles whole sections.
    #[must_use]
    pub fn read(own: &Own, blocks: &[Block]) -> Self {
        let is_original = |b: &Block| {
            b.kind == BlockKind::Heading && {
                let title = name_tokens(&b.text).join(" ");
                ORIGINAL_HEADINGS.iter().any(|o| title.starts_with(o))
            }
        };
        Self {
            copy: own.role == CardRole::Copy,
            another_repo: own.role == CardRole::OwnTraining && is_another_repo(own, blocks),
            original_from: blocks.iter().find(|b| is_original(b)).map(|b| b.from),
            base_headings: own.role == CardRole::FineTune,
            others: other_versions(own, blocks),
        }
    }

    /// Why no figure of a block can be this model's training.
    #[must_use]
    pub fn refuse(&self, b: &Block) -> Option<&'static str> {
        if self.another_repo {
            return Some("another repository's card: its examples load that one");
        }
        if self.copy {
            return Some("copy: the base model's figure");
        }
        if self.original_from.is_some_and(|from| b.from >= from) {
            return Some("base model's card");
        }
        if self.base_headings && b.headings.iter().skip(1).any(|h| speaks_of_base(h)) {
            return Some(BASE_SECTION);
        }
        self.others.iter().any(|path| **path == *b.headings).then_some("another version's section")
    }
}

/// Reason that a row with this model's full name overrules.
pub const BASE_SECTION: &str = "base model's section";

fn speaks_of_base(heading: &str) -> bool {
    let heading = heading.to_lowercase();
    BASE_HEADINGS.iter().any(|w| heading.contains(w)) && !heading.contains("continu") && !heading.contains("further")
}

/// "Stable Diffusion v1 Estimated Emissions" in the card of version 2.
fn other_versions(own: &Own, blocks: &[Block]) -> Vec<Rc<[String]>> {
    let alphabetic = |t: &&String| t.chars().all(char::is_alphabetic) && t.as_str() != "v";
    let mut names = own.tokens.iter().filter(alphabetic);
    let names = names.next().zip(names.next());
    let major = |t: &str| {
        let bare = t.trim_start_matches('v');
        (bare.len() <= 3 && bare.starts_with(|c: char| c.is_ascii_digit()))
            .then(|| bare.split('.').next().unwrap_or(bare).to_owned())
    };
    let version = own.tokens.iter().filter(|t| size_of(t).is_none()).find_map(|t| major(t));
    let mut out: Vec<Rc<[String]>> = Vec::new();
    for b in blocks.iter().filter(|b| matches!(b.kind, BlockKind::Paragraph | BlockKind::Heading)) {
        let first: String = b.text.lines().next().unwrap_or_default().chars().take(120).collect();
        let first = first.to_lowercase();
        if !first.contains("emission") {
            continue;
        }
        let words = name_tokens(&first);
        let at = words
            .windows(2)
            .position(|w| matches!(w, [a, b] if a == "estimated" && ["emissions", "carbon", "co2"].contains(&b.as_str())));
        let named: Vec<&String> = words
            .iter()
            .take(at.unwrap_or(0))
            .filter(|t| !["the", "our", "model", "carbon", "co2"].contains(&t.as_str()))
            .collect();
        let shares = |t: &&String| t.len() > 2 && t.chars().all(char::is_alphabetic) && own.letters.contains(t.as_str());
        let is_other = named.len() >= 2 && !named.iter().any(shares);
        let is_version = words.windows(3).any(|w| match (w, names) {
            ([a, b, v], Some((first, second))) => {
                a == first && b == second && major(v).is_some_and(|other| version.as_ref().is_none_or(|own| *own != other))
            }
            _ => false,
        });
        if is_other || is_version {
            out.push(Rc::clone(&b.headings));
        }
    }
    out
}

/// Calls whose first argument is the repository they load.
const LOADERS: &[&str] = &[
    "from_pretrained(",
    "pipeline(",
    "SentenceTransformer(",
    "snapshot_download(",
    "hf_hub_download(",
    "from_hparams(",
    "from_hub(",
    "from_pretrained_keras(",
    "model=",
    "repo_id=",
    "model_id =",
    "model_id=",
    "model_name =",
    "model_name=",
    "source=",
];
/// Lines of a code block in which an example is looked for.
const MAX_CODE_LINES: usize = 400;
/// Owners in examples that are nobody.
const PLACEHOLDER_OWNERS: &[&str] =
    &["path", "your", "username", "user", "model", "models", "checkpoints", "output", "local", "my", "data"];

/// An example that loads another owner's model, and none that loads this one, shows a card taken over from that model.
fn is_another_repo(own: &Own, blocks: &[Block]) -> bool {
    let Some(me) = owner(&own.id) else { return false };
    let mut found = false;
    for name in loaded(blocks) {
        let theirs = letters(name);
        let their_owner = owner(name).unwrap_or_default();
        let is_mine = theirs == own.letters
            || theirs.contains(&own.letters)
            || their_owner == me
            || PLACEHOLDER_OWNERS.contains(&their_owner.as_str())
            || own.bases.iter().any(|base| letters(base) == theirs);
        let tokens = name_tokens(name);
        let is_sibling = their_owner.is_empty() && own.tokens.len() >= 2 && tokens.get(..2) == own.tokens.get(..2);
        if is_mine || is_sibling {
            return false;
        }
        found |= !their_owner.is_empty() || tokens.first() == own.tokens.first();
    }
    found
}

fn loaded(blocks: &[Block]) -> Vec<&str> {
    let is_name = |n: &&str| {
        (3..=96).contains(&n.len())
            && n.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c))
            && n.matches('/').count() <= 1
            && !n.starts_with(['.', '/'])
    };
    let mut out = Vec::new();
    for b in blocks.iter().filter(|b| b.kind == BlockKind::Code) {
        for line in b.text.lines().take(MAX_CODE_LINES) {
            for loader in LOADERS {
                let Some((_, rest)) = line.split_once(*loader) else { continue };
                let rest = rest.trim_start_matches(' ');
                let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
                out.extend(rest.get(1..).and_then(|r| r.split_once(quote)).map(|(name, _)| name).filter(is_name));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests;
