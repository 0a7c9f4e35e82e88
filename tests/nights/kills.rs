//! Two hundred kills at random moments, of runs against a Hub that errs at random: never a damaged snapshot, and the same bytes in the end.
//!
//! Most moments are drawn among a run's file operations: what a kill leaves on disk is what the operation before it left. By the clock
//! nearly all kills would meet fit, which computes for seconds and writes nothing meanwhile; a part of them is drawn so nevertheless,
//! because a clock counts neither calls nor threads.

use super::Bench;
use super::common::shim::shim;
use super::common::{copy_dir, files_of};
use super::stand_in::faults::{Fault, Plan, draw};
use super::{Event, latest_version, verify_files};
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const KILLS: usize = 200;
/// Of so many runs one is killed by the clock.
const BY_CLOCK: usize = 10;
/// Answers of the Hub that are wrong, of 1,000.
const WRONG_ANSWERS: u64 = 100;

/// When a run is killed.
#[derive(Clone, Copy)]
enum Moment {
    Time(Duration),
    /// Behind this file operation of the data directory.
    Operation(u64),
}

/// How long a run takes that nothing disturbs.
struct Whole {
    time: Duration,
    operations: u64,
}

impl Bench {
    fn begin(&self, variables: &[(&str, &str)]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hugging-carbon"));
        command.current_dir(self.workspace.path("")).env_clear().args(["-q", "run"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.env("HF_ENDPOINT", &self.hub.url).env("HF_HOME", self.workspace.path("hf")).envs(variables.iter().copied());
        command.spawn().unwrap()
    }

    /// A run that is killed at a moment, unless it has ended.
    fn killed_at(&self, moment: Moment) -> ExitStatus {
        let time = match moment {
            Moment::Operation(number) => {
                let (shim, number) = (shim().to_string_lossy(), number.to_string());
                let variables = [("LD_PRELOAD", &*shim), ("SHIM_DIR", "data"), ("SHIM_AT", &number), ("SHIM_DO", "kill-after")];
                return self.begin(&variables).wait().unwrap();
            }
            Moment::Time(time) => time,
        };
        let mut child = self.begin(&[]);
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().unwrap();
        child.wait().unwrap()
    }

    /// What was being written when a run was killed.
    fn at_work(&self) -> String {
        let names = |dir: &str| {
            let entries = std::fs::read_dir(self.workspace.data().join(dir)).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>()
        };
        if names("snapshots").iter().any(|name| name.starts_with(".staging-")) {
            return "the publication".to_owned();
        }
        let stage = names("work").iter().find_map(|name| name.strip_prefix("tmp-").map(str::to_owned));
        stage.unwrap_or_else(|| "the crawl, or between two stages".to_owned())
    }

    /// The run that nothing disturbs.
    fn undisturbed(&self) -> Whole {
        let (shim, log) = (shim().to_string_lossy(), self.workspace.path("operations"));
        let began = Instant::now();
        let variables = [("LD_PRELOAD", &*shim), ("SHIM_DIR", "data"), ("SHIM_LOG", log.to_str().unwrap())];
        let (status, _, stderr) = self.run(&["-q", "run"], &variables);
        assert_eq!(status, Some(0), "{stderr}");
        let time = began.elapsed();
        Whole { time, operations: std::fs::read_to_string(log).unwrap().lines().count() as u64 }
    }
}

impl Whole {
    /// A moment of it, or shortly after: the waits and the repeats after faults add to it.
    fn moment(&self, run: usize, random: &mut u64) -> Moment {
        let part = (draw(random) % 1_100) as f64 / 1_000.0;
        if run.is_multiple_of(BY_CLOCK) {
            Moment::Time(self.time.mul_f64(part))
        } else {
            Moment::Operation(1 + (self.operations as f64 * part) as u64)
        }
    }
}

#[test]
#[ignore = "a quarter of an hour; make acceptance"]
fn two_hundred_kills() {
    let mut bench = Bench::new();
    bench.ok(&["-q", "run"]);
    let old = latest_version(&bench.snapshots()).unwrap().unwrap();
    let (data, before) = (bench.workspace.data(), bench.workspace.path("before"));
    copy_dir(&data, &before);
    bench.day(1, Event::Nothing);
    let whole = bench.undisturbed();
    let new = latest_version(&bench.snapshots()).unwrap().unwrap();
    let good = files_of(&bench.snapshots().join(&new));
    assert_ne!(old, new);
    println!("undisturbed: {} operations, {:.1} s", whole.operations, whole.time.as_secs_f64());

    let (mut random, mut runs, mut kills, mut nights, mut gave_up, mut requests) = (17, 0, 0, 0, 0, 0);
    let mut at_work: BTreeMap<String, usize> = BTreeMap::new();
    while kills < KILLS {
        std::fs::remove_dir_all(&data).unwrap();
        copy_dir(&before, &data);
        bench.hub.plan(Plan::random(nights, WRONG_ANSWERS, Fault::passing(1)));
        let asked = bench.hub.requests();
        loop {
            let status = bench.killed_at(whole.moment(runs, &mut random));
            runs += 1;
            match (status.signal(), status.code()) {
                (Some(9), _) => {
                    kills += 1;
                    *at_work.entry(bench.at_work()).or_default() += 1;
                }
                (_, Some(4)) => gave_up += 1,
                (_, Some(0)) => break,
                _ => panic!("{status:?}"),
            }
            let latest = latest_version(&bench.snapshots()).unwrap().unwrap();
            assert!([&old, &new].contains(&&latest), "{latest}");
            for version in [&old, &latest] {
                verify_files(&bench.snapshots().join(version)).unwrap();
            }
        }
        assert_eq!(latest_version(&bench.snapshots()).unwrap(), Some(new.clone()), "night {nights}");
        assert!(files_of(&bench.snapshots().join(&new)) == good, "night {nights}: other bytes");
        nights += 1;
        println!("night {nights}: {kills} kills");
        requests += bench.hub.requests() - asked;
    }
    println!(
        "{kills} kills in {nights} nights of {requests} requests, a tenth of them answered wrongly; {gave_up} runs gave up with 4; \
         what was being written: {at_work:?}; every night the same bytes"
    );
}
