//! What stands near a word of a sentence.

use super::sentence::Sentence;
use crate::evidence::quantity::durations::unit_hours;
use crate::evidence::quantity::numbers::{Quantity, quantity};
use crate::evidence::quantity::tokens::{Kind, OneOf, Token, span, text_at};
use crate::evidence::quantity::units::{energy_unit, mass_unit, unit_at};
use crate::evidence::vocabulary;

/// The quantity before a word, with nothing between them but words and hyphens.
pub fn before(s: &Sentence<'_, '_>, i: usize, reach: usize, fits: impl Fn(&Quantity, &[Token<'_>]) -> bool) -> Option<Quantity> {
    (i.saturating_sub(reach)..i).find_map(|at| {
        let q = quantity(s.ts, at).filter(|q| q.to <= i)?;
        let between = span(s.ts, q.to, i);
        let joined = between.iter().all(|t| t.kind == Kind::Word || t.is_any(&["-", "\""]) || (t.is("/") && t.glued));
        // "326,656 samples for one epoch": the number nearest to the word is its own.
        let is_nearer = |n: &Quantity| n.is_word && n.value >= 1.0 && n.to == i && !matches!(text_at(s.ts, n.from), "a" | "an");
        // "1,24 kWh por época": a number with a unit of its own counts nothing else.
        let is_measured = is_unit_at(s.ts, q.to) || is_ordinal(s.ts, &q);
        let nearer = is_measured || (q.to..i).any(|at| quantity(s.ts, at).is_some_and(|n| is_nearer(&n)));
        (joined && !nearer && fits(&q, between)).then_some(q)
    })
}

/// "15ª época", "the 15th epoch": which one it is, and not how many there were.
fn is_ordinal(ts: &[Token<'_>], q: &Quantity) -> bool {
    let ends = &vocabulary::units().ordinal_ends;
    !q.is_word && ts.get(q.to).is_some_and(|t| t.glued && t.is_any(&ends.words))
}

/// Whether a unit of energy, mass or time stands at a token, which makes the number before it no count.
fn is_unit_at(ts: &[Token<'_>], at: usize) -> bool {
    let is_mass = |t: &Token<'_>| t.text.len() > 1 && mass_unit(&t.text).is_some();
    unit_at(ts, at, energy_unit).is_some() || ts.get(at).is_some_and(is_mass) || unit_hours(ts, at).is_some()
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
