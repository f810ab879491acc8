//! What is to become small: Streamo's loss (arXiv 2512.21334, section 3.3), and the two it is compared with.
//!
//! ```text
//! loss = 1/N Σ w · CE        w = 1 for text,  w = α_k (1 − p)^γ for the state token k
//! α_k  = 1/|S| · Σ_j n_j / n_k,   |S| = 3, or 2 without standby
//! ```
//!
//! N and the n are counted over the whole batch, however it is split. As upstream does, the gradient also goes through
//! the weight.

use burn::tensor::{ExecutionError, Int, Tensor, TensorData, activation};
use serde::{Deserialize, Serialize};

use crate::data::Target;
use crate::stream::State;

/// What is taken to be missing to certainty where nothing is, far below what f32 tells from it: where γ is below 1, the
/// way back through 0^γ is none.
const CERTAIN: f32 = 1e-12;

/// How state tokens are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Objective {
    /// As any other token: cross-entropy.
    Plain,
    /// By weights that never change.
    Fixed {
        /// Of silence, standby and response.
        weights: [f64; 3],
    },
    /// By how rare they are in the batch, and by how wrong the model still is.
    Focal {
        /// The exponent of what is missing to certainty.
        gamma: f64,
    },
}

impl Default for Objective {
    fn default() -> Self {
        Self::Focal { gamma: 2.0 }
    }
}

/// How many state tokens of each kind, and how many targets in all, a batch has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// |S|: how many states a round can have.
    pub kinds: usize,
    /// Silence, standby, response.
    pub states: [usize; 3],
    /// Text and states.
    pub targets: usize,
}

impl Default for Count {
    fn default() -> Self {
        Self { kinds: State::ALL.len(), states: [0; 3], targets: 0 }
    }
}

impl Count {
    /// Counts `targets` in.
    pub fn add<'a>(&mut self, targets: impl IntoIterator<Item = &'a Target>) {
        for target in targets {
            self.targets += 1;
            if let Some(state) = target.state {
                self.states[state as usize] += 1;
            }
        }
    }

    /// α of silence, standby and response; 0 for one that does not occur.
    pub fn alphas(&self) -> [f64; 3] {
        let all: usize = self.states.iter().sum();
        self.states.map(|count| match count {
            0 => 0.0,
            count => all as f64 / count as f64 / self.kinds as f64,
        })
    }
}

/// What came of some targets: sums, so that tallies can be added.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Their share of the batch's loss.
    pub loss: f64,
    /// Cross-entropy of silence, standby, response and text.
    pub entropy: [f64; 4],
    /// How many of each the model found by itself.
    pub right: [u64; 4],
    /// How many of each there were.
    pub count: [u64; 4],
    /// Which state was right, by row, and which the model took, by column; what it took was no state in the last one.
    pub confusion: [[u64; 4]; 3],
}

impl Tally {
    /// The names of the kinds, in order.
    pub const KINDS: [&str; 4] = ["silence", "standby", "response", "text"];

    /// Adds another tally.
    pub fn add(&mut self, other: &Self) {
        self.loss += other.loss;
        for kind in 0..Self::KINDS.len() {
            self.entropy[kind] += other.entropy[kind];
            self.right[kind] += other.right[kind];
            self.count[kind] += other.count[kind];
        }
        for (row, other) in self.confusion.iter_mut().flatten().zip(other.confusion.iter().flatten()) {
            *row += other;
        }
    }

    /// How well responses were found, each at its own second: the harmonic mean of precision and recall.
    pub fn response_f1(&self) -> f64 {
        let response = State::Response as usize;
        let said: u64 = self.confusion.iter().map(|row| row[response]).sum();
        let [due, right] = [self.confusion[response].iter().sum::<u64>(), self.confusion[response][response]];
        2.0 * right as f64 / (said + due).max(1) as f64
    }

    /// Mean cross-entropy of each kind; NaN where there was none.
    pub fn mean_entropy(&self) -> [f64; 4] {
        std::array::from_fn(|kind| self.entropy[kind] / self.count[kind] as f64)
    }

    /// The share of each kind that was right; NaN where there was none.
    pub fn accuracy(&self) -> [f64; 4] {
        std::array::from_fn(|kind| self.right[kind] as f64 / self.count[kind] as f64)
    }
}

impl Objective {
    /// Whether its numbers make sense.
    pub fn holds(self) -> bool {
        let fits = |number: f64| number >= 0.0 && number.is_finite();
        match self {
            Self::Plain => true,
            Self::Fixed { weights } => weights.into_iter().all(fits),
            Self::Focal { gamma } => fits(gamma),
        }
    }

    /// The loss's share of `targets`, whose logits are the rows of `logits` `[targets, vocabulary]`, in a batch of
    /// `whole`; `[1]`.
    pub fn loss(self, logits: Tensor<2>, targets: &[Target], whole: &Count) -> (Tensor<1>, Scores) {
        let device = logits.device();
        let count = targets.len();
        let ids: Vec<i32> = targets.iter().map(|target| target.id as i32).collect();
        let ids = Tensor::<2, Int>::from_data(TensorData::new(ids, [count, 1]), &device);
        let best = logits.clone().argmax(1).reshape([count]);
        let log_p = activation::log_softmax(logits, 1).gather(1, ids).reshape([count]);

        let column = |weight: &dyn Fn(&Target) -> f64| {
            let values: Vec<f32> = targets.iter().map(|target| weight(target) as f32).collect();
            Tensor::<1>::from_data(TensorData::new(values, [count]), &device)
        };
        let weight = match self {
            Self::Plain => column(&|_| 1.0),
            Self::Fixed { weights } => column(&|target| target.state.map_or(1.0, |state| weights[state as usize])),
            Self::Focal { gamma } => {
                let alphas = whole.alphas();
                let missing = (log_p.clone().exp().neg() + 1.0).clamp_min(CERTAIN).powf_scalar(gamma);
                let state = column(&|target| target.state.map_or(0.0, |state| alphas[state as usize]));
                missing * state + column(&|target| f64::from(u8::from(target.state.is_none())))
            }
        };
        let loss = (weight * log_p.clone()).sum().neg() / whole.targets.max(1) as f64;
        (loss.clone(), Scores { loss, log_p, best })
    }
}

/// What a [`Tally`] is made of, on the device.
#[derive(Debug)]
pub struct Scores {
    loss: Tensor<1>,
    log_p: Tensor<1>,
    best: Tensor<1, Int>,
}

impl Scores {
    /// Read back and added up; `states` are the ids of the state tokens.
    ///
    /// # Errors
    ///
    /// The device failed.
    pub fn tally(self, targets: &[Target], states: [u32; 3]) -> Result<Tally, ExecutionError> {
        let [loss, log_p] = [self.loss.try_into_data()?, self.log_p.try_into_data()?];
        let best = self.best.try_into_data()?;
        let mut tally = Tally { loss: loss.iter::<f64>().sum(), ..Tally::default() };
        for ((target, log_p), best) in targets.iter().zip(log_p.iter::<f64>()).zip(best.iter::<i64>()) {
            let kind = target.state.map_or(State::ALL.len(), |state| state as usize);
            tally.entropy[kind] -= log_p;
            tally.right[kind] += u64::from(best == i64::from(target.id));
            tally.count[kind] += 1;
            if let Some(state) = target.state {
                let taken = states.iter().position(|&id| i64::from(id) == best).unwrap_or(states.len());
                tally.confusion[state as usize][taken] += 1;
            }
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    fn target(id: u32, state: Option<State>) -> Target {
        Target { row: 0, id, state }
    }

    #[test]
    fn alphas_are_those_of_the_paper() {
        let count = Count { states: [12, 3, 2], targets: 40, ..Count::default() };
        let rounded = count.alphas().map(|alpha| (alpha * 1000.0).round() / 1000.0);
        assert_eq!(rounded, [0.472, 1.889, 2.833]);
        let without_standby = Count { states: [4, 0, 4], targets: 8, ..Count::default() };
        assert_eq!(without_standby.alphas(), [2.0 / 3.0, 0.0, 2.0 / 3.0]);
        assert_eq!(Count { kinds: 2, ..without_standby }.alphas(), [1.0, 0.0, 1.0]);
        assert_eq!(Count::default().alphas(), [0.0; 3]);
    }

    #[test]
    fn counts_add_up_over_parts() {
        let targets = [target(0, Some(State::Silence)), target(1, Some(State::Response)), target(2, None)];
        let mut count = Count::default();
        count.add(&targets[..1]);
        count.add(&targets[1..]);
        assert_eq!(count, Count { states: [1, 0, 1], targets: 3, ..Count::default() });
    }

    /// Rows over four tokens whose right one has the probability that is wanted, and of the others the last half of the
    /// rest.
    fn sure(probabilities: &[f64], targets: &[Target], device: &Device) -> Tensor<2> {
        let mut logits = Vec::new();
        for (p, target) in probabilities.iter().zip(targets) {
            let rest = |id| match (target.id, id) {
                (3, _) => (1.0 - p) / 3.0,
                (_, 3) => (1.0 - p) / 2.0,
                _ => (1.0 - p) / 4.0,
            };
            logits.extend((0..4).map(|id| if id == target.id { p.ln() } else { rest(id).ln() } as f32));
        }
        Tensor::from_data(TensorData::new(logits, [targets.len(), 4]), device)
    }

    #[test]
    fn losses_are_those_computed_by_hand() {
        let targets = [
            target(0, Some(State::Silence)),
            target(1, Some(State::Standby)),
            target(2, Some(State::Response)),
            target(3, None),
        ];
        let p = [0.9, 0.5, 0.2, 0.6];
        // A part of a batch that is larger.
        let whole = Count { states: [12, 3, 2], targets: 20, ..Count::default() };
        let by_hand = |weights: [f64; 4]| weights.iter().zip(p).map(|(w, p): (_, f64)| -w * p.ln()).sum::<f64>() / 20.0;
        let [silence, standby, response] = whole.alphas();
        let fixed = [0.3, 1.3, 2.0];
        let expected = [
            (Objective::Plain, by_hand([1.0; 4])),
            (Objective::Fixed { weights: fixed }, by_hand([0.3, 1.3, 2.0, 1.0])),
            (Objective::Focal { gamma: 0.0 }, by_hand([silence, standby, response, 1.0])),
            (
                Objective::Focal { gamma: 2.0 },
                by_hand([silence * 0.1 * 0.1, standby * 0.5 * 0.5, response * 0.8 * 0.8, 1.0]),
            ),
        ];
        for (objective, expected) in expected {
            let (_, scores) = objective.loss(sure(&p, &targets, &Device::flex()), &targets, &whole);
            let tally = scores.tally(&targets, [0, 1, 2]).unwrap();
            assert!((tally.loss / expected - 1.0).abs() < 1e-6, "{objective:?}: {} for {expected}", tally.loss);
            assert_eq!((tally.right, tally.count), ([1, 1, 0, 1], [1; 4]));
            assert_eq!(tally.confusion, [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]]);
        }
    }

    #[test]
    fn what_is_certain_has_gradients_that_are_numbers() {
        let device = Device::flex().autodiff();
        let targets = [target(0, Some(State::Silence)), target(1, None)];
        let mut whole = Count::default();
        whole.add(&targets);
        for gamma in [0.0, 0.5, 1.0, 2.0, 5.0] {
            for logit in [1e-3_f32, 10.0, 100.0, 1e4] {
                let logits = TensorData::new(vec![logit, 0.0, 0.0, 0.0, 0.0, logit, 0.0, 0.0], [2, 4]);
                let logits = Tensor::<2>::from_data(logits, &device).require_grad();
                let (loss, _) = Objective::Focal { gamma }.loss(logits.clone(), &targets, &whole);
                let gradient = logits.grad(&loss.backward()).unwrap();
                let numbers: Vec<f32> = gradient.into_data().iter().collect();
                assert!(numbers.iter().all(|number| number.is_finite()), "γ {gamma}, logit {logit}: {numbers:?}");
            }
        }
    }
}
