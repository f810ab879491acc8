//! Trainings that differ in one thing, and what each makes of the same films.
//!
//! ```text
//! plan ─ recipe + changes ─ training ─ checkpoint ┐
//!                                                 ├ held-out films ─ timing ─ a row of the table
//!        (perhaps another one that decides when) ─┘
//! ```
//!
//! Everything goes on where it was left: trainings at their last checkpoint, the table at the first row that is missing.

mod plan;
mod table;
#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use burn::tensor::Device;
use thiserror::Error;

pub use self::plan::{Films, Plan, PlanError, Row, Training};
pub use self::table::{Measured, Table};
use crate::clock::{Clock, ClockError};
use crate::eval::{EvalError, Stream, TimingReport, Watcher, WorldError, Worlds};
use crate::kernels::format::Format;
use crate::model::{Description, LoadError, Model};
use crate::stream::DecisionRule;
use crate::synth::Split;
use crate::train::{Recipe, TrainError, replace_file};
use crate::weights::{self, Directory};

/// A comparison under way in a directory.
#[derive(Debug)]
pub struct Comparison {
    plan: Plan,
    output: PathBuf,
    device: Device,
}

/// Why a comparison cannot begin or go on.
#[derive(Debug, Error)]
pub enum CompareError {
    /// The plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A training.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// What it made cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// A film that cannot be watched.
    #[error(transparent)]
    Watch(#[from] WorldError),
    /// Nothing to score.
    #[error(transparent)]
    Score(#[from] EvalError),
    /// A rate that no stream has.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// A training that is not done.
    #[error("{0} has not been trained to its end")]
    Unfinished(String),
    /// The disk, or a file there that is none of ours.
    #[error("{path}: {source}", path = .path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl Comparison {
    /// Begins a comparison in `output`, or goes on with the one that is there; `device` is where models watch.
    ///
    /// # Errors
    ///
    /// The plan makes no sense.
    pub fn open(plan: &Path, output: &Path, device: &Device) -> Result<Self, CompareError> {
        Ok(Self { plan: Plan::read(plan)?, output: output.to_owned(), device: device.clone() })
    }

    /// What is compared.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The recipe of a training, and the directory of its run.
    ///
    /// # Errors
    ///
    /// The recipe cannot be read.
    pub fn recipe(&self, training: &Training) -> Result<(Recipe, PathBuf), CompareError> {
        Ok((self.plan.recipe_of(training, &self.output)?, self.output.join(&training.name)))
    }

    /// What the model of a row makes of all films; `hear` is called after each.
    ///
    /// # Errors
    ///
    /// A training that is not done, or a film that cannot be watched.
    pub fn watch(&self, row: &Row, hear: &mut dyn FnMut()) -> Result<TimingReport, CompareError> {
        let Films { count, seconds, size: [width, height], ref tasks, seed } = self.plan.films;
        let worlds = Worlds {
            split: Split::HeldOut,
            size: (width, height),
            clock: Clock::new(row.fps)?,
            rounds: (seconds * row.fps).round().max(1.0) as usize,
            films: count,
            seed,
        };
        let watcher = self.watcher(&row.model)?;
        let decider = row.decider.as_deref().map(|decider| self.watcher(decider)).transpose()?;
        // No threshold: one that a model brings was chosen for the weights that its training began with.
        let options = worlds.options(&watcher.description.settings, DecisionRule::default());
        let streams = worlds.films(tasks).into_iter().map(|film| {
            let stream = worlds.watch(film, &options, &watcher, decider.as_ref())?;
            hear();
            Ok(stream)
        });
        Ok(TimingReport::of(&streams.collect::<Result<Vec<Stream>, CompareError>>()?)?)
    }

    /// The model that a training made.
    fn watcher(&self, name: &str) -> Result<Watcher, CompareError> {
        let place = Recipe::finished(&self.output.join(name));
        if !place.is_dir() {
            return Err(CompareError::Unfinished(name.to_owned()));
        }
        let files = Directory(place);
        let description = Description::read(&files)?;
        let store = weights::open(&files, Some(Format::default())).map_err(LoadError::from)?;
        let model = Model::load(&description.config, store.as_ref(), &self.device, &|_| ()).map_err(LoadError::from)?;
        Ok(Watcher { description, model: Rc::new(model) })
    }

    /// Where the table is.
    fn table_path(&self) -> PathBuf {
        self.output.join("table.json")
    }

    /// What has been measured of this plan's rows and films so far.
    ///
    /// # Errors
    ///
    /// The disk.
    pub fn table(&self) -> Result<Table, CompareError> {
        let path = self.table_path();
        let failed = |source| CompareError::Disk { path: path.clone(), source };
        let measured: Vec<Measured> = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| failed(error.into()))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(failed(error)),
        };
        let wanted =
            |row: &Row| measured.iter().find(|done| done.row == *row && done.films == self.plan.films).cloned();
        Ok(Table(self.plan.rows.iter().filter_map(wanted).collect()))
    }

    /// Writes the table down, as JSON and for people.
    ///
    /// # Errors
    ///
    /// The disk.
    pub fn keep(&self, table: &Table) -> Result<(), CompareError> {
        let json = serde_json::to_string_pretty(&table.0).map(|json| json + "\n").map_err(io::Error::from);
        for (path, text) in [(self.table_path(), json), (self.output.join("table.md"), Ok(table.markdown()))] {
            text.and_then(|text| replace_file(&path, text)).map_err(|source| CompareError::Disk { path, source })?;
        }
        Ok(())
    }
}
