//! What many runs have in common is computed once and kept.

use rustc_hash::FxHashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Values by the digest of what they are computed from. What a key stands for is always computed alike, so that nothing depends on
/// who asks first; beyond the limit a value is computed anew each time.
#[derive(Debug)]
pub(super) struct Kept<T: ?Sized> {
    values: RwLock<FxHashMap<u64, Arc<T>>>,
    most: usize,
}

impl<T: ?Sized> Kept<T> {
    pub(super) fn new(most: usize) -> Self {
        Self { values: RwLock::default(), most }
    }

    pub(super) fn get(&self, key: u64, compute: impl FnOnce() -> Arc<T>) -> Arc<T> {
        let kept = self.values.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        kept.unwrap_or_else(|| {
            let value = compute();
            let mut values = self.values.write().unwrap_or_else(PoisonError::into_inner);
            if values.len() < self.most {
                values.insert(key, Arc::clone(&value));
            }
            value
        })
    }
}
