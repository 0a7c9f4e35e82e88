//! Lists of the same keys that a card gives several times: for experiments, for each size, for each stage. Each is told apart by the
//! model or phase it stands under; where that cannot be told, none of them counts.

use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::parse::pair::{norm_key, split_pair};
use crate::evidence::card::read::keys::{Key, key_of};
use crate::evidence::card::read::naming::Named;
use crate::evidence::card::read::phases::{Phase, Title, own_phase};
use crate::evidence::card::read::repository::Repository;
use crate::evidence::card::read::stages::{STAGES, is_of_stage, ordinal};
use crate::evidence::card::read::templates::is_template;
use crate::evidence::quantity::numbers::first_quantity;
use crate::evidence::quantity::tokens::lex;
use crate::evidence::vocabulary;
use std::ops::Range;
use std::rc::Rc;

/// Keys whose values differ from list to list where lists are of different trainings.
const AMOUNTS: [Key; 3] = [Key::Hours, Key::Carbon, Key::Energy];

/// Keys of recipes, which stages have each of their own.
const RECIPE: [Key; 4] = [Key::Epochs, Key::Steps, Key::Batch, Key::GlobalBatch];

/// Blocks under one title, and the keys in them.
struct List {
    blocks: Range<usize>,
    headings: Rc<[String]>,
    label: Option<Rc<str>>,
    /// Keys of amounts with their values, the first of each.
    amounts: Vec<(Key, String)>,
    /// Keys of the recipe, likewise.
    recipe: Vec<(Key, String)>,
    /// Whether it counts several attempts: "Total attempts: 9".
    is_of_several: bool,
    /// Other keys that such lists have.
    others: Vec<Key>,
}

impl List {
    fn amounts(&self) -> &[(Key, String)] {
        &self.amounts
    }

    fn recipe(&self) -> &[(Key, String)] {
        &self.recipe
    }
}

/// What repeated lists take away from blocks, by number.
pub struct Lists {
    refused: Vec<(Range<usize>, &'static str)>,
}

impl Lists {
    /// Reads the blocks for lists of the same keys.
    #[must_use]
    pub fn new(own: &Repository, blocks: &[Block]) -> Self {
        let all = lists(blocks);
        let lists: Vec<&List> = all.iter().filter(|list| !list.amounts.is_empty() || !list.recipe.is_empty()).collect();
        let mut refused = Vec::new();
        for keys in [List::amounts as Keys, List::recipe as Keys] {
            let rivals: Vec<&List> =
                lists.iter().copied().filter(|list| lists.iter().any(|other| differ(keys, list, other))).collect();
            let judged = judge(own, &rivals, keys);
            if !judged.is_empty() {
                refused.extend(stages_beside(own, &all, &rivals));
            }
            refused.extend(judged);
        }
        refused.sort_by_key(|(range, _)| range.start);
        refused.dedup_by(|next, first| next.0.start == first.0.start);
        Self { refused }
    }

    /// Why no figure of a block counts.
    #[must_use]
    pub fn refuse(&self, block: usize) -> Option<&'static str> {
        let at = self.refused.partition_point(|(range, _)| range.end <= block);
        self.refused.get(at).filter(|(range, _)| range.contains(&block)).map(|(_, why)| *why)
    }
}

/// The blocks cut where headings or labels change, in order.
fn lists(blocks: &[Block]) -> Vec<List> {
    let mut out: Vec<List> = Vec::new();
    for (at, b) in blocks.iter().enumerate() {
        let is_same = |list: &List| Rc::ptr_eq(&list.headings, &b.headings) && list.label == b.label;
        if !out.last().is_some_and(is_same) {
            let (headings, label) = (Rc::clone(&b.headings), b.label.clone());
            out.push(List {
                blocks: at..at,
                headings,
                label,
                amounts: Vec::new(),
                recipe: Vec::new(),
                is_of_several: false,
                others: Vec::new(),
            });
        }
        if let Some(list) = out.last_mut() {
            list.blocks.end = at + 1;
            add_keys(list, b);
        }
    }
    out
}

fn add_keys(list: &mut List, b: &Block) {
    match (b.kind, b.cells.as_slice()) {
        (BlockKind::TableRow, [key, value, ..]) => add_key(list, key, value),
        (BlockKind::TableRow | BlockKind::FrontMatter | BlockKind::Heading | BlockKind::Code, _) => {}
        (BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html, _) => {
            for line in b.text.split('\n') {
                let parts = split_pair(line).and_then(|(key, value)| Some((line.get(..key)?, line.get(value..)?)));
                if let Some((key, value)) = parts {
                    add_key(list, key, value);
                }
            }
        }
    }
}

fn add_key(list: &mut List, key: &str, value: &str) {
    let norm = norm_key(key);
    let counts = norm.split(' ').any(|w| vocabulary::card().totals.attempts.contains(&w));
    list.is_of_several |= counts && first_quantity(&lex(value)).is_some_and(|q| q.value > 1.0 && q.from == 0);
    let Some(key) = key_of(&norm).filter(|_| !is_template(value)) else { return };
    // How far a training had come is no plan of it.
    if norm == "epoch" {
        return;
    }
    // "2-3 hours" may be any of them.
    let tokens = lex(value);
    let number = first_quantity(&tokens);
    if number.is_some_and(|q| q.is_range) {
        return;
    }
    // "2.5 hours" and "2.5" are one, "0.594 kg CO2 (estimated)" and "0.594 kg", too.
    let value: String = match number.filter(|q| q.from < 2).and_then(|q| value.get(..tokens.get(q.to - 1)?.to)) {
        Some(number) => number.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect(),
        None => value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect(),
    };
    let amounts = if AMOUNTS.contains(&key) { Some(&mut list.amounts) } else { RECIPE.contains(&key).then_some(&mut list.recipe) };
    if let Some(amounts) = amounts {
        if !value.is_empty() && !amounts.iter().any(|(known, _)| *known == key) {
            amounts.push((key, value));
        }
    } else if matches!(key, Key::Hardware | Key::Region | Key::Provider | Key::Flop) && !list.others.contains(&key) {
        list.others.push(key);
    }
}

/// The keys of a list that are compared.
type Keys = fn(&List) -> &[(Key, String)];

/// Whether two lists hold the same key with different values.
fn differ(keys: Keys, a: &List, b: &List) -> bool {
    a.blocks != b.blocks && keys(a).iter().any(|(key, value)| keys(b).iter().any(|(k, v)| k == key && v != value))
}

/// What is refused of lists that differ.
fn judge(own: &Repository, rivals: &[&List], keys: Keys) -> Vec<(Range<usize>, &'static str)> {
    let Some(first) = rivals.first() else { return Vec::new() };
    let common = rivals.iter().fold(first.headings.len(), |common, list| {
        first.headings.iter().zip(list.headings.iter()).take(common).take_while(|(a, b)| a == b).count()
    });
    let titles: Vec<Title> = rivals
        .iter()
        .map(|list| {
            let headings = list.headings.iter().skip(common).map(String::as_str);
            let title: Vec<&str> = headings.chain(list.label.as_deref()).collect();
            let title = Title::read_title(own, &without_hyperparameters(&title.join(" ")));
            if list.is_of_several { Title { phase: Some(Phase::Never), ..title } } else { title }
        })
        .collect();
    if let Some(stages) = stages_of_one_training(own, rivals, &titles) {
        return stages;
    }
    let common = |a: &[(Key, String)], b: &[(Key, String)]| a.iter().filter(|(k, _)| b.iter().any(|(other, _)| other == k)).count();
    let alike = |a: &List, b: &List| {
        common(a.amounts(), b.amounts()) + common(a.recipe(), b.recipe()) + a.others.iter().filter(|k| b.others.contains(k)).count()
    };
    let whole = rivals.iter().any(|a| rivals.iter().any(|b| differ(keys, a, b) && alike(a, b) >= 2));
    // "Training" and "Environmental impact" with an hour more or less are one training told twice.
    if titles.iter().all(Title::is_silent) {
        return Vec::new();
    }
    // Lists of evaluations and uses aside, those of the training may say the same.
    let is_never = |at: usize| titles.get(at).is_some_and(|t| t.phase == Some(Phase::Never));
    let of_training = || rivals.iter().enumerate().filter(|(at, _)| !is_never(*at)).map(|(_, list)| *list);
    if of_training().count() < rivals.len() && !of_training().any(|a| of_training().any(|b| differ(keys, a, b))) {
        let never = rivals.iter().zip(&titles).filter(|(_, title)| title.phase == Some(Phase::Never));
        return never.map(|(list, title)| (list.blocks.clone(), reason(own, title, false))).collect();
    }
    let told = titles.iter().any(|t| !t.is_silent() && (t.phase.is_some() || t.named != Named::Unknown));
    if !told && !whole {
        return Vec::new();
    }
    let chosen = choose(own, &titles);
    rivals
        .iter()
        .zip(&titles)
        .enumerate()
        .filter(|(i, _)| chosen != Some(*i))
        .map(|(_, (list, title))| (list.blocks.clone(), reason(own, title, chosen.is_some())))
        .collect()
}

/// Stages under the same heading as lists that were told apart, which have other keys: "3. Annealing: total tokens 5B".
fn stages_beside(own: &Repository, all: &[List], rivals: &[&List]) -> Vec<(Range<usize>, &'static str)> {
    let words = &vocabulary::card().phases;
    let is_stage = |list: &List| {
        let Some((last, _)) = list.headings.split_last() else { return false };
        let title = Title::read_title(own, last);
        title.rest.split(' ').any(|w| w.len() > 2 && words.stages.contains(&w))
    };
    let is_beside = |list: &List| {
        let is_sibling = |rival: &&List| {
            rival.headings.len() == list.headings.len()
                && rival.headings.split_last().map(|(_, above)| above) == list.headings.split_last().map(|(_, above)| above)
        };
        rivals.iter().any(is_sibling) && !rivals.iter().any(|rival| rival.blocks == list.blocks)
    };
    all.iter().filter(|list| is_beside(list) && is_stage(list)).map(|list| (list.blocks.clone(), "another phase's list")).collect()
}

/// "Training hyperparameters" are those of the training; a search for them is an experiment.
fn without_hyperparameters(title: &str) -> String {
    let words: Vec<&str> = title.split_whitespace().collect();
    let is_search = |i: usize| {
        let next = words.get(i + 1).map(|w| w.to_lowercase());
        next.is_some_and(|w| ["search", "sweep", "tuning", "optimi", "explor"].iter().any(|stem| w.starts_with(stem)))
    };
    let is_list = |i: usize, w: &str| w.to_lowercase().contains("hyper") && !is_search(i);
    words.iter().enumerate().filter(|(i, w)| !is_list(*i, w)).map(|(_, w)| *w).collect::<Vec<_>>().join(" ")
}

fn reason(own: &Repository, title: &Title, is_told: bool) -> &'static str {
    if title.phase == Some(Phase::Never) {
        "experiments or evaluation: not this model's training"
    } else if title.named == Named::Other {
        "another model's list"
    } else if is_told || title.phase.is_some_and(|phase| own_phase(own).is_some_and(|mine| mine != phase)) {
        "another phase's list"
    } else {
        "the same keys stand in several lists, and which of them is this model's cannot be told"
    }
}

/// The list that is this model's.
fn choose(own: &Repository, titles: &[Title]) -> Option<usize> {
    let mine = own_phase(own);
    let fits = |t: &Title| t.phase != Some(Phase::Never) && (t.phase.is_none() || mine.is_none() || t.phase == mine);
    let only = |fits: &dyn Fn(&Title) -> bool| {
        let mut found = titles.iter().enumerate().filter(|(_, t)| fits(t)).map(|(i, _)| i);
        found.next().filter(|_| found.next().is_none())
    };
    let words = |t: &Title| match t.named {
        Named::Mine(words) => words,
        Named::Other | Named::Nobody | Named::Unknown => 0,
    };
    let best = titles.iter().filter(|t| t.phase != Some(Phase::Never)).map(words).max().unwrap_or(0);
    if best > 0 {
        let named = |t: &Title| words(t) == best && fits(t);
        return only(&named).or_else(|| only(&|t: &Title| named(t) && t.phase.is_some() && t.phase == mine));
    }
    let of_phase = |t: &Title| t.named == Named::Nobody && t.phase.is_some() && t.phase == mine;
    if titles.iter().any(of_phase) {
        return only(&of_phase);
    }
    // One list without a title beside lists of others.
    let told_apart = titles.iter().all(|t| t.is_silent() || t.named == Named::Other || !fits(t));
    let silent = only(&Title::is_silent).filter(|_| told_apart);
    // "Run A (discarded)", "Run B": the one that is no experiment and no other model's.
    let tried = |t: &Title| t.phase == Some(Phase::Never);
    silent.or_else(|| {
        only(&|t: &Title| !tried(t) && t.named != Named::Other)
            .filter(|i| titles.iter().enumerate().all(|(at, t)| at == *i || tried(t)))
    })
}

/// The lists of the stages of one training, in their order: "Phase 1", "Phase 2". Each is given its number as the reason; what they add up to is
/// decided when all of them are read.
fn stages_of_one_training(own: &Repository, rivals: &[&List], titles: &[Title]) -> Option<Vec<(Range<usize>, &'static str)>> {
    if !(2..=STAGES.len()).contains(&rivals.len()) || is_of_stage(own) {
        return None;
    }
    let one_phase = titles.windows(2).all(|w| matches!(w, [a, b] if a.phase == b.phase));
    let fits = |t: &Title| t.named != Named::Other && t.phase != Some(Phase::Never);
    let numbered = rivals.iter().enumerate().all(|(i, list)| ordinal_of(list) == Some(i + 1));
    (one_phase && numbered && titles.iter().all(fits))
        .then(|| rivals.iter().zip(STAGES).map(|(list, why)| (list.blocks.clone(), why)).collect())
}

/// The number of the stage that the last title over a list counts.
fn ordinal_of(list: &List) -> Option<usize> {
    ordinal(list.label.as_deref().or(list.headings.last().map(String::as_str))?)
}

#[cfg(test)]
mod tests;
