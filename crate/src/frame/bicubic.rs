//! Bicubic resampling, bit for bit as Pillow's `Image.resize(size, Image.BICUBIC)` does it on 8-bit pixels.
//!
//! The filter is the cubic convolution of Keys (1981) with `a = -0.5`. When shrinking it is stretched so that
//! every source pixel counts (antialiasing). The two axes are separate passes with bytes between them. Weights
//! are 22-bit fixed point. Follows `src/libImaging/Resample.c` of Pillow 13.0.0.

use std::borrow::Cow;

use super::{Bytes, Frame, FrameError};

/// Fraction bits of a weight: 32, less 8 for the pixel and 2 for overshoot of the filter's lobes.
pub const PRECISION_BITS: u32 = 32 - 8 - 2;
/// One half, where a sum of weighted pixels starts so that shifting rounds it.
const HALF: i32 = 1 << (PRECISION_BITS - 1);
/// How far the filter reaches from its centre, in pixels of the coarser of the two images.
const SUPPORT: f64 = 2.0;
/// Bytes a pixel.
const CHANNELS: usize = 3;

/// The source pixels that make one resampled pixel of an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// The first source pixel. `first + weights.len()` never passes the axis' end.
    pub first: usize,
    /// A weight a source pixel, with [`PRECISION_BITS`] fraction bits; they add up to about 1.
    pub weights: Vec<i32>,
}

/// A window for each of the `to` pixels that an axis of `from` pixels becomes.
pub fn windows(from: u32, to: u32) -> Vec<Window> {
    let scale = f64::from(from) / f64::from(to);
    let stretch = scale.max(1.0);
    let support = SUPPORT * stretch;
    (0..to)
        .map(|index| {
            let center = (f64::from(index) + 0.5) * scale;
            // Casting to u32 drops the fraction, and what would lie before the first pixel becomes 0.
            let first = (center - support + 0.5) as u32;
            let end = ((center + support + 0.5) as u32).min(from);
            let exact: Vec<f64> =
                (first..end).map(|pixel| cubic((f64::from(pixel) - center + 0.5) * (1.0 / stretch))).collect();
            let total: f64 = exact.iter().sum();
            Window { first: first as usize, weights: exact.iter().map(|weight| fixed_point(weight / total)).collect() }
        })
        .collect()
}

/// `frame` at `width` x `height` pixels; a clone when it already has that size.
///
/// # Errors
/// [`FrameError::NoPixels`] if a side asked for is zero.
pub fn resize(frame: &Frame, width: u32, height: u32) -> Result<Frame, FrameError> {
    if width == 0 || height == 0 {
        return Err(FrameError::NoPixels { width, height });
    }
    let columns_first = columns_first((frame.width, frame.height), (width, height));
    let frame = Cow::Borrowed(frame);
    let resized = if columns_first {
        with_width(with_height(frame, height), width)
    } else {
        with_height(with_width(frame, width), height)
    };
    Ok(resized.into_owned())
}

/// Whether a picture of `from` that becomes one of `to`, width and height each, has its columns resampled before its rows.
///
/// The order shows in the pixels, for they are rounded between the passes. This is the rule of Pillow 13; before, rows
/// always came first. They differ for tall frames (1080x2400) and a few others (426x240).
pub fn columns_first(from: (u32, u32), to: (u32, u32)) -> bool {
    let shrinks_by = |from: u32, to: u32| i64::from(from) - i64::from(to);
    let (narrower, lower) = (shrinks_by(from.0, to.0), shrinks_by(from.1, to.1));
    lower > 0 && lower > 2 * narrower
}

/// Resamples the rows. A width that is right already is not filtered.
fn with_width(frame: Cow<'_, Frame>, width: u32) -> Cow<'_, Frame> {
    if frame.width == width {
        return frame;
    }
    let rgb = resample_rows(&frame.rgb(), frame.width as usize, &windows(frame.width, width));
    Cow::Owned(Frame { width, height: frame.height, bytes: Bytes::Rgb(rgb) })
}

/// Resamples the columns. A height that is right already is not filtered.
fn with_height(frame: Cow<'_, Frame>, height: u32) -> Cow<'_, Frame> {
    if frame.height == height {
        return frame;
    }
    let rgb = resample_columns(&frame.rgb(), frame.width as usize, &windows(frame.height, height));
    Cow::Owned(Frame { width: frame.width, height, bytes: Bytes::Rgb(rgb) })
}

/// Gives every row of `width` pixels as many pixels as there are windows.
fn resample_rows(rgb: &[u8], width: usize, windows: &[Window]) -> Vec<u8> {
    let (pixels, _) = rgb.as_chunks::<CHANNELS>();
    let mut resampled = Vec::with_capacity(pixels.len() / width * windows.len() * CHANNELS);
    for row in pixels.chunks_exact(width) {
        for Window { first, weights } in windows {
            let mut sums = [HALF; CHANNELS];
            // In range: a window never passes the end of its axis.
            for (pixel, &weight) in row[*first..].iter().zip(weights) {
                for (sum, &value) in sums.iter_mut().zip(pixel) {
                    add_weighted(sum, value, weight);
                }
            }
            resampled.extend(sums.map(to_byte));
        }
    }
    resampled
}

/// Makes as many rows of `width` pixels as there are windows.
fn resample_columns(rgb: &[u8], width: usize, windows: &[Window]) -> Vec<u8> {
    let row_bytes = width * CHANNELS;
    let mut resampled = Vec::with_capacity(windows.len() * row_bytes);
    let mut sums = vec![HALF; row_bytes];
    for Window { first, weights } in windows {
        sums.fill(HALF);
        // In range: a window never passes the end of its axis.
        for (row, &weight) in rgb[first * row_bytes..].chunks_exact(row_bytes).zip(weights) {
            for (sum, &value) in sums.iter_mut().zip(row) {
                add_weighted(sum, value, weight);
            }
        }
        resampled.extend(sums.iter().map(|&sum| to_byte(sum)));
    }
    resampled
}

/// Keys' cubic convolution with `a = -0.5`, in Pillow's order of operations.
fn cubic(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

/// A weight as fixed point, halves away from zero.
fn fixed_point(weight: f64) -> i32 {
    (weight * f64::from(1 << PRECISION_BITS)).round() as i32
}

/// `sum += value * weight`. The absolute weights of a window add up to less than 2, so that a sum stays below
/// 2 * 255 * 2^22 < 2^31: `wrapping` never wraps, it only spares the innermost loop its overflow checks.
fn add_weighted(sum: &mut i32, value: u8, weight: i32) {
    *sum = sum.wrapping_add(i32::from(value).wrapping_mul(weight));
}

/// The whole part of a sum, held within a byte: the filter overshoots at sharp edges.
fn to_byte(sum: i32) -> u8 {
    (sum >> PRECISION_BITS).clamp(0, 255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Pillow 13.0.0: `Image.frombytes("RGB", (4, 2), bytes(range(0, 240, 10))).resize((3, 3), Image.BICUBIC)`.
    #[test]
    fn equals_pillow() {
        let frame = Frame::new(4, 2, (0..240).step_by(10).map(|v| v as u8).collect()).unwrap();
        let resized = resize(&frame, 3, 3).unwrap();
        #[rustfmt::skip]
        assert_eq!(*resized.rgb(), [
            0, 8, 18, 37, 47, 57, 76, 86, 96,
            66, 76, 86, 105, 115, 125, 144, 154, 164,
            134, 144, 154, 173, 183, 193, 212, 222, 232,
        ]);
    }

    #[test]
    fn windows_stay_inside_and_add_up() {
        for (from, to) in [(1, 1), (1, 9), (9, 1), (720, 224), (224, 720), (1000, 999)] {
            let windows = windows(from, to);
            assert_eq!(windows.len(), to as usize);
            for Window { first, weights } in windows {
                assert!(first + weights.len() <= from as usize);
                let total: i32 = weights.iter().sum();
                assert!((total - (1 << PRECISION_BITS)).abs() <= weights.len() as i32);
                assert!(weights.iter().map(|w| i64::from(w.abs())).sum::<i64>() < 2 << PRECISION_BITS);
            }
        }
    }

    proptest! {
        #[test]
        fn a_plain_colour_stays_plain(
            color: [u8; 3], (w, h) in (1_u32..80, 1_u32..80), (to_w, to_h) in (1_u32..80, 1_u32..80),
        ) {
            let frame = Frame::new(w, h, color.repeat((w * h) as usize)).unwrap();
            let resized = resize(&frame, to_w, to_h).unwrap();
            prop_assert_eq!((resized.width(), resized.height()), (to_w, to_h));
            prop_assert_eq!(resized.rgb().into_owned(), color.repeat((to_w * to_h) as usize));
        }
    }
}
