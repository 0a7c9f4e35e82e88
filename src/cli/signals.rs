//! SIGTERM, SIGINT and SIGHUP: the process ends within a second, at a safe place, with a status that says so.
//!
//! Whatever is being computed or fetched is dropped where it is; it is written so that this costs nothing that was finished. Only a
//! publication that has begun is let to its end, which takes two renames.

use super::LogFormat;
use hugging_carbon::engine::undisturbed;
use hugging_carbon::error::SIGNALLED;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::sync::{Mutex, PoisonError};

/// What a command still has to do when a signal ends it: it is told the exit status, and says how things stand.
pub type LastWords = Box<dyn FnOnce(i32) -> String + Send>;

static LAST_WORDS: Mutex<Option<LastWords>> = Mutex::new(None);

/// Hands over what is to be done when a signal comes.
pub fn on_signal(words: LastWords) {
    *LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner) = Some(words);
}

/// Takes it back; false if a signal came first, and the process is about to end.
pub fn is_not_signalled() -> bool {
    LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).take().is_some()
}

/// Begins to listen.
pub fn listen(format: LogFormat) {
    // Without it a signal ends the process at once, which is as safe and says less.
    let Ok(mut signals) = Signals::new([SIGTERM, SIGINT]) else { return };
    if is_hangup_heard() {
        // If it cannot be listened to, it ends the process at once, as above.
        let _ = signals.add_signal(SIGHUP);
    }
    std::thread::spawn(move || {
        let Some(signal) = signals.forever().next() else { return };
        // Whoever signals twice does not want to wait for a slow disk.
        std::thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                std::process::exit(SIGNALLED + signal);
            }
        });
        let _guard = undisturbed();
        let status = SIGNALLED + signal;
        let words = LAST_WORDS.lock().unwrap_or_else(PoisonError::into_inner).take();
        let standing = words.map(|words| words(status)).unwrap_or_default();
        let name = match signal {
            SIGINT => "SIGINT",
            SIGHUP => "SIGHUP",
            _ => "SIGTERM",
        };
        super::logging::last_word(format, status, &format!("ended by {name}{standing}"));
        std::process::exit(status);
    });
}

/// Whether a terminal that goes away should end the process: `nohup` has the signal ignored, and that has to stay so. Where the system does
/// not tell, the signal is left alone.
fn is_hangup_heard() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    is_hangup_heard_by(&status)
}

/// The same from the text of `/proc/self/status`: the mask of ignored signals is hexadecimal, its lowest bit signal 1 (proc_pid_status(5)).
fn is_hangup_heard_by(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|ignored| ignored & (1 << (SIGHUP - 1)) == 0)
}

#[cfg(test)]
mod tests {
    use super::is_hangup_heard_by;

    /// `nohup sleep 9 & grep SigIgn /proc/$!/status` prints 0000000000000001.
    #[test]
    fn nohup_stays_nohup() {
        assert!(!is_hangup_heard_by("Name:\tx\nSigIgn:\t0000000000000001\n"));
        assert!(is_hangup_heard_by("Name:\tx\nSigIgn:\t0000000000001000\n"));
        assert!(!is_hangup_heard_by(""));
    }
}
