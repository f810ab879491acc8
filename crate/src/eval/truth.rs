use super::EvalError;
use crate::clock::Clock;
use crate::data::{Cue, RawSample, Script};
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
    /// Times are read as they were trained, counted from 1: at one frame a second a response `{st_time, end_time}` is
    /// due in round `end_time`, with standby from round `st_time - 1` on, and a response `{time}` and a question stand
    /// in round `time - 1`. What ends with the video, or up to a second after it as durations are rounded, is due in
    /// the last round; what comes before its question is due with that. Where several responses fall into one round,
    /// their texts are joined by a space, since a round speaks once.
    ///
    /// # Errors
    ///
    /// A time is missing or is no number of seconds, or a response is due after the last round.
    pub fn of_sample(sample: &RawSample, clock: Clock, rounds: u64) -> Result<Self, EvalError> {
        Ok(Self::of_script(&sample.video_name, &sample.task_type, &script(sample, clock, rounds)?))
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

/// The script of a sample for so many rounds.
fn script(sample: &RawSample, clock: Clock, rounds: u64) -> Result<Script, EvalError> {
    let end = clock.start(rounds);
    let mut cues: Vec<Cue> =
        (0..rounds).map(|_| Cue { questions: Vec::new(), state: State::Silence, text: String::new() }).collect();
    let last = rounds.saturating_sub(1);
    let mut asked = last;
    for (index, question) in sample.question.iter().enumerate() {
        if !possible(question.time) {
            return Err(EvalError::QuestionTime { sample: sample.video_name.clone(), question: index + 1 });
        }
        let round = (rounds_until(question.time - 1.0, clock).floor() as u64).min(last);
        asked = asked.min(round);
        if let Some(cue) = cues.get_mut(round as usize) {
            cue.questions.push(question.content.clone());
        }
    }
    if sample.question.is_empty() {
        asked = 0;
    }
    let mut due = Vec::new();
    for (index, response) in sample.response.iter().enumerate() {
        let (from, second) = match (response.st_time, response.end_time, response.time) {
            // Both are counted from 1, so an event of the seconds 5 to 4.5 is half a second long.
            (Some(from), Some(end), _) if end > from - 1.0 => (from - 1.0, end),
            (_, _, Some(time)) => (time - 1.0, time - 1.0),
            _ => (f64::NAN, f64::NAN),
        };
        if !possible(second + 1.0) || !possible(from + 1.0) {
            return Err(EvalError::ResponseTime { sample: sample.video_name.clone(), response: index + 1 });
        }
        if second > end + 1.0 || rounds == 0 {
            return Err(EvalError::Short { sample: sample.video_name.clone(), due: second, end });
        }
        let round = |second| (rounds_until(second, clock).ceil() as u64).min(last);
        due.push((second, round(from).max(asked), round(second).max(asked), response.content.as_str()));
    }
    due.sort_by(|one, other| one.0.total_cmp(&other.0));
    for &(_, from, round, _) in &due {
        cues[from as usize..round as usize].iter_mut().for_each(|cue| cue.state = State::Standby);
    }
    for (.., round, text) in due {
        let cue = &mut cues[round as usize];
        if cue.state == State::Response {
            cue.text.push(' ');
        }
        cue.state = State::Response;
        cue.text.push_str(text.trim());
    }
    Ok(Script { clock, first: 0, standing: Vec::new(), cues })
}

/// Whether a time counted from 1 makes sense. Written as 0 it is the beginning too.
fn possible(time: f64) -> bool {
    (0.0..1e9).contains(&time)
}

/// Rounds until `seconds`, to a millionth, from the first on.
fn rounds_until(seconds: f64, clock: Clock) -> f64 {
    ((seconds * clock.fps() * 1e6).round() / 1e6).max(0.0)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::data::{RawQuestion, RawResponse};

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
        for (from, end) in [(Some(5.0), 3.0), (None, f64::NAN), (Some(-3.0), 2.0), (None, -5.0), (None, f64::INFINITY)]
        {
            let error = Truth::of_sample(&sample("a", &[("x", from, end)]), clock, 10).unwrap_err().to_string();
            assert!(error.starts_with(r#"response 1 of the sample "a" has no usable time"#), "{from:?} {end}: {error}");
        }
        let mut unasked = sample("a", &[]);
        unasked.question[0].time = f64::NAN;
        assert!(matches!(Truth::of_sample(&unasked, clock, 10), Err(EvalError::QuestionTime { question: 1, .. })));
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
