//! The running mean of what a model weighs while it learns. At a rate that still teaches, weights go around a place that is
//! better than most of those they come by; their mean is nearer to it, and forgets less of what training began with.

use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::model::Model;

/// The mean of every parameter, flat, in the order in which a model shows them: a ← a + (1 − d)(w − a) after each step, where
/// w is the parameter and d the mean's decay.
#[derive(Debug, Clone)]
pub struct Average(pub Vec<Tensor<1>>);

impl Average {
    /// Before the first step: the parameters themselves.
    pub fn of(model: &Model) -> Self {
        struct Read(Vec<Tensor<1>>);
        impl ModuleVisitor for Read {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.push(param.val().flatten(0, D - 1));
            }
        }
        let mut read = Read(Vec::new());
        model.visit(&mut read);
        Self(read.0)
    }

    /// Takes in what `model` is after a step. What did not change stays as it is, to the bit.
    pub fn follow(&mut self, model: &Model, decay: f64) {
        let Self(parameters) = Self::of(model);
        for (mean, parameter) in self.0.iter_mut().zip(parameters) {
            *mean = mean.clone() + (parameter - mean.clone()) * (1.0 - decay);
        }
    }

    /// `model` with the means as its parameters.
    pub fn put_into(&self, model: &Model) -> Model {
        struct Put<I>(I);
        impl<I: Iterator<Item = Tensor<1>>> ModuleMapper for Put<I> {
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                let Some(mean) = self.0.next() else { return param };
                let (id, tensor, mapper) = param.consume();
                Param::from_mapped_value(id, mean.reshape(tensor.shape()), mapper)
            }
        }
        model.map(&mut Put(self.0.iter().cloned()), model.device())
    }
}
