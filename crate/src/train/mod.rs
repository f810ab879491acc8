//! Training, end to end: dialogues in, a better checkpoint out.
//!
//! ```text
//! script + frames ─ lesson ─ batch ─ model ─ objective ─ gradients ─ optimiser ─ checkpoint
//!     (data)       (tokens)  (equal lengths)  (focal, α)            (AdamW, Muon)
//! ```
//!
//! The model is the one that watches; what is learnt is what the stream's decisions are read from: the state tokens,
//! the answers, and where an answer ends.

mod adamw;
mod average;
mod batch;
mod beginning;
mod checkpoint;
mod course;
mod draft;
mod error;
mod gradients;
mod journal;
mod muon;
mod objective;
mod optimiser;
mod recipe;
mod trainer;
mod workers;

pub use adamw::AdamW;
pub use batch::{Batch, Lesson};
pub use checkpoint::Progress;
pub use course::ShelfError;
pub use draft::replace_file;
pub use error::TrainError;
pub use gradients::Gradients;
pub use journal::Journal;
pub use muon::Muon;
pub use objective::{Count, Objective, Scores, Tally};
pub use optimiser::{Moments, Optimiser, Pace};
pub use recipe::{Freezable, Library, Material, Phase, Rate, Recipe, RecipeError, Rhythm, Skill, read_toml};
pub use trainer::{News, Step, Trainer};
pub use workers::Workers;
