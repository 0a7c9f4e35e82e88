//! `tests/faults/shim.c`, compiled once: the file layer of the binary, counted and made to fail.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The shared object to preload.
pub fn shim() -> &'static Path {
    static SHIM: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = SHIM.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("shim.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/shim.c");
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
        let status = std::process::Command::new(compiler)
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&path)
            .arg(source)
            .arg("-ldl")
            .status()
            .unwrap();
        assert!(status.success(), "the C compiler that zstd needs compiles the shim");
        (dir, path)
    });
    path
}
