//! Where the model runs: a wgpu adapter, or the CPU when asked for.

use burn::tensor::Device;
use thiserror::Error;

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kind {
    /// The best adapter that wgpu finds.
    #[default]
    Gpu,
    /// The CPU, without wgpu.
    Cpu,
}

/// An open device.
#[derive(Debug, Clone)]
pub struct Opened {
    /// For tensors.
    pub device: Device,
    /// What it calls itself.
    pub name: String,
}

/// Why there is no device.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeviceError {
    /// wgpu found no adapter, or could not open it.
    #[error("no GPU adapter can be used ({0}); install a Vulkan, Metal or DX12 driver, or run with --device cpu")]
    NoAdapter(String),
    /// This build has no CPU device.
    #[error("this build runs on WebGPU only")]
    NoCpu,
}

/// Opens a device. A GPU is never silently replaced by the CPU.
///
/// # Errors
///
/// [`DeviceError`]; also when wgpu was opened before in this process: clone the [`Opened`] device instead.
pub async fn open(kind: Kind) -> Result<Opened, DeviceError> {
    match kind {
        Kind::Gpu => {
            let (device, setup) = Device::wgpu_options().init_with_setup_async().await.map_err(|error| {
                let text = error.to_string();
                DeviceError::NoAdapter(text.split_whitespace().collect::<Vec<_>>().join(" "))
            })?;
            let adapter = setup.adapter.get_info();
            Ok(Opened { device, name: format!("{} ({})", adapter.name, adapter.backend) })
        }
        #[cfg(not(target_arch = "wasm32"))]
        Kind::Cpu => Ok(Opened { device: Device::flex(), name: "CPU".to_owned() }),
        #[cfg(target_arch = "wasm32")]
        Kind::Cpu => Err(DeviceError::NoCpu),
    }
}
