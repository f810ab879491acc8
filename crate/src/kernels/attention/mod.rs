//! `softmax(q kᵀ / √d + mask) v`, with the query heads that share a key/value head packed into one tile.
//!
//! Three uses, one formula: new tokens over the slots of an arena, the patches of frames among themselves, and, in
//! training, the tokens of whole sequences over those before them. On a wgpu adapter `kernel` makes the first two, with an
//! online softmax and no scores in memory; on the CPU one pass makes the last two, with the way back for training. Elsewhere,
//! under autodiff on a GPU, and for heads that the kernels do not take, `plain` does.

use std::sync::Arc;

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::arena::LayerArena;
use super::launch;
use super::one_pass::{self, AttentionPass, Operand, Rounding};
use super::places::Places;
use super::rotation::Rotation;

mod kernel;
mod plain;
pub(super) mod self_test;
#[cfg(test)]
mod tests;

pub use kernel::{Among, Attention, Design, MOST_PARTS, Plan, join, takes};

/// The heads of an attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heads {
    /// Of queries.
    pub queries: usize,
    /// Of keys and of values; query head `h` reads head `h / (queries / keys)`.
    pub keys: usize,
    /// Features of each.
    pub size: usize,
}

impl Heads {
    /// What a query is multiplied by, `log₂ e / √size`: 2 to the power of its product with a key is then the exponential
    /// of their score.
    pub fn query_scale(self) -> f64 {
        std::f64::consts::LOG2_E / (self.size as f64).sqrt()
    }

    /// The width of rows of queries, keys and values side by side.
    pub(super) fn columns(self) -> usize {
        (self.queries + 2 * self.keys) * self.size
    }

    /// As constants of a kernel's text.
    pub(super) fn constants(self) -> Vec<(&'static str, u32)> {
        vec![("D", self.size as u32), ("HEADS", self.queries as u32), ("KV_HEADS", self.keys as u32)]
    }
}

/// What the rows of a pass see of an arena. The same for all layers.
#[derive(Debug, Clone)]
pub struct Sight {
    /// Slots `0..span` take part.
    pub span: usize,
    /// The rotation of every slot's key, `span` rows; a row's query turns as its own slot does.
    pub turns: Rotation,
    /// Every slot's place in the sequence, [`Sight::FREE`] where nothing is held: `[span]`.
    pub order: Tensor<1, Int>,
    /// The rows' own slots. A row sees the slots up to its own in the order, and so at least that one.
    pub places: Places,
}

/// Which patches of a frame see each other: windows of patches that lie side by side.
#[derive(Debug, Clone)]
pub struct Windows {
    /// How many frames there are, one after the other and all with the same windows.
    pub frames: usize,
    /// For every patch of a frame the first patch of its window and the one after its last.
    pub runs: Arc<[[usize; 2]]>,
    /// The same for the patches of all frames, on the device, `[frames · patches, 2]`.
    pub bounds: Tensor<2, Int>,
}

/// Whole sequences, one after the other and all as long, whose tokens see themselves and what came before them.
#[derive(Debug, Clone)]
pub struct Sequences {
    /// How many there are.
    pub count: usize,
    /// The rotation of every token, all sequences' rows.
    pub turns: Rotation,
}

impl Sight {
    /// The order of a free slot: after every token.
    pub const FREE: i32 = i32::MAX;

    /// Which row sees which slot, `[rows, span]`.
    fn seen(&self) -> Tensor<2, Bool> {
        let [rows] = self.places.slots.dims();
        let own = self.order.clone().select(0, self.places.slots.clone());
        let order = self.order.clone().unsqueeze_dim::<2>(0).expand([rows, self.span]);
        order.lower_equal(own.unsqueeze_dim::<2>(1).expand([rows, self.span]))
    }
}

impl Windows {
    /// Windows of so many patches each, one after the other, in each of `frames` frames.
    pub fn new(frames: usize, windows: &[usize], device: &Device) -> Self {
        let mut runs = Vec::new();
        for &patches in windows {
            let first = runs.len();
            runs.extend(std::iter::repeat_n([first, first + patches], patches));
        }
        let patches = runs.len();
        let all =
            (0..frames).flat_map(|frame| runs.iter().flatten().map(move |&bound| (frame * patches + bound) as i32));
        let bounds = TensorData::new(all.collect(), [frames * patches, 2]);
        Self { frames, runs: runs.into(), bounds: Tensor::from_data(bounds, device) }
    }
}

/// Whether attention with heads of `size` features runs on `device` without holding its scores.
pub fn scores_stay_inside(device: &Device, size: usize) -> bool {
    kernel::takes(size) && launch::reaches(device)
}

/// New rows over the slots of an arena; keys stand there unrotated and are turned as they are read.
///
/// - `queries`: `[rows, heads · size]`, as [`append`](super::append::append) gives them
///
/// What a free slot holds is never read by the kernels, and weighs nothing in the plain reference: there it must be a
/// number.
///
/// Returns `[rows, heads · size]`.
pub fn over_arena(queries: &Tensor<2>, heads: Heads, arena: &LayerArena, sight: &Sight) -> Tensor<2> {
    kernel::over_arena(queries, heads, arena, sight, &Attention::plan)
        .unwrap_or_else(|| plain::over_arena(queries, heads, arena, sight))
}

/// The patches of frames over each other.
///
/// `qkv`: `[frames · patches, 3 · heads · size]`: queries, keys and values, each with all heads.
///
/// Returns `[frames · patches, heads · size]`.
pub fn within_frame(qkv: &Tensor<2>, heads: usize, rotation: &Rotation, windows: &Windows) -> Tensor<2> {
    let heads = Heads { queries: heads, keys: heads, size: qkv.dims()[1] / 3 / heads };
    kernel::within_frame(qkv, heads, rotation, windows, &Attention::plan)
        .or_else(|| in_one_pass(qkv, heads, rotation, &windows.runs))
        .unwrap_or_else(|| plain::within_frame(qkv, heads, rotation, windows))
}

/// The tokens of whole sequences over themselves and those before them.
///
/// `qkv`: `[sequences · length, (heads.queries + 2 · heads.keys) · size]`: queries, keys and values, each with all heads.
///
/// Returns `[sequences · length, heads.queries · size]`.
pub fn within_sequences(qkv: &Tensor<2>, heads: Heads, sequences: &Sequences) -> Tensor<2> {
    let length = qkv.dims()[0] / sequences.count;
    let seen = (0..length).map(|row| [0, row + 1]).collect();
    in_one_pass(qkv, heads, &sequences.turns, &seen).unwrap_or_else(|| plain::within_sequences(qkv, heads, sequences))
}

/// Each row over a run of those of its own sequence; `None` off the CPU.
fn in_one_pass(qkv: &Tensor<2>, heads: Heads, rotation: &Rotation, seen: &Arc<[[usize; 2]]>) -> Option<Tensor<2>> {
    let (turns, seen) = (rotation.numbers()?, Arc::clone(seen));
    one_pass::run(AttentionPass { heads, turns, seen, rounding: Rounding::current() }, [Operand::of(qkv)?])
}
