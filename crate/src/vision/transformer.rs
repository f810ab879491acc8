use burn::module::Module;
use burn::tensor::Tensor;

use super::block::Block;
use super::{Layout, VisionConfig};
use crate::kernels::linear::Linear;
use crate::kernels::matrix::{Finish, Start};
use crate::kernels::rms_norm::RmsNorm;
use crate::trace::Trace;
use crate::weights::{Loader, Part, WeightsError};

const EPSILON: f64 = 1e-6;

/// Patches to visual tokens.
#[derive(Module, Debug)]
pub struct VisionTransformer {
    patch_embedding: Linear,
    blocks: Vec<Block>,
    full_attention: Vec<bool>,
    merger_norm: RmsNorm,
    merger_inner: Linear,
    merger_outer: Linear,
    merged: usize,
}

impl VisionTransformer {
    /// Loads every weight of the vision part.
    ///
    /// # Errors
    ///
    /// A tensor is missing, of another shape, or broken.
    pub fn load(config: &VisionConfig, loader: &Loader<'_>) -> Result<Self, WeightsError> {
        let load = loader.part(Part::Vision);
        let (hidden, inner) = (config.hidden, config.intermediate);
        let wide = hidden * config.merged();
        let mut blocks = Vec::with_capacity(config.depth);
        for index in 0..config.depth {
            let name = |tensor: &str| format!("blocks.{index}.{tensor}");
            blocks.push(Block {
                attention_norm: load.norm(&name("norm1"), hidden, EPSILON)?,
                qkv: load.linear(&name("attn.qkv"), hidden, 3 * hidden, true)?,
                projection: load.linear(&name("attn.proj"), hidden, hidden, true)?,
                mlp: load.swiglu(load.norm(&name("norm2"), hidden, EPSILON)?, &name("mlp"), [hidden, inner], true)?,
                heads: config.heads,
            });
        }
        let patch = [hidden, 3, config.temporal, config.patch, config.patch];
        let weight = load.flattened("patch_embed.proj.weight", &patch)?;
        Ok(Self {
            // A convolution whose stride is its own size is a matrix product over flattened patches.
            patch_embedding: Linear::new(weight, None),
            blocks,
            full_attention: (0..config.depth).map(|i| config.full_attention.contains(&i)).collect(),
            merger_norm: load.norm("merger.ln_q", hidden, EPSILON)?,
            merger_inner: load.linear("merger.mlp.0", wide, wide, true)?,
            merger_outer: load.linear("merger.mlp.2", wide, config.output, true)?,
            merged: config.merged(),
        })
    }

    /// `[frames · patches, values of a patch]`, visual token by visual token, → `[frames · visual tokens, output]`, each
    /// frame's in raster order.
    pub fn forward(&self, patches: Tensor<2>, layout: &Layout, trace: &mut Trace) -> Tensor<2> {
        let mut x = self.patch_embedding.forward(patches).select(0, layout.order.clone());
        for (index, (block, full)) in self.blocks.iter().zip(&self.full_attention).enumerate() {
            let windows = if *full { &layout.frame } else { &layout.windows };
            x = block.forward(x, &layout.rotation, windows);
            trace.record(|| format!("vision.{index}"), || layout.patch_order(x.clone()));
        }
        let [rows, features] = x.dims();
        let x = self.merger_norm.forward(x).reshape([rows / self.merged, features * self.merged]);
        let x = self.merger_inner.between(Start::AsIs, x, Finish::Gelu);
        self.merger_outer.forward(x).select(0, layout.raster.clone())
    }
}
