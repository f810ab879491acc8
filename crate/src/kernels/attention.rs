//! `softmax(q kᵀ / √d + mask) v`, with the query heads that share a key/value head packed into one tile.
//!
//! Two uses, one formula: new tokens over the slots of an arena, and the patches of a frame among themselves.

use burn::tensor::{Tensor, activation};

use super::append::Run;
use super::rotary::Rotation;

/// What the rows of a pass see of an arena. The same for all layers.
#[derive(Debug, Clone)]
pub struct Sight {
    /// Slots `0..span` take part.
    pub span: usize,
    /// Where the rows' own keys and values stand.
    pub runs: Vec<Run>,
    /// The rotation of every slot's key, `span` rows.
    pub slots: Rotation,
    /// The rotation of every row's query.
    pub rows: Rotation,
    /// `[rows, span]`: 0 where a row sees a slot, −∞ where not.
    pub mask: Tensor<2>,
}

/// New rows over the slots of an arena; keys stand there unrotated and are turned as they are read.
///
/// - `queries`: `[rows, heads, d]`, unrotated
/// - `keys`, `values`: `[slots, kv heads · d]`
///
/// Returns `[rows, heads · d]`.
pub fn over_arena(queries: Tensor<3>, keys: &Tensor<2>, values: &Tensor<2>, sight: &Sight) -> Tensor<2> {
    let [_, _, d] = queries.dims();
    let [_, features] = keys.dims();
    let in_heads = |slots: &Tensor<2>| slots.clone().narrow(0, 0, sight.span).reshape([sight.span, features / d, d]);
    let keys = sight.slots.apply(in_heads(keys));
    grouped(sight.rows.apply(queries), keys, in_heads(values), sight.mask.clone())
}

/// The patches of a frame over each other.
///
/// - `qkv`: `[patches, 3 · heads · d]`: queries, keys and values, each with all heads
/// - `mask`: `[patches, patches]`: 0 where patches see each other, −∞ where not
///
/// Returns `[patches, heads · d]`.
pub fn within_frame(qkv: Tensor<2>, heads: usize, rotation: &Rotation, mask: Tensor<2>) -> Tensor<2> {
    let [patches, width] = qkv.dims();
    let features = width / 3;
    let part =
        |index: usize| qkv.clone().narrow(1, index * features, features).reshape([patches, heads, features / heads]);
    grouped(rotation.apply(part(0)), rotation.apply(part(1)), part(2), mask)
}

/// Grouped-query attention, Ainslie et al., arXiv 2305.13245.
///
/// - `queries`: `[rows, heads, d]`
/// - `keys`, `values`: `[slots, kv heads, d]`; query head `h` reads key/value head `h / (heads / kv heads)`
/// - `mask`: `[rows, slots]`, added to the scores; no row is masked entirely
///
/// Returns `[rows, heads · d]`.
fn grouped(queries: Tensor<3>, keys: Tensor<3>, values: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
    let [rows, heads, d] = queries.dims();
    let [slots, kv_heads, _] = keys.dims();
    let group = heads / kv_heads;

    let queries = queries
        .mul_scalar(1.0 / (d as f64).sqrt())
        .reshape([rows, kv_heads, group, d])
        .permute([1, 2, 0, 3])
        .reshape([kv_heads, group * rows, d]);
    let scores = queries.matmul(keys.permute([1, 2, 0]));
    let scores = scores.reshape([heads, rows, slots]) + mask.unsqueeze();
    let weights = activation::softmax(scores, 2).reshape([kv_heads, group * rows, slots]);

    weights
        .matmul(values.permute([1, 0, 2]))
        .reshape([kv_heads, group, rows, d])
        .permute([2, 0, 1, 3])
        .reshape([rows, heads * d])
}
