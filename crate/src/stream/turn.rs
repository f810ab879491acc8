use serde::{Deserialize, Serialize};

use super::{State, StateLogits};

/// What came of one round. Serialises as one line of `streamo watch --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// The round, from 0.
    pub round: u64,
    /// When it begins, in seconds of the stream.
    pub from: f64,
    /// When it ends.
    pub to: f64,
    /// The model's state; none where freely decoded text begins with no state token.
    pub state: Option<State>,
    /// The answer; with free decoding everything that was decoded.
    pub text: String,
    /// The logits of the three states; none before the first question, when the model is not asked.
    pub logits: Option<StateLogits>,
    /// What it took in tokens.
    pub tokens: TokenCounts,
    /// What it took in time.
    pub ms: Milliseconds,
}

/// The tokens of one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TokenCounts {
    /// Visual tokens of the frame.
    pub vision: usize,
    /// Tokens computed before the decision.
    pub prefill: usize,
    /// Tokens generated, the state included.
    pub generated: usize,
    /// Tokens kept when the round was over.
    pub memory: usize,
}

/// The time of one round by stage, in milliseconds. Each stage waits for the device.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Milliseconds {
    /// Resizing and cutting the frame into patches.
    pub frame: f64,
    /// The vision transformer.
    pub vision: f64,
    /// The decoder up to the decision.
    pub prefill: f64,
    /// Generating the answer.
    pub decode: f64,
}
