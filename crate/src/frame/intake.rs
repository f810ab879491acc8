//! From frames to the vision transformer's rows, on the device where the model is.
//!
//! ```text
//! pixels ─ first pass ─► pixels ─ second pass, numbers, patches ─► rows
//!          (kernels::resample)     (kernels::patchify)
//! ```

use std::cell::OnceCell;

use burn::tensor::{Device, Tensor, TensorData};

use super::bicubic::{columns_first, windows};
use super::{Frame, FrameError, Grid, Picture, Preprocessor};
use crate::device::Room;
use crate::kernels::patchify::{Patches, Shape, patchify};
use crate::kernels::resample::{Axis, Pixels, Windows, resample};
use crate::kernels::{Adapter, launch};

/// The way into a model for frames of one size. What they share is computed and brought to the device once, so a stream
/// keeps it while the size stays; of a frame only the pixels go there, unless they are there.
#[derive(Debug)]
pub struct Intake {
    preprocessor: Preprocessor,
    device: Device,
    /// Width and height of the frames.
    size: (u32, u32),
    grid: Grid,
    /// Whether frames go to the device as they are.
    uploads: bool,
    /// Made for the first picture that they take.
    kernels: OnceCell<Kernels>,
}

impl Intake {
    /// For frames of `size`, width and height in pixels.
    ///
    /// # Errors
    /// Those of [`Preprocessor::size`].
    pub fn new(preprocessor: &Preprocessor, size: (u32, u32), device: &Device) -> Result<Self, FrameError> {
        Self::on(launch::adapter_of(device), preprocessor, size, device)
    }

    /// The same with the choice that `adapter` gets, `None` for a device that no kernel reaches. The numbers are the same.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn on(
        adapter: Option<Adapter>,
        preprocessor: &Preprocessor,
        size: (u32, u32),
        device: &Device,
    ) -> Result<Self, FrameError> {
        let (width, height) = preprocessor.size(size.0, size.1)?;
        // Whole patches fill that size, and so no patch has a zero side.
        let patches = |side: u32| (side / preprocessor.patch) as usize;
        let grid = Grid { height: patches(height), width: patches(width) };
        let pixels = u64::from(size.0) * u64::from(size.1) * size_of::<u32>() as u64;
        // Where the CPU plays the GPU, it is faster at this as itself: 8 ms instead of 22 for 1080p, on two cores.
        let card = adapter.is_some_and(|adapter| !adapter.software);
        Ok(Self {
            preprocessor: preprocessor.clone(),
            device: device.clone(),
            size,
            grid,
            uploads: card && Room::on(device).fits([pixels]),
            kernels: OnceCell::new(),
        })
    }

    /// Whether it is for pictures such as `picture`.
    pub fn takes<'a>(&self, picture: impl Into<Picture<'a>>) -> bool {
        self.size == picture.into().size()
    }

    /// The patches of a frame.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The rows of [`Patches`](super::Patches) for a picture that it takes, `[patches, numbers in a patch]`.
    ///
    /// # Errors
    /// Those of [`Preprocessor::resized`] and [`Preprocessor::patches`]; [`FrameError::OutOfReach`].
    pub fn rows<'a>(&self, picture: impl Into<Picture<'a>>) -> Result<Tensor<2>, FrameError> {
        let picture = picture.into();
        debug_assert!(self.takes(picture), "made for {:?}", self.size);
        match picture {
            Picture::Frame(frame) if self.uploads => {
                let (bytes, fourth) = frame.four_a_pixel();
                let pixels = Pixels::new(bytes, [frame.height as usize, frame.width as usize], fourth, &self.device);
                self.kernels().launch(&pixels).map_or_else(|| self.plain(frame), Ok)
            }
            Picture::Frame(frame) => self.plain(frame),
            Picture::Pixels(pixels) => self.kernels().launch(pixels).ok_or(FrameError::OutOfReach),
        }
    }

    /// Whether pictures are seen with the one before them.
    pub fn sees_motion(&self) -> bool {
        self.preprocessor.motion
    }

    /// The rows of a picture, `now`, with the first time step of those of the picture `before`.
    pub fn since(&self, before: Tensor<2>, now: Tensor<2>) -> Tensor<2> {
        let Preprocessor { patch, temporal, .. } = self.preprocessor;
        let shape = now.dims();
        let steps = [shape[0], 3, temporal as usize, (patch * patch) as usize];
        let (before, now) = (before.reshape(steps), now.reshape(steps));
        Tensor::cat(vec![before.slice_dim(2, 0..1), now.slice_dim(2, 1..)], 2).reshape(shape)
    }

    fn kernels(&self) -> &Kernels {
        self.kernels.get_or_init(|| Kernels::new(&self.preprocessor, self.size, self.grid, &self.device))
    }

    fn plain(&self, frame: &Frame) -> Result<Tensor<2>, FrameError> {
        let patches = self.preprocessor.patches(&self.preprocessor.resized(frame)?)?;
        let shape = [self.grid.patches(), patches.rows.len() / self.grid.patches()];
        Ok(Tensor::from_data(TensorData::new(patches.rows, shape), &self.device))
    }
}

/// What the kernels need beside the pixels.
#[derive(Debug)]
struct Kernels {
    /// The pass that leaves pixels; none where it would change nothing.
    first: Option<(Axis, Windows)>,
    /// The pass that makes rows. Where its axis is as long as it should be, each window is one pixel.
    second: (Axis, Windows),
    patches: Patches,
}

impl Kernels {
    /// `from` is a width and a height, `grid` what they become.
    fn new(preprocessor: &Preprocessor, from: (u32, u32), grid: Grid, device: &Device) -> Self {
        let pixels = |patches: usize| patches as u32 * preprocessor.patch;
        let to = (pixels(grid.width), pixels(grid.height));
        let pass = |axis, (from, to)| {
            let windows = windows(from, to);
            (axis, Windows::new(windows.iter().map(|window| (window.first, window.weights.as_slice())), device))
        };
        let (rows, columns) = ((Axis::Rows, (from.0, to.0)), (Axis::Columns, (from.1, to.1)));
        let (first, second) = if columns_first(from, to) { (columns, rows) } else { (rows, columns) };
        let Preprocessor { patch, merge, temporal, .. } = *preprocessor;
        let shape = Shape { patch: patch as usize, temporal: temporal as usize };
        let corners: Vec<[usize; 2]> = grid
            .in_merge_order(merge as usize)
            .map(|(row, column)| [column * shape.patch, row * shape.patch])
            .collect();
        let (axis, (length, wanted)) = first;
        Self {
            first: (length != wanted).then(|| pass(axis, (length, wanted))),
            second: pass(second.0, second.1),
            patches: Patches::new(shape, &corners, preprocessor.normalization.tables(), device),
        }
    }

    /// `None` where the kernels do not reach: off wgpu.
    fn launch(&self, pixels: &Pixels) -> Option<Tensor<2>> {
        let (axis, windows) = &self.second;
        match &self.first {
            Some((along, first)) => patchify(&resample(pixels, *along, first)?, *axis, windows, &self.patches),
            None => patchify(pixels, *axis, windows, &self.patches),
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::DType;
    use proptest::prelude::*;

    use super::*;
    use crate::frame::{Normalization, PixelBounds};
    use crate::kernels::{gpu, texture};

    const CARD: Adapter = Adapter::CARD;
    const SOFTWARE: Adapter = Adapter { software: true, ..CARD };

    /// A frame whose bytes follow from `seed`, with alpha or without.
    fn picture((width, height): (u32, u32), alpha: bool, seed: u32) -> Frame {
        let bytes = if alpha { 4 } else { 3 } * width * height;
        let mut state = seed;
        let byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let bytes = std::iter::repeat_with(byte).take(bytes as usize).collect();
        if alpha { Frame::from_rgba(width, height, bytes) } else { Frame::new(width, height, bytes) }.unwrap()
    }

    /// A frame on the GPU, with `between` more words after each row.
    fn on_gpu(frame: &Frame, between: usize) -> Pixels {
        let (bytes, fourth) = frame.four_a_pixel();
        let (row, pitch) = (4 * frame.width as usize, frame.width as usize + between);
        let mut words = Vec::new();
        for row in bytes.chunks(row) {
            words.extend_from_slice(row);
            // Neither black nor white, and not transparent: it would show.
            words.resize(words.len() + 4 * between, 77);
        }
        let words = TensorData::from_bytes_vec(words, [frame.height as usize, pitch], DType::I32);
        Pixels::of(Tensor::from_data(words, &gpu()), frame.width as usize, fourth)
    }

    /// A frame on the GPU, by way of a texture.
    fn from_texture(frame: &Frame) -> Pixels {
        let (bytes, fourth) = frame.four_a_pixel();
        texture::pixels(&texture::tests::texture(&bytes, [frame.height, frame.width]), fourth, &gpu()).unwrap()
    }

    /// That the kernels make the CPU twin's numbers, bit for bit, wherever they get the pixels from.
    fn compare(preprocessor: &Preprocessor, size: (u32, u32), alpha: bool, seed: u32) {
        let frame = picture(size, alpha, seed);
        let patches = preprocessor.patches(&preprocessor.resized(&frame).unwrap()).unwrap();
        let same = |way: &str, rows: Tensor<2>| {
            assert_eq!(
                rows.into_data().try_into_vec::<f32>().unwrap(),
                patches.rows,
                "{way}, {size:?}, alpha: {alpha}"
            );
        };
        let uploads = Intake::on(Some(CARD), preprocessor, size, &gpu()).unwrap();
        assert!(uploads.uploads && uploads.grid() == patches.grid);
        same("uploaded", uploads.rows(&frame).unwrap());
        let intake = Intake::on(Some(SOFTWARE), preprocessor, size, &gpu()).unwrap();
        same("there already", intake.rows(&on_gpu(&frame, seed as usize % 70)).unwrap());
        same("from a texture", intake.rows(&from_texture(&frame)).unwrap());
    }

    #[test]
    fn the_kernels_equal_the_cpu() {
        let sizes = [
            ((1280, 720), false), // smaller both ways, rows first
            ((720, 1280), true),  // columns first
            ((426, 240), false),  // a little smaller, columns first
            ((97, 61), true),     // larger
            ((100, 1), false),    // a strip
            ((3, 598), true),     // the other way
            ((448, 224), true),   // no pass
            ((448, 230), false),  // columns only
            ((460, 224), true),   // rows only
            ((1, 1), false),      // one colour
        ];
        for (seed, (size, alpha)) in sizes.into_iter().enumerate() {
            compare(&Preprocessor::default(), size, alpha, seed as u32);
        }
    }

    #[test]
    fn kernels_take_frames_on_cards_and_nowhere_else() {
        let frame = picture((90, 70), true, 7);
        let here = launch::adapter_of(&gpu());
        let choices = [
            (None, Device::flex(), false),
            (Some(CARD), gpu(), true),
            (Some(SOFTWARE), gpu(), false),
            (here, gpu(), here.is_some_and(|here| !here.software)),
        ];
        let rows = choices.map(|(adapter, device, kernels)| {
            let intake = Intake::on(adapter, &Preprocessor::default(), (90, 70), &device).unwrap();
            assert!(intake.takes(&frame) && !intake.takes(&picture((70, 90), true, 7)));
            let before = launch::kernels_run();
            let rows = intake.rows(&frame).unwrap().into_data();
            assert_eq!(launch::kernels_run() > before, kernels, "{adapter:?}");
            rows
        });
        assert!(rows.iter().all(|made| *made == rows[0]));
    }

    #[test]
    fn motion_is_the_same_on_every_device() {
        let preprocessor = Preprocessor { motion: true, ..Preprocessor::default() };
        let frames = [7, 8].map(|seed| picture((90, 70), false, seed));
        let resized = frames.iter().map(|frame| preprocessor.resized(frame));
        let stream = preprocessor.stream(resized).unwrap();
        for device in [Device::flex(), gpu()] {
            let intake = Intake::new(&preprocessor, (90, 70), &device).unwrap();
            let [before, now] = [0, 1].map(|index| intake.rows(&frames[index]).unwrap());
            let rows = intake.since(before, now).into_data().try_into_vec::<f32>().unwrap();
            assert_eq!(rows, stream[rows.len()..]);
        }
    }

    #[test]
    fn pixels_on_a_gpu_are_for_models_there() {
        let pixels = on_gpu(&picture((90, 70), true, 7), 3);
        let intake = Intake::new(&Preprocessor::default(), (90, 70), &Device::flex()).unwrap();
        assert!(intake.takes(&pixels));
        assert_eq!(intake.rows(&pixels).unwrap_err(), FrameError::OutOfReach);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_kernels_equal_the_cpu_on_any_frame(
            (width, height, alpha, seed) in (1_u32..400, 1_u32..400, any::<bool>(), any::<u32>()),
            (patch, merge, temporal) in (1_u32..16, 1_u32..4, 1_u32..4),
            blocks in 1_u32..40,
        ) {
            let block = (patch * merge).pow(2);
            let preprocessor = Preprocessor {
                bounds: PixelBounds { min: 1, max: block * blocks }, patch, merge, temporal, motion: false,
                normalization: Normalization { mean: [0.5, 0.1, 0.9], std: [0.3, 0.7, 0.2] },
            };
            if preprocessor.size(width, height).is_ok() {
                compare(&preprocessor, (width, height), alpha, seed);
            }
        }
    }
}
