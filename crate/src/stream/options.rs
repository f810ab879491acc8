use burn::tensor::ExecutionError;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Decision, DecisionRule};
use crate::clock::Clock;
use crate::device;
use crate::frame::FrameError;
use crate::kernels::arena::ArenaFormat;
use crate::memory::MemoryError;
use crate::tokenizer::TokenizerError;

/// Which memory a stream has once its window is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MemoryMode {
    /// What leaves is forgotten, what stays keeps what it saw: constant cost.
    #[default]
    Rolling,
    /// The window is read afresh every round, as upstream does: about as many times dearer as there are rounds in it.
    Exact,
}

/// How an answer stays in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Feedback {
    /// The very tokens that were generated.
    #[default]
    Ids,
    /// Decoded to text and tokenised again, as upstream does.
    Text,
}

/// What is kept of a round for comparing with another implementation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Keep {
    /// Nothing.
    #[default]
    Nothing,
    /// What went in and what came out.
    Evidence,
    /// That, and what every layer gave.
    Layers,
}

/// How a stream is run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Options {
    /// Rounds and seconds.
    pub clock: Clock,
    /// Rounds whose frames are kept.
    pub window: u64,
    /// The memory.
    pub memory: MemoryMode,
    /// How its keys and values stand. Records from before there was a choice have none.
    #[serde(default)]
    pub arena: ArenaFormat,
    /// How a round's first token is found.
    pub decision: Decision,
    /// How the state follows from its logits, with [`Decision::States`].
    pub rule: DecisionRule,
    /// How an answer stays in memory.
    pub feedback: Feedback,
    /// Most tokens that a round generates, the state included; at least 1.
    pub max_tokens: usize,
    /// What is kept of each round beside its turn.
    pub keep: Keep,
}

/// Why a round failed. The session is not to be used after it.
#[derive(Debug, Error)]
pub enum SessionError {
    /// The memory is too small or too large.
    #[error(transparent)]
    Memory(#[from] MemoryError),
    /// The frame cannot be used.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Text could not be turned into tokens or back.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The device failed.
    #[error("the device failed: {0}; try a smaller --window, or another --device")]
    Device(String),
    /// Rounds came out of order.
    #[error("round {round} came after round {last}: rounds go forward")]
    Order {
        /// The round that came.
        round: u64,
        /// The round before it.
        last: u64,
    },
}

impl From<ExecutionError> for SessionError {
    fn from(error: ExecutionError) -> Self {
        Self::Device(device::reason(&error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_that_fails_gives_its_cause_in_one_line() {
        let said = |error: ExecutionError| SessionError::from(error).to_string();
        let advice = "; try a smaller --window, or another --device";
        assert_eq!(
            said(ExecutionError::device_poisoned("Out of memory")),
            format!("the device failed: Out of memory{advice}")
        );
        let chain = "Several failures at once\nCaused by:\n  can't allocate buffer of size: 9\n  skipped `Matmul`";
        let line = said(ExecutionError::with_context(chain));
        assert_eq!(line, format!("the device failed: can't allocate buffer of size: 9{advice}"));
    }
}
