//! Rounds and the seconds they stand for.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Rounds and the seconds they stand for: round `i` at `f` frames a second goes from `i/f` to `(i+1)/f`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Rate")]
pub struct Clock {
    fps: f64,
}

/// A clock as it is written, before anybody looked at it.
#[derive(Deserialize)]
struct Rate {
    fps: f64,
}

impl TryFrom<Rate> for Clock {
    type Error = ClockError;

    fn try_from(rate: Rate) -> Result<Self, ClockError> {
        Self::new(rate.fps)
    }
}

/// A number of frames a second that no stream has.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error(
    "{0} frames a second is not possible: give a number from {least} to {most}, such as 1 or 0.5",
    least = Clock::RATES.start(),
    most = Clock::RATES.end()
)]
pub struct ClockError(f64);

impl Clock {
    /// Rounds a second that make sense: from one in a thousand seconds to a fast camera's.
    pub const RATES: RangeInclusive<f64> = 0.001..=240.0;

    /// One round a second, as models are trained.
    pub const ONE: Self = Self { fps: 1.0 };

    /// A clock of `fps` rounds a second.
    ///
    /// # Errors
    ///
    /// `fps` is outside [`Clock::RATES`].
    pub fn new(fps: f64) -> Result<Self, ClockError> {
        if Self::RATES.contains(&fps) { Ok(Self { fps }) } else { Err(ClockError(fps)) }
    }

    /// Rounds a second.
    pub fn fps(&self) -> f64 {
        self.fps
    }

    /// When a round begins, in seconds.
    pub fn start(&self, round: u64) -> f64 {
        round as f64 / self.fps
    }

    /// The time tag of a round as it was trained, `<3s-4s>`; fractions of a second, as in `<0.5s-1s>`, are rounded to
    /// milliseconds and written without trailing zeros.
    pub fn tag(&self, round: u64) -> String {
        let (from, to) = (self.start(round), self.start(round + 1));
        format!("<{}s-{}s>", seconds(from), seconds(to))
    }
}

fn seconds(time: f64) -> f64 {
    (time * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_carry_true_times_at_any_rate() {
        let tags = |fps, rounds: [u64; 3]| rounds.map(|round| Clock::new(fps).unwrap().tag(round));
        assert_eq!(tags(1.0, [0, 9, 12_345]), ["<0s-1s>", "<9s-10s>", "<12345s-12346s>"]);
        assert_eq!(tags(2.0, [0, 1, 2]), ["<0s-0.5s>", "<0.5s-1s>", "<1s-1.5s>"]);
        assert_eq!(tags(0.5, [0, 1, 2]), ["<0s-2s>", "<2s-4s>", "<4s-6s>"]);
        assert_eq!(tags(3.0, [0, 1, 2]), ["<0s-0.333s>", "<0.333s-0.667s>", "<0.667s-1s>"]);
    }

    #[test]
    fn impossible_rates_are_refused() {
        for fps in [0.0, -1.0, f64::NAN, f64::INFINITY, 0.0009, 240.1, 1e9] {
            assert!(Clock::new(fps).is_err(), "{fps}");
        }
    }
}
