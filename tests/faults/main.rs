//! Every file operation of a run, failed one by one with what a disk, a mount or a permission answers, and with a kill before and after.
//!
//! `shim.c` counts and fails them. The run is taken stage by stage, each from a data directory in which the stages before it are done, so
//! that a trial costs one stage. Afterwards: the exit status is honest, the message names the file, `latest` leads to a whole snapshot, and
//! the next good run gives the bytes of an undisturbed one. That run follows from what is in the directory alone, so it is made once for
//! each state that a fault leaves.
//!
//! `cargo test --test faults` takes a sample; `make acceptance` all (`-- --ignored`).
#![cfg(target_os = "linux")] // LD_PRELOAD.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // A test that cannot set up its stage has failed.

#[path = "../common/mod.rs"]
mod common;

use common::shim::shim;
use common::{copy_dir, files_of};
use hugging_carbon::engine::Declared;
use hugging_carbon::stages::NAMES;
use hugging_carbon::stages::fit::Fitting;
use hugging_carbon::stages::snapshot::latest::latest_version;
use hugging_carbon::stages::snapshot::verify_files;
use hugging_carbon::store::sha256_bytes;
use std::collections::{BTreeMap, HashSet};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// ENOSPC, EIO, EACCES, EROFS by number.
const ERRORS: [&str; 4] = ["28", "5", "13", "30"];
/// What changes files. A kill behind anything else leaves what a kill behind the last of these left.
const CHANGES: [&str; 8] = ["create", "write", "copy", "truncate", "mkdir", "remove", "rename", "symlink"];

/// Faults for which one process forks: their directories lie beside one another.
const PER_FORK: usize = 50;

/// An operation of a stage.
#[derive(Clone, Debug)]
struct Operation {
    stage: usize,
    number: usize,
    kind: String,
    path: String,
}

impl Operation {
    fn changes_files(&self) -> bool {
        CHANGES.contains(&self.kind.as_str())
    }

    /// The ways in which it fails. Operations follow one another, so a kill before one is the kill after the one before it.
    fn ways(&self) -> impl Iterator<Item = &'static str> + use<> {
        let kills = [(self.number == 1, "kill-before"), (self.changes_files(), "kill-after")];
        ERRORS.into_iter().chain(kills.into_iter().filter_map(|(is_new, kill)| is_new.then_some(kill)))
    }
}

/// Data directories before each stage, and what comes out undisturbed.
struct Bench {
    dir: tempfile::TempDir,
    old: String,
    good: Vec<(String, Vec<u8>)>,
    version: String,
    seen: Mutex<HashSet<String>>,
}

fn binary(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hugging-carbon"));
    command.current_dir(dir).env_clear().args(["-q", "--threads", "1", "--source", "index.jsonl"]).stdout(Stdio::null());
    command
}

fn index(newest: &str) -> String {
    let record = |name: &str, created: &str| {
        format!(
            "{{\"id\":\"lab/{name}\",\"createdAt\":\"{created}T12:00:00.000Z\",\"downloads\":9000,\"downloadsAllTime\":9000,\"library_name\":\
             \"transformers\",\"pipeline_tag\":\"text-generation\"}}\n"
        )
    };
    record("alpha-7b", "2024-05-01") + &record("beta-1.3b", newest)
}

impl Bench {
    fn new() -> Self {
        let shm = Path::new("/dev/shm");
        let dir = if shm.is_dir() { tempfile::tempdir_in(shm) } else { tempfile::tempdir() }.unwrap();
        let at = dir.path().join("now");
        std::fs::create_dir(&at).unwrap();
        std::fs::write(at.join("index.jsonl"), index("2026-01-01")).unwrap();
        assert!(binary(&at).arg("run").status().unwrap().success());
        let old = latest_version(&at.join("data/snapshots")).unwrap().unwrap();
        std::fs::write(at.join("index.jsonl"), index("2026-01-02")).unwrap();
        for (stage, name) in NAMES.iter().enumerate() {
            copy_dir(&at, &dir.path().join(format!("before-{stage}")));
            assert!(binary(&at).arg("run").args(["--until", name]).status().unwrap().success());
        }
        let version = latest_version(&at.join("data/snapshots")).unwrap().unwrap();
        let good = files_of(&at.join("data/snapshots").join(&version));
        Self { dir, old, good, version, seen: Mutex::new(HashSet::new()) }
    }

    fn run(&self, at: &Path, stage: usize, variables: &[(&str, &str)]) -> Output {
        let mut command = binary(at);
        command.env("LD_PRELOAD", shim()).env("SHIM_DIR", "data").args(["run", "--until", NAMES[stage]]);
        command.envs(variables.iter().copied()).output().unwrap()
    }

    /// What a stage does to files, in order: the same every time.
    fn operations(&self, stage: usize) -> Vec<Operation> {
        let logs = [1, 2].map(|time| {
            let at = self.dir.path().join(format!("count-{stage}-{time}"));
            copy_dir(&self.dir.path().join(format!("before-{stage}")), &at);
            assert!(self.run(&at, stage, &[("SHIM_LOG", "log")]).status.success());
            std::fs::read_to_string(at.join("log")).unwrap()
        });
        assert_eq!(logs[0], logs[1], "operations in another order: a number does not tell which");
        let operation = |line: &str| {
            let mut parts = line.splitn(3, ' ');
            let mut part = || parts.next().unwrap().to_owned();
            Operation { stage, number: part().parse().unwrap(), kind: part(), path: part() }
        };
        logs[0].lines().map(operation).collect()
    }

    /// One fault, and what becomes of it; a text where something is wrong.
    fn try_one(&self, operation: &Operation, way: &str) -> Option<String> {
        let at = self.dir.path().join(format!("trial-{:?}", std::thread::current().id()));
        let _ = std::fs::remove_dir_all(&at);
        copy_dir(&self.dir.path().join(format!("before-{}", operation.stage)), &at);
        let number = operation.number.to_string();
        let output = self.run(&at, operation.stage, &[("SHIM_AT", &number), ("SHIM_DO", way)]);
        self.judge(&at, operation, way, output.status, &output.stderr)
    }

    /// The same of several faults of one stage, none before operation `from`: one process comes so far, and forks for each.
    fn try_forked(&self, trials: &[(Operation, &str)], from: usize) -> Vec<String> {
        let at = self.dir.path().join(format!("forked-{:?}", std::thread::current().id()));
        let _ = std::fs::remove_dir_all(&at);
        let stage = trials[0].0.stage;
        copy_dir(&self.dir.path().join(format!("before-{stage}")), &at);
        let places: Vec<PathBuf> = (0..trials.len()).map(|i| at.join(format!("trial-{i}"))).collect();
        let line = |((operation, way), place): (&(Operation, &str), &PathBuf)| {
            std::fs::create_dir(place).unwrap();
            std::fs::copy(at.join("index.jsonl"), place.join("index.jsonl")).unwrap();
            format!("{} {way} {}\n", operation.number, place.display())
        };
        std::fs::write(at.join("list"), trials.iter().zip(&places).map(line).collect::<String>()).unwrap();
        assert!(self.run(&at, stage, &[("SHIM_FORK_AT", &from.to_string()), ("SHIM_FORK_LIST", "list")]).status.success());
        let done = std::fs::read_to_string(at.join("list.done")).unwrap();
        let statuses: Vec<ExitStatus> = done.lines().map(|status| ExitStatus::from_raw(status.parse().unwrap())).collect();
        assert_eq!(statuses.len(), trials.len());
        let ended = trials.iter().zip(&places).zip(statuses);
        ended
            .filter_map(|(((operation, way), place), status)| {
                self.judge(place, operation, way, status, &std::fs::read(place.join("stderr")).unwrap())
            })
            .collect()
    }

    /// Whether what a fault left is what it should be.
    fn judge(&self, at: &Path, operation: &Operation, way: &str, status: ExitStatus, stderr: &[u8]) -> Option<String> {
        let stderr = String::from_utf8_lossy(stderr).into_owned();
        let fail = |what: &str| {
            Some(format!("{} of {} in {}, {way}: {what}\n{stderr}", operation.kind, operation.path, NAMES[operation.stage]))
        };
        match (way.starts_with("kill"), status.code()) {
            (true, _) if status.signal() == Some(9) => {}
            // What is not met by the operation itself is not a fault: a kill always is.
            (true, _) => return fail("was not killed"),
            (false, Some(0)) => {}
            (false, Some(1)) if names(&stderr, &operation.path) => {}
            (false, Some(1)) => return fail("the message does not name the file"),
            (false, status) => return fail(&format!("ended with {status:?}")),
        }
        let snapshots = at.join("data/snapshots");
        let latest = latest_version(&snapshots).unwrap().unwrap();
        if ![&self.old, &self.version].contains(&&latest) || verify_files(&snapshots.join(&latest)).is_err() {
            return fail(&format!("'latest' is {latest}, or that is damaged"));
        }
        if verify_files(&snapshots.join(&self.old)).is_err() {
            return fail("the old snapshot is damaged");
        }
        if self.seen.lock().unwrap().insert(state(&at.join("data"))) {
            let output = binary(at).arg("run").stderr(Stdio::piped()).output().unwrap();
            let latest = latest_version(&snapshots).unwrap().unwrap();
            if !output.status.success() || latest != self.version || files_of(&snapshots.join(&latest)) != self.good {
                return fail(&format!("the next run gives {latest}:\n{}", String::from_utf8_lossy(&output.stderr)));
            }
            if let Some(left) = leftovers(&at.join("data")) {
                return fail(&format!("{} is left", left.display()));
            }
        }
        None
    }

    /// Tries all of these, on two threads; returns what was wrong. Faults of one stage from operation `forked` on share what comes before.
    fn try_all(&self, trials: &[(Operation, &'static str)], forked: Option<usize>) -> Vec<String> {
        let is_shared = |(operation, _): &&(Operation, &'static str)| forked.is_some_and(|from| operation.number >= from);
        let (shared, alone): (Vec<_>, Vec<_>) = trials.iter().partition(is_shared);
        let own = |trials: &[&(Operation, &'static str)]| trials.iter().map(|trial| (*trial).clone()).collect::<Vec<_>>();
        let groups: Vec<Vec<(Operation, &str)>> = alone.chunks(1).map(own).chain(shared.chunks(PER_FORK).map(own)).collect();
        let (next, tried, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
        let try_next = || {
            while let Some(group) = groups.get(next.fetch_add(1, Ordering::SeqCst)) {
                let found = match (&group[..], forked) {
                    ([(operation, way)], None) => self.try_one(operation, way).into_iter().collect(),
                    ([(operation, way)], Some(from)) if operation.number < from => {
                        self.try_one(operation, way).into_iter().collect()
                    }
                    (group, from) => self.try_forked(group, from.unwrap()),
                };
                // At once: a matrix that is broken off has told what it found.
                found.iter().for_each(|text| println!("wrong: {text}"));
                wrong.lock().unwrap().extend(found);
                let before = tried.fetch_add(group.len(), Ordering::SeqCst);
                if before / 200 != (before + group.len()) / 200 {
                    println!("{} of {} faults", before + group.len(), trials.len());
                }
            }
        };
        std::thread::scope(|scope| [scope.spawn(try_next), scope.spawn(try_next)].map(|thread| thread.join().unwrap()));
        wrong.into_inner().unwrap()
    }
}

/// Whether a message names a file: by its path, or its directory and the begin of its name (a rename has two).
fn names(stderr: &str, path: &str) -> bool {
    let path = Path::new(path);
    let stem = path.file_stem().unwrap().to_string_lossy();
    stderr.contains(&*path.to_string_lossy()) || (stderr.contains(&*stem) && stderr.contains("data/"))
}

/// What a data directory holds, as far as the next run can tell: logs aside, and what it clears by name only.
fn state(data: &Path) -> String {
    let mut files = BTreeMap::new();
    let mut open = vec![data.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().unwrap();
            let path = entry.path().strip_prefix(data).unwrap().to_owned();
            let content = if name.starts_with("tmp-") || name.starts_with(".staging-") || name == "lease.json" {
                String::new()
            } else if ["runs.jsonl", "run_results.json", "run_results.tmp", ".lock"].contains(&name.as_str()) {
                continue;
            } else if kind.is_dir() {
                open.push(entry.path());
                continue;
            } else if kind.is_symlink() {
                std::fs::read_link(entry.path()).unwrap().display().to_string()
            } else {
                sha256_bytes(&std::fs::read(entry.path()).unwrap())
            };
            files.insert(path, content);
        }
    }
    sha256_bytes(format!("{files:?}").as_bytes())
}

fn leftovers(data: &Path) -> Option<PathBuf> {
    let is_left = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        ["tmp-", ".staging-", ".latest-new", "lease.json"].iter().any(|left| name.starts_with(left))
    };
    let list = |dir: &str| std::fs::read_dir(data.join(dir)).unwrap().map(|entry| entry.unwrap().path());
    list("work").chain(list("snapshots")).find(is_left)
}

/// Tries all, says how many were wrong, and returns them.
fn report(bench: &Bench, trials: &[(Operation, &'static str)], forked: Option<usize>) -> Vec<String> {
    let wrong = bench.try_all(trials, forked);
    println!(
        "{} faults, {} states that the next run began from, {} wrong",
        trials.len(),
        bench.seen.lock().unwrap().len(),
        wrong.len()
    );
    wrong
}

/// The stage that publishes, and the first: where it writes, every seventh operation by turns in one of the ways.
#[test]
fn a_sample_of_faults_costs_nothing_that_was_published() {
    let bench = Bench::new();
    let operations = [0, NAMES.len() - 1].into_iter().flat_map(|stage| bench.operations(stage));
    let ways = [&ERRORS[..], &["kill-before", "kill-after"]].concat();
    let changes = operations.filter(|operation| operation.changes_files() || operation.kind == "sync");
    let trials: Vec<(Operation, &str)> =
        changes.enumerate().filter(|(i, _)| i % 7 == 0).map(|(i, operation)| (operation, ways[i / 7 % ways.len()])).collect();
    assert!(trials.len() > 20, "{}", trials.len());
    let wrong = report(&bench, &trials, None);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The whole matrix: every operation of every stage in every way. `FAULTS_STAGE` takes some stages alone, in the order in which they
/// stand there, `FAULTS_STEP` every so manieth fault.
#[test]
#[ignore = "half an hour; make acceptance"]
fn every_fault_costs_nothing_that_was_published() {
    let bench = Bench::new();
    let only = std::env::var("FAULTS_STAGE").unwrap_or_else(|_| NAMES.join(","));
    let step = std::env::var("FAULTS_STEP").map_or(1, |step| step.parse().unwrap());
    let mut wrong = Vec::new();
    for name in only.split(',') {
        let stage = NAMES.iter().position(|other| *other == name).unwrap();
        let began = Instant::now();
        let operations = bench.operations(stage);
        let mut kinds = BTreeMap::new();
        operations.iter().for_each(|operation| *kinds.entry(operation.kind.as_str()).or_insert(0) += 1);
        println!("{name}: {} operations {kinds:?}", operations.len());
        let trials = operations.iter().flat_map(|operation| operation.ways().map(|way| (operation.clone(), way)));
        // Its seconds of computing lie before its first table, and behind it no other thread is asked.
        let first_table = operations.iter().find(|operation| operation.kind == "create" && operation.path.contains("/tmp-"));
        let forked = first_table.filter(|_| name == Fitting::NAME).map(|operation| operation.number);
        wrong.extend(report(&bench, &trials.step_by(step).collect::<Vec<_>>(), forked));
        println!("{name}: {:.0} s", began.elapsed().as_secs_f64());
    }
    assert!(wrong.is_empty(), "{} wrong", wrong.len());
}
