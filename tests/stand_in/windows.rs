//! Fixed rate-limit windows per bucket, on a real or a virtual clock.

use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub struct Windows {
    buckets: BTreeMap<&'static str, Bucket>,
    clock: Option<Arc<dyn Fn() -> f64 + Send + Sync>>,
}

struct Bucket {
    quota: u64,
    length: f64,
    started: f64,
    used: u64,
}

/// A request as its window counted it.
pub struct Counted {
    bucket: &'static str,
    quota: u64,
    length: f64,
    remaining: u64,
    reset: u64,
    pub over: bool,
}

impl Counted {
    pub fn headers(&self) -> Vec<(String, String)> {
        let Self { bucket, quota, length, remaining, reset, .. } = self;
        vec![
            ("RateLimit".to_owned(), format!("\"{bucket}\";r={remaining};t={reset}")),
            ("RateLimit-Policy".to_owned(), format!("\"fixed window\";\"{bucket}\";q={quota};w={length}")),
        ]
    }
}

impl Windows {
    /// No limits yet; `clock` gives seconds.
    pub fn new(clock: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        Self { buckets: BTreeMap::new(), clock: Some(Arc::new(clock)) }
    }

    /// Limits `bucket` to `quota` requests in `length` seconds; the first window began `before` seconds ago.
    pub fn limit(mut self, bucket: &'static str, quota: u64, length: f64, before: f64) -> Self {
        let now = self.clock.as_ref().map_or(0.0, |clock| clock());
        self.buckets.insert(bucket, Bucket { quota, length, started: now - before, used: 0 });
        self
    }

    pub fn count(&mut self, bucket: &'static str) -> Option<Counted> {
        let now = self.clock.as_ref()?();
        let b = self.buckets.get_mut(bucket)?;
        if now >= b.started + b.length {
            b.started += ((now - b.started) / b.length).floor() * b.length;
            b.used = 0;
        }
        b.used += 1;
        Some(Counted {
            bucket,
            quota: b.quota,
            length: b.length,
            remaining: b.quota.saturating_sub(b.used),
            reset: (b.started + b.length - now).floor() as u64,
            over: b.used > b.quota,
        })
    }
}
