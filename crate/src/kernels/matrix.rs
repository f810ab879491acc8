//! A weight matrix, in pieces where one binding cannot hold it.

use std::ops::Range;

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};

use super::format::{Coded, Format};

/// The largest binding that WebGPU guarantees, in bytes.
pub const LARGEST_BINDING: usize = 128 << 20;

/// A matrix `[rows, columns]`, cut by rows into pieces that each fit into a binding.
///
/// A row is one output of a linear map, or one token of an embedding: cutting between rows changes no sum.
#[derive(Module, Debug)]
pub struct Matrix {
    pieces: Vec<Param<Tensor<2>>>,
}

impl Matrix {
    /// The rows of each piece of a matrix of `rows` rows of `columns` weights whose words stand in `format`.
    pub fn cut(format: Format, rows: usize, columns: usize) -> impl Iterator<Item = Range<usize>> {
        let row = (size_of::<u32>() * format.words(columns)).max(1);
        let most = (LARGEST_BINDING / row).max(1);
        (0..rows).step_by(most).map(move |start| start..rows.min(start + most))
    }

    /// Bytes that `rows` rows of `columns` weights in `format` take on `device`.
    pub fn bytes(_format: Format, rows: usize, columns: usize, _device: &Device) -> u64 {
        // As `coded` leaves them.
        (rows as u64).saturating_mul(columns as u64).saturating_mul(size_of::<f32>() as u64)
    }

    /// From its coded pieces, in order and as [`cut`](Self::cut), each taken when the one before is on the device. No
    /// pieces make a matrix of no rows.
    pub fn coded(pieces: impl IntoIterator<Item = Coded>, device: &Device) -> Self {
        let decoded = pieces.into_iter().map(|piece| {
            let shape = [piece.rows, piece.columns];
            Tensor::from_data(TensorData::new(piece.decode(), shape), device)
        });
        Self::new(decoded.collect())
    }

    /// From its pieces, in order.
    pub fn new(pieces: Vec<Tensor<2>>) -> Self {
        Self { pieces: pieces.into_iter().map(Param::from_tensor).collect() }
    }

    /// `x Wᵀ`: `[n, columns]` → `[n, rows]`.
    pub fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let product = |piece: &Param<Tensor<2>>| x.clone().matmul(piece.val().transpose());
        match self.pieces.as_slice() {
            [whole] => product(whole),
            pieces => Tensor::cat(pieces.iter().map(product).collect(), 1),
        }
    }

    /// Some of its rows, in the order of `wanted`, each of which must be there: `[wanted.len(), columns]`.
    pub fn rows(&self, wanted: &[u32]) -> Tensor<2> {
        // Piece by piece, then put in order: each piece is one binding.
        let mut found = Vec::new();
        let mut places = vec![0; wanted.len()];
        let (mut first, mut count) = (0, 0);
        for piece in &self.pieces {
            let piece = piece.val();
            let own = first..first + piece.dims()[0];
            let mut inside = Vec::new();
            for (place, &row) in places.iter_mut().zip(wanted) {
                if own.contains(&(row as usize)) {
                    *place = count + inside.len();
                    inside.push(row as usize - own.start);
                }
            }
            count += inside.len();
            if !inside.is_empty() {
                found.push(select(piece, &inside));
            }
            first = own.end;
        }
        match found.len() {
            1 => found.remove(0),
            _ => select(Tensor::cat(found, 0), &places),
        }
    }
}

fn select(matrix: Tensor<2>, rows: &[usize]) -> Tensor<2> {
    let device = matrix.device();
    let rows: Vec<i32> = rows.iter().map(|&row| row as i32).collect();
    let count = rows.len();
    matrix.select(0, Tensor::<1, Int>::from_data(TensorData::new(rows, [count]), &device))
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    #[test]
    fn pieces_make_the_whole() {
        let device = Device::flex();
        let whole = Tensor::<2>::random([7, 4], Distribution::Default, &device);
        let cut = [0..3, 3..4, 4..7].map(|rows| whole.clone().slice([rows]));
        let (pieces, whole) = (Matrix::new(cut.to_vec()), Matrix::new(vec![whole]));
        let x = Tensor::<2>::random([5, 4], Distribution::Default, &device);
        assert_eq!(pieces.apply(x.clone()).to_data(), whole.apply(x).to_data());
        for wanted in [vec![6, 0, 3, 3, 2, 5], vec![1], vec![4, 6, 5], vec![3]] {
            assert_eq!(pieces.rows(&wanted).to_data(), whole.rows(&wanted).to_data());
        }
    }

    #[test]
    fn coded_pieces_make_what_they_decode_to() {
        let device = Device::flex();
        let values: Vec<f32> = (0..7 * 40).map(|i| ((i * 37) % 101) as f32 / 50.0 - 1.0).collect();
        let x = Tensor::<2>::random([5, 40], Distribution::Default, &device);
        for format in Format::ALL {
            let coded = Coded::encode(format, 40, &values);
            let whole = Tensor::<2>::from_data(TensorData::new(coded.decode(), [7, 40]), &device);
            let pieces = [0..3, 3..7].map(|rows| Coded::encode(format, 40, &values[40 * rows.start..40 * rows.end]));
            let (coded, whole) = (Matrix::coded(pieces, &device), Matrix::new(vec![whole]));
            assert_eq!(coded.apply(x.clone()).to_data(), whole.apply(x.clone()).to_data(), "{}", format.name());
            assert_eq!(coded.rows(&[6, 0, 3]).to_data(), whole.rows(&[6, 0, 3]).to_data(), "{}", format.name());
        }
    }

    #[test]
    fn every_piece_of_the_real_models_fits_a_binding() {
        for (rows, columns) in [(151_936, 2048), (152_064, 3584), (18_944, 3584), (11_008, 2048), (1280, 3420)] {
            for format in Format::ALL {
                let pieces: Vec<_> = Matrix::cut(format, rows, columns).collect();
                let fits = |piece: &Range<usize>| piece.len() * format.words(columns) * 4 <= LARGEST_BINDING;
                assert!(pieces.iter().all(fits), "{rows}×{columns} in {}", format.name());
                assert_eq!(pieces.iter().map(Range::len).sum::<usize>(), rows);
            }
        }
    }
}
