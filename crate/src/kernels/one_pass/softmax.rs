use std::sync::Arc;

use burn::backend::flex::FlexTensor;
use pulp::NullaryFnOnce;

use super::numbers::{exp, largest, sum, vectorised};
use super::{Pass, shaped};

/// Softmax over the last axis of `[…, rows, slots]`, of which every row sees one run; elsewhere it is 0.
#[derive(Debug, Clone)]
pub struct SoftmaxPass {
    /// For each of the rows the first slot that it sees, and the one after the last; again and again for further rows.
    pub seen: Arc<[[usize; 2]]>,
}

fn slots(tensor: &FlexTensor) -> usize {
    tensor.layout().shape().iter().last().copied().unwrap_or(1).max(1)
}

impl Pass<1> for SoftmaxPass {
    fn forward(&self, [scores]: [&FlexTensor; 1]) -> FlexTensor {
        let mut weights = vec![0.0; scores.storage::<f32>().len()];
        vectorised(Weigh { seen: &self.seen, slots: slots(scores), scores: scores.storage(), weights: &mut weights });
        shaped(weights, scores)
    }

    fn kept(&self, _: [FlexTensor; 1], output: &FlexTensor) -> Vec<FlexTensor> {
        vec![output.clone()]
    }

    fn backward(&self, kept: &[FlexTensor], gradient: &FlexTensor, _: [bool; 1]) -> [Option<FlexTensor>; 1] {
        let weights = kept[0].storage::<f32>();
        let mut scores = vec![0.0; weights.len()];
        vectorised(WeighBack {
            seen: &self.seen,
            slots: slots(gradient),
            weights,
            incoming: gradient.storage(),
            scores: &mut scores,
        });
        [Some(shaped(scores, gradient))]
    }
}

/// Weights of the slots of each row that it sees.
struct Weigh<'a> {
    seen: &'a [[usize; 2]],
    slots: usize,
    scores: &'a [f32],
    weights: &'a mut [f32],
}

impl NullaryFnOnce for Weigh<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { seen, slots, scores, weights } = self;
        let rows = scores.chunks_exact(slots).zip(weights.chunks_exact_mut(slots));
        for ((scores, weights), &[first, end]) in rows.zip(seen.iter().cycle()) {
            let (scores, weights) = (&scores[first..end], &mut weights[first..end]);
            let most = largest(scores);
            for (weight, &score) in weights.iter_mut().zip(scores) {
                *weight = exp(score - most);
            }
            let share = 1.0 / sum(weights.len(), |i| weights[i]);
            weights.iter_mut().for_each(|weight| *weight *= share);
        }
    }
}

/// `ds = w ⊙ (dw − Σ w dw)`
struct WeighBack<'a> {
    seen: &'a [[usize; 2]],
    slots: usize,
    weights: &'a [f32],
    incoming: &'a [f32],
    scores: &'a mut [f32],
}

impl NullaryFnOnce for WeighBack<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { seen, slots, weights, incoming, scores } = self;
        let rows = weights.chunks_exact(slots).zip(incoming.chunks_exact(slots)).zip(scores.chunks_exact_mut(slots));
        for (((weights, incoming), scores), &[first, end]) in rows.zip(seen.iter().cycle()) {
            let (weights, incoming) = (&weights[first..end], &incoming[first..end]);
            let mean = sum(weights.len(), |i| weights[i] * incoming[i]);
            for ((score, &weight), &incoming) in scores[first..end].iter_mut().zip(weights).zip(incoming) {
                *score = weight * (incoming - mean);
            }
        }
    }
}
