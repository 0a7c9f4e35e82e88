//! The same bytes whatever the threads, the directory, or how often the process was killed on the way.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::{Workspace, files_of, sample};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

const STAGES: [&str; 7] = ["fetch", "ingest", "normalize", "tier", "fit", "estimate", "snapshot"];

fn undisturbed() -> (String, Vec<(String, Vec<u8>)>) {
    let workspace = Workspace::new();
    workspace.ok(&["-q", "run"]);
    let snapshot = workspace.snapshot();
    (snapshot.file_name().unwrap().to_string_lossy().into_owned(), files_of(&snapshot))
}

#[test]
fn one_thread_and_two_write_the_same_bytes() {
    let expected = undisturbed();
    for threads in ["1", "2", "5"] {
        let workspace = Workspace::new();
        workspace.ok(&["-q", "--threads", threads, "run"]);
        assert_eq!(workspace.snapshot().file_name().unwrap().to_string_lossy(), expected.0);
        assert!(files_of(&workspace.snapshot()) == expected.1, "{threads} threads");
    }
}

/// The embedded sample, the directory it comes from, and a copy of it elsewhere are one source.
#[test]
fn the_directory_does_not_matter() {
    let expected = undisturbed();
    let workspace = Workspace::new();
    let cards = sample().join("cards");
    workspace.ok(&["-q", "run", "--source", sample().to_str().unwrap(), "--cards", cards.to_str().unwrap()]);
    assert!(files_of(&workspace.snapshot()) == expected.1);
    let elsewhere = Workspace::new();
    std::fs::create_dir(elsewhere.path("copy of [sample]*")).unwrap();
    std::fs::copy(sample().join("models.jsonl"), elsewhere.path("copy of [sample]*/models.jsonl")).unwrap();
    std::fs::create_dir(elsewhere.path("its [cards]*")).unwrap();
    std::fs::copy(cards.join("cards.jsonl"), elsewhere.path("its [cards]*/cards.jsonl")).unwrap();
    elsewhere.ok(&["-q", "run", "--source", "copy of [sample]*", "--cards", "its [cards]*", "--data-dir", "out [1]*"]);
    let snapshot = std::fs::canonicalize(elsewhere.path("out [1]*/snapshots/latest")).unwrap();
    assert!(files_of(&snapshot) == expected.1);
}

/// The order in which the source lists its records decides nothing: reversed, and dealt into seven heaps, the tables are the same to the
/// byte; only the manifest names another source.
#[test]
fn the_order_of_the_rows_does_not_matter() {
    let (_, expected) = undisturbed();
    let text = std::fs::read_to_string(sample().join("models.jsonl")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let reversed: Vec<&str> = lines.iter().rev().copied().collect();
    let dealt: Vec<&str> = (0..7).flat_map(|heap| lines.iter().skip(heap).step_by(7).copied()).collect();
    for (name, order) in [("reversed", reversed), ("dealt", dealt)] {
        assert_ne!(order, lines, "{name}");
        let workspace = Workspace::new();
        let source = workspace.file("models.jsonl", &(order.join("\n") + "\n"));
        let cards = sample().join("cards");
        workspace.ok(&["-q", "run", "--source", source.to_str().unwrap(), "--cards", cards.to_str().unwrap()]);
        let tables = |files: &[(String, Vec<u8>)]| -> Vec<(String, Vec<u8>)> {
            files.iter().filter(|(name, _)| name.ends_with(".parquet")).cloned().collect()
        };
        assert!(tables(&files_of(&workspace.snapshot())) == tables(&expected), "{name}");
    }
}

/// Runs until `stage` has started, then kills the process without warning.
fn kill_in(workspace: &Workspace, stage: &str, delay_ms: u64) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hugging-carbon"))
        .current_dir(workspace.path(""))
        .args(["run", "--log-format", "json", "--force"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let mut met = false;
    for line in log.lines() {
        let line = line.unwrap();
        if line.contains("\"started\"") && line.contains(&format!("\"stage\":\"{stage}\"")) {
            std::thread::sleep(std::time::Duration::from_millis(delay_ms));
            child.kill().unwrap();
            met = true;
            break;
        }
    }
    assert!(met, "stage {stage} never started");
    child.wait().unwrap();
}

/// `kill -9` in the middle of any stage: no snapshot that verifies wrongly, no older one damaged, and the rerun is as if nothing
/// had happened.
#[test]
fn a_kill_in_any_stage_leaves_nothing_wrong_behind() {
    let expected = undisturbed();
    for stage in STAGES {
        for delay_ms in [0, 3, 20] {
            let workspace = Workspace::new();
            let config = workspace.file("older.toml", "[cohort]\nmin = 100\n");
            workspace.ok(&["-q", "run", "--config", config.to_str().unwrap()]);
            let older = workspace.snapshot();
            let older_files = files_of(&older);
            kill_in(&workspace, stage, delay_ms);
            assert!(files_of(&older) == older_files, "killed in {stage}: the older snapshot changed");
            for entry in std::fs::read_dir(workspace.data().join("snapshots")).unwrap() {
                let name = entry.unwrap().file_name().to_string_lossy().into_owned();
                if name.starts_with('.') {
                    let audited = workspace.run(&["audit", "--verify-only", &format!("data/snapshots/{name}")]);
                    assert_ne!(audited.status, 0, "killed in {stage}: audit accepts the leftover {name}");
                } else {
                    workspace.ok(&["audit", "--verify-only", &format!("data/snapshots/{name}")]);
                }
            }
            workspace.ok(&["-q", "run"]);
            assert!(files_of(&workspace.snapshot()) == expected.1, "killed in {stage}: the rerun differs");
            let left: Vec<String> = std::fs::read_dir(workspace.data().join("snapshots"))
                .unwrap()
                .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
                .filter(|n| n.starts_with('.'))
                .collect();
            assert!(left.is_empty(), "{left:?}");
        }
    }
}

#[test]
fn two_runs_do_not_share_a_data_directory() {
    let workspace = Workspace::new();
    std::fs::create_dir_all(workspace.data().join("work")).unwrap();
    let held = std::fs::File::create(workspace.data().join("work/.lock")).unwrap();
    held.lock().unwrap();
    let ran = workspace.run(&["run"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("another hugging-carbon is running"), "{}", ran.stderr);
}
