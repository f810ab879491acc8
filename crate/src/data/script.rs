use std::collections::BTreeMap;

use crate::clock::Clock;
use crate::stream::State;

/// What a stream asks of a model, round by round.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    /// Rounds and their seconds.
    pub clock: Clock,
    /// The number of the first round: where it is not 0, the stream has been going on for some time.
    pub first: u64,
    /// Questions that stand from before the first round.
    pub standing: Vec<String>,
    /// The rounds, one after the other.
    pub cues: Vec<Cue>,
}

/// One round of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cue {
    /// What is asked in it.
    pub questions: Vec<String>,
    /// The state that is right.
    pub state: State,
    /// The answer, where the state is a response.
    pub text: String,
}

/// What a dialogue's past has in place of the reply that is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slip {
    /// The state.
    pub state: State,
    /// The text, where the state is a response.
    pub text: String,
}

impl Slip {
    /// Nothing was said.
    pub const SILENT: Self = Self { state: State::Silence, text: String::new() };
}

/// The slips of a script's rounds, counted from its first.
pub type Slips = BTreeMap<usize, Slip>;
