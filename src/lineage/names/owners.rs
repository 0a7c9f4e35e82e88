//! What a namespace says of the repositories in it.

use crate::domain::in_lower_case;
use crate::lineage::vocabulary::vocabulary;

/// Organizations under which the Hub keeps the models that once had no namespace (`bert-base-uncased`), lower case.
#[must_use]
pub fn canonical_owners() -> &'static [&'static str] {
    vocabulary().owners.canonical.list()
}

/// Whether a namespace re-uploads others' weights.
#[must_use]
pub fn is_mirror(owner: &str) -> bool {
    in_lower_case(owner, |owner| vocabulary().owners.mirrors.contains(&owner))
}

/// Whether the Hub keeps models of a namespace under ids without one, or did so once.
#[must_use]
pub fn is_canonical(owner: &str) -> bool {
    owner.is_empty() || in_lower_case(owner, |owner| vocabulary().owners.canonical.contains(&owner))
}
