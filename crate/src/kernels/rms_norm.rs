//! `y = x / √(mean(x²) + ε) · γ`, Zhang & Sennrich, arXiv 1910.07467.

use burn::backend::wgpu::CubeTensor;
use burn::module::{Module, Param, ParamId};
use burn::tensor::{ExecutionError, Tensor};

use super::launch;
use super::one_pass::{self, Operand, RmsNormPass};
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// Root-mean-square normalisation over the features of each row.
#[derive(Module, Debug)]
pub struct RmsNorm {
    gamma: Param<Tensor<1>>,
    epsilon: f64,
}

/// The kernel.
pub fn shader() -> Shader {
    let buffer = |name| Buffer { name, element: "vec4<f32>" };
    Shader {
        parts: vec![part!("rms_norm")],
        constants: vec![],
        buffers: vec![buffer("x"), buffer("gamma"), buffer("y")],
        sizes: &["features", "epsilon"],
    }
}

impl RmsNorm {
    /// From the scale γ `[features]`.
    pub fn new(gamma: Tensor<1>, epsilon: f64) -> Self {
        Self { gamma: Param::from_tensor(gamma), epsilon }
    }

    /// γ, as a parameter that can be trained.
    pub fn parameter(&self) -> ParamId {
        self.gamma.id
    }

    /// `[rows, features]` → `[rows, features]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.launch(&x).or_else(|| self.in_one_pass(&x)).unwrap_or_else(|| self.plain(x))
    }

    /// `None` off the CPU.
    fn in_one_pass(&self, x: &Tensor<2>) -> Option<Tensor<2>> {
        let operands = [Operand::of(x)?, Operand::of(&self.gamma.val())?];
        one_pass::run(RmsNormPass { epsilon: self.epsilon as f32 }, operands)
    }

    fn plain(&self, x: Tensor<2>) -> Tensor<2> {
        let mean_square = x.clone().square().mean_dim(1);
        x / (mean_square + self.epsilon).sqrt() * self.gamma.val().unsqueeze()
    }

    /// γ for a kernel, and the bits of ε; `None` where no kernel reaches.
    pub(super) fn operands(&self) -> Option<(CubeTensor, usize)> {
        Some((launch::numbers(&self.gamma.val())?, (self.epsilon as f32).to_bits() as usize))
    }

    /// `None` where the kernel does not reach: off wgpu, and where features are no whole vectors.
    fn launch(&self, x: &Tensor<2>) -> Option<Tensor<2>> {
        let [rows, features] = x.dims();
        if !features.is_multiple_of(4) {
            return None;
        }
        let (x, (gamma, epsilon)) = (launch::numbers(x)?, self.operands()?);
        let y = launch::room(&x, [rows, features]);
        launch::run(&shader(), &[&x, &gamma, &y], &[features, epsilon], [1, rows as u32, 1]);
        Some(launch::tensor(y))
    }
}

/// Rows normalised, on the host.
pub(super) fn normalised(x: &[f32], gamma: &[f32], epsilon: f64) -> Vec<f64> {
    let row = |row: &[f32]| {
        let mean_square = row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / row.len() as f64;
        let scale = 1.0 / (mean_square + epsilon).sqrt();
        row.iter().zip(gamma).map(|(&x, &gamma)| f64::from(x) * scale * f64::from(gamma)).collect::<Vec<_>>()
    };
    x.chunks(gamma.len()).flat_map(row).collect()
}

/// The kernel on the device of `trial`.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &(rows, features) in trial.cases(&[(5, 260), (1, 4), (3, 36), (2, 2052)]) {
        let (x, gamma) = (trial.numbers(rows * features), trial.numbers(features));
        let expected = normalised(&x, &gamma, 1e-6);
        let norm = RmsNorm::new(trial.tensor(&gamma, [features]), 1e-6);
        let made = norm.launch(&trial.tensor(&x, [rows, features]));
        trial.compare(shader().name(), 1e-6, made, &expected).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::kernels::gpu;

    #[test]
    fn the_kernel_equals_the_reference() {
        for (rows, features) in [(1, 4), (3, 36), (2, 256), (5, 2052)] {
            let random =
                |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Uniform(-3.0, 3.0), &Device::flex());
            let (x, gamma) = (random([rows, features]), random([1, features]).reshape([features]));
            let plain = RmsNorm::new(gamma.clone(), 1e-6).plain(x.clone());
            let norm = RmsNorm::new(gamma.to_device(&gpu()), 1e-6);
            let made = norm.launch(&x.to_device(&gpu())).unwrap();
            let error = (made.to_device(&Device::flex()) - plain).abs().max().into_scalar::<f32>();
            assert!(error < 5e-6, "{rows}×{features}: {error:e}");
        }
    }
}
