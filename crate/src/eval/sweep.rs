use serde::Serialize;

use super::report::Stream;
use super::score::{ANSWERS_AT, Observed, Tally, score};
use super::{EvalError, TOLERANCES};
use crate::plot::{Axis, Chart, Mark, Panel, PlotError, Scale, Series};
use crate::stream::{DecisionRule, State};

/// What other thresholds would give, from the logits of the rounds as they were.
///
/// No model runs for it, and that is what it cannot know: after another decision the memory would hold another state
/// and another answer, and later logits would differ. What would have been said where nothing was is not known either,
/// so it tells of times, not of texts, and a repetition counts as a false alarm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sweep {
    /// Seconds that responses may miss their time.
    pub tolerance: f64,
    /// By threshold, ascending.
    pub points: Vec<SweepPoint>,
    /// The point with the best F1; among equals the one with the fewest false alarms, and then the middle one.
    pub best: SweepPoint,
    /// What came of the decisions of the run, counted in the same way.
    pub as_run: SweepPoint,
}

/// What one threshold would give.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SweepPoint {
    /// The probability of a response among the three states from which on one is given.
    ///
    /// None where the run decided.
    pub threshold: Option<f32>,
    /// The share of responses given that were due.
    pub precision: Option<f64>,
    /// The share of responses due that were given.
    pub recall: Option<f64>,
    /// The harmonic mean of the two.
    pub f1: Option<f64>,
    /// False alarms a quiet hour.
    pub alarms_per_quiet_hour: Option<f64>,
}

/// The sweep over `streams`; none where no round has logits.
pub(super) fn of(streams: &[&Stream]) -> Result<Option<Sweep>, EvalError> {
    if streams.iter().flat_map(|stream| &stream.observed).all(|round| round.logits.is_none()) {
        return Ok(None);
    }
    let points = (1..50).map(|step| at(streams, Some(step as f32 / 50.0))).collect::<Result<Vec<_>, _>>()?;
    let as_run = at(streams, None)?;
    Ok(best(&points).map(|best| Sweep { tolerance: TOLERANCES[ANSWERS_AT], points, best, as_run }))
}

fn at(streams: &[&Stream], threshold: Option<f32>) -> Result<SweepPoint, EvalError> {
    let rule = DecisionRule { threshold, ..DecisionRule::default() };
    let decide = |round: &Observed| {
        let state = match threshold {
            None => round.state,
            // Who was not asked stays silent.
            Some(_) => Some(round.logits.map_or(State::Silence, |logits| rule.decide(&logits))),
        };
        Observed { round: round.round, state, text: None, logits: None }
    };
    let mut tally = Tally::default();
    for stream in streams {
        let rounds: Vec<Observed> = stream.observed.iter().map(decide).collect();
        tally.add(&score(&stream.truth, &rounds)?);
    }
    let scores = tally.scores();
    let timing = scores.timing[ANSWERS_AT];
    Ok(SweepPoint {
        threshold,
        precision: timing.precision,
        recall: timing.recall,
        f1: timing.f1,
        alarms_per_quiet_hour: scores.quiet.alarms_per_hour,
    })
}

fn best(points: &[SweepPoint]) -> Option<SweepPoint> {
    let worth = |point: &SweepPoint| (point.f1.unwrap_or(0.0), -point.alarms_per_quiet_hour.unwrap_or(0.0));
    let most = points.iter().map(worth).max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))?;
    let equals: Vec<&SweepPoint> = points.iter().filter(|point| worth(point) == most).collect();
    equals.get(equals.len() / 2).map(|&point| *point)
}

impl Sweep {
    /// Its curves as an SVG picture.
    ///
    /// # Errors
    ///
    /// [`PlotError`].
    pub fn svg(&self) -> Result<String, PlotError> {
        let curve = |name: &str, value: fn(&SweepPoint) -> Option<f64>| {
            // A share of nothing leaves a gap.
            let place = |point: &SweepPoint| point.threshold.map_or(f64::NAN, f64::from);
            let point = |point: &SweepPoint| (place(point), value(point).unwrap_or(f64::NAN));
            Series::new(name, self.points.iter().map(point).collect())
        };
        let threshold = self.best.threshold.unwrap_or_default();
        let best = |label: String| vec![Mark { x: f64::from(threshold), label }];
        let label = format!("best: F1 {:.2} at {threshold:.2}", self.best.f1.unwrap_or(0.0));
        let mut panels = vec![Panel {
            y: Axis { label: "share".to_owned(), scale: Scale::Linear, range: Some((0.0, 1.0)) },
            series: vec![
                curve("F1", |point| point.f1),
                curve("precision", |point| point.precision),
                curve("recall", |point| point.recall),
            ],
            marks: best(label),
        }];
        if self.points.iter().any(|point| point.alarms_per_quiet_hour.is_some()) {
            panels.push(Panel {
                y: Axis { label: "false alarms a quiet hour".to_owned(), scale: Scale::LogFromZero, range: None },
                series: vec![curve("", |point| point.alarms_per_quiet_hour)],
                marks: best(String::new()),
            });
        }
        Chart {
            title: format!("When to speak, by threshold (±{} s)", self.tolerance),
            x: Axis {
                label: "threshold on the probability of a response".to_owned(),
                scale: Scale::Linear,
                range: Some((0.0, 1.0)),
            },
            panels,
        }
        .svg()
    }
}
