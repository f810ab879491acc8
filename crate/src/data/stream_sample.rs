//! The stream format: a script as a dialogue in JSON, for trainers such as ms-swift and as upstream's converter writes it.
//!
//! ```text
//! { "messages": [{ "role": "system", "content": … },
//!                { "role": "user", "content": "[question⏎]<0s-1s>⏎<stream>" },
//!                { "role": "assistant", "content": "</Response> text" }, …],
//!   "videos": [path] }
//! ```
//!
//! What a dialogue cannot say stands beside it, where there is any: `fps` if it is not 1, `standing` questions, and the
//! `questions` of rounds that ask several, since a question may have lines of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::Fields;
use super::{Cue, Problem, Script};
use crate::clock::Clock;
use crate::model::Settings;
use crate::stream::{Protocol, State};

/// Where the frame goes.
const STREAM: &str = "<stream>";

/// What trainers replace by pictures, films and sounds, wherever it stands.
pub(super) const PLACES: [&str; 4] = [STREAM, "<image>", "<video>", "<audio>"];

/// A dialogue about a video, a turn a round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct StreamSample {
    /// The system turn, if any, then a user's and an assistant's turn a round.
    pub messages: Vec<Message>,
    /// Where the video is, the only one.
    pub videos: Vec<String>,
    /// Rounds a second; by the time tags where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fps: Option<f64>,
    /// Questions that stand from before the first round.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub standing: Vec<String>,
    /// The questions of rounds that ask several, by the place of the round in the dialogue.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub questions: BTreeMap<usize, Vec<String>>,
    /// Fields of other formats, such as `task_type` and `source`.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// A turn of the dialogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The prompt.
    System,
    /// Whoever shows the video and asks.
    User,
    /// The model.
    Assistant,
}

impl StreamSample {
    /// The dialogue of `script` about the video at `video`, in the words that a model's `settings` give.
    pub fn new(script: &Script, settings: &Settings, video: &str) -> Self {
        let mut messages = vec![Message { role: Role::System, content: settings.system_prompt.clone() }];
        let mut questions = BTreeMap::new();
        for (index, (round, cue)) in (script.first..).zip(&script.cues).enumerate() {
            let words = Protocol::asked(cue.questions.iter().map(String::as_str), &script.clock.tag(round));
            messages.push(Message { role: Role::User, content: words + STREAM });
            messages.push(Message { role: Role::Assistant, content: reply(cue, settings) });
            if cue.questions.len() > 1 {
                questions.insert(index, cue.questions.clone());
            }
        }
        let fps = script.clock.fps();
        Self {
            messages,
            videos: vec![video.to_owned()],
            fps: (fps != 1.0).then_some(fps),
            standing: script.standing.clone(),
            questions,
            others: Map::new(),
        }
    }

    /// From a JSON value. Fields of other formats are kept.
    ///
    /// # Errors
    ///
    /// Everything that has the wrong type or is missing.
    pub fn read(value: Value) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let Some(mut fields) = Fields::of_sample(value, &mut problems) else {
            return Err(problems);
        };
        let messages = fields.each("messages", |fields| {
            let role = match fields.required_text("role").as_str() {
                "system" => Role::System,
                "user" => Role::User,
                "assistant" => Role::Assistant,
                other => {
                    if !other.is_empty() {
                        fields.problem("role", format!("is {other:?}, not system, user or assistant"));
                    }
                    Role::User
                }
            };
            Message { role, content: fields.required_text("content") }
        });
        let (videos, fps, standing) = (fields.texts("videos"), fields.number("fps"), fields.texts("standing"));
        let questions = fields.lists("questions");
        let sample = Self { messages, videos, fps, standing, questions, others: fields.rest() };
        if problems.is_empty() { Ok(sample) } else { Err(problems) }
    }

    /// The script of the dialogue. Rounds are a second long, or as its `fps` or its time tags say; a dialogue without
    /// time tags begins with round 0.
    ///
    /// # Errors
    ///
    /// The first place that does not follow the format.
    pub fn script(&self, settings: &Settings) -> Result<Script, Problem> {
        let system = usize::from(self.messages.first().is_some_and(|message| message.role == Role::System));
        let turns = &self.messages[system..];
        let place = |index: usize| format!("messages[{}].content", system + index);
        let mut asked = Vec::with_capacity(turns.len() / 2);
        let mut cues = Vec::with_capacity(turns.len() / 2);
        for (index, message) in turns.iter().enumerate() {
            let due = if index % 2 == 0 { Role::User } else { Role::Assistant };
            if message.role != due {
                let field = format!("messages[{}].role", system + index);
                return Err(Problem::new(field, "is out of turn: user and assistant take turns after the system turn"));
            }
            let wrong = |what: String| Problem::new(place(index), what);
            if due == Role::User {
                asked.push(Asked::read(&message.content).map_err(wrong)?);
            } else {
                cues.push(answered(&message.content, settings).map_err(wrong)?);
            }
        }
        if asked.len() != cues.len() || cues.is_empty() {
            return Err(Problem::new("messages", "have no whole round: a user turn and the reply to it"));
        }
        let clock = self.clock(&asked)?;
        if let Some(index) = self.questions.keys().find(|index| **index >= cues.len()) {
            return Err(Problem::new(format!("questions.{index}"), "is no round of the dialogue"));
        }
        let first = asked[0].tag.map_or(0, |tag| (tag.from * clock.fps()).round() as u64);
        for (index, (turn, round)) in asked.iter().zip(first..).enumerate() {
            let (found, due) = (turn.tag.map(|tag| tag.written), clock.tag(round));
            if found != asked[0].tag.map(|_| due.as_str()) {
                let found = found.unwrap_or("no time tag");
                let what = format!("has {found} where {due} is due at {} frames a second", clock.fps());
                return Err(Problem::new(place(2 * index), what));
            }
        }
        for (index, (cue, turn)) in cues.iter_mut().zip(&asked).enumerate() {
            let several = self.questions.get(&index);
            cue.questions = match (several, turn.question) {
                (Some(several), Some(text)) if several.join("\n") == text => several.clone(),
                (Some(_), _) => {
                    return Err(Problem::new(
                        format!("questions.{index}"),
                        format!("is not what {} asks", place(2 * index)),
                    ));
                }
                (None, question) => question.map(str::to_owned).into_iter().collect(),
            };
        }
        Ok(Script { clock, first, standing: self.standing.clone(), cues })
    }

    /// The clock that `fps` gives, or else the time tags.
    fn clock(&self, asked: &[Asked<'_>]) -> Result<Clock, Problem> {
        let stated = |fps| Clock::new(fps).map_err(|error| Problem::new("fps", format!("is wrong: {error}")));
        let (None, Some(first)) = (self.fps, asked.first().and_then(|turn| turn.tag)) else {
            return stated(self.fps.unwrap_or(1.0));
        };
        let last = asked.last().and_then(|turn| turn.tag).unwrap_or(first);
        let spans = [(asked.len() as f64, last.to - first.from), (1.0, first.to - first.from)];
        let clocks = spans.into_iter().flat_map(|(rounds, seconds)| likely(rounds, seconds));
        let clocks: Vec<Clock> = clocks.filter_map(|fps| Clock::new(fps).ok()).collect();
        let fits = |clock: &Clock, turns: &[Asked<'_>]| {
            let from = (first.from * clock.fps()).round() as u64;
            let mut turns = turns.iter().zip(from..);
            turns.all(|(turn, round)| turn.tag.is_some_and(|tag| tag.written == clock.tag(round)))
        };
        let found = clocks.iter().find(|clock| fits(clock, asked));
        // A tag in the middle may be the only wrong one; that is then found by name.
        found.or_else(|| clocks.iter().find(|clock| fits(clock, &asked[..1]))).copied().ok_or_else(|| {
            let begin = first.written;
            Problem::new(
                "messages",
                format!("begin with {begin}, and there is no rate that all time tags fit: give fps"),
            )
        })
    }
}

/// Rates at which so many rounds take so many seconds. Tags are rounded to a thousandth: a rate that is not written beside
/// them is a whole number of rounds a second, or of seconds a round.
fn likely(rounds: f64, seconds: f64) -> impl Iterator<Item = f64> {
    const ROUNDING: f64 = 0.0011;
    let whole = (1..=240).map(f64::from).filter(move |fps| (rounds / fps - seconds).abs() < ROUNDING);
    whole.chain([1.0 / (seconds / rounds).round()])
}

impl TryFrom<Value> for StreamSample {
    type Error = Problem;

    fn try_from(value: Value) -> Result<Self, Problem> {
        Self::read(value).map_err(Problem::first)
    }
}

fn reply(cue: &Cue, settings: &Settings) -> String {
    let mut words = settings.states[cue.state as usize].clone();
    if cue.state == State::Response && !cue.text.is_empty() {
        words.push(Protocol::BEFORE_ANSWER);
        words.push_str(&cue.text);
    }
    words
}

/// The cue of a reply, its questions still to come.
fn answered(content: &str, settings: &Settings) -> Result<Cue, String> {
    let named = State::ALL.into_iter().zip(&settings.states);
    let found = named.filter_map(|(state, name)| Some((state, content.strip_prefix(name.as_str())?))).next();
    let cue = |state, text: &str| Cue { questions: Vec::new(), state, text: text.to_owned() };
    match found {
        Some((State::Response, text)) => {
            Ok(cue(State::Response, text.strip_prefix(Protocol::BEFORE_ANSWER).unwrap_or(text)))
        }
        Some((state, text)) if text.trim().is_empty() => Ok(cue(state, "")),
        Some((state, _)) => {
            Err(format!("says something after {}, which says nothing", settings.states[state as usize]))
        }
        None => Err(format!("begins with none of {}", settings.states.join(", "))),
    }
}

/// What a user turn says.
#[derive(Debug)]
struct Asked<'a> {
    question: Option<&'a str>,
    tag: Option<Tag<'a>>,
}

/// A time tag, `<0s-1s>`.
#[derive(Debug, Clone, Copy)]
struct Tag<'a> {
    written: &'a str,
    from: f64,
    to: f64,
}

impl<'a> Asked<'a> {
    fn read(content: &'a str) -> Result<Self, String> {
        let shown = PLACES[..2].iter().find_map(|place| content.strip_suffix(place));
        let Some(words) = shown else {
            return Err(format!("does not end with {STREAM}, where the frame goes"));
        };
        let words = words.strip_suffix('\n').unwrap_or(words);
        let (before, last) = words.rsplit_once('\n').map_or((None, words), |(before, last)| (Some(before), last));
        Ok(match Tag::read(last) {
            Some(tag) => Self { question: before, tag: Some(tag) },
            None => Self { question: Some(words).filter(|words| !words.is_empty()), tag: None },
        })
    }
}

impl<'a> Tag<'a> {
    fn read(written: &'a str) -> Option<Self> {
        let (from, to) = written.strip_prefix('<')?.strip_suffix("s>")?.split_once("s-")?;
        let time = |text: &str| text.parse::<f64>().ok().filter(|time| (0.0..=1e12).contains(time));
        let (from, to) = (time(from)?, time(to)?);
        (from < to).then_some(Self { written, from, to })
    }
}

#[cfg(test)]
mod tests;
