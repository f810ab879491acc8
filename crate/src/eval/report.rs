use std::collections::BTreeMap;

use serde::Serialize;

use super::baselines::{self, Baseline};
use super::score::{ANSWERS_AT, Observed, TOLERANCES, Tally, score};
use super::sweep::{self, Sweep};
use super::{EvalError, Scores, Truth};

/// One stream: what is right for it, and what a model made of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// What is right.
    pub truth: Truth,
    /// The model's rounds, in order.
    pub observed: Vec<Observed>,
}

/// How well a model keeps time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TimingReport {
    /// All streams as if they were one.
    pub overall: Scores,
    /// The mean over tasks, each counting alike.
    pub mean_of_tasks: Averages,
    /// The streams of each task as if they were one.
    pub tasks: BTreeMap<String, Scores>,
    /// What those reach on the same streams who do not look.
    pub baselines: Vec<Baseline>,
    /// What other thresholds would give; none where no round has logits.
    pub sweep: Option<Sweep>,
}

/// Means over tasks, of those that have a value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Averages {
    /// F1 at each of [`TOLERANCES`].
    pub f1: [Option<f64>; TOLERANCES.len()],
    /// The share of right texts among responses within a second of their time.
    pub accuracy: Option<f64>,
    /// The share of right texts among all responses due.
    pub accuracy_of_expected: Option<f64>,
    /// False alarms a quiet hour.
    pub alarms_per_quiet_hour: Option<f64>,
}

impl TimingReport {
    /// The report of `streams`. Their order changes nothing.
    ///
    /// # Errors
    ///
    /// [`score`]'s, or no response is due in any of them.
    pub fn of(streams: &[Stream]) -> Result<Self, EvalError> {
        // Sums of floats and random baselines hang on the order: it is made the same.
        let mut streams: Vec<&Stream> = streams.iter().collect();
        streams.sort_by(|a, b| a.truth.name.cmp(&b.truth.name));
        if streams.iter().all(|stream| stream.truth.expected.is_empty()) {
            return Err(EvalError::NothingExpected);
        }
        let mut overall = Tally::default();
        let mut tasks: BTreeMap<String, Tally> = BTreeMap::new();
        for stream in &streams {
            let tally = score(&stream.truth, &stream.observed)?;
            overall.add(&tally);
            tasks.entry(stream.truth.task.clone()).or_default().add(&tally);
        }
        let tasks: BTreeMap<String, Scores> = tasks.into_iter().map(|(task, tally)| (task, tally.scores())).collect();
        Ok(Self {
            baselines: baselines::of(&streams, &overall)?,
            sweep: sweep::of(&streams)?,
            overall: overall.scores(),
            mean_of_tasks: Averages::over(tasks.values()),
            tasks,
        })
    }
}

impl Averages {
    fn over<'a>(tasks: impl Iterator<Item = &'a Scores> + Clone) -> Self {
        let mean = |value: &dyn Fn(&Scores) -> Option<f64>| {
            let values: Vec<f64> = tasks.clone().filter_map(value).collect();
            (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
        };
        Self {
            f1: std::array::from_fn(|index| mean(&|task| task.timing[index].f1)),
            accuracy: mean(&|task| task.answers.accuracy),
            accuracy_of_expected: mean(&|task| task.answers.accuracy_of_expected),
            alarms_per_quiet_hour: mean(&|task| task.quiet.alarms_per_hour),
        }
    }
}

impl Scores {
    /// F1 where answers are judged, within a second of their time.
    pub fn f1_within_a_second(&self) -> Option<f64> {
        self.timing[ANSWERS_AT].f1
    }
}
