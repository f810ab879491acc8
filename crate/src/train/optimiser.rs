use burn::module::{ModuleMapper, Param};
use burn::tensor::{ExecutionError, Tensor};

use super::{AdamW, Gradients, Muon};
use crate::model::Model;

/// What takes parameters where gradients point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optimiser {
    /// For everything that Muon does not take; its λ and its clipping are for all.
    pub adamw: AdamW,
    /// For the matrices between embedding and head.
    pub muon: Option<Muon>,
}

/// What an optimiser keeps of every parameter, flat, in the order in which a model shows them; none before its first
/// gradient. AdamW keeps m and v; Muon keeps m, and its v stays 0.
#[derive(Debug, Clone, Default)]
pub struct Moments(pub Vec<Option<[Tensor<1>; 2]>>);

impl Optimiser {
    /// The model after step `step`, the first being 1, at the learning rate `rate`; and the gradients' norm before it was
    /// clipped. `between` says of each parameter whether it stands between embedding and head; what is not said does not.
    ///
    /// # Errors
    ///
    /// The device failed; `moments` are not to be used after it.
    pub fn step(
        &self,
        model: &Model,
        between: &[bool],
        gradients: Gradients,
        moments: &mut Moments,
        step: u64,
        rate: f64,
    ) -> Result<(Model, f64), ExecutionError> {
        let norm = gradients.norm()?;
        let AdamW { betas, clip, .. } = self.adamw;
        // A batch that teaches nothing has no gradients, and changes none of the moments.
        moments.0.resize(gradients.0.len().max(moments.0.len()), None);
        let between = between.iter().copied().chain(std::iter::repeat(false));
        let mut update = Update {
            optimiser: self,
            parameters: gradients.0.into_iter().zip(&mut moments.0).zip(between),
            corrections: betas.map(|beta| 1.0 - beta.powf(step as f64)),
            scale: if norm > clip { clip / norm } else { 1.0 },
            rate,
            failure: None,
        };
        let model = model.map(&mut update, model.device());
        update.failure.map_or(Ok((model, norm)), Err)
    }
}

struct Update<'a, I> {
    optimiser: &'a Optimiser,
    parameters: I,
    corrections: [f64; 2],
    scale: f64,
    rate: f64,
    failure: Option<ExecutionError>,
}

type Parameter<'m> = ((Option<Tensor<1>>, &'m mut Option<[Tensor<1>; 2]>), bool);

impl<'m, I: Iterator<Item = Parameter<'m>>> ModuleMapper for Update<'_, I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(((Some(gradient), moments), between)) = self.parameters.next() else {
            return param;
        };
        let gradient = gradient * self.scale;
        let none = || gradient.zeros_like();
        let [m, v] = moments.take().unwrap_or_else(|| [none(), none()]);
        let (id, tensor, mapper) = param.consume();
        let shape = tensor.shape();
        let (direction, m, v) = match self.optimiser.muon {
            Some(muon) if between && D == 2 => match muon.direction(gradient, m, [shape[0], shape[1]]) {
                Ok((direction, m)) => (direction, m, v),
                Err(failure) => {
                    self.failure = Some(failure);
                    return Param::from_mapped_value(id, tensor, mapper);
                }
            },
            _ => self.optimiser.adamw.direction(gradient, m, v, self.corrections),
        };
        *moments = Some([m, v]);
        let decay = if D > 1 { self.rate * self.optimiser.adamw.weight_decay } else { 0.0 };
        Param::from_mapped_value(id, tensor * (1.0 - decay) - direction.reshape(shape) * self.rate, mapper)
    }
}
