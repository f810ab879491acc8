use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde::Serialize;

use super::report::Stream;
use super::score::{Observed, Tally, score};
use super::{EvalError, Timeliness};
use crate::stream::State;

/// How often chance is tried; figures are of all tries together.
const TRIES: u64 = 20;

/// What one reaches who does not look.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Baseline {
    /// What it does.
    pub name: &'static str,
    /// How well that meets the responses due.
    pub timing: Vec<Timeliness>,
    /// False alarms a quiet hour.
    pub alarms_per_quiet_hour: Option<f64>,
    /// The share of rounds with the right state.
    pub state_accuracy: Option<f64>,
}

/// Never speaking, speaking every second, and speaking by chance as often as is right, from the first question on.
pub(super) fn of(streams: &[&Stream], overall: &Tally) -> Result<Vec<Baseline>, EvalError> {
    let rate = overall.expected as f64 / overall.rounds.max(1) as f64;
    let mut chance = ChaCha8Rng::seed_from_u64(0);
    Ok(vec![
        run("always silent", streams, 1, &mut |_, _| false)?,
        run("every second", streams, 1, &mut |stream, round| {
            // At more than a frame a second, in the first round that begins in it.
            let second = |round| stream.truth.clock.start(round).floor();
            round == 0 || second(round) > second(round - 1)
        })?,
        run("at random", streams, TRIES, &mut |_, _| chance.random_bool(rate.min(1.0)))?,
    ])
}

fn run(
    name: &'static str,
    streams: &[&Stream],
    tries: u64,
    speaks: &mut dyn FnMut(&Stream, u64) -> bool,
) -> Result<Baseline, EvalError> {
    let mut tally = Tally::default();
    for stream in (0..tries).flat_map(|_| streams) {
        let mut decide = |round: &Observed| {
            let speaks = round.round >= stream.truth.asked && speaks(stream, round.round);
            let state = if speaks { State::Response } else { State::Silence };
            Observed { round: round.round, state: Some(state), text: None, logits: None }
        };
        let rounds: Vec<Observed> = stream.observed.iter().map(&mut decide).collect();
        tally.add(&score(&stream.truth, &rounds)?);
    }
    let scores = tally.scores();
    Ok(Baseline {
        name,
        timing: scores.timing,
        alarms_per_quiet_hour: scores.quiet.alarms_per_hour,
        state_accuracy: scores.states.accuracy,
    })
}
