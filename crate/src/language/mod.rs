//! The decoder of Qwen2.5 (arXiv 2412.15115) with multimodal rotary positions, attending over an arena of slots.

use burn::tensor::Device;

use crate::kernels::arena::ArenaFormat;
use crate::kernels::attention::{self, Heads};

mod arena;
mod decoder;
mod layer;
mod view;

pub use arena::Arena;
pub use decoder::Decoder;
pub use view::View;

/// The sizes of a decoder.
#[derive(Debug, Clone, PartialEq)]
pub struct LanguageConfig {
    /// Rows of the embedding and of the head.
    pub vocabulary: usize,
    /// Features of a token.
    pub hidden: usize,
    /// Inner width of the feed-forward network.
    pub intermediate: usize,
    /// Layers.
    pub layers: usize,
    /// Query heads.
    pub heads: usize,
    /// Key/value heads, each shared by `heads / kv_heads` query heads.
    pub kv_heads: usize,
    /// Features of a head.
    pub head: usize,
    /// ε of the normalisations.
    pub epsilon: f64,
    /// Base of the rotary frequencies.
    pub theta: f64,
    /// How many rotary frequencies follow time, height and width.
    pub sections: [usize; 3],
    /// Whether the head is the embedding.
    pub tied: bool,
    /// The longest sequence the checkpoint says it was made for, in tokens.
    pub trained_context: usize,
}

impl LanguageConfig {
    /// Features of a key, and of a value, of one token in one layer.
    pub fn kv_features(&self) -> usize {
        self.kv_heads * self.head
    }

    /// Bytes of memory that one token takes over all layers.
    pub fn token_bytes(&self, format: ArenaFormat) -> u64 {
        self.layers as u64 * format.slot_bytes(self.attention_heads())
    }

    /// Its heads, for attention.
    pub fn attention_heads(&self) -> Heads {
        Heads { queries: self.heads, keys: self.kv_heads, size: self.head }
    }

    /// Bytes that a pass over `slots` slots in `format` on `device` takes beside them: every slot's rotation, and its keys
    /// turned; or a layer's keys and values decoded, and the scores before and after the softmax with their mask.
    pub fn pass_bytes(&self, slots: usize, format: ArenaFormat, device: &Device) -> u64 {
        let slot = |numbers: usize| (slots as u64).saturating_mul((numbers * size_of::<f32>()) as u64);
        let turns = slot(self.head);
        if attention::scores_stay_inside(device, self.head) {
            return turns.saturating_add(slot(self.kv_features())).saturating_add(attention::MOST_PARTS as u64);
        }
        let decoded = match format {
            ArenaFormat::F32 => 0,
            // Of the second of them bytes and codes, too.
            ArenaFormat::Q8 => slot(4 * self.kv_features()),
        };
        let rows = decoder::rows_of_a_pass(self.attention_heads(), slots, device) as u64;
        let scores = slot(1).saturating_mul(rows).saturating_mul(2 * self.heads as u64 + 1);
        turns.saturating_add(decoded).saturating_add(scores)
    }
}
