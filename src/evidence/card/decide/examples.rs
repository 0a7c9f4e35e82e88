//! Examples in code, which tell a card that was taken over from another repository.

use crate::evidence::card::parse::block::{Block, BlockKind};
use crate::evidence::card::read::repository::{Repository, letters, name_tokens, owner};
use crate::evidence::vocabulary;

/// Lines of a code block in which an example is looked for.
const MAX_CODE_LINES: usize = 400;

/// An example that loads another owner's model, and none that loads this one, shows a card taken over from that model.
#[must_use]
pub fn is_another_repository(own: &Repository, blocks: &[Block]) -> bool {
    let Some(me) = owner(&own.id) else { return false };
    let mut found = false;
    for name in loaded(blocks) {
        let theirs = letters(name);
        let their_owner = owner(name).unwrap_or_default();
        let is_mine = theirs == own.letters
            || theirs.contains(&own.letters)
            || their_owner == me
            || vocabulary::card().examples.placeholder_owners.contains(&their_owner.as_str())
            || own.has_base_called(&theirs);
        let tokens = name_tokens(name);
        let is_sibling = their_owner.is_empty() && own.tokens.len() >= 2 && tokens.get(..2) == own.tokens.get(..2);
        if is_mine || is_sibling {
            return false;
        }
        found |= !their_owner.is_empty() || tokens.first() == own.tokens.first();
    }
    found
}

/// Names of the repositories that the examples load.
fn loaded(blocks: &[Block]) -> Vec<&str> {
    let is_name = |n: &&str| {
        (3..=96).contains(&n.len())
            && n.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c))
            && n.matches('/').count() <= 1
            && !n.starts_with(['.', '/'])
    };
    let mut out = Vec::new();
    for b in blocks.iter().filter(|b| b.kind == BlockKind::Code) {
        // A name stands in quotes.
        let loaders = vocabulary::card().examples.loaders;
        if !loaders.is_within(&b.text) {
            continue;
        }
        for line in b.text.lines().take(MAX_CODE_LINES).filter(|line| line.contains(['"', '\'']) && loaders.is_within(line)) {
            for loader in loaders.iter() {
                let Some((_, rest)) = line.split_once(*loader) else { continue };
                let rest = rest.trim_start_matches(' ');
                let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
                out.extend(rest.get(1..).and_then(|r| r.split_once(quote)).map(|(name, _)| name).filter(is_name));
            }
        }
    }
    out
}
