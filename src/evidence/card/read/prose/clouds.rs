//! Clouds in prose.

use super::sentence::Sentence;
use crate::domain::Field;
use crate::evidence::card::read::candidate::{Card, Spot};
use crate::evidence::card::read::clouds::provider_in;
use crate::evidence::quantity::tokens::span;
use crate::evidence::vocabulary;

/// Reads a sentence that holds a word for a cloud.
pub fn read_cloud_prose(card: &mut Card<'_>, spot: &Spot<'_>, s: &Sentence<'_, '_>) {
    let words = &vocabulary::card().clouds;
    let Some(verb) = s.trains.first().copied() else { return };
    let joined = span(s.ts, verb, verb + 14).iter().any(|t| t.is_any(&words.joins));
    let behind = s.written(verb, verb + 30).to_lowercase();
    let Some(name) = provider_in(&behind, true).filter(|_| joined) else { return };
    if name == "Lambda" && !s.has(&words.near_lambda) {
        return;
    }
    let serves = s.has(&words.serving).then_some("inference");
    card.add(&spot.after(1), Field::CloudProvider, None, name, serves);
}
