use std::ops::Range;

use serde::Serialize;

use super::matching::{SAME, match_in_time};
use super::score::{ANSWERS_AT, TOLERANCES};
use super::{EvalError, Observed, Stream, Truth, normalised};
use crate::stream::State;

/// A response that repeats one no more than so many seconds away is a duplicate.
const REPEATED: f64 = 5.0;

/// How a response that was due or given fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Given within a second of its time, with the right text.
    Right,
    /// Given within a second of its time, with another text.
    Wrong,
    /// Given within a second of its time; nobody knows what was said.
    Unheard,
    /// Due, and not given within a second.
    Missed,
    /// Given two or three seconds from one that was due.
    OutOfTime,
    /// Given near one that belongs to one due, in the same words.
    Duplicate,
    /// Given where nothing was due.
    FalseAlarm,
}

/// A response that was due, one that was given, or both where they belong together within a second: a row of a table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reply {
    /// The kind of task.
    pub task: String,
    /// The stream.
    pub stream: String,
    /// How it fared.
    pub fate: Fate,
    /// The second at which it was due.
    pub due_at: Option<f64>,
    /// The second at which it was given.
    pub given_at: Option<f64>,
    /// What was to be said.
    pub due: Option<String>,
    /// What was said, where that is known.
    pub given: Option<String>,
}

impl Reply {
    /// Every response of `stream`, due or given, in the order of their seconds.
    ///
    /// # Errors
    ///
    /// As [`score`](super::score).
    pub fn all_of(stream: &Stream) -> Result<Vec<Self>, EvalError> {
        let Stream { truth, observed } = stream;
        let replies = Replies::of(truth, observed)?;
        let row = |fate, due: Option<usize>, given: Option<usize>| {
            let due = due.map(|due| &truth.expected[due]);
            let given = given.map(|given| &replies.given[given]);
            Self {
                task: truth.task.clone(),
                stream: truth.name.clone(),
                fate,
                due_at: due.map(|due| due.second),
                given_at: given.map(|given| given.second),
                due: due.map(|due| due.text.clone()),
                given: given.and_then(|given| observed[given.index].text.clone()),
            }
        };
        let pairs = &replies.pairings[ANSWERS_AT];
        let missed = (0..truth.expected.len()).filter(|&due| pairs.iter().all(|pair| pair.0 != due));
        let beside = (0..replies.given.len()).filter(|&given| pairs.iter().all(|pair| pair.1 != given));
        let mut rows: Vec<Self> = pairs
            .iter()
            .map(|&(due, given)| row(replies.fate_of_pair(truth, due, given), Some(due), Some(given)))
            .chain(missed.map(|due| row(Fate::Missed, Some(due), None)))
            .chain(beside.map(|given| row(replies.fate_of_extra(given).unwrap_or(Fate::OutOfTime), None, Some(given))))
            .collect();
        rows.sort_by(|one, other| one.second().total_cmp(&other.second()));
        Ok(rows)
    }

    fn second(&self) -> f64 {
        self.due_at.or(self.given_at).unwrap_or_default()
    }
}

/// The responses given in a stream, beside those that were due.
pub(super) struct Replies {
    /// Those given, in order.
    pub given: Vec<Given>,
    /// Pairs of indices, due and given, within each of [`TOLERANCES`].
    pub pairings: [Vec<(usize, usize)>; TOLERANCES.len()],
    /// Which of those given belong to one due within the widest tolerance.
    belongs: Vec<bool>,
}

/// A response that was given.
pub(super) struct Given {
    /// Where it stands among the rounds observed.
    pub index: usize,
    /// When.
    pub second: f64,
    /// What was said as it is compared, where that is known.
    pub text: Option<String>,
}

impl Replies {
    /// Those of a stream.
    ///
    /// # Errors
    ///
    /// As [`score`](super::score).
    pub fn of(truth: &Truth, observed: &[Observed]) -> Result<Self, EvalError> {
        check(truth, observed)?;
        let given: Vec<Given> = observed
            .iter()
            .enumerate()
            .filter(|(_, round)| round.state == Some(State::Response))
            .map(|(index, round)| Given {
                index,
                second: truth.clock.start(round.round),
                text: round.text.as_deref().map(normalised),
            })
            .collect();
        let due_at: Vec<f64> = truth.expected.iter().map(|expected| expected.second).collect();
        let given_at: Vec<f64> = given.iter().map(|given| given.second).collect();
        let pairings = TOLERANCES.map(|tolerance| match_in_time(&due_at, &given_at, tolerance));
        let mut belongs = vec![false; given.len()];
        pairings[TOLERANCES.len() - 1].iter().for_each(|&(_, given)| belongs[given] = true);
        Ok(Self { given, pairings, belongs })
    }

    /// What is to be said of a pair within a second.
    pub fn fate_of_pair(&self, truth: &Truth, due: usize, given: usize) -> Fate {
        match &self.given[given].text {
            None => Fate::Unheard,
            Some(text) if *text == normalised(&truth.expected[due].text) => Fate::Right,
            Some(_) => Fate::Wrong,
        }
    }

    /// What is to be said of one given that belongs to none due; nothing of others.
    pub fn fate_of_extra(&self, given: usize) -> Option<Fate> {
        if self.belongs[given] {
            return None;
        }
        let Given { second, text, .. } = &self.given[given];
        let near = within(&self.given, |other| other.second, second - REPEATED..second + REPEATED);
        let repeats =
            text.is_some() && near.into_iter().any(|other| self.belongs[other] && self.given[other].text == *text);
        Some(if repeats { Fate::Duplicate } else { Fate::FalseAlarm })
    }
}

fn check(truth: &Truth, observed: &[Observed]) -> Result<(), EvalError> {
    for pair in observed.windows(2) {
        let (last, round) = (pair[0].round, pair[1].round);
        if round <= last {
            return Err(EvalError::Order { sample: truth.name.clone(), round, last });
        }
    }
    let known = truth.first..truth.first + truth.states.len() as u64;
    match observed.iter().find(|round| !known.contains(&round.round)) {
        None => Ok(()),
        Some(&Observed { round, .. }) => {
            let (first, last) = (known.start, known.end.saturating_sub(1));
            Err(EvalError::Long { sample: truth.name.clone(), round, first, last })
        }
    }
}

/// Which of `moments`, whose seconds ascend, lie in a span, both ends included.
pub(super) fn within<T>(moments: &[T], second: impl Fn(&T) -> f64, span: Range<f64>) -> Range<usize> {
    let first = moments.partition_point(|moment| second(moment) < span.start - SAME);
    first..moments.partition_point(|moment| second(moment) <= span.end + SAME)
}

#[cfg(test)]
mod tests {
    use super::super::score::tests::rounds;
    use super::super::truth::tests::sample;
    use super::*;
    use crate::clock::Clock;

    fn rows(responses: &[(&str, Option<f64>, f64)], observed: Vec<Observed>) -> Vec<Reply> {
        let truth = Truth::of_sample(&sample("a", responses), Clock::new(1.0).unwrap(), observed.len() as u64).unwrap();
        Reply::all_of(&Stream { truth, observed }).unwrap()
    }

    #[test]
    fn every_response_has_its_fate() {
        // Due: x at 5, y at 10, z at 16, w at 24. Said: x at 5, again at 7, q at 11, z at 18, r at 29.
        let due = [("X.", None, 6.0), ("y", None, 11.0), ("z", None, 17.0), ("w", None, 25.0)];
        let mut observed = rounds("-----x-x---q------z----------r");
        let told = |rows: &[Reply]| -> Vec<_> { rows.iter().map(|row| (row.fate, row.due_at, row.given_at)).collect() };
        let found = rows(&due, observed.clone());
        let expected = [
            (Fate::Right, Some(5.0), Some(5.0)),
            (Fate::Duplicate, None, Some(7.0)),
            (Fate::Wrong, Some(10.0), Some(11.0)),
            (Fate::Missed, Some(16.0), None),
            (Fate::OutOfTime, None, Some(18.0)),
            (Fate::Missed, Some(24.0), None),
            (Fate::FalseAlarm, None, Some(29.0)),
        ];
        assert_eq!(told(&found), expected);
        assert_eq!((found[2].due.as_deref(), found[2].given.as_deref()), (Some("y"), Some("q")));
        observed[11].text = None;
        let found = rows(&due, observed);
        assert_eq!((found[2].fate, &found[2].given), (Fate::Unheard, &None));
    }
}
