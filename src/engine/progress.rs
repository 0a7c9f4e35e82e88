//! Progress on a terminal.

use std::time::{Duration, Instant};

/// Time between two lines of the log while something without a known end goes on.
const LOG_EVERY: Duration = Duration::from_secs(10);

/// A progress bar that stays silent for work below a second.
pub struct Meter {
    bar: indicatif::ProgressBar,
    started: Instant,
    visible: bool,
}

impl Meter {
    pub(super) fn new(interactive: bool, total: u64, what: &'static str) -> Self {
        let bar = indicatif::ProgressBar::hidden();
        bar.set_length(total);
        bar.set_message(what);
        if let Ok(style) = indicatif::ProgressStyle::with_template("{msg:12} {bar:40} {percent:>3} %  {eta} left") {
            bar.set_style(style);
        }
        Self { bar, started: Instant::now(), visible: !interactive }
    }

    /// Work done so far.
    pub fn set(&mut self, done: u64) {
        if !self.visible && self.started.elapsed() > Duration::from_secs(1) {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            self.visible = true;
        }
        self.bar.set_position(done);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// How far something without a known end is: a spinner on a terminal, else a line of the log now and then.
pub struct Spinner {
    bar: Option<indicatif::ProgressBar>,
    last: std::sync::Mutex<Instant>,
}

impl Spinner {
    /// A spinner, drawn only where `interactive`.
    #[must_use]
    pub fn new(interactive: bool) -> Self {
        Self { bar: interactive.then(indicatif::ProgressBar::new_spinner), last: std::sync::Mutex::new(Instant::now()) }
    }

    /// Tells how far it is.
    pub fn tell(&self, message: impl FnOnce() -> String) {
        if let Some(bar) = &self.bar {
            bar.set_message(message());
            bar.tick();
        } else if let Ok(mut last) = self.last.lock()
            && last.elapsed() >= LOG_EVERY
        {
            tracing::info!("{}", message());
            *last = Instant::now();
        }
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
