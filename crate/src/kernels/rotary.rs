//! Rotary position embedding, Su et al., arXiv 2104.09864, in the `rotate_half` layout of `transformers`:
//! feature `i` of a head turns together with feature `i + d/2`.
//!
//! ```text
//! y[i]       = x[i] · cos θ_i − x[i + d/2] · sin θ_i
//! y[i + d/2] = x[i + d/2] · cos θ_i + x[i] · sin θ_i
//! ```

use burn::backend::wgpu::CubeTensor;
use burn::tensor::ExecutionError;

use super::arena::{ArenaFormat, Operands, on_host};
use super::attention::Heads;
use super::launch;
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// The kernel for the patches of a frame: queries and keys at once.
pub fn patches_shader(heads: Heads) -> Shader {
    Shader {
        parts: vec![part!("turn"), part!("rotary")],
        constants: heads.constants(),
        buffers: ["x", "turns", "queries", "keys"].map(|name| Buffer { name, element: "vec4<f32>" }).into(),
        sizes: &["rows", "stride"],
    }
}

/// The kernel for the keys of an arena of `format`.
pub fn slots_shader(format: ArenaFormat, heads: Heads) -> Shader {
    let mut buffers = vec![format.buffer("keys")];
    buffers.extend(format.scales("f32"));
    buffers.extend(["turns", "turned"].map(|name| Buffer { name, element: "vec4<f32>" }));
    Shader {
        parts: vec![format.keys_part(), part!("turn"), part!("rotary_slots")],
        constants: [heads.constants(), format.constants(heads)].concat(),
        buffers,
        sizes: &["span"],
    }
}

/// The queries, scaled by [`Heads::query_scale`], and the keys of patches, turned: `[patches, heads · size]` each.
///
/// - `x`: `[patches, …]`: a row starts with its queries and its keys, as many heads of each
/// - `turns`: `[patches, size]`
///
/// `heads.size` is a multiple of eight, and a row of `x` is whole vectors of four.
pub(super) fn turn_patches(
    x: &CubeTensor,
    [rows, width]: [usize; 2],
    heads: Heads,
    turns: &CubeTensor,
) -> [CubeTensor; 2] {
    let [queries, keys] = [(); 2].map(|()| launch::room(x, [rows, heads.queries * heads.size]));
    let workgroups = launch::spread(rows * heads.queries * heads.size / 8);
    launch::run(&patches_shader(heads), &[x, turns, &queries, &keys], &[rows, width / 4], workgroups);
    [queries, keys]
}

/// The keys of the first `span` slots, turned: `[span, kv heads · size]`.
///
/// - `turns`: `[span, size]`
///
/// `heads.size` is a multiple of eight.
pub(super) fn turn_slots(
    format: ArenaFormat,
    arena: &Operands,
    span: usize,
    heads: Heads,
    turns: &CubeTensor,
) -> CubeTensor {
    let turned = launch::room(turns, [span, heads.keys * heads.size]);
    let workgroups = launch::spread(span * heads.keys * heads.size / 8);
    let mut buffers = vec![&arena.keys];
    buffers.extend(&arena.scales);
    buffers.extend([turns, &turned]);
    launch::run(&slots_shader(format, heads), &buffers, &[span], workgroups);
    turned
}

/// A head, turned by what stands in a row of a [`Rotation`](super::rotation::Rotation), on the host.
pub(super) fn turned(x: &[f32], turn: &[f32]) -> Vec<f64> {
    let half = x.len() / 2;
    let number = |i: usize| f64::from(x[i]);
    let (cos, sin) = (|i: usize| f64::from(turn[i]), |i: usize| f64::from(turn[i + half]));
    let low = (0..half).map(|i| number(i) * cos(i) - number(i + half) * sin(i));
    low.chain((0..half).map(|i| number(i + half) * cos(i) + number(i) * sin(i))).collect()
}

/// The kernels on the device of `trial`.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &(rows, count, size) in trial.cases(&[(5, 3, 24), (70, 2, 128), (1, 1, 8)]) {
        let heads = Heads { queries: count, keys: count, size };
        let features = count * size;
        let width = 2 * features + 12;
        let (x, turns) = (trial.numbers(rows * width), trial.numbers(rows * size));
        // The third of these that `index` names.
        let expected = |x: &[f32], width: usize, index: usize| -> Vec<f64> {
            let rows = x.chunks(width).zip(turns.chunks(size));
            let heads = |row: &[f32]| row[index * features..][..features].to_vec();
            rows.flat_map(|(row, turn)| heads(row).chunks(size).flat_map(|head| turned(head, turn)).collect::<Vec<_>>())
                .collect()
        };
        let there = launch::numbers(&trial.tensor::<2>(&turns, [rows, size]));
        let made = launch::numbers(&trial.tensor::<2>(&x, [rows, width])).zip(there.as_ref());
        let made = made.map(|(x, turns)| turn_patches(&x, [rows, width], heads, turns).map(launch::tensor::<2>));
        let [queries, keys] = made.map_or([None, None], |made| made.map(Some));
        let name = patches_shader(heads).name();
        let scaled: Vec<f64> = expected(&x, width, 0).into_iter().map(|number| number * heads.query_scale()).collect();
        trial.compare(name.clone(), 1e-6, queries, &scaled).await?;
        trial.compare(name, 1e-6, keys, &expected(&x, width, 1)).await?;

        for format in ArenaFormat::ALL {
            let held = trial.numbers((rows + 3) * features);
            let arena = on_host::arena(trial, format, heads, [&held, &held]).operands();
            let made = arena.zip(there.as_ref());
            let made = made.map(|(arena, turns)| launch::tensor::<2>(turn_slots(format, &arena, rows, heads, turns)));
            let expected = expected(&on_host::decoded(format, heads, &held), features, 0);
            trial.compare(slots_shader(format, heads).name(), 1e-6, made, &expected).await?;
        }
    }
    Ok(())
}
