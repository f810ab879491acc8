//! Random tiny checkpoints in the exact Hugging Face format, written where a test needs one of its own size.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::json;
use tempfile::TempDir;

use crate::fixtures;

/// The sizes of a random decoder; the vision part before it is one small block.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    pub layers: usize,
    pub hidden: usize,
    pub intermediate: usize,
    pub heads: usize,
    pub kv_heads: usize,
    pub sections: [usize; 3],
    pub tied: bool,
    /// Most pixels of a frame.
    pub max_pixels: u32,
    pub min_pixels: u32,
}

/// Names the states, as prompts do, and is short, so that little but the rounds has to be computed.
const PROMPT: &str = "\nWatch. \n</Silence> </Standby> </Response>\n";

/// Rows of the embedding: a few more than the fixtures' tokenizer has ids.
const VOCABULARY: usize = 528;

const VISION_HIDDEN: usize = 8;
const VISION_INNER: usize = 12;

/// A model directory that is gone when the value is.
pub fn write(sizes: &Sizes, seed: u64) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let head = 2 * sizes.sections.iter().sum::<usize>();
    let config = json!({
        "model_type": "qwen2_5_vl",
        "vocab_size": VOCABULARY,
        "hidden_size": sizes.hidden,
        "intermediate_size": sizes.intermediate,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.kv_heads,
        "head_dim": head,
        "rope_theta": 1e6,
        "rope_scaling": {"type": "mrope", "mrope_section": sizes.sections},
        "tie_word_embeddings": sizes.tied,
        "vision_config": {
            "depth": 1,
            "hidden_size": VISION_HIDDEN,
            "intermediate_size": VISION_INNER,
            "num_heads": 2,
            "patch_size": 14,
            "out_hidden_size": sizes.hidden,
            "fullatt_block_indexes": [0],
        },
    });
    let settings = json!({
        "system_prompt": PROMPT, "min_pixels": sizes.min_pixels, "max_pixels": sizes.max_pixels, "fps": 1,
    });
    let place = |file: &str| directory.path().join(file);
    std::fs::write(place("config.json"), config.to_string()).unwrap();
    std::fs::write(place("streamo.json"), settings.to_string()).unwrap();
    std::fs::copy(fixtures::path("tied/tokenizer.json"), place("tokenizer.json")).unwrap();
    write_weights(&place("model.safetensors"), sizes, head, seed);
    directory
}

fn write_weights(path: &Path, sizes: &Sizes, head: usize, seed: u64) {
    let mut weights = Weights { random: Random(seed), tensors: BTreeMap::new() };
    let (hidden, wide) = (sizes.hidden, 4 * VISION_HIDDEN);
    weights.matrix("visual.patch_embed.proj.weight", &[VISION_HIDDEN, 3, 2, 14, 14], 0.05);
    weights.norm("visual.blocks.0.norm1", VISION_HIDDEN);
    weights.linear("visual.blocks.0.attn.qkv", VISION_HIDDEN, 3 * VISION_HIDDEN, true);
    weights.linear("visual.blocks.0.attn.proj", VISION_HIDDEN, VISION_HIDDEN, true);
    weights.norm("visual.blocks.0.norm2", VISION_HIDDEN);
    weights.mlp("visual.blocks.0.mlp", VISION_HIDDEN, VISION_INNER, true);
    weights.norm("visual.merger.ln_q", VISION_HIDDEN);
    weights.linear("visual.merger.mlp.0", wide, wide, true);
    weights.linear("visual.merger.mlp.2", wide, hidden, true);

    weights.matrix("model.embed_tokens.weight", &[VOCABULARY, hidden], 1.0);
    for layer in 0..sizes.layers {
        let name = |tensor: &str| format!("model.layers.{layer}.{tensor}");
        weights.norm(&name("input_layernorm"), hidden);
        weights.linear(&name("self_attn.q_proj"), hidden, sizes.heads * head, true);
        weights.linear(&name("self_attn.k_proj"), hidden, sizes.kv_heads * head, true);
        weights.linear(&name("self_attn.v_proj"), hidden, sizes.kv_heads * head, true);
        weights.linear(&name("self_attn.o_proj"), sizes.heads * head, hidden, false);
        weights.norm(&name("post_attention_layernorm"), hidden);
        weights.mlp(&name("mlp"), hidden, sizes.intermediate, false);
    }
    weights.norm("model.norm", hidden);
    if !sizes.tied {
        weights.matrix("lm_head.weight", &[VOCABULARY, hidden], 1.0 / (hidden as f32).sqrt());
    }
    let views = weights
        .tensors
        .iter()
        .map(|(name, (shape, bytes))| (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    safetensors::serialize_to_file(views, None, path).unwrap();
}

struct Weights {
    random: Random,
    tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)>,
}

impl Weights {
    fn add(&mut self, name: &str, shape: &[usize], mut value: impl FnMut(&mut Random) -> f32) {
        let count: usize = shape.iter().product();
        let bytes = (0..count).flat_map(|_| value(&mut self.random).to_le_bytes()).collect();
        self.tensors.insert(name.to_owned(), (shape.to_vec(), bytes));
    }

    fn matrix(&mut self, name: &str, shape: &[usize], deviation: f32) {
        self.add(name, shape, |random| deviation * random.normal());
    }

    /// A gain above 1, so that what a token has seen shows in the logits.
    fn linear(&mut self, name: &str, inputs: usize, outputs: usize, bias: bool) {
        self.matrix(&format!("{name}.weight"), &[outputs, inputs], 1.5 / (inputs as f32).sqrt());
        if bias {
            self.matrix(&format!("{name}.bias"), &[outputs], 0.3);
        }
    }

    fn norm(&mut self, name: &str, features: usize) {
        self.add(&format!("{name}.weight"), &[features], |random| 1.0 + 0.2 * random.normal());
    }

    fn mlp(&mut self, name: &str, features: usize, inner: usize, bias: bool) {
        self.linear(&format!("{name}.gate_proj"), features, inner, bias);
        self.linear(&format!("{name}.up_proj"), features, inner, bias);
        self.linear(&format!("{name}.down_proj"), inner, features, bias);
    }
}

/// SplitMix64: the same numbers everywhere.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// About normal, with mean 0 and deviation 1: the sum of twelve uniform numbers.
    pub fn normal(&mut self) -> f32 {
        (0..12).map(|_| (self.next() >> 40) as f32 / (1 << 24) as f32).sum::<f32>() - 6.0
    }
}
