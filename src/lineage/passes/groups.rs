//! Groups of nodes that share a key.

use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use std::hash::{BuildHasher, Hash};

/// Groups of two nodes or more that share a key, ordered by key, each in order of position. Keys are made anew where their hashes meet
/// instead of being kept: millions of them are not worth the memory.
pub(super) fn groups<K: Ord + Hash + Send>(n: usize, key: impl Fn(usize) -> Option<K> + Sync) -> Vec<Vec<usize>> {
    let hash = |i: usize| key(i).map(|k| (FxBuildHasher.hash_one(&k), i));
    let mut hashes: Vec<(u64, usize)> = (0..n).into_par_iter().filter_map(hash).collect();
    hashes.par_sort_unstable();
    let met: Vec<usize> = hashes.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1).flatten().map(|(_, i)| *i).collect();
    drop(hashes);
    let mut keyed: Vec<(K, usize)> = met.into_par_iter().filter_map(|i| Some((key(i)?, i))).collect();
    keyed.par_sort_unstable();
    let groups = keyed.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1);
    groups.map(|group| group.iter().map(|(_, i)| *i).collect()).collect()
}
