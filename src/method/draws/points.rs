//! Where the draws of a run's own factors lie: a lattice of as many points as there are draws, and the order in which a run walks it.
//!
//! Point k of n lies, in each factor, in stratum k z + s mod n, with a shift s by the seed and a multiplier z of the factor's own that has no divisor in common with
//! n: every factor is met once in each of its n strata (a Latin hypercube: McKay, Beckman and Conover 1979), and all factors together
//! fill their joint space evenly (a rank-1 lattice: Sloan and Joe, "Lattice Methods for Multiple Integration", 1994). The multipliers
//! are found one after the other, each the one with the least figure of merit P2 beside those before it (component by component:
//! Sloan, Kuo and Joe 2002).

use crate::method::rng::Stream;

/// Own factors of a run.
pub(super) const ROLE: usize = 0;
pub(super) const COMPUTE: usize = 1;
pub(super) const MFU: usize = 2;
pub(super) const CHIP: usize = 3;
pub(super) const GRID: usize = 4;
pub(super) const PLACE: usize = 5;
pub(super) const POWER: usize = 6;
pub(super) const SIZE: usize = 7;
pub(super) const PUE: usize = 8;
pub(super) const PRODUCT: usize = 9;
pub(super) const START: usize = 10;
const FACTORS: usize = 11;

/// Weight of a factor in the figure of merit: pairs and triples of factors are to be even; of more the sum of a chain sees little.
const WEIGHT: f64 = 0.1;
/// Multipliers that are tried for a factor.
const MOST_TRIED: usize = 256;
/// Below this many draws the numbers without a common divisor do not suffice: the factors are shuffled instead.
const LEAST_FOR_A_LATTICE: usize = 64;

/// The points, as the stratum of each in every factor.
#[derive(Debug)]
pub(super) struct Points(Vec<Vec<u32>>);

impl Points {
    /// As many points as there are draws, for the own factors of runs.
    pub(super) fn new(n: usize, seed: u64) -> Self {
        Self::of_factors(FACTORS, "points", n, seed)
    }

    /// Points for so many factors. The seed shifts them in each.
    pub(super) fn of_factors(factors: usize, name: &str, n: usize, seed: u64) -> Self {
        let multipliers = if n < LEAST_FOR_A_LATTICE { Vec::new() } else { multipliers(n, factors) };
        let strata = |factor: usize| {
            let stream = Stream::new(seed, &format!("{name}#{factor}"));
            let shift = stream.words(0, 0)[0] as usize;
            match multipliers.get(factor) {
                Some(z) => (0..n).map(|k| index((k * z + shift) % n)).collect(),
                None => shuffle(n, &stream),
            }
        };
        Self((0..factors).map(strata).collect())
    }

    /// The same points in another order: neighbours are no longer neighbours in the first factor.
    pub(super) fn shuffled(self, name: &str, seed: u64) -> Self {
        let order = shuffle(self.0.first().map_or(0, Vec::len), &Stream::new(seed, name));
        Self(self.0.iter().map(|strata| order.iter().map(|point| strata[*point as usize]).collect()).collect())
    }

    /// The stratum of every point in a factor.
    pub(super) fn strata(&self, factor: usize) -> &[u32] {
        &self.0[factor]
    }
}

/// A multiplier for every factor; the first is one. None repeats another, or its mirror image.
fn multipliers(n: usize, factors: usize) -> Vec<usize> {
    let all: Vec<usize> = (1..=n / 2).filter(|z| divisor(*z, n) == 1).collect();
    let step = all.len().div_ceil(MOST_TRIED);
    // B2(x) = x^2 - x + 1/6, the second Bernoulli polynomial: 1 + w 2 pi^2 B2 is what a factor adds to P2.
    let term = |k: usize, z: usize| {
        #[allow(clippy::cast_precision_loss)] // At most 100,000.
        let x = (k * z % n) as f64 / n as f64;
        1.0 + WEIGHT * 2.0 * std::f64::consts::PI * std::f64::consts::PI * (x * x - x + 1.0 / 6.0)
    };
    let mut chosen = vec![1];
    let mut product: Vec<f64> = (0..n).map(|k| term(k, 1)).collect();
    while chosen.len() < factors {
        let merit = |z: usize| product.iter().enumerate().map(|(k, p)| p * term(k, z)).sum::<f64>();
        let best = all.iter().copied().step_by(step).filter(|z| !chosen.contains(z)).min_by(|a, b| merit(*a).total_cmp(&merit(*b)));
        // Of at least 64 numbers 12 or more have no common divisor on either side of the middle.
        let Some(z) = best else { break };
        product.iter_mut().enumerate().for_each(|(k, p)| *p *= term(k, z));
        chosen.push(z);
    }
    chosen
}

/// Greatest common divisor (Euclid).
fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { divisor(b, a % b) }
}

fn index(k: usize) -> u32 {
    u32::try_from(k).unwrap_or(u32::MAX)
}

/// Probability in the middle of stratum `i` of `n`.
pub(super) fn middle(i: usize, n: usize) -> f64 {
    #[allow(clippy::cast_precision_loss)] // At most 100,000 strata.
    let p = (i as f64 + 0.5) / n as f64;
    p
}

/// A permutation of 0..n (Fisher and Yates, by the words of a stream).
fn shuffle(n: usize, stream: &Stream) -> Vec<u32> {
    let mut order: Vec<u32> = (0..index(n)).collect();
    for i in (1..order.len()).rev() {
        let word = stream.words(index(i), 0)[0];
        // The bias of the remainder is below 1e5 / 2^32.
        order.swap(i, word as usize % (i + 1));
    }
    order
}

/// Shuffles that runs choose from; with offset and direction there are some hundred thousand orders.
const SHUFFLES: u32 = 64;

/// Orders in which runs walk through the points.
#[derive(Debug)]
pub(super) struct Orders {
    /// Each twice in a row, so that a walk that begins in the middle needs no turn.
    shuffles: Vec<Vec<u32>>,
    draws: usize,
    seed: u64,
}

impl Orders {
    pub(super) fn new(draws: usize, seed: u64) -> Self {
        let twice = |order: Vec<u32>| [order.as_slice(), order.as_slice()].concat();
        let shuffles = (0..SHUFFLES).map(|i| twice(shuffle(draws, &Stream::new(seed, &format!("shuffle#{i}"))))).collect();
        Self { shuffles, draws, seed }
    }

    /// The order of a run.
    pub(super) fn of(&self, run_id: &str) -> Order<'_> {
        let stream = Stream::new(self.seed, run_id);
        let [word, role, chain, start] = stream.words(0, 0);
        let n = index(self.draws.max(1));
        let offset = word / (2 * SHUFFLES) % n;
        Order {
            walk: &self.shuffles[(word % SHUFFLES) as usize][offset as usize..][..self.draws],
            reversed: (word / SHUFFLES).is_multiple_of(2),
            offsets: [role, chain, start].map(|word| (word % n) as usize),
        }
    }
}

/// The order in which a run walks through the points.
#[derive(Clone, Copy)]
pub(super) struct Order<'a> {
    walk: &'a [u32],
    reversed: bool,
    /// Of role, chain and start against compute.
    offsets: [usize; 3],
}

/// The points of every draw. A run's compute, role, chain and start are shifted against each other by offsets of its own: that is a lattice
/// again (a shift: Cranley and Patterson 1976), whose error is another one for each run and averages out in totals.
impl Order<'_> {
    /// The point of compute.
    pub(super) fn compute(&self, draw: usize) -> usize {
        let point = self.walk[draw] as usize;
        if self.reversed { self.walk.len() - 1 - point } else { point }
    }

    /// The point of what the run was.
    pub(super) fn role(&self, draw: usize) -> usize {
        self.shifted(draw, self.offsets[0])
    }

    /// The point of the chain.
    pub(super) fn chain(&self, draw: usize) -> usize {
        self.shifted(draw, self.offsets[1])
    }

    /// The point of the rung that is known.
    pub(super) fn start(&self, draw: usize) -> usize {
        self.shifted(draw, self.offsets[2])
    }

    fn shifted(&self, draw: usize, offset: usize) -> usize {
        let (point, n) = (self.compute(draw) + offset, self.walk.len());
        if point < n { point } else { point - n }
    }
}
