//! Takes in the new rows of a pass: their keys and values into the slots of an arena, their queries turned beside.

use burn::tensor::{ExecutionError, Tensor};

use super::arena::{ArenaFormat, LayerArena, on_host};
use super::attention::Heads;
use super::launch;
use super::places::Places;
use super::rotary::turned;
use super::rotation::Rotation;
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// What rounding may do to queries.
const LIMIT: f64 = 1e-6;

/// The kernel that writes into an arena of `format`.
pub fn shader(format: ArenaFormat, heads: Heads) -> Shader {
    let quads = |name| Buffer { name, element: "vec4<f32>" };
    let holds = match format {
        ArenaFormat::F32 => part!("holds/f32"),
        ArenaFormat::Q8 => part!("holds/q8"),
    };
    let mut buffers = vec![quads("x"), quads("turns"), Buffer { name: "places", element: "u32" }];
    buffers.extend([format.buffer("keys"), format.buffer("values")]);
    buffers.extend(format.scales("u32"));
    buffers.push(quads("queries"));
    Shader {
        parts: vec![part!("turn"), holds, part!("append")],
        constants: [heads.constants(), format.constants(heads)].concat(),
        buffers,
        sizes: &["rows", "stride"],
    }
}

/// The threads of a call.
pub fn threads(rows: usize, format: ArenaFormat, heads: Heads) -> usize {
    rows * (heads.queries * heads.size / 8 + format.threads(heads))
}

/// Writes the keys and values of new rows into an arena, in place when the arena's tensors have one owner, and returns
/// it with the rows' queries, ready for [`over_arena`](super::attention::over_arena).
///
/// - `x`: `[rows, …]`: a row starts with its queries, its keys and its values, all unrotated
/// - `turns`: the rotation of every slot, those of `places` among them
///
/// Queries are `[rows, heads · size]`, turned as their rows' slots turn and scaled by [`Heads::query_scale`].
pub fn append(
    arena: LayerArena,
    x: &Tensor<2>,
    heads: Heads,
    turns: &Rotation,
    places: &Places,
) -> (LayerArena, Tensor<2>) {
    match launch(&arena, x, heads, turns, places) {
        Some(queries) => (arena, queries),
        None => plain(arena, x, heads, turns, places),
    }
}

/// `None` where the kernel does not reach: off wgpu, and where halves of heads are no whole vectors.
fn launch(arena: &LayerArena, x: &Tensor<2>, heads: Heads, turns: &Rotation, places: &Places) -> Option<Tensor<2>> {
    let [rows, stride] = x.dims();
    if !heads.size.is_multiple_of(8) || !stride.is_multiple_of(4) {
        return None;
    }
    let (format, arena, x) = (arena.format(), arena.operands()?, launch::numbers(x)?);
    let (turns, places) = (turns.operand()?, launch::words(&places.slots)?);
    let queries = launch::room(&x, [rows, heads.queries * heads.size]);
    let mut buffers = vec![&x, &turns, &places, &arena.keys, &arena.values];
    buffers.extend(&arena.scales);
    buffers.push(&queries);
    let workgroups = launch::spread(threads(rows, format, heads));
    launch::run(&shader(format, heads), &buffers, &[rows, stride / 4], workgroups);
    Some(launch::tensor(queries))
}

fn plain(arena: LayerArena, x: &Tensor<2>, heads: Heads, turns: &Rotation, places: &Places) -> (LayerArena, Tensor<2>) {
    let [rows, _] = x.dims();
    let (wide, features) = (heads.queries * heads.size, heads.keys * heads.size);
    let new = [wide, wide + features].map(|start| x.clone().narrow(1, start, features));
    let queries = x.clone().narrow(1, 0, wide).reshape([rows, heads.queries, heads.size]);
    let queries = turns.select(places.slots.clone()).apply(queries);
    let queries = queries.mul_scalar(heads.query_scale()).reshape([rows, wide]);
    (arena.write(new, heads, &places.runs), queries)
}

/// The kernel on the device of `trial`: every number of the arena, those that have to stay among them, and the queries.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    const SLOTS: usize = 100;
    let heads = |queries, keys, size| Heads { queries, keys, size };
    let cases = [(vec![4, 5, 2, 9], heads(6, 2, 24)), ((3..90).rev().collect(), heads(3, 1, 128))];
    for (own, heads) in trial.cases(&cases) {
        for format in ArenaFormat::ALL {
            let heads = *heads;
            let (wide, features) = (heads.queries * heads.size, heads.keys * heads.size);
            let width = wide + 2 * features + 4;
            let (x, turns) = (trial.numbers(own.len() * width), trial.numbers(SLOTS * heads.size));
            let mut held = [trial.numbers(SLOTS * features), trial.numbers(SLOTS * features)];
            let there = on_host::arena(trial, format, heads, held.each_ref().map(Vec::as_slice));
            let rotation = Rotation::given(trial.tensor(&turns, [SLOTS, heads.size]));
            let places = Places::new(own, trial.device());
            let made = launch(&there, &trial.tensor(&x, [own.len(), width]), heads, &rotation, &places);
            let mut queries = Vec::new();
            for (row, &slot) in x.chunks(width).zip(own) {
                let turn = &turns[slot * heads.size..][..heads.size];
                queries.extend(row[..wide].chunks(heads.size).flat_map(|head| turned(head, turn)));
                for (held, new) in held.iter_mut().zip(row[wide..].chunks(features)) {
                    held[slot * features..][..features].copy_from_slice(new);
                }
            }
            queries.iter_mut().for_each(|number| *number *= heads.query_scale());
            let written = made.is_some().then(|| there.numbers(SLOTS, heads));
            let name = shader(format, heads).name();
            trial.compare(name.clone(), LIMIT, made, &queries).await?;
            let written = written.map_or([None, None], |written| written.map(Some));
            for (there, held) in written.into_iter().zip(held) {
                let expected: Vec<f64> = on_host::decoded(format, heads, &held).into_iter().map(f64::from).collect();
                trial.compare(name.clone(), LIMIT, there, &expected).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution, TensorData};

    use super::*;
    use crate::kernels::gpu;

    /// Rows of an arena to the bit: in both formats both twins write the same words and scales.
    #[test]
    fn the_kernel_equals_the_reference() {
        for (own, [queries, keys, size]) in [
            (vec![4, 5, 2, 9], [6, 2, 24]),
            (vec![0], [1, 1, 8]),
            (vec![7, 8], [2, 2, 80]),
            ((3..90).rev().collect(), [3, 1, 128]),
        ] {
            let heads = Heads { queries, keys, size };
            let random =
                |shape: [usize; 2]| Tensor::<2>::random(shape, Distribution::Normal(0.0, 3.0), &Device::flex());
            let x = random([own.len(), (queries + 2 * keys) * size + 4]);
            let turns = Rotation::given(random([100, size]));
            for format in ArenaFormat::ALL {
                let arena = |device: &Device| LayerArena::new(format, heads, 100, device);
                let (places, places_there) = (Places::new(&own, &Device::flex()), Places::new(&own, &gpu()));
                let (x_there, turns_there) = (x.clone().to_device(&gpu()), turns.to_device(&gpu()));
                let there = arena(&gpu());
                let made = launch(&there, &x_there, heads, &turns_there, &places_there).unwrap();
                let (here, wanted) = plain(arena(&Device::flex()), &x, heads, &turns, &places);
                same(there, here);
                let size = wanted.clone().abs().max().into_scalar::<f32>();
                let error = (made.to_device(&Device::flex()) - wanted).abs().max().into_scalar::<f32>();
                assert!(error < 1e-6 * size, "{heads:?}: {error:e} of {size}");
            }
        }
    }

    fn same(there: LayerArena, here: LayerArena) {
        match (there, here) {
            (LayerArena::Numbers(there), LayerArena::Numbers(here)) => {
                assert_eq!(there.map(Tensor::into_data), here.map(Tensor::into_data));
            }
            (LayerArena::Codes { words: there, scales: there_scales }, LayerArena::Codes { words: here, scales }) => {
                assert_eq!(there.map(Tensor::into_data), here.map(Tensor::into_data));
                assert_eq!(there_scales.into_data(), scales.into_data());
            }
            (there, here) => panic!("{there:?} is no {here:?}"),
        }
    }

    /// A row that holds what is no number hangs nothing, and spoils no block but its own.
    #[test]
    fn what_is_no_number_stays_in_its_block() {
        let heads = Heads { queries: 2, keys: 2, size: 64 };
        let numbers: Vec<f32> = (0..3 * 384).map(|at| (at % 13) as f32 - 6.0).collect();
        for spoil in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
            let mut numbers = numbers.clone();
            // Of the second row the second block of its second key.
            numbers[384 + 128 + 64 + 40] = spoil;
            let x = Tensor::<2>::from_data(TensorData::new(numbers, [3, 384]), &gpu());
            let turns = Rotation::given(Tensor::ones([4, 64], &gpu()));
            let arena = LayerArena::new(ArenaFormat::Q8, heads, 4, &gpu());
            let queries = launch(&arena, &x, heads, &turns, &Places::new(&[3, 1, 0], &gpu())).unwrap();
            let [keys, values] = arena.numbers(4, heads).map(|held| held.into_data().iter::<f32>().collect::<Vec<_>>());
            let spoilt = 128 + 96..128 + 128;
            assert!(keys.iter().enumerate().all(|(at, key)| key.is_finite() != spoilt.contains(&at)), "{spoil}");
            assert!(values.iter().all(|value| value.is_finite()));
            assert!(queries.into_data().iter::<f32>().all(f32::is_finite));
        }
    }
}
