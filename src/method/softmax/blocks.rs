//! By what conjugate gradients are scaled: the blocks of the Hessian that a feature's coefficients make among themselves.
//!
//! The classes of one feature pull at each other more than features do, because their probabilities sum to one. A block for each feature,
//! factored once for a Newton step, takes that out, and some six products with the Hessian are enough where scaling by its diagonal
//! takes twenty (block Jacobi: Saad, "Iterative Methods for Sparse Linear Systems", 2003, section 12.2).

use libm::sqrt;

/// A block is singular but for the ridge, because a constant on all classes changes nothing: this share of its trace is added.
const LEAST_RIDGE: f64 = 1e-9;

/// Blocks of all features, each as its Cholesky factor.
pub(super) struct Blocks<const K: usize> {
    factors: Vec<Block<K>>,
}

/// A symmetric block, or its lower triangle.
type Block<const K: usize> = [[f64; K]; K];

impl<const K: usize> Blocks<K> {
    /// Of blocks without the ridge.
    pub(super) fn new(mut blocks: Vec<Block<K>>, ridge: f64) -> Self {
        blocks.iter_mut().for_each(|block| factor(block, ridge));
        Self { factors: blocks }
    }

    /// Solves block x = r of every feature.
    pub(super) fn solve(&self, r: &[[f64; K]]) -> Vec<[f64; K]> {
        r.iter().zip(&self.factors).map(|(r, lower)| solve(lower, r)).collect()
    }
}

/// Adds what a row of this weight and these probabilities has of the Hessian: w (diag p - p p^T), for a feature of value one.
pub(super) fn hessian<const K: usize>(weight: f64, p: &[f64; K]) -> Block<K> {
    std::array::from_fn(|k| std::array::from_fn(|l| weight * p[k] * (if k == l { 1.0 } else { 0.0 } - p[l])))
}

/// Turns a block into its Cholesky factor.
fn factor<const K: usize>(block: &mut Block<K>, ridge: f64) {
    let trace: f64 = (0..K).map(|k| block[k][k]).sum();
    let ridge = ridge.max(LEAST_RIDGE * trace).max(f64::MIN_POSITIVE);
    for (k, row) in block.iter_mut().enumerate() {
        row[k] += ridge;
    }
    for k in 0..K {
        for l in 0..=k {
            let sum: f64 = (0..l).map(|i| block[k][i] * block[l][i]).sum();
            block[k][l] = if k == l {
                // What rounding takes of a pivot is not below the ridge.
                sqrt((block[k][k] - sum).max(ridge))
            } else {
                (block[k][l] - sum) / block[l][l]
            };
        }
    }
}

/// Solves L L^T x = r.
fn solve<const K: usize>(lower: &Block<K>, r: &[f64; K]) -> [f64; K] {
    let mut x = *r;
    for k in 0..K {
        let sum: f64 = (0..k).map(|i| lower[k][i] * x[i]).sum();
        x[k] = (x[k] - sum) / lower[k][k];
    }
    for k in (0..K).rev() {
        let sum: f64 = (k + 1..K).map(|i| lower[i][k] * x[i]).sum();
        x[k] = (x[k] - sum) / lower[k][k];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weight 2, probabilities 1/2, 1/4, 1/4: the block is [1/2, -1/4, -1/4; ., 3/8, -1/8; ., ., 3/8], with a ridge of one on its
    /// diagonal. Times (1, 2, 3): 1.5 - 0.5 - 0.75 = 0.25; -0.25 + 2.75 - 0.375 = 2.125; -0.25 - 0.25 + 4.125 = 3.625.
    #[test]
    fn a_block_is_solved_for_what_it_was_multiplied_with() {
        let block = hessian(2.0, &[0.5, 0.25, 0.25]);
        assert_eq!(block[0], [0.5, -0.25, -0.25]);
        assert_eq!(block[2], [-0.25, -0.125, 0.375]);
        let x = Blocks::new(vec![block], 1.0).solve(&[[0.25, 2.125, 3.625]]);
        for (got, expected) in x[0].iter().zip([1.0, 2.0, 3.0]) {
            assert!((got - expected).abs() < 1e-12, "{x:?}");
        }
    }

    /// A class that no row can be has a block of zeros, which is the ridge alone.
    #[test]
    fn a_block_without_rows_is_the_ridge() {
        let x = Blocks::<2>::new(vec![[[0.0; 2]; 2]], 4.0).solve(&[[4.0, 8.0]]);
        assert!((x[0][0] - 1.0).abs() < 1e-12 && (x[0][1] - 2.0).abs() < 1e-12, "{x:?}");
    }
}
