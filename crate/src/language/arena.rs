use burn::tensor::{Device, Tensor};

use super::LanguageConfig;
use crate::kernels::append;
use crate::kernels::attention::{Heads, Sight};

/// The keys and values of every layer, in slots that never move.
///
/// Allocated once. Keys stand as they were before rotation: attention turns them by the positions that hold in the
/// round at hand.
#[derive(Debug)]
pub struct Arena {
    layers: Vec<Option<LayerArena>>,
    slots: usize,
}

/// Keys and values of one layer, `[slots, kv heads · head]` each.
#[derive(Debug, Clone)]
pub(super) struct LayerArena {
    pub keys: Tensor<2>,
    pub values: Tensor<2>,
}

impl Arena {
    /// Room for `slots` tokens. Zeroed, so that a slot nobody wrote holds no NaN.
    pub fn new(config: &LanguageConfig, slots: usize, device: &Device) -> Self {
        let empty = || Tensor::zeros([slots, config.kv_features()], device);
        let layers = (0..config.layers).map(|_| Some(LayerArena { keys: empty(), values: empty() })).collect();
        Self { layers, slots }
    }

    /// How many tokens there is room for.
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Bytes held on the device, in f32.
    pub fn bytes(&self) -> u64 {
        let layer = |layer: &LayerArena| layer.keys.shape().num_elements() * 2 * size_of::<f32>();
        self.layers.iter().flatten().map(|held| layer(held) as u64).sum()
    }

    /// Takes in the new rows `x` `[rows, …]` of one layer, each its queries, its keys and its values: writes keys and
    /// values, and returns the layer with the queries, ready for attention.
    pub(super) fn append(
        &mut self,
        layer: usize,
        x: &Tensor<2>,
        heads: Heads,
        sight: &Sight,
    ) -> (&LayerArena, Tensor<2>) {
        let place = &mut self.layers[layer];
        // Taken out, so that each tensor has one owner and the write happens in place. The place is filled whenever no
        // append is under way, and this one holds `&mut self`.
        let held = place.take().unwrap_or_else(|| unreachable!("a layer's arena is always in place"));
        let ([keys, values], queries) = append::append([held.keys, held.values], x, heads, &sight.turns, &sight.places);
        (place.insert(LayerArena { keys, values }), queries)
    }
}
