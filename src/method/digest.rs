//! Digests of numbers, as keys of what is kept in memory.

use std::hash::{DefaultHasher, Hasher};

/// Digest of numbers, by their bits. It identifies within a process and is never stored.
pub(in crate::method) fn digest(words: impl IntoIterator<Item = u64>) -> u64 {
    // SipHash with a fixed key: among a million keys two are alike with a probability of 3e-8.
    let mut hasher = DefaultHasher::new();
    words.into_iter().for_each(|word| hasher.write_u64(word));
    hasher.finish()
}

/// Digest of numbers.
pub(in crate::method) fn digest_of(values: impl IntoIterator<Item = f64>) -> u64 {
    digest(values.into_iter().map(f64::to_bits))
}
