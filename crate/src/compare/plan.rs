//! What is compared: trainings that differ in one thing, and what is watched with them.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;
use toml::{Table, Value};

use crate::clock::Clock;
use crate::synth::{LONGEST_SIDE, Task};
use crate::train::{Recipe, RecipeError, read_toml};

/// A comparison, as its file says it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The recipe that all trainings have in common, seen from where the plan stands.
    pub recipe: PathBuf,
    /// The films on which they are compared.
    pub films: Films,
    /// The trainings, in order.
    #[serde(rename = "training")]
    pub trainings: Vec<Training>,
    /// The rows of the table, in order.
    #[serde(rename = "row")]
    pub rows: Vec<Row>,
    /// Where the plan stands.
    #[serde(skip)]
    place: PathBuf,
}

/// Held-out films, the same for every row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Films {
    /// How many of each task.
    pub count: u64,
    /// How long each is, in seconds.
    pub seconds: f64,
    /// Pixels of a picture.
    pub size: [u32; 2],
    /// What is asked for.
    pub tasks: Vec<Task>,
    /// What chance begins with.
    #[serde(default)]
    pub seed: u64,
}

/// One training.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// What its run is called: a directory.
    pub name: String,
    /// The earlier training whose model it begins with; without one, the recipe's.
    pub from: Option<String>,
    /// What is otherwise than in the recipe. Tables are changed key by key; all else, and what has a kind, as a whole.
    #[serde(default)]
    pub change: Table,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// What it is called.
    pub name: String,
    /// The training whose model watches.
    pub model: String,
    /// The training whose model decides when to speak; without one, the model itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decider: Option<String>,
    /// Rounds a second.
    #[serde(default = "one_a_second")]
    pub fps: f64,
}

fn one_a_second() -> f64 {
    1.0
}

/// Why nothing can be compared.
#[derive(Debug, Error)]
pub enum PlanError {
    /// A file.
    #[error(transparent)]
    File(#[from] RecipeError),
    /// The plan asks for something that makes no sense.
    #[error("the plan {path} is not valid: {reason}", path = .path.display())]
    Invalid {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Plan {
    /// Reads the plan at `path`, and all of its recipes.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or something in it that makes no sense.
    pub fn read(path: &Path) -> Result<Self, PlanError> {
        let (mut plan, place): (Self, _) = read_toml(path)?;
        plan.place = place;
        let invalid = |reason: String| PlanError::Invalid { path: path.to_owned(), reason };
        plan.check().map_err(invalid)?;
        for training in &plan.trainings {
            plan.recipe_of(training, Path::new("")).map_err(|error| match error {
                PlanError::Invalid { reason, .. } => invalid(format!("{}: {reason}", training.name)),
                error => error,
            })?;
        }
        Ok(plan)
    }

    fn check(&self) -> Result<(), String> {
        let Films { count, seconds, size, tasks, .. } = &self.films;
        if *count == 0 || tasks.is_empty() || !(1.0..=3600.0).contains(seconds) {
            return Err("films wants a count and tasks, and seconds from 1 to 3600".to_owned());
        }
        if size.iter().any(|side| !(1..=LONGEST_SIDE).contains(side)) {
            return Err(format!("films.size are pixels, from 1 to {LONGEST_SIDE}"));
        }
        for (index, Training { name, from, .. }) in self.trainings.iter().enumerate() {
            let earlier = |wanted: &str| self.trainings[..index].iter().any(|training| training.name == wanted);
            let letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
            if name.is_empty() || !name.chars().all(letter) {
                return Err(format!("{name:?} names no directory: use letters, digits and -"));
            }
            if earlier(name) {
                return Err(format!("there are two trainings {name}"));
            }
            if let Some(from) = from.as_deref().filter(|from| !earlier(from)) {
                return Err(format!("{name} begins with {from}, and no training before it has that name"));
            }
        }
        if self.rows.is_empty() {
            return Err("it has no rows: say what is to be watched".to_owned());
        }
        for Row { name, model, decider, fps } in &self.rows {
            let unknown = |wanted: &&String| self.training(wanted).is_none();
            if let Some(missing) = [Some(model), decider.as_ref()].into_iter().flatten().find(unknown) {
                return Err(format!("the row {name:?} is to be watched by {missing}, and there is no such training"));
            }
            if !Clock::RATES.contains(fps) {
                return Err(format!("the row {name:?} wants an fps such as 1 or 0.5"));
            }
        }
        Ok(())
    }

    /// The training of that name.
    pub fn training(&self, name: &str) -> Option<&Training> {
        self.trainings.iter().find(|training| training.name == name)
    }

    /// The recipe of a training whose run, beside those of the others, is in `output`.
    ///
    /// # Errors
    ///
    /// The recipe cannot be read, or what is changed makes no sense.
    pub fn recipe_of(&self, training: &Training, output: &Path) -> Result<Recipe, PlanError> {
        let path = self.place.join(&self.recipe);
        let (mut table, mut place): (Table, _) = read_toml(&path)?;
        change(&mut table, &training.change);
        if let Some(from) = &training.from {
            let model = Recipe::finished(Path::new(from)).to_string_lossy().into_owned();
            table.insert("model".to_owned(), Value::String(model));
            // What that training has learnt is what this one begins with.
            table.remove("afresh");
            output.clone_into(&mut place);
        }
        Recipe::of(table, place).map_err(|reason| PlanError::Invalid { path, reason })
    }
}

/// Makes `table` what `changes` says, where it says anything.
fn change(table: &mut Table, changes: &Table) {
    for (key, new) in changes {
        match (table.get_mut(key), new) {
            (Some(Value::Table(old)), Value::Table(new)) if !new.contains_key("kind") => change(old, new),
            _ => {
                table.insert(key.clone(), new.clone());
            }
        }
    }
}
