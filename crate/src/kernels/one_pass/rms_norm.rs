use burn::backend::flex::FlexTensor;
use pulp::NullaryFnOnce;

use super::numbers::{sum, vectorised};
use super::{Pass, shaped};

/// Root-mean-square normalisation of rows `[rows, features]` with the scale γ `[features]`.
#[derive(Debug, Clone)]
pub struct RmsNormPass {
    /// ε
    pub epsilon: f32,
}

impl Pass<2> for RmsNormPass {
    fn forward(&self, [x, gamma]: [&FlexTensor; 2]) -> FlexTensor {
        let mut y = vec![0.0; x.storage::<f32>().len()];
        vectorised(Norm { epsilon: self.epsilon, gamma: gamma.storage(), rows: x.storage(), y: &mut y });
        shaped(y, x)
    }

    fn kept(&self, inputs: [FlexTensor; 2], _: &FlexTensor) -> Vec<FlexTensor> {
        inputs.into()
    }

    fn backward(&self, kept: &[FlexTensor], gradient: &FlexTensor, _: [bool; 2]) -> [Option<FlexTensor>; 2] {
        let [x, gamma] = [&kept[0], &kept[1]].map(FlexTensor::storage::<f32>);
        let (mut to_x, mut to_gamma) = (vec![0.0; x.len()], vec![0.0; gamma.len()]);
        let incoming = gradient.storage();
        vectorised(NormBack {
            epsilon: self.epsilon,
            gamma,
            rows: x,
            incoming,
            to_x: &mut to_x,
            to_gamma: &mut to_gamma,
        });
        [Some(shaped(to_x, &kept[0])), Some(shaped(to_gamma, &kept[1]))]
    }
}

/// `1 / √(mean(x²) + ε)`
#[inline(always)]
fn scale(epsilon: f32, x: &[f32]) -> f32 {
    1.0 / (sum(x.len(), |i| x[i] * x[i]) / x.len() as f32 + epsilon).sqrt()
}

struct Norm<'a> {
    epsilon: f32,
    gamma: &'a [f32],
    rows: &'a [f32],
    y: &'a mut [f32],
}

impl NullaryFnOnce for Norm<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { epsilon, gamma, rows, y } = self;
        for (x, y) in rows.chunks_exact(gamma.len()).zip(y.chunks_exact_mut(gamma.len())) {
            let scale = scale(epsilon, x);
            for ((y, &x), &gamma) in y.iter_mut().zip(x).zip(gamma) {
                *y = x * scale * gamma;
            }
        }
    }
}

/// With `s` the scale and `h = dy ⊙ γ`: `dx = s (h − x s² mean(h x))`, `dγ = Σ dy ⊙ x s`.
struct NormBack<'a> {
    epsilon: f32,
    gamma: &'a [f32],
    rows: &'a [f32],
    incoming: &'a [f32],
    to_x: &'a mut [f32],
    to_gamma: &'a mut [f32],
}

impl NullaryFnOnce for NormBack<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { epsilon, gamma, rows, incoming, to_x, to_gamma } = self;
        let features = gamma.len();
        let all = rows.chunks_exact(features).zip(incoming.chunks_exact(features));
        for ((x, dy), dx) in all.zip(to_x.chunks_exact_mut(features)) {
            let scale = scale(epsilon, x);
            let mean = sum(features, |i| dy[i] * gamma[i] * x[i]) / features as f32;
            let back = scale * scale * mean;
            for i in 0..features {
                dx[i] = scale * (dy[i] * gamma[i] - x[i] * back);
                to_gamma[i] += dy[i] * x[i] * scale;
            }
        }
    }
}
