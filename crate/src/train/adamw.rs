//! AdamW, Loshchilov & Hutter, arXiv 1711.05101.
//!
//! ```text
//! m ← β₁ m + (1 − β₁) g        θ ← θ − η ( m̂ / (√v̂ + ε) + λ θ )
//! v ← β₂ v + (1 − β₂) g²       m̂ = m / (1 − β₁ᵗ),  v̂ = v / (1 − β₂ᵗ)
//! ```
//!
//! λ is 0 for what has one axis: norms and biases. Of our own, because moments have to stand in a checkpoint under the
//! names of the tensors, and gradients are clipped by their common norm.

use burn::module::{ModuleMapper, Param};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::Gradients;
use crate::model::Model;

/// The settings of AdamW.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamW {
    /// β₁ and β₂.
    pub betas: [f64; 2],
    /// ε.
    pub epsilon: f64,
    /// λ.
    pub weight_decay: f64,
    /// The largest norm that all gradients together may have.
    pub clip: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { betas: [0.9, 0.95], epsilon: 1e-8, weight_decay: 0.1, clip: 1.0 }
    }
}

/// m and v of every parameter, flat, in the order in which a model shows them; none before its first gradient.
#[derive(Debug, Clone, Default)]
pub struct Moments(pub Vec<Option<[Tensor<1>; 2]>>);

impl AdamW {
    /// The model after step `step`, the first being 1, at the learning rate `rate`; and the gradients' norm before it was
    /// clipped.
    pub fn step(
        &self,
        model: &Model,
        gradients: Gradients,
        moments: &mut Moments,
        step: u64,
        rate: f64,
    ) -> (Model, f64) {
        let norm = gradients.norm();
        let scale = if norm > self.clip { self.clip / norm } else { 1.0 };
        // A batch that teaches nothing has no gradients, and changes none of the moments.
        moments.0.resize(gradients.0.len().max(moments.0.len()), None);
        let mut update = Update {
            adamw: self,
            parameters: gradients.0.into_iter().zip(&mut moments.0),
            corrections: self.betas.map(|beta| 1.0 - beta.powf(step as f64)),
            scale,
            rate,
        };
        (model.map(&mut update, model.device()), norm)
    }
}

struct Update<'a, I> {
    adamw: &'a AdamW,
    parameters: I,
    corrections: [f64; 2],
    scale: f64,
    rate: f64,
}

impl<'m, I: Iterator<Item = (Option<Tensor<1>>, &'m mut Option<[Tensor<1>; 2]>)>> ModuleMapper for Update<'_, I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some((Some(gradient), moments)) = self.parameters.next() else {
            return param;
        };
        let &AdamW { betas: [first, second], epsilon, weight_decay, .. } = self.adamw;
        let gradient = gradient * self.scale;
        let none = || gradient.zeros_like();
        let [m, v] = moments.take().unwrap_or_else(|| [none(), none()]);
        let m = m * first + gradient.clone() * (1.0 - first);
        let v = v * second + gradient.clone().square() * (1.0 - second);
        *moments = Some([m.clone(), v.clone()]);

        let direction = m / self.corrections[0] / ((v / self.corrections[1]).sqrt() + epsilon);
        let decay = if D > 1 { self.rate * weight_decay } else { 0.0 };
        let (id, tensor, mapper) = param.consume();
        let change = direction.reshape(tensor.shape()) * self.rate;
        Param::from_mapped_value(id, tensor * (1.0 - decay) - change, mapper)
    }
}
