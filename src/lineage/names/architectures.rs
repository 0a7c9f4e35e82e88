//! What the name of an architecture says of the families that use it.

use crate::lineage::vocabulary::vocabulary;

/// Whether an architecture belongs to a family that organizations release and others fine-tune.
#[must_use]
pub fn is_family_architecture(architecture: &str) -> bool {
    vocabulary().architectures.of_families.contains(&architecture)
}

/// Whether a family architecture sees images through a language model of another name.
#[must_use]
pub fn is_vision_architecture(architecture: &str) -> bool {
    let words = &vocabulary().architectures;
    words.vision_beginnings.iter().any(|word| architecture.starts_with(word))
        || words.vision_endings.iter().any(|word| architecture.ends_with(word))
}
