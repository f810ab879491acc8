use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A question, and when it is put.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Seconds into the stream; it stands in the round that this second falls into.
    pub at: f64,
    /// What is asked.
    pub text: String,
}

/// Why a question cannot be put.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum QuestionError {
    /// Nothing is asked.
    #[error("the question {0:?} is empty: write what the model should look for")]
    Empty(String),
    /// `@` is not followed by a time and a text.
    #[error("the question {0:?} starts with @ but not with a time: write \"@12 Is it done?\"")]
    Time(String),
    /// The stream is shorter.
    #[error("the question at {at} s comes after the end of the video ({end} s): put it earlier")]
    AfterEnd {
        /// When it was to be put.
        at: f64,
        /// When the stream ends, in seconds.
        end: f64,
    },
}

impl FromStr for Question {
    type Err = QuestionError;

    /// `text`, put at the start, or `@SECONDS text`.
    fn from_str(written: &str) -> Result<Self, QuestionError> {
        let Some(timed) = written.strip_prefix('@') else {
            return Question::new(0.0, written);
        };
        let time = || QuestionError::Time(written.to_owned());
        let (at, text) = timed.split_once(char::is_whitespace).ok_or_else(time)?;
        let at: f64 = at.trim_end_matches('s').parse().map_err(|_| time())?;
        if !(at >= 0.0 && at.is_finite()) {
            return Err(time());
        }
        Question::new(at, text)
    }
}

impl Question {
    /// `text`, put `at` seconds into the stream.
    ///
    /// # Errors
    ///
    /// [`QuestionError::Empty`].
    pub fn new(at: f64, text: &str) -> Result<Self, QuestionError> {
        match text.trim() {
            "" => Err(QuestionError::Empty(text.to_owned())),
            text => Ok(Self { at, text: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_questions_are_understood() {
        let ok = |written: &str| written.parse::<Question>().map(|q| (q.at, q.text));
        assert_eq!(ok("What is it?"), Ok((0.0, "What is it?".into())));
        assert_eq!(ok("@12 Is it done?"), Ok((12.0, "Is it done?".into())));
        assert_eq!(ok("@1.5s  Now? "), Ok((1.5, "Now?".into())));
        assert_eq!(ok("5@home?"), Ok((0.0, "5@home?".into())));
        for bad in ["", "  ", "@12", "@12 ", "@soon what?", "@-1 what?", "@NaN what?", "@inf x"] {
            assert!(ok(bad).is_err(), "{bad:?}");
        }
    }
}
