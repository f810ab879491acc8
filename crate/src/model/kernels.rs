use super::ModelConfig;
use crate::kernels::append;
use crate::kernels::arena::ArenaFormat;
use crate::kernels::attention::{Among, Attention, Heads};
use crate::kernels::format::{BLOCK, Format};
use crate::kernels::launch;
use crate::kernels::matrix::{Matrix, Product};
use crate::kernels::shader::Shader;
use crate::kernels::{Adapter, rms_norm};

/// A kernel as a model runs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kernel {
    /// The kernel.
    pub shader: Shader,
    /// Its workgroups, at most.
    pub workgroups: [u32; 3],
    /// Bytes of the largest buffer that is bound to it.
    pub largest_binding: u64,
}

/// How much a model computes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Patches of a frame.
    pub patches: usize,
    /// Rows of a prefill.
    pub rows: usize,
    /// Slots that they look over.
    pub slots: usize,
}

impl ModelConfig {
    /// Every kernel that a model of these sizes runs on `adapter`, its matrices in `format` and its memory in `arena`, for a
    /// round of `extent` and for single tokens.
    pub fn kernels(&self, format: Format, arena: ArenaFormat, adapter: Adapter, extent: Extent) -> Vec<Kernel> {
        let mut kernels = Vec::new();
        let mut product = |format, rows, [inputs, outputs]: [usize; 2]| {
            for piece in Matrix::cut(format, outputs, inputs) {
                let product = Product { format, rows, outputs: piece.len() };
                let (shader, workgroups) = product.kernel(adapter);
                let words = (piece.len() * format.words(inputs) * size_of::<u32>()) as u64;
                let largest_binding = words.max(numbers(rows, inputs)).max(numbers(rows, outputs));
                kernels.push(Kernel { shader, workgroups, largest_binding });
            }
        };

        let vision = &self.vision;
        let (patches, hidden, inner) = (extent.patches, vision.hidden, vision.intermediate);
        product(Format::F32, patches, [vision.patch_values(), hidden]);
        product(format, patches, [hidden, 3 * hidden]);
        product(format, patches, [hidden, hidden]);
        product(format, patches, [hidden, 2 * inner]);
        product(format, patches, [inner, hidden]);
        let wide = vision.merged() * hidden;
        product(format, patches / vision.merged(), [wide, wide]);
        product(format, patches / vision.merged(), [wide, vision.output]);

        let language = &self.language;
        let (hidden, inner) = (language.hidden, language.intermediate);
        let wide = language.heads * language.head;
        for rows in [extent.rows, 1] {
            product(format, rows, [hidden, wide + 2 * language.kv_features()]);
            product(format, rows, [wide, hidden]);
            product(format, rows, [hidden, 2 * inner]);
            product(format, rows, [inner, hidden]);
        }
        product(format, 1, [hidden, language.vocabulary]);

        for piece in Matrix::cut(format, language.vocabulary, hidden) {
            let across = hidden.div_ceil(BLOCK).div_ceil(Shader::WORKGROUP as usize) as u32;
            let words = (piece.len() * format.words(hidden) * size_of::<u32>()) as u64;
            let largest_binding = words.max(numbers(extent.rows, hidden));
            let workgroups = [across, extent.rows as u32, 1];
            kernels.push(Kernel { shader: Matrix::rows_shader(format), workgroups, largest_binding });
        }
        let heads = Heads { queries: vision.heads, keys: vision.heads, size: vision.hidden / vision.heads };
        let mut attentions = vec![Attention { heads, rows: patches, span: patches, among: Among::Patches }];
        for rows in [extent.rows, 1] {
            let heads = language.attention_heads();
            attentions.push(Attention { heads, rows, span: extent.slots, among: Among::Slots(arena) });
            let workgroups = launch::spread(append::threads(rows, arena, heads));
            let qkv = numbers(rows, wide + 2 * language.kv_features());
            let held = extent.slots as u64 * arena.row_bytes(heads).max(arena.scale_bytes(heads));
            let largest_binding = qkv.max(held).max(numbers(extent.slots, heads.size));
            kernels.push(Kernel { shader: append::shader(arena, heads), workgroups, largest_binding });
        }
        for attention in attentions {
            kernels.extend(
                attention.kernels(adapter).into_iter().map(|(shader, workgroups, largest_binding)| Kernel {
                    shader,
                    workgroups,
                    largest_binding,
                }),
            );
        }
        for (rows, features) in [(patches, vision.hidden), (extent.rows, hidden)] {
            let workgroups = [1, rows as u32, 1];
            kernels.push(Kernel { shader: rms_norm::shader(), workgroups, largest_binding: numbers(rows, features) });
        }
        kernels
    }
}

/// Bytes of `[rows, features]` in f32.
fn numbers(rows: usize, features: usize) -> u64 {
    rows as u64 * features as u64 * size_of::<f32>() as u64
}
