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
