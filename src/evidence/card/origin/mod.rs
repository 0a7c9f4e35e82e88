//! What a card's text says of where the weights come from, beyond the words "a fine-tuned version of": a merge, a quantized or converted copy,
//! a mirror, an adapter, random weights, or no weights. Lineage asks it of repositories whose record names no base.
//!
//! Only a sentence about this repository counts ("This repo contains ...", "GGUF quants of ..."), not advice, not what others made of it. A copy
//! counts only of a repository on the Hub: authors convert their own checkpoints, too. `code` reads the configuration of a merge and calls that
//! load an adapter, `eastern` sentences of Chinese, Japanese and Korean, where the name stands before what was done with it.

mod code;
mod eastern;

use super::bases::SaidBase;
use super::parse::block::{Block, BlockKind, Link};
use super::parse::sentences::sentence_end;
use super::read::bases::{is_name, repo_of};
use super::read::repository::{Repository, letters};
use crate::domain::Role;
use crate::evidence::quantity::tokens::{Token, lex, span, text_before};
use crate::evidence::vocabulary::{self, Words};
use crate::hub::record::is_valid_id;
use std::ops::Range;

/// Tokens before a phrase that may stand in a sentence about this repository: "This repository contains the".
const REACH_BEFORE: usize = 16;
/// Tokens behind a phrase in which the other model is named: "of the model released by Foo as".
const REACH_BEHIND: usize = 40;
/// Tokens between a format and the word for a copy: "AWQ 4-bit quantized model files".
const FORMAT_REACH: usize = 6;
/// Tokens between that word and "of": "files made for".
const OF_REACH: usize = 2;
/// Most models of a merge that are kept; the largest listed merges have some thirty.
const MAX_BASES: usize = 48;

/// What a card says of where a repository's weights come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// What the repository is, where the text says so.
    pub role: Option<Role>,
    /// The models it was made of.
    pub bases: Vec<SaidBase>,
}

/// Whether a text, in lower case, has a word that every phrase of an origin has.
#[must_use]
pub fn may_say_an_origin(lower: &str) -> bool {
    vocabulary::card().origins.stems.iter().any(|stem| lower.contains(stem))
}

/// The first origin that a block states. A merge has the parts of every configuration that follows.
#[must_use]
pub fn origin_in(own: &Repository, blocks: &[Block]) -> Option<Origin> {
    let is_stated =
        |origin: &Origin| !origin.bases.is_empty() || matches!(origin.role, Some(Role::Merge | Role::Untrained | Role::Empty));
    let (at, mut origin) = blocks.iter().enumerate().find_map(|(i, block)| {
        let behind = blocks.get(i + 1..).unwrap_or_default();
        let stated = match block.kind {
            BlockKind::Code => code::origin(own, &block.text),
            BlockKind::TableRow | BlockKind::FrontMatter => None,
            BlockKind::Heading | BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html => origin_in_text(own, block, behind),
        };
        stated.map(|origin| (i, origin))
    })?;
    if origin.role == Some(Role::Merge) {
        if blocks.iter().any(tells_of_a_later_training) {
            return None;
        }
        let codes = blocks.iter().skip(at).filter(|block| block.kind == BlockKind::Code);
        codes.filter_map(|block| code::merged_parts(own, &block.text)).flatten().for_each(|part| origin.add(part));
    }
    Some(origin).filter(is_stated)
}

impl Origin {
    /// One more model that it was made of.
    fn add(&mut self, base: SaidBase) {
        if self.bases.len() < MAX_BASES && !self.bases.iter().any(|seen| seen.name.eq_ignore_ascii_case(&base.name)) {
            self.bases.push(base);
        }
    }
}

/// Whether a text says that the model was trained once it was merged: "it was then fine-tuned on".
fn tells_of_a_later_training(block: &Block) -> bool {
    let words = &vocabulary::card().origins;
    let may = |text: &str| words.later.iter().any(|phrase| text.contains(phrase));
    !matches!(block.kind, BlockKind::Code | BlockKind::TableRow | BlockKind::FrontMatter) && may(&block.text.to_lowercase())
}

fn origin_in_text(own: &Repository, block: &Block, behind: &[Block]) -> Option<Origin> {
    if block.under.evaluation || !may_say_an_origin(&block.text.to_lowercase()) {
        return None;
    }
    let ts = lex(&block.text);
    let mut from = 0;
    while from < ts.len() {
        let to = sentence_end(&ts, &block.text, from);
        let sentence = Sentence { own, block, ts: &ts, from, to };
        if let Some(origin) = sentence.origin(behind).or_else(|| eastern::origin(own, block, sentence.range(), behind)) {
            return Some(origin);
        }
        from = to;
    }
    None
}

/// A sentence of a block.
struct Sentence<'a> {
    own: &'a Repository,
    block: &'a Block,
    ts: &'a [Token<'a>],
    from: usize,
    to: usize,
}

impl Sentence<'_> {
    /// Its bytes in the text of the block.
    fn range(&self) -> Range<usize> {
        let end = self.ts.get(self.to).map_or(self.block.text.len(), |t| t.from);
        self.ts.get(self.from).map_or(end, |t| t.from)..end
    }

    fn origin(&self, behind: &[Block]) -> Option<Origin> {
        let words = &vocabulary::card().origins;
        for i in self.from..self.to {
            let phrase = |list: Words| self.phrase_end(i, &list);
            if let Some(to) = phrase(words.merge).filter(|_| self.is_of_this(i)) {
                return Some(self.merge(to, behind));
            }
            let copied = phrase(words.copied).map(|to| (Role::Converted, to));
            let packed =
                phrase(words.quantized).or_else(|| self.copy_in_a_format(i, &words.formats)).map(|to| (Role::Quantized, to));
            let exported = self.copy_in_a_format(i, &words.conversions).map(|to| (Role::Converted, to));
            let adapter = phrase(words.adapter).map(|to| (Role::Adapter, to));
            for (role, to) in [packed, copied, exported, adapter].into_iter().flatten() {
                if self.is_of_this(i)
                    && let Some(base) = self.model_behind(to)
                {
                    return Some(Origin { role: Some(role), bases: vec![base] });
                }
            }
            let unmade =
                phrase(words.untrained).map(|to| (Role::Untrained, to)).or(phrase(words.empty).map(|to| (Role::Empty, to)));
            if let Some((role, to)) = unmade
                && self.is_of_this(i)
                && !span(self.ts, to, self.to).iter().take(REACH_BEHIND).any(|t| t.is_any(&words.trained_after))
            {
                return Some(Origin { role: Some(role), bases: Vec::new() });
            }
        }
        None
    }

    /// Token behind the phrase of a list that begins at a token.
    fn phrase_end(&self, i: usize, phrases: &[&str]) -> Option<usize> {
        phrases.iter().find_map(|phrase| {
            let words = phrase.split(' ').count();
            let there = span(self.ts, i, (i + words).min(self.to));
            (there.len() == words && phrase.split(' ').zip(there).all(|(word, t)| t.is(word))).then_some(i + words)
        })
    }

    /// "AWQ 4-bit version of", "GGUF format model files for": token behind "of" or "for".
    fn copy_in_a_format(&self, i: usize, formats: &[&str]) -> Option<usize> {
        let words = &vocabulary::card().origins;
        if !self.ts.get(i)?.is_any(formats) {
            return None;
        }
        let copy = (i + 1..(i + 1 + FORMAT_REACH).min(self.to)).find(|at| self.ts[*at].is_any(&words.copies))?;
        let joined = (copy + 1..(copy + 2 + OF_REACH).min(self.to)).find(|at| self.ts[*at].is_any(&words.of));
        joined.filter(|at| !span(self.ts, i, *at).iter().any(|t| t.is_any(&[",", ";", "."]))).map(|at| at + 1)
    }

    /// Whether the sentence up to a token is about this repository.
    fn is_of_this(&self, i: usize) -> bool {
        let words = &vocabulary::card().origins;
        let before = span(self.ts, self.from, i);
        let sentence = span(self.ts, self.from, self.to);
        if before.len() > REACH_BEFORE || before.iter().any(|t| t.is_any(&words.strangers)) {
            return false;
        }
        if sentence.iter().any(|t| t.is_any(&words.advice)) || text_before(self.ts, i, 1) == "no" {
            return false;
        }
        // A phrase that begins its sentence or heading speaks of what the page is about.
        before.iter().all(|t| t.is_any(&words.openers) || !t.text.chars().any(char::is_alphanumeric))
            || before.iter().any(|t| t.is_any(&words.subjects))
            || before.iter().any(|t| t.text.len() > 2 && self.own.has(&t.text))
            || self.own.named_in(before)
    }

    /// The model named behind a token, where it is another than this one.
    fn model_behind(&self, from: usize) -> Option<SaidBase> {
        let words = &vocabulary::card().origins;
        let first = self.ts.get(from).filter(|_| from < self.to);
        if first.is_some_and(|t| t.is_any(&words.this)) {
            return None;
        }
        let near = span(self.ts, from, (from + REACH_BEHIND).min(self.to.max(from + 1)));
        let (start, end) = (near.first()?.from, near.last()?.to);
        let linked = self.block.links_between(start.saturating_sub(1), end).iter().find_map(|link| self.linked(link));
        linked.or_else(|| named_model(self.own, self.block.text.get(start..)?.get(..end - start)?))
    }

    fn linked(&self, link: &Link) -> Option<SaidBase> {
        linked(self.own, link)
    }

    /// A merge with the models that the sentence and the list or the code below it name.
    fn merge(&self, from: usize, behind: &[Block]) -> Origin {
        let mut origin = Origin { role: Some(Role::Merge), bases: Vec::new() };
        let (start, end) = (text_from(self.ts, from), self.ts.get(self.to - 1).map_or(self.block.text.len(), |t| t.to));
        self.block.links_between(start, end).iter().filter_map(|link| self.linked(link)).for_each(|base| origin.add(base));
        listed(self.own, self.block, behind).into_iter().for_each(|base| origin.add(base));
        origin
    }
}

/// The other repository that a link leads to.
fn linked(own: &Repository, link: &Link) -> Option<SaidBase> {
    let repo = repo_of(&link.target)?;
    let is_other = is_valid_id(&repo) && repo.contains('/') && !repo.eq_ignore_ascii_case(&own.id) && !is_made_of(own, &repo);
    is_other.then_some(SaidBase { name: repo, is_id: true })
}

/// Whether a name is this model's with a format behind it: what others made of it.
fn is_made_of(own: &Repository, name: &str) -> bool {
    let made = letters(name);
    let rest = made.strip_prefix(&own.letters).unwrap_or_default();
    !own.letters.is_empty() && vocabulary::card().origins.formats.iter().any(|format| format.len() > 2 && rest.contains(format))
}

/// The models of the list below a block, or of a list in the code below it.
fn listed(own: &Repository, block: &Block, behind: &[Block]) -> Vec<SaidBase> {
    let mut below = behind.iter().skip_while(|b| !matches!(b.kind, BlockKind::ListItem | BlockKind::Code)).peekable();
    match below.peek() {
        Some(code) if code.kind == BlockKind::Code => {
            if code.headings == block.headings {
                code::listed_parts(own, &code.text)
            } else {
                Vec::new()
            }
        }
        _ => {
            let items = below.take_while(|b| b.kind == BlockKind::ListItem);
            items.flat_map(|item| &item.links).filter_map(|link| linked(own, link)).collect()
        }
    }
}

fn text_from(ts: &[Token<'_>], i: usize) -> usize {
    ts.get(i).map_or(usize::MAX, |t| t.from)
}

/// The first word of a text that names another model.
fn named_model(own: &Repository, text: &str) -> Option<SaidBase> {
    let beyond = vocabulary::card().origins.beyond;
    let words = text.split_whitespace().map(|word| word.trim_matches(|c: char| "`\"'*,;:()[]<>.".contains(c)));
    words.take_while(|word| !beyond.contains(&word.to_lowercase().as_str())).find_map(|word| other_model(own, word))
}

/// The model other than this one that a word names: by the address of a repository, as `owner/name`, or by a name of a known family.
fn other_model(own: &Repository, word: &str) -> Option<SaidBase> {
    let address = word.contains("://") || word.contains("hf.co/");
    let name = if address { repo_of(word).unwrap_or_default() } else { word.to_owned() };
    let is_id = name.contains('/');
    let lower = name.to_lowercase();
    let of_a_family = name.contains(['-', '_']) && vocabulary::card().bases.families.iter().any(|family| lower.contains(family));
    let names_a_model = is_name(&name) && is_valid_id(&name) && (is_id || of_a_family) && letters(&name) != own.letters;
    let is_other = names_a_model && !name.eq_ignore_ascii_case(&own.id) && !is_made_of(own, &name);
    is_other.then_some(SaidBase { name, is_id })
}

#[cfg(test)]
mod tests;
