//! A workspace for tests that drive the binary: its own data directory, commands, and filters for what differs between runs.
#![allow(dead_code)] // Each test binary uses a part.

pub mod arrow_rows;
pub mod graph;
pub mod lineage;
pub mod pages;
pub mod schema;
pub mod shim;

use assert_cmd::Command;
use std::path::{Path, PathBuf};

/// What a command left behind.
pub struct Ran {
    /// Exit status.
    pub status: i32,
    /// Standard output, with paths and versions replaced.
    pub stdout: String,
    /// Standard error, likewise.
    pub stderr: String,
}

/// A data directory that goes away with the test.
pub struct Workspace {
    dir: tempfile::TempDir,
}

impl Workspace {
    /// An empty workspace.
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Its data directory.
    pub fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// The snapshot `latest` points at.
    pub fn snapshot(&self) -> PathBuf {
        std::fs::canonicalize(self.data().join("snapshots/latest")).unwrap()
    }

    /// Writes a file and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The binary, in this workspace, without anybody's configuration.
    pub fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hugging-carbon"));
        command.current_dir(self.dir.path()).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LC_ALL", "C");
        command
    }

    /// Runs the binary.
    pub fn run(&self, args: &[&str]) -> Ran {
        let output = self.command().args(args).output().unwrap();
        Ran { status: output.status.code().unwrap_or(-1), stdout: self.clean(&output.stdout), stderr: self.clean(&output.stderr) }
    }

    /// Runs the binary and expects success.
    pub fn ok(&self, args: &[&str]) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.status, 0, "{args:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }

    fn clean(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let canonical = std::fs::canonicalize(self.dir.path()).unwrap();
        text.replace(&*canonical.to_string_lossy(), "[DIR]").replace(&*self.dir.path().to_string_lossy(), "[DIR]")
    }
}

/// Settings for text snapshots: versions, digests and times differ with every change of an input.
pub fn text_settings() -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\d{4}-\d{2}-\d{2}-[0-9a-f]{8}", "[VERSION]");
    settings.add_filter(r"\b[0-9a-f]{12}\b", "[DIGEST]");
    settings.add_filter(r#"seconds="[0-9.]+""#, "seconds=[TIME]");
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings
}

/// Every file of a snapshot with its bytes, sorted by name.
pub fn files_of(snapshot: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(snapshot)
        .unwrap()
        .map(|e| {
            let e = e.unwrap();
            (e.file_name().to_string_lossy().into_owned(), std::fs::read(e.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// Copies a directory with what is in it, links as links.
pub fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy_dir(&path, &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&path).unwrap(), &target).unwrap();
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// Reads a table of a snapshot.
pub fn table<R: hugging_carbon::tables::Row>(dir: &Path) -> Vec<R> {
    hugging_carbon::tables::io::rows::<R>(dir).unwrap().map(Result::unwrap).collect()
}

/// The sample's file in the checkout.
pub fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/sample")
}
