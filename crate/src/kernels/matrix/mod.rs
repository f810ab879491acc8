//! `y = x Wᵀ`: a weight matrix, in pieces where one binding cannot hold it.

use std::f64::consts::FRAC_1_SQRT_2;
use std::ops::Range;

use burn::backend::wgpu::CubeTensor;
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Int, Tensor, TensorData, activation};

use super::format::{Coded, Format};
use super::launch;
use super::one_pass::{self, Operand, SwiGluPass};
use super::rms_norm::RmsNorm;
use super::shader::Shader;

mod product;
mod rows;
pub(super) mod self_test;

pub use product::Product;

/// The largest binding that WebGPU guarantees, in bytes.
pub const LARGEST_BINDING: usize = 128 << 20;

/// Bytes of a piece of a matrix at most. On its way to the device a piece is in main memory, of which a browser's worker has
/// little and never gives any back: there it is no more than a shard of a pack.
const LARGEST_PIECE: usize = if cfg!(target_arch = "wasm32") { 32 << 20 } else { LARGEST_BINDING };

/// A matrix `[rows, columns]`, cut by rows into pieces that each fit into a binding.
///
/// A row is one output of a linear map, or one token of an embedding: cutting between rows changes no sum.
#[derive(Module, Debug)]
pub struct Matrix {
    pieces: Vec<Piece>,
}

/// Some rows of a matrix.
#[derive(Module, Debug)]
#[expect(clippy::large_enum_variant, reason = "a handful of them, which never move")]
enum Piece {
    /// As they are coded, for the kernels.
    Codes(Codes),
    /// As numbers, where the plain operations run: on the CPU, and in training.
    Numbers(Param<Tensor<2>>),
}

/// A [`Coded`] on a wgpu adapter.
#[derive(Module, Debug)]
pub(super) struct Codes {
    words: Tensor<1, Int>,
    /// None where the format has no scales.
    scales: Option<Tensor<1, Int>>,
    /// What is bound where there is no bias, and no z: every binding has to be filled, with a buffer of its own.
    no_bias: Tensor<1>,
    no_z: Tensor<1>,
    #[module(skip)]
    format: Format,
    rows: usize,
    columns: usize,
}

/// What becomes of x before a product.
#[derive(Debug, Clone, Copy)]
pub enum Start<'a> {
    /// It stays as it is.
    AsIs,
    /// It is normalised.
    Normed(&'a RmsNorm),
}

/// What becomes of a product `s`, its bias added, before it is written.
#[derive(Debug, Clone, Copy)]
pub enum Finish<'a> {
    /// `y = s`
    Store,
    /// `y = z + s`, z `[n, rows]`: the way round a layer.
    Add(&'a Tensor<2>),
    /// `y = silu(g) ⊙ u`, where the gates `g` and the ups `u` are the even and the odd outputs: half as wide.
    SwiGlu,
    /// `y = gelu(s)`, with the error function.
    Gelu,
}

impl Matrix {
    /// The rows of each piece of a matrix of `rows` rows of `columns` weights whose words stand in `format`.
    pub fn cut(format: Format, rows: usize, columns: usize) -> impl Iterator<Item = Range<usize>> {
        let row = (size_of::<u32>() * format.words(columns)).max(1);
        let most = LARGEST_PIECE / row;
        // Pairs of gate and up stay together.
        let most = (most - most % 2).max(1);
        (0..rows).step_by(most).map(move |start| start..rows.min(start + most))
    }

    /// Bytes that `rows` rows of `columns` weights in `format` take on `device`.
    pub fn bytes(format: Format, rows: usize, columns: usize, device: &Device) -> u64 {
        let row = match launch::reaches(device) {
            true => format.row_bytes(columns),
            false => (columns as u64).saturating_mul(size_of::<f32>() as u64),
        };
        (rows as u64).saturating_mul(row)
    }

    /// From its coded pieces, in order and as [`cut`](Self::cut), each taken when the one before is on the device. No
    /// pieces make a matrix of no rows.
    pub fn coded(pieces: impl IntoIterator<Item = Coded>, device: &Device) -> Self {
        let reached = launch::reaches(device);
        let pieces = pieces.into_iter().map(|piece| match reached {
            true => Piece::Codes(Codes::new(piece, device)),
            false => {
                let shape = [piece.rows, piece.columns];
                Piece::Numbers(Param::from_tensor(Tensor::from_data(
                    TensorData::new(piece.into_values(), shape),
                    device,
                )))
            }
        });
        Self { pieces: pieces.collect() }
    }

    /// From pieces that are numbers, in order.
    pub fn new(pieces: Vec<Tensor<2>>) -> Self {
        Self { pieces: pieces.into_iter().map(|piece| Piece::Numbers(Param::from_tensor(piece))).collect() }
    }

    /// `finish(start(x) Wᵀ + bias)`: x `[n, columns]`, bias `[rows]`.
    pub fn apply(&self, start: Start<'_>, x: Tensor<2>, bias: Option<Tensor<1>>, finish: Finish<'_>) -> Tensor<2> {
        let made = self
            .codes()
            .zip(launch::adapter(&x))
            .and_then(|(codes, adapter)| product::apply(adapter, &codes, start, &x, bias.as_ref(), finish));
        made.unwrap_or_else(|| finish.plain(self.plain(start.apply(x), bias)))
    }

    /// The pieces, where all of them are codes.
    fn codes(&self) -> Option<Vec<&Codes>> {
        let codes = self.pieces.iter().map(|piece| match piece {
            Piece::Codes(codes) => Some(codes),
            Piece::Numbers(_) => None,
        });
        codes.collect()
    }

    /// Its pieces, as parameters that can be trained; none where they are codes.
    pub fn parameters(&self) -> Vec<ParamId> {
        let ids = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Codes(_) => None,
            Piece::Numbers(numbers) => Some(numbers.id),
        });
        ids.collect()
    }

    fn numbers(&self) -> impl Iterator<Item = Tensor<2>> {
        self.pieces.iter().map(|piece| match piece {
            Piece::Codes(codes) => codes.decode(),
            Piece::Numbers(numbers) => numbers.val(),
        })
    }

    fn plain(&self, x: Tensor<2>, bias: Option<Tensor<1>>) -> Tensor<2> {
        let mut first = 0;
        let piecewise = self.numbers().map(|piece| {
            let [rows, _] = piece.dims();
            let own = bias.as_ref().map(|bias| bias.clone().narrow(0, first, rows));
            first += rows;
            one_pass::products(&x, &piece, true, own.as_ref())
        });
        let mut products: Vec<_> = piecewise.collect();
        if products.len() == 1 { products.remove(0) } else { Tensor::cat(products, 1) }
    }

    /// Some of its rows, in the order of `wanted`, each of which must be there: `[wanted.len(), columns]`.
    pub fn rows(&self, wanted: &[u32]) -> Tensor<2> {
        self.codes().and_then(|codes| rows::rows(&codes, wanted)).unwrap_or_else(|| self.plain_rows(wanted))
    }

    /// The kernel of [`rows`](Self::rows) over pieces in `format`.
    pub fn rows_shader(format: Format) -> Shader {
        rows::shader(format)
    }

    fn plain_rows(&self, wanted: &[u32]) -> Tensor<2> {
        // Piece by piece, then put in order: each piece is one binding.
        let mut found = Vec::new();
        let mut places = vec![0; wanted.len()];
        let (mut first, mut count) = (0, 0);
        for piece in self.numbers() {
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

impl Codes {
    fn new(coded: Coded, device: &Device) -> Self {
        let Coded { format, rows, columns, words, scales } = coded;
        let upload = |words: Vec<u32>| {
            let words: Vec<i32> = words.into_iter().map(u32::cast_signed).collect();
            let count = words.len();
            Tensor::from_data(TensorData::new(words, [count]), device)
        };
        let scales = (!scales.is_empty()).then(|| upload(scales));
        let nothing = || Tensor::zeros([1], device);
        Self { words: upload(words), scales, no_bias: nothing(), no_z: nothing(), format, rows, columns }
    }

    /// Words and scales, for a kernel.
    fn operands(&self) -> Option<(CubeTensor, Option<CubeTensor>)> {
        let scales = match &self.scales {
            Some(scales) => Some(launch::words(scales)?),
            None => None,
        };
        Some((launch::words(&self.words)?, scales))
    }

    /// As numbers: reads the whole piece back to the host. Never in browsers, which cannot wait for it: there x is always
    /// f32 on wgpu, which the kernels take.
    fn decode(&self) -> Tensor<2> {
        let device = self.words.device();
        let read = |words: &Tensor<1, Int>| -> Vec<u32> {
            words.clone().into_data().iter::<i32>().map(i32::cast_unsigned).collect()
        };
        let &Self { format, rows, columns, .. } = self;
        let (words, scales) = (read(&self.words), self.scales.as_ref().map(read).unwrap_or_default());
        let values = Coded { format, rows, columns, words, scales }.decode();
        Tensor::from_data(TensorData::new(values, [rows, columns]), &device)
    }
}

impl Start<'_> {
    fn apply(self, x: Tensor<2>) -> Tensor<2> {
        match self {
            Self::AsIs => x,
            Self::Normed(norm) => norm.forward(x),
        }
    }
}

impl Finish<'_> {
    fn plain(self, sums: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Store => sums,
            Self::Add(z) => z.clone() + sums,
            Self::SwiGlu => {
                let made = Operand::of(&sums).and_then(|sums| one_pass::run(SwiGluPass, [sums]));
                if let Some(made) = made {
                    return made;
                }
                let [n, outputs] = sums.dims();
                let pairs = sums.reshape([n, outputs / 2, 2]);
                let half = |index: usize| pairs.clone().narrow(2, index, 1).reshape([n, outputs / 2]);
                activation::silu(half(0)) * half(1)
            }
            // burn's own has, but on the CPU, the slope of another function: of the approximation by tanh, 1e-3 off.
            Self::Gelu => ((sums.clone() * FRAC_1_SQRT_2).erf() + 1.0) * sums * 0.5,
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
mod tests;
