use burn::tensor::{Device, Distribution, Tensor};

use super::Work;
use super::random::Random;
use crate::kernels::format::Format;
use crate::kernels::matrix::{Finish, Matrix, Start};

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

/// Every shape in every format, for one row and for a round's.
pub(super) fn works(device: &Device) -> impl Iterator<Item = Work<'_>> {
    let formats = [Format::Q4, Format::Q8, Format::F16];
    let each = SHAPES.into_iter().flat_map(move |shape| formats.map(|format| (shape, format)));
    each.flat_map(move |([inputs, outputs], format)| {
        let matrix = Matrix::coded([Random::coded(format, outputs, inputs)], device);
        ROWS.map(|rows| {
            let x = Tensor::<2>::random([rows, inputs], Distribution::Uniform(-1.0, 1.0), device);
            let weights = (inputs * outputs) as f64;
            let activations = (4 * rows * (inputs + outputs)) as f64;
            let matrix = matrix.clone();
            Work {
                operation: "product",
                shape: format!("{inputs}×{outputs}"),
                rows,
                format: format.name(),
                flops: 2.0 * rows as f64 * weights,
                bytes: outputs as f64 * format.row_bytes(inputs) as f64 + activations,
                unpacked: (format == Format::Q4 && rows == 1).then_some(weights),
                run: Box::new(move || drop(matrix.apply(Start::AsIs, x.clone(), None, Finish::Store))),
            }
        })
    })
}
