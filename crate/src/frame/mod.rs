//! Pixels in, patches out.
//!
//! ```text
//! Frame ─ smart_resize ─► size ─ bicubic::resize ─► Frame ─ patchify ─► Patches ─► vision transformer
//!         (resize.rs)            (bicubic.rs)               (patch.rs)
//! ```
//!
//! [`Preprocessor`] walks that whole way with one model's numbers. This is the CPU twin, and it is the
//! reference: sizes equal `qwen_vl_utils` 0.0.11, pixels equal Pillow's, bit for bit. It touches no files,
//! no threads and no clock, so it is the same code in the browser. [`Intake`] is the same way to the device of a model,
//! with kernels on a GPU, and to the same numbers, bit for bit. It takes a [`Picture`]: a [`Frame`], or pixels that are on the
//! GPU already, as those of a browser's pictures are (`bitmap.rs`).

pub mod bicubic;
#[cfg(target_arch = "wasm32")]
pub mod bitmap;
mod intake;
pub mod patch;
mod picture;
mod preprocess;
pub mod resize;

use std::borrow::Cow;

use crate::kernels::resample::Fourth;

pub use intake::Intake;
pub use patch::{Grid, Normalization, Patches};
pub use picture::Picture;
pub use preprocess::Preprocessor;
pub use resize::{PixelBounds, smart_resize};

/// One picture: `height` rows of `width` pixels, nothing between rows. Its bytes stay as they came until they are needed
/// otherwise.
#[derive(Clone, Debug)]
pub struct Frame {
    width: u32,
    height: u32,
    bytes: Bytes,
}

/// The bytes of a picture.
#[derive(Clone, Debug)]
enum Bytes {
    /// Three a pixel: red, green, blue.
    Rgb(Vec<u8>),
    /// Four: red, green, blue, straight alpha.
    Rgba(Vec<u8>),
}

impl Frame {
    /// A frame of `width * height` RGB pixels, row by row from the top left.
    ///
    /// # Errors
    /// [`FrameError::NoPixels`] if a side is zero, [`FrameError::ByteCount`] unless `rgb` holds exactly
    /// `width * height * 3` bytes.
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Result<Self, FrameError> {
        check_bytes(width, height, 3, rgb.len())?;
        Ok(Self { width, height, bytes: Bytes::Rgb(rgb) })
    }

    /// A frame from RGBA pixels with straight alpha, as a browser's `ImageData` holds them.
    ///
    /// What is transparent shows white behind it, as `qwen_vl_utils` and Pillow's `paste` have it.
    ///
    /// # Errors
    /// [`FrameError::NoPixels`] if a side is zero, [`FrameError::ByteCount`] unless `rgba` holds exactly
    /// `width * height * 4` bytes.
    pub fn from_rgba(width: u32, height: u32, rgba: Vec<u8>) -> Result<Self, FrameError> {
        check_bytes(width, height, 4, rgba.len())?;
        Ok(Self { width, height, bytes: Bytes::Rgba(rgba) })
    }

    /// Pixels a row, never 0.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows, never 0.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The bytes as red, green, blue, over white: `height * width * 3`, row by row.
    pub fn rgb(&self) -> Cow<'_, [u8]> {
        match &self.bytes {
            Bytes::Rgb(rgb) => rgb.into(),
            Bytes::Rgba(rgba) => {
                let (pixels, _) = rgba.as_chunks::<4>();
                pixels.iter().flat_map(|&[r, g, b, a]| [r, g, b].map(|v| over_white(v, a))).collect()
            }
        }
    }

    /// The bytes as red, green, blue and a fourth, `height * width * 4`, row by row, and what the fourth says.
    fn four_a_pixel(&self) -> (Vec<u8>, Fourth) {
        match &self.bytes {
            Bytes::Rgb(rgb) => {
                (rgb.as_chunks::<3>().0.iter().flat_map(|&[r, g, b]| [r, g, b, 0]).collect(), Fourth::Unused)
            }
            Bytes::Rgba(rgba) => (rgba.clone(), Fourth::Alpha),
        }
    }
}

/// Frames are equal when they look equal.
impl PartialEq for Frame {
    fn eq(&self, other: &Self) -> bool {
        (self.width, self.height) == (other.width, other.height) && self.rgb() == other.rgb()
    }
}

impl Eq for Frame {}

/// Pillow's 8-bit blend of `value` at `alpha` over white: `/ 255`, rounded, without a division.
fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    let sum = value * alpha + 255 * (255 - alpha) + 128;
    // At most (65153 + 254) >> 8 = 255, so the cast keeps every bit.
    (((sum >> 8) + sum) >> 8) as u8
}

/// Refuses a picture without pixels and a buffer that is not exactly `width * height * channels` bytes.
fn check_bytes(width: u32, height: u32, channels: u8, given: usize) -> Result<(), FrameError> {
    if width == 0 || height == 0 {
        return Err(FrameError::NoPixels { width, height });
    }
    // u128: two u32 sides and a channel count cannot overflow it.
    let needed = u128::from(width) * u128::from(height) * u128::from(channels);
    if needed != given as u128 {
        return Err(FrameError::ByteCount { width, height, channels, needed, given });
    }
    Ok(())
}

/// Why a picture cannot become patches.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FrameError {
    /// A side is zero.
    #[error("a frame of {width}x{height} has no pixels; wait until the video knows its size")]
    NoPixels {
        /// Pixels a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// The buffer does not hold what the size promises.
    #[error(
        "a frame of {width}x{height} with {channels} bytes a pixel needs {needed} bytes, but {given} were given; \
         pass tightly packed rows"
    )]
    ByteCount {
        /// Pixels a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Bytes a pixel.
        channels: u8,
        /// Bytes the size asks for.
        needed: u128,
        /// Bytes that came.
        given: usize,
    },
    /// One side is over [`resize::MAX_RATIO`] times the other.
    #[error("a frame of {width}x{height} is too thin: one side may be at most 200 times the other; crop it first")]
    TooThin {
        /// Pixels a row.
        width: u32,
        /// Rows.
        height: u32,
    },
    /// No size can satisfy the bounds.
    #[error(
        "pixel bounds {min}..={max} leave no room for one block of {factor}x{factor} pixels; \
         raise the maximum, and keep the minimum at or below it"
    )]
    Bounds {
        /// The side of a block, in pixels.
        factor: u32,
        /// Fewest pixels wanted.
        min: u32,
        /// Most pixels wanted.
        max: u32,
    },
    /// Patches of one time step that are to show two pictures.
    #[error("motion takes two time steps, and temporal_patch_size is 1; leave motion out of streamo.json")]
    OneStep,
    /// Pixels on a device that kernels do not reach, or another than the model's.
    #[error("pixels on a GPU are only for a model on the same GPU; pass the frame's bytes instead")]
    OutOfReach,
    /// The frame is not whole blocks of patches.
    #[error("a frame of {width}x{height} is not whole blocks of {block}x{block} pixels; resize it first")]
    NotWholeBlocks {
        /// Pixels a row.
        width: u32,
        /// Rows.
        height: u32,
        /// The side of a block: patch times merge, in pixels.
        block: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_picture() {
        assert!(matches!(Frame::new(0, 4, vec![]), Err(FrameError::NoPixels { .. })));
        assert!(matches!(Frame::new(2, 2, vec![0; 11]), Err(FrameError::ByteCount { needed: 12, given: 11, .. })));
        // A size whose byte count does not even fit in 64 bits is refused like any other.
        assert!(matches!(Frame::new(u32::MAX, u32::MAX, vec![]), Err(FrameError::ByteCount { .. })));
        assert_eq!(*Frame::new(1, 2, vec![1, 2, 3, 4, 5, 6]).unwrap().rgb(), [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn transparent_pixels_lie_on_white() {
        let frame = Frame::from_rgba(3, 1, vec![9, 8, 7, 255, 9, 8, 7, 0, 0, 100, 255, 128]).unwrap();
        assert_eq!(*frame.rgb(), [9, 8, 7, 255, 255, 255, 127, 177, 255]);
        assert_eq!(frame, Frame::new(3, 1, frame.rgb().into_owned()).unwrap());
    }
}
