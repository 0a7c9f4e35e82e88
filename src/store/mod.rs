//! Files as the project writes them: digests, atomic appearance, durability. The one place for each.

use crate::error::{Error, IoContext, Result};
use base64::Engine as _;
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::path::Path;

/// A writer that digests what passes through it.
pub struct HashingWriter<W> {
    inner: W,
    hasher: Sha256,
    bytes: u64,
}

impl<W> HashingWriter<W> {
    /// Writes to `inner`.
    pub fn new(inner: W) -> Self {
        Self { inner, hasher: Sha256::new(), bytes: 0 }
    }

    /// The writer below, the bytes that passed, and their digest.
    pub fn finish(self) -> (W, u64, String) {
        (self.inner, self.bytes, hex(&self.hasher.finalize()))
    }
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        let n = self.inner.write(buf)?;
        self.hasher.update(&buf[..n]);
        self.bytes += n as u64;
        Ok(n)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        self.inner.flush()
    }
}

/// SHA-256 of a file, lower-case hex.
///
/// # Errors
/// The file cannot be read.
pub fn sha256_file(path: &Path) -> Result<String> {
    let mut file = fs::File::open(path).at_path("cannot read", path)?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 20];
    loop {
        let n = file.read(&mut buffer).at_path("cannot read", path)?;
        if n == 0 {
            return Ok(hex(&hasher.finalize()));
        }
        hasher.update(&buffer[..n]);
    }
}

/// SHA-256 of bytes, lower-case hex.
#[must_use]
pub fn sha256_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-256 of bytes in base64, as a page's policy names its scripts.
#[must_use]
pub fn sha256_base64(bytes: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(Sha256::digest(bytes))
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, b| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{b:02x}");
        out
    })
}

/// Writes `bytes` to `path` so that a reader sees the old content or the new, never a part: temporary name, sync, rename.
///
/// # Errors
/// The disk is full or the directory cannot be written.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    if path.is_dir() {
        return Err(Error::input("it is a directory", path.display(), "name the file to write"));
    }
    let temporary = path.with_extension("tmp");
    let mut file = fs::File::create(&temporary).at_path("cannot create", &temporary)?;
    file.write_all(bytes).at_path("cannot write", &temporary)?;
    file.sync_all().at_path("cannot sync", &temporary)?;
    fs::rename(&temporary, path).at_path("cannot rename", &temporary)?;
    sync_directory(path.parent().unwrap_or(Path::new(".")))
}

/// Removes a directory with all that is in it, or the file or link that has this path. Unlike that of `std::fs::remove_dir_all`, the
/// error names the very entry that cannot be removed. Links are removed, not followed.
///
/// # Errors
/// An entry cannot be listed or removed.
pub fn remove_tree(path: &Path) -> Result<()> {
    let metadata = fs::symlink_metadata(path).at_path("cannot clear", path)?;
    if !metadata.is_dir() {
        return fs::remove_file(path).at_path("cannot clear", path);
    }
    for entry in fs::read_dir(path).at_path("cannot clear", path)? {
        remove_tree(&entry.at_path("cannot clear", path)?.path())?;
    }
    fs::remove_dir(path).at_path("cannot clear", path)
}

/// Makes renames within a directory durable.
///
/// # Errors
/// The directory cannot be opened or synced.
pub fn sync_directory(dir: &Path) -> Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    fs::File::open(dir).and_then(|d| d.sync_all()).at_path("cannot sync", dir)
}

/// Writes `bytes` to `path` and syncs the file; for files in a directory that nobody reads yet.
///
/// # Errors
/// The disk is full or the directory cannot be written.
pub fn write_synced(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = fs::File::create(path).at_path("cannot create", path)?;
    file.write_all(bytes).at_path("cannot write", path)?;
    file.sync_all().at_path("cannot sync", path)
}
