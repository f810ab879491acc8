//! `softmax(q kᵀ / √d + mask) v`, with the query heads that share a key/value head packed into one tile.

use burn::tensor::{Tensor, activation};

/// Grouped-query attention, Ainslie et al., arXiv 2305.13245.
///
/// - `queries`: `[rows, heads, d]`
/// - `keys`, `values`: `[slots, key/value heads, d]`; query head `h` reads key/value head `h / (heads / kv heads)`
/// - `mask`: `[rows, slots]`, added to the scores: 0 where a row may look, −∞ where not; no row is masked entirely
///
/// Returns `[rows, heads · d]`.
pub fn grouped(queries: Tensor<3>, keys: Tensor<3>, values: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
    let [rows, heads, d] = queries.dims();
    let [slots, kv_heads, _] = keys.dims();
    let group = heads / kv_heads;

    let queries = queries
        .mul_scalar(1.0 / (d as f64).sqrt())
        .reshape([rows, kv_heads, group, d])
        .permute([1, 2, 0, 3])
        .reshape([kv_heads, group * rows, d]);
    let scores = queries.matmul(keys.permute([1, 2, 0]));
    let scores = scores.reshape([kv_heads * group, rows, slots]) + mask.unsqueeze();
    let weights = activation::softmax(scores, 2).reshape([kv_heads, group * rows, slots]);

    weights
        .matmul(values.permute([1, 0, 2]))
        .reshape([kv_heads, group, rows, d])
        .permute([2, 0, 1, 3])
        .reshape([rows, heads * d])
}
