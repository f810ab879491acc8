use std::sync::Arc;

use burn::backend::flex::FlexTensor;

use super::numbers::{exp, largest, sum, vectorised};
use super::{Pass, shaped};

/// Softmax over the last axis of `[…, rows, slots]`, of which every row sees one run; elsewhere it is 0.
#[derive(Debug, Clone)]
pub struct SoftmaxPass {
    /// For each of the rows the first slot that it sees, and the one after the last.
    pub seen: Arc<[[usize; 2]]>,
}

impl SoftmaxPass {
    /// The runs of all rows, those of `seen` again and again.
    fn runs(&self) -> impl Iterator<Item = [usize; 2]> {
        self.seen.iter().copied().cycle()
    }
}

fn slots(tensor: &FlexTensor) -> usize {
    tensor.layout().shape().iter().last().copied().unwrap_or(1).max(1)
}

impl Pass<1> for SoftmaxPass {
    fn forward(&self, [scores]: [&FlexTensor; 1]) -> FlexTensor {
        let slots = slots(scores);
        let scores_of = scores.storage::<f32>();
        let mut weights = vec![0.0; scores_of.len()];
        vectorised(|| {
            let rows = scores_of.chunks_exact(slots).zip(weights.chunks_exact_mut(slots));
            for ((scores, weights), [first, end]) in rows.zip(self.runs()) {
                let (scores, weights) = (&scores[first..end], &mut weights[first..end]);
                let most = largest(scores);
                for (weight, &score) in weights.iter_mut().zip(scores) {
                    *weight = exp(score - most);
                }
                let share = 1.0 / sum(weights.len(), |i| weights[i]);
                weights.iter_mut().for_each(|weight| *weight *= share);
            }
        });
        shaped(weights, scores)
    }

    fn kept(&self, _: [FlexTensor; 1], output: &FlexTensor) -> Vec<FlexTensor> {
        vec![output.clone()]
    }

    /// `ds = w ⊙ (dw − Σ w dw)`
    fn backward(&self, kept: &[FlexTensor], gradient: &FlexTensor) -> [FlexTensor; 1] {
        let slots = slots(gradient);
        let (weights, incoming) = (kept[0].storage::<f32>(), gradient.storage::<f32>());
        let mut scores = vec![0.0; incoming.len()];
        vectorised(|| {
            let rows =
                weights.chunks_exact(slots).zip(incoming.chunks_exact(slots)).zip(scores.chunks_exact_mut(slots));
            for (((weights, incoming), scores), [first, end]) in rows.zip(self.runs()) {
                let (weights, incoming) = (&weights[first..end], &incoming[first..end]);
                let mean = sum(weights.len(), |i| weights[i] * incoming[i]);
                for ((score, &weight), &incoming) in scores[first..end].iter_mut().zip(weights).zip(incoming) {
                    *score = weight * (incoming - mean);
                }
            }
        });
        [shaped(scores, gradient)]
    }
}
