//! Content-addressed raw store: what the Hub sent, byte for byte, under its SHA-256.

use crate::error::{Error, IoContext, Result};
use crate::store::write_synced;
use crate::tables::io::{sha256_bytes, sync_directory};
use fs_err as fs;
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Compression of stored objects: the level of our Parquet files.
const ZSTD_LEVEL: i32 = 3;
/// Largest object that is unpacked. Far above every cap on what is fetched: it only stops a damaged or planted file.
const MAX_OBJECT_BYTES: u64 = 1 << 30;

/// The objects below one directory.
#[derive(Clone, Debug)]
pub struct Store {
    objects: PathBuf,
}

impl Store {
    /// Opens or creates `<dir>/objects`.
    ///
    /// # Errors
    /// The directory cannot be created.
    pub fn open(dir: &Path) -> Result<Self> {
        let objects = dir.join("objects");
        fs::create_dir_all(&objects).at_path("cannot create", &objects)?;
        Ok(Self { objects })
    }

    /// `<dir>/objects/<aa>/<sha256>.zst`.
    #[must_use]
    pub fn path(&self, sha256: &str) -> PathBuf {
        let shelf = sha256.get(..2).unwrap_or("__");
        self.objects.join(shelf).join(format!("{sha256}.zst"))
    }

    /// Stores bytes durably and returns their SHA-256. An object that is there already is not written again.
    ///
    /// # Errors
    /// The disk is full or the directory cannot be written.
    pub fn put(&self, bytes: &[u8]) -> Result<String> {
        let sha256 = sha256_bytes(bytes);
        let path = self.path(&sha256);
        if path.exists() && self.get(&sha256).is_ok() {
            return Ok(sha256);
        }
        let shelf = path.parent().unwrap_or(&self.objects);
        let is_new = !shelf.exists();
        fs::create_dir_all(shelf).at_path("cannot create", shelf)?;
        // Two processes may store the same object at once: each under a name of its own.
        let temporary = shelf.join(format!(".new-{}-{sha256}", std::process::id()));
        let packed = zstd::encode_all(bytes, ZSTD_LEVEL).at_path("cannot compress", &path)?;
        write_synced(&temporary, &packed)
            .and_then(|()| fs::rename(&temporary, &path).at_path("cannot rename", &temporary))
            .inspect_err(|_| {
                let _ = fs::remove_file(&temporary);
            })?;
        sync_directory(shelf)?;
        if is_new {
            sync_directory(&self.objects)?;
        }
        Ok(sha256)
    }

    /// Reads an object and verifies it.
    ///
    /// # Errors
    /// It is missing, truncated or not what its name says.
    pub fn get(&self, sha256: &str) -> Result<Vec<u8>> {
        let path = self.path(sha256);
        let damaged =
            |what: &str| Error::input(what, path.display(), "run `hugging-carbon ingest` again: what is damaged is fetched anew");
        let file = fs::File::open(&path).at_path("cannot read", &path)?;
        let decoder = zstd::Decoder::new(file).at_path("cannot read", &path)?;
        let mut bytes = Vec::new();
        match decoder.take(MAX_OBJECT_BYTES).read_to_end(&mut bytes) {
            Ok(_) if sha256_bytes(&bytes) == sha256 => Ok(bytes),
            Ok(_) => Err(damaged("a stored object does not have the content its name says")),
            Err(_) => Err(damaged("a stored object is truncated or damaged")),
        }
    }

    /// Removes every object whose SHA-256 `keep` does not hold, and what a kill left half-written; returns how many, and their bytes. With
    /// `dry` it only counts. Not while a crawl runs over this store.
    ///
    /// # Errors
    /// A directory cannot be read or a file cannot be removed.
    pub fn prune(&self, keep: &HashSet<&str>, dry: bool) -> Result<(u64, u64)> {
        let (mut removed, mut bytes) = (0, 0);
        for shelf in fs::read_dir(&self.objects).at_path("cannot read", &self.objects)? {
            let shelf = shelf.at_path("cannot read", &self.objects)?.path();
            for object in fs::read_dir(&shelf).at_path("cannot read", &shelf)? {
                let path = object.at_path("cannot read", &shelf)?.path();
                let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
                if !name.strip_suffix(".zst").is_some_and(|sha256| keep.contains(sha256)) {
                    bytes += fs::metadata(&path).at_path("cannot read", &path)?.len();
                    removed += 1;
                    if !dry {
                        fs::remove_file(&path).at_path("cannot remove", &path)?;
                    }
                }
            }
        }
        Ok((removed, bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_got_and_written_once() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let sha = store.put(b"[1,2]").unwrap();
        assert_eq!(store.get(&sha).unwrap(), b"[1,2]");
        let before = fs::metadata(store.path(&sha)).unwrap().modified().unwrap();
        assert_eq!(store.put(b"[1,2]").unwrap(), sha);
        assert_eq!(fs::metadata(store.path(&sha)).unwrap().modified().unwrap(), before);
        assert_eq!(store.get(&store.put(b"").unwrap()).unwrap(), b"");
    }

    #[test]
    fn pruning_keeps_what_is_wanted() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let (a, b) = (store.put(b"a").unwrap(), store.put(b"b").unwrap());
        fs::write(store.path(&a).with_file_name(".new-x"), "torn").unwrap();
        let torn = fs::metadata(store.path(&b)).unwrap().len() + 4;
        assert_eq!(store.prune(&HashSet::from([a.as_str()]), true).unwrap(), (2, torn));
        assert_eq!(store.prune(&HashSet::from([a.as_str()]), false).unwrap(), (2, torn));
        assert!(store.get(&a).is_ok() && store.get(&b).is_err());
    }

    #[test]
    fn damage_is_seen_and_mended_by_storing_again() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let body: Vec<u8> = (0..10_000_u32).flat_map(u32::to_le_bytes).collect();
        let sha = store.put(&body).unwrap();
        let path = store.path(&sha);
        let good = fs::read(&path).unwrap();
        for cut in [0, 1, good.len() / 2, good.len() - 1] {
            fs::write(&path, &good[..cut]).unwrap();
            assert!(store.get(&sha).is_err(), "{cut}");
        }
        for i in [0, 9, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[i] ^= 0x10;
            fs::write(&path, &bad).unwrap();
            assert!(store.get(&sha).is_err(), "{i}");
        }
        fs::write(&path, zstd::encode_all(&b"something else"[..], 3).unwrap()).unwrap();
        assert!(store.get(&sha).unwrap_err().to_string().contains("its name says"));
        store.put(&body).unwrap();
        assert_eq!(store.get(&sha).unwrap(), body);
        fs::remove_file(&path).unwrap();
        assert_eq!(store.get(&sha).unwrap_err().exit_status() as u8, 1);
    }
}
