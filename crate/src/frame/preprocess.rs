//! The whole way from a picture of any size to patches, with one model's numbers.

use super::patch::{Normalization, patchify};
use super::{Frame, FrameError, Patches, PixelBounds, bicubic, smart_resize};

/// How one model wants its frames. The default is Qwen2.5-VL's with Streamo's pixel bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Preprocessor {
    /// How large a frame may be, in pixels.
    pub bounds: PixelBounds,
    /// A patch's side, in pixels.
    pub patch: u32,
    /// The merger's block: this many patches a side become one visual token.
    pub merge: u32,
    /// Time steps of a patch.
    pub temporal: u32,
    /// Whether the first of them shows the picture before, where there is one. Else a picture fills them all.
    pub motion: bool,
    /// What turns bytes into the model's numbers.
    pub normalization: Normalization,
}

impl Default for Preprocessor {
    fn default() -> Self {
        Self {
            bounds: PixelBounds::default(),
            patch: 14,
            merge: 2,
            temporal: 2,
            motion: false,
            normalization: Normalization::default(),
        }
    }
}

impl Preprocessor {
    /// The size `(width, height)`, in pixels, at which a frame of `width` x `height` is seen.
    ///
    /// # Errors
    /// Those of [`smart_resize`].
    pub fn size(&self, width: u32, height: u32) -> Result<(u32, u32), FrameError> {
        smart_resize(width, height, self.patch.saturating_mul(self.merge), self.bounds)
    }

    /// Whether it can make patches of any frame at all.
    ///
    /// # Errors
    /// [`FrameError::Bounds`], [`FrameError::OneStep`].
    pub fn check(&self) -> Result<(), FrameError> {
        if self.motion && self.temporal < 2 {
            return Err(FrameError::OneStep);
        }
        let block = self.patch.saturating_mul(self.merge);
        smart_resize(block.max(1), block.max(1), block, self.bounds).map(|_| ())
    }

    /// The most visual tokens that any frame gets.
    pub fn most_visual_tokens(&self) -> usize {
        let block = self.patch.saturating_mul(self.merge).max(1);
        (self.bounds.max / block.saturating_mul(block)).max(1) as usize
    }

    /// The frame at that size.
    ///
    /// # Errors
    /// Those of [`smart_resize`].
    pub fn resized(&self, frame: &Frame) -> Result<Frame, FrameError> {
        let (width, height) = self.size(frame.width(), frame.height())?;
        bicubic::resize(frame, width, height)
    }

    /// The patches of a frame that [`Self::resized`] made.
    ///
    /// # Errors
    /// [`FrameError::NotWholeBlocks`] if the frame is not whole blocks of patches.
    pub fn patches(&self, resized: &Frame) -> Result<Patches, FrameError> {
        patchify(resized, self.patch as usize, self.merge as usize, self.temporal as usize, &self.normalization)
    }

    /// The patches of a stream's pictures, which are of one size, one after the other, each as a model sees it that has seen
    /// those before.
    ///
    /// # Errors
    /// Those of [`Self::patches`], or of whatever gives the pictures.
    pub fn stream<E: From<FrameError>>(
        &self,
        resized: impl IntoIterator<Item = Result<Frame, E>>,
    ) -> Result<Vec<f32>, E> {
        let step = (self.patch * self.patch) as usize;
        let steps = step * self.temporal as usize;
        let mut rows: Vec<f32> = Vec::new();
        for frame in resized {
            let mut now = self.patches(&frame?)?.rows;
            if self.motion {
                // Whatever the first of its steps shows, the last one shows the picture before alone.
                let before = &rows[rows.len().saturating_sub(now.len())..];
                for (now, before) in now.chunks_exact_mut(steps).zip(before.chunks_exact(steps)) {
                    now[..step].copy_from_slice(&before[steps - step..]);
                }
            }
            rows.append(&mut now);
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_720p_frame_is_120_tokens() {
        let frame = Frame::new(1280, 720, vec![128; 1280 * 720 * 3]).unwrap();
        let preprocessor = Preprocessor::default();
        let patches = preprocessor.patches(&preprocessor.resized(&frame).unwrap()).unwrap();
        assert_eq!(patches.grid.merged(2), (8, 15));
        assert_eq!(patches.rows.len(), 480 * 1176);
    }

    #[test]
    fn who_sees_motion_sees_the_picture_before_in_the_first_time_step() {
        let still = Preprocessor { bounds: PixelBounds { min: 1, max: 28 * 28 }, ..Preprocessor::default() };
        let moving = Preprocessor { motion: true, ..still.clone() };
        let frames: Vec<Frame> =
            [10, 120, 250].map(|byte| Frame::new(28, 28, vec![byte; 3 * 28 * 28]).unwrap()).to_vec();
        let rows =
            |preprocessor: &Preprocessor| preprocessor.stream(frames.iter().cloned().map(Ok::<_, FrameError>)).unwrap();
        let (still, moving) = (rows(&still), rows(&moving));
        let picture = 4 * 1176;
        assert_eq!(moving.len(), 3 * picture);
        assert_eq!(moving[..picture], still[..picture], "before the first there is none");
        for (place, (&seen, &now)) in moving.iter().zip(&still).enumerate().skip(picture) {
            let is_first_step = place / 196 % 2 == 0;
            assert_eq!(seen, if is_first_step { still[place - picture] } else { now }, "{place}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_frame_becomes_patches_or_an_error((width, height) in (1_u32..300, 1_u32..300), byte: u8) {
            let frame = Frame::new(width, height, vec![byte; (width * height * 3) as usize]).unwrap();
            let preprocessor = Preprocessor::default();
            match preprocessor.resized(&frame) {
                Ok(resized) => {
                    let patches = preprocessor.patches(&resized).unwrap();
                    prop_assert_eq!(patches.rows.len(), patches.grid.patches() * 1176);
                    prop_assert!((4..=128).contains(&patches.grid.visual_tokens(2)));
                }
                Err(error) => prop_assert!(matches!(error, FrameError::TooThin { .. }), "{}", error),
            }
        }
    }
}
