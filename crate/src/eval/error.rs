use std::path::PathBuf;

use thiserror::Error;

use crate::clock::ClockError;
use crate::data::{SamplesError, ScriptError};

/// Why nothing can be scored.
#[derive(Debug, Error)]
pub enum EvalError {
    /// A file cannot be read.
    #[error("{} cannot be read: {cause}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The truth is no file of samples.
    #[error("{} {cause}", path.display())]
    Truth {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        cause: SamplesError,
    },
    /// A sample of the truth cannot be read.
    #[error("{}: the sample in line {line}: {cause}", path.display())]
    Misshapen {
        /// The file.
        path: PathBuf,
        /// Where the sample begins, from 1.
        line: u64,
        /// What is wrong with it.
        cause: String,
    },
    /// The truth is an empty list.
    #[error("{} holds no samples: make some with `streamo synth`", path.display())]
    NoSamples {
        /// The file.
        path: PathBuf,
    },
    /// No sample expects a response.
    #[error("the truth expects no response anywhere, so there is nothing to time: give samples with responses")]
    NothingExpected,
    /// Two samples have one name, so that a log could belong to either.
    #[error(
        "two samples of the truth are called {0:?}, and a log can belong to only one: give each its own video_name"
    )]
    SameName(String),
    /// A sample makes no sense.
    #[error("the sample {sample:?} cannot be used: {cause}")]
    Sample {
        /// Its name.
        sample: String,
        /// Why.
        cause: ScriptError,
    },
    /// One log for many samples.
    #[error("{} is one log, but the truth has {samples} samples: give a directory with a file NAME.jsonl for \
         each", path.display())]
    OneLog {
        /// The log.
        path: PathBuf,
        /// How many samples there are.
        samples: usize,
    },
    /// A sample has no log.
    #[error("the sample {sample:?} has no log {}: make it with `streamo watch --json`, or leave the sample \
         out", path.display())]
    NoLog {
        /// The sample's name.
        sample: String,
        /// Where the log was looked for.
        path: PathBuf,
    },
    /// A log holds nothing.
    #[error("the log {} is empty: make it with `streamo watch --json`", path.display())]
    EmptyLog {
        /// The log.
        path: PathBuf,
    },
    /// A line of a log cannot be understood.
    #[error("{}, line {line}, is not a round as `streamo watch --json` prints it: {cause}", path.display())]
    LogLine {
        /// The log.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        cause: serde_json::Error,
    },
    /// A line of a log does not follow the one before it.
    #[error("{}, line {line}: round {round} from {from} s to {to} s does not follow from the line before; logs \
         of one stream go forward, at one rate", path.display())]
    LogOrder {
        /// The log.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// The round that it tells of.
        round: u64,
        /// When that begins.
        from: f64,
        /// When it ends.
        to: f64,
    },
    /// A log's rounds are longer or shorter than any stream's.
    #[error("{}: {cause}", path.display())]
    LogRate {
        /// The log.
        path: PathBuf,
        /// Why.
        cause: ClockError,
    },
    /// Rounds that were observed do not ascend.
    #[error("round {round} of {sample:?} came after round {last}: rounds go forward")]
    Order {
        /// The sample's name.
        sample: String,
        /// The round that came.
        round: u64,
        /// The round before it.
        last: u64,
    },
    /// A stream ended before its last response was due.
    #[error("the log of {sample:?} ends at {end} s, but a response is due at {due} s: watch the whole video")]
    Short {
        /// The sample's name.
        sample: String,
        /// When the response is due.
        due: f64,
        /// When the stream ends.
        end: f64,
    },
    /// A stream has rounds of which the truth says nothing.
    #[error(
        "the log of {sample:?} has a round {round}, but its truth has rounds {first} to {last} only: \
         score it against its own"
    )]
    Long {
        /// The sample's name.
        sample: String,
        /// The round.
        round: u64,
        /// The first round that the truth knows.
        first: u64,
        /// The last.
        last: u64,
    },
}
