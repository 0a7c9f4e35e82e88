//! Time as the network code sees it, so that tests can let five minutes pass in no time.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of time.
pub trait Clock: Send + Sync {
    /// Time since some fixed point; never goes back.
    fn now(&self) -> Duration;
    /// Waits.
    fn sleep(&self, time: Duration);
    /// The calendar, as time since 1970-01-01T00:00:00Z. Only for run-log data and `Retry-After` dates.
    fn calendar(&self) -> Duration;
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }
    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
    fn calendar(&self) -> Duration {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
    }
}

/// A clock that only moves when somebody sleeps on it or pushes it.
#[derive(Debug)]
pub struct VirtualClock {
    elapsed: Mutex<Duration>,
    epoch: Duration,
}

impl VirtualClock {
    /// A clock whose calendar starts at `epoch` (time since 1970).
    #[must_use]
    pub fn starting_at(epoch: Duration) -> Self {
        Self { elapsed: Mutex::new(Duration::ZERO), epoch }
    }

    /// Lets time pass.
    pub fn advance(&self, time: Duration) {
        let mut elapsed = self.elapsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *elapsed += time;
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Duration {
        *self.elapsed.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
    fn sleep(&self, time: Duration) {
        self.advance(time);
    }
    fn calendar(&self) -> Duration {
        self.epoch + self.now()
    }
}

/// A calendar time as RFC 3339, to the millisecond.
#[must_use]
pub fn rfc3339(calendar: Duration) -> String {
    let milliseconds = i64::try_from(calendar.as_millis()).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(milliseconds).map(|t| format!("{t:.3}")).unwrap_or_default()
}
