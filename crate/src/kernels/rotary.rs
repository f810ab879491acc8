//! Rotary position embedding, Su et al., arXiv 2104.09864, in the `rotate_half` layout of `transformers`:
//! feature `i` of a head turns together with feature `i + d/2`.
//!
//! ```text
//! y[i]       = x[i] · cos θ_i − x[i + d/2] · sin θ_i
//! y[i + d/2] = x[i + d/2] · cos θ_i + x[i] · sin θ_i
//! ```

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Cosines and sines of whole positions, made on the host: a GPU's own `cos` is too coarse for large angles.
#[derive(Debug, Clone)]
pub struct RotaryTable {
    cos: Tensor<2>,
    sin: Tensor<2>,
    sections: Vec<usize>,
}

/// The rotation of a set of rows: cosines and sines, `[rows, d/2]` each.
#[derive(Debug, Clone)]
pub struct Rotation {
    cos: Tensor<2>,
    sin: Tensor<2>,
}

impl RotaryTable {
    /// Angles `position · theta^(−i / frequencies)` for `positions` positions.
    ///
    /// `sections` says how many of the frequencies follow each position axis, in order; a plain rotary embedding
    /// has one section, M-RoPE three (time, height, width), and the vision transformer twice the whole list.
    pub fn new(theta: f64, frequencies: usize, sections: Vec<usize>, positions: usize, device: &Device) -> Self {
        // In f32 throughout, as the models were trained: at large positions a more exact frequency is another angle.
        let inverse: Vec<f32> =
            (0..frequencies).map(|i| 1.0 / (theta as f32).powf(i as f32 / frequencies as f32)).collect();
        let angles = || (0..positions).flat_map(|p| inverse.iter().map(move |inverse| p as f32 * inverse));
        let table = |values: Vec<f32>| Tensor::from_data(TensorData::new(values, [positions, frequencies]), device);
        Self { cos: table(angles().map(f32::cos).collect()), sin: table(angles().map(f32::sin).collect()), sections }
    }

    /// The rotation of rows whose positions on each axis are `positions[axis]`, `[rows]` each.
    ///
    /// A section takes the frequencies that follow those of the sections before it, and starts again at the first
    /// when they are used up.
    pub fn rotation(&self, positions: &[Tensor<1, Int>]) -> Rotation {
        let gather = |table: &Tensor<2>| {
            let frequencies = table.dims()[1];
            let mut start = 0;
            let parts = self
                .sections
                .iter()
                .zip(positions)
                .filter(|(length, _)| **length > 0)
                .map(|(&length, positions)| {
                    let part = table.clone().narrow(1, start % frequencies, length);
                    start += length;
                    part.select(0, positions.clone())
                })
                .collect();
            Tensor::cat(parts, 1)
        };
        Rotation { cos: gather(&self.cos), sin: gather(&self.sin) }
    }
}

impl Rotation {
    /// The rotation of some of the rows, by index.
    pub fn select(&self, rows: Tensor<1, Int>) -> Self {
        Self { cos: self.cos.clone().select(0, rows.clone()), sin: self.sin.clone().select(0, rows) }
    }

    /// Rotates every head of `x` `[rows, heads, d]`.
    pub fn apply(&self, x: Tensor<3>) -> Tensor<3> {
        let half = x.dims()[2] / 2;
        let first = x.clone().narrow(2, 0, half);
        let second = x.narrow(2, half, half);
        let cos = self.cos.clone().unsqueeze_dim(1);
        let sin = self.sin.clone().unsqueeze_dim(1);
        Tensor::cat(vec![first.clone() * cos.clone() - second.clone() * sin.clone(), second * cos + first * sin], 2)
    }
}
