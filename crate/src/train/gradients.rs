use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients as Tracked, Tensor};

use crate::model::Model;

/// The gradient of every parameter, flat, in the order in which a model shows them; none for what is frozen.
#[derive(Debug, Clone, Default)]
pub struct Gradients(pub Vec<Option<Tensor<1>>>);

impl Gradients {
    /// Of what `learner` computed.
    pub fn of(learner: &Model, tracked: &Tracked) -> Self {
        struct Collect<'a>(&'a Tracked, Vec<Option<Tensor<1>>>);
        impl ModuleVisitor for Collect<'_> {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let tensor = param.val();
                let count = tensor.shape().num_elements();
                self.1.push(tensor.grad(self.0).map(|gradient| gradient.reshape([count])));
            }
        }
        let mut collect = Collect(tracked, Vec::new());
        learner.visit(&mut collect);
        Self(collect.1)
    }

    /// The sum, in the order of `parts`: the same bits whoever computed which.
    pub fn sum(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut parts = parts.into_iter();
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |sum, part| {
            let pairs = sum.0.into_iter().zip(part.0);
            Self(
                pairs
                    .map(|(a, b)| if let (Some(a), Some(b)) = (&a, &b) { Some(a.clone() + b.clone()) } else { a.or(b) })
                    .collect(),
            )
        })
    }

    /// The Euclidean norm of all of them.
    pub fn norm(&self) -> f64 {
        let squares =
            self.0.iter().flatten().map(|gradient| f64::from(gradient.clone().square().sum().into_scalar::<f32>()));
        squares.sum::<f64>().sqrt()
    }
}

/// A copy of `model` on `device`, an autodiff device, whose parameters are leaves of a graph of their own; those are
/// frozen for which `learns` does not hold, by their place in the order in which a model shows them.
pub(super) fn learner(model: &Model, learns: &[bool], device: &Device) -> Model {
    struct Leaves<'a>(std::slice::Iter<'a, bool>);
    impl ModuleMapper for Leaves<'_> {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let learns = self.0.next().copied().unwrap_or(true);
            let (id, tensor, mapper) = param.consume();
            Param::from_mapped_value(id, Tensor::from_inner(tensor).set_require_grad(learns), mapper)
        }
    }
    model.map(&mut Leaves(learns.iter()), device)
}
