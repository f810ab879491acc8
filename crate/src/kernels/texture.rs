//! Pictures that stand in textures, for kernels, which read buffers: a copy on the GPU.

use burn::tensor::wgpu::wgpu;
use burn::tensor::{Device, Tensor};
use cubecl::server::ServerError;
use cubecl::wgpu::{AutoCompiler, WgpuServer};
use thiserror::Error;

use super::launch;
use super::resample::{Fourth, Pixels};
use crate::device::handles;

/// Bytes of a pixel.
const PIXEL: usize = 4;

/// Why there are no pixels of a texture.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextureError {
    /// The device is none of wgpu's, or one under autodiff.
    #[error("textures reach models on a GPU only; give the model the bytes of its frames instead")]
    NoGpu,
    /// More bytes than the adapter binds to a kernel in one piece.
    #[error("a picture of {width}x{height} needs {bytes} bytes, and {most} fit; make it smaller first")]
    TooLarge {
        /// Pixels a row.
        width: usize,
        /// Rows.
        height: usize,
        /// Bytes of its rows, with what lies between them.
        bytes: u64,
        /// Bytes that fit.
        most: u64,
    },
    /// The device has failed.
    #[error("the GPU did not take a picture: {0}")]
    Device(String),
}

impl From<ServerError> for TextureError {
    fn from(error: ServerError) -> Self {
        Self::Device(error.to_string())
    }
}

/// What `texture` holds when all that its queue was given so far is done. It is of [`device::open`](crate::device::open)'s
/// wgpu device, which is that of `device` too; four bytes a pixel in the order of [`Pixels`], such as `rgba8unorm`; and may be
/// copied from.
///
/// # Errors
///
/// [`TextureError`].
pub fn pixels(texture: &wgpu::Texture, fourth: Fourth, device: &Device) -> Result<Pixels, TextureError> {
    let (width, height) = (texture.width() as usize, texture.height() as usize);
    let row = (PIXEL * width).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT as usize);
    let (gpu, queue) = handles().ok_or(TextureError::NoGpu)?;
    let any = launch::numbers(&Tensor::<1>::empty([1], device)).ok_or(TextureError::NoGpu)?;
    let (bytes, most) = (row as u64 * height as u64, any.client.properties().memory.max_page_size);
    if bytes > most {
        return Err(TextureError::TooLarge { width, height, bytes, most });
    }
    let words = launch::room_for_words(&any, [height, row / PIXEL]);
    // cubecl gives a buffer that a tensor has left to the next tensor right away, while kernels that read it may still be kept
    // back. To be asked for the buffer makes it submit all of them, so that they come first. Later ones follow by themselves.
    let behind = words.client.get_resource::<WgpuServer<AutoCompiler>>(words.handle.clone())?;
    let to = behind.resource();
    let layout =
        wgpu::TexelCopyBufferLayout { offset: to.offset, bytes_per_row: Some(row as u32), rows_per_image: None };
    let mut commands = gpu.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    commands.copy_texture_to_buffer(
        texture.as_image_copy(),
        wgpu::TexelCopyBufferInfo { buffer: &to.buffer, layout },
        texture.size(),
    );
    queue.submit([commands.finish()]);
    Ok(Pixels::of(launch::words_tensor(words), width, fourth))
}

#[cfg(test)]
pub(crate) mod tests {
    use std::iter::repeat_n;

    use super::*;
    use crate::kernels::gpu;
    use crate::kernels::resample::{Axis, Windows, resample};

    /// A texture of `height` rows of `width` pixels of four bytes.
    pub fn texture(bytes: &[u8], [height, width]: [u32; 2]) -> wgpu::Texture {
        // So that there is a wgpu device.
        gpu();
        let (gpu, queue) = handles().unwrap();
        let size = wgpu::Extent3d { width, height, depth_or_array_layers: 1 };
        let texture = gpu.create_texture(&wgpu::TextureDescriptor {
            label: None,
            size,
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::COPY_DST | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4 * width), rows_per_image: None };
        queue.write_texture(texture.as_image_copy(), bytes, layout, size);
        texture
    }

    /// cubecl gives the buffer of the first picture to the second one, while the kernel that reads the first one waits.
    #[test]
    fn a_picture_does_not_overtake_kernels_that_wait() {
        let [height, width] = [180, 320];
        let one = [1 << 22];
        let windows = Windows::new((0..width).map(|x| (x, one.as_slice())), &gpu());
        let textures: Vec<_> = (1..=20_u8)
            .map(|value| {
                texture(&repeat_n(value, 4 * height * width).collect::<Vec<_>>(), [height, width].map(|n| n as u32))
            })
            .collect();
        let seen: Vec<_> = textures
            .iter()
            .map(|texture| {
                let pixels = pixels(texture, Fourth::Unused, &gpu()).unwrap();
                resample(&pixels, Axis::Rows, &windows).unwrap()
            })
            .collect();
        for (seen, value) in seen.iter().zip(1..) {
            let words = launch::words_tensor::<2>(seen.operand().unwrap()).into_data();
            assert!(words.iter::<i32>().all(|word| word == 0x1_0101 * value), "picture {value}");
        }
    }

    #[test]
    fn textures_reach_the_gpu_only() {
        let none = pixels(&texture(&[0; 4], [1, 1]), Fourth::Unused, &Device::flex());
        assert_eq!(none.unwrap_err(), TextureError::NoGpu);
    }
}
