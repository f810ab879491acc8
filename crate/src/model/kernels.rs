use super::ModelConfig;
use crate::kernels::arena::ArenaFormat;
use crate::kernels::attention::{self, Among, Attention, Heads};
use crate::kernels::format::{BLOCK, Format};
use crate::kernels::matrix::{Matrix, Product};
use crate::kernels::patchify::Shape;
use crate::kernels::resample::{Axis, Fourth};
use crate::kernels::shader::Shader;
use crate::kernels::{Adapter, append, launch, patchify, read_out, resample, rms_norm, rotation};

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

/// How a model stands on an adapter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The format of its matrices.
    pub format: Format,
    /// The format of its memory.
    pub arena: ArenaFormat,
    /// The adapter.
    pub adapter: Adapter,
}

/// How much a model computes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Pixels of a frame as it comes.
    pub pixels: usize,
    /// Patches of a frame.
    pub patches: usize,
    /// Rows of a prefill.
    pub rows: usize,
    /// Slots that they look over.
    pub slots: usize,
}

/// State tokens, whose logits are read out after a pass.
const STATES: usize = 3;

impl ModelConfig {
    /// Every kernel that a model of these sizes runs, for a round of `extent` and for single tokens. Where a width is none
    /// that a kernel takes, plain operations run instead.
    pub fn kernels(&self, on: Placement, extent: Extent) -> Vec<Kernel> {
        [self.frame(extent), self.passes(on, extent)].concat()
    }

    /// Those of the two passes: from patches on.
    pub fn passes(&self, on: Placement, Extent { patches, rows, slots, .. }: Extent) -> Vec<Kernel> {
        let layers = [rows, 1].into_iter().flat_map(|rows| self.decoder_layer(on, rows, slots));
        let mut kernels = self.vision_block(on, patches);
        kernels.extend(self.around_vision_blocks(on, patches));
        kernels.extend(layers);
        kernels.extend(self.around_decoder_layers(on, rows, slots));
        kernels
    }

    /// Those that make a frame's pixels patches: of each pair of passes one.
    fn frame(&self, Extent { pixels, patches, .. }: Extent) -> Vec<Kernel> {
        let shape = Shape { patch: self.vision.patch, temporal: self.vision.temporal };
        let seen = patches * shape.patch * shape.patch;
        let mut kernels = Vec::new();
        for axis in [Axis::Rows, Axis::Columns] {
            for fourth in [Fourth::Unused, Fourth::Alpha] {
                // An axis that shrinks does so first: in between there is no more than before or after.
                let most = pixels.max(seen);
                kernels.push(threads(resample::shader(axis, fourth), most, numbers(most, 1)));
                let largest = numbers(pixels, 1).max(numbers(patches, shape.numbers()));
                kernels.push(threads(patchify::shader(axis, fourth, shape), seen, largest));
            }
        }
        kernels
    }

    /// Those of a block of the vision transformer over so many patches, in order.
    pub fn vision_block(&self, on: Placement, patches: usize) -> Vec<Kernel> {
        let vision = &self.vision;
        let (hidden, inner) = (vision.hidden, vision.intermediate);
        let heads = Heads { queries: vision.heads, keys: vision.heads, size: hidden / vision.heads };
        let mut kernels = on.normed_product(patches, [hidden, 3 * hidden]);
        kernels.extend(on.attention(Attention { heads, rows: patches, span: patches, among: Among::Patches }));
        kernels.extend(on.product(patches, [hidden, hidden]));
        kernels.extend(on.normed_product(patches, [hidden, 2 * inner]));
        kernels.extend(on.product(patches, [inner, hidden]));
        kernels
    }

    /// Those before and after its blocks.
    pub fn around_vision_blocks(&self, on: Placement, patches: usize) -> Vec<Kernel> {
        let vision = &self.vision;
        let (hidden, wide) = (vision.hidden, vision.merged() * vision.hidden);
        let mut kernels = Placement { format: Format::F32, ..on }.product(patches, [vision.patch_values(), hidden]);
        kernels.extend(norm(patches, hidden));
        kernels.extend(on.product(patches / vision.merged(), [wide, wide]));
        kernels.extend(on.product(patches / vision.merged(), [wide, vision.output]));
        kernels
    }

    /// Those of a layer of the decoder, of so many rows over so many slots, in order.
    pub fn decoder_layer(&self, on: Placement, rows: usize, slots: usize) -> Vec<Kernel> {
        let language = &self.language;
        let (heads, hidden, inner) = (language.attention_heads(), language.hidden, language.intermediate);
        let wide = heads.queries * heads.size;
        let qkv = wide + 2 * language.kv_features();
        let held = slots as u64 * on.arena.row_bytes(heads).max(on.arena.scale_bytes(heads));
        let mut kernels = on.normed_product(rows, [hidden, qkv]);
        kernels.extend(heads.size.is_multiple_of(8).then(|| {
            let largest_binding = numbers(rows, qkv).max(held).max(numbers(slots, heads.size));
            threads(append::shader(on.arena, heads), append::threads(rows, on.arena, heads), largest_binding)
        }));
        kernels.extend(on.attention(Attention { heads, rows, span: slots, among: Among::Slots(on.arena) }));
        kernels.extend(on.product(rows, [wide, hidden]));
        kernels.extend(on.normed_product(rows, [hidden, 2 * inner]));
        kernels.extend(on.product(rows, [inner, hidden]));
        kernels
    }

    /// Those before and after its layers: the embedding of tokens, the turns of the slots, the state's logits, and a
    /// token's.
    fn around_decoder_layers(&self, on: Placement, rows: usize, slots: usize) -> Vec<Kernel> {
        let language = &self.language;
        let (vocabulary, hidden, size) = (language.vocabulary, language.hidden, language.head);
        let mut kernels = Vec::new();
        for piece in Matrix::cut(on.format, vocabulary, hidden) {
            let across = hidden.div_ceil(BLOCK).div_ceil(Shader::WORKGROUP as usize) as u32;
            kernels.push(Kernel {
                shader: Matrix::rows_shader(on.format),
                workgroups: [across, rows as u32, 1],
                largest_binding: words(on.format, piece.len(), hidden).max(numbers(rows, hidden)),
            });
        }
        kernels.push(threads(rotation::shader(), slots * size / 2, numbers(slots, size)));
        kernels.extend(norm(1, hidden));
        let workgroups = [STATES as u32, 1, 1];
        kernels.push(Kernel { shader: read_out::shader(), workgroups, largest_binding: numbers(STATES, hidden) });
        kernels.extend(on.product(1, [hidden, vocabulary]));
        let largest_binding = numbers(1, vocabulary);
        let search = read_out::arg_max_shaders(vocabulary);
        kernels.extend(search.map(|(shader, workgroups)| Kernel { shader, workgroups, largest_binding }));
        kernels
    }
}

impl Placement {
    /// A product of so many rows, `[inputs, outputs]`.
    fn product(self, rows: usize, shape: [usize; 2]) -> Vec<Kernel> {
        self.pieces(rows, shape, false)
    }

    /// The same of rows that are normalised first.
    fn normed_product(self, rows: usize, shape: [usize; 2]) -> Vec<Kernel> {
        let normed = shape[0].is_multiple_of(4);
        let product = Product { format: self.format, rows, outputs: shape[1], normed };
        let before = if product.normalises(self.adapter) { None } else { norm(rows, shape[0]) };
        before.into_iter().chain(self.pieces(rows, shape, normed)).collect()
    }

    fn pieces(self, rows: usize, [inputs, outputs]: [usize; 2], normed: bool) -> Vec<Kernel> {
        let Self { format, adapter, .. } = self;
        let piece = |outputs: usize| {
            let (shader, workgroups) = Product { format, rows, outputs, normed }.kernel(adapter);
            let largest_binding = words(format, outputs, inputs).max(numbers(rows, inputs)).max(numbers(rows, outputs));
            Kernel { shader, workgroups, largest_binding }
        };
        Matrix::cut(format, outputs, inputs).map(|rows| piece(rows.len())).collect()
    }

    fn attention(self, attention: Attention) -> impl Iterator<Item = Kernel> {
        let kernel = |(shader, workgroups, largest_binding)| Kernel { shader, workgroups, largest_binding };
        let kernels = attention::takes(attention.heads.size).then(|| attention.kernels(self.adapter));
        kernels.into_iter().flatten().map(kernel)
    }
}

/// None where features are no whole vectors.
fn norm(rows: usize, features: usize) -> Option<Kernel> {
    let (workgroups, largest_binding) = ([1, rows as u32, 1], numbers(rows, features));
    features.is_multiple_of(4).then(|| Kernel { shader: rms_norm::shader(), workgroups, largest_binding })
}

/// A kernel of so many threads in a row.
fn threads(shader: Shader, threads: usize, largest_binding: u64) -> Kernel {
    Kernel { shader, workgroups: launch::spread(threads), largest_binding }
}

/// Bytes of the words of `rows` rows of weights.
fn words(format: Format, rows: usize, columns: usize) -> u64 {
    (rows * format.words(columns) * size_of::<u32>()) as u64
}

/// Bytes of `[rows, features]` in f32.
fn numbers(rows: usize, features: usize) -> u64 {
    rows as u64 * features as u64 * size_of::<f32>() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_on_a_card_is_eight_dispatches_at_most() {
        for config in [ModelConfig::qwen2_5_vl_3b(), ModelConfig::qwen2_5_vl_7b()] {
            for (format, arena) in [Format::Q4, Format::Q8].into_iter().flat_map(|f| ArenaFormat::ALL.map(|a| (f, a))) {
                let on = Placement { format, arena, adapter: Adapter::CARD };
                for (rows, slots) in [(143, 143), (143, 18_000), (250, 250), (1, 143), (1, 18_000)] {
                    let names: Vec<_> =
                        config.decoder_layer(on, rows, slots).iter().map(|kernel| kernel.shader.name()).collect();
                    assert!(names.len() <= 8, "{rows} rows over {slots} slots: {names:#?}");
                }
            }
        }
    }
}
