use serde::Serialize;

use super::share;
use crate::stream::State;

/// How often each state was taken for which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Confusion {
    /// Rounds by the state that is right (silence, standby, response) and by the one that came (those, or none).
    pub counts: [[u64; 4]; 3],
}

/// What follows from a [`Confusion`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StateScores {
    /// The counts themselves.
    pub counts: [[u64; 4]; 3],
    /// The share of rounds with the right state.
    pub accuracy: Option<f64>,
    /// F1 of silence, standby and response; none of a state that is never right and never came.
    pub f1: [Option<f64>; 3],
    /// The mean over the states that have one.
    pub macro_f1: Option<f64>,
}

impl Confusion {
    /// Counts one round.
    pub fn count(&mut self, right: State, came: Option<State>) {
        self.counts[right as usize][came.map_or(3, |state| state as usize)] += 1;
    }

    /// Adds the rounds of another.
    pub fn add(&mut self, other: &Self) {
        for (row, others) in self.counts.iter_mut().zip(&other.counts) {
            row.iter_mut().zip(others).for_each(|(count, other)| *count += other);
        }
    }

    /// Its scores.
    pub fn scores(&self) -> StateScores {
        let total: u64 = self.counts.iter().flatten().sum();
        let right: u64 = (0..3).map(|state| self.counts[state][state]).sum();
        let f1: [Option<f64>; 3] = std::array::from_fn(|state| {
            let due: u64 = self.counts[state].iter().sum();
            let came: u64 = self.counts.iter().map(|row| row[state]).sum();
            share(2 * self.counts[state][state], due + came)
        });
        let known: Vec<f64> = f1.iter().flatten().copied().collect();
        let macro_f1 = (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64);
        StateScores { counts: self.counts, accuracy: share(right, total), f1, macro_f1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_follow_from_counts() {
        use State::{Response, Silence, Standby};
        let mut confusion = Confusion::default();
        for (right, came) in [
            (Silence, Some(Silence)),
            (Silence, Some(Silence)),
            (Silence, Some(Response)),
            (Response, Some(Response)),
            (Response, None),
        ] {
            confusion.count(right, came);
        }
        assert_eq!(confusion.counts, [[2, 0, 1, 0], [0; 4], [0, 0, 1, 1]]);
        let scores = confusion.scores();
        assert_eq!(scores.accuracy, Some(0.6));
        assert_eq!(scores.f1, [Some(0.8), None, Some(0.5)]);
        assert_eq!(scores.macro_f1, Some(0.65));
        confusion.count(Standby, Some(Silence));
        assert_eq!(confusion.scores().f1[1], Some(0.0));
        assert_eq!(Confusion::default().scores().accuracy, None);
    }
}
