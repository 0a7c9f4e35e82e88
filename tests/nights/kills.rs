//! Two hundred kills at random moments, of runs against a Hub that errs at random: never a damaged snapshot, and the same bytes in the end.

use super::Bench;
use super::common::{copy_dir, files_of};
use super::stand_in::faults::{Fault, Plan, draw};
use super::{Event, latest_version, verify_files};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

const KILLS: usize = 200;

impl Bench {
    /// A run that is killed once so much time has passed, unless it has ended.
    fn killed_after(&self, time: Duration) -> ExitStatus {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hugging-carbon"));
        command.current_dir(self.workspace.path("")).env_clear().args(["-q", "run"]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.env("HF_ENDPOINT", &self.hub.url).env("HF_HOME", self.workspace.path("hf")).spawn().unwrap();
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
}

#[test]
#[ignore = "some minutes; make acceptance"]
fn two_hundred_kills() {
    let mut bench = Bench::new();
    bench.ok(&["-q", "run"]);
    let old = latest_version(&bench.snapshots()).unwrap().unwrap();
    let (data, before) = (bench.workspace.data(), bench.workspace.path("before"));
    copy_dir(&data, &before);
    bench.day(1, Event::Nothing);
    let began = Instant::now();
    bench.ok(&["-q", "run"]);
    let whole = began.elapsed();
    let new = latest_version(&bench.snapshots()).unwrap().unwrap();
    let good = files_of(&bench.snapshots().join(&new));
    assert_ne!(old, new);

    let (mut random, mut kills, mut nights, mut gave_up, mut requests) = (17, 0, 0, 0, 0);
    while kills < KILLS {
        std::fs::remove_dir_all(&data).unwrap();
        copy_dir(&before, &data);
        bench.hub.plan(Plan::random(nights, 100, Fault::passing(1)));
        let asked = bench.hub.requests();
        loop {
            // Up to a tenth longer than an undisturbed run: the waits after faults add to it.
            let status = bench.killed_after(whole.mul_f64((draw(&mut random) % 1_100) as f64 / 1_000.0));
            match (status.signal(), status.code()) {
                (Some(9), _) => kills += 1,
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
        requests += bench.hub.requests() - asked;
    }
    println!(
        "{kills} kills in {nights} nights of {requests} requests, a tenth of them answered wrongly; {gave_up} runs gave up with 4; every night the same bytes"
    );
}
