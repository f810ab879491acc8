//! What a run leaves for people: tables of every step and every validation, and their curves.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::draft::replace_file;
use super::trainer::Step;
use super::{Tally, TrainError};
use crate::plot::{Axis, Chart, Panel, Series};
use crate::synth::Task;

const STEPS: &str = "steps.csv";
const VALIDATIONS: &str = "validations.csv";
const CURVES: &str = "curves.svg";

/// A line of `steps.csv`. Entropies are in nats a token; empty where a kind did not occur.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct StepLine {
    step: u64,
    rate: f64,
    norm: f64,
    loss: f64,
    silence: Option<f64>,
    standby: Option<f64>,
    response: Option<f64>,
    text: Option<f64>,
}

/// A line of `validations.csv`: shares of what was right, each after the right history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct ValidationLine {
    step: u64,
    /// Or the name of a file of samples.
    task: String,
    loss: f64,
    response_f1: f64,
    silence: Option<f64>,
    standby: Option<f64>,
    response: Option<f64>,
    text: Option<f64>,
}

/// The journal of a run.
#[derive(Debug)]
pub struct Journal {
    run: PathBuf,
}

impl Journal {
    /// Of the run in `run`, of which what came after `step` is struck out: it will be done again.
    ///
    /// # Errors
    ///
    /// The disk, or a table that is no table of this.
    pub fn open(run: &Path, step: u64) -> Result<Self, TrainError> {
        let journal = Self { run: run.to_owned() };
        let steps: Vec<StepLine> = journal.read(STEPS)?;
        journal.rewrite(STEPS, steps.iter().filter(|line| line.step <= step))?;
        let validations: Vec<ValidationLine> = journal.read(VALIDATIONS)?;
        journal.rewrite(VALIDATIONS, validations.iter().filter(|line| line.step <= step))?;
        Ok(journal)
    }

    /// Writes a step down.
    ///
    /// # Errors
    ///
    /// The disk.
    pub fn step(&self, step: &Step) -> Result<(), TrainError> {
        let [silence, standby, response, text] = step.tally.mean_entropy().map(known);
        let &Step { step, rate, norm, tally: Tally { loss, .. } } = step;
        self.append(STEPS, [StepLine { step, rate, norm, loss, silence, standby, response, text }])
    }

    /// Writes a validation after `step` down.
    ///
    /// # Errors
    ///
    /// The disk.
    pub fn validation(&self, step: u64, tallies: &BTreeMap<String, Tally>) -> Result<(), TrainError> {
        let lines = tallies.iter().map(|(task, tally)| {
            let [silence, standby, response, text] = tally.accuracy().map(known);
            let response_f1 = tally.response_f1();
            let task = task.clone();
            ValidationLine { step, task, loss: tally.loss, response_f1, silence, standby, response, text }
        });
        self.append(VALIDATIONS, lines)
    }

    /// Draws everything that was written down.
    ///
    /// # Errors
    ///
    /// The disk.
    pub fn draw(&self) -> Result<(), TrainError> {
        let steps: Vec<StepLine> = self.read(STEPS)?;
        let validations: Vec<ValidationLine> = self.read(VALIDATIONS)?;
        let place = self.run.join(CURVES);
        // Nothing to draw is no failure of a training.
        let Ok(svg) = chart(&steps, &validations).svg() else { return Ok(()) };
        replace_file(&place, svg).map_err(TrainError::at(&place))
    }

    fn read<L: for<'de> Deserialize<'de>>(&self, table: &str) -> Result<Vec<L>, TrainError> {
        let place = self.run.join(table);
        match File::open(&place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(TrainError::Disk(place, error)),
            Ok(file) => {
                // A line that was cut off by a kill is the last, and is struck out.
                Ok(csv::Reader::from_reader(file).into_deserialize().map_while(Result::ok).collect())
            }
        }
    }

    fn rewrite<'l, L: Serialize + 'l>(
        &self,
        table: &str,
        lines: impl Iterator<Item = &'l L>,
    ) -> Result<(), TrainError> {
        let place = self.run.join(table);
        let write = || -> io::Result<()> {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for line in lines {
                writer.serialize(line)?;
            }
            replace_file(&place, writer.into_inner().map_err(|error| error.into_error())?)
        };
        write().map_err(TrainError::at(&place))
    }

    fn append<L: Serialize>(&self, table: &str, lines: impl IntoIterator<Item = L>) -> Result<(), TrainError> {
        let place = self.run.join(table);
        let write = || -> io::Result<()> {
            let file = OpenOptions::new().create(true).append(true).open(&place)?;
            let new = file.metadata()?.len() == 0;
            let mut writer = csv::WriterBuilder::new().has_headers(new).from_writer(file);
            for line in lines {
                writer.serialize(line)?;
            }
            writer.flush()
        };
        write().map_err(TrainError::at(&place))
    }
}

fn known(number: f64) -> Option<f64> {
    number.is_finite().then_some(number)
}

/// Entropies of the four kinds over the steps, and below them the responses that were found in validations.
fn chart(steps: &[StepLine], validations: &[ValidationLine]) -> Chart {
    type Entropy = fn(&StepLine) -> Option<f64>;
    let kinds: [(&str, Entropy); 4] = [
        ("silence", |line| line.silence),
        ("standby", |line| line.standby),
        // Where every second is described there is nothing to decide.
        ("response", |line| line.silence.and(line.response)),
        ("text", |line| line.text),
    ];
    let mut entropies = Vec::new();
    for (name, of) in kinds {
        let points: Vec<(f64, f64)> = steps.iter().filter_map(|line| Some((line.step as f64, of(line)?))).collect();
        let smooth = smoothed(&points);
        entropies.push(Series::faint(name, points));
        entropies.push(Series::new(name, smooth));
    }
    let mut found: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
    for line in validations.iter().filter(|line| !line.task.starts_with(Task::Dense.name())) {
        found.entry(&line.task).or_default().push((line.step as f64, line.response_f1));
    }
    let found = found.into_iter().map(|(task, points)| Series::new(task, points)).collect();
    Chart {
        title: "Training".to_owned(),
        x: Axis::linear("step"),
        panels: vec![
            Panel { y: Axis::log("cross-entropy, nats"), series: entropies, marks: vec![] },
            Panel {
                y: Axis { range: Some((0.0, 1.0)), ..Axis::linear("F1 of responses") },
                series: found,
                marks: vec![],
            },
        ],
    }
}

/// A moving average over a fiftieth of the points.
fn smoothed(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let window = (points.len() / 50).max(1);
    let mean = |run: &[(f64, f64)]| run.iter().map(|point| point.1).sum::<f64>() / run.len() as f64;
    points.windows(window).map(|run| (run[run.len() - 1].0, mean(run))).collect()
}
