//! Products and rows against sums in f64 over what the codes stand for.

use std::ops::Range;

use burn::tensor::ExecutionError;

use super::product::{self, Product};
use super::{Coded, Finish, Format, Matrix, RmsNorm, Start, rows as gather};
use crate::kernels::rms_norm;
use crate::kernels::self_test::Trial;

/// Rows of x, columns, outputs. The brief test takes the first.
const ONE_ROW: [[usize; 3]; 3] = [[1, 100, 66], [1, 32, 4], [1, 1180, 6]];

/// The same for many rows: every height of tile, tiles that are not full on either side, blocks that are not.
const MANY_ROWS: [[usize; 3]; 7] =
    [[17, 100, 70], [2, 33, 10], [7, 64, 258], [8, 96, 64], [9, 36, 300], [49, 160, 70], [143, 68, 130]];

const EPSILON: f64 = 1e-6;

/// A matrix product in all formats. Each shape and format takes the next of the finishes, and of the starts, so that all
/// meet all in time.
pub(in crate::kernels) async fn products(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    let shapes = [trial.cases(&ONE_ROW), trial.cases(&MANY_ROWS)].concat();
    for (turn, shape) in shapes.into_iter().enumerate() {
        for (format, turn) in Format::ALL.into_iter().zip(turn..) {
            let ([rows, columns, outputs], normed) = (shape, turn % 3 == 0);
            let product = Product { format, rows, outputs, normed };
            for adapter in product.variants(trial.adapters()) {
                let x: Vec<f32> = trial.numbers(rows * columns);
                let x: Vec<f32> = x.into_iter().map(|x| x / (columns as f32).sqrt()).collect();
                let (matrix, weights) = matrix(trial, format, columns, outputs);
                let bias = (turn % 8 < 4).then(|| trial.numbers(outputs));
                let z = trial.numbers(rows * outputs);
                let z_there = trial.tensor(&z, [rows, outputs]);
                let finish = match turn % 4 {
                    0 => Finish::Store,
                    1 => Finish::Add(&z_there),
                    2 => Finish::SwiGlu,
                    _ => Finish::Gelu,
                };
                let there = trial.tensor(&x, [rows, columns]);
                let gamma = trial.numbers(columns);
                let norm = RmsNorm::new(trial.tensor(&gamma, [columns]), EPSILON);
                let (start, x) = match normed {
                    true => (Start::Normed(&norm), rms_norm::normalised(&x, &gamma, EPSILON)),
                    false => (Start::AsIs, x.into_iter().map(f64::from).collect()),
                };
                let sums = sums(&x, &weights, bias.as_deref(), [rows, columns, outputs]);
                let expected = finished(finish, sums, &z);

                let bias = bias.map(|bias| trial.tensor(&bias, [outputs]));
                let codes = matrix.codes();
                let made =
                    codes.and_then(|codes| product::apply(adapter, &codes, start, &there, bias.as_ref(), finish));
                let limit = 5e-6 + product.rounding(adapter);
                trial.compare(product.kernel(adapter).0.name(), limit, made, &expected).await?;
            }
        }
    }
    Ok(())
}

/// Rows of a matrix in all formats, to the bit.
pub(in crate::kernels) async fn rows(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &(columns, count) in trial.cases(&[(100, 20), (3, 7), (32, 9), (2100, 20)]) {
        for format in Format::ALL {
            let (matrix, weights) = matrix(trial, format, columns, count);
            let wanted = [6, 0, 3, 3, 2, count as u32 - 1, 5];
            let expected: Vec<f64> = wanted
                .iter()
                .flat_map(|&row| &weights[row as usize * columns..][..columns])
                .map(|&weight| f64::from(weight))
                .collect();
            let made = matrix.codes().and_then(|codes| gather::rows(&codes, &wanted));
            trial.compare(gather::shader(format).name(), 0.0, made, &expected).await?;
        }
    }
    Ok(())
}

/// A random matrix in two pieces, and what it stands for.
fn matrix(trial: &mut Trial<'_>, format: Format, columns: usize, rows: usize) -> (Matrix, Vec<f32>) {
    let weights = trial.numbers(rows * columns);
    let cut = rows / 4 * 2;
    let piece = |rows: Range<usize>| Coded::encode(format, columns, &weights[rows.start * columns..rows.end * columns]);
    let pieces = [piece(0..cut), piece(cut..rows)];
    let decoded = pieces.iter().flat_map(Coded::decode).collect();
    (Matrix::coded(pieces.into_iter().filter(|piece| piece.rows > 0), trial.device()), decoded)
}

/// `x Wᵀ + b`
fn sums(x: &[f64], weights: &[f32], bias: Option<&[f32]>, [rows, columns, outputs]: [usize; 3]) -> Vec<f64> {
    let sum = |row: usize, output: usize| {
        let products = x[row * columns..][..columns].iter().zip(&weights[output * columns..][..columns]);
        let sum: f64 = products.map(|(&x, &weight)| x * f64::from(weight)).sum();
        sum + bias.map_or(0.0, |bias| f64::from(bias[output]))
    };
    (0..rows).flat_map(|row| (0..outputs).map(move |output| sum(row, output))).collect()
}

fn finished(finish: Finish<'_>, sums: Vec<f64>, z: &[f32]) -> Vec<f64> {
    match finish {
        Finish::Store => sums,
        Finish::Add(_) => sums.iter().zip(z).map(|(sum, &z)| f64::from(z) + sum).collect(),
        Finish::SwiGlu => sums.as_chunks::<2>().0.iter().map(|[gate, up]| gate / (1.0 + (-gate).exp()) * up).collect(),
        Finish::Gelu => sums.iter().map(|sum| 0.5 * sum * (1.0 + erf(sum / 2_f64.sqrt()))).collect(),
    }
}

/// Abramowitz & Stegun, 7.1.6: all terms have one sign, so none of them cancel.
fn erf(v: f64) -> f64 {
    if v.abs() > 6.0 {
        return v.signum();
    }
    let (mut term, mut sum) = (v, v);
    for n in 1..200 {
        term *= 2.0 * v * v / f64::from(2 * n + 1);
        sum += term;
    }
    2.0 / std::f64::consts::PI.sqrt() * (-v * v).exp() * sum
}
