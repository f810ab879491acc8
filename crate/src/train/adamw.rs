//! AdamW, Loshchilov & Hutter, arXiv 1711.05101.
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g        θ ← θ − η ( m̂ / (√v̂ + ε) + λ θ )
//! v ← β₂ v + (1 − β₂) g²       m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
//! ```
//!
//! λ is 0 for what has one axis: norms and biases. Of our own, because moments have to stand in a checkpoint under the
//! names of the tensors, and gradients are clipped by their common norm.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The settings of AdamW.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamW {
    /// β₁ and β₂.
    pub betas: [f64; 2],
    /// ε.
    pub epsilon: f64,
    /// λ.
    pub weight_decay: f64,
    /// The largest norm that all gradients together may have.
    pub clip: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { betas: [0.9, 0.95], epsilon: 1e-8, weight_decay: 0.1, clip: 1.0 }
    }
}

impl AdamW {
    /// Where a parameter goes, m and v, all flat as its gradient is; `corrections` are 1 − β₁ᵗ and 1 − β₂ᵗ.
    pub fn direction(
        &self,
        gradient: Tensor<1>,
        m: Tensor<1>,
        v: Tensor<1>,
        corrections: [f64; 2],
    ) -> (Tensor<1>, Tensor<1>, Tensor<1>) {
        let [first, second] = self.betas;
        let m = m * first + gradient.clone() * (1.0 - first);
        let v = v * second + gradient.square() * (1.0 - second);
        let direction = m.clone() / corrections[0] / ((v.clone() / corrections[1]).sqrt() + self.epsilon);
        (direction, m, v)
    }
}
