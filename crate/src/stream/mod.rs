//! The streaming session: rounds, questions, decisions, and the record from which a stream can be replayed.
//!
//! Each round is one turn of the dialogue of Streamo (arXiv 2512.21334): a frame with its time tag goes in, one state
//! token comes out, and after `</Response>` the answer.

mod decision;
mod evidence;
mod history;
mod options;
mod prologue;
mod prompt;
mod protocol;
mod question;
#[cfg(not(target_arch = "wasm32"))]
mod record;
mod reply;
mod session;
mod turn;

pub use decision::{Decision, DecisionRule, State, StateLogits};
pub use evidence::Evidence;
pub use options::{Feedback, Keep, MemoryMode, Options, SessionError};
pub use prologue::Prologue;
pub use protocol::Protocol;
pub use question::{Question, QuestionError};
#[cfg(not(target_arch = "wasm32"))]
pub use record::{Head, Record, RecordError, Recorded, Recorder};
pub use session::Session;
pub use turn::{Milliseconds, TokenCounts, Turn};
