//! `y = W_down (silu(W_gate x) ⊙ W_up x)`, Shazeer, arXiv 2002.05202.

use burn::module::Module;
use burn::tensor::{Tensor, activation};

use super::linear::Linear;

/// The gated feed-forward network of both transformers.
#[derive(Module, Debug)]
pub struct SwiGlu {
    gate: Linear,
    up: Linear,
    down: Linear,
}

impl SwiGlu {
    /// `gate` and `up` map features to the inner width, `down` maps back.
    pub fn new(gate: Linear, up: Linear, down: Linear) -> Self {
        Self { gate, up, down }
    }

    /// `[rows, features]` → `[rows, features]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let gate = activation::silu(self.gate.forward(x.clone()));
        self.down.forward(gate * self.up.forward(x))
    }
}
