use serde::{Deserialize, Serialize};

use crate::model::Settings;

/// What the model makes of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nothing relevant.
    Silence,
    /// Something relevant is under way.
    Standby,
    /// It is complete: answer now.
    Response,
}

impl State {
    /// In the order of their tokens.
    pub const ALL: [State; 3] = [State::Silence, State::Standby, State::Response];
}

/// The logits of the three state tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StateLogits {
    /// Of `</Silence>`.
    pub silence: f32,
    /// Of `</Standby>`.
    pub standby: f32,
    /// Of `</Response>`.
    pub response: f32,
}

impl StateLogits {
    /// From the values in the order of [`State::ALL`].
    pub fn new([silence, standby, response]: [f32; 3]) -> Self {
        Self { silence, standby, response }
    }

    fn values(&self) -> [f32; 3] {
        [self.silence, self.standby, self.response]
    }
}

/// How a round's first token is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The best of the three states: one read-out of three numbers.
    #[default]
    States,
    /// The best of the whole vocabulary, as upstream decodes; it need not be a state.
    Free,
}

/// How the three logits become a state.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct DecisionRule {
    /// Added to the logits of silence, standby and response before they are compared.
    pub bias: [f32; 3],
    /// Answer exactly when the probability of a response among the three states, bias included, reaches this; without
    /// it the best state wins.
    pub threshold: Option<f32>,
}

impl DecisionRule {
    /// This rule, or what a model with these `settings` has where it leaves the threshold open.
    pub fn or_of(self, settings: &Settings) -> Self {
        Self { threshold: self.threshold.or(settings.threshold), ..self }
    }

    /// The state that follows from `logits`; the earlier in [`State::ALL`] among equals.
    pub fn decide(&self, logits: &StateLogits) -> State {
        let values = logits.values();
        let biased: [f32; 3] = std::array::from_fn(|i| values[i] + self.bias[i]);
        let best = |among: &[State]| {
            among
                .iter()
                .copied()
                .fold(among[0], |best, state| if biased[state as usize] > biased[best as usize] { state } else { best })
        };
        match self.threshold {
            None => best(&State::ALL),
            Some(threshold) if response_probability(biased) >= threshold => State::Response,
            Some(_) => best(&[State::Silence, State::Standby]),
        }
    }
}

fn response_probability(logits: [f32; 3]) -> f32 {
    let largest = logits.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let weights = logits.map(|logit| (logit - largest).exp());
    weights[State::Response as usize] / weights.iter().sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bias_and_threshold_move_the_decision() {
        let logits = StateLogits::new([1.0, 0.5, 0.9]);
        let decide = |bias, threshold| DecisionRule { bias, threshold }.decide(&logits);
        assert_eq!(decide([0.0; 3], None), State::Silence);
        assert_eq!(decide([0.0, 0.0, 0.2], None), State::Response);
        assert_eq!(decide([0.0, 1.0, 0.0], None), State::Standby);
        // p(response) = e^0.9 / (e^1 + e^0.5 + e^0.9) = 0.360
        assert_eq!(decide([0.0; 3], Some(0.35)), State::Response);
        assert_eq!(decide([0.0; 3], Some(0.37)), State::Silence);
        assert_eq!(decide([0.0; 3], Some(1.1)), State::Silence);
        assert_eq!(decide([0.0; 3], Some(0.0)), State::Response);
    }
}
