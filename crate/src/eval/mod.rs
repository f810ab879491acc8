//! Whether a model speaks at the right time: scores of a stream against what is right for it.
//!
//! ```text
//! truth (sample or script) ┐
//!                          ├ score ─ tally of a stream ─┐
//! observed rounds (a log)  ┘                            ├ report, by task and in all
//!          └ logits ─ other thresholds ─ score ─────────┤
//!            nothing, every second, at random ─ score ──┘
//! ```
//!
//! A trainer hands over its rounds as they come, [`Worlds`] has a model watch films; what is read from files is the truth as
//! `streamo synth` writes it, and logs as `streamo watch --json` prints them.

mod baselines;
mod confusion;
mod error;
mod files;
mod matching;
mod replies;
mod report;
mod score;
mod scores;
mod sweep;
#[cfg(test)]
mod tests;
mod truth;
mod worlds;

pub use baselines::Baseline;
pub use confusion::{Confusion, StateScores};
pub use error::EvalError;
pub use files::{read_log, read_samples, streams};
pub use matching::match_in_time;
pub use replies::{Fate, Reply};
pub use report::{Averages, Stream, TimingReport};
pub use score::{Observed, TOLERANCES, Tally, normalised, score};
pub use scores::{Answers, Lateness, Quiet, Scores, Timeliness};
pub use sweep::{Sweep, SweepPoint};
pub use truth::{Expected, Truth};
pub use worlds::{FilmOf, Watcher, WorldError, Worlds};

/// A share of counts; none of nothing.
fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
