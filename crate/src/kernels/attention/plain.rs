//! The reference: scores in memory, on plain operations.

use std::ops::Range;

use burn::tensor::{Bool, Tensor, activation};

use super::{Heads, Sequences, Sight, Windows};
use crate::kernels::arena::LayerArena;
use crate::kernels::rotation::Rotation;

/// Rows of a sequence that are multiplied at once with all before them.
const RUN: usize = 128;

pub fn over_arena(queries: &Tensor<2>, heads: Heads, arena: &LayerArena, sight: &Sight) -> Tensor<2> {
    let [rows, _] = queries.dims();
    let Heads { size, .. } = heads;
    let queries = queries.clone().reshape([rows, heads.queries, size]);
    let [keys, values] = arena.numbers(sight.span, heads).map(|held| held.reshape([sight.span, heads.keys, size]));
    grouped(1, queries, sight.turns.apply(keys), values, mask(sight.seen().bool_not()))
}

pub fn within_frame(qkv: &Tensor<2>, heads: Heads, rotation: &Rotation, windows: &Windows) -> Tensor<2> {
    let [queries, keys, values] = parts(qkv, heads);
    let queries = rotation.apply(queries).mul_scalar(heads.query_scale());
    grouped(windows.frames, queries, rotation.apply(keys), values, mask(windows.seen().bool_not()))
}

pub fn within_sequences(qkv: &Tensor<2>, heads: Heads, sequences: &Sequences) -> Tensor<2> {
    let &Sequences { count, ref turns, ref mask } = sequences;
    let [length, _] = mask.dims();
    let [queries, keys, values] = parts(qkv, heads);
    let queries = turns.apply(queries).mul_scalar(heads.query_scale());
    let keys = turns.apply(keys);
    // What comes after a run of rows is not multiplied with it.
    let part = |x: &Tensor<3>, rows: Range<usize>| {
        let [_, heads, d] = x.dims();
        x.clone().reshape([count, length, heads * d]).narrow(1, rows.start, rows.len()).reshape([
            count * rows.len(),
            heads,
            d,
        ])
    };
    let runs = (0..length).step_by(RUN).map(|start| {
        let end = length.min(start + RUN);
        let seen = mask.clone().slice([start..end, 0..end]);
        let made = grouped(count, part(&queries, start..end), part(&keys, 0..end), part(&values, 0..end), seen);
        made.reshape([count, end - start, heads.queries * heads.size])
    });
    Tensor::cat(runs.collect(), 1).reshape([count * length, heads.queries * heads.size])
}

/// What is added to scores so that nothing is seen where `unseen` holds.
pub fn mask(unseen: Tensor<2, Bool>) -> Tensor<2> {
    Tensor::zeros(unseen.dims(), &unseen.device()).mask_fill(unseen, f32::NEG_INFINITY)
}

/// Queries, keys and values, `[rows, heads, d]`, from rows that hold them side by side.
fn parts(qkv: &Tensor<2>, heads: Heads) -> [Tensor<3>; 3] {
    let [rows, _] = qkv.dims();
    let mut first = 0;
    [heads.queries, heads.keys, heads.keys].map(|count| {
        let part = qkv.clone().narrow(1, first, count * heads.size).reshape([rows, count, heads.size]);
        first += count * heads.size;
        part
    })
}

/// Grouped-query attention, Ainslie et al., arXiv 2305.13245, in each of `batch` equal runs of rows and of slots.
///
/// - `queries`: `[batch · rows, heads, d]`, scaled by [`Heads::query_scale`]
/// - `keys`, `values`: `[batch · slots, kv heads, d]`; query head `h` reads key/value head `h / (heads / kv heads)`
/// - `mask`: added to the scores, `[rows, slots]`; every row sees a slot
///
/// Returns `[batch · rows, heads · d]`.
fn grouped(batch: usize, queries: Tensor<3>, keys: Tensor<3>, values: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
    let [_, heads, d] = queries.dims();
    let ([rows, slots], [_, kv_heads, _]) = (mask.dims(), keys.dims());
    let group = heads / kv_heads;

    let queries = queries
        .mul_scalar(std::f64::consts::LN_2)
        .reshape([batch, rows, kv_heads, group, d])
        .permute([0, 2, 3, 1, 4])
        .reshape([batch * kv_heads, group * rows, d]);
    let spread = |held: Tensor<3>| held.reshape([batch, slots, kv_heads, d]);
    let keys = spread(keys).permute([0, 2, 3, 1]).reshape([batch * kv_heads, d, slots]);
    let values = spread(values).permute([0, 2, 1, 3]).reshape([batch * kv_heads, slots, d]);

    let scores = queries.matmul(keys).reshape([batch * heads, rows, slots]) + mask.unsqueeze();
    let weights = activation::softmax(scores, 2).reshape([batch * kv_heads, group * rows, slots]);
    weights
        .matmul(values)
        .reshape([batch, kv_heads, group, rows, d])
        .permute([0, 3, 1, 2, 4])
        .reshape([batch * rows, heads * d])
}
