use burn::backend::flex::FlexTensor;
use pulp::NullaryFnOnce;

use super::numbers::vectorised;
use super::{Pass, shaped};

/// Turns every head of `[rows, heads, d]`.
#[derive(Debug, Clone)]
pub struct RotaryPass {
    /// A row's cosines of the `d/2` frequencies, then their sines, `[rows, d]`.
    pub turns: FlexTensor,
}

impl RotaryPass {
    /// Forwards, or with `direction` −1 back.
    fn turned(&self, x: &FlexTensor, direction: f32) -> FlexTensor {
        let shape = x.layout().shape();
        let (heads, d) = (shape[1], shape[2]);
        let mut y = vec![0.0; x.storage::<f32>().len()];
        vectorised(Turn { heads, d, direction, turns: self.turns.storage(), x: x.storage(), y: &mut y });
        shaped(y, x)
    }
}

impl Pass<1> for RotaryPass {
    fn forward(&self, [x]: [&FlexTensor; 1]) -> FlexTensor {
        self.turned(x, 1.0)
    }

    fn kept(&self, _: [FlexTensor; 1], _: &FlexTensor) -> Vec<FlexTensor> {
        Vec::new()
    }

    fn backward(&self, _: &[FlexTensor], gradient: &FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        [Some(self.turned(gradient, -1.0))]
    }
}

/// Rows of `heads` heads of d numbers, each by its turn.
struct Turn<'a> {
    heads: usize,
    d: usize,
    direction: f32,
    turns: &'a [f32],
    x: &'a [f32],
    y: &'a mut [f32],
}

impl NullaryFnOnce for Turn<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { heads, d, direction, turns, x, y } = self;
        let rows = x.chunks_exact(heads * d).zip(y.chunks_exact_mut(heads * d));
        for ((x, y), turns) in rows.zip(turns.chunks_exact(d)) {
            for (x, y) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)) {
                turn(x, turns, [1.0, direction], y);
            }
        }
    }
}

/// A head of one row by its turn, the sines times the second of `scales` and the cosines times the first.
#[inline(always)]
pub(super) fn turn(x: &[f32], turn: &[f32], scales: [f32; 2], y: &mut [f32]) {
    let half = x.len() / 2;
    let (cos, sin) = turn.split_at(half);
    let (first, second) = x.split_at(half);
    let (to_first, to_second) = y.split_at_mut(half);
    for i in 0..half {
        let (cos, sin) = (scales[0] * cos[i], scales[1] * sin[i]);
        to_first[i] = first[i] * cos - second[i] * sin;
        to_second[i] = second[i] * cos + first[i] * sin;
    }
}
