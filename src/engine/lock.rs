//! One run at a time into a data directory.

use crate::error::{Error, IoContext, Result};
use fs_err as fs;
use std::path::Path;

/// Holds the lock of a data directory: two runs into the same directory would tear each other's tables apart.
pub struct Lock {
    _file: std::fs::File,
}

impl Lock {
    /// Takes the lock of `work`, creating the directory.
    ///
    /// # Errors
    /// Another process holds it, or the directory cannot be written.
    pub fn acquire(work: &Path) -> Result<Self> {
        fs::create_dir_all(work).at_path("cannot create", work)?;
        let path = work.join(".lock");
        let file = std::fs::File::create(&path).at_path("cannot create", &path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::input(
                "another hugging-carbon is running on this data directory",
                work.display(),
                "wait for it to end, or use another --data-dir",
            )),
            Err(std::fs::TryLockError::Error(e)) => Err(Error::io("cannot lock", path, e)),
        }
    }
}
