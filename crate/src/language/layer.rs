use burn::module::Module;
use burn::tensor::Tensor;

use super::arena::Arena;
use crate::kernels::attention::{self, Sight};
use crate::kernels::linear::Linear;
use crate::kernels::rms_norm::RmsNorm;
use crate::kernels::swiglu::SwiGlu;

/// One layer: `x + attention(norm x)`, then `x + mlp(norm x)`.
#[derive(Module, Debug)]
pub(super) struct Layer {
    pub attention_norm: RmsNorm,
    pub query: Linear,
    pub key: Linear,
    pub value: Linear,
    pub output: Linear,
    pub mlp_norm: RmsNorm,
    pub mlp: SwiGlu,
    pub heads: usize,
}

impl Layer {
    /// `[rows, features]` → the same; the rows' keys and values go into the arena as layer `index`.
    pub fn forward(&self, index: usize, x: Tensor<2>, sight: &Sight, arena: &mut Arena) -> Tensor<2> {
        let [rows, _] = x.dims();
        let normed = self.attention_norm.forward(x.clone());
        let queries = self.query.forward(normed.clone());
        let head = queries.dims()[1] / self.heads;
        let queries = queries.reshape([rows, self.heads, head]);

        let keys = self.key.forward(normed.clone());
        let values = self.value.forward(normed);
        let held = arena.append(index, keys, values, &sight.runs);
        let seen = attention::over_arena(queries, &held.keys, &held.values, sight);

        let x = x + self.output.forward(seen);
        let mlp = self.mlp.forward(self.mlp_norm.forward(x.clone()));
        x + mlp
    }
}
