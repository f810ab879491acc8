use burn::tensor::{Device, Tensor, TensorData};
use std::borrow::Cow;

use crate::kernels::format::{Coded, Format};
use crate::kernels::matrix::Matrix;
use crate::weights::{Part, Piece, Pieces, Read, StoredTensor, TensorStore, WeightsError};

/// Weights of any shape, made up as they are asked for: speed does not depend on what they say.
#[derive(Debug)]
pub(super) struct Random(pub Format);

/// Rows that differ; the others repeat them.
const ROWS: usize = 61;

impl Random {
    /// `rows` rows of `columns` weights around zero, about as large as those of a trained model.
    pub fn coded(format: Format, rows: usize, columns: usize) -> Coded {
        let spread = (columns as f32).sqrt().recip();
        let mut numbers = numbers().map(|number| number * spread);
        let mut some = Coded { format, rows, columns, words: Vec::new(), scales: Vec::new() };
        for _ in 0..ROWS.min(rows) {
            let row = Coded::encode(format, columns, &numbers.by_ref().take(columns).collect::<Vec<_>>());
            some.words.extend(row.words);
            some.scales.extend(row.scales);
        }
        let repeat = |words: &[u32], row: usize| words.iter().copied().cycle().take(rows * row).collect();
        Coded {
            words: repeat(&some.words, format.words(columns)),
            scales: repeat(&some.scales, format.scale_words(columns)),
            ..some
        }
    }

    /// The same in the pieces that a matrix is made of.
    pub fn pieces(format: Format, rows: usize, columns: usize) -> impl Iterator<Item = Coded> {
        Matrix::cut(format, rows, columns).map(move |piece| Self::coded(format, piece.len(), columns))
    }
}

/// Numbers between −1 and 1, the same ones every time.
pub(super) fn numbers() -> impl Iterator<Item = f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    })
}

/// A tensor of them, `[rows, columns]`.
pub(super) fn tensor([rows, columns]: [usize; 2], device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(numbers().take(rows * columns).collect::<Vec<_>>(), [rows, columns]), device)
}

impl TensorStore for Random {
    fn format(&self) -> Format {
        self.0
    }

    fn tensors(&self) -> Box<dyn Iterator<Item = StoredTensor<'_>> + '_> {
        Box::new(std::iter::empty())
    }

    fn check(&self, _: Part, _: &str, _: &[usize]) -> Result<Cow<'_, str>, WeightsError> {
        Ok(Cow::Borrowed("made up"))
    }

    fn numbers(&self, _: Part, _: &str, shape: &[usize]) -> Result<Read, WeightsError> {
        let [rows, columns] = [shape[0], shape[1..].iter().product()];
        let values = Self::coded(Format::F32, rows, columns).into_values();
        Ok(Read { values, bytes: 0 })
    }

    fn matrix<'a>(&'a self, _: Part, _: &'a str, [rows, columns]: [usize; 2]) -> Pieces<'a> {
        Box::new(Self::pieces(self.0, rows, columns).map(|coded| Ok(Piece { coded, bytes: 0 })))
    }
}
