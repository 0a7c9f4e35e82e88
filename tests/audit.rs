//! `audit` accepts what was published and nothing else.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, files_of};

#[test]
fn one_flipped_byte_in_any_file_fails_with_its_name() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let snapshot = workspace.snapshot();
    for (name, bytes) in files_of(&snapshot) {
        let path = snapshot.join(&name);
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            std::fs::write(&path, damaged).unwrap();
            let ran = workspace.run(&["audit", "data/snapshots/latest"]);
            assert_eq!(ran.status, 3, "{name} at {at}: {}", ran.stderr);
            let named = name.strip_suffix(".parquet").map_or(name.clone(), |table| format!("table '{table}'"));
            assert!(ran.stderr.contains(&named), "{name} at {at}: {}", ran.stderr);
        }
        std::fs::write(&path, bytes).unwrap();
    }
    workspace.ok(&["audit", "--verify-only", "data/snapshots/latest"]);
    // Regression: the log said that a snapshot was published, while one was rebuilt to be compared.
    let ran = workspace.ok(&["audit", "data/snapshots/latest"]);
    assert!(ran.stderr.contains("rebuilt") && !ran.stderr.contains("published"), "{}", ran.stderr);
}

#[test]
fn missing_and_foreign_files_fail() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let snapshot = workspace.snapshot();
    std::fs::write(snapshot.join("notes.txt"), "x").unwrap();
    let ran = workspace.run(&["audit", "--verify-only", "data/snapshots/latest"]);
    assert!(ran.status == 3 && ran.stderr.contains("notes.txt"), "{}", ran.stderr);
    std::fs::remove_file(snapshot.join("notes.txt")).unwrap();
    std::fs::remove_file(snapshot.join("runs.parquet")).unwrap();
    let ran = workspace.run(&["audit", "--verify-only", "data/snapshots/latest"]);
    assert!(ran.status == 3 && ran.stderr.contains("table 'runs'"), "{}", ran.stderr);
    let ran = workspace.run(&["audit", "data/snapshots/nothing-here"]);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
}

/// A snapshot of another source cannot be rebuilt without that source.
#[test]
fn the_pinned_input_is_asked_for_by_digest() {
    let workspace = Workspace::new();
    let lines: String = (0..40)
        .map(|i| format!("{{\"id\":\"o/m-{i}b\",\"downloadsAllTime\":{},\"createdAt\":\"2024-05-01T00:00:00.000Z\"}}\n", 9_000 + i))
        .collect();
    let source = workspace.file("index.jsonl", lines);
    workspace.ok(&["-q", "run", "--source", source.to_str().unwrap()]);
    let ran = workspace.run(&["-q", "audit", "data/snapshots/latest"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("'index.jsonl'") && ran.stderr.contains("--source"), "{}", ran.stderr);
    // Under another name, in another place: the digest decides.
    std::fs::rename(&source, workspace.path("renamed.txt")).unwrap();
    workspace.ok(&["-q", "audit", "data/snapshots/latest", "--source", "renamed.txt"]);
}

/// Digests that agree are not enough: a rebuild that differs fails. Here the manifest of a snapshot is rewritten with another
/// seed, and its directory renamed to match.
#[test]
fn a_snapshot_that_does_not_follow_from_its_inputs_fails() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let snapshot = workspace.snapshot();
    let text = std::fs::read_to_string(snapshot.join("manifest.json")).unwrap();
    let forged = text.replace("\"seed\": 20260502", "\"seed\": 20260503");
    assert_ne!(text, forged);
    let digest = hugging_carbon::tables::io::sha256_bytes(forged.as_bytes());
    let name = snapshot.file_name().unwrap().to_string_lossy().into_owned();
    let renamed = snapshot.with_file_name(format!("{}-{}", &name[..10], &digest[..8]));
    std::fs::rename(&snapshot, &renamed).unwrap();
    std::fs::write(renamed.join("manifest.json"), forged).unwrap();
    workspace.ok(&["audit", "--verify-only", renamed.to_str().unwrap()]);
    let ran = workspace.run(&["-q", "audit", renamed.to_str().unwrap()]);
    assert_eq!(ran.status, 3);
    assert!(ran.stderr.contains("table 'estimates'"), "{}", ran.stderr);
}

/// Snapshots of format 1 had README.md as their one document.
#[test]
fn a_snapshot_of_format_1_is_verified_and_no_rebuild_is_promised() {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let snapshot = workspace.snapshot();
    let mut manifest: serde_json::Value = serde_json::from_slice(&std::fs::read(snapshot.join("manifest.json")).unwrap()).unwrap();
    let documents = manifest.as_object_mut().unwrap().remove("documents").unwrap();
    manifest["format_version"] = 1.into();
    manifest["readme_sha256"] = documents["README.md"].clone();
    for document in documents.as_object().unwrap().keys().filter(|name| *name != "README.md") {
        std::fs::remove_file(snapshot.join(document)).unwrap();
    }
    let text = manifest.to_string();
    let digest = hugging_carbon::tables::io::sha256_bytes(text.as_bytes());
    let name = snapshot.file_name().unwrap().to_string_lossy().into_owned();
    let renamed = snapshot.with_file_name(format!("{}-{}", &name[..10], &digest[..8]));
    std::fs::rename(&snapshot, &renamed).unwrap();
    std::fs::write(renamed.join("manifest.json"), text).unwrap();
    let place = renamed.to_str().unwrap();
    workspace.ok(&["audit", "--verify-only", place]);
    let ran = workspace.run(&["audit", place]);
    assert!(ran.status == 1 && ran.stderr.contains("format 1") && ran.stderr.contains("--verify-only"), "{}", ran.stderr);
    std::fs::write(renamed.join("README.md"), "other").unwrap();
    let ran = workspace.run(&["audit", "--verify-only", place]);
    assert!(ran.status == 3 && ran.stderr.contains("README.md"), "{}", ran.stderr);
}
