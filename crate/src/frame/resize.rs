//! The size a frame is brought to before it is cut into patches: `smart_resize` of `qwen_vl_utils` 0.0.11.

use super::FrameError;

/// The longer side may be at most this many times the shorter one.
pub const MAX_RATIO: u32 = 200;

/// How many pixels a resized frame may have. One visual token stands for 28 x 28 of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelBounds {
    /// Fewest pixels: smaller frames are enlarged.
    pub min: u32,
    /// Most pixels: larger frames are shrunk.
    pub max: u32,
}

impl Default for PixelBounds {
    /// Streamo's own: 4 to 128 visual tokens a frame.
    fn default() -> Self {
        Self { min: 3_136, max: 100_352 }
    }
}

/// The size, as `(width, height)` in pixels, at which a frame of `width` x `height` is seen.
///
/// Both sides of the answer are multiples of `factor` (patch side times merge side), their product lies
/// within `bounds`, and the shape changes as little as that allows. Mind the order: width first here, height
/// first in Python.
///
/// It differs from `qwen_vl_utils` 0.0.11 in one place, where that crashes: a strip so thin that shrinking
/// would leave it zero pixels across. Here it stays one block across and loses length instead, and so stays
/// within `bounds.max`. (Bounds with no multiple of `factor` between them cannot be met; then, as upstream,
/// the answer may lie over the maximum by less than a block a side.)
///
/// # Errors
/// [`FrameError::NoPixels`] if a side is zero, [`FrameError::TooThin`] beyond [`MAX_RATIO`],
/// [`FrameError::Bounds`] if `factor` is zero, `bounds.min > bounds.max` or not one block fits `bounds.max`.
pub fn smart_resize(width: u32, height: u32, factor: u32, bounds: PixelBounds) -> Result<(u32, u32), FrameError> {
    let PixelBounds { min, max } = bounds;
    if factor == 0 || min > max || u64::from(factor).pow(2) > u64::from(max) {
        return Err(FrameError::Bounds { factor, min, max });
    }
    if width == 0 || height == 0 {
        return Err(FrameError::NoPixels { width, height });
    }
    let (long, short) = (width.max(height), width.min(height));
    if u64::from(long) > u64::from(MAX_RATIO) * u64::from(short) {
        return Err(FrameError::TooThin { width, height });
    }

    let block = f64::from(factor);
    let (w, h) = (f64::from(width), f64::from(height));
    let (min, max) = (f64::from(min), f64::from(max));
    // Python's `round`, and so upstream, takes a half to the even neighbour: 70 / 28 = 2.5 is 2 blocks.
    let nearest = |side: f64| (side / block).round_ties_even().max(1.0) * block;

    let area = nearest(w) * nearest(h);
    let (w, h) = if area > max {
        let beta = (h * w / max).sqrt();
        let fewer = |side: f64| (side / beta / block).floor() * block;
        // At least one block, for at least one fits: that was checked above.
        let longest_strip = (max / (block * block)).floor() * block;
        match (fewer(w), fewer(h)) {
            (w, 0.0) => (w.clamp(block, longest_strip), block),
            (0.0, h) => (block, h.clamp(block, longest_strip)),
            both => both,
        }
    } else if area < min {
        let beta = (min / (h * w)).sqrt();
        let more = |side: f64| (side * beta / block).ceil() * block;
        (more(w), more(h))
    } else {
        (nearest(w), nearest(h))
    };
    // Both are positive and at most max plus a block a side: the casts are exact.
    Ok((w as u32, h as u32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seen(width: u32, height: u32) -> (u32, u32) {
        smart_resize(width, height, 28, PixelBounds::default()).unwrap()
    }

    /// FACTS M4, measured against qwen_vl_utils 0.0.11.
    #[test]
    fn equals_upstream_on_common_sizes() {
        for (given, expected) in [
            ((1920, 1080), (420, 224)),
            ((1280, 720), (420, 224)),
            ((640, 360), (420, 224)),
            ((640, 480), (364, 252)),
            ((640, 272), (476, 196)),
            ((512, 512), (308, 308)),
            ((320, 240), (308, 252)),
            ((176, 144), (168, 140)),
            ((448, 224), (448, 224)),
            ((1080, 1920), (224, 420)),
            ((294, 294), (280, 280)),
            ((70, 70), (56, 56)),
            ((42, 70), (56, 56)),
        ] {
            assert_eq!(seen(given.0, given.1), expected, "{given:?}");
        }
    }

    #[test]
    fn thin_strips_keep_one_block_and_the_maximum() {
        assert_eq!(seen(5600, 28), (3584, 28));
        assert_eq!(seen(28, 5600), (28, 3584));
        assert!(matches!(
            smart_resize(201, 1, 28, PixelBounds::default()),
            Err(FrameError::TooThin { width: 201, height: 1 })
        ));
    }

    #[test]
    fn refuses_impossible_bounds() {
        for (factor, min, max) in [(0, 1, 2), (28, 9_000, 8_000), (28, 0, 783), (u32::MAX, 0, u32::MAX)] {
            let refused = smart_resize(100, 100, factor, PixelBounds { min, max });
            assert!(matches!(refused, Err(FrameError::Bounds { .. })), "{factor} {min} {max}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(width: u32, height: u32, factor: u32, min: u32, max: u32) {
            if let Ok((w, h)) = smart_resize(width, height, factor, PixelBounds { min, max }) {
                prop_assert!(w > 0 && h > 0);
                prop_assert_eq!((w % factor, h % factor), (0, 0));
            }
        }

        #[test]
        fn stays_within_bounds_and_settles(
            (width, height) in (1_u32..10_000).prop_flat_map(|w| (Just(w), w.div_ceil(200)..=(w * 200).min(1 << 20))),
        ) {
            let bounds = PixelBounds::default();
            let (w, h) = seen(width, height);
            prop_assert_eq!((w % 28, h % 28), (0, 0));
            prop_assert!((bounds.min..=bounds.max).contains(&(w * h)), "{} x {}", w, h);
            prop_assert_eq!(seen(w, h), (w, h));
        }
    }
}
