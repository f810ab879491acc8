//! How fast each kernel is, as a share of what this adapter can do: a slow adapter with a good kernel is told from a
//! fast one with a bad kernel.
//!
//! The same code measures natively and in browsers. It waits for the GPU by `Device::sync`, or by a read-back where nothing
//! can block; a read-back ends about a millisecond after the work, in Firefox as well, since `read_out` submits nothing, again
//! and again, until it does (left alone, Firefox looks every 100 ms, and every figure would be a multiple of that). What
//! remains is measured, taken off, and small beside a series: see [`Clock`].

mod attention;
mod ceilings;
pub mod predict;
mod products;
mod random;
mod round;
#[cfg(test)]
mod tests;
mod timing;

use std::io;

use burn::tensor::{Device, ExecutionError};
use serde::Serialize;
use thiserror::Error;

use crate::device::{Bytes, Room};
use crate::frame::FrameError;
use crate::kernels::matrix::LARGEST_BINDING;
use crate::memory::MemoryError;
use crate::weights::WeightsError;

pub use attention::OverArena;
pub use ceilings::{Ceilings, Probe};
pub use products::MatMul;
pub use round::{Overhead, Round};
pub use timing::Clock;

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

/// Why there is no operation of such sizes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SizeError {
    /// Nothing has these sizes.
    #[error("{0}")]
    Impossible(String),
    /// They are too large.
    #[error("{} are needed where {} can be had", Bytes(*.bytes), Bytes(*.most))]
    NoRoom {
        /// Bytes of a tensor, or of all.
        bytes: u64,
        /// Bytes that there may be.
        most: u64,
    },
}

impl SizeError {
    /// Whether there is room for `tensors`, each of so many bytes, one by one, and for `all` of these together.
    fn check<const N: usize, const M: usize>(room: &Room, tensors: [u64; N], all: [u64; M]) -> Result<(), Self> {
        let most = room.tensor.min(LARGEST_BINDING as u64);
        let largest = tensors.into_iter().max().filter(|&bytes| bytes > most);
        let all = all.into_iter().fold(0, u64::saturating_add);
        match (largest, room.total) {
            (Some(bytes), _) => Err(Self::NoRoom { bytes, most }),
            (None, Some(most)) if all > most => Err(Self::NoRoom { bytes: all, most }),
            _ => Ok(()),
        }
    }
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The smallest shapes, and no round of a real size: seconds on any GPU, and half a minute where the CPU plays it.
    Brief,
    /// Everything: on a CPU that plays a GPU that takes minutes.
    Whole,
}

impl Scope {
    /// What a run of it tells but for its beginning: its steps.
    pub fn steps(self) -> usize {
        let rounds = match self {
            Self::Brief => 0,
            Self::Whole => round::WINDOWS.len(),
        };
        1 + products::count(self) + attention::count(self) + 1 + rounds
    }
}

/// What a run tells, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Told<'a> {
    /// What the adapter can do at most.
    Ceilings(&'a Ceilings),
    /// What a kernel did.
    Line(&'a Line),
    /// What of a round is not its kernels' work.
    Overhead(Overhead),
    /// What a whole round took.
    Round(&'a Round),
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
    /// Seconds of a wait for nothing, which are taken off all others.
    pub wait: f64,
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
struct Work {
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
    run: Box<dyn Fn()>,
}

/// Measures what `scope` says on `device`, and tells what it finds as it comes. Whoever is told ends it by an error.
///
/// # Errors
///
/// [`BenchError`].
pub async fn run(
    device: &Device,
    adapter: &str,
    scope: Scope,
    tell: &mut dyn FnMut(Told<'_>) -> io::Result<()>,
) -> Result<Report, BenchError> {
    let probe = Probe::new(device).ok_or(BenchError::NoAdapter)?;
    let clock = Clock::new(device).await?;
    let ceilings = probe.ceilings(&clock).await?;
    tell(Told::Ceilings(&ceilings))?;
    let mut lines = Vec::new();
    for work in products::works(scope, device).chain(attention::works(scope, device)) {
        let line = measure(&probe, &clock, work).await?;
        tell(Told::Line(&line))?;
        lines.push(line);
    }
    let overhead = Overhead::measure(device, &clock).await?;
    tell(Told::Overhead(overhead))?;
    let mut rounds = Vec::new();
    if scope == Scope::Whole {
        let model = round::model(device)?;
        for window in round::WINDOWS {
            let round = Round::measure(&model, window, overhead, &probe, &clock).await?;
            tell(Told::Round(&round))?;
            rounds.push(round);
        }
    }
    Ok(Report { adapter: adapter.to_owned(), wait: clock.wait(), ceilings, lines, rounds, overhead })
}

/// Beside its ceilings, since other programs slow both.
async fn measure(probe: &Probe, clock: &Clock, work: Work) -> Result<Line, BenchError> {
    let (flops, read) = (probe.flops(clock).await?, probe.read(clock).await?);
    let unpacked = match work.unpacked {
        Some(_) => Some(probe.unpacked(clock).await?),
        None => None,
    };
    let seconds = clock.least(work.run).await?;
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
