//! Writes new rows into the slots of an arena.

use burn::tensor::{Device, ExecutionError, Int, Tensor, TensorData, s};

use super::launch;
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// A run of consecutive rows that go to consecutive slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The first row.
    pub row: usize,
    /// The slot that the first row goes to.
    pub slot: usize,
    /// How many.
    pub length: usize,
}

/// Joins the slots of consecutive rows into as few runs as possible.
pub fn runs(slots: &[usize]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (row, &slot) in slots.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.slot + run.length == slot => run.length += 1,
            _ => runs.push(Run { row, slot, length: 1 }),
        }
    }
    runs
}

/// The slots of the rows of a pass.
#[derive(Debug, Clone)]
pub struct Places {
    /// A row's slot, `[rows]`.
    pub slots: Tensor<1, Int>,
    /// The same as runs.
    pub runs: Vec<Run>,
}

impl Places {
    /// Row `r` goes to `slots[r]`; no slot twice.
    pub fn new(slots: &[usize], device: &Device) -> Self {
        let numbers: Vec<i32> = slots.iter().map(|&slot| slot as i32).collect();
        let count = numbers.len();
        Self { slots: Tensor::from_data(TensorData::new(numbers, [count]), device), runs: runs(slots) }
    }
}

/// The kernel.
pub fn shader() -> Shader {
    let quads = |name| Buffer { name, element: "vec4<f32>" };
    Shader {
        parts: vec![part!("append")],
        constants: vec![],
        buffers: vec![quads("x"), Buffer { name: "places", element: "u32" }, quads("keys"), quads("values")],
        sizes: &["rows", "stride", "start", "width"],
    }
}

/// Writes the keys and values of new rows into an arena, in place when the arena's tensors have one owner.
///
/// - `arena`: keys and values, `[slots, features]` each
/// - `x`: `[rows, …]`: from feature `start` on a row's key, then its value
pub fn append(arena: [Tensor<2>; 2], x: &Tensor<2>, start: usize, places: &Places) -> [Tensor<2>; 2] {
    match launch(&arena, x, start, places) {
        Some(()) => arena,
        None => {
            let mut start = start;
            arena.map(|arena| {
                let [_, features] = arena.dims();
                let rows = x.clone().narrow(1, start, features);
                start += features;
                plain(arena, &rows, &places.runs)
            })
        }
    }
}

/// `None` where the kernel does not reach: off wgpu, and where features are no whole vectors.
fn launch([keys, values]: &[Tensor<2>; 2], x: &Tensor<2>, start: usize, places: &Places) -> Option<()> {
    let ([rows, stride], [_, features]) = (x.dims(), keys.dims());
    if [stride, start, features].iter().any(|size| !size.is_multiple_of(4)) {
        return None;
    }
    let (keys, values, x) = (launch::numbers(keys)?, launch::numbers(values)?, launch::numbers(x)?);
    let slots = launch::words(&places.slots)?;
    let sizes = [rows, stride / 4, start / 4, features / 4];
    launch::run(&shader(), &[&x, &slots, &keys, &values], &sizes, launch::spread(rows * features / 4));
    Some(())
}

fn plain(mut arena: Tensor<2>, rows: &Tensor<2>, runs: &[Run]) -> Tensor<2> {
    for run in runs {
        let source = rows.clone().narrow(0, run.row, run.length);
        arena = arena.slice_assign(s![run.slot..run.slot + run.length, ..], source);
    }
    arena
}

/// The kernel on the device of `trial`: every number of the arena, those that have to stay among them.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for (slots, start, features) in trial.cases(&[(vec![4, 5, 2, 9], 8, 12), ((3..90).rev().collect(), 4, 20)]) {
        let (start, features) = (*start, *features);
        let width = start + 2 * features + 4;
        let x = trial.numbers(slots.len() * width);
        let mut arena = [trial.numbers(100 * features), trial.numbers(100 * features)];
        let [keys, values] = arena.each_ref().map(|held| trial.tensor(held, [100, features]));
        let there = [keys, values];
        let places = Places::new(slots, trial.device());
        let made = launch(&there, &trial.tensor(&x, [slots.len(), width]), start, &places);
        for (row, &slot) in x.chunks(width).zip(slots) {
            for (held, new) in arena.iter_mut().zip(row[start..].chunks(features)) {
                held[slot * features..][..features].copy_from_slice(new);
            }
        }
        for (there, held) in there.into_iter().zip(arena) {
            let expected: Vec<f64> = held.into_iter().map(f64::from).collect();
            trial.compare(shader().name(), 0.0, made.map(|()| there), &expected).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use burn::tensor::Distribution;

    use super::*;
    use crate::kernels::gpu;

    #[test]
    fn runs_join_neighbours_only() {
        let run = |row, slot, length| Run { row, slot, length };
        assert_eq!(runs(&[]), []);
        assert_eq!(runs(&[4, 5, 6]), [run(0, 4, 3)]);
        assert_eq!(runs(&[4, 5, 2, 3, 9]), [run(0, 4, 2), run(2, 2, 2), run(4, 9, 1)]);
        assert_eq!(runs(&[3, 2, 1]), [run(0, 3, 1), run(1, 2, 1), run(2, 1, 1)]);
    }

    #[test]
    fn the_kernel_equals_the_reference() {
        for (slots, start, features) in [(vec![4, 5, 2, 9], 8, 12), (vec![0], 0, 4), ((3..90).rev().collect(), 4, 20)] {
            let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Default, &Device::flex());
            let x = random([slots.len(), start + 2 * features + 4]);
            let arena = || [random([100, features]), random([100, features])];
            let [keys, values] = arena();
            let there = [&keys, &values].map(|held| held.clone().to_device(&gpu()));
            launch(&there, &x.clone().to_device(&gpu()), start, &Places::new(&slots, &gpu())).unwrap();
            let plain = append([keys, values], &x, start, &Places::new(&slots, &Device::flex()));
            for (there, plain) in there.into_iter().zip(plain) {
                assert_eq!(there.into_data(), plain.into_data());
            }
        }
    }
}
