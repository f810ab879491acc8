use std::borrow::Cow;
use std::ops::Range;

use burn::tensor::Device;

use super::{Checkpoint, Files, Pack, Part, WeightsError};
use crate::kernels::format::{Coded, Format};
use crate::kernels::matrix::Matrix;

/// The tensors of a model where they are stored.
///
/// What has two axes is the matrix of a linear map, or of the embedding or the head, and comes in
/// [`format`](Self::format). Everything else comes in f32, because it is small and every row passes through it: norms,
/// biases, and the convolution over patches, which is the first thing that touches a pixel.
pub trait TensorStore {
    /// The format in which matrices come.
    fn format(&self) -> Format;

    /// Everything that is stored, by name.
    fn tensors(&self) -> Box<dyn Iterator<Item = StoredTensor<'_>> + '_>;

    /// Makes sure that `tensor` of `part` is stored and has `shape`, and says under which name.
    ///
    /// # Errors
    ///
    /// It is missing, or of another shape.
    fn check(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<Cow<'_, str>, WeightsError>;

    /// A small tensor, checked for NaN and infinities.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check); it is broken, or cannot be read.
    fn numbers(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<Read, WeightsError>;

    /// A matrix `[rows, columns]` in the pieces of [`Matrix::cut`], each read when it is asked for; nothing follows an
    /// error.
    fn matrix<'a>(&'a self, part: Part, tensor: &'a str, shape: [usize; 2]) -> Pieces<'a>;

    /// Bytes of everything, as stored.
    fn bytes(&self) -> u64 {
        self.tensors().map(|tensor| tensor.bytes).sum()
    }

    /// Bytes of everything on `device`.
    fn device_bytes(&self, device: &Device) -> u64 {
        let format = self.format();
        let bytes = self.tensors().map(|tensor| match *tensor.shape {
            [rows, columns] => Matrix::bytes(format, rows, columns, device),
            _ => tensor.parameters().saturating_mul(size_of::<f32>() as u64),
        });
        bytes.fold(0, u64::saturating_add)
    }
}

/// A tensor as it was read.
#[derive(Debug)]
pub struct Read {
    /// Its numbers, row by row.
    pub values: Vec<f32>,
    /// Their size as stored.
    pub bytes: u64,
}

/// A matrix on its way.
pub type Pieces<'a> = Box<dyn Iterator<Item = Result<Piece, WeightsError>> + 'a>;

/// Some rows of a matrix.
#[derive(Debug)]
pub struct Piece {
    /// The rows.
    pub coded: Coded,
    /// Their size as stored.
    pub bytes: u64,
}

/// What a store says of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTensor<'a> {
    /// Its name there.
    pub name: &'a str,
    /// Its shape.
    pub shape: &'a [usize],
    /// What its numbers are stored as: `bf16`, `q4`.
    pub format: String,
    /// Its size there.
    pub bytes: u64,
}

impl StoredTensor<'_> {
    /// How many numbers it holds.
    pub fn parameters(&self) -> u64 {
        self.shape.iter().fold(1, |product, &side| product.saturating_mul(side as u64))
    }
}

/// Opens what `files` hold: a pack, or a checkpoint whose matrices get the format `wanted` as they are read, f32 if none
/// is.
///
/// # Errors
///
/// As [`Pack::open`] and [`Checkpoint::open`]; [`WeightsError::PackFormat`] where a pack holds another format than is
/// wanted: what it has lost cannot come back.
pub fn open<'a>(files: &'a dyn Files, wanted: Option<Format>) -> Result<Box<dyn TensorStore + 'a>, WeightsError> {
    match (Pack::open(files)?, wanted) {
        (Some(pack), Some(wanted)) if wanted != pack.format() => {
            Err(WeightsError::PackFormat { place: files.place(), held: pack.format().name(), wanted: wanted.name() })
        }
        (Some(pack), _) => Ok(Box::new(pack)),
        (None, wanted) => Ok(Box::new(Checkpoint::open(files)?.in_format(wanted.unwrap_or_default()))),
    }
}

/// Memory for `coded` to hold `rows` rows, or an error where there is none.
pub(super) fn reserve(coded: &mut Coded, rows: Range<usize>, name: &str) -> Result<(), WeightsError> {
    let words = rows.len() * coded.format.words(coded.columns);
    let scales = rows.len() * coded.format.scale_words(coded.columns);
    let reserved = coded.words.try_reserve_exact(words).and_then(|()| coded.scales.try_reserve_exact(scales));
    let out_of_memory = std::io::ErrorKind::OutOfMemory.into();
    reserved.map_err(|_| WeightsError::Read { file: name.to_owned(), source: out_of_memory })
}
