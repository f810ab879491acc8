use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::layer::Layer;
use super::{Arena, LanguageConfig, View};
use crate::kernels::attention::{self, Heads, Sequences};
use crate::kernels::matrix::{Finish, LARGEST_BINDING, Matrix, Start};
use crate::kernels::rms_norm::RmsNorm;
use crate::kernels::rotation::RotaryTable;
use crate::trace::Trace;
use crate::weights::{Loader, Part, WeightsError};

/// Most rows of one pass.
const MOST_ROWS: usize = 256;

/// Rows of one pass over `slots` slots: where scores stand in memory, so many that they, heads × rows × slots, fit into
/// a binding.
pub(super) fn rows_of_a_pass(heads: Heads, slots: usize, device: &Device) -> usize {
    if attention::scores_stay_inside(device, heads.size) {
        return MOST_ROWS;
    }
    (LARGEST_BINDING / size_of::<f32>() / heads.queries.max(1) / slots.max(1)).clamp(1, MOST_ROWS)
}

/// Tokens in, the last token's features out, and from there logits.
#[derive(Module, Debug)]
pub struct Decoder {
    embedding: Matrix,
    layers: Vec<Layer>,
    norm: RmsNorm,
    #[module(skip)]
    heads: Heads,
    /// None where the head is the embedding.
    head: Option<Matrix>,
}

impl Decoder {
    /// Loads every weight of the language part and the head.
    ///
    /// # Errors
    ///
    /// A tensor is missing, of another shape, or broken.
    pub fn load(config: &LanguageConfig, loader: &Loader<'_>) -> Result<Self, WeightsError> {
        let load = loader.part(Part::Language);
        let (hidden, wide) = (config.hidden, config.heads * config.head);
        let kv = config.kv_features();
        let mut layers = Vec::with_capacity(config.layers);
        let embedding = load.matrix("embed_tokens.weight", [config.vocabulary, hidden])?;
        for index in 0..config.layers {
            let name = |tensor: &str| format!("layers.{index}.{tensor}");
            layers.push(Layer {
                attention_norm: load.norm(&name("input_layernorm"), hidden, config.epsilon)?,
                qkv: load.stacked_linear(
                    &name("self_attn"),
                    hidden,
                    &[("q_proj", wide), ("k_proj", kv), ("v_proj", kv)],
                )?,
                output: load.linear(&name("self_attn.o_proj"), wide, hidden, false)?,
                mlp: load.swiglu(
                    load.norm(&name("post_attention_layernorm"), hidden, config.epsilon)?,
                    &name("mlp"),
                    [hidden, config.intermediate],
                    false,
                )?,
                heads: config.attention_heads(),
            });
        }
        let norm = load.norm("norm", hidden, config.epsilon)?;
        let head = match config.tied {
            true => None,
            false => Some(loader.part(Part::Head).matrix("weight", [config.vocabulary, hidden])?),
        };
        Ok(Self { embedding, layers, norm, heads: config.attention_heads(), head })
    }

    /// The features of tokens, `[ids, hidden]`. Every id must lie inside the vocabulary.
    pub fn embed(&self, ids: &[u32]) -> Tensor<2> {
        self.embedding.rows(ids)
    }

    /// Runs the new rows `x` `[rows, hidden]` of `view` through all layers, writes them into the arena, and returns
    /// the normalised features of the last row, `[1, hidden]`.
    pub fn forward(
        &self,
        x: Tensor<2>,
        view: &View,
        table: &RotaryTable,
        arena: &mut Arena,
        trace: &mut Trace,
    ) -> Tensor<2> {
        let [rows, _] = x.dims();
        let device = x.device();
        let most = rows_of_a_pass(self.heads, view.order.len(), &device);
        let mut last = None;
        for start in (0..rows).step_by(most) {
            let chunk = start..rows.min(start + most);
            last = Some(self.pass(
                x.clone().narrow(0, chunk.start, chunk.len()),
                &view.chunk(chunk),
                (table, &device),
                arena,
                trace,
            ));
        }
        let last = last.unwrap_or(x);
        let [rows, _] = last.dims();
        self.norm.forward(last.narrow(0, rows - 1, 1))
    }

    fn pass(
        &self,
        mut x: Tensor<2>,
        view: &View,
        (table, device): (&RotaryTable, &Device),
        arena: &mut Arena,
        trace: &mut Trace,
    ) -> Tensor<2> {
        let sight = view.upload(table, device);
        for (index, layer) in self.layers.iter().enumerate() {
            x = layer.forward(index, x, &sight, arena);
            trace.record(|| format!("text.{index}"), || x.clone());
        }
        x
    }

    /// Runs whole sequences `x` `[sequences · length, hidden]` through all layers, keeps nothing, and returns the normalised
    /// features of every row. For training.
    pub fn read(&self, mut x: Tensor<2>, sequences: &Sequences) -> Tensor<2> {
        for layer in &self.layers {
            x = layer.read(x, sequences);
        }
        self.norm.forward(x)
    }

    /// Features of no layer, `[rows, hidden]`, as the last one's are before the head.
    pub fn normed(&self, x: Tensor<2>) -> Tensor<2> {
        self.norm.forward(x)
    }

    /// Features `[rows, hidden]` → the logits of the whole vocabulary, `[rows, vocabulary]`.
    pub fn logits(&self, features: Tensor<2>) -> Tensor<2> {
        self.head().apply(Start::AsIs, features, None, Finish::Store)
    }

    /// The head's rows of a few tokens, to read just those logits: `[ids, hidden]`.
    pub fn head_rows(&self, ids: &[u32]) -> Tensor<2> {
        self.head().rows(ids)
    }

    fn head(&self) -> &Matrix {
        self.head.as_ref().unwrap_or(&self.embedding)
    }
}
