use burn::tensor::{Device, Tensor};

use super::LanguageConfig;
use crate::kernels::append;
use crate::kernels::arena::{ArenaFormat, LayerArena};
use crate::kernels::attention::{Heads, Sight};

/// The keys and values of every layer, in slots that never move.
///
/// Allocated once. Keys stand as they were before rotation: attention turns them by the positions that hold in the
/// round at hand.
#[derive(Debug)]
pub struct Arena {
    layers: Vec<Option<LayerArena>>,
    heads: Heads,
    slots: usize,
}

impl Arena {
    /// Room for `slots` tokens. Zeroed, so that a slot nobody wrote holds no NaN.
    pub fn new(config: &LanguageConfig, format: ArenaFormat, slots: usize, device: &Device) -> Self {
        let heads = config.attention_heads();
        let layers = (0..config.layers).map(|_| Some(LayerArena::new(format, heads, slots, device))).collect();
        Self { layers, heads, slots }
    }

    /// How many tokens there is room for.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Bytes held on the device.
    pub fn bytes(&self) -> u64 {
        let layer = |held: &LayerArena| held.format().slot_bytes(self.heads) * held.slots() as u64;
        self.layers.iter().flatten().map(layer).sum()
    }

    /// Takes in the new rows `x` `[rows, …]` of one layer, each its queries, its keys and its values: writes keys and
    /// values, and returns the layer with the queries, ready for attention.
    pub(super) fn append(&mut self, layer: usize, x: &Tensor<2>, sight: &Sight) -> (&LayerArena, Tensor<2>) {
        let place = &mut self.layers[layer];
        // Taken out, so that each tensor has one owner and the write happens in place. The place is filled whenever no
        // append is under way, and this one holds `&mut self`.
        let held = place.take().unwrap_or_else(|| unreachable!("a layer's arena is always in place"));
        let (held, queries) = append::append(held, x, self.heads, &sight.turns, &sight.places);
        (place.insert(held), queries)
    }
}
