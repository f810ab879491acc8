use super::Frame;
use crate::kernels::resample::Pixels;

/// A picture for a model, wherever its pixels are.
#[derive(Clone, Copy, Debug)]
pub enum Picture<'a> {
    /// In main memory.
    Frame(&'a Frame),
    /// On the device of the model already.
    Pixels(&'a Pixels),
}

impl Picture<'_> {
    /// Width and height, in pixels.
    pub fn size(self) -> (u32, u32) {
        match self {
            Self::Frame(frame) => (frame.width, frame.height),
            Self::Pixels(pixels) => {
                let [height, width] = pixels.dims();
                (width as u32, height as u32)
            }
        }
    }
}

impl<'a> From<&'a Frame> for Picture<'a> {
    fn from(frame: &'a Frame) -> Self {
        Self::Frame(frame)
    }
}

impl<'a> From<&'a Pixels> for Picture<'a> {
    fn from(pixels: &'a Pixels) -> Self {
        Self::Pixels(pixels)
    }
}
