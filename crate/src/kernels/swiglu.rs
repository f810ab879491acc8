//! `y = x + W_down (silu(W_gate n) ⊙ W_up n)` with `n = norm x`, Shazeer, arXiv 2002.05202.

use burn::module::Module;
use burn::tensor::Tensor;

use super::linear::Linear;
use super::matrix::{Finish, Start};
use super::rms_norm::RmsNorm;

/// The gated feed-forward network of both transformers, with the norm before it and the way round both.
#[derive(Module, Debug)]
pub struct SwiGlu {
    norm: RmsNorm,
    gate_up: Linear,
    down: Linear,
}

impl SwiGlu {
    /// `gate_up` maps features to twice the inner width, gates and ups by turns, so that one pass over `x` makes both;
    /// `down` maps the inner width back.
    pub fn new(norm: RmsNorm, gate_up: Linear, down: Linear) -> Self {
        Self { norm, gate_up, down }
    }

    /// `[rows, features]` → `[rows, features]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let gated = self.gate_up.between(Start::Normed(&self.norm), x.clone(), Finish::SwiGlu);
        self.down.between(Start::AsIs, gated, Finish::Add(&x))
    }
}
