use super::*;

const EPOCH: Duration = Duration::from_secs(1_445_412_470); // 2015-10-21T07:27:50Z

fn parse(limit: &str, policy: &str, retry: Option<&str>) -> RateHeaders {
    RateHeaders::parse(Some(limit), Some(policy), retry, EPOCH)
}

#[test]
fn headers_as_documented() {
    let h = parse(r#""api";r=12;t=287"#, r#""fixed window";"api";q=500;w=300"#, None);
    assert_eq!((h.remaining, h.reset), (Some(12), Some(Duration::from_secs(287))));
    assert_eq!((h.quota, h.window), (Some(500), Some(Duration::from_secs(300))));
    assert_eq!(h.wait_after_429(), Some(Duration::from_secs(288)));
}

#[test]
fn the_tightest_of_several_items_counts_with_its_own_policy() {
    let h = parse(
        r#""api";r=40;t=9, "resolvers" ; r=2 ; t=8"#,
        r#""fixed window";"api";q=500;w=300, "fixed window";"resolvers";q=3000;w=300"#,
        None,
    );
    assert_eq!((h.remaining, h.quota), (Some(2), Some(3000)));
}

#[test]
fn nonsense_counts_as_absent() {
    let h = parse("r;;t=x,==,\"", "q=-1", Some("soon"));
    assert_eq!(h, RateHeaders::default());
    assert_eq!(h.wait_after_429(), None);
    assert_eq!(parse(r#""api";r=99999999999999999999;t=1"#, "", None).remaining, None);
}

#[test]
fn retry_after_in_seconds_or_as_a_date_wins_when_longer() {
    let h = |retry| parse(r#""api";r=0;t=4"#, "", Some(retry)).wait_after_429();
    assert_eq!(h("30"), Some(Duration::from_secs(30)));
    assert_eq!(h("3"), Some(Duration::from_secs(5)));
    assert_eq!(h("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::from_secs(10)));
    assert_eq!(h("Wed, 21 Oct 2015 07:00:00 GMT"), Some(Duration::from_secs(5)));
}

/// A fixed window as the Hub keeps it; `t` is rounded down, which is the trap.
struct Window {
    quota: u64,
    length: f64,
    started: f64,
    used: u64,
    refused: u64,
}

impl Window {
    fn request(&mut self, now: f64, others: u64) -> RateHeaders {
        if now >= self.started + self.length {
            self.started += ((now - self.started) / self.length).floor() * self.length;
            self.used = 0;
        }
        self.used += 1 + others;
        if self.used > self.quota {
            self.refused += 1;
        }
        let left = (self.started + self.length - now).floor() as u64;
        RateHeaders {
            remaining: Some(self.quota.saturating_sub(self.used)),
            reset: Some(Duration::from_secs(left)),
            quota: Some(self.quota),
            ..RateHeaders::default()
        }
    }
}

/// Sends `requests` through a window that began `offset` seconds before; returns refusals and the time it took.
fn drive(requests: u64, quota: u64, offset: f64, used_before: u64, others: u64, latency: f64) -> (u64, f64) {
    let mut window = Window { quota, length: 300.0, started: -offset, used: used_before, refused: 0 };
    let mut pacer = Pacer::default();
    let mut now = 0.0_f64;
    for _ in 0..requests {
        now += pacer.delay(Duration::from_secs_f64(now)).as_secs_f64();
        pacer.sent(Duration::from_secs_f64(now));
        let headers = window.request(now, others);
        now += latency;
        pacer.observe(&headers, Duration::from_secs_f64(now));
    }
    (window.refused, now)
}

#[test]
fn the_window_is_never_emptied() {
    for quota in [50, 500, 1_000, 3_000] {
        for offset in [0.0, 0.4, 150.7, 299.3, 299.95] {
            for latency in [0.0, 0.05, 0.9, 4.0] {
                for (used, others) in [(0, 0), (quota / 2, 0), (quota - 10, 0), (0, 1)] {
                    let (refused, _) = drive(6_000, quota, offset, used, others, latency);
                    assert_eq!(refused, 0, "quota {quota} offset {offset} latency {latency} used {used} others {others}");
                }
            }
        }
    }
}

#[test]
fn pacing_costs_little() {
    // 300,000 records at 1,000 a page need 300 requests: half of them at full speed, the others within the window.
    let (_, time) = drive(300, 500, 0.0, 0, 0, 0.1);
    assert!(time < 200.0, "{time}");
    // 2.8 million: 2,800 requests are 5.6 windows of 500; the reserve costs 2 %.
    let (_, time) = drive(2_800, 500, 0.0, 0, 0, 0.1);
    assert!(time < 300.0 * 5.9, "{time}");
    // A small nightly run does not wait at all.
    let (_, time) = drive(200, 500, 0.0, 0, 0, 0.0);
    assert!(time < f64::EPSILON, "{time}");
}

#[test]
fn backoff_doubles_with_jitter_and_ends_with_the_way_out() {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60), Duration::from_secs(600), Duration::ZERO, 7);
    let mut now = Duration::ZERO;
    let mut waits = Vec::new();
    let error = loop {
        match backoff.failed(None, "HTTP status 503", "https://hub/api/models", now) {
            Ok(wait) => {
                waits.push(wait.as_secs_f64());
                now += wait;
            }
            Err(e) => break e,
        }
    };
    for (i, wait) in waits.iter().enumerate() {
        let full = 2_f64.powi(i32::try_from(i).unwrap()).min(60.0);
        assert!((full * 0.5..=full).contains(wait), "{i}: {wait}");
    }
    assert!(waits.iter().any(|w| w.fract() > 0.01), "jitter");
    assert!(now > Duration::from_secs(500) && now <= Duration::from_secs(600), "{now:?}");
    let message = error.to_string();
    assert_eq!(error.exit_status() as u8, 4);
    for part in ["503", "https://hub/api/models", "run the same command again", "600 s"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn progress_restores_patience_and_a_wish_of_the_hub_is_only_lengthened() {
    let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(8), Duration::from_secs(400), Duration::ZERO, 1);
    let wait = backoff.failed(Some(Duration::from_secs(300)), "429", "x", Duration::ZERO).unwrap();
    assert_eq!(wait, Duration::from_secs(300));
    assert!(backoff.failed(Some(Duration::from_secs(300)), "429", "x", Duration::from_secs(300)).is_err());
    backoff.progress(Duration::from_secs(300));
    assert!(backoff.failed(Some(Duration::from_secs(300)), "429", "x", Duration::from_secs(300)).is_ok());
}
