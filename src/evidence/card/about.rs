//! What is known before a card is read: the repository, and the tables that name chips and places.

use crate::evidence::place::PlaceTables;
use crate::reference::Accelerators;

/// What a repository's own training was, as its lineage tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardRole {
    /// Trained from scratch, or unknown.
    OwnTraining,
    /// Started from another model's weights: a fine-tune, an adapter, a continued pre-training.
    FineTune,
    /// Another model's weights: quantized, converted, merged, mirrored.
    Copy,
}

impl CardRole {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::OwnTraining, Self::FineTune, Self::Copy];

    /// Its word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnTraining => "own_training",
            Self::FineTune => "fine_tune",
            Self::Copy => "copy",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == word)
    }
}

/// What is known about a repository before its card is read.
#[derive(Clone, Copy, Debug)]
pub struct About<'a> {
    /// Id.
    pub model_id: &'a str,
    /// Role.
    pub role: CardRole,
    /// Ids of its bases.
    pub base_ids: &'a [String],
    /// Total parameters, from its files.
    pub total_params: Option<f64>,
}

/// The tables that a card is read with.
#[derive(Clone, Copy, Debug)]
pub struct CardTables<'a> {
    /// Names of chips and machines.
    pub accelerators: &'a Accelerators,
    /// Names of places.
    pub places: PlaceTables<'a>,
}
