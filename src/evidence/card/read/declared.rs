//! Other names of this model that its card states: "This repository: **ViT-B/14**", the row of a table that holds its full name, a mark in one.

use super::designators::Fit;
use super::naming::Name;
use super::repository::{Repository, name_tokens, size_of};
use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::quantity::tokens::{Kind, Token, lex, span};
use crate::evidence::vocabulary::{self, Words};

/// Tokens between "this repository" and what it says that it holds.
const SAYS_WITHIN: usize = 4;
/// Tokens behind that within which a name stands.
const NAME_WITHIN: usize = 10;
/// Most bytes of a text in which it is looked for.
const MOST_BYTES: usize = 400;
/// Most tokens of a text in which it is looked for.
const MOST_TOKENS: usize = 80;
/// Longest cell that is a name, in bytes.
const MOST_CELL: usize = 60;

/// The names that a card says are this model's, each in words.
#[must_use]
pub fn names_declared(own: &Repository, blocks: &[Block]) -> Vec<Vec<String>> {
    let mut out: Vec<Vec<String>> = Vec::new();
    for b in blocks {
        match b.kind {
            BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Html => out.extend(declared_in(&b.text)),
            BlockKind::TableRow if !b.is_header => out.extend(name_of_row(own, b)),
            BlockKind::TableRow | BlockKind::Heading | BlockKind::Code | BlockKind::FrontMatter => {}
        }
    }
    out
}

/// "This repository contains the **ViT-B/14**": the first name behind the verb.
fn declared_in(text: &str) -> Option<Vec<String>> {
    let words = &vocabulary::card().designators;
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end)?;
    let lower = text.to_lowercase();
    if !words.nouns_of_cards.is_within(&lower) {
        return None;
    }
    let all = lex(text);
    let ts = span(&all, 0, MOST_TOKENS);
    let is = |i: usize, list: &Words| ts.get(i).is_some_and(|t| t.is_any(list));
    let noun = (1..ts.len())
        .find(|i| is(*i, &words.nouns_of_cards) && (is(i - 1, &words.declared) || is(i.saturating_sub(2), &words.declared)))?;
    let says = (noun + 1..noun + 1 + SAYS_WITHIN).rev().find(|i| is(*i, &words.says))?;
    (says + 1..says + 1 + NAME_WITHIN).take_while(|i| ts.get(*i).is_some_and(|t| !t.is("."))).find_map(|i| name_at(text, ts, i))
}

/// A name without spaces that joins letters, digits and hyphens: a word alone says too little.
fn name_at(text: &str, ts: &[Token<'_>], i: usize) -> Option<Vec<String>> {
    let first = ts.get(i).filter(|t| !t.glued && t.kind != Kind::Sign)?;
    let glued =
        span(ts, i + 1, ts.len()).iter().take_while(|t| t.glued && (t.kind != Kind::Sign || t.is_any(&["-", "/", "_", "."])));
    let last = glued.last()?;
    let name = name_tokens(text.get(first.from..last.to)?);
    if let [word] = name.as_slice() {
        return size_of(word).is_some().then_some(name);
    }
    let has_digit = name.iter().any(|w| w.contains(|c: char| c.is_ascii_digit()));
    (first.upper && has_digit && name.len() > 1).then_some(name)
}

/// The first cell of a row whose other cells hold the full name, or of one that is marked.
fn name_of_row(own: &Repository, row: &Block) -> Option<Vec<String>> {
    let words = &vocabulary::card().designators;
    let is_name = |cell: &&String| cell.len() <= MOST_CELL && cell.contains(char::is_alphabetic);
    let (first, others) = row.cells.split_first()?;
    if words.marks.contains(&first.trim()) {
        return others.iter().find(is_name).map(|cell| name_tokens(cell));
    }
    let may =
        |cell: &&String| cell.len() >= own.letters.len() && own.family().is_none_or(|f| cell.to_lowercase().contains(f.as_str()));
    let named = others.iter().filter(may).any(|cell| Name::of_cell(own, cell.rsplit('/').next().unwrap_or(cell)).full);
    let name =
        Some(first).filter(is_name).filter(|cell| named && Name::of_cell(own, cell).rank() == 0).map(|cell| name_tokens(cell))?;
    // "Elk-9B | Elk-9B-Chat": the first is the base of what stands beside it.
    Name::of_words(own, &name).fit.and_then(Fit::refusal).is_none().then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::card::about::{About, CardRole};
    use crate::evidence::card::parse::markdown::parse_blocks;

    #[test]
    fn cards_say_which_member_of_a_family_they_are_of() {
        let own =
            Repository::new(&About { model_id: "org/sepia-base", role: CardRole::OwnTraining, base_ids: &[], total_params: None });
        let read = |card: &str| names_declared(&own, &parse_blocks(card, 0)).into_iter().map(|n| n.join(" ")).collect::<Vec<_>>();
        assert_eq!(read("We provide 4 models. This repository: **ViT-B/14**."), ["vit b 14"]);
        assert_eq!(
            read("| Model | Name |\n|---|---|\n| **v2-base** | org/sepia-base |\n| v2-large | sepia-large |\n"),
            ["v2 base"]
        );
        assert_eq!(read("| | Model |\n|---|---|\n| | sepia-mix |\n| ✔ | sepia-da |\n"), ["sepia da"]);
        assert!(read("This repository contains code for training in the paper.").is_empty());
    }
}
