//! Groups of nodes that share a key.

use rustc_hash::FxBuildHasher;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hash};

/// Groups of two nodes or more that share a key, ordered by key, each in order of position. Keys are made anew where their hashes meet
/// instead of being kept: millions of them are not worth the memory.
pub(super) fn groups<K: Ord + Hash>(n: usize, key: impl Fn(usize) -> Option<K>) -> Vec<Vec<usize>> {
    let mut hashes: Vec<(u64, usize)> = (0..n).filter_map(|i| key(i).map(|k| (FxBuildHasher.hash_one(&k), i))).collect();
    hashes.sort_unstable();
    let mut groups: BTreeMap<K, Vec<usize>> = BTreeMap::new();
    for same_hash in hashes.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1) {
        for (_, i) in same_hash {
            if let Some(k) = key(*i) {
                groups.entry(k).or_default().push(*i);
            }
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}
