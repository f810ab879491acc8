//! A browser's pictures, brought to the GPU without passing through main memory.
//!
//! ```text
//! ImageBitmap ─ copyExternalImageToTexture ─► texture ─ kernels::texture ─► pixels ─ Intake ─► rows
//! ```
//!
//! Bytes stay as they are: straight alpha, sRGB, the first row at the top. Where a browser cannot do it, which
//! [`bitmaps_arrive`] finds out, a canvas gives the bytes of a [`Frame`].

use std::error::Error;

use burn::tensor::wgpu::wgpu::{self, ErrorFilter};
use burn::tensor::{Device, Tensor};
use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen::{Clamped, JsCast};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ImageBitmap, ImageData};

use super::{Frame, Intake, Preprocessor};
use crate::device::{Opened, handles};
use crate::kernels::resample::{Fourth, Pixels};
use crate::kernels::self_test::{self, Depth, Outcome, SelfTestError};
use crate::kernels::texture::{self, TextureError};

/// Why a bitmap does not reach the GPU.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BitmapError {
    /// It was closed, or handed to somebody else.
    #[error("this ImageBitmap is closed; watch it before it is closed or transferred")]
    Closed,
    /// A side is longer than that of any texture of the adapter.
    #[error("an ImageBitmap of {width}x{height} is too large: a side may have {most} pixels; make it smaller first")]
    TooLarge {
        /// Pixels a row.
        width: u32,
        /// Rows.
        height: u32,
        /// Pixels that a side may have.
        most: u32,
    },
    /// The browser said no, as to the pictures of another site.
    #[error("the browser does not give an ImageBitmap to the GPU ({0}); draw it to a canvas and pass its bytes")]
    Refused(String),
    /// It reached the GPU and stays in a texture.
    #[error(transparent)]
    Texture(#[from] TextureError),
}

/// The way of a stream's bitmaps to the GPU. They have one size as a rule, and so share a texture.
///
/// It takes next to nothing of the thread's own time. Where the CPU plays the GPU, a canvas and the CPU twin are still faster
/// in all: for 720p about 10 times in Chromium on SwiftShader, 1.4 times in Firefox on lavapipe.
#[derive(Debug)]
pub struct Bitmaps {
    device: Device,
    texture: Option<wgpu::Texture>,
}

impl Bitmaps {
    /// To `device`.
    pub fn new(device: &Device) -> Self {
        Self { device: device.clone(), texture: None }
    }

    /// The pixels of `bitmap`, which may be closed as soon as they are there.
    ///
    /// # Errors
    ///
    /// [`BitmapError`].
    pub fn pixels(&mut self, bitmap: &ImageBitmap) -> Result<Pixels, BitmapError> {
        let (gpu, queue) = handles().ok_or(TextureError::NoGpu)?;
        let queue: &CopyingQueue = queue.as_webgpu().ok_or(TextureError::NoGpu)?.unchecked_ref();
        let texture = self.texture(gpu, bitmap.width(), bitmap.height())?;
        let [source, destination] = [Object::new(), Object::new()];
        let size = Array::of2(&bitmap.width().into(), &bitmap.height().into());
        Reflect::set(&source, &"source".into(), bitmap).map_err(refused)?;
        Reflect::set(&destination, &"texture".into(), &texture.as_webgpu().into()).map_err(refused)?;
        queue.copy(&source, &destination, &size).map_err(refused)?;
        Ok(texture::pixels(&texture, Fourth::Alpha, &self.device)?)
    }

    /// The texture, made anew when the last bitmap had another size.
    fn texture(&mut self, gpu: &wgpu::Device, width: u32, height: u32) -> Result<wgpu::Texture, BitmapError> {
        let most = gpu.limits().max_texture_dimension_2d;
        if width == 0 || height == 0 {
            return Err(BitmapError::Closed);
        }
        if width.max(height) > most {
            return Err(BitmapError::TooLarge { width, height, most });
        }
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        if let Some(other) = self.texture.take_if(|texture| texture.size() != size) {
            // What it was copied for is in the queue already. Without this it waits for the browser to collect it.
            other.destroy();
        }
        let texture = self.texture.get_or_insert_with(|| {
            gpu.create_texture(&wgpu::TextureDescriptor {
                label: Some("bitmap"),
                size,
                mip_level_count: 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                // Not its sRGB twin: bytes are to stay what they are.
                format: wgpu::TextureFormat::Rgba8Unorm,
                // Browsers draw a bitmap into it.
                usage: wgpu::TextureUsages::COPY_DST
                    | wgpu::TextureUsages::RENDER_ATTACHMENT
                    | wgpu::TextureUsages::COPY_SRC,
                view_formats: &[],
            })
        });
        Ok(texture.clone())
    }
}

#[wasm_bindgen]
extern "C" {
    /// A `GPUQueue`. wgpu's own call of the method below takes an exception for a bug, and panics.
    type CopyingQueue;

    /// By default without a flip, to straight alpha and sRGB.
    #[wasm_bindgen(method, catch, js_name = copyExternalImageToTexture)]
    fn copy(this: &CopyingQueue, source: &Object, destination: &Object, size: &Array) -> Result<(), JsValue>;

    /// In pages and in workers.
    #[wasm_bindgen(catch, js_name = createImageBitmap)]
    fn create_image_bitmap(data: &ImageData, options: &Object) -> Result<Promise, JsValue>;
}

fn refused(exception: JsValue) -> BitmapError {
    BitmapError::Refused(
        exception.dyn_into::<js_sys::Error>().map_or_else(|other| format!("{other:?}"), |error| error.message().into()),
    )
}

/// Whether bitmaps become the rows of a model on `opened`, bit for bit. Where they do not, which is no fault of the model's
/// kernels, a stream takes frames.
pub async fn bitmaps_arrive(opened: &Opened) -> bool {
    let outcomes = self_test(opened, Depth::Brief).await.unwrap_or_default();
    !outcomes.is_empty() && outcomes.iter().all(Outcome::passed)
}

/// Sizes that are tried, width and height: odd ones, two of one size running, rows without anything between them.
const SIZES: [(u32, u32); 6] = [(67, 45), (67, 45), (64, 57), (3, 130), (640, 360), (67, 45)];

/// Brings random bitmaps to the device of `opened`, and compares their rows with what the CPU twin makes of the same bytes.
/// All are opaque: a browser may multiply by alpha and divide by it again, which loses bits.
///
/// # Errors
///
/// As [`self_test::run`].
pub async fn self_test(opened: &Opened, depth: Depth) -> Result<Vec<Outcome>, SelfTestError> {
    self_test::trials(opened, depth, async |trial| {
        let (preprocessor, mut bitmaps) = (Preprocessor::default(), Bitmaps::new(trial.device()));
        for &(width, height) in trial.cases(&SIZES) {
            let mut bytes = trial.bytes(4 * (width * height) as usize);
            bytes.iter_mut().skip(3).step_by(4).for_each(|alpha| *alpha = u8::MAX);
            let made = rows(&mut bitmaps, &preprocessor, &bytes, (width, height)).await;
            let made = made.inspect_err(|reason| log::info!("a bitmap did not reach the GPU: {reason}")).ok();
            let seen = Frame::from_rgba(width, height, bytes).and_then(|frame| preprocessor.resized(&frame));
            let expected = match seen.and_then(|frame| preprocessor.patches(&frame)) {
                Ok(patches) => patches.rows.into_iter().map(f64::from).collect(),
                // Which nothing equals.
                Err(_) => vec![f64::NAN],
            };
            trial.compare(format!("bitmap+{width}x{height}"), 0.0, made, &expected).await?;
        }
        Ok(())
    })
    .await
}

/// The rows of a bitmap of so many pixels, made of straight RGBA.
async fn rows(
    bitmaps: &mut Bitmaps,
    preprocessor: &Preprocessor,
    bytes: &[u8],
    size: (u32, u32),
) -> Result<Tensor<2>, Box<dyn Error>> {
    let data = ImageData::new_with_u8_clamped_array_and_sh(Clamped(bytes), size.0, size.1).map_err(refused)?;
    let as_they_are = Object::new();
    for conversion in ["premultiplyAlpha", "colorSpaceConversion"] {
        Reflect::set(&as_they_are, &conversion.into(), &"none".into()).map_err(refused)?;
    }
    let bitmap = create_image_bitmap(&data, &as_they_are).map_err(refused)?;
    let bitmap: ImageBitmap = JsFuture::from(bitmap).await.and_then(JsCast::dyn_into).map_err(refused)?;
    let (gpu, _) = handles().ok_or(TextureError::NoGpu)?;
    // What goes wrong here is not to count as a failure of the device.
    let scopes = [ErrorFilter::Validation, ErrorFilter::OutOfMemory, ErrorFilter::Internal];
    let scopes = scopes.map(|filter| gpu.push_error_scope(filter));
    let pixels = bitmaps.pixels(&bitmap);
    // The last one first, and all before anybody else is given a turn.
    let errors: Vec<_> = scopes.into_iter().rev().map(wgpu::ErrorScopeGuard::pop).collect();
    for error in errors {
        error.await.map_or(Ok(()), Err)?;
    }
    Ok(Intake::new(preprocessor, size, &bitmaps.device)?.rows(&pixels?)?)
}
