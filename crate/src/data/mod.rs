//! What a streaming model learns from: samples as they are published, and what they ask of every second.
//!
//! ```text
//! raw sample ─ script ─ stream sample (JSON lines for other trainers)
//!   (times)    (rounds) └ tokens and targets (the trainer's own)
//! ```
//!
//! The label rule, from times to rounds and back, is in `labels.rs`; the dialogue in JSON in `stream_sample.rs`; its tokens
//! in `tokens.rs`. [`Samples`] reads files of any length, a sample at a time.

mod fields;
mod labels;
mod problem;
mod raw;
mod sample;
mod sample_file;
mod samples;
mod script;
mod statistics;
mod stream_sample;
mod tokens;

pub use labels::{DEFAULT_QUESTION, Note, ScriptError};
pub use problem::Problem;
pub use raw::{RawQuestion, RawResponse, RawSample};
pub use sample::Sample;
pub use sample_file::{SampleFile, SampleFileError};
pub use samples::{LONGEST_SAMPLE, Placed, Samples, SamplesError};
pub use script::{Cue, Script, Slip, Slips};
pub use statistics::Statistics;
pub use stream_sample::{Message, Role, StreamSample};
pub use tokens::{Target, Tokens, tokens};
