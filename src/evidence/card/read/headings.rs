//! What the headings above a block say of its figures.

use crate::evidence::card::parse::block::Block;
use crate::evidence::vocabulary;

/// What a block stands under: its headings, outermost first, then the line in bold or italics.
fn titles(b: &Block) -> impl DoubleEndedIterator<Item = &str> {
    b.headings.iter().map(String::as_str).chain(b.label.as_deref())
}

/// Whether the nearest heading that says anything speaks of evaluation, use or speed.
#[must_use]
pub fn under_evaluation(b: &Block) -> bool {
    let words = &vocabulary::card().headings;
    let says = |h: &str, words: &[&str]| words.iter().any(|w| h.contains(w));
    for heading in titles(b).rev() {
        let heading = heading.to_lowercase();
        if says(&heading, &words.never_evaluation) {
            return false;
        }
        if says(&heading, &words.evaluation) {
            return true;
        }
    }
    false
}

/// Whether a heading above speaks of training, hardware or the environment.
#[must_use]
pub fn under_training(b: &Block) -> bool {
    let words = &vocabulary::card().headings;
    titles(b).any(|h| {
        let heading = h.to_lowercase();
        words.training.iter().any(|w| heading.contains(w))
    })
}

/// Whether a heading above speaks of environment or compute, where a place is a training's.
#[must_use]
pub fn under_environment(b: &Block) -> bool {
    let words = &vocabulary::card().headings;
    titles(b).any(|h| {
        let heading = h.to_lowercase();
        words.environment.iter().any(|w| heading.contains(w))
    })
}
