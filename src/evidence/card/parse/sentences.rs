//! Where a sentence ends.

use crate::evidence::quantity::tokens::{Kind, Token, text_before};
use crate::evidence::vocabulary;

/// Tokens of a sentence that are read together; a longer one is cut.
const MAX_SENTENCE: usize = 120;

/// Token behind the sentence that begins at a token.
#[must_use]
pub fn sentence_end(ts: &[Token<'_>], text: &str, from: usize) -> usize {
    for (i, t) in ts.iter().enumerate().skip(from) {
        let next = ts.get(i + 1);
        // "on 4 A100-80G. It took": a unit glued to its number is no abbreviation before a sentence that begins.
        let is_unit = i >= 2
            && ts.get(i - 1).is_some_and(|t| t.glued)
            && ts.get(i - 2).is_some_and(|t| t.kind == Kind::Number)
            && next.is_some_and(|n| n.upper);
        let ends = t.kind == Kind::Sign
            && (t.is_any(&["。", "！", "？"])
                || (t.is_any(&[".", "!", "?"])
                    && next.is_none_or(|n| !n.glued)
                    && (is_unit || !(i > from && vocabulary::prose().sentences.abbreviations.contains(&text_before(ts, i, 1))))));
        let gap = next.and_then(|n| text.get(t.to..n.from)).is_some_and(|between| between.len() > 1 && between.contains("\n\n"));
        if ends || gap || i - from >= MAX_SENTENCE {
            return i + 1;
        }
    }
    ts.len()
}
