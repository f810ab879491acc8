use super::confusion::Confusion;
use super::replies::{Fate, Given, Replies, within};
use super::{EvalError, Truth};
use crate::stream::{State, StateLogits, Turn};

/// Seconds by which a response may miss its time and still count.
pub const TOLERANCES: [f64; 4] = [0.0, 1.0, 2.0, 3.0];

/// Where in [`TOLERANCES`] answers are judged.
pub(super) const ANSWERS_AT: usize = 1;

/// Beyond the widest tolerance nothing is due: what is said there is a false alarm, and a second is quiet.
const QUIET: f64 = TOLERANCES[TOLERANCES.len() - 1];

/// What a model made of one round.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// The round.
    pub round: u64,
    /// Its state, if there is one.
    pub state: Option<State>,
    /// What was said, where that is known.
    pub text: Option<String>,
    /// The logits of the states, where the model was asked.
    pub logits: Option<StateLogits>,
}

impl From<&Turn> for Observed {
    fn from(turn: &Turn) -> Self {
        Self { round: turn.round, state: turn.state, text: Some(turn.text.clone()), logits: turn.logits }
    }
}

/// What is counted of one stream, or of many.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tally {
    /// Streams.
    pub streams: u64,
    /// Rounds from the first question on.
    pub rounds: u64,
    /// Responses that were due.
    pub expected: u64,
    /// Responses that were given.
    pub spoken: u64,
    /// Of both, pairs within each of [`TOLERANCES`].
    pub matched: [u64; TOLERANCES.len()],
    /// Pairs within a second of which it is known what was said.
    pub answered: u64,
    /// Of those, with the right text.
    pub answered_right: u64,
    /// Responses of which it is not known what was said.
    pub unheard: u64,
    /// Responses beside those due that repeat one of the others.
    pub duplicates: u64,
    /// Responses beside those due, duplicates aside.
    pub false_alarms: u64,
    /// Of those, in quiet seconds.
    pub quiet_alarms: u64,
    /// Seconds from the first question on that are farther than the widest tolerance from every response due, and in no
    /// event that one tells of.
    pub quiet_seconds: f64,
    /// How many seconds late each pair within the widest tolerance is; early ones are negative.
    pub lateness: Vec<f64>,
    /// States from the first question on.
    pub states: Confusion,
}

impl Tally {
    /// Adds what was counted of other streams.
    pub fn add(&mut self, other: &Self) {
        // By name, so that nobody adds a count and forgets it here.
        let Self {
            streams,
            rounds,
            expected,
            spoken,
            matched,
            answered,
            answered_right,
            unheard,
            duplicates,
            false_alarms,
            quiet_alarms,
            quiet_seconds,
            lateness,
            states,
        } = other;
        self.streams += streams;
        self.rounds += rounds;
        self.expected += expected;
        self.spoken += spoken;
        self.matched.iter_mut().zip(matched).for_each(|(sum, count)| *sum += count);
        self.answered += answered;
        self.answered_right += answered_right;
        self.unheard += unheard;
        self.duplicates += duplicates;
        self.false_alarms += false_alarms;
        self.quiet_alarms += quiet_alarms;
        self.quiet_seconds += quiet_seconds;
        self.lateness.extend(lateness);
        self.states.add(states);
    }
}

/// Counts one stream: what was `observed`, round after round, against its truth. Rounds may be missing, as where a
/// camera was too fast; nothing is counted of them.
///
/// # Errors
///
/// Rounds do not ascend, or the truth knows nothing of one.
pub fn score(truth: &Truth, observed: &[Observed]) -> Result<Tally, EvalError> {
    let replies = Replies::of(truth, observed)?;
    let mut tally = Tally {
        streams: 1,
        expected: truth.expected.len() as u64,
        spoken: replies.given.len() as u64,
        unheard: replies.given.iter().filter(|given| given.text.is_none()).count() as u64,
        ..Tally::default()
    };
    for (count, pairs) in tally.matched.iter_mut().zip(&replies.pairings) {
        *count = pairs.len() as u64;
    }
    for &(due, given) in &replies.pairings[ANSWERS_AT] {
        let fate = replies.fate_of_pair(truth, due, given);
        tally.answered += u64::from(fate != Fate::Unheard);
        tally.answered_right += u64::from(fate == Fate::Right);
    }
    let widest = &replies.pairings[TOLERANCES.len() - 1];
    let late = |&(due, given): &(usize, usize)| replies.given[given].second - truth.expected[due].second;
    tally.lateness = widest.iter().map(late).collect();

    let quiet = quiet_rounds(truth, observed);
    let round_seconds = 1.0 / truth.clock.fps();
    for (round, _) in observed.iter().zip(&quiet).filter(|(round, _)| round.round >= truth.asked) {
        tally.rounds += 1;
        tally.states.count(truth.states[(round.round - truth.first) as usize], round.state);
    }
    tally.quiet_seconds = quiet.iter().filter(|quiet| **quiet).count() as f64 * round_seconds;

    for (given, Given { index, .. }) in replies.given.iter().enumerate() {
        match replies.fate_of_extra(given) {
            Some(Fate::Duplicate) => tally.duplicates += 1,
            Some(_) => {
                tally.false_alarms += 1;
                tally.quiet_alarms += u64::from(quiet[*index]);
            }
            None => {}
        }
    }
    Ok(tally)
}

/// Which of the rounds that were observed are quiet.
fn quiet_rounds(truth: &Truth, observed: &[Observed]) -> Vec<bool> {
    let seconds: Vec<f64> = observed.iter().map(|round| truth.clock.start(round.round)).collect();
    let mut quiet: Vec<bool> = observed.iter().map(|round| round.round >= truth.asked).collect();
    for expected in &truth.expected {
        let begins = expected.from.unwrap_or(expected.second).min(expected.second - QUIET);
        quiet[within(&seconds, |second| *second, begins..expected.second + QUIET)].fill(false);
    }
    quiet
}

/// A text as answers are compared: in lower case, with single spaces, without punctuation at its end.
pub fn normalised(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ").trim_end_matches(['.', '!', '?', '…', ',', ';', ':', '。', ' ']).to_owned()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::truth::tests::sample;
    use super::*;
    use crate::clock::Clock;

    /// Rounds from 0 on: `-` silence, `~` standby, a letter a response with that letter as its text, `?` no state.
    pub fn rounds(line: &str) -> Vec<Observed> {
        let observed = |(round, letter): (usize, char)| {
            let state = match letter {
                '-' => Some(State::Silence),
                '~' => Some(State::Standby),
                '?' => None,
                _ => Some(State::Response),
            };
            let text = if state == Some(State::Response) { letter.to_string() } else { String::new() };
            Observed { round: round as u64, state, text: Some(text), logits: None }
        };
        line.chars().enumerate().map(observed).collect()
    }

    fn counted(responses: &[(&str, Option<f64>, f64)], line: &str) -> Tally {
        let observed = rounds(line);
        let truth = Truth::of_sample(&sample("a", responses), Clock::new(1.0).unwrap(), observed.len() as u64).unwrap();
        score(&truth, &observed).unwrap()
    }

    #[test]
    fn a_stream_is_counted_as_by_hand() {
        // Due: x at 5 (an event from 2 on), y at 14. Said: x at 5, again at 6, z at 12, q at 24.
        let due = [("X.", Some(3.0), 5.0), ("y", None, 15.0)];
        let tally = counted(&due, "--~~~xx-----z-----------q-----");
        assert_eq!((tally.expected, tally.spoken), (2, 4));
        assert_eq!(tally.matched, [1, 1, 2, 2]);
        assert_eq!((tally.answered, tally.answered_right, tally.unheard), (1, 1, 0));
        assert_eq!((tally.duplicates, tally.false_alarms, tally.quiet_alarms), (1, 1, 1));
        assert_eq!(tally.lateness, [0.0, -2.0]);
        // Quiet: 0 and 1, 9 and 10, and from 18 on: 2 + 2 + 12.
        assert_eq!(tally.quiet_seconds, 16.0);
        assert_eq!(tally.rounds, 30);
        assert_eq!(tally.states.counts, [[22, 0, 3, 0], [0, 3, 0, 0], [1, 0, 1, 0]]);
    }

    #[test]
    fn a_repetition_is_one_only_near_by_and_in_the_same_words() {
        let due = [("x", None, 11.0)];
        let extra = |line| {
            let tally = counted(&due, line);
            (tally.duplicates, tally.false_alarms)
        };
        assert_eq!(extra("----------xx--------"), (1, 0));
        assert_eq!(extra("----------xX--------"), (1, 0));
        assert_eq!(extra("----------xy--------"), (0, 1));
        assert_eq!(extra("----------x----x----"), (1, 0));
        assert_eq!(extra("----------x-----x---"), (0, 1));
        // The nearer is the response, and the one before it the repetition.
        assert_eq!(extra("--------x-x---------"), (1, 0));
    }

    #[test]
    fn before_the_first_question_nothing_is_quiet() {
        let mut asked = sample("a", &[("x", None, 20.0)]);
        asked.question[0].time = 11.0;
        let observed = rounds("?????????x---------x----------");
        let truth = Truth::of_sample(&asked, Clock::new(1.0).unwrap(), 30).unwrap();
        let tally = score(&truth, &observed).unwrap();
        assert_eq!((tally.rounds, tally.quiet_seconds), (20, 6.0 + 7.0));
        assert_eq!((tally.false_alarms, tally.quiet_alarms), (1, 0));
        assert_eq!(tally.states.counts.iter().flatten().sum::<u64>(), 20);
    }

    #[test]
    fn texts_that_nobody_knows_are_not_wrong() {
        let mut observed = rounds("-----x");
        observed[5].text = None;
        let truth = Truth::of_sample(&sample("a", &[("x", None, 6.0)]), Clock::new(1.0).unwrap(), 6).unwrap();
        let tally = score(&truth, &observed).unwrap();
        assert_eq!((tally.matched[0], tally.answered, tally.unheard), (1, 0, 1));
    }

    #[test]
    fn rounds_that_cannot_be_are_refused() {
        let truth = Truth::of_sample(&sample("a", &[("x", None, 3.0)]), Clock::new(1.0).unwrap(), 6).unwrap();
        let mut observed = rounds("--x---");
        observed[4].round = 3;
        assert!(matches!(score(&truth, &observed), Err(EvalError::Order { round: 3, last: 3, .. })));
        assert!(matches!(score(&truth, &rounds("--x----")), Err(EvalError::Long { round: 6, last: 5, .. })));
        // Some may be missing.
        observed.remove(4);
        assert_eq!(score(&truth, &observed).unwrap().rounds, 5);
    }

    #[test]
    fn answers_are_compared_by_their_words() {
        for (one, other) in [("Two  cups.", "two cups"), (" 3!", "3"), ("A\nB", "a b"), ("Ça va ?", "ça va")] {
            assert_eq!(normalised(one), normalised(other));
        }
        assert_ne!(normalised("2.5"), normalised("25"));
    }
}
