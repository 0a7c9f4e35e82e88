//! Thirty nights against the stand-in Hub: models come, change, are renamed and removed; the Hub is down, or asks for patience; the disk is
//! full; the process is killed. Every night ends in the status that fits, and nothing that was published is lost.
#![cfg(target_os = "linux")] // LD_PRELOAD.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)] // A test that cannot set up its stage has failed.

#[path = "../common/mod.rs"]
mod common;
#[path = "../stand_in/mod.rs"]
mod stand_in;

mod kills;

use common::Workspace;
use common::shim::shim;
use hugging_carbon::stages::snapshot::latest::latest_version;
use hugging_carbon::stages::snapshot::{Standing, verify_files};
use serde_json::Value;
use stand_in::StandIn;
use stand_in::faults::{Fault, Plan};
use stand_in::index::{Card, Index, Record};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const SETTINGS: &str = "[source]\nkind = \"hub-listing\"\npage_size = 40\nmax_age_hours = 0\npatience_s = 10\n[cards]\nfetch = true\n\
                        [limits]\nmax_quarantine_fraction = 0.2\n";
/// Snapshots that `forget` may leave: seven days and four weeks overlap in at least one.
const MOST_KEPT: usize = 10;

/// What a night is like besides a new model and some downloads.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Nothing,
    Renamed,
    Removed,
    Outage,
    Storm,
    FullDisk,
    Killed,
    Corrected,
    Collapse,
    /// No new model, no change at all.
    Quiet,
}

impl Event {
    fn of_night(night: usize) -> Self {
        match night {
            5 | 19 => Self::Renamed,
            8 | 21 => Self::Removed,
            10 => Self::Outage,
            13 | 23 => Self::Storm,
            15 | 24 => Self::FullDisk,
            17 => Self::Quiet,
            18 => Self::Corrected,
            22 => Self::Killed,
            26 => Self::Collapse,
            _ => Self::Nothing,
        }
    }

    /// The exit status; none for a kill.
    fn status(self) -> Option<i32> {
        match self {
            Self::Outage => Some(4),
            Self::FullDisk | Self::Collapse => Some(1),
            Self::Killed => None,
            _ => Some(0),
        }
    }
}

struct Bench {
    workspace: Workspace,
    hub: StandIn,
    /// What a collapse took away.
    away: Vec<Record>,
}

impl Bench {
    fn new() -> Self {
        let workspace = Workspace::new();
        workspace.file("pipeline.toml", SETTINGS);
        let mut index = Index::sample(160);
        let id = index.records[0].id();
        index.cards.insert(id, Card::Text(b"---\nlicense: mit\n---\nTrained on 8 A100 GPUs for 10 hours.\n".to_vec()));
        Self { workspace, hub: StandIn::start(index), away: Vec::new() }
    }

    fn snapshots(&self) -> PathBuf {
        self.workspace.data().join("snapshots")
    }

    fn run(&self, args: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
        let mut command = self.workspace.command();
        command.env("HF_ENDPOINT", &self.hub.url).env("HF_HOME", self.workspace.path("hf")).args(args);
        let output = command.envs(variables.iter().copied()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    fn ok(&self, args: &[&str]) -> String {
        let (status, stdout, stderr) = self.run(args, &[]);
        assert_eq!(status, Some(0), "{args:?}\n{stdout}\n{stderr}");
        stdout
    }

    /// The day that passes on the Hub before a night.
    fn day(&mut self, night: usize, event: Event) {
        let date = format!("2026-06-{:02}", night + 1);
        let mut index = self.hub.index();
        index.records.append(&mut self.away);
        if event != Event::Quiet {
            let mut new = index.records[night].clone();
            new.set("id", &format!("\"lab/night-{night}\""));
            new.set("modelId", &format!("\"lab/night-{night}\""));
            new.set("_id", &format!("\"{:024x}\"", 0x6900_0000 + night));
            new.set("createdAt", &format!("\"{date}T09:00:00.000Z\""));
            index.records.push(new);
            let last = index.records.len() - 1;
            index.commit(last, &format!("{date}T09:00:01.000Z"));
            index.records[night].set("downloads", &format!("{}", 1_000 + night * 37));
        }
        match event {
            Event::Renamed => {
                index.records[night + 40].set("id", &format!("\"lab/renamed-{night}\""));
                index.commit(night + 40, &format!("{date}T10:00:00.000Z"));
            }
            Event::Removed => drop(index.records.drain(60..62)),
            Event::Corrected => {
                index.records[70].set("safetensors", "{\"parameters\":{\"F32\":123000000},\"total\":123000000}");
                index.commit(70, &format!("{date}T11:00:00.000Z"));
            }
            Event::Collapse => {
                let rest = index.records.split_off(60);
                self.away = rest;
            }
            _ => {}
        }
        index.changed();
        drop(index);
        self.hub.plan(match event {
            Event::Outage => Plan::after(2, std::iter::repeat_n(Fault::Status(503), 400)),
            Event::Storm => Plan::script(std::iter::repeat_n(Fault::TooMany { reset: 1 }, 3)),
            _ => Plan::default(),
        });
    }

    fn night(&self, event: Event) -> (Option<i32>, String) {
        let shim = shim().to_string_lossy().into_owned();
        let fault = |at: &'static str, how: &'static str| {
            vec![("LD_PRELOAD", shim.as_str()), ("SHIM_DIR", "data"), ("SHIM_AT", at), ("SHIM_DO", how)]
        };
        let variables = match event {
            Event::FullDisk => fault("300", "full"),
            Event::Killed => fault("500", "kill-before"),
            _ => Vec::new(),
        };
        let (status, _, stderr) = self.run(&["--log-format", "json", "run", "--metrics", "night.prom"], &variables);
        (status, stderr)
    }

    fn results(&self) -> Value {
        serde_json::from_slice(&std::fs::read(self.workspace.data().join("run_results.json")).unwrap()).unwrap()
    }

    /// As somebody else gets it.
    fn download(&self, version: &str, to: &str) -> PathBuf {
        let target = self.workspace.path(to);
        let _ = std::fs::remove_dir_all(&target);
        std::fs::create_dir_all(target.join(".cache/huggingface")).unwrap();
        std::fs::write(target.join(".gitattributes"), "*.parquet filter=lfs").unwrap();
        for (name, bytes) in common::files_of(&self.snapshots().join(version)) {
            std::fs::write(target.join(name), bytes).unwrap();
        }
        target
    }

    fn disk(&self) -> u64 {
        let mut open = vec![self.workspace.data()];
        let mut bytes = 0;
        while let Some(dir) = open.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let entry = entry.unwrap();
                let metadata = entry.metadata().unwrap();
                if metadata.is_dir() { open.push(entry.path()) } else { bytes += metadata.len() }
            }
        }
        bytes
    }
}

fn headline(snapshot: &Path) -> [f64; 4] {
    verify_files(snapshot).unwrap().1.headline.emissions_kgco2e
}

#[test]
#[ignore = "some minutes; make acceptance"]
fn thirty_nights() {
    let mut bench = Bench::new();
    let mut statuses: BTreeMap<String, usize> = BTreeMap::new();
    let mut disk = Vec::new();
    for night in 0..30 {
        let event = Event::of_night(night);
        bench.day(night, event);
        let before = Standing::look(&bench.snapshots());
        let (status, stderr) = bench.night(event);
        assert_eq!(status, event.status(), "night {night}, {event:?}:\n{stderr}");
        *statuses.entry(format!("{status:?}")).or_default() += 1;
        let now = Standing::look(&bench.snapshots());
        match status {
            Some(0) => {
                let latest = now.latest.clone().unwrap();
                let is_new = event != Event::Quiet;
                assert_eq!(now.latest != before.latest, is_new, "night {night}: {latest}");
                // After an outage the crawl goes on where it ended: its index is of the day on which it began.
                let goes_on = night > 0 && Event::of_night(night - 1) == Event::Outage;
                let days = [night + 1, night + 1 - usize::from(goes_on)].map(|day| format!("2026-06-{day:02}-"));
                assert!(!is_new || days.iter().any(|day| latest.starts_with(day)), "night {night}: {latest}");
                if let Some(previous) = before.latest.filter(|_| is_new) {
                    totals_move_for_a_reason(&bench, &previous, &latest);
                }
            }
            _ => assert_eq!(now, before, "night {night}: what was published stays"),
        }
        // A full disk has no room for them.
        if let Some(status) = status.filter(|_| event != Event::FullDisk) {
            let results = bench.results();
            assert_eq!(results["exit_status"].as_i64(), Some(i64::from(status)));
            assert_eq!(results["published"].as_bool(), Some(status == 0 && event != Event::Quiet));
            if event == Event::Storm {
                assert!(results["hub"]["rate_limited"].as_u64().unwrap() >= 3, "{results}");
            }
            let metrics = std::fs::read_to_string(bench.workspace.path("night.prom")).unwrap();
            assert!(metrics.contains(&format!("hugging_carbon_run_exit_status {status}\n")), "{metrics}");
        }
        if night % 7 == 6 {
            bench.ok(&["forget", "--keep-daily", "7", "--keep-weekly", "4", "--prune"]);
        }
        let latest = latest_version(&bench.snapshots()).unwrap().unwrap();
        bench.download(&latest, "stranger");
        bench.ok(&["-q", "audit", "--verify-only", "stranger"]);
        disk.push(bench.disk());
    }
    bench.ok(&["forget", "--keep-daily", "7", "--keep-weekly", "4", "--prune"]);
    let kept = Standing::look(&bench.snapshots()).versions;
    assert!(kept.len() <= MOST_KEPT, "{kept:?}");
    // The disk after four weeks holds what it held after two, and no more than a fifth on top.
    assert!(disk[28] < disk[14] * 12 / 10, "{disk:?}");
    for version in &kept {
        bench.download(version, "stranger");
        let audit = bench.ok(&["-q", "audit", "stranger"]);
        assert!(audit.contains(version) && audit.contains("the same bytes"), "{audit}");
    }
    println!("statuses {statuses:?}; {} snapshots kept, all rebuilt; disk in bytes by night {disk:?}", kept.len());
}

/// A total moves only with runs that are new, gone or changed, and `diff` shows them.
fn totals_move_for_a_reason(bench: &Bench, previous: &str, latest: &str) {
    let [old, new] = [previous, latest].map(|version| bench.snapshots().join(version));
    if headline(&old) == headline(&new) {
        return;
    }
    let told = bench.ok(&["diff", old.to_str().unwrap(), new.to_str().unwrap()]);
    assert!(!told.contains("Runs: 0 new, 0 gone") || told.contains("Largest changes of runs"), "{told}");
}
