//! Strata of the draws: what all rows share, and the orders in which a row's own factors walk through the strata.

use crate::method::rng::{Stream, normal_quantile};
use libm::exp;
use rustc_hash::FxHashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// Shuffles that rows choose from; with offset and direction a factor has some hundred thousand orders.
const SHUFFLES: u32 = 64;
/// Spreads whose tables are kept: some hundred occur. What comes beyond is computed anew each time.
const MOST_TABLES: usize = 4_096;

/// Own factors of a row, each with an order of strata of its own.
pub(super) const COMPUTE: usize = 0;
pub(super) const MFU: usize = 1;
pub(super) const POWER: usize = 2;
pub(super) const CHIP: usize = 3;
pub(super) const PUE: usize = 4;
pub(super) const GRID: usize = 5;
pub(super) const START: usize = 6;
pub(super) const SIZE: usize = 7;
pub(super) const PLACE: usize = 8;
pub(super) const PRODUCT: usize = 9;
pub(super) const ROLE: usize = 10;
const FACTORS: usize = 11;

/// A factor of the chain with a spread that all rows share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// Model FLOP utilization.
    Mfu,
    /// Power drawn with the share of the host, over TDP.
    Power,
    /// Power usage effectiveness.
    Pue,
    /// Grid intensity.
    Grid,
}

impl Factor {
    const ALL: [Self; 4] = [Self::Mfu, Self::Power, Self::Pue, Self::Grid];
}

/// Draws that all rows share, and the strata of what is a row's own.
#[derive(Debug)]
pub struct Shared {
    /// Standard normal at the middle of each stratum, ascending.
    pub(super) z: Vec<f64>,
    /// Per shared factor: the stratum of each draw.
    own: [Vec<u32>; 4],
    /// Each twice in a row, so that a walk that begins in the middle needs no turn.
    shuffles: Vec<Vec<u32>>,
    /// exp(sd z) of every stratum, by the bits of sd: a draw of a log-normal factor is a look-up. What is kept depends on sd alone.
    tables: RwLock<FxHashMap<u64, Arc<[f64]>>>,
    seed: u64,
}

impl Shared {
    /// Shared normals and strata for `draws` draws.
    #[must_use]
    pub fn new(draws: usize, seed: u64) -> Self {
        let z: Vec<f64> = (0..draws).map(|i| normal_quantile(middle(i, draws))).collect();
        let twice = |order: Vec<u32>| [order.as_slice(), order.as_slice()].concat();
        let shuffles = (0..SHUFFLES).map(|i| twice(shuffle(draws, &Stream::new(seed, &format!("shuffle#{i}"))))).collect();
        let own = Factor::ALL.map(|factor| shuffle(draws, &Stream::new(seed, &format!("shared#factor{}", factor as usize))));
        Self { z, own, shuffles, tables: RwLock::default(), seed }
    }

    /// Number of draws.
    #[must_use]
    pub fn draws(&self) -> usize {
        self.z.len()
    }

    /// The stratum of a shared factor in a draw.
    pub(super) fn stratum(&self, factor: Factor, draw: usize) -> usize {
        self.own[factor as usize][draw] as usize
    }

    /// exp(sd z) of every stratum.
    pub(super) fn factors(&self, sd: f64) -> Arc<[f64]> {
        let key = sd.to_bits();
        let kept = self.tables.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        kept.unwrap_or_else(|| {
            let table: Arc<[f64]> = self.z.iter().map(|z| exp(sd * z)).collect();
            let mut tables = self.tables.write().unwrap_or_else(PoisonError::into_inner);
            if tables.len() < MOST_TABLES {
                tables.insert(key, Arc::clone(&table));
            }
            table
        })
    }

    /// Orders of strata of a row's own factors.
    pub(super) fn orders(&self, run_id: &str) -> Orders<'_> {
        let stream = Stream::new(self.seed, run_id);
        let words: [[u32; 4]; 3] = std::array::from_fn(|block| stream.words(0, u32::try_from(block).unwrap_or(0)));
        let n = self.draws();
        Orders(std::array::from_fn(|factor| {
            let word = words[factor / 4][factor % 4];
            let offset = word / (2 * SHUFFLES) % u32::try_from(n.max(1)).unwrap_or(u32::MAX);
            Order {
                walk: &self.shuffles[(word % SHUFFLES) as usize][offset as usize..][..n],
                reversed: (word / SHUFFLES).is_multiple_of(2),
            }
        }))
    }
}

/// Probability in the middle of stratum `i` of `n`.
pub(super) fn middle(i: usize, n: usize) -> f64 {
    #[allow(clippy::cast_precision_loss)] // At most 100,000 strata.
    let p = (i as f64 + 0.5) / n as f64;
    p
}

/// A permutation of 0..n (Fisher and Yates, by the words of a stream).
fn shuffle(n: usize, stream: &Stream) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(n).unwrap_or(u32::MAX)).collect();
    for i in (1..order.len()).rev() {
        let word = stream.words(u32::try_from(i).unwrap_or(0), 0)[0];
        // The bias of the remainder is below 1e5 / 2^32.
        order.swap(i, word as usize % (i + 1));
    }
    order
}

/// The orders of a row's own factors.
pub(super) struct Orders<'a>([Order<'a>; FACTORS]);

impl Orders<'_> {
    /// The stratum of a factor in a draw.
    pub(super) fn stratum(&self, factor: usize, draw: usize) -> usize {
        self.0[factor].stratum(draw)
    }

    /// The probability in the middle of that stratum.
    pub(super) fn probability(&self, factor: usize, draw: usize) -> f64 {
        middle(self.stratum(factor, draw), self.0[factor].walk.len())
    }
}

/// The order in which a factor of a row walks through the strata.
#[derive(Clone, Copy)]
struct Order<'a> {
    walk: &'a [u32],
    reversed: bool,
}

impl Order<'_> {
    fn stratum(&self, draw: usize) -> usize {
        let stratum = self.walk[draw] as usize;
        if self.reversed { self.walk.len() - 1 - stratum } else { stratum }
    }
}
