//! Training, end to end: dialogues in, a better checkpoint out.
//!
//! ```text
//! script + frames ─ lesson ─ batch ─ model ─ objective ─ gradients ─ AdamW ─ checkpoint
//!     (data)       (tokens)  (equal lengths)  (focal, α)
//! ```
//!
//! The model is the one that watches; what is learnt is what the stream's decisions are read from: the state tokens,
//! the answers, and where an answer ends.

mod adamw;
mod batch;
mod checkpoint;
mod course;
mod draft;
mod error;
mod gradients;
mod journal;
mod objective;
mod recipe;
mod trainer;
mod workers;

pub use adamw::{AdamW, Moments};
pub use batch::{Batch, Lesson};
pub use checkpoint::Progress;
pub use course::ShelfError;
pub use draft::replace_file;
pub use error::TrainError;
pub use gradients::Gradients;
pub use journal::Journal;
pub use objective::{Count, Objective, Scores, Tally};
pub use recipe::{Freezable, Library, Material, Phase, Rate, Recipe, RecipeError, Rhythm, Skill, read_toml};
pub use trainer::{News, Step, Trainer};
