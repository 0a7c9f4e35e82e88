//! A file that says who works in a data directory, for file systems that cannot lock (Lustre, NFS without a lock daemon, some volumes).
//!
//! The owner writes host, process and start into it and touches it now and then. Another process takes it over when its owner is known to
//! be gone, or has not touched it for so long that it must be.

use crate::error::{Error, IoContext, Result};
use fs_err as fs;
use serde::{Deserialize, Serialize};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, SystemTime};

/// Name of the file.
pub(super) const LEASE: &str = "lease.json";
/// Time between two touches.
const TOUCH_EVERY: Duration = Duration::from_secs(30);
/// Without a touch for this long the owner is gone: twenty touches, and far more than a file server's cache of attributes (NFS: 60 s).
const STALE_AFTER: Duration = Duration::from_secs(600);

/// Who works in a data directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Name of the machine.
    pub host: String,
    /// Process id.
    pub process: u32,
    /// When the process started, as the system tells it: boot and ticks since then. None where it does not tell.
    started: Option<String>,
    /// When it began, RFC 3339.
    pub taken_at: String,
    /// Whether the owner also holds the lock of the file system.
    has_lock: bool,
}

impl Owner {
    fn this_process(has_lock: bool) -> Self {
        let process = std::process::id();
        Self { host: host(), process, started: start_of(process), taken_at: jiff::Timestamp::now().to_string(), has_lock }
    }

    /// Whether the owner is this machine's and does not run any more; none if that cannot be told from here.
    fn is_gone(&self) -> Option<bool> {
        (self.host == host() && self.started.is_some()).then(|| start_of(self.process) != self.started)
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "process {} on {}, since {}", self.process, self.host, self.taken_at)
    }
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok().or_else(|| std::env::var("HOSTNAME").ok());
    name.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).unwrap_or_else(|| "unknown".into())
}

/// Boot and start of a process (proc(5): field 22 of `stat`, behind the name in brackets), so that a number used again is told apart.
fn start_of(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let ticks = stat.rsplit_once(") ")?.1.split(' ').nth(19)?.to_owned();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(format!("{}/{ticks}", boot.trim()))
}

/// The lease of this process. It ends when dropped.
pub(super) struct Lease {
    path: PathBuf,
    text: Vec<u8>,
    is_lost: Arc<AtomicBool>,
    _stop: Sender<()>,
}

impl Lease {
    /// Takes the lease of `work`. With the lock of the file system in hand, a lease whose owner had the lock too is old.
    pub(super) fn acquire(work: &Path, has_lock: bool) -> Result<Self> {
        let path = work.join(LEASE);
        let mut text = serde_json::to_vec(&Owner::this_process(has_lock)).map_err(|e| Error::Internal(format!("lease: {e}")))?;
        text.push(b'\n');
        if !create(&path, &text)? {
            take_over(work, &path, has_lock)?;
            if !create(&path, &text)? {
                return Err(busy(work, read_owner(&path).as_ref()));
            }
        }
        let is_lost = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = channel();
        let (touched, ours, lost) = (path.clone(), text.clone(), is_lost.clone());
        std::thread::spawn(move || {
            while stopped.recv_timeout(TOUCH_EVERY) == Err(RecvTimeoutError::Timeout) {
                if fs::read(&touched).is_ok_and(|now| now != ours) {
                    lost.store(true, Ordering::SeqCst);
                    return;
                }
                // A touch that fails is made up for by the next; the file server sets the time.
                let _ = fs::OpenOptions::new().write(true).open(&touched).and_then(|mut file| file.write_all(&ours));
            }
        });
        Ok(Self { path, text, is_lost, _stop: stop })
    }

    /// Whether it is still this process's.
    pub(super) fn check(&self) -> Result<()> {
        let is_other = || fs::read(&self.path).is_ok_and(|now| now != self.text);
        if self.is_lost.load(Ordering::SeqCst) || is_other() {
            return Err(Error::input(
                "another process took this data directory over: this one was not heard of for ten minutes",
                self.path.display(),
                "let the other one end, then run again; nothing was torn apart",
            ));
        }
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if fs::read(&self.path).is_ok_and(|now| now == self.text) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Creates the file; false if it is there.
fn create(path: &Path, text: &[u8]) -> Result<bool> {
    match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => {
            let written = file.write_all(text);
            if written.is_err() {
                // An empty lease is nobody's.
                let _ = fs::remove_file(path);
            }
            written.map(|()| true).at_path("cannot write", path)
        }
        Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(e) => Err(Error::io("cannot create", path, e)),
    }
}

pub(super) fn read_owner(path: &Path) -> Option<Owner> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Who is at work in a directory; none if nobody is known to be. Nothing is written.
#[must_use]
pub fn at_work(work: &Path) -> Option<Owner> {
    let path = work.join(LEASE);
    let owner = read_owner(&path)?;
    let untouched = || fs::metadata(&path).and_then(|m| m.modified()).ok()?.elapsed().ok();
    let is_gone = owner.is_gone().unwrap_or_else(|| untouched().is_some_and(|time| time > STALE_AFTER));
    (!is_gone).then_some(owner)
}

/// That somebody else works there.
pub(super) fn busy(work: &Path, owner: Option<&Owner>) -> Error {
    let who = owner.map(|owner| format!(" ({owner})")).unwrap_or_default();
    Error::Busy {
        what: format!("another hugging-carbon is running on this data directory{who}"),
        place: work.display().to_string(),
        remedy: format!(
            "wait for it to end, or use another --data-dir; if it surely is gone, remove {}",
            work.join(LEASE).display()
        ),
    }
}

/// Moves a lease away whose owner is gone; an error if it may not be.
fn take_over(work: &Path, path: &Path, has_lock: bool) -> Result<()> {
    let Ok(before) = fs::read(path) else { return Ok(()) };
    let owner: Option<Owner> = serde_json::from_slice(&before).ok();
    let had_lock = owner.as_ref().is_none_or(|owner| owner.has_lock);
    // Who had the lock of the file system and has it no more is gone.
    let is_stale = (has_lock && had_lock)
        || match owner.as_ref().and_then(Owner::is_gone) {
            Some(is_gone) => is_gone,
            None => untouched_for(work, path, TOUCH_EVERY + TOUCH_EVERY / 2)? > STALE_AFTER,
        };
    if !is_stale {
        return Err(busy(work, owner.as_ref()));
    }
    if !has_lock {
        let who = owner.as_ref().map_or_else(|| "nobody known".to_owned(), ToString::to_string);
        tracing::warn!(path = %path.display(), owner = who, "the lease of a process that is gone is taken over");
    }
    // Of two that find it stale, one moves it; the other finds nothing, or puts back what is not what it read.
    let aside = work.join(format!("{LEASE}.{}", std::process::id()));
    match fs::rename(path, &aside) {
        Ok(()) if fs::read(&aside).is_ok_and(|now| now != before) => {
            fs::rename(&aside, path).at_path("cannot rename", path)?;
            Err(busy(work, read_owner(path).as_ref()))
        }
        Ok(()) => fs::remove_file(&aside).at_path("cannot remove", &aside),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(Error::io("cannot take over", path, e)),
    }
}

/// Time since a file was touched, both by the clock of the file system that holds it: those of two machines may differ. One that was touched
/// much later than now, by a clock that has been put back, is watched for a while; if nobody touches it in that time, nobody has it.
fn untouched_for(work: &Path, path: &Path, watch: Duration) -> Result<Duration> {
    let probe = work.join(format!(".clock-{}", std::process::id()));
    fs::write(&probe, b"now").at_path("cannot write", &probe)?;
    let modified =
        |path: &Path| -> Result<SystemTime> { fs::metadata(path).and_then(|m| m.modified()).at_path("cannot read", path) };
    let now = modified(&probe);
    fs::remove_file(&probe).at_path("cannot remove", &probe)?;
    let touched = modified(path)?;
    match now?.duration_since(touched) {
        Ok(time) => return Ok(time),
        // Clocks of files are coarse, and a little ahead is now.
        Err(ahead) if ahead.duration() <= STALE_AFTER => return Ok(Duration::ZERO),
        Err(_) => std::thread::sleep(watch),
    }
    Ok(if modified(path)? == touched { Duration::MAX } else { Duration::ZERO })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(work: &Path, owner: &Owner) {
        fs::write(work.join(LEASE), serde_json::to_vec(owner).unwrap()).unwrap();
    }

    fn age(work: &Path, seconds: u64) {
        let file = fs::OpenOptions::new().write(true).open(work.join(LEASE)).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(seconds)).unwrap();
    }

    #[test]
    fn a_lease_is_one_process_s_and_ends_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let lease = Lease::acquire(dir.path(), false).unwrap();
        let message = Lease::acquire(dir.path(), false).err().unwrap().to_string();
        assert!(message.contains(&format!("process {}", std::process::id())) && message.contains("lease.json"), "{message}");
        lease.check().unwrap();
        assert_eq!(at_work(dir.path()).map(|owner| owner.process), Some(std::process::id()));
        drop(lease);
        assert!(at_work(dir.path()).is_none() && !dir.path().join(LEASE).exists());
    }

    #[test]
    fn a_lease_of_a_process_that_is_gone_is_taken_over() {
        let dir = tempfile::tempdir().unwrap();
        // The number is in use, by a process that started at another time.
        let gone = Owner { started: Some("another boot/1".into()), ..Owner::this_process(false) };
        write(dir.path(), &gone);
        assert_eq!(at_work(dir.path()), None);
        drop(Lease::acquire(dir.path(), false).unwrap());
        // Its owner had the lock, which this process has now.
        write(dir.path(), &Owner { host: "elsewhere".into(), ..Owner::this_process(true) });
        drop(Lease::acquire(dir.path(), true).unwrap());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    /// Regression: a lease dated two days ahead kept everybody out for two days.
    #[test]
    fn a_lease_of_a_later_time_is_watched() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &Owner { host: "elsewhere".into(), ..Owner::this_process(false) });
        let lease = dir.path().join(LEASE);
        let ahead = |days: u64| {
            let file = fs::OpenOptions::new().write(true).open(&lease).unwrap();
            file.set_modified(SystemTime::now() + Duration::from_secs(days * 86_400)).unwrap();
        };
        ahead(2);
        assert!(untouched_for(dir.path(), &lease, Duration::from_millis(5)).unwrap() > STALE_AFTER);
        // Its owner touches it meanwhile.
        let touched = std::thread::scope(|scope| {
            let watching = scope.spawn(|| untouched_for(dir.path(), &lease, Duration::from_millis(1_500)).unwrap());
            std::thread::sleep(Duration::from_millis(300));
            ahead(1);
            watching.join().unwrap()
        });
        assert_eq!(touched, Duration::ZERO);
    }

    #[test]
    fn a_lease_of_another_machine_is_believed_for_ten_minutes() {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &Owner { host: "elsewhere".into(), ..Owner::this_process(false) });
        for seconds in [0, 500] {
            age(dir.path(), seconds);
            for has_lock in [false, true] {
                assert!(Lease::acquire(dir.path(), has_lock).is_err(), "{seconds}");
            }
        }
        age(dir.path(), 700);
        let lease = Lease::acquire(dir.path(), false).unwrap();
        // Somebody else takes this one.
        write(dir.path(), &Owner { host: "elsewhere".into(), ..Owner::this_process(false) });
        assert!(lease.check().is_err());
        drop(lease);
        assert!(dir.path().join(LEASE).exists(), "the lease of another is left alone");
    }
}
