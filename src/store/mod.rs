//! Files as the project writes them: digests, atomic appearance, durability. The one place for each.

use crate::error::{Error, IoContext, Result};
use base64::Engine as _;
use fs_err as fs;
use sha2::{Digest, Sha256};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

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

/// What a path that a person named as input is: a file or a directory. A pipe is neither: it cannot be read twice, and every input is read to
/// recognise it, to digest it and for what is in it.
///
/// # Errors
/// There is nothing at the path, or it is neither; `action` is what was attempted, as a verb.
pub fn input_metadata(path: &Path, action: &'static str) -> Result<std::fs::Metadata> {
    let is_stdin = path == Path::new("-") && !path.exists();
    if let Some((what, remedy)) = no_path(path).filter(|_| !path.exists()) {
        return Err(Error::input(what, path.display(), remedy));
    }
    let metadata = if is_stdin { None } else { Some(fs::metadata(path).at_path(action, path)?) };
    metadata.filter(|metadata| metadata.is_file() || metadata.is_dir()).ok_or_else(|| {
        let what = "not a file: what comes through a pipe or a device cannot be read twice, and an input is";
        let remedy = "write it to a file first (... > models.jsonl) and name that";
        Error::input(what, if is_stdin { "-, standard input".to_owned() } else { path.display().to_string() }, remedy)
    })
}

/// What a text is that was given for a path and is none: an address, or a sign that a shell was to replace; and the way out.
fn no_path(path: &Path) -> Option<(&'static str, &'static str)> {
    let text = path.to_string_lossy();
    let text = text.as_ref();
    if text.starts_with("hf:") || ["huggingface.co/", "hf.co/"].iter().any(|host| text.contains(host)) {
        let remedy = "for a data set of the Hub set source.kind = \"hub-dataset\" (or [cards] likewise) in pipeline.toml, or fetch it first: \
                      hf download OWNER/NAME --repo-type dataset --local-dir DIR";
        return Some(("an address of the Hub, and no file of this machine", remedy));
    }
    // Paths lose one of two slashes where somebody joined them.
    let is_address = ["http:/", "https:/", "s3:/", "s3a:/", "gs:/", "az:/", "abfs:/", "abfss:/", "ftp:/", "file:/"];
    if is_address.iter().any(|scheme| text.starts_with(scheme)) {
        return Some((
            "an address, and no path of this machine",
            "fetch it first (curl -LO, aws s3 cp), and name the file; of file:// name the path",
        ));
    }
    if text.starts_with('~') {
        return Some((
            "'~' is replaced by a shell, and only where it stands unquoted in front",
            "write the home directory out: $HOME/...",
        ));
    }
    if text.contains(['*', '?']) {
        return Some((
            "'*' and '?' are replaced by a shell, and one path is wanted",
            "name the directory: all index files in it are read",
        ));
    }
    None
}

/// Most links that a path is followed through, as Linux does it.
const MAX_LINKS: usize = 40;

/// Writes `bytes` to a path that a person named: a file appears whole or not at all, and one that a link names is replaced where it stands.
/// What is no file (a device, a FIFO, a stream of a process) is written into and stays what it is.
///
/// # Errors
/// The path is a directory, or cannot be written.
pub fn write_output(path: &Path, bytes: &[u8]) -> Result<()> {
    let is_other = std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    let (file, is_stream) = followed(path);
    if !is_other && !is_stream {
        return write_atomically(&file, bytes);
    }
    let mut open = fs::OpenOptions::new().append(true).open(path).at_path("cannot open", path)?;
    match open.write_all(bytes).and_then(|()| open.flush()) {
        // A reader that went away is no error, as on stdout.
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => Err(Error::io("cannot write", path, e)),
        _ => Ok(()),
    }
}

/// Where the links of a path end, and whether it names what a process has open (`/dev/stdout`, `/dev/fd/3`): that is not replaced, since
/// the process would go on writing into what is gone.
fn followed(path: &Path) -> (PathBuf, bool) {
    let mut at = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Ok(target) = std::fs::read_link(&at) else { break };
        let dir = at.parent().unwrap_or(Path::new(""));
        if std::fs::canonicalize(dir).is_ok_and(|dir| dir.starts_with("/proc")) {
            return (at, true);
        }
        at = dir.join(target);
    }
    (at, false)
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

/// Makes renames within a directory durable, where the file system knows of such a thing: some (CIFS, some of FUSE) answer that a directory
/// cannot be synced, and keep renames as they can.
///
/// # Errors
/// The directory cannot be opened or synced.
pub fn sync_directory(dir: &Path) -> Result<()> {
    let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
    match fs::File::open(dir).and_then(|d| d.sync_all()) {
        Err(e) if matches!(e.kind(), std::io::ErrorKind::InvalidInput | std::io::ErrorKind::Unsupported) => Ok(()),
        synced => synced.at_path("cannot sync", dir),
    }
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::fs::{FileTypeExt, symlink};

    /// Regression: the rename went over the path, so that a link or a FIFO became a file.
    #[test]
    fn what_is_no_file_is_written_into_and_a_link_stays_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link, chain) = (dir.path().join("real.html"), dir.path().join("link.html"), dir.path().join("chain.html"));
        symlink("real.html", &link).unwrap();
        symlink("link.html", &chain).unwrap();
        // The file of the link does not exist yet, and then it does.
        for text in ["one", "two"] {
            write_output(&chain, text.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
            assert!(
                std::fs::symlink_metadata(&chain).unwrap().is_symlink() && std::fs::symlink_metadata(&link).unwrap().is_symlink()
            );
        }
        let fifo = dir.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        let reader = std::thread::spawn({
            let fifo = fifo.clone();
            move || {
                let mut text = String::new();
                std::fs::File::open(fifo).unwrap().read_to_string(&mut text).unwrap();
                text
            }
        });
        write_output(&fifo, b"three").unwrap();
        assert_eq!(reader.join().unwrap(), "three");
        assert!(std::fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
    }

    /// Regression: a FIFO as source was waited for without an end, and of a pipe it was said that the file is empty.
    #[test]
    fn an_input_is_a_file_or_a_directory() {
        let dir = tempfile::tempdir().unwrap();
        let fifo = dir.path().join("fifo");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        for path in [fifo.as_path(), Path::new("-"), Path::new("/dev/null")] {
            let said = input_metadata(path, "cannot read source").unwrap_err().to_string();
            assert!(said.contains("cannot be read twice") && said.contains("write it to a file"), "{said}");
        }
        assert!(input_metadata(dir.path(), "cannot read source").unwrap().is_dir());
        let said = input_metadata(&dir.path().join("absent"), "cannot read source").unwrap_err().to_string();
        assert!(said.starts_with("cannot read source") && said.contains("check the path"), "{said}");
    }

    #[test]
    fn links_in_a_circle_end_and_a_directory_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let circle = dir.path().join("a");
        symlink("b", &circle).unwrap();
        symlink("a", dir.path().join("b")).unwrap();
        followed(&circle);
        let said = write_output(dir.path(), b"x").unwrap_err().to_string();
        assert!(said.contains("it is a directory"), "{said}");
    }

    /// What the process has open is added to, wherever it leads.
    #[test]
    fn an_open_file_is_not_replaced() {
        use std::os::fd::AsRawFd as _;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.html");
        std::fs::write(&path, "before ").unwrap();
        let open = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
        let of_process = PathBuf::from(format!("/dev/fd/{}", open.as_raw_fd()));
        if of_process.exists() {
            write_output(&of_process, b"after").unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "before after");
        }
    }
}
