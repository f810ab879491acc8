use burn::module::Module;
use burn::tensor::Tensor;

use super::arena::Arena;
use crate::kernels::attention::{self, Heads, Sequences, Sight};
use crate::kernels::linear::Linear;
use crate::kernels::matrix::{Finish, Start};
use crate::kernels::rms_norm::RmsNorm;
use crate::kernels::swiglu::SwiGlu;

/// One layer: `x + attention(norm x)`, then `x + mlp(norm x)`.
#[derive(Module, Debug)]
pub(super) struct Layer {
    pub attention_norm: RmsNorm,
    /// `[q | k | v]`, each with all its heads.
    pub qkv: Linear,
    pub output: Linear,
    pub mlp: SwiGlu,
    #[module(skip)]
    pub heads: Heads,
}

impl Layer {
    /// `[rows, features]` → the same; the rows' keys and values go into the arena as layer `index`.
    pub fn forward(&self, index: usize, x: Tensor<2>, sight: &Sight, arena: &mut Arena) -> Tensor<2> {
        self.around(x, |qkv| {
            let (held, queries) = arena.append(index, &qkv, sight);
            attention::over_arena(&queries, self.heads, held, sight)
        })
    }

    /// The same over whole sequences, of which nothing is kept.
    pub fn read(&self, x: Tensor<2>, sequences: &Sequences) -> Tensor<2> {
        self.around(x, |qkv| attention::within_sequences(&qkv, self.heads, sequences))
    }

    fn around(&self, x: Tensor<2>, attention: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Tensor<2> {
        let qkv = self.qkv.between(Start::Normed(&self.attention_norm), x.clone(), Finish::Store);
        self.mlp.forward(self.output.between(Start::AsIs, attention(qkv), Finish::Add(&x)))
    }
}
