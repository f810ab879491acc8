//! Questions and answers in rounds, and in seconds.

use std::collections::BTreeMap;

use super::Setup;
use super::ask::{Asked, When};
use super::plot::Plot;
use crate::data::{Cue, RawQuestion, RawResponse, RawSample, Script};
use crate::stream::State;

/// The first round whose frame is not before a time, counted from the film's start.
pub(super) fn round_at(time: f64, fps: f64) -> usize {
    // A billionth, so that a time that was computed from a round gives that round.
    (time * fps - 1e-9).ceil().max(0.0) as usize
}

/// Of each round, whether anything that could be told is under way in it.
pub(super) fn bustle(plot: &Plot, setup: &Setup) -> Vec<bool> {
    let fps = setup.clock.fps();
    let mut bustle = vec![false; setup.rounds];
    for event in plot.events.iter().filter(|event| event.happening.is_told()) {
        bustle.iter_mut().take(round_at(event.end, fps)).skip(round_at(event.start, fps)).for_each(|busy| *busy = true);
    }
    bustle
}

/// Answers that fall in the same round.
struct Joined {
    text: String,
    /// The earliest start; none where all are at once.
    start: Option<f64>,
    end: f64,
}

/// The label rule: the same answers as seconds and as rounds.
pub(super) fn write(seed: u64, setup: &Setup, asked: &Asked) -> (RawSample, Script) {
    let fps = setup.clock.fps();
    let asked_first = asked.questions.iter().map(|&(round, _)| round).min().unwrap_or(0);
    let mut cues: Vec<Cue> =
        (0..setup.rounds).map(|_| Cue { questions: Vec::new(), state: State::Silence, text: String::new() }).collect();
    for (round, question) in &asked.questions {
        if let Some(cue) = cues.get_mut(*round) {
            cue.questions.push(question.clone());
        }
    }
    let mut responses: BTreeMap<usize, Joined> = BTreeMap::new();
    for answer in &asked.answers {
        let (round, start, end) = match answer.when {
            When::At(round) => (round, None, round as f64 / fps),
            When::Over { start, end } => {
                // What began before it was asked for begins, for who asks, then.
                let start = start.max(asked_first as f64 / fps - (0.2 / fps).min(0.006)).max(0.0);
                for cue in cues.iter_mut().take(round_at(end, fps)).skip(round_at(start, fps)) {
                    cue.state = State::Standby;
                }
                (round_at(end, fps), Some(start), end)
            }
        };
        let joined = responses.entry(round).or_insert(Joined { text: String::new(), start, end });
        if !joined.text.is_empty() {
            joined.text.push(' ');
        }
        joined.text.push_str(&answer.text);
        joined.start = match (joined.start, start) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        joined.end = joined.end.max(end);
    }
    for (&round, joined) in &responses {
        if let Some(cue) = cues.get_mut(round) {
            cue.state = State::Response;
            cue.text.clone_from(&joined.text);
        }
    }
    let script = Script { clock: setup.clock, first: setup.first, standing: Vec::new(), cues };
    (raw(seed, setup, asked, &responses), script)
}

fn raw(seed: u64, setup: &Setup, asked: &Asked, responses: &BTreeMap<usize, Joined>) -> RawSample {
    let offset = setup.clock.start(setup.first);
    // Of a round's own time, what is under a millisecond is cut off: rounded up it would stand in the next round.
    let moment = |round: usize| (setup.clock.start(setup.first + round as u64) * 1000.0 + 1e-6).floor() / 1000.0;
    let millis = |time: f64| (time * 1000.0).round() / 1000.0;
    let name = format!("{}-{seed:016x}", setup.task.name());
    let question = asked
        .questions
        .iter()
        .map(|(round, content)| RawQuestion { content: content.clone(), time: millis(moment(*round) + 1.0) })
        .collect();
    let response = responses
        .iter()
        .map(|(&round, joined)| match joined.start {
            Some(start) => RawResponse {
                content: joined.text.clone(),
                st_time: Some(millis(offset + start + 1.0)),
                end_time: Some(millis(offset + joined.end)),
                time: None,
            },
            None => RawResponse {
                content: joined.text.clone(),
                st_time: None,
                end_time: None,
                time: Some(millis(moment(round) + 1.0)),
            },
        })
        .collect();
    RawSample {
        video_path: name.clone(),
        video_name: name,
        task_type: setup.task.name().to_owned(),
        source: "streamo-synth".to_owned(),
        question,
        response,
    }
}
