//! Every kernel against a plain computation in f64 on the host, on the adapter at hand.
//!
//! A driver, a browser or an adapter can compute wrongly without an error, so this runs where the model does: natively
//! and in browsers, thoroughly in the tests, and briefly on the adapter of whoever starts the model.
//!
//! A kernel joins by a function beside it, `async fn self_test(&mut Trial)`, that makes operands of odd shapes, runs the
//! kernel and compares; [`run`] calls them all.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};
use thiserror::Error;

use super::{Adapter, append, attention, launch, matrix, patchify, read_out, resample, rms_norm, rotary, rotation};
use crate::device::{self, Opened};

/// How much is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// A shape a kernel, as the adapter's own choice of variants has it.
    Brief,
    /// All shapes that are known to matter, in every variant that the adapter can run.
    Thorough,
}

/// How one kernel did.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The operation and the variant.
    pub name: String,
    /// The largest error of a number; where the largest number is above 1, in parts of that. Infinite where there is no
    /// such number: the kernel did not run, or made something that is not one.
    pub worst_error: f64,
    /// What rounding may do.
    pub limit: f64,
}

impl Outcome {
    /// Whether the kernel computes what it should.
    pub fn passed(&self) -> bool {
        self.worst_error <= self.limit
    }
}

/// Why an adapter cannot be trusted with a model.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum SelfTestError {
    /// A kernel computes something else than it says.
    #[error(
        "{adapter} computes wrongly: {kernel} is off by {error:.1e} where {limit:.0e} is allowed; a newer driver or browser, or another adapter, may do"
    )]
    Wrong {
        /// The adapter's name.
        adapter: String,
        /// The kernel's.
        kernel: String,
        /// How far it is off.
        error: f64,
        /// How far it may be.
        limit: f64,
    },
    /// The device did not get through the test.
    #[error("{adapter} failed while its kernels were tested: {reason}")]
    Failed {
        /// The adapter's name.
        adapter: String,
        /// What it said.
        reason: String,
    },
}

/// Tests briefly whether `opened` computes what it should. The CPU has no kernels to test.
///
/// # Errors
///
/// [`SelfTestError`]: then no answer of a model on this device means anything.
pub async fn at_start(opened: &Opened) -> Result<(), SelfTestError> {
    let wrong = run(opened, Depth::Brief).await?.into_iter().find(|outcome| !outcome.passed());
    match wrong {
        None => Ok(()),
        Some(Outcome { name, worst_error, limit }) => {
            Err(SelfTestError::Wrong { adapter: opened.name.clone(), kernel: name, error: worst_error, limit })
        }
    }
}

/// Runs every kernel on `opened`; a device that none reaches has no outcomes.
///
/// # Errors
///
/// [`SelfTestError::Failed`]: a kernel that the device refuses, an exhausted memory.
pub async fn run(opened: &Opened, depth: Depth) -> Result<Vec<Outcome>, SelfTestError> {
    trials(opened, depth, every_kernel).await
}

/// The same of `tests` alone, of which something beside the kernels may consist.
pub(crate) async fn trials(
    opened: &Opened,
    depth: Depth,
    tests: impl AsyncFnOnce(&mut Trial<'_>) -> Result<(), ExecutionError>,
) -> Result<Vec<Outcome>, SelfTestError> {
    let failed = |reason: String| SelfTestError::Failed { adapter: opened.name.clone(), reason };
    let Some(adapter) = launch::adapter_of(&opened.device) else { return Ok(Vec::new()) };
    let mut trial = Trial { device: &opened.device, adapter, depth, state: 0, outcomes: Vec::new() };
    tests(&mut trial).await.map_err(|error| failed(error.to_string()))?;
    match device::failure() {
        None => Ok(trial.outcomes),
        Some(reason) => Err(failed(reason.to_owned())),
    }
}

async fn every_kernel(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    rms_norm::self_test(trial).await?;
    matrix::self_test::products(trial).await?;
    matrix::self_test::rows(trial).await?;
    rotary::self_test(trial).await?;
    rotation::self_test(trial).await?;
    append::self_test(trial).await?;
    attention::self_test::slots(trial).await?;
    attention::self_test::patches(trial).await?;
    read_out::self_test(trial).await?;
    resample::self_test(trial).await?;
    patchify::self_test(trial).await
}

/// What a kernel's test works with.
pub(crate) struct Trial<'a> {
    device: &'a Device,
    adapter: Adapter,
    depth: Depth,
    state: u64,
    outcomes: Vec<Outcome>,
}

impl Trial<'_> {
    /// All of `cases`, or the first when it is to be brief.
    pub fn cases<'c, T>(&self, cases: &'c [T]) -> &'c [T] {
        match self.depth {
            Depth::Brief => &cases[..cases.len().min(1)],
            Depth::Thorough => cases,
        }
    }

    /// What to choose variants by: the adapter as it is, and all that it could be taken for, unless it is to be brief.
    pub fn adapters(&self) -> Vec<Adapter> {
        match self.depth {
            Depth::Brief => vec![self.adapter],
            Depth::Thorough => self.adapter.disguises(),
        }
    }

    /// Random numbers between −1 and 1. They are multiples of 1/4096, so that they are exact in f16 and none is one that
    /// a GPU may take for 0.
    ///
    /// Every launch is to get fresh ones: results of an earlier launch, which memory that is used again still holds, are
    /// then wrong ones.
    pub fn numbers(&mut self, count: usize) -> Vec<f32> {
        self.random(count).map(|random| (random % 8193) as f32 / 4096.0 - 1.0).collect()
    }

    /// Random bytes, fresh ones every time.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        self.random(count).map(|random| (random >> 56) as u8).collect()
    }

    fn random(&mut self, count: usize) -> impl Iterator<Item = u64> {
        let number = || {
            // Steele, Lea & Flood, Fast splittable pseudorandom number generators, 2014.
            self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ mixed >> 31
        };
        std::iter::repeat_with(number).take(count)
    }

    /// `values` on the device.
    pub fn tensor<const D: usize>(&self, values: &[f32], shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values.to_vec(), shape), self.device)
    }

    /// The device.
    pub fn device(&self) -> &Device {
        self.device
    }

    /// Reads what the kernel called `name` made, which is nothing where it did not run, and holds it to what was
    /// `expected`. Of several outcomes of one name the worst stays.
    pub async fn compare<const D: usize>(
        &mut self,
        name: String,
        limit: f64,
        made: Option<Tensor<D>>,
        expected: &[f64],
    ) -> Result<(), ExecutionError> {
        let made = match made {
            Some(made) => read_out::floats(made).await?,
            None => Vec::new(),
        };
        let error = worst_error(&made, expected);
        match self.outcomes.iter_mut().find(|outcome| outcome.name == name) {
            Some(outcome) => outcome.worst_error = outcome.worst_error.max(error),
            None => self.outcomes.push(Outcome { name, worst_error: error, limit }),
        }
        Ok(())
    }
}

fn worst_error(made: &[f32], expected: &[f64]) -> f64 {
    if made.len() != expected.len() {
        return f64::INFINITY;
    }
    let size = expected.iter().fold(1_f64, |size, number| size.max(number.abs()));
    made.iter().zip(expected).fold(0.0, |worst: f64, (&made, expected)| {
        let error = (f64::from(made) - expected).abs() / size;
        // What is not a number would get lost in a maximum.
        if error.is_nan() { f64::INFINITY } else { worst.max(error) }
    })
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::kernels::gpu;

    fn opened(device: Device) -> Opened {
        Opened { device, name: "here".to_owned() }
    }

    #[test]
    fn every_kernel_computes_what_it_should() {
        let outcomes = pollster::block_on(run(&opened(gpu()), Depth::Thorough)).unwrap();
        for Outcome { name, worst_error, limit } in &outcomes {
            println!("{worst_error:8.1e} of {limit:.0e}  {name}");
        }
        assert!(outcomes.iter().all(Outcome::passed));
        let tested =
            |kernel: &&str| outcomes.iter().any(|outcome| outcome.name.split(['+', ' ']).next() == Some(kernel));
        let kernels = ["append", "attention_tiles", "matrix_matrix_lanes", "matrix_matrix_tiles", "matrix_rows"];
        assert!(kernels.iter().all(tested));
        assert!(["matrix_vector", "matrix_vector_lanes", "patchify", "resample"].iter().all(tested));
        assert!(["rms_norm", "rotary", "rotary_slots"].iter().all(tested));
    }

    #[test]
    fn the_start_is_brief_and_the_cpu_has_nothing_to_test() {
        assert_eq!(pollster::block_on(at_start(&opened(gpu()))), Ok(()));
        assert_eq!(pollster::block_on(run(&opened(Device::flex()), Depth::Thorough)), Ok(Vec::new()));
    }

    #[test]
    fn nothing_wrong_gets_through() {
        let passes = |made: &[f32]| {
            let outcome =
                Outcome { name: String::new(), worst_error: worst_error(made, &[0.0, -20.0, 3.0]), limit: 1e-6 };
            outcome.passed()
        };
        assert!(passes(&[0.0, -20.0, 3.0]) && passes(&[0.0, -20.0, 3.00001]));
        assert!(!passes(&[0.0, -20.0, 3.0001]) && !passes(&[0.1, -20.0, 3.0]));
        assert!(!passes(&[f32::NAN, -20.0, 3.0]) && !passes(&[0.0, f32::NEG_INFINITY, f32::NAN]));
        assert!(!passes(&[]) && !passes(&[0.0, -20.0]));
    }
}
