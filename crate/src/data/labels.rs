//! The label rule of Streamo's data: from times to the state of every round, and back.
//!
//! At f rounds a second, with times counted from 1:
//!
//! ```text
//! response { st_time: s, end_time: e }   standby on rounds ceil((s-1)·f) … ceil(e·f)-1, response on ceil(e·f)
//! response { time: t }                   response on round ceil((t-1)·f)
//! question { time: t }                   stands on round floor((t-1)·f)
//! everything else                        silence
//! ```
//!
//! With whole seconds at one round a second this is upstream's `convert_streaming_video.py`. Otherwise than there, no
//! response is lost: not where events meet, not at the end of the video, and not before its question.

use std::fmt::{self, Display};

use serde::Serialize;
use thiserror::Error;

use super::raw::Due;
use super::{Cue, Problem, RawQuestion, RawResponse, RawSample, Script};
use crate::clock::Clock;
use crate::stream::State;

/// Upstream's question for samples that have none.
pub const DEFAULT_QUESTION: &str = "Find all significant events in the video and describe them.";

/// Why a sample gives no script.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScriptError {
    /// It contradicts itself.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// It would have more rounds than any video.
    #[error("the sample has {rounds} rounds, more than {most}: cut it, or take fewer frames a second", most = Script::MOST_ROUNDS)]
    TooLong {
        /// So many.
        rounds: u64,
    },
    /// It would have none.
    #[error("the sample has no rounds: nothing is asked or said, and the video has no frame")]
    Empty,
}

/// What a script has otherwise than its sample, or a sample otherwise than its script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// Nothing is asked, so upstream's [`DEFAULT_QUESTION`] is, from the start.
    DefaultQuestion,
    /// A question comes after the last frame and was moved there.
    QuestionAfterEnd {
        /// Its place in the sample.
        question: usize,
    },
    /// A response comes after the last frame and was moved there.
    ResponseAfterEnd {
        /// Its place in the sample.
        response: usize,
    },
    /// A response comes before anything is asked and was moved to the first question.
    ResponseBeforeQuestion {
        /// Its place in the sample.
        response: usize,
    },
    /// A response falls into the same round as an earlier one: both are said, one after the other.
    Together {
        /// Its place in the sample.
        response: usize,
    },
    /// Standby from this round on leads to no response, so it tells of nothing and is left out.
    NeverAnswered {
        /// The first such round.
        round: u64,
    },
    /// The response of this round says nothing and is left out.
    NothingSaid {
        /// The round.
        round: u64,
    },
}

impl Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::DefaultQuestion => write!(f, "nothing is asked: {DEFAULT_QUESTION:?} is put at the start"),
            Note::QuestionAfterEnd { question } => {
                write!(f, "question[{question}] comes after the last frame and was moved there")
            }
            Note::ResponseAfterEnd { response } => {
                write!(f, "response[{response}] comes after the last frame and was moved there")
            }
            Note::ResponseBeforeQuestion { response } => {
                write!(f, "response[{response}] comes before the first question and was moved there")
            }
            Note::Together { response } => write!(f, "response[{response}] was joined to another of the same round"),
            Note::NeverAnswered { round } => write!(f, "standby from round {round} on leads to no response"),
            Note::NothingSaid { round } => write!(f, "the response of round {round} says nothing"),
        }
    }
}

/// A response on its way to its round.
struct Answer<'a> {
    response: usize,
    /// When it is due, in seconds from the start.
    time: f64,
    /// Rounds of standby begin here.
    begin: u64,
    round: u64,
    text: &'a str,
}

impl Script {
    /// No script is longer: twelve days at a round a second.
    pub const MOST_ROUNDS: u64 = 1 << 20;

    /// What a sample asks of every round of a video with so many `rounds`; without that number, the last round is the
    /// last that anything happens in.
    ///
    /// Texts lose the space around them, as a question does that is put to a session. Before the first question there
    /// is silence.
    ///
    /// # Errors
    ///
    /// See [`ScriptError`].
    pub fn from_raw(raw: &RawSample, clock: Clock, rounds: Option<usize>) -> Result<(Self, Vec<Note>), ScriptError> {
        if let Some(problem) = raw.contradictions().into_iter().next() {
            return Err(problem.into());
        }
        let mut notes = Vec::new();
        let answers = raw.response.iter().enumerate().map(|(index, response)| Answer::new(index, response, clock));
        let mut answers = answers.collect::<Result<Vec<_>, _>>()?;
        let mut questions: Vec<(u64, &str)> =
            raw.question.iter().map(|question| (question.round(clock), question.content.trim())).collect();
        if questions.is_empty() && !answers.is_empty() {
            questions.push((0, DEFAULT_QUESTION));
            notes.push(Note::DefaultQuestion);
        }
        let last = answers.iter().map(|answer| answer.round).chain(questions.iter().map(|(round, _)| *round)).max();
        let rounds = rounds.map_or_else(|| last.map_or(0, |last| last + 1), |rounds| rounds as u64);
        if rounds > Self::MOST_ROUNDS {
            return Err(ScriptError::TooLong { rounds });
        }
        let last = rounds.checked_sub(1).ok_or(ScriptError::Empty)?;

        for (question, (round, _)) in questions.iter_mut().enumerate().filter(|(_, (round, _))| *round > last) {
            *round = last;
            notes.push(Note::QuestionAfterEnd { question });
        }
        let first_asked = questions.iter().map(|(round, _)| *round).min().unwrap_or_default();
        let mut states = vec![State::Silence; rounds as usize];
        for answer in &mut answers {
            let response = answer.response;
            if answer.round > last {
                answer.round = last;
                notes.push(Note::ResponseAfterEnd { response });
            }
            // Where it is moved to its question, all of its standby comes before that.
            for round in answer.begin.max(first_asked)..answer.round {
                states[round as usize] = State::Standby;
            }
            if answer.round < first_asked {
                answer.round = first_asked;
                notes.push(Note::ResponseBeforeQuestion { response });
            }
        }
        let silent = |state| Cue { questions: Vec::new(), state, text: String::new() };
        let mut cues: Vec<Cue> = states.into_iter().map(silent).collect();
        for (round, text) in questions {
            cues[round as usize].questions.push(text.to_owned());
        }
        answers.sort_by(|a, b| a.time.total_cmp(&b.time));
        for answer in answers {
            let cue = &mut cues[answer.round as usize];
            if cue.state == State::Response {
                cue.text.push(' ');
                notes.push(Note::Together { response: answer.response });
            }
            cue.state = State::Response;
            cue.text.push_str(answer.text);
        }
        Ok((Self { clock, first: 0, standing: Vec::new(), cues }, notes))
    }

    /// The questions and responses whose script this is, as far as the states tell: rounds of standby before a response
    /// are its event. Questions that stand from before the first round are put at the start.
    pub fn to_raw(&self) -> (Vec<RawQuestion>, Vec<RawResponse>, Vec<Note>) {
        let fps = self.clock.fps();
        // The second, counted from 1, in which a round begins.
        let second = |round: u64| round as f64 / fps + 1.0;
        let put = |time: f64| move |content: &String| RawQuestion { content: content.clone(), time };
        let mut questions: Vec<RawQuestion> = self.standing.iter().map(put(1.0)).collect();
        let (mut responses, mut notes) = (Vec::new(), Vec::new());
        let mut begin = None;
        for (round, cue) in (self.first..).zip(&self.cues) {
            questions.extend(cue.questions.iter().map(put(second(round))));
            match cue.state {
                State::Standby => {
                    begin.get_or_insert(round);
                }
                State::Silence => notes.extend(begin.take().map(|round| Note::NeverAnswered { round })),
                State::Response if cue.text.trim().is_empty() => {
                    begin = None;
                    notes.push(Note::NothingSaid { round });
                }
                State::Response => {
                    let mut response =
                        RawResponse { content: cue.text.clone(), st_time: None, end_time: None, time: None };
                    match begin.take() {
                        Some(begin) => {
                            response.st_time = Some(second(begin));
                            response.end_time = Some(round as f64 / fps);
                        }
                        None => response.time = Some(second(round)),
                    }
                    responses.push(response);
                }
            }
        }
        notes.extend(begin.map(|round| Note::NeverAnswered { round }));
        (questions, responses, notes)
    }
}

impl RawQuestion {
    fn round(&self, clock: Clock) -> u64 {
        rounds_until(self.time.max(1.0) - 1.0, clock).floor() as u64
    }
}

impl<'a> Answer<'a> {
    fn new(index: usize, response: &'a RawResponse, clock: Clock) -> Result<Self, Problem> {
        let problem = |(name, what): (&str, String)| Problem::new(format!("response[{index}].{name}"), what);
        // There is no second before the first.
        let (begin, time) = match response.due().map_err(problem)? {
            Due::At(time) => (time.max(1.0) - 1.0, time.max(1.0) - 1.0),
            Due::After { begin, end } => {
                let begin = begin.max(1.0);
                // Upstream takes an event of the seconds 0 to 0 for one of the first second.
                (begin - 1.0, if end > begin - 1.0 { end } else { begin })
            }
        };
        let round = |seconds| rounds_until(seconds, clock).ceil() as u64;
        Ok(Self { response: index, time, begin: round(begin), round: round(time), text: response.content.trim() })
    }
}

/// Rounds until `seconds`, to a millionth: 30 frames of 1/29.97 s are 30 frames.
fn rounds_until(seconds: f64, clock: Clock) -> f64 {
    (seconds * clock.fps() * 1e6).round() / 1e6
}

#[cfg(test)]
pub(super) mod tests;
