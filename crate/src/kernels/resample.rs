//! Resampling of pictures, an axis a pass, in the fixed point of Pillow's `src/libImaging/Resample.c`:
//!
//! ```text
//! b[i] = clamp((2²¹ + Σ_k w[i, k] · v[first[i] + k]) >> 22, 0, 255)
//! ```
//!
//! All in integers, so it is the same byte on every device. Off wgpu `frame::bicubic` does it, on the host.

use burn::backend::wgpu::CubeTensor;
use burn::tensor::{DType, Device, ExecutionError, Int, Tensor, TensorData};

use super::launch;
use super::self_test::Trial;
use super::shader::{Buffer, Part, Shader, part};

/// What a pass goes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Rows: a picture gets another width.
    Rows,
    /// Columns: a picture gets another height.
    Columns,
}

/// What the fourth byte of a pixel says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fourth {
    /// Nothing.
    Unused,
    /// Straight alpha: how much the pixel hides of the white behind it.
    Alpha,
}

/// A picture on a device.
#[derive(Debug, Clone)]
pub struct Pixels {
    /// `[height, pitch]`: red, green, blue and the fourth byte, from the lowest byte of a word up.
    words: Tensor<2, Int>,
    width: usize,
    fourth: Fourth,
}

impl Pixels {
    /// From `height` rows of `width` pixels of four bytes.
    pub fn new(bytes: Vec<u8>, [height, width]: [usize; 2], fourth: Fourth, device: &Device) -> Self {
        let words = TensorData::from_bytes_vec(bytes, [height, width], DType::I32);
        Self::of(Tensor::from_data(words, device), width, fourth)
    }

    /// The first `width` words of each row of `words`, `[height, pitch]`: a pixel's bytes from the lowest up.
    pub fn of(words: Tensor<2, Int>, width: usize, fourth: Fourth) -> Self {
        debug_assert!(width <= words.dims()[1], "{width} of {:?}", words.dims());
        Self { words, width, fourth }
    }

    /// `[height, width]`.
    pub fn dims(&self) -> [usize; 2] {
        [self.words.dims()[0], self.width]
    }

    /// Words from a row to the next, at least its width.
    pub fn pitch(&self) -> usize {
        self.words.dims()[1]
    }

    /// What its fourth bytes say.
    pub fn fourth(&self) -> Fourth {
        self.fourth
    }

    /// For a kernel; `None` where none reaches.
    pub(super) fn operand(&self) -> Option<CubeTensor> {
        launch::words(&self.words)
    }
}

/// What each pixel along an axis is made of.
#[derive(Debug, Clone)]
pub struct Windows {
    /// `[to, stride]`: the first pixel, how many there are, their weights.
    table: Tensor<2, Int>,
}

impl Windows {
    /// From the first pixel and the weights of each window. A weight has 22 fraction bits, the absolute weights of a window
    /// add up to less than 2, and no window passes the end of its axis.
    pub fn new<'a>(windows: impl Iterator<Item = (usize, &'a [i32])> + Clone, device: &Device) -> Self {
        let stride = 2 + windows.clone().map(|(_, weights)| weights.len()).max().unwrap_or(0);
        let (mut table, mut to) = (Vec::new(), 0);
        for (first, weights) in windows {
            table.extend([first as i32, weights.len() as i32]);
            table.extend(weights);
            to += 1;
            table.resize(to * stride, 0);
        }
        Self { table: Tensor::from_data(TensorData::new(table, [to, stride]), device) }
    }

    /// `[to, stride]`.
    pub(super) fn dims(&self) -> [usize; 2] {
        self.table.dims()
    }

    /// For a kernel; `None` where none reaches.
    pub(super) fn operand(&self) -> Option<CubeTensor> {
        launch::words(&self.table)
    }
}

/// How a kernel reads resampled pixels: its first parts, and their constant.
pub(super) fn reading(axis: Axis, fourth: Fourth) -> (Vec<Part>, (&'static str, u32)) {
    let pixel = match fourth {
        Fourth::Unused => part!("pixel/opaque"),
        Fourth::Alpha => part!("pixel/over_white"),
    };
    (vec![pixel, part!("resampled")], ("COLUMNS", u32::from(axis == Axis::Columns)))
}

/// The kernel of a pass along `axis`.
pub fn shader(axis: Axis, fourth: Fourth) -> Shader {
    let (mut parts, along) = reading(axis, fourth);
    parts.push(part!("resample"));
    Shader {
        parts,
        constants: vec![along],
        buffers: vec![
            Buffer { name: "words", element: "u32" },
            Buffer { name: "windows", element: "i32" },
            Buffer { name: "y", element: "u32" },
        ],
        sizes: &["pitch", "stride", "columns", "pixels"],
    }
}

/// A pass along `axis`: as many pixels along it as there are windows. `None` where the kernel does not reach: off wgpu.
pub fn resample(pixels: &Pixels, axis: Axis, windows: &Windows) -> Option<Pixels> {
    let ([height, width], [to, stride]) = (pixels.dims(), windows.dims());
    let (words, table) = (pixels.operand()?, windows.operand()?);
    let [rows, columns] = match axis {
        Axis::Rows => [height, to],
        Axis::Columns => [to, width],
    };
    let y = launch::room_for_words(&words, [rows, columns]);
    let sizes = [pixels.pitch(), stride, columns, rows * columns];
    launch::run(&shader(axis, pixels.fourth), &[&words, &table, &y], &sizes, launch::spread(rows * columns));
    Some(Pixels::of(launch::words_tensor(y), columns, Fourth::Unused))
}

/// A picture and windows of an axis, as a test makes them, beside those on the device.
pub(super) struct Sample {
    pub pixels: Pixels,
    pub windows: Windows,
    bytes: Vec<u8>,
    rows: Vec<(usize, Vec<i32>)>,
    axis: Axis,
}

impl Sample {
    /// A random picture of `[height, width]`, and windows to resample `axis` to `to` pixels: some of one pixel, some that overshoot.
    /// With alpha there is more between its rows, as where a texture was copied.
    pub fn new(trial: &mut Trial<'_>, [height, width]: [usize; 2], axis: Axis, to: usize, fourth: Fourth) -> Self {
        let pitch = if fourth == Fourth::Alpha { width.next_multiple_of(64) } else { width };
        let bytes = trial.bytes(4 * height * pitch);
        let length = if axis == Axis::Rows { width } else { height };
        let rows: Vec<(usize, Vec<i32>)> = (0..to)
            .map(|i| {
                let first = i * length / to;
                let weights = trial.numbers((i % 7 + 1).min(length - first));
                let total: f32 = weights.iter().map(|weight| weight.abs()).sum::<f32>().max(1.0);
                // Less than 2 in all, of either sign.
                (first, weights.iter().map(|weight| (weight / total * 1.9 * (1 << 22) as f32) as i32).collect())
            })
            .collect();
        let windows = Windows::new(rows.iter().map(|(first, weights)| (*first, weights.as_slice())), trial.device());
        let words = TensorData::from_bytes_vec(bytes.clone(), [height, pitch], DType::I32);
        let pixels = Pixels::of(Tensor::from_data(words, trial.device()), width, fourth);
        Self { pixels, windows, bytes, rows, axis }
    }

    /// The byte of channel `c` at `x`, `y` of what is resampled, by the formula, in whole numbers without bounds.
    pub fn expected(&self, [x, y]: [usize; 2], c: usize) -> u8 {
        let pitch = self.pixels.pitch();
        let (first, weights) = &self.rows[if self.axis == Axis::Rows { x } else { y }];
        let sum: i64 = (*first..)
            .zip(weights)
            .map(|(k, &weight)| {
                let at = if self.axis == Axis::Rows { y * pitch + k } else { k * pitch + x };
                let value = f64::from(self.bytes[4 * at + c]);
                let alpha = f64::from(self.bytes[4 * at + 3]) / 255.0;
                let shown = match self.pixels.fourth {
                    Fourth::Unused => value,
                    Fourth::Alpha => (value * alpha + 255.0 * (1.0 - alpha)).round(),
                };
                i64::from(weight) * shown as i64
            })
            .sum();
        // Halves round up.
        (sum as f64 / f64::from(1 << 22) + 0.5).floor().clamp(0.0, 255.0) as u8
    }
}

/// The shapes that are tried: a picture's `[height, width]`, the axis, and how long it becomes.
pub(super) const CASES: [([usize; 2], Axis, usize); 4] =
    [([9, 35], Axis::Rows, 12), ([35, 9], Axis::Columns, 12), ([3, 5], Axis::Rows, 70), ([5, 3], Axis::Columns, 70)];

/// The kernel on the device of `trial`.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &([height, width], axis, to) in trial.cases(&CASES) {
        for fourth in [Fourth::Alpha, Fourth::Unused] {
            let sample = Sample::new(trial, [height, width], axis, to, fourth);
            let [rows, columns] = if axis == Axis::Rows { [height, to] } else { [to, width] };
            let word = |at: usize| {
                let byte = |c| f64::from(sample.expected([at % columns, at / columns], c));
                byte(0) + 256.0 * (byte(1) + 256.0 * byte(2))
            };
            let expected: Vec<f64> = (0..rows * columns).map(word).collect();
            // Of three bytes: exact as an f32.
            let made = resample(&sample.pixels, axis, &sample.windows).map(|pixels| pixels.words.float());
            trial.compare(shader(axis, fourth).name(), 0.0, made, &expected).await?;
        }
    }
    Ok(())
}
