//! `y = x Wᵀ + b`

use burn::module::{Module, Param, ParamId};
use burn::tensor::Tensor;

use super::matrix::{Finish, Matrix, Start};

/// An affine map with the weight in the checkpoint's own layout.
///
/// - weight: `[outputs, inputs]`, so that one output's weights lie together: the axis along which they are read
///   by a matrix-vector kernel and along which block formats quantise.
/// - bias: `[outputs]`, or none.
#[derive(Module, Debug)]
pub struct Linear {
    weight: Matrix,
    bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// From a weight `[outputs, inputs]` and a bias `[outputs]`.
    pub fn new(weight: Matrix, bias: Option<Tensor<1>>) -> Self {
        Self { weight, bias: bias.map(Param::from_tensor) }
    }

    /// The weight's pieces and the bias, as parameters that can be trained.
    pub fn parameters(&self) -> (Vec<ParamId>, Option<ParamId>) {
        (self.weight.parameters(), self.bias.as_ref().map(|bias| bias.id))
    }

    /// `[rows, inputs]` → `[rows, outputs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.between(Start::AsIs, x, Finish::Store)
    }

    /// `finish(start(x) Wᵀ + b)`, where it can be without passes over memory of their own.
    pub fn between(&self, start: Start<'_>, x: Tensor<2>, finish: Finish<'_>) -> Tensor<2> {
        self.weight.apply(start, x, self.bias.as_ref().map(Param::val), finish)
    }
}
