//! A frame cut into patches, in the order and the numbers that Qwen2.5-VL's vision transformer reads.
//!
//! Follows `Qwen2VLImageProcessor` of `transformers`: bytes to 0..1, normalised by channel, each picture
//! repeated to fill a patch's time steps, patches that will be merged standing next to each other.

use super::{Frame, FrameError};

/// How many patches a frame has, top to bottom and left to right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Rows of patches.
    pub height: usize,
    /// Patches in a row.
    pub width: usize,
}

impl Grid {
    /// All patches: the vision transformer's rows.
    pub fn patches(self) -> usize {
        self.height * self.width
    }

    /// `(rows, columns)` of visual tokens, after the merger has joined blocks of `merge` x `merge` patches.
    pub fn merged(self, merge: usize) -> (usize, usize) {
        (self.height / merge, self.width / merge)
    }

    /// Visual tokens of the frame: the language model's rows.
    pub fn visual_tokens(self, merge: usize) -> usize {
        let (rows, columns) = self.merged(merge);
        rows * columns
    }

    /// `(row, column)` of every patch in the order of [`Patches::rows`]: block by block of `merge` x `merge`,
    /// row by row within the frame and within the block.
    pub fn in_merge_order(self, merge: usize) -> impl Iterator<Item = (usize, usize)> {
        let (block_rows, block_columns) = self.merged(merge);
        (0..block_rows).flat_map(move |block_row| {
            (0..block_columns).flat_map(move |block_column| {
                (0..merge).flat_map(move |row| {
                    (0..merge).map(move |column| (block_row * merge + row, block_column * merge + column))
                })
            })
        })
    }
}

/// A frame as the vision transformer reads it.
#[derive(Clone, Debug, PartialEq)]
pub struct Patches {
    /// `grid.patches()` rows of `3 * temporal * patch * patch` numbers, each ordered channel, time, y, x.
    /// The rows are in merge order, see [`Grid::in_merge_order`].
    pub rows: Vec<f32>,
    /// Where the rows lie in the frame.
    pub grid: Grid,
}

/// What turns a byte into a model's number, by channel: `(byte / 255 - mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalization {
    /// Taken off, of 0..1: red, green, blue (`image_mean` of `preprocessor_config.json`).
    pub mean: [f32; 3],
    /// Divided by (`image_std`).
    pub std: [f32; 3],
}

impl Default for Normalization {
    /// CLIP's, which Qwen2-VL and Qwen2.5-VL use.
    fn default() -> Self {
        Self { mean: [0.481_454_66, 0.457_827_5, 0.408_210_73], std: [0.268_629_54, 0.261_302_6, 0.275_777_1] }
    }
}

impl Normalization {
    /// The number of each byte, by channel. Scaled in f64 and then rounded to f32, as `transformers` does.
    pub(super) fn tables(&self) -> [[f32; 256]; 3] {
        let scaled: [f32; 256] = std::array::from_fn(|byte| (byte as f64 * (1.0 / 255.0)) as f32);
        std::array::from_fn(|channel| {
            // Three tables, three means, three deviations: `channel` is in range.
            let (mean, std) = (self.mean[channel], self.std[channel]);
            scaled.map(|value| (value - mean) / std)
        })
    }
}

/// Cuts `frame` into patches of `patch` x `patch` pixels and `temporal` equal time steps, ordered so that
/// blocks of `merge` x `merge` patches stand together.
///
/// # Errors
/// [`FrameError::NotWholeBlocks`] unless both sides are multiples of `patch * merge`, which is not zero.
pub fn patchify(
    frame: &Frame,
    patch: usize,
    merge: usize,
    temporal: usize,
    normalization: &Normalization,
) -> Result<Patches, FrameError> {
    let (width, height) = (frame.width as usize, frame.height as usize);
    let block = patch.saturating_mul(merge);
    // A frame has no zero side, so a block of zero divides neither.
    if !width.is_multiple_of(block) || !height.is_multiple_of(block) {
        return Err(FrameError::NotWholeBlocks { width: frame.width, height: frame.height, block });
    }
    let grid = Grid { height: height / patch, width: width / patch };
    let tables = normalization.tables();
    let rgb = frame.rgb();
    let (pixels, _) = rgb.as_chunks::<3>();

    let mut rows = Vec::with_capacity(pixels.len() * 3 * temporal);
    for (row, column) in grid.in_merge_order(merge) {
        for (channel, table) in tables.iter().enumerate() {
            for _ in 0..temporal {
                for y in row * patch..(row + 1) * patch {
                    // In range: whole patches fill the frame, so this line of the patch lies in line y.
                    let line = &pixels[y * width + column * patch..][..patch];
                    rows.extend(line.iter().map(|pixel| table[usize::from(pixel[channel])]));
                }
            }
        }
    }
    Ok(Patches { rows, grid })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Normalises a byte to itself, so that a test can read where a number came from.
    const BYTES: Normalization = Normalization { mean: [0.0; 3], std: [1.0 / 255.0; 3] };

    #[test]
    fn order_is_channel_time_y_x_in_merge_blocks() {
        // 8 x 4 pixels, patches of 2 x 2, blocks of 2 x 2 patches: two blocks side by side.
        // Red is the pixel's number, green 100 more, blue 200.
        let rgb = (0..32_u8).flat_map(|n| [n, 100 + n, 200 + n]).collect();
        let frame = Frame::new(8, 4, rgb).unwrap();
        let patches = patchify(&frame, 2, 2, 2, &BYTES).unwrap();
        assert_eq!(patches.grid, Grid { height: 2, width: 4 });
        assert_eq!((patches.grid.patches(), patches.grid.visual_tokens(2)), (8, 2));

        let rows: Vec<Vec<i32>> =
            patches.rows.chunks(24).map(|r| r.iter().map(|v| v.round() as i32).collect()).collect();
        let first_pixels: Vec<i32> = rows.iter().map(|row| row[0]).collect();
        assert_eq!(first_pixels, [0, 2, 16, 18, 4, 6, 20, 22]);
        let time_steps = |n: i32| [n + 2, n + 3, n + 10, n + 11].repeat(2);
        assert_eq!(rows[1], [time_steps(0), time_steps(100), time_steps(200)].concat());
    }

    #[test]
    fn clip_numbers() {
        let frame = Frame::new(28, 28, [0, 128, 255].repeat(28 * 28)).unwrap();
        let rows = patchify(&frame, 14, 2, 2, &Normalization::default()).unwrap().rows;
        assert_eq!(rows.len(), 4 * 1176);
        // (0 - 0.48145466) / 0.26862954, and so on.
        for (number, expected) in [(rows[0], -1.792_262_6), (rows[392], 0.168_9), (rows[784], 2.145_897)] {
            assert!((number - expected).abs() < 1e-4_f32, "{number} is not {expected}");
        }
    }

    #[test]
    fn refuses_what_is_not_whole_blocks() {
        let frame = Frame::new(28, 14, vec![0; 28 * 14 * 3]).unwrap();
        for (patch, merge) in [(14, 2), (0, 2), (14, 0), (usize::MAX, 2)] {
            let refused = patchify(&frame, patch, merge, 2, &Normalization::default());
            assert!(matches!(refused, Err(FrameError::NotWholeBlocks { .. })), "{patch} {merge}");
        }
    }
}
