//! Multinomial logistic regression with a ridge, for classes that a few named features tell apart.
//!
//! Minimized is the sum of w (log sum exp z - z of the class), with z = B x, plus ridge / 2 times the sum of the squared coefficients,
//! intercepts left out. Every class has coefficients of its own: only their differences count, and the ridge settles the rest (Friedman,
//! Hastie and Tibshirani 2010, section 4.1). The problem is convex. It is solved by Newton steps whose systems are solved by conjugate
//! gradients (Nocedal and Wright 2006, section 7.1): features are sparse, so that a product with the Hessian costs as much as a pass
//! over the rows. Rows with the same features are one row with the weights of their classes. All sums run in the order of the rows.

mod blocks;

use self::blocks::{Blocks, hessian};
use libm::{exp, log, sqrt};
use rustc_hash::FxHashMap;

/// Newton steps at most; some eight are usual.
const MAX_STEPS: usize = 60;
/// Conjugate gradient steps per Newton step at most.
const MAX_CONJUGATE: usize = 200;
/// Done when no gradient exceeds this share of the weight of all rows: coefficients that are published.
pub const EXACT: f64 = 1e-8;
/// The same for fits of which only the probabilities of rows that they have not seen are wanted. A gradient of this size moves such a
/// probability by less than 1e-4 (test in `stages::fit::roles`).
pub const ENOUGH_FOR_PROBABILITIES: f64 = 1e-6;
/// A Newton step is solved at least this closely: with blocks a product more costs less than a step more.
const LEAST_FORCING: f64 = 0.01;
/// A step must gain this share of what its slope promises (Armijo).
const SUFFICIENT: f64 = 1e-4;

/// One labelled row. A feature that is not listed is zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Position and value of the features that are not zero; position 0 is the intercept and always listed with 1.
    pub features: Vec<(u16, f64)>,
    /// Class, from 0.
    pub class: usize,
    /// Weight, positive.
    pub weight: f64,
}

/// Labelled rows side by side, as every pass goes through them: those with the same features as one.
#[derive(Clone, Debug)]
pub struct Rows<const K: usize> {
    /// Where the features of a row begin, and where those of the last end.
    begins: Vec<usize>,
    positions: Vec<u16>,
    values: Vec<f64>,
    /// Weight of each class among the rows of these features.
    classes: Vec<[f64; K]>,
}

/// One of them.
struct Row<'r, const K: usize> {
    positions: &'r [u16],
    values: &'r [f64],
    classes: &'r [f64; K],
    weight: f64,
}

impl<const K: usize> Rows<K> {
    /// Of examples, in their order, each with the weight that stands with it.
    pub fn of_examples<'e>(examples: impl IntoIterator<Item = (&'e Example, f64)>) -> Self {
        let mut rows = Self { begins: vec![0], positions: Vec::new(), values: Vec::new(), classes: Vec::new() };
        let mut seen: FxHashMap<Vec<(u16, u64)>, usize> = FxHashMap::default();
        for (example, weight) in examples {
            let key = example.features.iter().map(|(at, value)| (*at, value.to_bits())).collect();
            let row = *seen.entry(key).or_insert_with(|| {
                rows.positions.extend(example.features.iter().map(|(at, _)| *at));
                rows.values.extend(example.features.iter().map(|(_, value)| *value));
                rows.begins.push(rows.positions.len());
                rows.classes.push([0.0; K]);
                rows.classes.len() - 1
            });
            rows.classes[row][example.class] += weight;
        }
        rows
    }

    fn iter(&self) -> impl Iterator<Item = Row<'_, K>> {
        self.begins.windows(2).zip(&self.classes).map(|(ends, classes)| Row {
            positions: &self.positions[ends[0]..ends[1]],
            values: &self.values[ends[0]..ends[1]],
            classes,
            weight: classes.iter().sum(),
        })
    }
}

/// A fitted model of `K` classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Softmax<const K: usize> {
    /// Coefficients of the classes, feature by feature, the intercept first: the classes of a feature lie side by side, because every
    /// pass over the rows wants them together.
    coefficients: Vec<[f64; K]>,
}

impl<const K: usize> Softmax<K> {
    /// A model that gives every class the same probability.
    #[must_use]
    pub fn even(features: usize) -> Self {
        Self { coefficients: vec![[0.0; K]; features] }
    }

    /// A model of given coefficients: those of the classes, feature by feature, the intercept first.
    #[must_use]
    pub fn of_coefficients(coefficients: Vec<[f64; K]>) -> Self {
        Self { coefficients }
    }

    /// Coefficient of a feature for a class, in logits.
    #[must_use]
    pub fn coefficient(&self, class: usize, feature: usize) -> f64 {
        self.coefficients[feature][class]
    }

    /// Probabilities of the classes; they sum to one.
    #[must_use]
    pub fn probabilities(&self, features: &[(u16, f64)]) -> [f64; K] {
        let (positions, values): (Vec<u16>, Vec<f64>) = features.iter().copied().unzip();
        probabilities(&self.coefficients, &positions, &values).0
    }
}

/// Sum of the features' rows, each times its value.
fn combine<const K: usize>(rows: &[[f64; K]], positions: &[u16], values: &[f64]) -> [f64; K] {
    let mut out = [0.0; K];
    for (at, value) in positions.iter().zip(values) {
        for (out, row) in out.iter_mut().zip(&rows[usize::from(*at)]) {
            *out += row * value;
        }
    }
    out
}

/// Adds a row, times its value, to the rows of each feature.
fn spread<const K: usize>(rows: &mut [[f64; K]], positions: &[u16], values: &[f64], change: &[f64; K]) {
    for (at, value) in positions.iter().zip(values) {
        for (row, change) in rows[usize::from(*at)].iter_mut().zip(change) {
            *row += change * value;
        }
    }
}

/// exp(z) of each class over their sum, z of each class, and the log of that sum.
fn probabilities<const K: usize>(coefficients: &[[f64; K]], positions: &[u16], values: &[f64]) -> ([f64; K], [f64; K], f64) {
    let z = combine(coefficients, positions, values);
    let most = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let p = z.map(|z| exp(z - most));
    let sum: f64 = p.iter().sum();
    (p.map(|p| p / sum), z, most + log(sum))
}

/// Fits a model, beginning at `start`, until no gradient exceeds `tolerance` times the weight of all rows.
#[must_use]
pub fn fit<const K: usize>(examples: &Rows<K>, start: Softmax<K>, ridge: f64, tolerance: f64) -> Softmax<K> {
    let mut model = start;
    let total: f64 = examples.classes.iter().flatten().sum();
    let mut now = Objective::of_model(examples, &model, ridge);
    for _ in 0..MAX_STEPS {
        if now.gradient.iter().flatten().all(|g| g.abs() <= tolerance * total) {
            break;
        }
        let step = newton_step(examples, &now, ridge);
        let slope = dot(&now.gradient, &step);
        let mut length = 1.0;
        let next = loop {
            let mut tried = model.clone();
            add(&mut tried.coefficients, length, &step);
            let objective = Objective::of_model(examples, &tried, ridge);
            if objective.loss <= now.loss + SUFFICIENT * length * slope {
                break Some((tried, objective));
            }
            length /= 2.0;
            // Below the rounding of the loss nothing can be gained.
            if length < 1e-10 {
                break None;
            }
        };
        let Some((tried, objective)) = next else { break };
        (model, now) = (tried, objective);
    }
    model
}

/// Loss, gradient and probabilities at a point.
struct Objective<const K: usize> {
    loss: f64,
    gradient: Vec<[f64; K]>,
    /// Of every row.
    probabilities: Vec<[f64; K]>,
}

impl<const K: usize> Objective<K> {
    fn of_model(examples: &Rows<K>, model: &Softmax<K>, ridge: f64) -> Self {
        let mut loss = 0.0;
        let mut gradient = vec![[0.0; K]; model.coefficients.len()];
        let mut all = Vec::with_capacity(examples.classes.len());
        for example in examples.iter() {
            let (p, z, log_sum) = probabilities(&model.coefficients, example.positions, example.values);
            loss += example.classes.iter().zip(&z).map(|(weight, z)| weight * (log_sum - z)).sum::<f64>();
            let error = std::array::from_fn(|k| example.weight * p[k] - example.classes[k]);
            spread(&mut gradient, example.positions, example.values, &error);
            all.push(p);
        }
        for (gradient, coefficients) in gradient.iter_mut().zip(&model.coefficients).skip(1) {
            for (g, b) in gradient.iter_mut().zip(coefficients) {
                *g += ridge * b;
                loss += ridge / 2.0 * b * b;
            }
        }
        Self { loss, gradient, probabilities: all }
    }

    /// Product of the Hessian with a direction.
    fn curvature(&self, examples: &Rows<K>, direction: &[[f64; K]], ridge: f64) -> Vec<[f64; K]> {
        let mut out = vec![[0.0; K]; direction.len()];
        for (example, p) in examples.iter().zip(&self.probabilities) {
            let moved = combine(direction, example.positions, example.values);
            let mean: f64 = moved.iter().zip(p).map(|(z, p)| z * p).sum();
            let mut change = moved;
            for (change, p) in change.iter_mut().zip(p) {
                *change = example.weight * p * (*change - mean);
            }
            spread(&mut out, example.positions, example.values, &change);
        }
        add(&mut out[1..], ridge, &direction[1..]);
        out
    }

    /// Blocks of the Hessian, one for each feature, by which the conjugate gradients are scaled.
    fn blocks(&self, examples: &Rows<K>, ridge: f64) -> Blocks<K> {
        let mut blocks = vec![[[0.0; K]; K]; self.gradient.len()];
        for (example, p) in examples.iter().zip(&self.probabilities) {
            let own = hessian(example.weight, p);
            for (at, value) in example.positions.iter().zip(example.values) {
                let block = blocks[usize::from(*at)].as_flattened_mut();
                block.iter_mut().zip(own.as_flattened()).for_each(|(sum, own)| *sum += own * (value * value));
            }
        }
        Blocks::new(blocks, ridge)
    }
}

/// Solves Hessian x step = -gradient, as closely as the gradient is small.
fn newton_step<const K: usize>(examples: &Rows<K>, now: &Objective<K>, ridge: f64) -> Vec<[f64; K]> {
    let blocks = now.blocks(examples, ridge);
    let mut step = vec![[0.0; K]; now.gradient.len()];
    let mut residual: Vec<[f64; K]> = now.gradient.iter().map(|g| g.map(|g| -g)).collect();
    let first = dot(&residual, &residual);
    // The square root of the gradient's length as forcing term: the steps become exact as the gradient vanishes.
    let enough = first * sqrt(first).min(LEAST_FORCING);
    let mut toward = blocks.solve(&residual);
    let mut direction = toward.clone();
    let mut product = dot(&residual, &toward);
    for _ in 0..MAX_CONJUGATE {
        let curved = now.curvature(examples, &direction, ridge);
        let curvature = dot(&direction, &curved);
        if curvature <= 0.0 {
            break;
        }
        let length = product / curvature;
        add(&mut step, length, &direction);
        add(&mut residual, -length, &curved);
        if dot(&residual, &residual) <= enough {
            break;
        }
        toward = blocks.solve(&residual);
        let next = dot(&residual, &toward);
        let turn = next / product;
        product = next;
        for (d, t) in direction.iter_mut().flatten().zip(toward.iter().flatten()) {
            *d = t + turn * *d;
        }
    }
    step
}

fn add<const K: usize>(to: &mut [[f64; K]], times: f64, rows: &[[f64; K]]) {
    for (to, row) in to.iter_mut().flatten().zip(rows.iter().flatten()) {
        *to += times * row;
    }
}

fn dot<const K: usize>(a: &[[f64; K]], b: &[[f64; K]]) -> f64 {
    let mut sums = [0.0; K];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fitted<const K: usize>(examples: &[Example], features: usize, ridge: f64) -> Softmax<K> {
        fit(&Rows::of_examples(examples.iter().map(|e| (e, e.weight))), Softmax::even(features), ridge, EXACT)
    }

    /// Twelve rows, two features, three classes; every class overlaps every other.
    fn rows() -> Vec<Example> {
        let data = [
            (0.5, 1.0, 0),
            (1.5, 0.0, 0),
            (2.0, 1.0, 1),
            (1.0, 0.0, 1),
            (2.5, 1.0, 2),
            (3.0, 0.0, 2),
            (0.0, 0.0, 0),
            (3.5, 1.0, 1),
            (1.2, 1.0, 2),
            (2.2, 0.0, 1),
            (2.8, 0.0, 0),
            (0.8, 1.0, 2),
        ];
        data.iter()
            .map(|(a, b, class)| Example { features: vec![(0, 1.0), (1, *a), (2, *b)], class: *class, weight: 1.0 })
            .collect()
    }

    /// Expected: statsmodels 0.15.0, MNLogit(y, X).fit(method="newton", tol=1e-14), coefficients of classes 1 and 2 against class 0.
    #[test]
    fn agrees_with_statsmodels() {
        let fitted = fitted::<3>(&rows(), 3, 1e-9);
        for (class, expected) in EXPECTED {
            for (feature, value) in expected.iter().enumerate() {
                let got = fitted.coefficient(*class, feature) - fitted.coefficient(0, feature);
                assert!((got - value).abs() < 1e-6, "class {class} feature {feature}: {got} {value}");
            }
        }
    }

    const EXPECTED: &[(usize, [f64; 3])] =
        &[(1, [-2.561645707144, 1.184709321112, 1.496948784615]), (2, [-2.723836046984, 0.946509636397, 2.520148382603])];

    /// With the intercept alone the probabilities are the shares: 1/4 and 3/4, and the difference of the logits is log 3.
    #[test]
    fn intercepts_alone_give_the_shares() {
        let one = |class| Example { features: vec![(0, 1.0)], class, weight: 1.0 };
        let fitted = fitted::<2>(&[one(0), one(1), one(1), one(1)], 1, 1.0);
        assert!((fitted.coefficient(1, 0) - fitted.coefficient(0, 0) - 3.0_f64.ln()).abs() < 1e-9);
        let p = fitted.probabilities(&[(0, 1.0)]);
        assert!((p[0] - 0.25).abs() < 1e-9 && (p[1] - 0.75).abs() < 1e-9);
    }

    /// A row of weight 3 is three rows.
    #[test]
    fn weights_count_rows() {
        let one = |class, weight| Example { features: vec![(0, 1.0)], class, weight };
        let by_weight = fitted::<2>(&[one(0, 1.0), one(1, 3.0)], 1, 1.0);
        assert!((by_weight.probabilities(&[(0, 1.0)])[1] - 0.75).abs() < 1e-9);
    }

    /// Two classes that one feature separates: without a ridge the coefficient would run away. By symmetry b1 = d/2 = -b0; twenty rows
    /// each pull with sigma(-d), the ridge of 1 pulls back with d/2.
    #[test]
    fn a_ridge_holds_what_is_separated() {
        let rows: Vec<Example> = (0..10)
            .flat_map(|_| [(0, -1.0), (1, 1.0)])
            .map(|(class, x)| Example { features: vec![(0, 1.0), (1, x)], class, weight: 1.0 })
            .collect();
        let fitted = fitted::<2>(&rows, 2, 1.0);
        let d = fitted.coefficient(1, 1) - fitted.coefficient(0, 1);
        let pull = 20.0 / (1.0 + d.exp());
        assert!((pull - d / 2.0).abs() < 1e-7, "{d}");
    }
}
