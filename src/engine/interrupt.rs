//! Where a signal may end the process: anywhere but within a publication. Everything else is written so that a kill costs only what was
//! being done.

use std::sync::{Mutex, MutexGuard, PoisonError};

static PUBLISHING: Mutex<()> = Mutex::new(());

/// Held while a publication is shown, and by whoever ends the process: neither begins within the other.
pub fn undisturbed() -> MutexGuard<'static, ()> {
    PUBLISHING.lock().unwrap_or_else(PoisonError::into_inner)
}
