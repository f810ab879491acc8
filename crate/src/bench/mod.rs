//! How fast each kernel is, as a share of what this adapter can do: a slow adapter with a good kernel is told from a
//! fast one with a bad kernel.

mod attention;
mod ceilings;
pub mod predict;
mod products;
mod random;
mod round;
mod timing;

use std::io;

use burn::tensor::{Device, ExecutionError};
use serde::Serialize;
use thiserror::Error;

use crate::frame::FrameError;
use crate::memory::MemoryError;
use crate::weights::WeightsError;

pub use ceilings::{Ceilings, Probe};
pub use round::{Overhead, Round};

/// Why there are no figures.
#[derive(Debug, Error)]
pub enum BenchError {
    /// The kernels run on wgpu only.
    #[error("only a wgpu adapter can be measured: run without --device cpu")]
    NoAdapter,
    /// Something failed on the adapter.
    #[error("the adapter failed: {0}")]
    Adapter(#[from] ExecutionError),
    /// The model of the rounds finds no room.
    #[error(transparent)]
    Model(WeightsError),
    /// Their memory finds none.
    #[error(transparent)]
    Memory(MemoryError),
    /// Their frames cannot be seen.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Whoever is told could not take it.
    #[error("{0}")]
    Told(#[from] io::Error),
}

/// What one kernel did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// The operation: `product`, `attention`.
    pub operation: &'static str,
    /// Its sizes.
    pub shape: String,
    /// Rows that are computed at once.
    pub rows: usize,
    /// How its weights stand, or its keys and values.
    pub format: &'static str,
    /// A call.
    pub seconds: f64,
    /// Floating point operations a second.
    pub flops: f64,
    /// Bytes a second, each counted once.
    pub bytes: f64,
    /// Shares of the adapter's ceilings.
    pub share: Share,
}

/// Shares of the ceilings that were measured right before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Of the multiply-adds.
    pub flops: f64,
    /// Of the bytes read.
    pub read: f64,
    /// Of the weights of four bits decoded and multiplied, for those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unpacked: Option<f64>,
}

/// Every figure of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What the adapter calls itself.
    pub adapter: String,
    /// What it can do at most.
    pub ceilings: Ceilings,
    /// What the kernels did.
    pub lines: Vec<Line>,
    /// What whole rounds took.
    pub rounds: Vec<Round>,
    /// What of a round is not its kernels' work.
    pub overhead: Overhead,
}

/// Work to be measured.
struct Work<'a> {
    operation: &'static str,
    shape: String,
    rows: usize,
    format: &'static str,
    /// Floating point operations of a call.
    flops: f64,
    /// Bytes that a call must touch.
    bytes: f64,
    /// Weights of four bits that a call decodes.
    unpacked: Option<f64>,
    run: Box<dyn FnMut() + 'a>,
}

/// Measures everything on `device`, and tells what it finds as it comes.
///
/// # Errors
///
/// [`BenchError`].
pub fn run(
    device: &Device,
    adapter: &str,
    ceilings_told: &mut dyn FnMut(&Ceilings) -> io::Result<()>,
    line_told: &mut dyn FnMut(&Line) -> io::Result<()>,
) -> Result<Report, BenchError> {
    let probe = Probe::new(device).ok_or(BenchError::NoAdapter)?;
    let ceilings = probe.ceilings()?;
    ceilings_told(&ceilings)?;
    let mut lines = Vec::new();
    for work in products::works(device).chain(attention::works(device)) {
        let line = measure(&probe, device, work)?;
        line_told(&line)?;
        lines.push(line);
    }
    let (rounds, overhead) = round::rounds(&probe, device)?;
    Ok(Report { adapter: adapter.to_owned(), ceilings, lines, rounds, overhead })
}

/// Beside its ceilings, since other programs slow both.
fn measure(probe: &Probe, device: &Device, mut work: Work<'_>) -> Result<Line, BenchError> {
    let (flops, read) = (probe.flops()?, probe.read()?);
    let unpacked = work.unpacked.map(|_| probe.unpacked()).transpose()?;
    let seconds = timing::least(device, &mut work.run)?;
    let share = Share {
        flops: work.flops / seconds / flops,
        read: work.bytes / seconds / read,
        unpacked: work.unpacked.zip(unpacked).map(|(done, most)| done / seconds / most),
    };
    Ok(Line {
        operation: work.operation,
        shape: work.shape,
        rows: work.rows,
        format: work.format,
        seconds,
        flops: work.flops / seconds,
        bytes: work.bytes / seconds,
        share,
    })
}
