//! Rotary position embedding, Su et al., arXiv 2104.09864, in the `rotate_half` layout of `transformers`:
//! feature `i` of a head turns together with feature `i + d/2`.
//!
//! ```text
//! y[i]       = x[i] · cos θ_i − x[i + d/2] · sin θ_i
//! y[i + d/2] = x[i + d/2] · cos θ_i + x[i] · sin θ_i
//! ```

use burn::backend::wgpu::CubeTensor;
use burn::tensor::{Device, ExecutionError, Int, Tensor, TensorData};

use super::append::Places;
use super::launch;
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// Cosines and sines of whole positions, made on the host: a GPU's own `cos` is too coarse for large angles.
#[derive(Debug, Clone)]
pub struct RotaryTable {
    cos: Tensor<2>,
    sin: Tensor<2>,
    sections: Vec<usize>,
}

/// The rotation of a set of rows, `[rows, d]`: cosines of the `d/2` frequencies, then their sines.
#[derive(Debug, Clone)]
pub struct Rotation {
    turns: Tensor<2>,
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
        let mut start = 0;
        let mut sections = Vec::new();
        for (&length, positions) in self.sections.iter().zip(positions).filter(|(length, _)| **length > 0) {
            sections.push((start, length, positions));
            start += length;
        }
        let gather = |table: &Tensor<2>| -> Vec<Tensor<2>> {
            let frequencies = table.dims()[1];
            let section = |&(start, length, positions): &(usize, usize, &Tensor<1, Int>)| {
                table.clone().narrow(1, start % frequencies, length).select(0, positions.clone())
            };
            sections.iter().map(section).collect()
        };
        let parts: Vec<_> = [&self.cos, &self.sin].into_iter().flat_map(gather).collect();
        Rotation { turns: Tensor::cat(parts, 1) }
    }
}

impl Rotation {
    /// From cosines and sines as they stand in it.
    pub(super) fn given(turns: Tensor<2>) -> Self {
        Self { turns }
    }

    /// The rotation of some of the rows, by index.
    pub fn select(&self, rows: Tensor<1, Int>) -> Self {
        Self { turns: self.turns.clone().select(0, rows) }
    }

    /// Rotates every head of `x` `[rows, heads, d]`.
    pub fn apply(&self, x: Tensor<3>) -> Tensor<3> {
        let half = x.dims()[2] / 2;
        let first = x.clone().narrow(2, 0, half);
        let second = x.narrow(2, half, half);
        let part = |start: usize| self.turns.clone().narrow(1, start, half).unsqueeze_dim(1);
        let (cos, sin) = (part(0), part(half));
        Tensor::cat(vec![first.clone() * cos.clone() - second.clone() * sin.clone(), second * cos + first * sin], 2)
    }

    /// The same on another device.
    #[cfg(test)]
    pub(super) fn to_device(&self, device: &Device) -> Self {
        Self { turns: self.turns.clone().to_device(device) }
    }

    /// For a kernel; `None` where no kernel reaches.
    pub(super) fn operand(&self) -> Option<CubeTensor> {
        launch::numbers(&self.turns)
    }
}

/// The kernel for heads of `size` features. `listed`: each row's turn is that of a slot of its own. `scores`: the rows
/// are queries, scaled so that 2 to the power of their products is what a softmax adds up.
pub fn shader(size: usize, listed: bool, scores: bool) -> Shader {
    let quads = |name| Buffer { name, element: "vec4<f32>" };
    let mut buffers = vec![quads("x"), quads("turns")];
    if listed {
        buffers.push(Buffer { name: "places", element: "u32" });
    }
    buffers.push(quads("y"));
    Shader {
        parts: vec![if listed { part!("place/listed") } else { part!("place/same") }, part!("rotary")],
        constants: vec![("D", size as u32), ("SCORES", u32::from(scores))],
        buffers,
        sizes: &["rows", "heads", "stride", "start"],
    }
}

/// Rows of heads of `size` features, turned: from rows of `stride` quads, whose heads begin at `start`, to `[rows, heads ·
/// size]`. Row `r` turns as slot `places[r]`, or as slot `r`. `size` is a multiple of eight.
pub(super) fn turn(
    x: &CubeTensor,
    [rows, heads, size]: [usize; 3],
    [stride, start]: [usize; 2],
    turns: &CubeTensor,
    places: Option<&CubeTensor>,
    scores: bool,
) -> CubeTensor {
    let y = launch::room(x, [rows, heads * size]);
    let buffers: Vec<_> = [Some(x), Some(turns), places, Some(&y)].into_iter().flatten().collect();
    let workgroups = launch::spread(rows * heads * size / 8);
    launch::run(&shader(size, places.is_some(), scores), &buffers, &[rows, heads, stride, start], workgroups);
    y
}

/// A head, turned by what stands in a row of a [`Rotation`], on the host.
pub(super) fn turned(x: &[f32], turn: &[f32]) -> Vec<f64> {
    let half = x.len() / 2;
    let number = |i: usize| f64::from(x[i]);
    let (cos, sin) = (|i: usize| f64::from(turn[i]), |i: usize| f64::from(turn[i + half]));
    let low = (0..half).map(|i| number(i) * cos(i) - number(i + half) * sin(i));
    low.chain((0..half).map(|i| number(i + half) * cos(i) + number(i) * sin(i))).collect()
}

/// The kernel on the device of `trial`.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &(rows, heads, size) in trial.cases(&[(5, 3, 24), (70, 2, 128), (1, 1, 8)]) {
        for (listed, scores) in [(true, true), (false, false), (false, true)] {
            let (stride, start, slots) = (heads * size + 12, 8, rows + 3);
            let (x, turns) = (trial.numbers(rows * stride), trial.numbers(slots * size));
            let places: Vec<usize> = (0..rows).map(|row| if listed { slots - 1 - row } else { row }).collect();
            let scale = if scores { std::f64::consts::LOG2_E / (size as f64).sqrt() } else { 1.0 };
            let mut expected = Vec::new();
            for (row, place) in x.chunks(stride).zip(&places) {
                let heads = row[start..][..heads * size].chunks(size);
                let turn = &turns[place * size..][..size];
                expected.extend(heads.flat_map(|head| turned(head, turn)).map(|number| number * scale));
            }
            let places = listed.then(|| Places::new(&places, trial.device()).slots);
            let turns = trial.tensor::<2>(&turns, [slots, size]);
            let made = launch::numbers(&trial.tensor::<2>(&x, [rows, stride])).zip(launch::numbers(&turns));
            let made = made.map(|(x, turns)| {
                let places = places.as_ref().and_then(launch::words);
                turn(&x, [rows, heads, size], [stride / 4, start / 4], &turns, places.as_ref(), scores)
            });
            let made = made.map(launch::tensor::<2>);
            trial.compare(shader(size, listed, scores).name(), 1e-6, made, &expected).await?;
        }
    }
    Ok(())
}
