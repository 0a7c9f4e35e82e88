//! One run at a time into a data directory.

use super::lease::{LEASE, Lease, busy, read_owner};
use crate::error::{IoContext, Result};
use fs_err as fs;
use std::path::Path;

/// Holds a data directory: two runs into the same directory would tear each other's tables apart.
pub struct Lock {
    /// None on a full disk, where the lock of the file system is enough.
    lease: Option<Lease>,
    _file: std::fs::File,
}

impl Lock {
    /// Takes the lock of `work`, creating the directory, and the lease beside it, which serves where there are no locks.
    ///
    /// # Errors
    /// Another process holds it, or the directory cannot be written.
    pub fn acquire(work: &Path) -> Result<Self> {
        fs::create_dir_all(work).at_path("cannot create", work)?;
        let path = work.join(".lock");
        let file = std::fs::File::create(&path).at_path("cannot create", &path)?;
        let has_lock = match file.try_lock() {
            Ok(()) => true,
            Err(std::fs::TryLockError::WouldBlock) => return Err(busy(work, read_owner(&work.join(LEASE)).as_ref())),
            Err(std::fs::TryLockError::Error(error)) => {
                tracing::warn!(path = %path.display(), %error, "this file system has no locks: the file {LEASE} beside it serves");
                false
            }
        };
        let lease = match Lease::acquire(work, has_lock) {
            // Regression: on a full disk nothing could make room, because `forget` could not write its lease.
            Err(error) if has_lock && error.is_for_want_of_space() => {
                tracing::warn!(%error, "the disk is full: the lock alone keeps others out");
                None
            }
            taken => Some(taken?),
        };
        Ok(Self { lease, _file: file })
    }

    /// Whether the directory is still this process's.
    ///
    /// # Errors
    /// Another process took over what seemed to be left behind.
    pub fn check(&self) -> Result<()> {
        self.lease.as_ref().map_or(Ok(()), Lease::check)
    }
}
