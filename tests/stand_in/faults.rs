//! What the stand-in does wrong: a script for the next requests, and faults at random from a seed.

use super::http::{Delivery, Reply};
use std::collections::VecDeque;

#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// 429 with `t`.
    TooMany {
        reset: u64,
    },
    Status(u16),
    /// The connection closes after this share of the body, in percent.
    BreakOff(u8),
    TruncatedGzip,
    /// The body ends early without anything in HTTP to show it.
    ShortUntilClose,
    Drip(u64),
    /// 200 with a page for people.
    Html,
    /// JSON by its type, not by its content.
    NotJson,
    /// An empty page with a link to the one it should have been.
    EmptyPage,
    /// The last records of the page before come again.
    Duplicates(usize),
    /// A redirect to another host.
    Elsewhere,
    /// A link to another host.
    LinkElsewhere,
    /// A link back to this same page.
    LinkLoop,
    /// The link to the next page is missing.
    NoLink,
    /// Nothing wrong; keeps a place in a script.
    Fine,
}

impl Fault {
    /// Faults that pass: the same request can be tried again. A limit is lifted after `reset` seconds.
    pub fn passing(reset: u64) -> Vec<Self> {
        vec![
            Self::TooMany { reset },
            Self::Status(500),
            Self::Status(503),
            Self::BreakOff(0),
            Self::BreakOff(50),
            Self::BreakOff(99),
            Self::TruncatedGzip,
            Self::ShortUntilClose,
            Self::Html,
            Self::NotJson,
            Self::EmptyPage,
            Self::Duplicates(3),
        ]
    }

    /// Faults that only a listing page can have.
    fn is_for_listing(&self) -> bool {
        matches!(
            self,
            Self::EmptyPage
                | Self::Duplicates(_)
                | Self::LinkElsewhere
                | Self::LinkLoop
                | Self::NoLink
                | Self::Html
                | Self::NotJson
        )
    }

    pub fn spoil(self, mut reply: Reply) -> Reply {
        match self {
            Self::BreakOff(percent) => reply.delivery = Delivery::BreakOff(percent),
            Self::TruncatedGzip => reply.delivery = Delivery::TruncatedGzip,
            Self::ShortUntilClose => reply.delivery = Delivery::ShortUntilClose,
            Self::Drip(pause) => reply.delivery = Delivery::Drip(pause),
            Self::Html => return Reply::new(200, "text/html", b"<html>We are down for maintenance</html>".to_vec()),
            Self::NoLink => reply.headers.retain(|(name, _)| name != "Link"),
            Self::NotJson => reply.body = b"[{\"_id\": \"69e8".to_vec(),
            _ => {}
        }
        reply
    }
}

/// When faults happen.
#[derive(Default)]
pub struct Plan {
    script: VecDeque<Fault>,
    /// Requests that go well before the script begins.
    before: u64,
    random: u64,
    /// Faults per 1,000 requests.
    per_mille: u64,
    kinds: Vec<Fault>,
}

impl Plan {
    /// These faults, one for each of the next requests.
    pub fn script(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { script: faults.into_iter().collect(), ..Self::default() }
    }

    /// These faults, after `good` requests that go well.
    pub fn after(good: u64, faults: impl IntoIterator<Item = Fault>) -> Self {
        Self { before: good, ..Self::script(faults) }
    }

    /// Faults of these kinds at random.
    pub fn random(seed: u64, per_mille: u64, kinds: Vec<Fault>) -> Self {
        Self { random: seed, per_mille, kinds, ..Self::default() }
    }

    pub fn next(&mut self, is_listing: bool) -> Option<Fault> {
        if self.before > 0 {
            self.before -= 1;
            return None;
        }
        let usable = |fault: &Fault| is_listing || !fault.is_for_listing();
        if let Some(fault) = self.script.pop_front() {
            return Some(fault).filter(usable);
        }
        if self.kinds.is_empty() || draw(&mut self.random) % 1_000 >= self.per_mille {
            return None;
        }
        let fault = self.kinds[draw(&mut self.random) as usize % self.kinds.len()].clone();
        if matches!(fault, Fault::TooMany { .. }) {
            // One 429 seldom comes alone.
            let more = draw(&mut self.random) % 3;
            self.script.extend((0..more).map(|_| fault.clone()));
        }
        Some(fault).filter(usable)
    }
}

/// splitmix64.
pub fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
