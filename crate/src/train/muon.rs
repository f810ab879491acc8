//! Muon, Keller Jordan et al. (<https://kellerjordan.github.io/posts/muon/>), at AdamW's size of steps, arXiv 2502.16982.
//!
//! ```text
//! m ← μ m + (1 − μ) g        n = μ m + (1 − μ) g
//! X ← n / ‖n‖,  then five times  X ← a X + (b A + c A²) X,  A = X Xᵀ
//! θ ← θ − η ( 0.2 √max(rows, columns) X + λ θ )
//! ```
//!
//! All singular values of X come near to 1: a matrix learns as fast in its rare directions as in its frequent ones.
//!
//! Of our own beside burn's, since it stands in a checkpoint as AdamW does, and norms are to be the same bits every time.

use burn::tensor::{ExecutionError, Tensor};
use serde::{Deserialize, Serialize};

use super::gradients;

/// a, b and c: the steepest quintic at 0 that keeps all singular values near 1.
const QUINTIC: [f64; 3] = [3.4445, -4.7750, 2.0315];
const TIMES: usize = 5;

/// The settings of Muon, for the matrices between embedding and head.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Muon {
    /// μ.
    pub momentum: f64,
}

impl Default for Muon {
    fn default() -> Self {
        Self { momentum: 0.95 }
    }
}

impl Muon {
    /// Where a matrix of `shape`, rows and columns, goes, flat as its gradient and its momentum are; and the new momentum.
    ///
    /// # Errors
    ///
    /// The device failed.
    pub fn direction(
        &self,
        gradient: Tensor<1>,
        momentum: Tensor<1>,
        shape: [usize; 2],
    ) -> Result<(Tensor<1>, Tensor<1>), ExecutionError> {
        let fresh = gradient * (1.0 - self.momentum);
        let momentum = momentum * self.momentum + fresh.clone();
        let ahead = momentum.clone() * self.momentum + fresh;
        let size = 0.2 * (shape[0].max(shape[1]) as f64).sqrt();
        Ok((orthogonal(ahead, shape)? * size, momentum))
    }
}

/// The matrix with the same singular vectors and singular values near 1.
fn orthogonal(matrix: Tensor<1>, [rows, columns]: [usize; 2]) -> Result<Tensor<1>, ExecutionError> {
    // What is all 0 stays so.
    let norm = gradients::norm([&matrix])?.max(f64::from(f32::MIN_POSITIVE));
    let matrix = (matrix / norm).reshape([rows, columns]);
    // The smaller of the two squares.
    let tall = rows > columns;
    let mut x: Tensor<2> = if tall { matrix.transpose() } else { matrix };
    let [a, b, c] = QUINTIC;
    for _ in 0..TIMES {
        let square = x.clone().matmul(x.clone().transpose());
        let inner = square.clone() * b + square.clone().matmul(square) * c;
        x = inner.matmul(x.clone()) + x * a;
    }
    let x = if tall { x.transpose() } else { x };
    Ok(x.reshape([rows * columns]))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Columns of length 1 at right angles to each other, `[columns][rows]`.
    fn upright(rows: usize, columns: usize, random: &mut ChaCha8Rng) -> Vec<Vec<f64>> {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let mut basis: Vec<Vec<f64>> = Vec::new();
        while basis.len() < columns {
            let mut next: Vec<f64> = (0..rows).map(|_| random.random_range(-1.0..1.0)).collect();
            for other in &basis {
                let along = dot(&next, other);
                next.iter_mut().zip(other).for_each(|(next, other)| *next -= along * other);
            }
            let length = dot(&next, &next).sqrt();
            basis.push(next.into_iter().map(|value| value / length).collect());
        }
        basis
    }

    /// U diag(s) Vᵀ, row by row.
    fn composed(u: &[Vec<f64>], s: &[f64], v: &[Vec<f64>]) -> Vec<f64> {
        let entry = |row: usize, column: usize| (0..s.len()).map(|at| u[at][row] * s[at] * v[at][column]).sum();
        (0..u[0].len())
            .flat_map(|row| (0..v[0].len()).map(move |column| (row, column)))
            .map(|(r, c)| entry(r, c))
            .collect()
    }

    fn tensor(values: &[f64]) -> Tensor<1> {
        let numbers: Vec<f32> = values.iter().map(|&value| value as f32).collect();
        Tensor::from_data(TensorData::new(numbers, [values.len()]), &Device::flex())
    }

    /// On singular values the iteration is a polynomial of one number.
    #[test]
    fn singular_values_go_where_the_quintic_takes_them() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let (first, second) = ([3.0, 0.5, 0.02, 1.0], [-1.0, 2.0, 0.3, 0.7]);
        for (rows, columns) in [(4, 11), (11, 4), (4, 4)] {
            let (u, v) = (upright(rows, 4, &mut random), upright(columns, 4, &mut random));
            let muon = Muon { momentum: 0.9 };
            let mut momentum = tensor(&vec![0.0; rows * columns]);
            let mut kept = [0.0; 4];
            for s in [first, second] {
                let (direction, next) =
                    muon.direction(tensor(&composed(&u, &s, &v)), momentum, [rows, columns]).unwrap();
                momentum = next;
                kept = std::array::from_fn(|at| 0.9 * kept[at] + 0.1 * s[at]);
                let ahead: [f64; 4] = std::array::from_fn(|at| 0.9 * kept[at] + 0.1 * s[at]);
                let length = ahead.iter().map(|value| value * value).sum::<f64>().sqrt();
                let taken = ahead.map(|value| {
                    (0..5).fold(value / length, |x, _| 3.4445 * x - 4.7750 * x.powi(3) + 2.0315 * x.powi(5))
                });
                // The smallest is a few times 0.001 of the norm, and on its way.
                assert!(taken.iter().all(|value| (0.3..1.3).contains(&value.abs())), "{taken:?}");
                let size = 0.2 * (rows.max(columns) as f64).sqrt();
                let expected = composed(&u, &taken.map(|value| value * size), &v);
                let found: Vec<f32> = direction.into_data().iter().collect();
                let worst = found.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
                assert!(worst < 2e-4, "{rows} x {columns}: off by {worst:.1e}");
            }
        }
    }

    #[test]
    fn what_has_no_gradient_goes_nowhere() {
        let (direction, _) = Muon::default().direction(tensor(&[0.0; 6]), tensor(&[0.0; 6]), [2, 3]).unwrap();
        assert!(direction.into_data().iter::<f32>().all(|value| value == 0.0));
    }
}
