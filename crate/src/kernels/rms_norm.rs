//! `y = x / √(mean(x²) + ε) · γ`, Zhang & Sennrich, arXiv 1910.07467.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// Root-mean-square normalisation over the features of each row.
#[derive(Module, Debug)]
pub struct RmsNorm {
    gamma: Param<Tensor<1>>,
    epsilon: f64,
}

impl RmsNorm {
    /// From the scale γ `[features]`.
    pub fn new(gamma: Tensor<1>, epsilon: f64) -> Self {
        Self { gamma: Param::from_tensor(gamma), epsilon }
    }

    /// `[rows, features]` → `[rows, features]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let mean_square = x.clone().square().mean_dim(1);
        x / (mean_square + self.epsilon).sqrt() * self.gamma.val().unsqueeze()
    }
}
