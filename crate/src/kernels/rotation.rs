//! By how much rows turn: the cosines and sines of their positions, which `rotary.rs` and the attention apply.

use burn::backend::flex::FlexTensor;
use burn::backend::wgpu::CubeTensor;
use burn::tensor::{Device, ExecutionError, Int, Tensor, TensorData};

use super::launch;
use super::one_pass::{self, Operand, RotaryPass};
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// Cosines and sines of whole positions, made on the host: a GPU's own `cos` is too coarse for large angles.
#[derive(Debug, Clone)]
pub struct RotaryTable {
    /// A position's cosines of all frequencies, then their sines, `[positions, 2 · frequencies]`.
    angles: Tensor<2>,
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
    /// has one section, M-RoPE three (time, height, width), and the vision transformer twice the whole list. There are
    /// three sections at most.
    pub fn new(theta: f64, frequencies: usize, sections: Vec<usize>, positions: usize, device: &Device) -> Self {
        // In f32 throughout, as the models were trained: at large positions a more exact frequency is another angle.
        let inverse: Vec<f32> =
            (0..frequencies).map(|i| 1.0 / (theta as f32).powf(i as f32 / frequencies as f32)).collect();
        let turns = |position: usize| {
            let angles = inverse.iter().map(move |inverse| position as f32 * inverse);
            angles.clone().map(f32::cos).chain(angles.map(f32::sin))
        };
        let values: Vec<f32> = (0..positions).flat_map(turns).collect();
        let angles = Tensor::from_data(TensorData::new(values, [positions, 2 * frequencies]), device);
        Self { angles, sections }
    }

    /// The rotation of rows at `positions` `[axes, rows]`, an axis for each section.
    ///
    /// A section takes the frequencies that follow those of the sections before it, and starts again at the first
    /// when they are used up.
    pub fn rotation(&self, positions: Tensor<2, Int>) -> Rotation {
        let turns = self.launch(&positions).unwrap_or_else(|| self.plain(&positions));
        Rotation { turns }
    }

    fn plain(&self, positions: &Tensor<2, Int>) -> Tensor<2> {
        let ([_, width], [_, rows]) = (self.angles.dims(), positions.dims());
        let frequencies = width / 2;
        let mut start = 0;
        let mut sections = Vec::new();
        for (axis, &length) in self.sections.iter().enumerate().filter(|(_, length)| **length > 0) {
            sections.push((start % frequencies, length, positions.clone().narrow(0, axis, 1).reshape([rows])));
            start += length;
        }
        let gather = |half: usize| {
            let section = move |(start, length, positions): &(usize, usize, Tensor<1, Int>)| {
                self.angles.clone().narrow(1, half + start, *length).select(0, positions.clone())
            };
            sections.iter().map(section)
        };
        Tensor::cat(gather(0).chain(gather(frequencies)).collect(), 1)
    }

    /// `None` where no kernel reaches.
    fn launch(&self, positions: &Tensor<2, Int>) -> Option<Tensor<2>> {
        let ([_, width], [_, rows]) = (self.angles.dims(), positions.dims());
        let (angles, positions) = (launch::numbers(&self.angles)?, launch::words(positions)?);
        let end = |sections: usize| self.sections.iter().take(sections).sum::<usize>();
        let [first, second, turning] = [1, 2, 3].map(end);
        let turns = launch::room(&angles, [rows, 2 * turning]);
        let sizes = [rows, width / 2, first, second, turning];
        launch::run(&shader(), &[&angles, &positions, &turns], &sizes, launch::spread(rows * turning));
        Some(launch::tensor(turns))
    }
}

/// The kernel of [`RotaryTable::rotation`].
pub fn shader() -> Shader {
    let numbers = |name| Buffer { name, element: "f32" };
    Shader {
        parts: vec![part!("rotation")],
        constants: vec![],
        buffers: vec![numbers("table"), Buffer { name: "positions", element: "u32" }, numbers("turns")],
        sizes: &["rows", "frequencies", "first", "second", "turning"],
    }
}

impl Rotation {
    /// From cosines and sines as they stand in it.
    pub(super) fn given(turns: Tensor<2>) -> Self {
        Self { turns }
    }

    /// How many rows it turns.
    pub fn rows(&self) -> usize {
        self.turns.dims()[0]
    }

    /// The rotation of some of the rows, by index.
    pub fn select(&self, rows: Tensor<1, Int>) -> Self {
        Self { turns: self.turns.clone().select(0, rows) }
    }

    /// Rotates every head of `x` `[rows, heads, d]`.
    pub fn apply(&self, x: Tensor<3>) -> Tensor<3> {
        self.in_one_pass(&x).unwrap_or_else(|| self.plain(x))
    }

    /// `None` off the CPU.
    fn in_one_pass(&self, x: &Tensor<3>) -> Option<Tensor<3>> {
        one_pass::run(RotaryPass { turns: self.numbers()? }, [Operand::of(x)?])
    }

    /// The turns in main memory; `None` off the CPU.
    pub(super) fn numbers(&self) -> Option<FlexTensor> {
        Some(Operand::of(&self.turns)?.numbers())
    }

    fn plain(&self, x: Tensor<3>) -> Tensor<3> {
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

/// The kernel on the device of `trial`.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    let sections = [vec![4, 6, 6], vec![12], vec![5, 5], vec![0, 3, 1], vec![8, 8]];
    for (rows, sections) in trial.cases(&sections).iter().zip(1..).map(|(sections, n)| (n * 37, sections)) {
        let turning: usize = sections.iter().sum();
        // The last case goes through the frequencies twice.
        let frequencies = if *sections == [8, 8] { 8 } else { turning };
        let table = RotaryTable::new(1e4, frequencies, sections.clone(), 90, trial.device());
        let angles = trial.numbers(90 * 2 * frequencies);
        let table = RotaryTable { angles: trial.tensor(&angles, [90, 2 * frequencies]), ..table };
        let positions: Vec<i32> = (0..rows * sections.len()).map(|i| (i * 31 % 90) as i32).collect();
        let axes = || sections.iter().enumerate().flat_map(|(axis, &length)| std::iter::repeat_n(axis, length));
        let mut expected = Vec::new();
        for (row, half) in (0..rows).flat_map(|row| [(row, 0), (row, frequencies)]) {
            expected.extend(axes().enumerate().map(|(i, axis)| {
                let position = positions[axis * rows + row] as usize;
                f64::from(angles[2 * position * frequencies + half + i % frequencies])
            }));
        }
        let positions = Tensor::from_data(TensorData::new(positions, [sections.len(), rows]), trial.device());
        trial.compare(shader().name(), 0.0, table.launch(&positions), &expected).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::gpu;

    #[test]
    fn the_kernel_equals_the_reference() {
        for (frequencies, sections) in [(16, vec![4, 6, 6]), (5, vec![5, 5]), (3, vec![3]), (4, vec![0, 3, 1])] {
            let positions = (0..sections.len() as i32 * 50).map(|i| i * 7 % 60).collect::<Vec<_>>();
            let made = [Device::flex(), gpu()].map(|device| {
                let table = RotaryTable::new(1e4, frequencies, sections.clone(), 60, &device);
                let positions = TensorData::new(positions.clone(), [sections.len(), 50]);
                table.rotation(Tensor::from_data(positions, &device)).turns.into_data()
            });
            assert_eq!(made[0], made[1], "{sections:?}");
        }
    }
}
