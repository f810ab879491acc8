//! What an adapter can do at most, measured by kernels that do nothing else.

use burn::backend::wgpu::CubeTensor;
use burn::tensor::{Device, ExecutionError, Int, Tensor};
use serde::Serialize;

use super::Clock;
use crate::kernels::launch;
use crate::kernels::shader::{Buffer, Part, Shader, part};

/// The most that this adapter was seen to do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ceilings {
    /// Floating point operations a second, in f32 multiply-adds of two each.
    pub flops: f64,
    /// Weights of four bits decoded and multiplied a second.
    pub unpacked: f64,
    /// Bytes read from a buffer a second.
    pub read: f64,
    /// Seconds of an empty dispatch among others.
    pub dispatch: f64,
}

/// Threads that keep any adapter busy.
const THREADS: usize = 1 << 14;
const ROUNDS: usize = 1 << 9;
/// Larger than the caches of most.
const BYTES: usize = 64 << 20;

/// Kernels and buffers, ready to be run again beside each measurement.
#[derive(Debug)]
pub struct Probe {
    sums: CubeTensor,
    large: CubeTensor,
}

impl Probe {
    /// `None` where the kernels do not reach `device`.
    pub fn new(device: &Device) -> Option<Self> {
        let sums = launch::numbers(&Tensor::<2>::zeros([THREADS, 4], device))?;
        let large = launch::words(&Tensor::<1, Int>::zeros([BYTES / 4], device))?;
        Some(Self { sums, large })
    }

    /// Measures them all.
    ///
    /// # Errors
    ///
    /// What failed on the device.
    pub async fn ceilings(&self, clock: &Clock) -> Result<Ceilings, ExecutionError> {
        Ok(Ceilings {
            flops: self.flops(clock).await?,
            unpacked: self.unpacked(clock).await?,
            read: self.read(clock).await?,
            dispatch: self.dispatch(clock).await?,
        })
    }

    /// Floating point operations a second.
    ///
    /// # Errors
    ///
    /// As [`ceilings`](Self::ceilings).
    pub async fn flops(&self, clock: &Clock) -> Result<f64, ExecutionError> {
        let seconds = self.over_sums(part!("ceilings/multiply_add"), clock).await?;
        Ok((2 * 64 * ROUNDS * THREADS) as f64 / seconds)
    }

    /// Weights of four bits a second.
    ///
    /// # Errors
    ///
    /// As [`ceilings`](Self::ceilings).
    pub async fn unpacked(&self, clock: &Clock) -> Result<f64, ExecutionError> {
        let seconds = self.over_sums(part!("ceilings/unpack"), clock).await?;
        Ok((32 * ROUNDS * THREADS) as f64 / seconds)
    }

    async fn over_sums(&self, kernel: Part, clock: &Clock) -> Result<f64, ExecutionError> {
        let shader = Shader {
            parts: vec![kernel],
            constants: vec![],
            buffers: vec![Buffer { name: "y", element: "vec4<f32>" }],
            sizes: &["rounds", "one", "nought"],
        };
        let workgroups = [THREADS as u32 / Shader::WORKGROUP, 1, 1];
        let run = || launch::run(&shader, &[&self.sums], &[ROUNDS, 1, 0], workgroups);
        clock.least(run).await
    }

    /// Bytes a second.
    ///
    /// # Errors
    ///
    /// As [`ceilings`](Self::ceilings).
    pub async fn read(&self, clock: &Clock) -> Result<f64, ExecutionError> {
        let shader = Shader {
            parts: vec![part!("ceilings/read")],
            constants: vec![],
            buffers: vec![Buffer { name: "x", element: "vec4<u32>" }, Buffer { name: "y", element: "u32" }],
            sizes: &["words", "threads"],
        };
        let workgroups = [THREADS as u32 / Shader::WORKGROUP, 1, 1];
        let run = || launch::run(&shader, &[&self.large, &self.sums], &[BYTES / 16, THREADS], workgroups);
        Ok(BYTES as f64 / clock.least(run).await?)
    }

    /// Seconds a dispatch.
    ///
    /// # Errors
    ///
    /// As [`ceilings`](Self::ceilings).
    pub async fn dispatch(&self, clock: &Clock) -> Result<f64, ExecutionError> {
        let shader = Shader {
            parts: vec![part!("ceilings/empty")],
            constants: vec![],
            buffers: vec![Buffer { name: "y", element: "u32" }],
            sizes: &["one"],
        };
        let run = || launch::run(&shader, &[&self.sums], &[1], [1, 1, 1]);
        clock.least(run).await
    }
}
