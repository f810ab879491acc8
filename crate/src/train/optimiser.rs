use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{ExecutionError, Shape, Tensor};

use super::{AdamW, Gradients, Muon, Workers};
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

/// Which step it is, the first being 1, and how fast it goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Its number.
    pub step: u64,
    /// The learning rate.
    pub rate: f64,
}

impl Optimiser {
    /// The model after a step of this `pace`, and the gradients' norm before it was clipped. `between` says of each
    /// parameter whether it stands between embedding and head; what is not said does not. The `workers` change nothing in
    /// what comes out.
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
        pace: Pace,
        workers: &Workers,
    ) -> Result<(Model, f64), ExecutionError> {
        let norm = gradients.norm()?;
        let AdamW { betas, clip, weight_decay, .. } = self.adamw;
        let corrections = betas.map(|beta| 1.0 - beta.powf(pace.step as f64));
        let scale = if norm > clip { clip / norm } else { 1.0 };
        // A batch that teaches nothing has no gradients, and changes none of the moments.
        moments.0.resize(gradients.0.len().max(moments.0.len()), None);
        let between = between.iter().copied().chain(std::iter::repeat(false));
        let parameters = gradients.0.into_iter().zip(&mut moments.0).zip(shapes(model)).zip(between);
        let tasks = parameters.map(|(((gradient, moments), shape), between)| {
            gradient.map(|gradient| Task { gradient: gradient * scale, moments: moments.take(), shape, between })
        });
        let ways = workers.map(tasks.collect(), |task| task.map(|task| self.way(task, corrections)).transpose());
        let mut directions = Vec::new();
        for (way, moments) in ways.into_iter().zip(&mut moments.0) {
            let (direction, kept) = way?.unzip();
            directions.push(direction);
            *moments = kept.or(moments.take());
        }
        let mut update = Update { directions: directions.into_iter(), rate: pace.rate, weight_decay };
        Ok((model.map(&mut update, model.device()), norm))
    }

    /// Where a parameter goes, and what is kept of it.
    fn way(&self, task: Task, corrections: [f64; 2]) -> Result<(Tensor<1>, [Tensor<1>; 2]), ExecutionError> {
        let Task { gradient, moments, shape, between } = task;
        let [m, v] = moments.unwrap_or_else(|| [gradient.zeros_like(), gradient.zeros_like()]);
        match (self.muon, &shape[..]) {
            (Some(muon), &[rows, columns]) if between => {
                let (direction, m) = muon.direction(gradient, m, [rows, columns])?;
                Ok((direction, [m, v]))
            }
            _ => {
                let (direction, m, v) = self.adamw.direction(gradient, m, v, corrections);
                Ok((direction, [m, v]))
            }
        }
    }
}

/// What is needed to find a parameter's way.
struct Task {
    /// Clipped.
    gradient: Tensor<1>,
    moments: Option<[Tensor<1>; 2]>,
    shape: Shape,
    between: bool,
}

/// Those of the parameters, in the order in which the model shows them.
fn shapes(model: &Model) -> Vec<Shape> {
    struct Shapes(Vec<Shape>);
    impl ModuleVisitor for Shapes {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.push(param.shape());
        }
    }
    let mut shapes = Shapes(Vec::new());
    model.visit(&mut shapes);
    shapes.0
}

/// Takes parameters in their directions.
struct Update<I> {
    directions: I,
    rate: f64,
    weight_decay: f64,
}

impl<I: Iterator<Item = Option<Tensor<1>>>> ModuleMapper for Update<I> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(direction) = self.directions.next().flatten() else { return param };
        let (id, tensor, mapper) = param.consume();
        let decay = if D > 1 { self.rate * self.weight_decay } else { 0.0 };
        let step = direction.reshape(tensor.shape()) * self.rate;
        Param::from_mapped_value(id, tensor * (1.0 - decay) - step, mapper)
    }
}
