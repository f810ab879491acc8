use std::ops::Range;
use std::sync::Arc;

use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;
use pulp::NullaryFnOnce;

use super::factor::Factor;
use super::numbers::{exp, largest, sum, vectorised};
use super::rotary::turn;
use super::{Pass, Rounding, shaped};
use crate::kernels::attention::Heads;

/// Rows that are multiplied at once with all that they see.
const RUN: usize = 64;

/// Attention within sequences that lie one after the other and are all as long: of rows of queries, keys and values, side by
/// side and not yet turned, `[rows, (heads.queries + 2 · heads.keys) · d]`, to `[rows, heads.queries · d]`.
///
/// The weights are made anew on the way back: they are many, and memory is slower than a product.
#[derive(Debug, Clone)]
pub struct AttentionPass {
    pub heads: Heads,
    /// A row's cosines of the `d/2` frequencies, then their sines, `[rows, d]`.
    pub turns: FlexTensor,
    /// For each row of a sequence the first of its rows that it sees, and the one after the last.
    pub seen: Arc<[[usize; 2]]>,
    /// Of what is multiplied.
    pub rounding: Rounding,
}

impl AttentionPass {
    /// The sequences of `qkv`.
    fn sequences<'a>(&'a self, qkv: &'a FlexTensor) -> impl Iterator<Item = Sequence<'a>> {
        let &Self { heads, ref seen, rounding, .. } = self;
        let length = seen.len();
        let qkv = qkv.storage::<f32>().chunks_exact(length * heads.columns());
        let turns = self.turns.storage::<f32>().chunks_exact(length * heads.size);
        qkv.zip(turns).map(move |(qkv, turns)| Sequence { heads, seen, turns, qkv, rounding })
    }
}

impl Pass<1> for AttentionPass {
    fn forward(&self, [qkv]: [&FlexTensor; 1]) -> FlexTensor {
        let width = self.heads.queries * self.heads.size;
        let rows = qkv.layout().shape()[0];
        let mut mixed = vec![0.0; rows * width];
        for (sequence, mixed) in self.sequences(qkv).zip(mixed.chunks_exact_mut(self.seen.len() * width)) {
            vectorised(Mix { sequence, mixed });
        }
        FlexTensor::from_data(TensorData::new(mixed, [rows, width]))
    }

    fn kept(&self, [qkv]: [FlexTensor; 1], _: &FlexTensor) -> Vec<FlexTensor> {
        vec![qkv]
    }

    fn backward(&self, kept: &[FlexTensor], gradient: &FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let qkv = &kept[0];
        let (length, width) = (self.seen.len(), self.heads.queries * self.heads.size);
        let mut to_qkv = vec![0.0; qkv.storage::<f32>().len()];
        let incoming = gradient.storage::<f32>().chunks_exact(length * width);
        let outgoing = to_qkv.chunks_exact_mut(length * self.heads.columns());
        for ((sequence, incoming), outgoing) in self.sequences(qkv).zip(incoming).zip(outgoing) {
            vectorised(MixBack { sequence, incoming, outgoing });
        }
        [Some(shaped(to_qkv, qkv))]
    }
}

/// Rows that see one another.
#[derive(Clone, Copy)]
struct Sequence<'a> {
    heads: Heads,
    seen: &'a [[usize; 2]],
    turns: &'a [f32],
    qkv: &'a [f32],
    rounding: Rounding,
}

/// What one key and value head and a run of rows have to do with one another. All are rows of d numbers but the weights.
#[derive(Default)]
struct Room {
    /// Of the whole sequence, turned.
    keys: Vec<f32>,
    /// Of the whole sequence.
    values: Vec<f32>,
    /// Turned and scaled: the run's rows of one query head after the other.
    queries: Vec<f32>,
    /// Of the same rows, for each slot that any of them sees.
    weights: Vec<f32>,
}

impl Sequence<'_> {
    /// `1/√d`
    fn scale(self) -> f32 {
        1.0 / (self.heads.size as f32).sqrt()
    }

    /// The query heads that read key head `key`.
    fn readers(self, key: usize) -> Range<usize> {
        let group = self.heads.queries / self.heads.keys;
        key * group..(key + 1) * group
    }

    fn runs(self) -> impl Iterator<Item = Range<usize>> {
        let length = self.seen.len();
        (0..length).step_by(RUN).map(move |start| start..length.min(start + RUN))
    }

    /// The slots that any of `rows` sees.
    fn slots(self, rows: &Range<usize>) -> Range<usize> {
        let seen = &self.seen[rows.clone()];
        let first = seen.iter().map(|&[first, _]| first).min().unwrap_or(0);
        first..seen.iter().map(|&[_, end]| end).max().unwrap_or(first)
    }

    /// Where head `head`, counted over queries, keys and values, stands in row `row`.
    fn place(self, row: usize, head: usize) -> Range<usize> {
        let start = row * self.heads.columns() + head * self.heads.size;
        start..start + self.heads.size
    }

    /// Appends that head of `rows`, turned and scaled.
    #[inline(always)]
    fn turned(self, head: usize, rows: Range<usize>, scale: f32, to: &mut Vec<f32>) {
        let d = self.heads.size;
        for row in rows {
            let start = to.len();
            to.resize(start + d, 0.0);
            turn(&self.qkv[self.place(row, head)], &self.turns[row * d..][..d], [scale, scale], &mut to[start..]);
        }
    }

    /// Fills in key and value head `key`.
    #[inline(always)]
    fn take(self, key: usize, room: &mut Room) {
        let (rows, heads) = (0..self.seen.len(), self.heads);
        room.keys.clear();
        self.turned(heads.queries + key, rows.clone(), 1.0, &mut room.keys);
        room.values.clear();
        for row in rows {
            room.values.extend_from_slice(&self.qkv[self.place(row, heads.queries + heads.keys + key)]);
        }
    }

    /// Fills in the queries and weights of `rows`, and says for which slots.
    #[inline(always)]
    fn weigh(self, key: usize, rows: &Range<usize>, room: &mut Room) -> Range<usize> {
        let (slots, d) = (self.slots(rows), self.heads.size);
        room.queries.clear();
        for head in self.readers(key) {
            self.turned(head, rows.clone(), self.scale(), &mut room.queries);
        }
        room.weights.resize(room.queries.len() / d * slots.len(), 0.0);
        let keys = Factor::of(&room.keys[slots.start * d..slots.end * d], d);
        Factor::of(&room.queries, d).times(keys.turned(), &mut room.weights, false, self.rounding);
        let seen = self.seen[rows.clone()].iter().cycle();
        for (row, &[first, end]) in room.weights.chunks_exact_mut(slots.len()).zip(seen) {
            let (first, end) = (first - slots.start, end - slots.start);
            row[..first].fill(0.0);
            row[end..].fill(0.0);
            let row = &mut row[first..end];
            let most = largest(row);
            row.iter_mut().for_each(|score| *score = exp(*score - most));
            let share = 1.0 / sum(row.len(), |i| row[i]);
            row.iter_mut().for_each(|weight| *weight *= share);
        }
        slots
    }
}

/// `softmax(Q Kᵀ / √d) V`
struct Mix<'a> {
    sequence: Sequence<'a>,
    mixed: &'a mut [f32],
}

impl NullaryFnOnce for Mix<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { sequence, mixed } = self;
        let Heads { queries, keys, size: d } = sequence.heads;
        let (mut room, mut made) = (Room::default(), Vec::new());
        for key in 0..keys {
            sequence.take(key, &mut room);
            for rows in sequence.runs() {
                let slots = sequence.weigh(key, &rows, &mut room);
                made.resize(room.queries.len(), 0.0);
                let values = Factor::of(&room.values[slots.start * d..slots.end * d], d);
                Factor::of(&room.weights, slots.len()).times(values, &mut made, false, sequence.rounding);
                let places = sequence.readers(key).flat_map(|head| rows.clone().map(move |row| row * queries + head));
                for (place, made) in places.zip(made.chunks_exact(d)) {
                    mixed[place * d..][..d].copy_from_slice(made);
                }
            }
        }
    }
}

/// With `W` the weights and `dO` what comes in: `dV = Wᵀ dO`, `dW = dO Vᵀ`, `dS = W ⊙ (dW − Σ W dW)`, `dQ = dS K` and
/// `dK = dSᵀ Q`.
struct MixBack<'a> {
    sequence: Sequence<'a>,
    incoming: &'a [f32],
    outgoing: &'a mut [f32],
}

impl NullaryFnOnce for MixBack<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { sequence, incoming, outgoing } = self;
        let Heads { queries, keys, size: d } = sequence.heads;
        let (rounding, length) = (sequence.rounding, sequence.seen.len());
        let (mut room, mut gradient, mut scores, mut to_queries) =
            (Room::default(), Vec::new(), Vec::new(), Vec::new());
        let (mut to_keys, mut to_values) = (vec![0.0; length * d], vec![0.0; length * d]);
        for key in 0..keys {
            sequence.take(key, &mut room);
            to_keys.fill(0.0);
            to_values.fill(0.0);
            for rows in sequence.runs() {
                let slots = sequence.weigh(key, &rows, &mut room);
                let within = slots.start * d..slots.end * d;
                let places = || sequence.readers(key).flat_map(|head| rows.clone().map(move |row| (row, head)));
                gradient.clear();
                for (row, head) in places() {
                    gradient.extend_from_slice(&incoming[(row * queries + head) * d..][..d]);
                }
                let (came, weights) = (Factor::of(&gradient, d), Factor::of(&room.weights, slots.len()));
                weights.turned().times(came, &mut to_values[within.clone()], true, rounding);
                scores.resize(room.weights.len(), 0.0);
                let values = Factor::of(&room.values[within.clone()], d);
                came.times(values.turned(), &mut scores, false, rounding);
                let count = slots.len();
                for (scores, weights) in scores.chunks_exact_mut(count).zip(room.weights.chunks_exact(count)) {
                    let mean = sum(count, |i| weights[i] * scores[i]);
                    for (score, weight) in scores.iter_mut().zip(weights) {
                        *score = weight * (*score - mean);
                    }
                }
                let scores = Factor::of(&scores, count);
                to_queries.resize(room.queries.len(), 0.0);
                scores.times(Factor::of(&room.keys[within.clone()], d), &mut to_queries, false, rounding);
                scores.turned().times(Factor::of(&room.queries, d), &mut to_keys[within], true, rounding);
                for ((row, head), to_query) in places().zip(to_queries.chunks_exact(d)) {
                    let (turns, scale) = (&sequence.turns[row * d..][..d], sequence.scale());
                    turn(to_query, turns, [scale, -scale], &mut outgoing[sequence.place(row, head)]);
                }
            }
            for row in 0..length {
                let (of_row, turns) = (row * d..(row + 1) * d, &sequence.turns[row * d..][..d]);
                let to_key = &mut outgoing[sequence.place(row, queries + key)];
                turn(&to_keys[of_row.clone()], turns, [1.0, -1.0], to_key);
                outgoing[sequence.place(row, queries + keys + key)].copy_from_slice(&to_values[of_row]);
            }
        }
    }
}
