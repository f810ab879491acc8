//! Takes in the new rows of a pass: their keys and values into the slots of an arena, their queries turned beside.

use burn::tensor::{ExecutionError, Tensor, s};

use super::attention::Heads;
use super::launch;
use super::places::{Places, Run};
use super::rotary::{Rotation, turned};
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// The kernel.
pub fn shader(heads: Heads) -> Shader {
    let quads = |name| Buffer { name, element: "vec4<f32>" };
    let places = Buffer { name: "places", element: "u32" };
    Shader {
        parts: vec![part!("turn"), part!("append")],
        constants: heads.constants(),
        buffers: vec![quads("x"), quads("turns"), places, quads("keys"), quads("values"), quads("queries")],
        sizes: &["rows", "stride"],
    }
}

/// The threads of a call.
pub fn threads(rows: usize, heads: Heads) -> usize {
    rows * heads.size / 8 * (heads.queries + 2 * heads.keys)
}

/// Writes the keys and values of new rows into an arena, in place when the arena's tensors have one owner, and returns
/// it with the rows' queries, ready for [`over_arena`](super::attention::over_arena).
///
/// - `arena`: keys and values, `[slots, kv heads · size]` each
/// - `x`: `[rows, …]`: a row starts with its queries, its keys and its values, all unrotated
/// - `turns`: the rotation of every slot, those of `places` among them
///
/// Queries are `[rows, heads · size]`, turned as their rows' slots turn and scaled by [`Heads::query_scale`].
pub fn append(
    arena: [Tensor<2>; 2],
    x: &Tensor<2>,
    heads: Heads,
    turns: &Rotation,
    places: &Places,
) -> ([Tensor<2>; 2], Tensor<2>) {
    match launch(&arena, x, heads, turns, places) {
        Some(queries) => (arena, queries),
        None => plain(arena, x, heads, turns, places),
    }
}

/// `None` where the kernel does not reach: off wgpu, and where halves of heads are no whole vectors.
fn launch(
    [keys, values]: &[Tensor<2>; 2],
    x: &Tensor<2>,
    heads: Heads,
    turns: &Rotation,
    places: &Places,
) -> Option<Tensor<2>> {
    let [rows, stride] = x.dims();
    if !heads.size.is_multiple_of(8) || !stride.is_multiple_of(4) {
        return None;
    }
    let (keys, values, x) = (launch::numbers(keys)?, launch::numbers(values)?, launch::numbers(x)?);
    let (turns, places) = (turns.operand()?, launch::words(&places.slots)?);
    let queries = launch::room(&x, [rows, heads.queries * heads.size]);
    let buffers = [&x, &turns, &places, &keys, &values, &queries];
    launch::run(&shader(heads), &buffers, &[rows, stride / 4], launch::spread(threads(rows, heads)));
    Some(launch::tensor(queries))
}

fn plain(
    arena: [Tensor<2>; 2],
    x: &Tensor<2>,
    heads: Heads,
    turns: &Rotation,
    places: &Places,
) -> ([Tensor<2>; 2], Tensor<2>) {
    let [rows, _] = x.dims();
    let (wide, features) = (heads.queries * heads.size, heads.keys * heads.size);
    let mut start = wide;
    let arena = arena.map(|held| {
        let new = x.clone().narrow(1, start, features);
        start += features;
        write(held, &new, &places.runs)
    });
    let queries = x.clone().narrow(1, 0, wide).reshape([rows, heads.queries, heads.size]);
    let queries = turns.select(places.slots.clone()).apply(queries);
    (arena, queries.mul_scalar(heads.query_scale()).reshape([rows, wide]))
}

fn write(mut arena: Tensor<2>, rows: &Tensor<2>, runs: &[Run]) -> Tensor<2> {
    for run in runs {
        let source = rows.clone().narrow(0, run.row, run.length);
        arena = arena.slice_assign(s![run.slot..run.slot + run.length, ..], source);
    }
    arena
}

/// The kernel on the device of `trial`: every number of the arena, those that have to stay among them, and the queries.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    const SLOTS: usize = 100;
    let heads = |queries, keys, size| Heads { queries, keys, size };
    for (own, heads) in trial.cases(&[(vec![4, 5, 2, 9], heads(6, 2, 24)), ((3..90).rev().collect(), heads(3, 1, 128))])
    {
        let heads = *heads;
        let (wide, features) = (heads.queries * heads.size, heads.keys * heads.size);
        let width = wide + 2 * features + 4;
        let (x, turns) = (trial.numbers(own.len() * width), trial.numbers(SLOTS * heads.size));
        let mut arena = [trial.numbers(SLOTS * features), trial.numbers(SLOTS * features)];
        let there = arena.each_ref().map(|held| trial.tensor(held, [SLOTS, features]));
        let rotation = Rotation::given(trial.tensor(&turns, [SLOTS, heads.size]));
        let places = Places::new(own, trial.device());
        let made = launch(&there, &trial.tensor(&x, [own.len(), width]), heads, &rotation, &places);
        let mut queries = Vec::new();
        for (row, &slot) in x.chunks(width).zip(own) {
            let turn = &turns[slot * heads.size..][..heads.size];
            queries.extend(row[..wide].chunks(heads.size).flat_map(|head| turned(head, turn)));
            for (held, new) in arena.iter_mut().zip(row[wide..].chunks(features)) {
                held[slot * features..][..features].copy_from_slice(new);
            }
        }
        queries.iter_mut().for_each(|number| *number *= heads.query_scale());
        let written = made.is_some();
        trial.compare(shader(heads).name(), 1e-6, made, &queries).await?;
        for (there, held) in there.into_iter().zip(arena) {
            let expected: Vec<f64> = held.into_iter().map(f64::from).collect();
            trial.compare(shader(heads).name(), 1e-6, written.then_some(there), &expected).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;
    use crate::kernels::gpu;

    #[test]
    fn the_kernel_equals_the_reference() {
        for (own, [queries, keys, size]) in
            [(vec![4, 5, 2, 9], [6, 2, 24]), (vec![0], [1, 1, 8]), ((3..90).rev().collect(), [3, 1, 128])]
        {
            let heads = Heads { queries, keys, size };
            let random = |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Default, &Device::flex());
            let x = random([own.len(), (queries + 2 * keys) * size + 4]);
            let arena = [random([100, keys * size]), random([100, keys * size])];
            let turns = Rotation::given(random([100, size]));
            let there = arena.each_ref().map(|held| held.clone().to_device(&gpu()));
            let x_there = x.clone().to_device(&gpu());
            let made = launch(&there, &x_there, heads, &turns.to_device(&gpu()), &Places::new(&own, &gpu())).unwrap();
            let (arena, wanted) = plain(arena, &x, heads, &turns, &Places::new(&own, &Device::flex()));
            for (there, plain) in there.into_iter().zip(arena) {
                assert_eq!(there.into_data(), plain.into_data());
            }
            let error = (made.to_device(&Device::flex()) - wanted).abs().max().into_scalar::<f32>();
            assert!(error < 1e-6, "{heads:?}: {error:e}");
        }
    }
}
