//! Which kernel makes a product, and how it is called.

use burn::tensor::Tensor;
use burn::tensor::ops::PadMode;

use super::{Codes, Finish, Start};
use crate::kernels::Adapter;
use crate::kernels::format::Format;
use crate::kernels::launch;
use crate::kernels::shader::{Buffer, Part, Shader, part};

/// What a product is, as far as its kernel goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Product {
    /// How the weights stand.
    pub format: Format,
    /// Rows of x.
    pub rows: usize,
    /// Outputs of one piece of the matrix.
    pub outputs: usize,
    /// Whether x is normalised first.
    pub normed: bool,
}

impl Product {
    /// Whether the kernel normalises x itself: every workgroup adds up the squares of its rows as it reads them. On a
    /// software adapter reading γ anew would cost more than a kernel of its own.
    pub fn normalises(&self, adapter: Adapter) -> bool {
        self.normed && !adapter.software
    }

    /// Whether the kernel keeps decoded weights as f16.
    fn halves(&self, adapter: Adapter) -> bool {
        adapter.half && !adapter.software && self.rows > 1 && self.format != Format::F32
    }

    /// How far sums may be off beside what f32 rounds, in parts of the largest: where a code times its scale is rounded to
    /// f16, by 2⁻¹² of a weight at most. Weights that are f16 stay what they are.
    pub fn rounding(&self, adapter: Adapter) -> f64 {
        if self.halves(adapter) && self.format != Format::F16 { 2_f64.powi(-11) } else { 0.0 }
    }

    /// The adapters among `adapters` that differ in the kernel for it.
    pub fn variants(&self, mut adapters: Vec<Adapter>) -> Vec<Adapter> {
        let mut kernels = Vec::new();
        adapters.retain(|&adapter| {
            let (kernel, _) = self.kernel(adapter);
            let new = !kernels.contains(&kernel);
            kernels.push(kernel);
            new
        });
        adapters
    }

    /// The kernel for it on `adapter`, and how many workgroups it takes.
    pub fn kernel(&self, adapter: Adapter) -> (Shader, [u32; 3]) {
        let rows = self.rows as u32;
        let outputs = self.outputs as u32;
        let normalises = self.normalises(adapter);
        let inputs = if normalises { part!("inputs/normed") } else { part!("inputs/plain") };
        let (design, constants, workgroups) = match (rows, adapter.software) {
            (1, true) => {
                let columns = 4;
                let across = outputs.div_ceil(columns * Shader::WORKGROUP);
                let design = vec![spread(adapter), part!("block_sum"), part!("matrix_vector_lanes")];
                (design, vec![("COLUMNS", columns)], [across, 1, 1])
            }
            (1, false) => {
                // A thread holds a block of x and one of weights: as many outputs as leave room for enough waves.
                let columns = if matches!(self.format, Format::F32 | Format::F16) { 2 } else { 4 };
                let workgroups = launch::in_rows(outputs.div_ceil(columns) as usize);
                (vec![part!("block_sum"), inputs, part!("matrix_vector")], vec![("COLUMNS", columns)], workgroups)
            }
            (_, true) => {
                let (columns, eights) = (4, if self.format == Format::Q4 || rows <= 8 { 1 } else { 2 });
                let workgroups = [outputs.div_ceil(columns * Shader::WORKGROUP), rows.div_ceil(8 * eights), 1];
                let design = vec![spread(adapter), part!("matrix_matrix_lanes")];
                (design, vec![("COLUMNS", columns), ("EIGHTS", eights)], workgroups)
            }
            (_, false) => {
                let quads = quads(rows);
                let workgroups = [outputs.div_ceil(64), rows.div_ceil(16 * quads), 1];
                // Less workgroup memory lets half as many workgroups more run at once.
                let tiles = if self.halves(adapter) { part!("tiles/half") } else { part!("tiles/full") };
                let design = vec![tiles, inputs, part!("matrix_matrix_tiles")];
                (design, vec![("COLUMNS", 4), ("QUADS", quads)], workgroups)
            }
        };
        let parts = [vec![weights(self.format), part!("finish")], design].concat();
        let sizes = &["rows", "inputs", "outputs", "offset", "width", "biased", "finish", "epsilon"];
        (Shader { parts, constants, buffers: self.buffers(normalises), sizes }, workgroups)
    }

    fn buffers(&self, normalises: bool) -> Vec<Buffer> {
        let mut buffers = vec![
            Buffer { name: "x", element: "vec4<f32>" },
            Buffer { name: "gamma", element: "vec4<f32>" },
            Buffer { name: "words", element: "vec4<u32>" },
            Buffer { name: "scales", element: "u32" },
            Buffer { name: "bias", element: "f32" },
            Buffer { name: "z", element: "f32" },
            Buffer { name: "y", element: "f32" },
        ];
        buffers.retain(|buffer| match buffer.name {
            "gamma" => normalises,
            "scales" => self.format.scaled(),
            _ => true,
        });
        buffers
    }
}

/// How the weights of a format are read.
pub fn weights(format: Format) -> Part {
    match format {
        Format::F32 => part!("weights/f32"),
        Format::F16 => part!("weights/f16"),
        Format::Q8 => part!("weights/q8"),
        Format::Q4 => part!("weights/q4"),
    }
}

/// How lanes share the rows of x.
fn spread(adapter: Adapter) -> Part {
    if adapter.subgroup >= 8 { part!("rows/subgroup") } else { part!("rows/reload") }
}

/// The height of a tile, in sixteens of rows: the one that leaves the fewest rows over, the tallest among equals.
fn quads(rows: u32) -> u32 {
    (1..=4).rev().min_by_key(|quads| rows.next_multiple_of(16 * quads)).unwrap_or(4)
}

/// `finish(start(x) Wᵀ + bias)` over the pieces of one matrix, as `adapter` does it best; `None` where no kernel reaches.
pub fn apply(
    adapter: Adapter,
    pieces: &[&Codes],
    start: Start<'_>,
    x: &Tensor<2>,
    bias: Option<&Tensor<1>>,
    finish: Finish<'_>,
) -> Option<Tensor<2>> {
    let [rows, columns] = x.dims();
    let product = |piece: &Codes| Product {
        format: piece.format,
        rows,
        outputs: piece.rows,
        normed: matches!(start, Start::Normed(_)) && columns.is_multiple_of(4),
    };
    let (norm, x) = match start {
        Start::Normed(norm) if pieces.iter().all(|piece| product(piece).normalises(adapter)) => (Some(norm), x.clone()),
        _ => (None, start.apply(x.clone())),
    };
    // Vectors of four; where the last is not full, zeros join weights that are zero.
    let x = match columns % 4 {
        0 => x,
        over => x.pad((0, 4 - over, 0, 0), PadMode::Constant(0.0)),
    };
    let inputs = x.dims()[1];
    let (gamma, epsilon) = match norm {
        Some(norm) => norm.operands().map(|(gamma, epsilon)| (Some(gamma), epsilon))?,
        None => (None, 0),
    };
    let width = pieces.iter().map(|piece| piece.rows).sum();
    let x = launch::numbers(&x)?;
    let bias = match bias {
        Some(bias) => Some(launch::numbers(bias)?),
        None => None,
    };
    // As finish.wgsl counts them, and how wide what they leave is.
    let (finish, z, left) = match finish {
        Finish::Store => (0, None, width),
        Finish::Add(z) => (1, Some(launch::numbers(z)?), width),
        Finish::SwiGlu => (2, None, width / 2),
        Finish::Gelu => (3, None, width),
    };
    let y = launch::room(&x, [rows, left]);
    let mut offset = 0;
    for piece in pieces {
        let (words, scales) = piece.operands()?;
        let (no_bias, no_z) = (launch::numbers(&piece.no_bias)?, launch::numbers(&piece.no_z)?);
        let (shader, workgroups) = product(piece).kernel(adapter);
        let mut buffers = vec![&x];
        buffers.extend(&gamma);
        buffers.push(&words);
        buffers.extend(&scales);
        buffers.extend([bias.as_ref().unwrap_or(&no_bias), z.as_ref().unwrap_or(&no_z), &y]);
        let sizes = [rows, inputs, piece.rows, offset, width, usize::from(bias.is_some()), finish, epsilon];
        launch::run(&shader, &buffers, &sizes, workgroups);
        offset += piece.rows;
    }
    Some(launch::tensor(y))
}
