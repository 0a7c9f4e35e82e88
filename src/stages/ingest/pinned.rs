//! Source files as the manifest pins them.

use serde::{Deserialize, Serialize};

/// One source file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// File name.
    pub name: String,
    /// index or cards.
    pub kind: InputKind,
    /// Dataset repository and commit it was taken at, `owner/name@commit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// Digest: of the file, or of a recorded listing's pages.
    pub sha256: String,
    /// Size.
    pub bytes: u64,
    /// Records in it.
    pub records: u64,
}

/// What a source file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Records of models.
    Index,
    /// Model cards.
    Cards,
    /// Evidence made of model cards elsewhere.
    Evidence,
}

impl InputKind {
    /// The word in the manifest.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Cards => "cards",
            Self::Evidence => "evidence",
        }
    }
}
