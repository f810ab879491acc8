use burn::module::Module;
use burn::tensor::Tensor;

use crate::kernels::attention::{self, Windows};
use crate::kernels::linear::Linear;
use crate::kernels::matrix::{Finish, Start};
use crate::kernels::rms_norm::RmsNorm;
use crate::kernels::rotation::Rotation;
use crate::kernels::swiglu::SwiGlu;

/// One block: `x + attention(norm x)`, then `x + mlp(norm x)`.
#[derive(Module, Debug)]
pub(super) struct Block {
    pub attention_norm: RmsNorm,
    /// `[q | k | v]`, each with all heads.
    pub qkv: Linear,
    pub projection: Linear,
    pub mlp: SwiGlu,
    pub heads: usize,
}

impl Block {
    /// `[patches, features]` → the same. `windows` says which patches see each other.
    pub fn forward(&self, x: Tensor<2>, rotation: &Rotation, windows: &Windows) -> Tensor<2> {
        let qkv = self.qkv.between(Start::Normed(&self.attention_norm), x.clone(), Finish::Store);
        let seen = attention::within_frame(&qkv, self.heads, rotation, windows);
        self.mlp.forward(self.projection.between(Start::AsIs, seen, Finish::Add(&x)))
    }
}
