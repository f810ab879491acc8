//! Rotary position embedding, Su et al., arXiv 2104.09864, in the `rotate_half` layout of `transformers`:
//! feature `i` of a head turns together with feature `i + d/2`.
//!
//! ```text
//! y[i]       = x[i] · cos θ_i − x[i + d/2] · sin θ_i
//! y[i + d/2] = x[i + d/2] · cos θ_i + x[i] · sin θ_i
//! ```

use burn::backend::wgpu::CubeTensor;
use burn::tensor::ExecutionError;

use super::append::Places;
use super::launch;
use super::self_test::Trial;
use super::shader::{Buffer, Shader, part};

/// The kernel for heads of `size` features. `listed`: each row's turn is that of a slot of its own. `scores`: the rows
/// are queries, scaled so that 2 to the power of their products is what a softmax adds up.
pub fn shader(size: usize, listed: bool, scores: bool) -> Shader {
    let quads = |name| Buffer { name, element: "vec4<f32>" };
    let mut buffers = vec![quads("x"), quads("turns")];
    if listed {
        buffers.push(Buffer { name: "places", element: "u32" });
    }
    buffers.push(quads("y"));
    Shader {
        parts: vec![if listed { part!("place/listed") } else { part!("place/same") }, part!("rotary")],
        constants: vec![("D", size as u32), ("SCORES", u32::from(scores))],
        buffers,
        sizes: &["rows", "heads", "stride", "start"],
    }
}

/// Rows of heads of `size` features, turned: from rows of `stride` quads, whose heads begin at `start`, to `[rows, heads ·
/// size]`. Row `r` turns as slot `places[r]`, or as slot `r`. `size` is a multiple of eight.
pub(super) fn turn(
    x: &CubeTensor,
    [rows, heads, size]: [usize; 3],
    [stride, start]: [usize; 2],
    turns: &CubeTensor,
    places: Option<&CubeTensor>,
    scores: bool,
) -> CubeTensor {
    let y = launch::room(x, [rows, heads * size]);
    let buffers: Vec<_> = [Some(x), Some(turns), places, Some(&y)].into_iter().flatten().collect();
    let workgroups = launch::spread(rows * heads * size / 8);
    launch::run(&shader(size, places.is_some(), scores), &buffers, &[rows, heads, stride, start], workgroups);
    y
}

/// A head, turned by what stands in a row of a [`Rotation`], on the host.
pub(super) fn turned(x: &[f32], turn: &[f32]) -> Vec<f64> {
    let half = x.len() / 2;
    let number = |i: usize| f64::from(x[i]);
    let (cos, sin) = (|i: usize| f64::from(turn[i]), |i: usize| f64::from(turn[i + half]));
    let low = (0..half).map(|i| number(i) * cos(i) - number(i + half) * sin(i));
    low.chain((0..half).map(|i| number(i + half) * cos(i) + number(i) * sin(i))).collect()
}

/// The kernel on the device of `trial`.
pub(super) async fn self_test(trial: &mut Trial<'_>) -> Result<(), ExecutionError> {
    for &(rows, heads, size) in trial.cases(&[(5, 3, 24), (70, 2, 128), (1, 1, 8)]) {
        for (listed, scores) in [(true, true), (false, false), (false, true)] {
            let (stride, start, slots) = (heads * size + 12, 8, rows + 3);
            let (x, turns) = (trial.numbers(rows * stride), trial.numbers(slots * size));
            let places: Vec<usize> = (0..rows).map(|row| if listed { slots - 1 - row } else { row }).collect();
            let scale = if scores { std::f64::consts::LOG2_E / (size as f64).sqrt() } else { 1.0 };
            let mut expected = Vec::new();
            for (row, place) in x.chunks(stride).zip(&places) {
                let heads = row[start..][..heads * size].chunks(size);
                let turn = &turns[place * size..][..size];
                expected.extend(heads.flat_map(|head| turned(head, turn)).map(|number| number * scale));
            }
            let places = listed.then(|| Places::new(&places, trial.device()).slots);
            let turns = trial.tensor::<2>(&turns, [slots, size]);
            let made = launch::numbers(&trial.tensor::<2>(&x, [rows, stride])).zip(launch::numbers(&turns));
            let made = made.map(|(x, turns)| {
                let places = places.as_ref().and_then(launch::words);
                turn(&x, [rows, heads, size], [stride / 4, start / 4], &turns, places.as_ref(), scores)
            });
            let made = made.map(launch::tensor::<2>);
            trial.compare(shader(size, listed, scores).name(), 1e-6, made, &expected).await?;
        }
    }
    Ok(())
}
