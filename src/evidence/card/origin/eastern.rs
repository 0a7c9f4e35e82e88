//! Origins in Chinese, Japanese and Korean: the other model stands before what was done with it ("X を量子化したもの", "基于 X 微调", "X를
//! 병합한"), and a preposition before the name or a particle behind it says that it was done with that model.

use super::{Origin, linked, listed, other_model};
use crate::domain::Role;
use crate::evidence::card::bases::SaidBase;
use crate::evidence::card::parse::block::Block;
use crate::evidence::card::read::repository::Repository;
use crate::evidence::index::names;
use crate::evidence::quantity::tokens::is_eastern;
use crate::evidence::vocabulary;
use crate::vocabulary::Words;
use std::ops::Range;

/// Most characters between a name and what was done with it, in one clause.
const NEAR: usize = 30;
/// The same where the name is said to be the basis: data and methods stand between.
const FAR: usize = 120;
/// Most characters between what was done and the name of another model that it was done with: "基于 X 微调的 Y".
const NEXT: usize = 8;

/// Characters behind a word for what was done in which its verb ends.
const CLOSE: usize = 12;
/// What ends a clause.
const CLAUSE_ENDS: [char; 6] = ['，', '、', ',', '。', '；', ';'];

/// A model named in a sentence.
struct Named {
    from: usize,
    to: usize,
    base: SaidBase,
}

/// How a name is tied to what follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tie {
    /// "X を", "对 X": to the verb of its clause.
    Object,
    /// "X をベースに", "基于 X": to the verb of its sentence.
    Basis,
}

/// What was done with a model.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    /// It was trained on.
    Tuned,
    /// Its weights were packed.
    Packed,
    /// They were written in another format.
    Converted,
    /// They are the same.
    Copied,
}

/// What a sentence, the bytes `within` of a block's text, says of this repository's origin.
pub(super) fn origin(own: &Repository, block: &Block, within: Range<usize>, behind: &[Block]) -> Option<Origin> {
    let text = block.text.get(within.clone())?;
    if !text.chars().any(is_eastern) {
        return None;
    }
    let sentence = Sentence { text, names: names(own, block, within) };
    sentence.merge(own, block, behind).or_else(|| sentence.names.iter().find_map(|name| sentence.made_of(name)))
}

/// The models other than this one that a sentence names, by links and by words of Latin letters.
fn names(own: &Repository, block: &Block, within: Range<usize>) -> Vec<Named> {
    let text = block.text.get(within.clone()).unwrap_or_default();
    let of_link = |link: &super::Link| {
        let base = linked(own, link)?;
        Some(Named { from: link.from.checked_sub(within.start)?, to: link.to.min(within.end).checked_sub(within.start)?, base })
    };
    let links = block.links_between(within.start, within.end);
    let mut found: Vec<Named> = links.iter().filter_map(of_link).collect();
    let is_linked = |at: usize| links.iter().any(|link| (link.from..link.to).contains(&(at + within.start)));
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let mut at = 0;
    for run in text.split_inclusive(|c: char| !is_part(c)) {
        let word = run.trim_end_matches(|c: char| !is_part(c)).trim_end_matches(['.', '-', '/']);
        if !is_linked(at)
            && let Some(base) = other_model(own, word)
        {
            found.push(Named { from: at, to: at + word.len(), base });
        }
        at += run.len();
    }
    found.sort_by_key(|name| name.from);
    found
}

struct Sentence<'a> {
    text: &'a str,
    names: Vec<Named>,
}

impl Sentence<'_> {
    /// Several models that became one: those named before the word, those behind it, or those of the list below.
    fn merge(&self, own: &Repository, block: &Block, behind: &[Block]) -> Option<Origin> {
        let words = &vocabulary::card().eastern;
        let (at, word) = first_of(self.text, words.merged)?;
        if first_of(&self.text.to_lowercase(), words.no_merge).is_some() || self.tells_of_others(at + word.len()) {
            return None;
        }
        let before: Vec<&Named> = self.names.iter().filter(|name| name.to <= at).collect();
        let after: Vec<&Named> = self.names.iter().filter(|name| name.from >= at + word.len()).collect();
        let gap = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        let chosen = match (before.last(), after.first()) {
            (Some(last), _) if before.len() > 1 && is_one_clause(gap(last.to, at)) => before,
            (None, Some(first)) if after.len() > 1 && gap(at + word.len(), first.from).chars().count() <= NEXT => after,
            (None, None) if first_of(self.text, words.below).is_some() => {
                let bases = listed(own, block, behind);
                return (bases.len() > 1).then_some(Origin { role: Some(Role::Merge), bases });
            }
            _ => return None,
        };
        Some(Origin { role: Some(Role::Merge), bases: chosen.into_iter().map(|name| name.base.clone()).collect() })
    }

    /// What was done with a model to make this one.
    fn made_of(&self, name: &Named) -> Option<Origin> {
        let tie = self.tie(name)?;
        let words = &vocabulary::card().eastern;
        let lead = self.text.get(..name.from)?.rsplit(CLAUSE_ENDS).next()?;
        if first_of(lead, words.advice).is_some() {
            return None;
        }
        let rest = self.text.get(name.to..)?;
        // "基于 GPT-2 训练了": its weights, or its design.
        let is_certain = name.base.is_id || names::size(&name.base.name).is_some() || names::size_word(&name.base.name).is_some();
        let trained = (tie == Tie::Basis && is_certain).then_some((Done::Tuned, words.trained));
        let lists = [
            (Done::Tuned, words.tuned),
            (Done::Packed, words.packed),
            (Done::Converted, words.converted),
            (Done::Copied, words.copied),
        ];
        let found =
            lists.into_iter().chain(trained).filter_map(|(done, list)| first_of(rest, list).map(|(at, word)| (done, at, word)));
        let (done, at, word) = found.min_by_key(|(_, at, _)| *at)?;
        let (gap, behind) = (rest.get(..at)?, rest.get(at..)?);
        let is_near = is_one_clause(gap) || (done == Done::Tuned && tie == Tie::Basis && gap.chars().count() <= FAR);
        if !is_near || (done == Done::Packed && words.no_packing.iter().any(|w| stands_around(rest, at, word, w))) {
            return None;
        }
        let role = match done {
            Done::Tuned => None,
            Done::Packed => Some(Role::Quantized),
            Done::Converted => Some(role_of_format(gap).or_else(|| role_of_format(clause(behind)))?),
            Done::Copied => Some(Role::Converted),
        };
        let end = name.to + at + word.len();
        if self.tells_of_others(end) {
            return None;
        }
        // "基于 X 微调的 Y": another model was made of it.
        let next = self.names.iter().find(|other| other.from >= end);
        let is_anothers = next.is_some_and(|other| self.text.get(end..other.from).is_some_and(|gap| gap.chars().count() <= NEXT));
        (!is_anothers).then(|| Origin { role, bases: vec![name.base.clone()] })
    }

    /// Whether the sentence up to a word and what closes its verb is of something else: "Xを量子化する場合".
    fn tells_of_others(&self, end: usize) -> bool {
        let rest = self.text.get(end..).unwrap_or_default();
        let close = rest.char_indices().nth(CLOSE).map_or(self.text.len(), |(at, _)| end + at);
        first_of(self.text.get(..close).unwrap_or_default(), vocabulary::card().eastern.strangers).is_some()
    }

    /// How a name is tied to what follows, if it is.
    fn tie(&self, name: &Named) -> Option<Tie> {
        let words = &vocabulary::card().eastern;
        let is_around = |c: char| c.is_whitespace() || "「」『』“”\"'`（）()【】[]*《》：:".contains(c);
        let before = self.text.get(..name.from)?.trim_end_matches(is_around);
        let mut behind = self.text.get(name.to..)?;
        // "X（7B）の": what stands in brackets belongs to the name.
        let bracket = behind.trim_start();
        if let Some((_, rest)) = bracket.strip_prefix(['(', '（']).and_then(|inside| inside.split_once([')', '）'])) {
            behind = rest;
        }
        behind = behind.trim_start_matches(is_around);
        for noun in words.models.iter() {
            if let Some(rest) = behind.strip_prefix(noun) {
                behind = rest.trim_start_matches(is_around);
                break;
            }
        }
        let ends = |list: Words| list.iter().any(|word| before.ends_with(word));
        let begins = |list: Words| list.iter().any(|word| behind.starts_with(word));
        if begins(words.designs) {
            return None;
        }
        if ends(words.on_basis_of) || begins(words.as_basis) {
            return Some(Tie::Basis);
        }
        (ends(words.with) || begins(words.particles)).then_some(Tie::Object)
    }
}

/// Whether a word stands in a text as a part of a longer one: "量化" in "轻量化".
fn stands_around(text: &str, at: usize, word: &str, longer: &str) -> bool {
    let start = longer.find(word).and_then(|offset| at.checked_sub(offset));
    start.and_then(|start| text.get(start..)).is_some_and(|rest| rest.starts_with(longer))
}

/// Whether a text between a name and a word is of one clause, and short.
fn is_one_clause(gap: &str) -> bool {
    gap.chars().count() <= NEAR && !gap.contains(CLAUSE_ENDS)
}

/// The beginning of a text up to the end of its clause.
fn clause(text: &str) -> &str {
    let end = text.char_indices().nth(NEAR).map_or(text.len(), |(at, _)| at);
    let near = text.get(..end).unwrap_or_default();
    near.split(CLAUSE_ENDS).next().unwrap_or_default()
}

/// The role of a copy in the format that is named beside the conversion.
fn role_of_format(gap: &str) -> Option<Role> {
    let words = &vocabulary::card().origins;
    let lower = gap.to_lowercase();
    let has = |list: Words| lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| list.contains(&word));
    if has(words.formats) {
        return Some(Role::Quantized);
    }
    has(words.conversions).then_some(Role::Converted)
}

/// The first place in a text where a word of a list stands, and the longest of those that begin there.
fn first_of(text: &str, list: Words) -> Option<(usize, &'static str)> {
    let found = list.list().iter().filter_map(|word| text.find(word).map(|at| (at, *word)));
    found.min_by_key(|(at, word)| (*at, usize::MAX - word.len()))
}
