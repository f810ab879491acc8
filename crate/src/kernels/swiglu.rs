//! `y = z + W_down (silu(W_gate x) ⊙ W_up x)`, Shazeer, arXiv 2002.05202, and the way round it.

use burn::module::Module;
use burn::tensor::Tensor;

use super::linear::Linear;
use super::matrix::Finish;

/// The gated feed-forward network of both transformers.
#[derive(Module, Debug)]
pub struct SwiGlu {
    gate_up: Linear,
    down: Linear,
}

impl SwiGlu {
    /// `gate_up` maps features to twice the inner width, gates and ups by turns, so that one pass over `x` makes both;
    /// `down` maps the inner width back.
    pub fn new(gate_up: Linear, down: Linear) -> Self {
        Self { gate_up, down }
    }

    /// `x` and `z`, `[rows, features]` → `[rows, features]`.
    pub fn forward(&self, x: Tensor<2>, z: Tensor<2>) -> Tensor<2> {
        self.down.forward_to(self.gate_up.forward_to(x, Finish::SwiGlu), Finish::Add(&z))
    }
}
