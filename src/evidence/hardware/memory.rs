//! Memory and form factor, which tell the variants of a chip apart.

use crate::evidence::quantity::pieces::Piece;
use crate::evidence::vocabulary;

/// Pieces after a mention in which memory and form factor are looked for.
pub(super) const REACH: usize = 6;

/// Gigabytes of memory that the pieces state.
pub(super) fn memory_gb(pieces: &[Piece]) -> Option<f64> {
    pieces
        .windows(2)
        .find(|w| w[0].is_number() && w[1].is_any(&vocabulary::hardware().memory_units))
        .and_then(|w| w[0].lower.parse().ok())
}

/// Form factor named by a piece.
pub(super) fn form(piece: &str) -> Option<&'static str> {
    ["sxm", "pcie", "nvl"].into_iter().find(|f| piece == *f)
}
