use burn::backend::flex::FlexTensor;

use super::numbers::{sum, vectorised};
use super::{Pass, shaped};

/// Root-mean-square normalisation of rows `[rows, features]` with the scale γ `[features]`.
#[derive(Debug, Clone)]
pub struct RmsNormPass {
    /// ε
    pub epsilon: f32,
}

impl RmsNormPass {
    /// `1 / √(mean(x²) + ε)`
    #[inline(always)]
    fn scale(&self, x: &[f32]) -> f32 {
        1.0 / (sum(x.len(), |i| x[i] * x[i]) / x.len() as f32 + self.epsilon).sqrt()
    }
}

impl Pass<2> for RmsNormPass {
    fn forward(&self, [x, gamma]: [&FlexTensor; 2]) -> FlexTensor {
        let (rows, gamma) = (x.storage::<f32>(), gamma.storage::<f32>());
        let mut y = vec![0.0; rows.len()];
        vectorised(|| {
            for (x, y) in rows.chunks_exact(gamma.len()).zip(y.chunks_exact_mut(gamma.len())) {
                let scale = self.scale(x);
                for ((y, &x), &gamma) in y.iter_mut().zip(x).zip(gamma) {
                    *y = x * scale * gamma;
                }
            }
        });
        shaped(y, x)
    }

    fn kept(&self, inputs: [FlexTensor; 2], _: &FlexTensor) -> Vec<FlexTensor> {
        inputs.into()
    }

    /// With `s` the scale and `h = dy ⊙ γ`: `dx = s (h − x s² mean(h x))`, `dγ = Σ dy ⊙ x s`.
    fn backward(&self, kept: &[FlexTensor], gradient: &FlexTensor) -> [FlexTensor; 2] {
        let (rows, gamma) = (kept[0].storage::<f32>(), kept[1].storage::<f32>());
        let incoming = gradient.storage::<f32>();
        let features = gamma.len();
        let mut to_x = vec![0.0; rows.len()];
        let mut to_gamma = vec![0.0; features];
        vectorised(|| {
            let all = rows.chunks_exact(features).zip(incoming.chunks_exact(features));
            for ((x, dy), dx) in all.zip(to_x.chunks_exact_mut(features)) {
                let scale = self.scale(x);
                let mean = sum(features, |i| dy[i] * gamma[i] * x[i]) / features as f32;
                let back = scale * scale * mean;
                for i in 0..features {
                    dx[i] = scale * (dy[i] * gamma[i] - x[i] * back);
                    to_gamma[i] += dy[i] * x[i] * scale;
                }
            }
        });
        [shaped(to_x, &kept[0]), shaped(to_gamma, &kept[1])]
    }
}
