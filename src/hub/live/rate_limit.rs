//! The Hub's rate limits: what its headers say, how fast that lets us go, and how long to wait when it does not answer.

use crate::error::{Error, Result};
use crate::hub::live::clock::Clock;
use std::time::Duration;

/// What to do when the Hub gave up on us, or we on it: the state is on disk.
pub const RESUME: &str = "everything fetched so far is kept: run the same command again and it goes on from there";

/// Share of a window that is never used, so that another process with the same token, or a window that resets later than it
/// said, does not meet an empty one.
const RESERVE: f64 = 0.02;
/// Smallest reserve, in requests.
const MIN_RESERVE: u64 = 3;
/// Share of a window that is used at full speed; the rest is spread evenly until the reset. A nightly run that needs less than
/// this never waits at all.
const FREE_SHARE: f64 = 0.5;

/// What one answer says about the window it was counted in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateHeaders {
    /// Requests left in the window (`r`).
    pub remaining: Option<u64>,
    /// Time until the window is full again, rounded down to a second by the Hub (`t`).
    pub reset: Option<Duration>,
    /// Requests of a full window (`q`).
    pub quota: Option<u64>,
    /// Length of the window (`w`).
    pub window: Option<Duration>,
    /// `Retry-After`, from now.
    pub retry_after: Option<Duration>,
}

impl RateHeaders {
    /// Reads the three headers. What cannot be read counts as absent; of several items the one with the least left counts.
    /// `calendar` is now, since 1970, for a `Retry-After` that is a date.
    #[must_use]
    pub fn parse(limit: Option<&str>, policy: Option<&str>, retry_after: Option<&str>, calendar: Duration) -> Self {
        let limit_items = limit.map(items).unwrap_or_default();
        let tightest = limit_items.iter().min_by_key(|item| item.number("r").unwrap_or(u64::MAX));
        let policy_items = policy.map(items).unwrap_or_default();
        let same_name = |item: &&Item| tightest.is_some_and(|t| t.names.iter().any(|n| item.names.contains(n)));
        let rule = policy_items.iter().find(same_name).or(policy_items.first());
        Self {
            remaining: tightest.and_then(|i| i.number("r")),
            reset: tightest.and_then(|i| i.number("t")).map(Duration::from_secs),
            quota: rule.and_then(|i| i.number("q")),
            window: rule.and_then(|i| i.number("w")).map(Duration::from_secs),
            retry_after: retry_after.and_then(|text| parse_retry_after(text, calendar)),
        }
    }

    /// How long a 429 asks us to wait: `t` + 1 s, because `t` is rounded down, or `Retry-After` if that is longer.
    #[must_use]
    pub fn wait_after_429(&self) -> Option<Duration> {
        let reset = self.reset.map(|t| t + Duration::from_secs(1));
        reset.max(self.retry_after)
    }
}

/// One item of a structured header: `"fixed window";"api";q=500;w=300`.
struct Item {
    names: Vec<String>,
    parameters: Vec<(String, u64)>,
}

impl Item {
    fn number(&self, key: &str) -> Option<u64> {
        self.parameters.iter().find(|(k, _)| k == key).map(|(_, v)| *v)
    }
}

fn items(header: &str) -> Vec<Item> {
    let parse = |item: &str| {
        let mut parsed = Item { names: Vec::new(), parameters: Vec::new() };
        for part in item.split(';').map(str::trim) {
            match part.split_once('=') {
                Some((key, value)) => {
                    if let Ok(value) = value.trim().parse() {
                        parsed.parameters.push((key.trim().to_owned(), value));
                    }
                }
                None => parsed.names.push(part.trim_matches('"').to_owned()),
            }
        }
        parsed
    };
    header.split(',').map(parse).collect()
}

fn parse_retry_after(text: &str, calendar: Duration) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second();
    Some(Duration::from_secs(u64::try_from(date).ok()?).saturating_sub(calendar))
}

/// Keeps requests of one bucket inside its window: the first half as fast as they come, the rest spread over the time that is
/// left, the last 2 % never used.
#[derive(Debug, Default)]
pub struct Pacer {
    remaining: Option<u64>,
    quota: u64,
    /// When the window is surely full again.
    reset_at: Duration,
    last_sent: Option<Duration>,
}

impl Pacer {
    /// How long to wait before the next request.
    #[must_use]
    pub fn delay(&self, now: Duration) -> Duration {
        let Some(remaining) = self.remaining else { return Duration::ZERO };
        let left = self.reset_at.saturating_sub(now);
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Small counts.
        let (reserve, free_until) =
            (((self.quota as f64 * RESERVE).ceil() as u64).max(MIN_RESERVE), (self.quota as f64 * FREE_SHARE) as u64);
        if left.is_zero() || remaining > free_until.max(reserve) {
            return Duration::ZERO;
        }
        if remaining <= reserve {
            return left;
        }
        let interval = left / u32::try_from(remaining - reserve).unwrap_or(u32::MAX);
        (self.last_sent.unwrap_or(now) + interval).saturating_sub(now)
    }

    /// Notes that a request leaves now. Until its answer says otherwise it has used one place of the window.
    pub fn sent(&mut self, now: Duration) {
        self.last_sent = Some(now);
        if now >= self.reset_at {
            // A new window: nothing is known about it until the answer comes.
            self.remaining = None;
        }
        self.remaining = self.remaining.map(|r| r.saturating_sub(1));
    }

    /// Takes what an answer said.
    pub fn observe(&mut self, headers: &RateHeaders, now: Duration) {
        let (Some(remaining), Some(reset)) = (headers.remaining, headers.reset) else { return };
        self.quota = headers.quota.unwrap_or(self.quota.max(remaining));
        self.remaining = Some(remaining);
        self.reset_at = now + reset + Duration::from_secs(1);
    }
}

/// Exponential waiting with jitter, and the patience that ends it.
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    patience: Duration,
    failures: u32,
    last_progress: Duration,
    draws: u64,
}

impl Backoff {
    /// Waits from `first`, doubling up to `longest`, until `patience` has passed without progress.
    #[must_use]
    pub fn new(first: Duration, longest: Duration, patience: Duration, now: Duration, seed: u64) -> Self {
        Self { first, longest, patience, failures: 0, last_progress: now, draws: seed }
    }

    /// Notes that something was achieved.
    pub fn progress(&mut self, now: Duration) {
        self.failures = 0;
        self.last_progress = now;
    }

    /// How long to wait after a failure; `asked` is what the Hub asked for.
    ///
    /// # Errors
    /// Waiting that long would exceed the patience.
    pub fn failed(&mut self, asked: Option<Duration>, reason: &str, place: &str, now: Duration) -> Result<Duration> {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(self.failures.min(20)));
        self.failures = self.failures.saturating_add(1);
        // Between half and all of it, so that many clients that fell together do not rise together.
        let jittered = doubled.min(self.longest).mul_f64(0.5 + 0.5 * self.draw());
        // A wait the Hub asked for is only ever lengthened.
        let wait = asked.map_or(jittered, |asked| asked.max(jittered));
        let without = now.saturating_sub(self.last_progress);
        if without + wait > self.patience {
            return Err(Error::network(
                format!(
                    "{reason}; {} without progress ({} attempts) and another {} to wait, more than the patience of {}",
                    seconds(without),
                    self.failures,
                    seconds(wait),
                    seconds(self.patience)
                ),
                place,
                format!("try later, or allow more patience; {RESUME}"),
            ));
        }
        Ok(wait)
    }

    /// A number in [0, 1): splitmix64 of a counter. Only its spread between clients matters.
    fn draw(&mut self) -> f64 {
        self.draws = self.draws.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.draws;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[allow(clippy::cast_precision_loss)] // 53 bits fit.
        let unit = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.0} s", time.as_secs_f64())
}

/// Waits on `clock`, if there is anything to wait.
pub fn wait(clock: &dyn Clock, time: Duration) {
    if !time.is_zero() {
        clock.sleep(time);
    }
}

#[cfg(test)]
mod tests;
