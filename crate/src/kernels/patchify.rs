//! The last pass of resampling, whose pixels become a vision transformer's rows at once: a patch a row, each pixel the number
//! that its byte stands for, the picture repeated to fill the time steps of a patch.

use burn::tensor::{Device, ExecutionError, Int, Tensor, TensorData};

use super::launch;
use super::resample::{Axis, CASES, Fourth, Pixels, Sample, Windows, reading};
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// The shape of a patch: a row of 3 · `temporal` · `patch` · `patch` numbers, ordered channel, time, y, x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Its side, in pixels.
    pub patch: usize,
    /// Its time steps, all the same.
    pub temporal: usize,
}

impl Shape {
    /// Numbers in a patch.
    pub fn numbers(self) -> usize {
        3 * self.temporal * self.patch * self.patch
    }
}

/// Where the patches of a picture lie, and what its bytes stand for: the same for all pictures of a size.
#[derive(Debug, Clone)]
pub struct Patches {
    shape: Shape,
    /// x and y of each patch's first pixel, `[patches, 2]`.
    corners: Tensor<2, Int>,
    /// `[3, 256]`.
    numbers: Tensor<2>,
}

impl Patches {
    /// Patches of `shape` whose first pixels are `corners`, x and y, in the order of the rows; `numbers[c][b]` is what byte
    /// `b` of channel `c` stands for.
    pub fn new(shape: Shape, corners: &[[usize; 2]], numbers: [[f32; 256]; 3], device: &Device) -> Self {
        let places: Vec<i32> = corners.iter().flatten().map(|&place| place as i32).collect();
        Self {
            shape,
            corners: Tensor::from_data(TensorData::new(places, [corners.len(), 2]), device),
            numbers: Tensor::from_data(TensorData::new(numbers.concat(), [3, 256]), device),
        }
    }
}

/// The kernel of a pass along `axis` that makes patches.
pub fn shader(axis: Axis, fourth: Fourth, shape: Shape) -> Shader {
    let (mut parts, along) = reading(axis, fourth);
    parts.push(part!("patchify"));
    Shader {
        parts,
        constants: vec![along, ("PATCH", shape.patch as u32), ("TEMPORAL", shape.temporal as u32)],
        buffers: vec![
            Buffer { name: "words", element: "u32" },
            Buffer { name: "windows", element: "i32" },
            Buffer { name: "corners", element: "vec2<u32>" },
            Buffer { name: "numbers", element: "f32" },
            Buffer { name: "y", element: "f32" },
        ],
        sizes: &["pitch", "stride", "patches"],
    }
}

/// The pass along `axis` that gives it as many pixels as there are windows → `[patches, numbers in a patch]`. The patches lie
/// within what that makes. `None` where the kernel does not reach: off wgpu.
pub fn patchify(pixels: &Pixels, axis: Axis, windows: &Windows, patches: &Patches) -> Option<Tensor<2>> {
    let ([_, stride], [count, _]) = (windows.dims(), patches.corners.dims());
    let (words, table) = (pixels.operand()?, windows.operand()?);
    let (corners, numbers) = (launch::words(&patches.corners)?, launch::numbers(&patches.numbers)?);
    let shape = patches.shape;
    let y = launch::room(&words, [count, shape.numbers()]);
    let buffers = [&words, &table, &corners, &numbers, &y];
    let workgroups = launch::spread(count * shape.patch * shape.patch);
    launch::run(&shader(axis, pixels.fourth(), shape), &buffers, &[pixels.pitch(), stride, count], workgroups);
    Some(launch::tensor(y))
}

/// The kernel on the device of `trial`: patches from the last to the first, which do not fill what they are cut from.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &([height, width], axis, to) in trial.cases(&CASES) {
        for (fourth, shape) in
            [(Fourth::Unused, Shape { patch: 2, temporal: 2 }), (Fourth::Alpha, Shape { patch: 3, temporal: 1 })]
        {
            let sample = Sample::new(trial, [height, width], axis, to, fourth);
            let [rows, columns] = if axis == Axis::Rows { [height, to] } else { [to, width] };
            let (down, across) = (rows / shape.patch, columns / shape.patch);
            let corners: Vec<[usize; 2]> =
                (0..down * across).rev().map(|at| [at % across * shape.patch, at / across * shape.patch]).collect();
            let numbers: [[f32; 256]; 3] = std::array::from_fn(|_| {
                let row = trial.numbers(256);
                std::array::from_fn(|byte| row[byte])
            });
            let mut expected = Vec::new();
            for [x, y] in &corners {
                for (c, numbers) in numbers.iter().enumerate() {
                    for _ in 0..shape.temporal {
                        for at in 0..shape.patch * shape.patch {
                            let byte = sample.expected([x + at % shape.patch, y + at / shape.patch], c);
                            expected.push(f64::from(numbers[usize::from(byte)]));
                        }
                    }
                }
            }
            let patches = Patches::new(shape, &corners, numbers, trial.device());
            let made = patchify(&sample.pixels, axis, &sample.windows, &patches);
            trial.compare(shader(axis, fourth, shape).name(), 0.0, made, &expected).await?;
        }
    }
    Ok(())
}
