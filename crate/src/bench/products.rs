use burn::tensor::{Device, Tensor, TensorData};

use super::random::{self, Random};
use super::{Scope, SizeError, Work};
use crate::device::Room;
use crate::kernels::format::Format;
use crate::kernels::launch::{self, MOST_WORKGROUPS};
use crate::kernels::matrix::{Finish, LARGEST_BINDING, Matrix, Product, Start};

/// Inputs and outputs of the 3B model's maps: the decoder's feed-forward network, queries with keys and values, the way
/// out of attention; and the same of the vision part.
const SHAPES: [[usize; 2]; 8] = [
    [2048, 22_016],
    [11_008, 2048],
    [2048, 2560],
    [2048, 2048],
    [1280, 6840],
    [3420, 1280],
    [1280, 3840],
    [1280, 1280],
];

/// Rows of a round's prefill, and of a token's decoding.
pub(super) const ROWS: [usize; 2] = [1, 143];

const FORMATS: [Format; 3] = [Format::Q4, Format::Q8, Format::F16];

/// What is measured: every shape in every format, or the smallest in q4.
fn chosen(scope: Scope) -> (&'static [[usize; 2]], &'static [Format]) {
    match scope {
        Scope::Whole => (&SHAPES, &FORMATS),
        Scope::Brief => (&SHAPES[SHAPES.len() - 1..], &FORMATS[..1]),
    }
}

/// How many [`works`] there are.
pub(super) fn count(scope: Scope) -> usize {
    let (shapes, formats) = chosen(scope);
    shapes.len() * formats.len() * ROWS.len()
}

/// Each for one row and for a round's.
pub(super) fn works(scope: Scope, device: &Device) -> impl Iterator<Item = Work> {
    let (shapes, formats) = chosen(scope);
    let each = shapes.iter().flat_map(move |&shape| formats.iter().map(move |&format| (shape, format)));
    each.flat_map(move |([inputs, outputs], format)| {
        let matrix = Matrix::coded(Random::pieces(format, outputs, inputs), device);
        ROWS.map(|rows| {
            let product = MatMul { matrix: matrix.clone(), x: random::tensor([rows, inputs], device), format, outputs };
            let weights = (inputs * outputs) as f64;
            let activations = (4 * rows * (inputs + outputs)) as f64;
            Work {
                operation: "product",
                shape: format!("{inputs}×{outputs}"),
                rows,
                format: format.name(),
                flops: 2.0 * rows as f64 * weights,
                bytes: outputs as f64 * format.row_bytes(inputs) as f64 + activations,
                unpacked: (format == Format::Q4 && rows == 1).then_some(weights),
                run: Box::new(move || drop(product.run())),
            }
        })
    })
}

/// A product by itself, `x Wᵀ`, as the model makes it: x `[rows, inputs]`, W `[outputs, inputs]`, both made up, and the
/// same ones every time.
#[derive(Debug)]
pub struct MatMul {
    matrix: Matrix,
    x: Tensor<2>,
    format: Format,
    outputs: usize,
}

impl MatMul {
    /// Of `sizes`, rows, inputs and outputs, with weights in `format`; x is as given, row by row, or made up.
    ///
    /// # Errors
    ///
    /// Sizes that cannot be on `device`, or an x of another size.
    pub fn new(sizes: [usize; 3], format: Format, x: Option<Vec<f32>>, device: &Device) -> Result<Self, SizeError> {
        Self::check(sizes, format, device)?;
        let [rows, inputs, outputs] = sizes;
        let x = match x {
            Some(x) if x.len() != rows * inputs => {
                let (is, wanted) = (x.len(), rows * inputs);
                return Err(SizeError::Impossible(format!("x has {is} numbers, and not {rows} × {inputs} = {wanted}")));
            }
            Some(x) => Tensor::from_data(TensorData::new(x, [rows, inputs]), device),
            None => random::tensor([rows, inputs], device),
        };
        let matrix = Matrix::coded(Random::pieces(format, outputs, inputs), device);
        Ok(Self { matrix, x, format, outputs })
    }

    /// Enqueues it, and gives back what it will have made: `[rows, outputs]`.
    pub fn run(&self) -> Tensor<2> {
        self.matrix.apply(Start::AsIs, self.x.clone(), None, Finish::Store)
    }

    /// W as the numbers that its codes stand for, `[outputs, inputs]`, row by row.
    ///
    /// # Errors
    ///
    /// They are too many to be had at once.
    pub fn weights(&self) -> Result<Vec<f32>, SizeError> {
        let [_, inputs] = self.x.dims();
        let bytes = 4 * self.outputs as u64 * inputs as u64;
        if bytes > MOST_AT_ONCE {
            return Err(SizeError::NoRoom { bytes, most: MOST_AT_ONCE });
        }
        Ok(Random::pieces(self.format, self.outputs, inputs).flat_map(|piece| piece.decode()).collect())
    }

    /// Whether there can be one of `sizes`, rows, inputs and outputs, on `device`.
    ///
    /// # Errors
    ///
    /// Why not.
    pub fn check(sizes: [usize; 3], format: Format, device: &Device) -> Result<(), SizeError> {
        let [rows, inputs, outputs] = sizes;
        if [rows, inputs, outputs].contains(&0) {
            return Err(SizeError::Impossible("a product has a row, an input and an output at least".to_owned()));
        }
        let bytes = |rows: usize, columns: usize| (rows as u64).saturating_mul(columns as u64).saturating_mul(4);
        let room = Room::on(device);
        // Before anything else is made of sizes that may be enormous.
        SizeError::check(&room, [bytes(rows, inputs), bytes(rows, outputs)], [])?;
        let row = format.row_bytes(inputs);
        SizeError::check(&room, [row], [])?;
        let matrix = (outputs as u64).saturating_mul(row);
        SizeError::check(
            &room,
            [matrix.min(LARGEST_BINDING as u64)],
            [matrix, bytes(rows, inputs), bytes(rows, outputs)],
        )?;
        let Some(adapter) = launch::adapter_of(device) else { return Ok(()) };
        let piece = Matrix::cut(format, outputs, inputs).next().map_or(0, |piece| piece.len());
        let (_, workgroups) = Product { format, rows, outputs: piece, normed: false }.kernel(adapter);
        match workgroups.iter().all(|&count| count <= MOST_WORKGROUPS) {
            true => Ok(()),
            false => {
                Err(SizeError::Impossible(format!("WebGPU runs no more than {MOST_WORKGROUPS} workgroups in a row")))
            }
        }
    }
}

/// Bytes of weights that are given back as numbers.
const MOST_AT_ONCE: u64 = 256 << 20;
