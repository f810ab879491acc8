use burn::backend::flex::FlexTensor;
use burn::tensor::TensorData;
use pulp::NullaryFnOnce;

use super::numbers::{exp, vectorised};
use super::{Pass, shaped};

/// `silu(g) ⊙ u` of rows that hold gates and ups by turns: `[rows, 2 · inner]` → `[rows, inner]`.
#[derive(Debug, Clone)]
pub struct SwiGluPass;

impl Pass<1> for SwiGluPass {
    fn forward(&self, [pairs]: [&FlexTensor; 1]) -> FlexTensor {
        let shape = pairs.layout().shape();
        let shape = [shape[0], shape[1] / 2];
        let (pairs, _) = pairs.storage::<f32>().as_chunks::<2>();
        let mut y = vec![0.0; pairs.len()];
        vectorised(Gated { pairs, y: &mut y });
        FlexTensor::from_data(TensorData::new(y, shape))
    }

    fn kept(&self, [pairs]: [FlexTensor; 1], _: &FlexTensor) -> Vec<FlexTensor> {
        vec![pairs]
    }

    fn backward(&self, kept: &[FlexTensor], gradient: &FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let (pairs, _) = kept[0].storage::<f32>().as_chunks::<2>();
        let incoming = gradient.storage::<f32>();
        let mut back = vec![0.0; 2 * pairs.len()];
        let (to_pairs, _) = back.as_chunks_mut::<2>();
        vectorised(GatedBack { pairs, incoming, to_pairs });
        [Some(shaped(back, &kept[0]))]
    }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

struct Gated<'a> {
    pairs: &'a [[f32; 2]],
    y: &'a mut [f32],
}

impl NullaryFnOnce for Gated<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { pairs, y } = self;
        for (y, &[gate, up]) in y.iter_mut().zip(pairs) {
            *y = gate * sigmoid(gate) * up;
        }
    }
}

/// With `σ = sigmoid(g)`: `dg = dy u σ (1 + g (1 − σ))`, `du = dy g σ`.
struct GatedBack<'a> {
    pairs: &'a [[f32; 2]],
    incoming: &'a [f32],
    to_pairs: &'a mut [[f32; 2]],
}

impl NullaryFnOnce for GatedBack<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { pairs, incoming, to_pairs } = self;
        for ((to, &[gate, up]), &incoming) in to_pairs.iter_mut().zip(pairs).zip(incoming) {
            let sigma = sigmoid(gate);
            *to = [incoming * up * sigma * (1.0 + gate * (1.0 - sigma)), incoming * gate * sigma];
        }
    }
}
