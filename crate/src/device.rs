//! Where the model runs: a wgpu adapter, or the CPU when asked for; and what there is room for.

use std::fmt;
use std::sync::{Arc, OnceLock};

use burn::backend::wgpu::Wgpu;
use burn::tensor::wgpu::{MemoryConfiguration, wgpu};
use burn::tensor::{Device, ExecutionError, Tensor};
use cubecl::MemoryScope;
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
}

/// Opens a device. A GPU is never silently replaced by the CPU.
///
/// # Errors
///
/// [`DeviceError`]; also when wgpu was opened before in this process: clone the [`Opened`] device instead.
pub async fn open(kind: Kind) -> Result<Opened, DeviceError> {
    match kind {
        Kind::Gpu => {
            // A buffer for every tensor, as browsers have it anyway: cutting them out of larger ones costs more time a
            // dispatch than all else that the host does.
            let options = Device::wgpu_options().memory_config(MemoryConfiguration::ExclusivePages);
            let opened = options.init_with_setup_async().await;
            let (device, setup) = opened.map_err(|error| DeviceError::NoAdapter(one_line(&error.to_string())))?;
            // Without a listener of ours, an error outside of any call, such as an exhausted memory, is a panic.
            setup.device.on_uncaptured_error(Arc::new(|error| {
                let _ = FAILURE.set(one_line(&error.to_string()));
            }));
            setup.device.set_device_lost_callback(|_, reason| {
                let reason = format!("the GPU was lost: {}", one_line(&reason));
                if let Some(tell) = TELL_OF_LOSS.get() {
                    tell(&reason);
                }
                let _ = FAILURE.set(reason);
            });
            let adapter = setup.adapter.get_info();
            let features = setup.device.features();
            let subgroup = if features.contains(wgpu::Features::SUBGROUP) { adapter.subgroup_min_size } else { 0 };
            let _ = HANDLES.set((setup.device.clone(), setup.queue.clone()));
            let _ = VARIANTS.set(Variants { subgroup, half: features.contains(wgpu::Features::SHADER_F16) });
            // Browsers keep the name to themselves.
            let name = if adapter.name.is_empty() { "an adapter without a name" } else { &adapter.name };
            Ok(Opened { device, name: format!("{name} ({})", adapter.backend) })
        }
        Kind::Cpu => Ok(Opened { device: Device::flex(), name: "CPU".to_owned() }),
    }
}

/// The first error that wgpu reported outside of any call. There is one wgpu device in a process.
static FAILURE: OnceLock<String> = OnceLock::new();

static TELL_OF_LOSS: OnceLock<fn(&str)> = OnceLock::new();

/// Has `tell` called, with the reason, when the GPU is lost: in a browser, what waits for the GPU then may wait for ever.
/// Only the first call counts, and only for a device that is opened after it.
pub fn on_loss(tell: fn(&str)) {
    let _ = TELL_OF_LOSS.set(tell);
}

/// The wgpu device and its queue, which burn gives away once only.
static HANDLES: OnceLock<(wgpu::Device, wgpu::Queue)> = OnceLock::new();

/// What kernels of the wgpu device may use. cubecl keeps it to itself for adapters that are no card.
static VARIANTS: OnceLock<Variants> = OnceLock::new();

#[derive(Debug, Clone, Copy, Default)]
struct Variants {
    subgroup: u32,
    half: bool,
}

/// The wgpu device and its queue, for what tensors cannot do, such as textures; `None` before [`open`] opened it.
pub fn handles() -> Option<(&'static wgpu::Device, &'static wgpu::Queue)> {
    HANDLES.get().map(|(device, queue)| (device, queue))
}

/// Lanes of the wgpu device's smallest subgroup; 0 where a kernel may not ask for subgroups.
pub fn smallest_subgroup() -> u32 {
    VARIANTS.get().copied().unwrap_or_default().subgroup
}

/// Whether kernels of the wgpu device may compute in f16.
pub fn computes_in_half() -> bool {
    VARIANTS.get().copied().unwrap_or_default().half
}

/// What went wrong on the wgpu device, if anything did: nothing computed since is to be trusted.
pub fn failure() -> Option<&'static str> {
    FAILURE.get().map(String::as_str)
}

/// Waits until `device` has done what it was given, so that each stage's time is its own. A browser has no such wait.
///
/// # Errors
///
/// What went wrong on it, in a line; it tells late.
pub fn settle(device: &Device) -> Result<(), String> {
    if cfg!(not(target_arch = "wasm32")) {
        device.sync().map_err(|error| reason(&error))?;
    }
    failure().map_or(Ok(()), |reason| Err(reason.to_owned()))
}

/// Bytes that `device` has allocated, in use or not; `None` where nobody counts, as on the CPU.
pub fn allocated(device: &Device) -> Option<u64> {
    let one = Tensor::<1>::empty([1], device).try_into_primitive::<Wgpu>().ok()?;
    Some(one.client.memory_report(MemoryScope::Device).usage().bytes_reserved)
}

/// The cause of a failure in one line: without the chain of what was skipped because of it, or where in the program it was.
pub fn reason(error: &ExecutionError) -> String {
    const INTRODUCTIONS: [&str; 4] = ["An error happened", "Caused by", "Several failures", "The device is poisoned"];
    let text = error.to_string();
    let introduces = |line: &&str| line.is_empty() || INTRODUCTIONS.iter().any(|start| line.starts_with(start));
    text.lines().map(str::trim).find(|line| !introduces(line)).unwrap_or("it gives no reason").to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a device has room for. It is asked before anything is allocated, since an allocation that fails is reported
/// late on a GPU, and on a CPU ends the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes of one tensor at most: what the adapter binds to a shader in one piece.
    pub tensor: u64,
    /// Bytes of all further tensors together; `None` where nobody can say, as of a GPU's own memory.
    pub total: Option<u64>,
}

impl Room {
    /// The room on `device` now, with or without autodiff.
    pub fn on(device: &Device) -> Self {
        let device = &device.clone().without_autodiff();
        // Software adapters are no card, and keep their tensors where the CPU does.
        let card = device.identity().is_some_and(|identity| identity.physical.is_some());
        let one = Tensor::<1>::zeros([1], device).try_into_primitive::<Wgpu>();
        Self {
            tensor: one.map_or(isize::MAX as u64, |one| one.client.properties().memory.max_page_size),
            total: if card { None } else { free_memory() },
        }
    }

    /// Whether tensors of `bytes` each fit.
    pub fn fits(&self, tensors: impl IntoIterator<Item = u64>) -> bool {
        let mut total = 0_u64;
        tensors.into_iter().all(|bytes| {
            total = total.saturating_add(bytes);
            bytes <= self.tensor && self.total.is_none_or(|most| total <= most)
        })
    }
}

/// Bytes of main memory that can still be had, swap included.
#[cfg(target_os = "linux")]
fn free_memory() -> Option<u64> {
    let table = std::fs::read_to_string("/proc/meminfo").ok()?;
    let kilobytes = |name: &str| {
        let row = table.lines().find_map(|line| line.strip_prefix(name))?;
        row.trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    Some((kilobytes("MemAvailable:")? + kilobytes("SwapFree:").unwrap_or(0)) * 1024)
}

/// Bytes by which a module of WebAssembly can still grow: its addresses have 32 bits.
#[cfg(target_arch = "wasm32")]
fn free_memory() -> Option<u64> {
    const PAGE: u64 = 1 << 16;
    Some((1 << 32) - core::arch::wasm32::memory_size(0) as u64 * PAGE)
}

/// Nobody says portably what is free.
#[cfg(not(any(target_os = "linux", target_arch = "wasm32")))]
fn free_memory() -> Option<u64> {
    None
}

/// Bytes, for people: `1.24 GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 7] = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        let steps = self.0.max(1).ilog2() / 10;
        match steps {
            0 => write!(f, "{} bytes", self.0),
            _ => write!(f, "{:.2} {}", self.0 as f64 / 1024_f64.powi(steps as i32), UNITS[steps as usize]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_counts_each_tensor_and_all_of_them() {
        let room = Room { tensor: 10, total: Some(25) };
        assert!(room.fits([10, 10, 5]));
        assert!(!room.fits([11]) && !room.fits([10, 10, 6]) && !room.fits([u64::MAX, u64::MAX]));
        assert!(Room { total: None, ..room }.fits([10; 100]));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_cpu_has_the_room_that_the_machine_has() {
        let room = Room::on(&Device::flex());
        assert_eq!(room.tensor, isize::MAX as u64);
        let total = room.total.unwrap();
        assert!(total > 1 << 20 && !room.fits([total, total, total]));
    }

    #[test]
    fn bytes_read_well() {
        let read = |bytes| Bytes(bytes).to_string();
        assert_eq!([read(0), read(1023), read(1024)], ["0 bytes", "1023 bytes", "1.00 KiB"]);
        assert_eq!([read(1_244_659_712), read(u64::MAX)], ["1.16 GiB", "16.00 EiB"]);
    }
}
