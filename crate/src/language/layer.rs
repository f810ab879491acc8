use burn::module::Module;
use burn::tensor::Tensor;

use super::arena::Arena;
use crate::kernels::attention::{self, Sight};
use crate::kernels::linear::Linear;
use crate::kernels::matrix::Finish;
use crate::kernels::rms_norm::RmsNorm;
use crate::kernels::swiglu::SwiGlu;

/// One layer: `x + attention(norm x)`, then `x + mlp(norm x)`.
#[derive(Module, Debug)]
pub(super) struct Layer {
    pub attention_norm: RmsNorm,
    /// `[q | k | v]`, each with all its heads.
    pub qkv: Linear,
    pub output: Linear,
    pub mlp_norm: RmsNorm,
    pub mlp: SwiGlu,
    pub heads: usize,
    pub kv_heads: usize,
}

impl Layer {
    /// `[rows, features]` → the same; the rows' keys and values go into the arena as layer `index`.
    pub fn forward(&self, index: usize, x: Tensor<2>, sight: &Sight, arena: &mut Arena) -> Tensor<2> {
        let [rows, _] = x.dims();
        let qkv = self.qkv.forward(self.attention_norm.forward(x.clone()));
        let head = qkv.dims()[1] / (self.heads + 2 * self.kv_heads);
        let (wide, kv) = (self.heads * head, self.kv_heads * head);
        let queries = qkv.clone().narrow(1, 0, wide).reshape([rows, self.heads, head]);
        let held = arena.append(index, qkv.clone().narrow(1, wide, kv), qkv.narrow(1, wide + kv, kv), &sight.runs);
        let seen = attention::over_arena(queries, &held.keys, &held.values, sight);

        let x = self.output.forward_to(seen, Finish::Add(x));
        self.mlp.forward(self.mlp_norm.forward(x.clone()), x)
    }
}
