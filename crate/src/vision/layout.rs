use burn::tensor::{Device, Int, Tensor, TensorData};

use super::VisionConfig;
use crate::frame::Grid;
use crate::kernels::attention::Windows;
use crate::kernels::rotation::{RotaryTable, Rotation};

const THETA: f64 = 10_000.0;

/// Where every patch of frames of one size stands: its place in window order, its rotation, whom it sees.
///
/// The same for all frames of a size, so a stream computes it once, for one frame. In training there are many at once.
#[derive(Debug, Clone)]
pub struct Layout {
    /// A frame's patches.
    pub grid: Grid,
    /// Patch rows in window order, `[frames · patches]`.
    pub(super) order: Tensor<1, Int>,
    /// The way back: patches in the order in which they came, `[frames · patches]`.
    back: Tensor<1, Int>,
    /// Visual tokens back in raster order, `[frames · tokens]`.
    pub(super) raster: Tensor<1, Int>,
    /// Rotations in window order.
    pub(super) rotation: Rotation,
    /// The windows, in window order.
    pub(super) windows: Windows,
    /// Each frame as one window.
    pub(super) frame: Windows,
}

impl Layout {
    /// The layout of `frames` frames of `grid` patches, both sides multiples of the merge size, one after the other.
    pub fn new(config: &VisionConfig, grid: Grid, frames: usize, device: &Device) -> Self {
        let (tokens, windows) = window_order(grid.merged(config.merge), tokens_a_side(config));
        let merged = config.merged();
        let patches = grid.patches();
        let order: Vec<usize> = tokens.iter().flat_map(|token| (0..merged).map(move |i| token * merged + i)).collect();

        let positions: Vec<(usize, usize)> = grid.in_merge_order(config.merge).collect();
        let again = || (0..frames).flat_map(|_| &order);
        let rows = again().map(|&patch| positions[patch].0);
        let columns = again().map(|&patch| positions[patch].1);
        let frequencies = config.hidden / config.heads / 4;
        let table = RotaryTable::new(THETA, frequencies, vec![frequencies; 2], grid.height.max(grid.width), device);

        let windows: Vec<usize> = windows.iter().map(|&tokens| tokens * merged).collect();
        Self {
            grid,
            order: ints(in_each(frames, &order), device),
            back: ints(in_each(frames, &inverse(&order)), device),
            raster: ints(in_each(frames, &inverse(&tokens)), device),
            rotation: table.rotation(ints(rows.chain(columns), device).reshape([2, frames * patches])),
            windows: Windows::new(frames, &windows, device),
            frame: Windows::new(frames, &[patches], device),
        }
    }

    /// Rows in window order, `[patches, features]`, back in the order in which the patches came.
    pub fn patch_order(&self, rows: Tensor<2>) -> Tensor<2> {
        rows.select(0, self.back.clone())
    }
}

/// Where in `order` each of its elements stands.
fn inverse(order: &[usize]) -> Vec<usize> {
    let mut places = vec![0; order.len()];
    for (place, &element) in order.iter().enumerate() {
        places[element] = place;
    }
    places
}

/// The places of one frame, in each of `frames` frames.
fn in_each(frames: usize, places: &[usize]) -> impl Iterator<Item = usize> {
    (0..frames).flat_map(move |frame| places.iter().map(move |place| frame * places.len() + place))
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn fixture() -> Value {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/vision_layout.json");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    fn numbers(value: &Value) -> Vec<usize> {
        serde_json::from_value(value.clone()).unwrap()
    }

    fn grid(case: &Value) -> Grid {
        let sides = numbers(&case["grid"]);
        Grid { height: sides[0], width: sides[1] }
    }

    fn config(window: usize) -> VisionConfig {
        VisionConfig {
            depth: 1,
            hidden: 16,
            intermediate: 8,
            heads: 2,
            patch: 14,
            merge: 2,
            temporal: 2,
            window,
            full_attention: vec![],
            output: 8,
        }
    }

    #[test]
    fn windows_equal_the_reference() {
        let fixture = fixture();
        let cases = fixture["windows"].as_array().unwrap();
        assert!(cases.len() >= 16);
        for case in cases {
            let config = config(case["window_size"].as_u64().unwrap() as usize);
            let (order, windows) = window_order(grid(case).merged(2), tokens_a_side(&config));
            assert_eq!(order, numbers(&case["window_index"]), "{case}");
            let ends = windows.iter().scan(0, |end, tokens| {
                *end += tokens * config.merged();
                Some(*end)
            });
            assert_eq!([0].into_iter().chain(ends).collect::<Vec<_>>(), numbers(&case["cu_window_seqlens"]), "{case}");
        }
    }

    #[test]
    fn patches_stand_where_the_reference_puts_them() {
        let fixture = fixture();
        let cases = fixture["positions"].as_array().unwrap();
        assert!(cases.len() >= 5);
        for case in cases {
            let places = serde_json::from_value::<Vec<(usize, usize)>>(case["hw"].clone()).unwrap();
            assert_eq!(grid(case).in_merge_order(2).collect::<Vec<_>>(), places, "{case}");
        }
    }

    /// What the device gets: orders, masks and rotations of one layout, against the fixture's lists.
    #[test]
    fn the_tensors_of_a_layout_follow_from_the_lists() {
        let fixture = fixture();
        let device = Device::flex();
        let read = |tensor: Tensor<1, Int>| -> Vec<usize> {
            tensor.into_data().iter::<i64>().map(|value| value as usize).collect()
        };
        for case in fixture["windows"].as_array().unwrap() {
            let (grid, config) = (grid(case), config(case["window_size"].as_u64().unwrap() as usize));
            let layout = Layout::new(&config, grid, 1, &device);
            let index = numbers(&case["window_index"]);
            let order: Vec<usize> = index.iter().flat_map(|token| (0..4).map(move |i| token * 4 + i)).collect();
            assert_eq!(read(layout.order.clone()), order);
            let raster = read(layout.raster.clone());
            assert_eq!(
                raster.iter().map(|&place| index[place]).collect::<Vec<_>>(),
                (0..index.len()).collect::<Vec<_>>()
            );

            let ends = numbers(&case["cu_window_seqlens"]);
            let window = |patch: usize| ends.iter().take_while(|&&end| end <= patch).count();
            let bounds = read(layout.windows.bounds.clone().reshape([2 * grid.patches()]));
            for (patch, bounds) in bounds.chunks_exact(2).enumerate() {
                assert_eq!(bounds, &ends[window(patch) - 1..][..2], "{case}: window of patch {patch}");
            }
            let frame = read(layout.frame.bounds.clone().reshape([2 * grid.patches()]));
            assert!(frame.chunks_exact(2).all(|bounds| bounds == [0, grid.patches()]), "{case}");

            // Rotating ones by each patch's angle shows where it stands: half of the frequencies turn with the row.
            let places: Vec<(usize, usize)> = grid.in_merge_order(2).collect();
            let head = config.hidden / config.heads;
            let turned = layout.rotation.apply(Tensor::ones([grid.patches(), 1, head], &device));
            let turned: Vec<f32> = turned.into_data().iter().collect();
            for (row, &patch) in order.iter().enumerate() {
                for i in 0..head / 2 {
                    let (position, frequency) =
                        if i < head / 4 { (places[patch].0, i) } else { (places[patch].1, i - head / 4) };
                    let angle = position as f64 / THETA.powf(frequency as f64 / (head / 4) as f64);
                    let found = f64::from(turned[row * head + i]);
                    assert!((found - (angle.cos() - angle.sin())).abs() < 1e-5, "{case}: patch {patch}, feature {i}");
                }
            }
        }
    }
}
