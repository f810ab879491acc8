//! What a streaming model learns from: samples as they are published, and what they ask of every second.
//!
//! ```text
//! raw sample ─ script ─ stream sample (JSON lines for other trainers)
//!   (times)    (rounds) └ tokens and targets (the trainer's own)
//! ```

mod raw;
mod script;

pub use raw::{RawQuestion, RawResponse, RawSample};
pub use script::{Cue, Script};
