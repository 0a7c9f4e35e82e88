//! One URL until it answers: paced, retried, with patience.

use crate::error::Result;
use crate::hub::live::client::{Answer, Client, Outcome, Refusal, Want, shown};
use crate::hub::live::rate_limit::{Backoff, Pacer, RESUME, wait};
use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use url::Url;

/// How long to keep trying.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// First wait after a failure; doubled from there.
    pub first: Duration,
    /// Longest wait between tries (a wait the Hub asks for may be longer).
    pub longest: Duration,
    /// Total time without progress after which the command ends with exit status 4.
    pub patience: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(60), patience: Duration::from_secs(1_800) }
    }
}

/// What the network cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Requests sent.
    pub requests: u64,
    /// Of these, answered 429.
    pub rate_limited: u64,
    /// Of these, tried again for another reason.
    pub retried: u64,
    /// Time spent waiting, in milliseconds.
    pub waited_ms: u64,
}

/// What all fetchers of this process sent, for the run's results.
static SENT: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];

impl Counts {
    /// Everything that this process has sent so far. Files that the hf-hub crate transfers are not counted.
    #[must_use]
    pub fn of_process() -> Self {
        let [requests, rate_limited, retried, waited_ms] = SENT.each_ref().map(|count| count.load(Ordering::Relaxed));
        Self { requests, rate_limited, retried, waited_ms }
    }

    fn add(&mut self, more: Self) {
        let counts = [&mut self.requests, &mut self.rate_limited, &mut self.retried, &mut self.waited_ms];
        let more = [more.requests, more.rate_limited, more.retried, more.waited_ms];
        for ((count, total), more) in counts.into_iter().zip(&SENT).zip(more) {
            *count += more;
            total.fetch_add(more, Ordering::Relaxed);
        }
    }
}

/// What a URL gave in the end.
#[derive(Debug)]
pub enum Fetched {
    /// The answer.
    Answer(Answer),
    /// Larger than the cap, with the `Link` to the next page and the redirects.
    TooLarge {
        /// As in [`Answer::next`].
        next: Option<String>,
        /// As in [`Answer::redirects`].
        redirects: Vec<Url>,
    },
    /// Asking again would not help.
    Refused(Refusal),
}

/// Sends requests of one rate-limit bucket.
pub struct Fetcher<'a> {
    client: &'a Client,
    pacer: Pacer,
    backoff: Backoff,
    counts: Counts,
}

impl<'a> Fetcher<'a> {
    /// A fetcher with a fresh window. One per bucket: the Hub counts its API and its file resolvers apart.
    #[must_use]
    pub fn new(client: &'a Client, patience: Patience) -> Self {
        let now = client.clock().now();
        let seed = client.clock().calendar().subsec_nanos();
        let seed = u64::from(seed) ^ (u64::from(std::process::id()) << 32);
        let backoff = Backoff::new(patience.first, patience.longest, patience.patience, now, seed);
        Self { client, pacer: Pacer::default(), backoff, counts: Counts::default() }
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &'a Client {
        self.client
    }

    /// What was sent so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Asks until there is an answer that waiting does not change.
    ///
    /// # Errors
    /// The patience is over.
    pub fn fetch(&mut self, url: &Url, want: Want) -> Result<Fetched> {
        let client = self.client;
        let clock = client.clock();
        // Patience is about this URL: neither what came before nor time spent elsewhere counts.
        self.backoff.progress(clock.now());
        loop {
            self.pause(self.pacer.delay(clock.now()));
            self.pacer.sent(clock.now());
            self.counts.add(Counts { requests: 1, ..Counts::default() });
            let (outcome, rate) = client.get(url, want)?;
            self.pacer.observe(&rate, clock.now());
            let (reason, asked) = match outcome {
                Outcome::Answer(answer) => return Ok(Fetched::Answer(answer)),
                Outcome::TooLarge { next, redirects } => return Ok(Fetched::TooLarge { next, redirects }),
                Outcome::Refused(refusal) => return Ok(Fetched::Refused(refusal)),
                Outcome::RateLimited { wait } => {
                    self.counts.add(Counts { rate_limited: 1, ..Counts::default() });
                    ("HTTP status 429 (rate limit)".to_owned(), wait)
                }
                Outcome::Retry { reason, wait } => {
                    self.counts.add(Counts { retried: 1, ..Counts::default() });
                    (reason, wait)
                }
            };
            let pause = self.backoff.failed(asked, &reason, &shown(url), clock.now())?;
            tracing::warn!(reason, wait_ms = pause.as_millis() as u64, "the Hub did not answer, trying again");
            self.pause(pause);
        }
    }

    fn pause(&mut self, time: Duration) {
        let waited_ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.counts.add(Counts { waited_ms, ..Counts::default() });
        wait(self.client.clock(), time);
    }

    /// A refusal of `url` as an error.
    #[must_use]
    pub fn refusal(&self, refusal: Refusal, url: &Url) -> crate::error::Error {
        let mut error = refusal.into_error(url, self.client.has_token());
        if let crate::error::Error::Network { remedy, .. } = &mut error {
            remedy.push_str("; ");
            remedy.push_str(RESUME);
        }
        error
    }
}
