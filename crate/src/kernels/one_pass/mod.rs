//! On the CPU: operations that plain tensors make in many passes over memory, made in one, with the way back for training.
//!
//! A pass is plain Rust over rows of numbers, written so that the compiler makes vector code of it, for what the processor
//! has. Where tensors are neither burn-flex's nor tracked ones of burn-flex, there is none, and the plain operations run.

mod attention;
mod factor;
mod numbers;
mod product;
mod rms_norm;
mod rotary;
mod swiglu;
#[cfg(target_arch = "x86_64")]
mod tiles;

use std::cell::Cell;

#[cfg(not(target_arch = "wasm32"))]
use burn::backend::Autodiff;
use burn::backend::Flex;
#[cfg(not(target_arch = "wasm32"))]
use burn::backend::autodiff::{
    checkpoint::base::Checkpointer,
    checkpoint::strategy::NoCheckpointing,
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Tensor, TensorData};
use serde::{Deserialize, Serialize};

pub(super) use attention::AttentionPass;
use product::ProductPass;
pub(super) use rms_norm::RmsNormPass;
pub(super) use rotary::RotaryPass;
pub(super) use swiglu::SwiGluPass;

/// An operation on `N` tensors, and how its result's gradient becomes theirs.
#[cfg_attr(target_arch = "wasm32", expect(dead_code, reason = "in browsers nothing is trained"))]
pub(super) trait Pass<const N: usize>: Clone + std::fmt::Debug + Send + 'static {
    /// The result. All tensors are contiguous and f32.
    fn forward(&self, inputs: [&FlexTensor; N]) -> FlexTensor;

    /// What [`backward`](Self::backward) needs.
    fn kept(&self, inputs: [FlexTensor; N], output: &FlexTensor) -> Vec<FlexTensor>;

    /// The gradients of the inputs from that of the result; those that are not wanted need not be made.
    fn backward(&self, kept: &[FlexTensor], gradient: &FlexTensor, wanted: [bool; N]) -> [Option<FlexTensor>; N];
}

/// What becomes of the numbers that products multiply; their sums are f32 all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rounding {
    /// They stay as they are.
    #[default]
    None,
    /// They are rounded to bf16, where the processor multiplies those faster.
    Bf16,
}

thread_local! {
    static ROUNDING: Cell<Rounding> = const { Cell::new(Rounding::None) };
}

impl Rounding {
    /// What this thread does.
    pub(super) fn current() -> Self {
        ROUNDING.get()
    }

    /// Does `work`, and rounds so in all products that this thread begins meanwhile, also on their way back.
    pub fn during<T>(self, work: impl FnOnce() -> T) -> T {
        let before = ROUNDING.replace(self);
        let done = work();
        ROUNDING.set(before);
        done
    }
}

/// A tensor that passes run over.
pub(super) enum Operand {
    Plain(FlexTensor),
    #[cfg(not(target_arch = "wasm32"))]
    Tracked(<Autodiff<Flex> as burn::backend::BackendTypes>::FloatTensorPrimitive),
}

impl Operand {
    /// `None` where passes do not reach the tensor.
    pub fn of<const D: usize>(tensor: &Tensor<D>) -> Option<Self> {
        if tensor.dtype() != DType::F32 {
            return None;
        }
        if let Ok(tensor) = tensor.clone().try_into_primitive::<Flex>() {
            return Some(Self::Plain(tensor.to_contiguous()));
        }
        #[cfg(not(target_arch = "wasm32"))]
        if let Ok(tensor) = tensor.clone().try_into_primitive::<Autodiff<Flex>>() {
            return Some(Self::Tracked(tensor));
        }
        None
    }

    /// Its numbers alone.
    pub fn numbers(self) -> FlexTensor {
        match self {
            Self::Plain(tensor) => tensor,
            #[cfg(not(target_arch = "wasm32"))]
            Self::Tracked(tensor) => tensor.into_primitive().to_contiguous(),
        }
    }
}

/// `pass` over `operands`, all of them plain or all tracked; `None` where they are of both kinds.
pub(super) fn run<P: Pass<N>, const N: usize, const D: usize>(pass: P, operands: [Operand; N]) -> Option<Tensor<D>> {
    if operands.iter().all(|operand| matches!(operand, Operand::Plain(_))) {
        let inputs = operands.map(Operand::numbers);
        return Some(Tensor::from_primitive::<Flex>(pass.forward(inputs.each_ref())));
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        let mut tracked = Vec::with_capacity(N);
        for operand in operands {
            let Operand::Tracked(tensor) = operand else {
                return None;
            };
            tracked.push(tensor.into_parts());
        }
        let (inputs, nodes): (Vec<_>, Vec<_>) = tracked.into_iter().unzip();
        let inputs: [FlexTensor; N] =
            inputs.iter().map(FlexTensor::to_contiguous).collect::<Vec<_>>().try_into().ok()?;
        let nodes = nodes.try_into().ok()?;
        let output = pass.forward(inputs.each_ref());
        let prepared = Way(pass.clone()).prepare::<NoCheckpointing>(nodes).compute_bound().stateful();
        let output = match prepared {
            OpsKind::Tracked(prepared) => prepared.finish(pass.kept(inputs, &output), output),
            OpsKind::UnTracked(prepared) => prepared.finish(output),
        };
        Some(Tensor::from_primitive::<Autodiff<Flex>>(output))
    }
    #[cfg(target_arch = "wasm32")]
    None
}

/// `L R` of the matrices in the last two axes, with `turned` `L Rᵀ`, and `bias` added to every row.
pub(super) fn products<const D: usize>(
    left: &Tensor<D>,
    right: &Tensor<D>,
    turned: bool,
    bias: Option<&Tensor<1>>,
) -> Tensor<D> {
    let in_one_pass = || {
        let pass = ProductPass { turned, rounding: Rounding::current() };
        // What is not learnt, as pixels are, is tracked beside what is.
        let is_tracked = [left, right].iter().any(|factor| factor.device().is_autodiff());
        let there = |factor: &Tensor<D>| if is_tracked { factor.clone().autodiff() } else { factor.clone() };
        let (left, right) = (Operand::of(&there(left))?, Operand::of(&there(right))?);
        match bias {
            Some(bias) => run(pass, [left, right, Operand::of(bias)?]),
            None => run(pass, [left, right]),
        }
    };
    in_one_pass().unwrap_or_else(|| {
        let right = if turned { right.clone().transpose() } else { right.clone() };
        let products = left.clone().matmul(right);
        match bias {
            Some(bias) => products + bias.clone().unsqueeze(),
            None => products,
        }
    })
}

/// A pass as burn's autodiff takes it.
#[cfg(not(target_arch = "wasm32"))]
#[derive(Debug)]
struct Way<P>(P);

#[cfg(not(target_arch = "wasm32"))]
impl<P: Pass<N>, const N: usize> Backward<Flex, N> for Way<P> {
    type State = Vec<FlexTensor>;

    fn backward(self, ops: Ops<Self::State, N>, gradients: &mut Gradients, _: &mut Checkpointer) {
        let gradient = gradients.consume::<Flex>(&ops.node).to_contiguous();
        let made = self.0.backward(&ops.state, &gradient, ops.parents.each_ref().map(Option::is_some));
        for (parent, gradient) in ops.parents.into_iter().zip(made) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                gradients.register::<Flex>(parent.id, gradient);
            }
        }
    }
}

/// A tensor of `values`, shaped as `like`.
fn shaped(values: Vec<f32>, like: &FlexTensor) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, like.layout().shape().clone()))
}

#[cfg(test)]
mod tests;
