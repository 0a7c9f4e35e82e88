//! Every file of `fuzz/corpus` through its target: seeds, and what the fuzzers found once, crashes that were mended among them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot set up its stage has failed.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_target_takes_its_corpus() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let folders: BTreeSet<String> =
        std::fs::read_dir(root.join("corpus")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(folders, targets::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect());
    for (name, target) in targets::TARGETS {
        assert!(root.join(format!("fuzz_targets/{name}.rs")).exists(), "{name} is not handed to libFuzzer");
        let mut files: Vec<_> = std::fs::read_dir(root.join("corpus").join(name)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 5, "{name}: {} files", files.len());
        for file in files {
            // A panic names the target's line; this names the file.
            let bytes = std::fs::read(&file).unwrap();
            let outcome = std::panic::catch_unwind(|| target(&bytes));
            assert!(outcome.is_ok(), "{} does not pass", file.display());
        }
    }
}

/// Whatever a good input is cut to, and whichever of its bytes is another one.
#[test]
fn every_target_takes_what_is_left_of_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::TARGETS {
        let mut files: Vec<_> = std::fs::read_dir(corpus.join(name)).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        for file in files.into_iter().take(5) {
            let bytes = std::fs::read(&file).unwrap();
            let step = (bytes.len() / 20).max(1);
            for at in (0..bytes.len()).step_by(step) {
                target(&bytes[..at]);
                let mut other = bytes.clone();
                other[at] ^= 0x15;
                target(&other);
            }
        }
    }
}
