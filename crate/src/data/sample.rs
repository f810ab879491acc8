use serde_json::{Map, Value};

use super::{Note, Problem, RawSample, Script, ScriptError, StreamSample};
use crate::clock::Clock;
use crate::model::Settings;

/// A sample in either format.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample {
    /// Times, as Streamo-Instruct is published.
    Raw {
        /// The sample.
        raw: RawSample,
        /// Its fields that are not of this format.
        others: Map<String, Value>,
    },
    /// A dialogue, a turn a round.
    Stream(StreamSample),
}

/// The fields of a raw sample that a dialogue has no place for, and keeps beside it.
const ABOUT: [&str; 3] = ["video_name", "task_type", "source"];

impl Sample {
    /// From a JSON value; what has messages is a dialogue.
    ///
    /// # Errors
    ///
    /// Everything that has the wrong type or is missing.
    pub fn read(value: Value) -> Result<Self, Vec<Problem>> {
        if value.get("messages").is_some() {
            return StreamSample::read(value).map(Self::Stream);
        }
        RawSample::read(value).map(|(raw, others)| Self::Raw { raw, others })
    }

    /// Everything in it that makes no sense.
    pub fn problems(&self, settings: &Settings) -> Vec<Problem> {
        match self {
            Self::Raw { raw, .. } => raw.problems(),
            Self::Stream(stream) => {
                let mut problems = Vec::new();
                if stream.videos.len() != 1 {
                    problems.push(Problem::new("videos", format!("are {}: a stream has one", stream.videos.len())));
                }
                problems.extend(stream.script(settings).err());
                problems
            }
        }
    }

    /// What people know it by: the video.
    pub fn name(&self) -> &str {
        match self {
            Self::Raw { raw, .. } if raw.video_name.is_empty() => &raw.video_path,
            Self::Raw { raw, .. } => &raw.video_name,
            Self::Stream(_) => match self.about("video_name") {
                "" => self.video(),
                name => name,
            },
        }
    }

    /// Where its video is; empty where none is named.
    pub fn video(&self) -> &str {
        match self {
            Self::Raw { raw, .. } => &raw.video_path,
            Self::Stream(stream) => stream.videos.first().map_or("", String::as_str),
        }
    }

    /// The kind of task; empty where it is not said.
    pub fn task(&self) -> &str {
        match self {
            Self::Raw { raw, .. } => &raw.task_type,
            Self::Stream(_) => self.about("task_type"),
        }
    }

    /// The collection it comes from; empty where it is not said.
    pub fn source(&self) -> &str {
        match self {
            Self::Raw { raw, .. } => &raw.source,
            Self::Stream(_) => self.about("source"),
        }
    }

    fn about(&self, field: &str) -> &str {
        match self {
            Self::Stream(stream) => stream.others.get(field).and_then(Value::as_str).unwrap_or_default(),
            Self::Raw { .. } => "",
        }
    }

    /// What it asks of every round. A dialogue has its own clock and rounds; of times those are the script's that are
    /// given here. See [`Script::from_raw`].
    ///
    /// # Errors
    ///
    /// See [`ScriptError`].
    pub fn script(
        &self,
        clock: Clock,
        rounds: Option<usize>,
        settings: &Settings,
    ) -> Result<(Script, Vec<Note>), ScriptError> {
        match self {
            Self::Raw { raw, .. } => Script::from_raw(raw, clock, rounds),
            Self::Stream(stream) => Ok((stream.script(settings)?, Vec::new())),
        }
    }

    /// The dialogue of its `script`, and its other fields.
    pub fn to_stream(&self, script: &Script, settings: &Settings) -> StreamSample {
        let mut stream = StreamSample::new(script, settings, self.video());
        match self {
            Self::Raw { raw, others } => {
                let texts = [&raw.video_name, &raw.task_type, &raw.source];
                let about = ABOUT.iter().zip(texts).filter(|(_, text)| !text.is_empty());
                stream.others = about.map(|(name, text)| ((*name).to_owned(), text.clone().into())).collect();
                // What the dialogue itself says goes before fields of the same name.
                const TAKEN: [&str; 5] = ["messages", "videos", "fps", "standing", "questions"];
                let others = others.iter().filter(|(name, _)| !TAKEN.contains(&name.as_str()));
                stream.others.extend(others.map(|(name, value)| (name.clone(), value.clone())));
            }
            Self::Stream(same) => stream.others = same.others.clone(),
        }
        stream
    }

    /// The questions and responses of its `script`, its other fields, and what the script says that they do not.
    pub fn to_raw(&self, script: &Script) -> (RawSample, Map<String, Value>, Vec<Note>) {
        let (question, response, notes) = script.to_raw();
        match self {
            Self::Raw { raw, others } => (RawSample { question, response, ..raw.clone() }, others.clone(), notes),
            Self::Stream(stream) => {
                let mut others = stream.others.clone();
                let mut text = |name: &str| match others.remove(name) {
                    Some(Value::String(text)) => text,
                    _ => String::new(),
                };
                let [video_name, task_type, source] = ABOUT.map(&mut text);
                let video_path = self.video().to_owned();
                ["video_path", "question", "response"].map(|name| others.remove(name));
                (RawSample { video_name, video_path, task_type, source, question, response }, others, notes)
            }
        }
    }
}
