use burn::backend::flex::FlexTensor;

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
        let (numbers, turns) = (x.storage::<f32>(), self.turns.storage::<f32>());
        let mut y = vec![0.0; numbers.len()];
        vectorised(|| {
            let rows = numbers.chunks_exact(heads * d).zip(y.chunks_exact_mut(heads * d));
            for ((x, y), turn) in rows.zip(turns.chunks_exact(d)) {
                let (cos, sin) = turn.split_at(d / 2);
                for (x, y) in x.chunks_exact(d).zip(y.chunks_exact_mut(d)) {
                    let (first, second) = x.split_at(d / 2);
                    let (to_first, to_second) = y.split_at_mut(d / 2);
                    for i in 0..d / 2 {
                        let sin = direction * sin[i];
                        to_first[i] = first[i] * cos[i] - second[i] * sin;
                        to_second[i] = second[i] * cos[i] + first[i] * sin;
                    }
                }
            }
        });
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

    fn backward(&self, _: &[FlexTensor], gradient: &FlexTensor) -> [FlexTensor; 1] {
        [self.turned(gradient, -1.0)]
    }
}
