//! The job that nobody watches: what it publishes, says and leaves behind on odd file systems, without a home, and when it is ended.
#![cfg(target_os = "linux")] // LD_PRELOAD and /proc.
#![allow(clippy::unwrap_used, clippy::panic)] // A test that cannot set up its stage has failed.

mod common;

use common::shim::shim;
use common::{Ran, Workspace, copy_dir, files_of, text_settings};
use hugging_carbon::store::sha256_bytes;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// An index of a few records, the newest of a given day.
fn index(newest: &str) -> String {
    let record = |name: &str, created: &str, downloads: u32| {
        format!(
            "{{\"id\":\"lab/{name}\",\"createdAt\":\"{created}T12:00:00.000Z\",\"lastModified\":\"{created}T13:00:00.000Z\",\"downloads\":{downloads},\
             \"downloadsAllTime\":{downloads},\"likes\":3,\"library_name\":\"transformers\",\"pipeline_tag\":\"text-generation\",\
             \"tags\":[\"license:mit\"]}}\n"
        )
    };
    record("alpha-7b", "2024-05-01", 9_000) + &record("beta-1.3b", "2025-01-15", 7_000) + &record("gamma-70m", newest, 40)
}

/// A data directory with one snapshot, of 2026-03-10; tests work on copies.
fn base() -> &'static Workspace {
    static BASE: OnceLock<Workspace> = OnceLock::new();
    BASE.get_or_init(|| {
        let workspace = Workspace::new();
        workspace.file("index.jsonl", index("2026-03-10"));
        workspace.ok(&["-q", "run", "--source", "index.jsonl"]);
        workspace
    })
}

fn copied() -> Workspace {
    let workspace = Workspace::new();
    copy_dir(&base().path(""), &workspace.path(""));
    workspace
}

fn with_shim(workspace: &Workspace, always: &str, args: &[&str]) -> Ran {
    let output = workspace.command().env("LD_PRELOAD", shim()).env("SHIM_ALWAYS", always).args(args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { status: output.status.code().unwrap(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

fn results(workspace: &Workspace) -> Value {
    serde_json::from_slice(&std::fs::read(workspace.data().join("run_results.json")).unwrap()).unwrap()
}

/// Another snapshot with the same tables: its manifest says another date, and its name follows from the manifest.
fn forged(workspace: &Workspace, date: &str) -> String {
    let snapshot = workspace.snapshot();
    let text = std::fs::read_to_string(snapshot.join("manifest.json")).unwrap();
    let other = text.replacen("\"index_date\": \"2026-03-10\"", &format!("\"index_date\": \"{date}\""), 1);
    let version = format!("{date}-{}", &sha256_bytes(other.as_bytes())[..8]);
    let target = snapshot.with_file_name(&version);
    std::fs::create_dir_all(&target).unwrap();
    copy_dir(&snapshot, &target);
    std::fs::write(target.join("manifest.json"), other).unwrap();
    version
}

fn point_latest_at(workspace: &Workspace, version: &str) {
    let latest = workspace.data().join("snapshots/latest");
    std::fs::remove_file(&latest).unwrap();
    std::os::unix::fs::symlink(version, latest).unwrap();
}

/// Sizes and totals change with every table and the method: not what these tests are about.
fn check(name: &str, text: &str) {
    let mut settings = text_settings();
    settings.add_filter(r"\b[\d.,]+ [kM]?B\b", "[SIZE]");
    settings.add_filter(r"\b\d+\.\d+(e-?\d+)?\b", "[TOTAL]");
    settings.add_filter(r" {3,}", "  ");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

const SOURCE: [&str; 2] = ["--source", "index.jsonl"];

fn args<'a>(own: &[&'a str]) -> Vec<&'a str> {
    own.iter().copied().chain(SOURCE).collect()
}

/// Regression: rebuilding an old index turned `latest` back.
#[test]
fn latest_never_goes_back_unless_asked() {
    let workspace = copied();
    let newest = workspace.snapshot();
    workspace.file("index.jsonl", index("2026-02-01"));
    let ran = workspace.ok(&args(&["run"]));
    assert!(ran.stderr.contains("'latest' stays where it is") && ran.stderr.contains("--allow-older"), "{}", ran.stderr);
    assert!(ran.stdout.contains("snapshots/2026-02-01-"), "the headline is that of what was built: {}", ran.stdout);
    assert_eq!(workspace.snapshot(), newest);
    assert_eq!(results(&workspace)["published"], true);
    let again = workspace.ok(&args(&["run"]));
    assert_eq!(again.stderr.matches("fresh, skipped").count(), 7, "{}", again.stderr);
    assert_eq!(results(&workspace)["published"], false);
    workspace.ok(&args(&["run", "--allow-older"]));
    assert!(workspace.snapshot().file_name().unwrap().to_string_lossy().starts_with("2026-02-01-"));
}

/// exFAT, SMB, some volumes: a file serves, every command reads it, and the link comes back where there can be one.
#[test]
fn without_symbolic_links_a_file_names_the_newest() {
    let workspace = copied();
    let snapshots = workspace.data().join("snapshots");
    let before = files_of(&workspace.snapshot());
    std::fs::remove_file(snapshots.join("latest")).unwrap();
    let ran = with_shim(&workspace, "symlink:1", &args(&["snapshot"]));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("no symbolic links") && ran.stderr.contains("latest.json"), "{}", ran.stderr);
    let named: Value = serde_json::from_slice(&std::fs::read(snapshots.join("latest.json")).unwrap()).unwrap();
    assert!(files_of(&snapshots.join(named["version"].as_str().unwrap())) == before);
    assert!(!snapshots.join("latest").exists());
    let again = with_shim(&workspace, "symlink:1", &args(&["run"]));
    assert_eq!(again.stderr.matches("fresh, skipped").count(), 7, "{}", again.stderr);
    let verified = workspace.ok(&["audit", "--verify-only", "data/snapshots/latest"]).stdout;
    assert!(verified.contains(named["version"].as_str().unwrap()), "{verified}");
    workspace.ok(&["diff", "data/snapshots/latest", "data/snapshots/latest"]);
    assert!(workspace.ok(&["snapshots"]).stdout.contains("latest"));
    workspace.ok(&args(&["snapshot", "--force"]));
    assert!(snapshots.join("latest").exists() && !snapshots.join("latest.json").exists());
}

/// Lustre (38), NFS without a lock daemon (37), other mounts (95, 524): a lease serves.
#[test]
fn without_locks_a_lease_keeps_two_runs_apart() {
    let workspace = copied();
    for errno in [38, 37, 95, 524] {
        let ran = with_shim(&workspace, &format!("flock:{errno}"), &args(&["ingest", "--force"]));
        assert_eq!(ran.status, 0, "{errno}: {}", ran.stderr);
        assert!(ran.stderr.contains("no locks") && ran.stderr.contains("work/.lock"), "{}", ran.stderr);
    }
    let lease = workspace.data().join("work/lease.json");
    assert!(!lease.exists());
    let owner = |host: &str, started: &str| {
        let text = format!(
            "{{\"host\":\"{host}\",\"process\":1,\"started\":\"{started}\",\"taken_at\":\"2026-03-10T00:00:00Z\",\"has_lock\":false}}\n"
        );
        std::fs::write(&lease, text).unwrap();
    };
    owner("another-host", "x/1");
    for always in ["flock:38", "none:0"] {
        let ran = with_shim(&workspace, always, &args(&["ingest", "--force"]));
        assert_eq!(ran.status, 1, "{}", ran.stderr);
        assert!(ran.stderr.contains("process 1 on another-host") && ran.stderr.contains("lease.json"), "{}", ran.stderr);
    }
    // Process 1 of this machine did not start then: its owner is gone.
    owner(std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim(), "x/1");
    let ran = with_shim(&workspace, "flock:38", &args(&["ingest", "--force"]));
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("taken over") && ran.stderr.contains("process 1 on"), "{}", ran.stderr);
    assert!(!lease.exists());
}

/// Regression: a service without HOME got a `.cache` in its working directory.
#[test]
fn without_a_home_nothing_changes_but_messages() {
    let workspace = copied();
    let before = files_of(&workspace.snapshot());
    workspace.ok(&args(&["-q", "snapshot", "--force"]));
    assert!(files_of(&workspace.snapshot()) == before);
    let settings = "[source]\nkind = \"hub-dataset\"\nrepo = \"lab-h/never-fetched\"\nfile = \"models.parquet\"\npatience_s = 1\n";
    workspace.file("dataset.toml", settings);
    let fetch = ["fetch", "--config", "dataset.toml"];
    let offline = workspace.command().env("HF_HUB_OFFLINE", "1").args(fetch).output().unwrap();
    let stderr = String::from_utf8_lossy(&offline.stderr).into_owned();
    assert_eq!(offline.status.code(), Some(4), "{stderr}");
    for part in ["data/hub/huggingface", "HF_HUB_OFFLINE", "HF_HOME", "lab-h/never-fetched"] {
        assert!(stderr.contains(part), "{part} in {stderr}");
    }
    let closed = workspace.command().env("HOME", "/proc").env("HF_ENDPOINT", "http://127.0.0.1:9").args(fetch).output().unwrap();
    assert_eq!(closed.status.code(), Some(4), "{}", String::from_utf8_lossy(&closed.stderr));
    assert!(!workspace.path(".cache").exists());
}

/// Regression: an intact download failed because of its folder's name and the Hub's own files.
#[test]
fn a_download_is_verified_whatever_its_folder_is_called() {
    let workspace = copied();
    let snapshot = workspace.snapshot();
    let version = snapshot.file_name().unwrap().to_string_lossy().into_owned();
    for name in ["my-copy", "0123456789abcdef0123456789abcdef01234567"] {
        let download = workspace.path(name);
        std::fs::create_dir_all(download.join(".cache/huggingface/download")).unwrap();
        copy_dir(&snapshot, &download);
        for own in [".gitattributes", ".cache/huggingface/.gitignore", ".cache/huggingface/CACHEDIR.TAG", ".huggingface"] {
            std::fs::write(download.join(own), "the Hub's").unwrap();
        }
        let ran = workspace.ok(&args(&["-q", "audit", "--verify-only", name]));
        assert!(ran.stdout.starts_with(&format!("{version}: every file agrees")), "{}", ran.stdout);
        std::fs::write(download.join("notes.txt"), "x").unwrap();
        let ran = workspace.run(&["-q", "audit", "--verify-only", name]);
        assert!(ran.status == 3 && ran.stderr.contains("notes.txt") && ran.stderr.contains(name), "{}", ran.stderr);
        std::fs::remove_file(download.join("notes.txt")).unwrap();
        // `hf download --include "*.parquet" "*.json"`.
        for left in ["CITATION.cff", "README.md", "explorer.html", "report.html"] {
            std::fs::remove_file(download.join(left)).unwrap();
        }
        let ran = workspace.ok(&args(&["-q", "audit", "--verify-only", name]));
        let said = "2 documents; not in this copy: CITATION.cff, README.md, explorer.html, report.html\n";
        assert!(ran.stdout.ends_with(said), "{}", ran.stdout);
        std::fs::write(download.join("runs.parquet"), "x").unwrap();
        assert_eq!(workspace.run(&["-q", "audit", "--verify-only", name]).status, 3);
    }
    // What is published is whole.
    std::fs::rename(snapshot.join("report.html"), workspace.path("report.html")).unwrap();
    let ran = workspace.run(&["-q", "audit", "--verify-only", "data/snapshots/latest"]);
    assert!(ran.status == 3 && ran.stderr.contains("document report.html is missing"), "{}", ran.stderr);
    std::fs::rename(workspace.path("report.html"), snapshot.join("report.html")).unwrap();
    // A name that has the form of a version has to be the right one.
    let other = workspace.path("2026-03-11-00000000");
    std::fs::create_dir(&other).unwrap();
    copy_dir(&snapshot, &other);
    assert_eq!(workspace.run(&["-q", "audit", "--verify-only", "2026-03-11-00000000"]).status, 3);
}

#[test]
fn results_are_written_after_every_run_also_a_failed_one() {
    let workspace = copied();
    let good = results(&workspace);
    assert_eq!((good["exit_status"].as_i64(), good["published"].as_bool()), (Some(0), Some(true)));
    assert_eq!(good["latest"].as_str().unwrap(), workspace.snapshot().file_name().unwrap().to_str().unwrap());
    assert_eq!(good["stages"].as_array().unwrap().len(), 7);
    for stage in good["stages"].as_array().unwrap() {
        assert!(stage["status"] == "done" && stage["seconds"].as_f64().unwrap() >= 0.0, "{stage}");
    }
    assert_eq!((good["quarantined"].as_u64(), good["stages"][1]["rows"]["raw_models"].as_u64()), (Some(0), Some(3)));
    // A broken index: the stage that failed says why, those behind it were not reached, and the last success is remembered.
    workspace.file("index.jsonl", "not json\n");
    let ran = workspace.run(&args(&["run"]));
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("published: nothing; 'latest' is still 2026-03-10-"), "{}", ran.stderr);
    let failed = results(&workspace);
    let status = |at: usize| failed["stages"][at]["status"].as_str().unwrap().to_owned();
    assert_eq!((failed["exit_status"].as_i64(), status(0).as_str(), status(6).as_str()), (Some(1), "failed", "not_reached"));
    assert!(failed["stages"][0]["reason"].as_str().unwrap().contains("index.jsonl"));
    assert_eq!(failed["last_success"], good["last_success"]);
    workspace.file("wrong.toml", "[cohort]\nminimum = 1\n");
    assert_eq!(workspace.run(&["run", "--config", "wrong.toml"]).status, 1);
    assert!(results(&workspace)["error"].as_str().unwrap().contains("cohort.minimum"));
    let log = std::fs::read_to_string(workspace.data().join("work/runs.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 3, "{log}");
}

/// The text format of Prometheus: comments, then lines of a name with labels and a number.
#[test]
fn metrics_are_what_the_textfile_collector_reads() {
    let workspace = copied();
    let ran = workspace.run(&args(&["run", "--metrics", "metrics.txt"]));
    assert!(ran.status == 1 && ran.stderr.contains(".prom"), "{}", ran.stderr);
    workspace.ok(&args(&["run", "--metrics", "metrics.prom"]));
    let text = std::fs::read_to_string(workspace.path("metrics.prom")).unwrap();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(name.starts_with("hugging_carbon_") && value.parse::<f64>().is_ok(), "{line}");
        let metric = name.split('{').next().unwrap();
        assert!(text.contains(&format!("# TYPE {metric} gauge\n")) && text.contains(&format!("# HELP {metric} ")), "{line}");
    }
    for line in
        ["run_exit_status 0\n", "run_published 0\n", "stage_status{stage=\"fit\",status=\"fresh\"} 1\n", "snapshot_models 2\n"]
    {
        assert!(text.contains(&format!("hugging_carbon_{line}")), "{line} in\n{text}");
    }
    // 2026-03-10T00:00:00Z
    assert!(text.contains("hugging_carbon_snapshot_index_timestamp_seconds 1773100800\n"), "{text}");
    workspace.file("index.jsonl", "not json\n");
    assert_eq!(workspace.run(&args(&["run", "--metrics", "metrics.prom"])).status, 1);
    let text = std::fs::read_to_string(workspace.path("metrics.prom")).unwrap();
    assert!(text.contains("hugging_carbon_run_exit_status 1\n") && text.contains("last_success_timestamp_seconds"), "{text}");
}

/// A Hub that takes the connection and never answers holds the run at a known place.
#[test]
fn signals_end_a_run_within_a_second_with_a_status_that_says_so() {
    for (signal, status) in [("TERM", 143), ("INT", 130), ("HUP", 129)] {
        let workspace = copied();
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        workspace.file("hub.toml", "[source]\nkind = \"hub-listing\"\n");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hugging-carbon"));
        command.env_clear().env("HF_ENDPOINT", format!("http://{}", silent.local_addr().unwrap()));
        command.current_dir(workspace.path("")).args(["--log-format", "json", "--config", "hub.toml", "run", "--force"]);
        let stderr = workspace.path("stderr");
        let mut child =
            command.stderr(std::fs::File::create(&stderr).unwrap()).stdout(std::process::Stdio::null()).spawn().unwrap();
        let until = Instant::now() + Duration::from_secs(60);
        while !std::fs::read_to_string(&stderr).unwrap().contains("started") {
            assert!(Instant::now() < until && child.try_wait().unwrap().is_none());
            std::thread::sleep(Duration::from_millis(20));
        }
        // It holds the data directory meanwhile, and whoever comes second is told who.
        let file = workspace.data().join("run_results.json");
        let before = std::fs::read(&file).ok();
        let second = workspace.run(&args(&["ingest"]));
        // Regression: its refusal was written over what the first is to come to.
        assert_eq!(std::fs::read(&file).ok(), before);
        assert!(second.status == 1 && second.stderr.contains(&format!("process {} on", child.id())), "{}", second.stderr);
        let sent = Instant::now();
        let kill = std::process::Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status().unwrap();
        assert!(kill.success());
        assert_eq!(child.wait().unwrap().code(), Some(status));
        assert!(sent.elapsed() < Duration::from_secs(1), "{:?}", sent.elapsed());
        let text = std::fs::read_to_string(&stderr).unwrap();
        assert!(text.contains(&format!("SIG{signal}")) && text.contains("published: nothing"), "{text}");
        let results = results(&workspace);
        assert_eq!(results["exit_status"].as_i64(), Some(i64::from(status)));
        assert_eq!(results["stages"][0]["status"], "interrupted");
        // Every line of the log carries the id of the run.
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["run_id"], results["run_id"], "{line}");
        }
        workspace.ok(&args(&["-q", "run"]));
        workspace.ok(&["audit", "--verify-only", "data/snapshots/latest"]);
    }
}

/// Regression: a log that nobody read any more (`2> >(head -1)`) ended the run with 70, and nothing said what had become of it.
#[test]
fn a_closed_log_does_not_end_a_run() {
    for format in ["text", "json"] {
        let workspace = copied();
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hugging-carbon"));
        command.current_dir(workspace.path("")).env_clear().args(args(&[
            "--log-format",
            format,
            "run",
            "--force",
            "--until",
            "ingest",
        ]));
        let ran = command.stderr(writer).output().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{format}");
        assert_eq!(results(&workspace)["exit_status"].as_i64(), Some(0));
    }
}

#[test]
fn snapshots_are_listed_tagged_and_forgotten() {
    let workspace = copied();
    let forget = ["forget", "--keep-daily", "2", "--keep-monthly", "2", "--keep-tag", "paper"];
    check("snapshots", &workspace.ok(&args(&["snapshots"])).stdout);
    let newest = workspace.snapshot().file_name().unwrap().to_string_lossy().into_owned();
    let dates = ["2026-03-09", "2026-03-08", "2026-02-27", "2026-02-26", "2026-01-02", "2025-12-31"];
    let forged: Vec<String> = dates.iter().map(|date| forged(&workspace, date)).collect();
    let ran = workspace.run(&forget);
    assert!(ran.status == 1 && ran.stderr.contains("no snapshot has the tag 'paper'"), "{}", ran.stderr);
    check("tag", &workspace.ok(&["tag", &forged[4], "paper"]).stdout);
    check("forget", &workspace.ok(&forget).stdout);
    let left = || -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(workspace.data().join("snapshots"))
            .unwrap()
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(left().len(), 9, "nothing was removed: {:?}", left());
    let dry = [&forget[..], &["--prune", "--dry-run"]].concat();
    workspace.ok(&dry);
    assert_eq!(left().len(), 9);
    let removed = workspace.ok(&[&forget[..], &["--prune"]].concat()).stdout;
    assert!(removed.contains("Removed: 3"), "{removed}");
    // The last two days, the last of two months, and what is tagged.
    let mut kept: Vec<String> = [&newest, &forged[0], &forged[2], &forged[4]].into_iter().cloned().collect();
    kept.extend(["latest".to_owned(), "tags.json".to_owned()]);
    kept.sort();
    assert_eq!(left(), kept);
    assert_eq!(workspace.run(&["forget"]).status, 2, "no rule would keep nothing");
    assert_eq!(workspace.run(&["forget", "--keep-daily", "0"]).status, 2);
    // What 'latest' names stays, whatever the rules say.
    point_latest_at(&workspace, &forged[2]);
    let ran = workspace.ok(&["forget", "--keep-daily", "1", "--prune"]).stdout;
    assert!(ran.contains("'latest' points at it") && left().contains(&forged[2]) && left().contains(&newest), "{ran}");
    workspace.ok(&["audit", "--verify-only", "data/snapshots/latest"]);
}

#[test]
fn check_tells_recent_from_old_and_whole_from_incomplete() {
    let workspace = copied();
    let old = workspace.run(&["check", "--max-age", "36h"]);
    assert!(old.status == 3 && old.stderr.contains("too old") && old.stderr.contains("2026-03-10"), "{}", old.stderr);
    let today = jiff::Timestamp::now().to_string()[..10].to_owned();
    let version = forged(&workspace, &today);
    point_latest_at(&workspace, &version);
    let ran = workspace.ok(&["check", "--max-age", "36h"]);
    assert!(ran.stdout.contains(&version) && ran.stdout.contains("0 h old, complete"), "{}", ran.stdout);
    let table: PathBuf = workspace.snapshot().join("estimates.parquet");
    std::fs::remove_file(table).unwrap();
    let ran = workspace.run(&["check", "--max-age", "36h"]);
    assert!(ran.status == 3 && ran.stderr.contains("'estimates'"), "{}", ran.stderr);
    point_latest_at(&workspace, "2026-03-12-00000000");
    assert_eq!(workspace.run(&["check", "--max-age", "36h"]).status, 3);
    assert_eq!(Workspace::new().run(&["check", "--max-age", "36h"]).status, 3, "nothing is published");
    assert_eq!(workspace.run(&["check", "--max-age", "soon"]).status, 2);
}

#[test]
fn help_of_the_commands_for_operators_has_an_example() {
    let workspace = Workspace::new();
    for command in ["check", "snapshots", "tag", "forget"] {
        let help = workspace.ok(&[command, "--help"]).stdout;
        assert!(help.contains(&format!("hugging-carbon {command}")), "{help}");
    }
    let help = workspace.ok(&["forget", "--help"]).stdout;
    check("help_forget", help.split("Options:").next().unwrap());
}
