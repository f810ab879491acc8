use burn::tensor::{Int, Tensor, TensorData};

use super::{Codes, product};
use crate::kernels::format::{BLOCK, Format};
use crate::kernels::launch;
use crate::kernels::shader::{Buffer, Shader, part};

/// The kernel that gathers rows of a matrix in `format`.
pub fn shader(format: Format) -> Shader {
    let mut buffers = vec![Buffer { name: "wanted", element: "u32" }, Buffer { name: "words", element: "vec4<u32>" }];
    if format.scaled() {
        buffers.push(Buffer { name: "scales", element: "u32" });
    }
    buffers.push(Buffer { name: "y", element: "f32" });
    Shader {
        parts: vec![product::weights(format), part!("matrix_rows")],
        constants: vec![],
        buffers,
        sizes: &["inputs", "outputs", "offset"],
    }
}

/// Rows `wanted` of the matrix whose pieces these are; `None` where no kernel reaches.
pub fn rows(pieces: &[&Codes], wanted: &[u32]) -> Option<Tensor<2>> {
    let first = pieces.first()?;
    let device = first.words.device();
    let count = wanted.len();
    let data = TensorData::new(wanted.iter().map(|row| row.cast_signed()).collect::<Vec<i32>>(), [count]);
    let wanted = launch::words(&Tensor::<1, Int>::from_data(data, &device))?;
    let y = launch::room(&wanted, [count, first.columns]);
    let blocks = first.columns.div_ceil(BLOCK);
    let workgroups = [blocks.div_ceil(Shader::WORKGROUP as usize) as u32, count as u32, 1];
    let mut offset = 0;
    for piece in pieces {
        let (words, scales) = piece.operands()?;
        let buffers: Vec<_> = [Some(&wanted), Some(&words), scales.as_ref(), Some(&y)].into_iter().flatten().collect();
        launch::run(&shader(piece.format), &buffers, &[piece.columns, piece.rows, offset], workgroups);
        offset += piece.rows;
    }
    Some(launch::tensor(y))
}
