use super::EvalError;
use crate::clock::Clock;
use crate::data::{RawResponse, RawSample, Script};
use crate::stream::State;

/// A response that is due.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// When: the beginning of the first round in which it can be given.
    pub second: f64,
    /// When what it tells of begins, where that takes time.
    pub from: Option<f64>,
    /// What is to be said.
    pub text: String,
}

/// What is right for one stream, round by round.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    /// What the stream is called.
    pub name: String,
    /// The kind of task, by which scores are grouped.
    pub task: String,
    /// Rounds and their seconds.
    pub clock: Clock,
    /// The first round that `states` tells of.
    pub first: u64,
    /// The round of the first question; before it nobody is asked, and nothing is counted as quiet.
    pub asked: u64,
    /// The responses, in order, at most one a round.
    pub expected: Vec<Expected>,
    /// The state of every round.
    pub states: Vec<State>,
}

impl Truth {
    /// What `sample` asks of a stream of `rounds` rounds.
    ///
    /// Times are read as they were trained, by [`Script::from_raw`]. What ends with the video, or up to a second after it as
    /// durations are rounded, is due in the last round.
    ///
    /// # Errors
    ///
    /// The sample makes no sense, or a response is due after the last round.
    pub fn of_sample(sample: &RawSample, clock: Clock, rounds: u64) -> Result<Self, EvalError> {
        let name = name(sample);
        // A round more than memory could count is refused there as too many.
        let count = usize::try_from(rounds).unwrap_or(usize::MAX);
        let (script, _) = Script::from_raw(sample, clock, Some(count))
            .map_err(|cause| EvalError::Sample { sample: name.to_owned(), cause })?;
        let end = clock.start(rounds);
        match sample.response.iter().filter_map(due).find(|&due| due > end + 1.0) {
            Some(due) => Err(EvalError::Short { sample: name.to_owned(), due, end }),
            None => Ok(Self::of_script(name, &sample.task_type, &script)),
        }
    }

    /// What a script says, under a name and a kind of task. What a response tells of begins with the standby before it.
    pub fn of_script(name: &str, task: &str, script: &Script) -> Self {
        let second = |index: usize| script.clock.start(script.first + index as u64);
        let mut expected = Vec::new();
        let mut standby = None;
        for (index, cue) in script.cues.iter().enumerate() {
            match cue.state {
                State::Silence => standby = None,
                State::Standby => standby = standby.or(Some(second(index))),
                State::Response => {
                    expected.push(Expected { second: second(index), from: standby.take(), text: cue.text.clone() });
                }
            }
        }
        let asked = if script.standing.is_empty() {
            script.cues.iter().position(|cue| !cue.questions.is_empty()).unwrap_or(0)
        } else {
            0
        };
        Self {
            name: name.to_owned(),
            task: task.to_owned(),
            clock: script.clock,
            first: script.first,
            asked: script.first + asked as u64,
            expected,
            states: script.cues.iter().map(|cue| cue.state).collect(),
        }
    }
}

/// What a sample is called: by its video's name, or else by where that is.
pub(super) fn name(sample: &RawSample) -> &str {
    if sample.video_name.is_empty() { &sample.video_path } else { &sample.video_name }
}

/// When a response is due, in seconds from the start.
fn due(response: &RawResponse) -> Option<f64> {
    match response.st_time {
        Some(_) if response.end_time.is_some() => response.end_time,
        _ => response.time.map(|time| time - 1.0),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::{Cue, RawQuestion};

    /// A sample with a question at the start and responses `(text, st_time, end_time)`; those without duration are at a
    /// moment.
    pub fn sample(name: &str, responses: &[(&str, Option<f64>, f64)]) -> RawSample {
        let response = |&(content, from, end): &(&str, Option<f64>, f64)| RawResponse {
            content: content.to_owned(),
            st_time: from,
            end_time: from.map(|_| end),
            time: from.is_none().then_some(end),
        };
        RawSample {
            video_name: name.to_owned(),
            video_path: format!("{name}.mp4"),
            task_type: "count".to_owned(),
            source: "test".to_owned(),
            question: vec![RawQuestion { content: "How many?".to_owned(), time: 1.0 }],
            response: responses.iter().map(response).collect(),
        }
    }

    fn letters(states: &[State]) -> String {
        states.iter().map(|state| ['-', '~', '!'][*state as usize]).collect()
    }

    #[test]
    fn seconds_of_samples_count_from_one() {
        let clock = Clock::new(1.0).unwrap();
        let sample = sample("a", &[("two", None, 9.0), ("one", Some(3.0), 5.0)]);
        let truth = Truth::of_sample(&sample, clock, 10).unwrap();
        assert_eq!(letters(&truth.states), "--~~~!--!-");
        let expected = |second, from, text: &str| Expected { second, from, text: text.to_owned() };
        assert_eq!(truth.expected, [expected(5.0, Some(2.0), "one"), expected(8.0, None, "two")]);
        assert_eq!(truth.asked, 0);
        let half = Truth::of_sample(&sample, Clock::new(0.5).unwrap(), 5).unwrap();
        assert_eq!(letters(&half.states), "-~~!!");
        let double = Truth::of_sample(&sample, Clock::new(2.0).unwrap(), 20).unwrap();
        assert_eq!(letters(&double.states), "----~~~~~~!-----!---");
    }

    #[test]
    fn what_ends_with_the_video_is_due_in_its_last_round() {
        let clock = Clock::new(1.0).unwrap();
        let events = sample("a", &[("x", Some(8.0), 9.0), ("y", Some(9.0), 10.0)]);
        let truth = Truth::of_sample(&events, clock, 9).unwrap();
        assert_eq!(letters(&truth.states), "-------~!");
        assert_eq!(truth.expected.len(), 1);
        assert_eq!(truth.expected[0].text, "x y");
        let error = Truth::of_sample(&events, clock, 8).unwrap_err().to_string();
        assert_eq!(error, r#"the log of "a" ends at 8 s, but a response is due at 10 s: watch the whole video"#);
    }

    #[test]
    fn times_that_are_none_are_refused() {
        let clock = Clock::new(1.0).unwrap();
        let line = |from, end| Truth::of_sample(&sample("a", &[("x", from, end)]), clock, 10).unwrap_err().to_string();
        let told = r#"the sample "a" cannot be used: response[0]."#;
        for (from, end) in [(Some(5.0), 3.0), (None, f64::NAN), (Some(-3.0), 2.0), (None, -5.0), (None, f64::INFINITY)]
        {
            assert!(line(from, end).starts_with(told), "{from:?} {end}: {}", line(from, end));
        }
        let long = Truth::of_sample(&sample("a", &[]), clock, u64::MAX).unwrap_err().to_string();
        assert!(
            long.starts_with(r#"the sample "a" cannot be used: the sample has 18446744073709551615 rounds"#),
            "{long}"
        );
    }

    #[test]
    fn a_script_says_when_and_what() {
        let cue = |state, text: &str, question: Option<&str>| Cue {
            questions: question.map(str::to_owned).into_iter().collect(),
            state,
            text: text.to_owned(),
        };
        let cues = vec![
            cue(State::Silence, "", None),
            cue(State::Silence, "", Some("What?")),
            cue(State::Standby, "", None),
            cue(State::Standby, "", None),
            cue(State::Response, "it", None),
            cue(State::Response, "again", None),
        ];
        let mut script = Script { clock: Clock::new(1.0).unwrap(), first: 100, standing: Vec::new(), cues };
        let truth = Truth::of_script("s", "t", &script);
        assert_eq!((truth.first, truth.asked), (100, 101));
        let times: Vec<_> = truth.expected.iter().map(|expected| (expected.second, expected.from)).collect();
        assert_eq!(times, [(104.0, Some(102.0)), (105.0, None)]);
        script.standing.push("What?".to_owned());
        assert_eq!(Truth::of_script("s", "t", &script).asked, 100);
    }
}
