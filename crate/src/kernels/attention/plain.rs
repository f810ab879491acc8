//! The reference: scores in memory, on plain operations.

use std::ops::Range;
use std::sync::Arc;

use burn::tensor::{Bool, Tensor, TensorData, activation};

use super::{Heads, Sequences, Sight, Windows};
use crate::kernels::arena::LayerArena;
use crate::kernels::one_pass;
use crate::kernels::rotation::Rotation;

/// Rows of a sequence that are multiplied at once with all before them.
const RUN: usize = 128;

/// What each row sees.
#[expect(clippy::large_enum_variant, reason = "one at a time, which is used at once")]
enum Seen {
    /// The slots for which this is true, `[rows, slots]`.
    Any(Tensor<2, Bool>),
    /// From the first of the two to before the second.
    Runs(Arc<[[usize; 2]]>),
}

pub fn over_arena(queries: &Tensor<2>, heads: Heads, arena: &LayerArena, sight: &Sight) -> Tensor<2> {
    let [rows, _] = queries.dims();
    let Heads { size, .. } = heads;
    let queries = queries.clone().reshape([rows, heads.queries, size]);
    let [keys, values] = arena.numbers(sight.span, heads).map(|held| held.reshape([sight.span, heads.keys, size]));
    grouped(1, queries, sight.turns.apply(keys), values, Seen::Any(sight.seen()))
}

pub fn within_frame(qkv: &Tensor<2>, heads: Heads, rotation: &Rotation, windows: &Windows) -> Tensor<2> {
    let [queries, keys, values] = parts(qkv, heads);
    let queries = rotation.apply(queries).mul_scalar(heads.query_scale());
    grouped(windows.frames, queries, rotation.apply(keys), values, Seen::Runs(Arc::clone(&windows.runs)))
}

pub fn within_sequences(qkv: &Tensor<2>, heads: Heads, sequences: &Sequences) -> Tensor<2> {
    let &Sequences { count, ref turns } = sequences;
    let length = qkv.dims()[0] / count;
    let [queries, keys, values] = parts(qkv, heads);
    let queries = turns.apply(queries).mul_scalar(heads.query_scale());
    let keys = turns.apply(keys);
    // What comes after a run of rows is not multiplied with it.
    let part = |x: &Tensor<3>, rows: Range<usize>| {
        let [_, heads, d] = x.dims();
        let part = x.clone().reshape([count, length, heads * d]).narrow(1, rows.start, rows.len());
        part.reshape([count * rows.len(), heads, d])
    };
    let runs = (0..length).step_by(RUN).map(|start| {
        let end = length.min(start + RUN);
        let seen = Seen::Runs((start..end).map(|row| [0, row + 1]).collect());
        let made = grouped(count, part(&queries, start..end), part(&keys, 0..end), part(&values, 0..end), seen);
        made.reshape([count, end - start, heads.queries * heads.size])
    });
    Tensor::cat(runs.collect(), 1).reshape([count * length, heads.queries * heads.size])
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
/// - `seen`: which of the slots each row sees, one of them at least
///
/// Returns `[batch · rows, heads · d]`.
fn grouped(batch: usize, queries: Tensor<3>, keys: Tensor<3>, values: Tensor<3>, seen: Seen) -> Tensor<2> {
    let [_, heads, d] = queries.dims();
    let [rows, slots] = [queries.dims()[0] / batch, keys.dims()[0] / batch];
    let [_, kv_heads, _] = keys.dims();
    let group = heads / kv_heads;

    let queries = queries
        .mul_scalar(std::f64::consts::LN_2)
        .reshape([batch, rows, kv_heads, group, d])
        .permute([0, 2, 3, 1, 4])
        .reshape([batch * kv_heads, group * rows, d]);
    let spread = |held: Tensor<3>| held.reshape([batch, slots, kv_heads, d]);
    let keys = spread(keys).permute([0, 2, 1, 3]).reshape([batch * kv_heads, slots, d]);
    let values = spread(values).permute([0, 2, 1, 3]).reshape([batch * kv_heads, slots, d]);

    let scores = one_pass::products(&queries, &keys, true, None);
    let weights =
        seen.weights(scores.reshape([batch * heads, rows, slots])).reshape([batch * kv_heads, group * rows, slots]);
    one_pass::products(&weights, &values, false, None)
        .reshape([batch, kv_heads, group, rows, d])
        .permute([0, 3, 1, 2, 4])
        .reshape([batch * rows, heads * d])
}

impl Seen {
    /// The softmax of scores `[…, rows, slots]` over what is seen.
    fn weights(self, scores: Tensor<3>) -> Tensor<3> {
        let seen = match self {
            Self::Any(seen) => seen,
            Self::Runs(seen) => {
                let [_, rows, slots] = scores.dims();
                let mask: Vec<bool> = seen
                    .iter()
                    .flat_map(|&[first, end]| (0..slots).map(move |slot| (first..end).contains(&slot)))
                    .collect();
                Tensor::from_data(TensorData::new(mask, [rows, slots]), &scores.device())
            }
        };
        let mask = Tensor::<2>::zeros(seen.dims(), &scores.device()).mask_fill(seen.bool_not(), f32::NEG_INFINITY);
        activation::softmax(scores + mask.unsqueeze(), 2)
    }
}
