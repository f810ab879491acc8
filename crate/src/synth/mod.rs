//! Procedural video: films of simple scenes as a camera sees them, with questions, and the exact round of every answer.
//!
//! ```text
//! seed ─ director ─► plot (actors, light, scenes, the log of events) ─ studio, camera ─► film: frame by frame
//!                     └─ question and answers ─► script (rounds) and raw sample (times)
//! ```
//!
//! The world is continuous in time, and a frame shows it at one moment. An event starts when it is first seen to be under
//! way and is complete when what has been seen leaves no doubt; the script follows from that alone: standby from the first
//! round whose frame is not before the start, and the answer in the first round whose frame is not before the end.
//!
//! The same seed gives the same sample for ever, whatever the order of its frames and whichever thread asks.

mod actor;
mod ask;
mod backdrop;
mod camera;
mod dice;
mod director;
mod draw;
mod event;
mod film;
mod plot;
mod schedule;
#[cfg(test)]
mod tests;
mod thing;
mod track;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use self::film::Film;
use crate::clock::Clock;
use crate::data::{RawSample, Script};

/// Most pixels along a side of a picture.
pub const LONGEST_SIDE: u32 = 4096;

/// What a sample may be made of: what is held out looks and reads otherwise than what is for training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// For training.
    Train,
    /// For testing: other backgrounds, other silhouettes, other wordings.
    HeldOut,
}

/// What a sample asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    /// Every picture, or what is asked for of it, is described, with what has changed since the one before, or only those
    /// that show what is asked for: for learning to see.
    Dense,
    /// Everything that happens is told.
    Narration,
    /// Everything of one sort that happens is told.
    EventCaption,
    /// What one does is told.
    ActionCaption,
    /// When something happens is told, in the seconds of the time tags.
    Grounding,
    /// A question whose answer changes is answered whenever it does.
    TimeSensitive,
    /// Nothing is said but that the one thing has happened.
    Alert,
    /// Whatever is of one sort is counted.
    Counting,
    /// A question about what was, at any time.
    Memory,
}

impl Task {
    /// All of them.
    pub const ALL: [Task; 9] = [
        Task::Dense,
        Task::Narration,
        Task::EventCaption,
        Task::ActionCaption,
        Task::Grounding,
        Task::TimeSensitive,
        Task::Alert,
        Task::Counting,
        Task::Memory,
    ];

    /// As written in settings and samples, such as `event-caption`.
    pub fn name(self) -> &'static str {
        match self {
            Task::Dense => "dense",
            Task::Narration => "narration",
            Task::EventCaption => "event-caption",
            Task::ActionCaption => "action-caption",
            Task::Grounding => "grounding",
            Task::TimeSensitive => "time-sensitive",
            Task::Alert => "alert",
            Task::Counting => "counting",
            Task::Memory => "memory",
        }
    }
}

/// A task that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no task; there are dense, narration, event-caption, action-caption, grounding, time-sensitive, alert, counting and memory"
)]
pub struct UnknownTask(String);

/// Whether nothing that is asked for happens in number `number` of the films that test: in every fourth.
pub fn is_quiet(number: u64) -> bool {
    number % 4 == 3
}

impl FromStr for Task {
    type Err = UnknownTask;

    fn from_str(written: &str) -> Result<Self, UnknownTask> {
        Task::ALL.into_iter().find(|task| task.name() == written).ok_or_else(|| UnknownTask(written.to_owned()))
    }
}

/// What a sample is to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Setup {
    /// What it may be made of.
    pub split: Split,
    /// What it asks for.
    pub task: Task,
    /// Pixels a row of a picture.
    pub width: u32,
    /// Rows of a picture.
    pub height: u32,
    /// Rounds and their seconds.
    pub clock: Clock,
    /// How many rounds it has.
    pub rounds: usize,
    /// The number of the first round; time tags, and answers that name seconds, count from it.
    pub first: u64,
    /// Nothing happens that is asked for, though other things may.
    pub quiet: bool,
}

/// A film, what is asked about it, and what is to be said when.
#[derive(Debug)]
pub struct Sample {
    /// What it asks for.
    pub task: Task,
    /// In seconds, as collections are published.
    pub raw: RawSample,
    /// In rounds.
    pub script: Script,
    /// Of each round, whether anything is under way in it, asked for or not.
    pub bustle: Vec<bool>,
    /// The pictures.
    pub film: Film,
}

/// The sample of a seed. It costs little; pictures are made when they are asked for.
///
/// Samples of one seed in other splits or tasks have nothing in common.
pub fn sample(seed: u64, setup: &Setup) -> Sample {
    let own = own_seed(seed, setup);
    let (plot, asked) = ask::about_a_plot(own, setup);
    let (raw, script) = schedule::write(seed, setup, &asked);
    let bustle = schedule::bustle(&plot, setup);
    Sample { task: setup.task, raw, script, bustle, film: Film::new(plot, setup.clone(), own) }
}

fn own_seed(seed: u64, setup: &Setup) -> u64 {
    dice::mix(seed, 1 + setup.task as u64 + 16 * setup.split as u64)
}

/// Lines of questions and answers, as a tokenizer is trained on; every task as often as any other.
pub fn corpus(seed: u64, split: Split, lines: usize) -> impl Iterator<Item = String> {
    let samples = (0u64..).map(move |number| {
        let task = Task::ALL[(number % Task::ALL.len() as u64) as usize];
        // Questions and answers know nothing of pictures, but for their shape.
        let clock = ask::any_clock(seed, number);
        let first = if number % 3 == 0 { dice::mix(seed, number) % 1000 } else { 0 };
        let setup = Setup { split, task, width: 140, height: 84, clock, rounds: 24, first, quiet: false };
        ask::about_a_plot(own_seed(dice::mix(seed, number), &setup), &setup).1
    });
    // Few of each, since some tasks say something every second.
    samples.flat_map(|asked| asked.texts().take(8)).take(lines)
}
