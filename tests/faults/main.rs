//! Every file operation of a run, failed one by one with what a disk, a mount or a permission answers, and with a kill before and after.
//!
//! `shim.c` counts and fails them. The run is taken stage by stage, each from a data directory in which the stages before it are done, so
//! that a trial costs one stage. Afterwards: the exit status is honest, the message names the file, `latest` leads to a whole snapshot, and
//! the next good run gives the bytes of an undisturbed one. That run follows from what is in the directory alone, so it is made once for
//! each state that a fault leaves; and where it has to compute fit, which takes seconds, once for each state that fit finds.
//!
//! A stage is not begun anew for each fault: where an operation comes, the process forks, and the child goes on in a copy of the directory
//! and fails. Only what the child cannot do, because it has one thread, is tried by a process of its own.
//!
//! `cargo test --test faults` takes a sample; `make acceptance` all (`-- --ignored`).
#![cfg(target_os = "linux")] // LD_PRELOAD.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // A test that cannot set up its stage has failed.

#[path = "../common/mod.rs"]
mod common;

use common::shim::shim;
use common::{copy_dir, files_of};
use hugging_carbon::stages::NAMES;
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
const PER_FORK: usize = 150;
/// Where fit begins to compute: what it does from there follows from what it finds.
const COMPUTES: (&str, &str) = ("SHIM_KILL", "mkdir:data/work/tmp-fit");
/// What `shim.c` says of a line that it did not try.
const NOT_TRIED: i32 = -1;
const SIGALRM: i32 = 14;
const SIGKILL: i32 = 9;

/// An operation of a stage.
#[derive(Clone, Debug)]
struct Operation {
    stage: usize,
    number: usize,
    kind: String,
    path: String,
    /// Before the stage begins: a fault there may be passed over, and all of the stage's work follows.
    is_before_work: bool,
}

/// An operation, and how it fails: an error by its number, or a kill.
type Trial = (Operation, &'static str);

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
    /// States from which the next run was made.
    seen: Mutex<HashSet<String>>,
    /// States in which fit began to compute.
    computed: Mutex<HashSet<String>>,
    /// States of the snapshots' directory in which each was found whole.
    whole: Mutex<HashSet<String>>,
    /// Faults that were tried by a process of their own.
    alone: AtomicUsize,
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
        let [seen, computed, whole] = [(); 3].map(|()| Mutex::new(HashSet::new()));
        Self { dir, old, good, version, seen, computed, whole, alone: AtomicUsize::new(0) }
    }

    /// A place of this thread, with what there is before a stage.
    fn place(&self, name: &str, stage: usize) -> PathBuf {
        let at = self.dir.path().join(format!("{name}-{:?}", std::thread::current().id()));
        let _ = std::fs::remove_dir_all(&at);
        copy_dir(&self.dir.path().join(format!("before-{stage}")), &at);
        at
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
            Operation { stage, number: part().parse().unwrap(), kind: part(), path: part(), is_before_work: true }
        };
        let mut operations: Vec<Operation> = logs[0].lines().map(operation).collect();
        let work = format!("data/work/tmp-{}", NAMES[stage]);
        let begins = operations.iter().position(|operation| operation.kind == "mkdir" && operation.path == work).unwrap();
        operations[begins..].iter_mut().for_each(|operation| operation.is_before_work = false);
        operations
    }

    /// One fault, and what becomes of it; a text where something is wrong.
    fn try_one(&self, (operation, way): &Trial) -> Option<String> {
        self.alone.fetch_add(1, Ordering::SeqCst);
        let number = operation.number.to_string();
        let fault = [("SHIM_AT", number.as_str()), ("SHIM_DO", way)];
        if operation.is_before_work && !way.starts_with("kill") {
            let at = self.place("trial", operation.stage);
            let output = self.run(&at, operation.stage, &[&fault[..], &[COMPUTES]].concat());
            if output.status.signal() != Some(SIGKILL) {
                return self.judge(&at, operation, way, output.status, &output.stderr);
            }
            self.computed.lock().unwrap().insert(passed_over(operation, &at, &output.stderr));
        }
        let at = self.place("trial", operation.stage);
        let output = self.run(&at, operation.stage, &fault);
        self.judge(&at, operation, way, output.status, &output.stderr)
    }

    /// The same of several faults of one stage, by one process that forks for each.
    fn try_forked(&self, trials: &[Trial]) -> Vec<String> {
        let at = self.place("forked", trials[0].0.stage);
        let places: Vec<PathBuf> = (0..trials.len()).map(|i| at.join(format!("trial-{i}"))).collect();
        let line = |((operation, way), place): (&Trial, &PathBuf)| {
            std::fs::create_dir(place).unwrap();
            std::fs::copy(at.join("index.jsonl"), place.join("index.jsonl")).unwrap();
            format!("{} {way} {}\n", operation.number, place.display())
        };
        std::fs::write(at.join("list"), trials.iter().zip(&places).map(line).collect::<String>()).unwrap();
        let forked = self.run(&at, trials[0].0.stage, &[("SHIM_FORK_LIST", "list"), COMPUTES]);
        assert!(forked.status.success(), "{forked:?}");
        let done = std::fs::read_to_string(at.join("list.done")).unwrap();
        let statuses: Vec<i32> = done.lines().map(|status| status.parse().unwrap()).collect();
        assert_eq!(statuses.len(), trials.len());
        let mut wrong = Vec::new();
        for ((trial, place), raw) in trials.iter().zip(&places).zip(statuses) {
            let (operation, way) = trial;
            let (status, stderr) = (ExitStatus::from_raw(raw), std::fs::read(place.join("stderr")).unwrap_or_default());
            let is_good = match status.signal() {
                _ if raw == NOT_TRIED => false,
                Some(SIGALRM) => false,
                // What comes of a fault that was passed over is looked at once for each file, and state in which fit begins.
                Some(SIGKILL) if !way.starts_with("kill") => {
                    self.computed.lock().unwrap().contains(&passed_over(operation, place, &stderr))
                }
                _ => self.judge(place, operation, way, status, &stderr).is_none(),
            };
            // What a child did wrong counts if the process does it too.
            if !is_good {
                wrong.extend(self.try_one(trial));
            }
            std::fs::remove_dir_all(place).unwrap();
        }
        wrong
    }

    /// Whether what a fault left is what it should be.
    fn judge(&self, at: &Path, operation: &Operation, way: &str, status: ExitStatus, stderr: &[u8]) -> Option<String> {
        let stderr = String::from_utf8_lossy(stderr).into_owned();
        let fail = |what: &str| {
            Some(format!("{} of {} in {}, {way}: {what}\n{stderr}", operation.kind, operation.path, NAMES[operation.stage]))
        };
        match (way.starts_with("kill"), status.code()) {
            (true, _) if status.signal() == Some(SIGKILL) => {}
            // What is not met by the operation itself is not a fault: a kill always is.
            (true, _) => return fail("was not killed"),
            (false, Some(0)) => {}
            (false, Some(1)) if names(&stderr, &operation.path) => {}
            (false, Some(1)) => return fail("the message does not name the file"),
            (false, status) => return fail(&format!("ended with {status:?}")),
        }
        let snapshots = at.join("data/snapshots");
        let latest = latest_version(&snapshots).unwrap().unwrap();
        if ![&self.old, &self.version].contains(&&latest) {
            return fail(&format!("'latest' is {latest}"));
        }
        let held = state(&snapshots);
        if !self.whole.lock().unwrap().contains(&held) {
            let is_damaged = |version: &&String| verify_files(&snapshots.join(version)).is_err();
            if let Some(damaged) = [&self.old, &latest].into_iter().find(is_damaged) {
                return fail(&format!("{damaged} is damaged"));
            }
            self.whole.lock().unwrap().insert(held);
        }
        let now = state(&at.join("data"));
        if !self.seen.lock().unwrap().insert(now.clone()) {
            return None;
        }
        let what = self.next_run(at)?;
        // So that it is found again by whoever comes to it another way.
        self.seen.lock().unwrap().remove(&now);
        fail(&what)
    }

    /// The next good run, and what is wrong with it.
    fn next_run(&self, at: &Path) -> Option<String> {
        let probe = at.with_extension("probe");
        let _ = std::fs::remove_dir_all(&probe);
        copy_dir(at, &probe);
        let mut output = self.run(&probe, NAMES.len() - 1, &[COMPUTES]);
        let (mut ended, mut computed) = (probe.as_path(), None);
        if output.status.signal() == Some(SIGKILL) {
            let found = state(&probe.join("data"));
            if self.computed.lock().unwrap().contains(&found) {
                return None;
            }
            output = self.run(at, NAMES.len() - 1, &[]);
            ended = at;
            computed = Some(found);
        }
        let snapshots = ended.join("data/snapshots");
        let latest = latest_version(&snapshots).unwrap().unwrap();
        if !output.status.success() || latest != self.version || files_of(&snapshots.join(&latest)) != self.good {
            return Some(format!("the next run gives {latest}:\n{}", String::from_utf8_lossy(&output.stderr)));
        }
        if let Some(left) = leftovers(&ended.join("data")) {
            return Some(format!("{} is left", left.display()));
        }
        self.computed.lock().unwrap().extend(computed);
        None
    }

    /// Tries all of these, on two threads; returns what was wrong.
    fn try_all(&self, trials: &[Trial]) -> Vec<String> {
        let stages = trials.chunk_by(|a, b| a.0.stage == b.0.stage);
        let groups: Vec<&[Trial]> = stages.flat_map(|of_stage| of_stage.chunks(PER_FORK)).collect();
        let (next, tried, wrong) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
        let try_next = || {
            while let Some(group) = groups.get(next.fetch_add(1, Ordering::SeqCst)) {
                let found = self.try_forked(group);
                // At once: a matrix that is broken off has told what it found.
                found.iter().for_each(|text| println!("wrong: {text}"));
                wrong.lock().unwrap().extend(found);
                println!("{} of {} faults", tried.fetch_add(group.len(), Ordering::SeqCst) + group.len(), trials.len());
            }
        };
        std::thread::scope(|scope| [scope.spawn(try_next), scope.spawn(try_next)].map(|thread| thread.join().unwrap()));
        wrong.into_inner().unwrap()
    }
}

/// How things stand where fit begins to compute though there was a fault.
fn passed_over(operation: &Operation, at: &Path, stderr: &[u8]) -> String {
    let stderr: String = String::from_utf8_lossy(stderr).split(char::is_numeric).collect();
    format!("{} {} {stderr} {}", operation.stage, operation.path, state(&at.join("data")))
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
fn report(bench: &Bench, trials: &[Trial]) -> Vec<String> {
    let wrong = bench.try_all(trials);
    println!(
        "{} faults ({} by a process of their own), {} states that the next run began from, {} wrong",
        trials.len(),
        bench.alone.swap(0, Ordering::SeqCst),
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
    let trials: Vec<Trial> =
        changes.enumerate().filter(|(i, _)| i % 7 == 0).map(|(i, operation)| (operation, ways[i / 7 % ways.len()])).collect();
    assert!(trials.len() > 20, "{}", trials.len());
    let wrong = report(&bench, &trials);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The whole matrix: every operation of every stage in every way. `FAULTS_STAGE` takes some stages alone, in the order in which they
/// stand there, `FAULTS_STEP` every so manieth fault, `FAULTS_FROM` those of each stage behind so many: where one broke off, it goes on.
#[test]
#[ignore = "half an hour; make acceptance"]
fn every_fault_costs_nothing_that_was_published() {
    let bench = Bench::new();
    let only = std::env::var("FAULTS_STAGE").unwrap_or_else(|_| NAMES.join(","));
    let [step, from] =
        [("FAULTS_STEP", 1), ("FAULTS_FROM", 0)].map(|(name, usual)| std::env::var(name).map_or(usual, |n| n.parse().unwrap()));
    let mut wrong = Vec::new();
    for name in only.split(',') {
        let stage = NAMES.iter().position(|other| *other == name).unwrap();
        let began = Instant::now();
        let operations = bench.operations(stage);
        let mut kinds = BTreeMap::new();
        operations.iter().for_each(|operation| *kinds.entry(operation.kind.as_str()).or_insert(0) += 1);
        println!("{name}: {} operations {kinds:?}", operations.len());
        let trials = operations.iter().flat_map(|operation| operation.ways().map(|way| (operation.clone(), way)));
        wrong.extend(report(&bench, &trials.skip(from).step_by(step).collect::<Vec<_>>()));
        println!("{name}: {:.0} s", began.elapsed().as_secs_f64());
    }
    assert!(wrong.is_empty(), "{} wrong", wrong.len());
}
