use burn::module::{ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, ExecutionError, Gradients as Tracked, Tensor};

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
    ///
    /// # Errors
    ///
    /// The device failed.
    pub fn norm(&self) -> Result<f64, ExecutionError> {
        norm(self.0.iter().flatten())
    }
}

/// The Euclidean norm of all numbers of `tensors`, on the CPU the same bits every time.
pub(super) fn norm<'a>(tensors: impl IntoIterator<Item = &'a Tensor<1>>) -> Result<f64, ExecutionError> {
    // Longer sums are spread over threads, and come out as those happen to meet.
    const PIECE: usize = 1 << 20;
    let pieces = tensors.into_iter().flat_map(|tensor| tensor.clone().split(PIECE, 0));
    let squares = pieces.map(|piece| Ok(piece.square().sum().try_into_data()?.iter::<f64>().sum::<f64>()));
    Ok(squares.sum::<Result<f64, ExecutionError>>()?.sqrt())
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

#[cfg(test)]
mod tests {
    use burn::tensor::{Distribution, TensorData};

    use super::*;

    #[test]
    fn norms_of_many_numbers_are_the_same_bits_every_time() {
        // More than burn-flex sums up without threads.
        let count = 5 << 20;
        let gradient = Tensor::<1>::random([count], Distribution::Normal(0.0, 1.0), &Device::flex());
        let gradients = Gradients(vec![Some(gradient), None]);
        let norm = gradients.norm().unwrap();
        assert!((norm / (count as f64).sqrt() - 1.0).abs() < 0.01, "{norm}");
        assert!((0..12).all(|_| gradients.norm().unwrap().to_bits() == norm.to_bits()));
    }

    #[test]
    fn parts_add_up_and_what_has_none_stays_without() {
        let device = Device::flex();
        let of = |values: [f32; 2]| Some(Tensor::<1>::from_data(TensorData::from(values), &device));
        let parts = [vec![of([1.0, 2.0]), None, None], vec![of([3.0, -2.0]), of([5.0, 6.0]), None]];
        let sum = Gradients::sum(parts.map(Gradients));
        let numbers = |gradient: &Option<Tensor<1>>| gradient.clone().map(|tensor| tensor.into_data().iter().collect());
        let sums: Vec<Option<Vec<f32>>> = sum.0.iter().map(numbers).collect();
        assert_eq!(sums, [Some(vec![4.0, 0.0]), Some(vec![5.0, 6.0]), None]);
        assert_eq!(sum.norm().unwrap(), (16.0_f64 + 25.0 + 36.0).sqrt());
        assert!(Gradients::sum([]).0.is_empty());
    }
}
