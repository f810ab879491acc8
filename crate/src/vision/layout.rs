use burn::tensor::{Device, Int, Tensor, TensorData};

use super::VisionConfig;
use crate::frame::Grid;
use crate::kernels::rotary::{RotaryTable, Rotation};

const THETA: f64 = 10_000.0;

/// Where every patch of a frame of one size stands: its place in window order, its rotation, whom it sees.
///
/// The same for all frames of a size, so a stream computes it once.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The frame's patches.
    pub grid: Grid,
    /// Patch rows in window order, `[patches]`.
    pub(super) order: Tensor<1, Int>,
    /// The way back: patches in the order in which they came, `[patches]`.
    back: Tensor<1, Int>,
    /// Visual tokens back in raster order, `[tokens]`.
    pub(super) raster: Tensor<1, Int>,
    /// Rotations in window order.
    pub(super) rotation: Rotation,
    /// 0 inside a window and −∞ across, `[patches, patches]`, in window order.
    pub(super) window_mask: Tensor<2>,
    /// All 0, `[patches, patches]`.
    pub(super) full_mask: Tensor<2>,
}

impl Layout {
    /// The layout of frames of `grid` patches, both sides multiples of the merge size.
    pub fn new(config: &VisionConfig, grid: Grid, device: &Device) -> Self {
        let (tokens, windows) = window_order(grid.merged(config.merge), tokens_a_side(config));
        let merged = config.merged();
        let patches = grid.patches();
        let order: Vec<usize> = tokens.iter().flat_map(|token| (0..merged).map(move |i| token * merged + i)).collect();

        let positions: Vec<(usize, usize)> = grid.in_merge_order(config.merge).collect();
        let rows = ints(order.iter().map(|&patch| positions[patch].0), device);
        let columns = ints(order.iter().map(|&patch| positions[patch].1), device);
        let frequencies = config.hidden / config.heads / 4;
        let table = RotaryTable::new(THETA, frequencies, vec![frequencies; 2], grid.height.max(grid.width), device);

        let window_of: Vec<usize> = windows
            .iter()
            .enumerate()
            .flat_map(|(window, &tokens)| std::iter::repeat_n(window, tokens * merged))
            .collect();
        let mask: Vec<f32> = window_of
            .iter()
            .flat_map(|a| window_of.iter().map(move |b| if a == b { 0.0 } else { f32::NEG_INFINITY }))
            .collect();
        Self {
            grid,
            order: ints(order.iter().copied(), device),
            back: ints(inverse(&order), device),
            raster: ints(inverse(&tokens), device),
            rotation: table.rotation(&[rows, columns]),
            window_mask: Tensor::from_data(TensorData::new(mask, [patches, patches]), device),
            full_mask: Tensor::zeros([patches, patches], device),
        }
    }

    /// Rows in window order, `[patches, features]`, back in the order in which the patches came.
    pub fn patch_order(&self, rows: Tensor<2>) -> Tensor<2> {
        rows.select(0, self.back.clone())
    }
}

/// Where in `order` each of its elements stands.
fn inverse(order: &[usize]) -> impl Iterator<Item = usize> {
    let mut places = vec![0; order.len()];
    for (place, &element) in order.iter().enumerate() {
        places[element] = place;
    }
    places.into_iter()
}

fn ints(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i32> = values.map(|value| value as i32).collect();
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

/// Visual tokens along the side of a window.
fn tokens_a_side(config: &VisionConfig) -> usize {
    config.window / config.merge / config.patch
}

/// The visual tokens of a `(rows, columns)` grid window by window, and how many each window holds.
///
/// Windows go row by row, and tokens inside a window row by row; windows at the right and lower edge are partial.
/// Follows `get_window_index` of transformers' `Qwen2_5_VisionTransformer`.
fn window_order((rows, columns): (usize, usize), side: usize) -> (Vec<usize>, Vec<usize>) {
    let mut order = Vec::with_capacity(rows * columns);
    let mut windows = Vec::new();
    for top in (0..rows).step_by(side) {
        for left in (0..columns).step_by(side) {
            let before = order.len();
            for row in top..rows.min(top + side) {
                order.extend((left..columns.min(left + side)).map(|column| row * columns + column));
            }
            windows.push(order.len() - before);
        }
    }
    (order, windows)
}
