#[cfg(doc)]
use super::Keep;

/// What a round saw and computed, for comparing with another implementation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evidence {
    /// The round.
    pub round: u64,
    /// Every token that the round attended to, in order, its own prompt last.
    pub input_ids: Vec<u32>,
    /// Their positions in time, height and width.
    pub positions: Vec<[i32; 3]>,
    /// The visual tokens, row by row, in raster order.
    pub vision: Vec<f32>,
    /// Features of a visual token.
    pub hidden: usize,
    /// The logits of the whole vocabulary after the last token.
    pub logits: Vec<f32>,
    /// What every block and layer gave, by name, for the rows of the round's prefill, with [`Keep::Layers`].
    pub layers: Vec<(String, Vec<f32>)>,
    /// What was generated, the state token and an end token included.
    pub generated: Vec<u32>,
}
