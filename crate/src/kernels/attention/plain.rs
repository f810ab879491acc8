//! The reference: scores in memory, on plain operations.

use burn::tensor::{Bool, Tensor, activation};

use super::{Heads, Sight, Windows};
use crate::kernels::arena::LayerArena;
use crate::kernels::rotation::Rotation;

pub fn over_arena(queries: &Tensor<2>, heads: Heads, arena: &LayerArena, sight: &Sight) -> Tensor<2> {
    let [rows, _] = queries.dims();
    let Heads { size, .. } = heads;
    let queries = queries.clone().reshape([rows, heads.queries, size]);
    let [keys, values] = arena.numbers(sight.span, heads).map(|held| held.reshape([sight.span, heads.keys, size]));
    grouped(queries, sight.turns.apply(keys), values, sight.seen())
}

pub fn within_frame(qkv: &Tensor<2>, heads: Heads, rotation: &Rotation, windows: &Windows) -> Tensor<2> {
    let [patches, width] = qkv.dims();
    let features = width / 3;
    let part =
        |index: usize| qkv.clone().narrow(1, index * features, features).reshape([patches, heads.queries, heads.size]);
    let queries = rotation.apply(part(0)).mul_scalar(heads.query_scale());
    grouped(queries, rotation.apply(part(1)), part(2), windows.seen())
}

/// Grouped-query attention, Ainslie et al., arXiv 2305.13245.
///
/// - `queries`: `[rows, heads, d]`, scaled by [`Heads::query_scale`]
/// - `keys`, `values`: `[slots, kv heads, d]`; query head `h` reads key/value head `h / (heads / kv heads)`
/// - `seen`: `[rows, slots]`; every row sees a slot
///
/// Returns `[rows, heads · d]`.
fn grouped(queries: Tensor<3>, keys: Tensor<3>, values: Tensor<3>, seen: Tensor<2, Bool>) -> Tensor<2> {
    let [rows, heads, d] = queries.dims();
    let [slots, kv_heads, _] = keys.dims();
    let group = heads / kv_heads;

    let queries = queries
        .mul_scalar(std::f64::consts::LN_2)
        .reshape([rows, kv_heads, group, d])
        .permute([1, 2, 0, 3])
        .reshape([kv_heads, group * rows, d]);
    let scores = queries.matmul(keys.permute([1, 2, 0]));
    let mask = Tensor::<2>::zeros([rows, slots], &scores.device()).mask_fill(seen.bool_not(), f32::NEG_INFINITY);
    let scores = scores.reshape([heads, rows, slots]) + mask.unsqueeze();
    let weights = activation::softmax(scores, 2).reshape([kv_heads, group * rows, slots]);

    weights
        .matmul(values.permute([1, 0, 2]))
        .reshape([kv_heads, group, rows, d])
        .permute([2, 0, 1, 3])
        .reshape([rows, heads * d])
}
