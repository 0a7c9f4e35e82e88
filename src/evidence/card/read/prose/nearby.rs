//! What stands near a word of a sentence.

use super::sentence::Sentence;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, OneOf, Token, span};

/// The quantity before a word, with nothing between them but words and hyphens.
pub fn before(s: &Sentence<'_, '_>, i: usize, reach: usize, fits: impl Fn(&Quantity, &[Token<'_>]) -> bool) -> Option<Quantity> {
    (i.saturating_sub(reach)..i).find_map(|at| {
        let q = quantity(s.ts, at).filter(|q| q.to <= i)?;
        let between = span(s.ts, q.to, i);
        let joined = between.iter().all(|t| t.kind == Kind::Word || t.is_any(&["-", "\""]));
        (joined && fits(&q, between)).then_some(q)
    })
}

/// Whether one of some words is among the tokens.
#[must_use]
pub fn any<L: OneOf + ?Sized>(ts: &[Token<'_>], words: &L) -> bool {
    ts.iter().any(|t| t.is_any(words))
}

/// The last tokens.
#[must_use]
pub fn last<'a, 't>(ts: &'a [Token<'t>], n: usize) -> &'a [Token<'t>] {
    span(ts, ts.len().saturating_sub(n), ts.len())
}
