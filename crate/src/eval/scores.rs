use serde::Serialize;

use super::confusion::StateScores;
use super::score::{TOLERANCES, Tally};
use super::share;

/// What follows from a [`Tally`]. A share of nothing is none.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scores {
    /// Streams.
    pub streams: u64,
    /// Rounds from the first question on.
    pub rounds: u64,
    /// Responses that were due.
    pub expected: u64,
    /// Responses that were given.
    pub spoken: u64,
    /// How well the two meet, for each of [`TOLERANCES`].
    pub timing: Vec<Timeliness>,
    /// Whether the texts are right.
    pub answers: Answers,
    /// Responses beside those due that repeat one of the others.
    pub duplicates: u64,
    /// Responses beside those due, duplicates aside.
    pub false_alarms: u64,
    /// Of those, what came where nothing was due for long.
    pub quiet: Quiet,
    /// How late responses are.
    pub lateness: Lateness,
    /// States.
    pub states: StateScores,
}

/// How well responses given meet responses due, within a tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Timeliness {
    /// Seconds that they may differ.
    pub tolerance: f64,
    /// The share of those given that were due.
    pub precision: Option<f64>,
    /// The share of those due that were given.
    pub recall: Option<f64>,
    /// The harmonic mean of the two; none where nothing was due and nothing given.
    pub f1: Option<f64>,
}

/// Whether the texts of responses within a second of their time are right, case, spaces and final punctuation aside.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Answers {
    /// The share of those responses.
    pub accuracy: Option<f64>,
    /// The share of all responses due, where one missed is wrong; none where texts are not known.
    pub accuracy_of_expected: Option<f64>,
}

/// False alarms where nothing was due for long. Beside few hours a rate says little: they stand with it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quiet {
    /// Quiet hours: from the first question on, farther than three seconds from every response due, and in no event
    /// that one tells of.
    pub hours: f64,
    /// False alarms in them.
    pub alarms: u64,
    /// Their ratio.
    pub alarms_per_hour: Option<f64>,
}

/// How many seconds late responses are that are within three seconds of their time; early ones are negative.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lateness {
    /// Half of them are later.
    pub median: Option<f64>,
    /// One in ten is later.
    pub p90: Option<f64>,
}

const HOUR: f64 = 3600.0;

impl Tally {
    /// Its scores.
    pub fn scores(&self) -> Scores {
        let timing = TOLERANCES.iter().zip(self.matched).map(|(&tolerance, matched)| Timeliness {
            tolerance,
            precision: share(matched, self.spoken),
            recall: share(matched, self.expected),
            f1: share(2 * matched, self.spoken + self.expected),
        });
        let mut lateness = self.lateness.clone();
        lateness.sort_by(f64::total_cmp);
        Scores {
            streams: self.streams,
            rounds: self.rounds,
            expected: self.expected,
            spoken: self.spoken,
            timing: timing.collect(),
            answers: Answers {
                accuracy: share(self.answered_right, self.answered),
                accuracy_of_expected: share(self.answered_right, self.expected).filter(|_| self.unheard == 0),
            },
            duplicates: self.duplicates,
            false_alarms: self.false_alarms,
            quiet: Quiet {
                hours: self.quiet_seconds / HOUR,
                alarms: self.quiet_alarms,
                alarms_per_hour: (self.quiet_seconds > 0.0)
                    .then(|| self.quiet_alarms as f64 * HOUR / self.quiet_seconds),
            },
            lateness: Lateness { median: quantile(&lateness, 0.5), p90: quantile(&lateness, 0.9) },
            states: self.states.scores(),
        }
    }
}

/// Of sorted values, the one below which a share of them lies, with a straight line between neighbours.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_follow_from_counts() {
        let tally = Tally {
            streams: 2,
            expected: 4,
            spoken: 6,
            matched: [1, 2, 3, 4],
            answered: 2,
            answered_right: 1,
            quiet_alarms: 2,
            quiet_seconds: 1800.0,
            lateness: vec![3.0, 0.0, -1.0, 1.0],
            ..Tally::default()
        };
        let scores = tally.scores();
        let close = |found: Option<f64>, value: f64| (found.unwrap() - value).abs() < 1e-12;
        let at = scores.timing[2];
        assert!(close(at.precision, 0.5) && close(at.recall, 0.75) && close(at.f1, 0.6));
        assert_eq!((scores.answers.accuracy, scores.answers.accuracy_of_expected), (Some(0.5), Some(0.25)));
        assert_eq!(scores.quiet.alarms_per_hour, Some(4.0));
        assert!(close(scores.lateness.median, 0.5) && close(scores.lateness.p90, 2.4));
    }

    #[test]
    fn a_share_of_nothing_is_none() {
        let scores = Tally::default().scores();
        assert_eq!((scores.timing[1].f1, scores.answers.accuracy), (None, None));
        assert_eq!((scores.quiet.alarms_per_hour, scores.lateness.median), (None, None));
        // Who is silent where something is due scores 0, not nothing.
        let scores = Tally { expected: 1, ..Tally::default() }.scores();
        assert_eq!((scores.timing[1].f1, scores.timing[1].precision), (Some(0.0), None));
    }
}
