//! SIGTERM and SIGINT: the process ends within a second, at a safe place, with a status that says so.
//!
//! Whatever is being computed or fetched is dropped where it is; it is written so that this costs nothing that was finished. Only a
//! publication that has begun is let to its end, which takes two renames.

use super::LogFormat;
use hugging_carbon::engine::undisturbed;
use hugging_carbon::error::SIGNALLED;
use signal_hook::consts::{SIGINT, SIGTERM};
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
        let name = if signal == SIGINT { "SIGINT" } else { "SIGTERM" };
        super::logging::last_word(format, status, &format!("ended by {name}{standing}"));
        std::process::exit(status);
    });
}
