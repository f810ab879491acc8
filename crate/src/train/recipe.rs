//! The one file that says how a model is trained.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{AdamW, Objective};
use crate::clock::Clock;
use crate::synth::Task;

/// Everything that decides what comes out of a training, but the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// From which every random choice follows.
    pub seed: u64,
    /// A Hugging Face directory, seen from where the recipe stands. Where it holds no weights they are drawn, and where it
    /// holds no tokenizer one is made.
    pub model: PathBuf,
    /// Steps in all.
    pub steps: u64,
    /// How fast.
    pub rate: Rate,
    /// Parts that stay as they are.
    #[serde(default)]
    pub freeze: Vec<Freezable>,
    /// The optimiser.
    #[serde(default)]
    pub adamw: AdamW,
    /// The loss.
    #[serde(default)]
    pub objective: Objective,
    /// What is learnt, one phase after the other; the last goes on to the end.
    pub phases: Vec<Phase>,
    /// How often it is looked at and kept.
    #[serde(default)]
    pub rhythm: Rhythm,
    /// Where the recipe stands.
    #[serde(skip)]
    pub place: PathBuf,
}

/// The learning rate: up in a line, then down along half a cosine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// The highest.
    pub peak: f64,
    /// The last, as a share of the highest.
    pub floor: f64,
    /// Steps on the way up, as a share of all.
    pub warm_up: f64,
}

/// A part of the steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// The last step of the phase, as a share of all.
    pub until: f64,
    /// What is learnt from: a step takes one of these.
    pub material: Vec<Material>,
}

/// Dialogues of one sort, from the procedural world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Material {
    /// How often a step takes this.
    #[serde(default = "once")]
    pub share: f64,
    /// Dialogues of a step.
    pub batch: usize,
    /// Dialogues that are read at once.
    pub together: usize,
    /// Rounds of a dialogue, fewest and most.
    pub rounds: [usize; 2],
    /// Sizes of the frames, in pixels; all of them as often.
    pub sizes: Vec<[u32; 2]>,
    /// Rounds a second; all of them as often.
    #[serde(default = "one_a_second")]
    pub fps: Vec<f64>,
    /// The share of streams that have been going on for some time.
    #[serde(default)]
    pub late: f64,
    /// The share of streams in which nothing happens that is asked for.
    #[serde(default)]
    pub quiet: f64,
    /// How often each task comes.
    pub tasks: BTreeMap<Task, f64>,
}

fn once() -> f64 {
    1.0
}

fn one_a_second() -> Vec<f64> {
    vec![1.0]
}

/// A part that can be kept from learning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Freezable {
    /// The vision transformer without its merger.
    Vision,
    /// The merger.
    Merger,
    /// The decoder, its embedding and the head.
    Language,
}

/// How often a training is looked at and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rhythm {
    /// Steps between two checkpoints.
    pub save: u64,
    /// Checkpoints that stay, the newest.
    pub keep: usize,
    /// Steps between two validations.
    pub validate: u64,
    /// Streams of each task in a validation, none of which is ever trained on.
    pub streams: usize,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self { save: 100, keep: 2, validate: 500, streams: 16 }
    }
}

/// Why a recipe cannot be followed.
#[derive(Debug, Error)]
pub enum RecipeError {
    /// There is none.
    #[error("cannot read the recipe {path}: {source}", path = .path.display())]
    Unreadable {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not TOML, or says what no recipe says.
    #[error("the recipe {path} is not valid: {reason}", path = .path.display())]
    Invalid {
        /// Where it is.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

impl Recipe {
    /// Reads the recipe at `path`.
    ///
    /// # Errors
    ///
    /// It is not there, not TOML, or has a value that makes no sense.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RecipeError::Unreadable { path: path.to_owned(), source })?;
        let invalid = |reason: String| RecipeError::Invalid { path: path.to_owned(), reason };
        let mut recipe: Self = toml::from_str(&text).map_err(|error| invalid(error.to_string().trim().to_owned()))?;
        recipe.check().map_err(|reason| invalid(reason.to_owned()))?;
        recipe.place = path.parent().unwrap_or(Path::new("")).to_owned();
        Ok(recipe)
    }

    /// Where its model is, seen from here.
    pub fn model(&self) -> PathBuf {
        self.place.join(&self.model)
    }

    fn check(&self) -> Result<(), &'static str> {
        let share = |share: f64| (0.0..=1.0).contains(&share);
        let Rate { peak, floor, warm_up } = self.rate;
        let AdamW { betas, epsilon, weight_decay, clip } = self.adamw;
        let beta = |beta: f64| (0.0..1.0).contains(&beta);
        let positive = |number: f64| number > 0.0 && number.is_finite();
        let rules = [
            (self.steps > 0, "steps is 0; give 1 or more"),
            (
                positive(peak) && share(floor) && share(warm_up),
                "rate wants a peak above 0, and floor and warm_up from 0 to 1",
            ),
            (betas.into_iter().all(beta), "adamw.betas are numbers from 0 to 1, without 1"),
            (
                positive(epsilon) && positive(clip) && weight_decay >= 0.0,
                "adamw wants epsilon and clip above 0, and weight_decay not below",
            ),
            (!self.phases.is_empty(), "it has no phases: say what is to be learnt"),
            (
                self.rhythm.save > 0 && self.rhythm.keep > 0 && self.rhythm.validate > 0,
                "rhythm.save, keep and validate are 1 or more",
            ),
            (self.freeze.len() < 3, "all three parts are frozen: there is nothing to learn"),
        ];
        let broken = rules.into_iter().find(|(holds, _)| !holds).map(|(_, reason)| reason);
        let phases = || self.phases.iter().find_map(Phase::broken);
        broken.or_else(phases).map_or(Ok(()), Err)
    }

    /// The learning rate of `step`, the first being 1.
    pub fn rate(&self, step: u64) -> f64 {
        let Rate { peak, floor, warm_up } = self.rate;
        let (step, all) = (step as f64, self.steps as f64);
        let warm = (warm_up * all).max(1.0);
        if step <= warm {
            return peak * step / warm;
        }
        let way = ((step - warm) / (all - warm).max(1.0)).min(1.0);
        peak * (floor + (1.0 - floor) * 0.5 * (1.0 + (std::f64::consts::PI * way).cos()))
    }

    /// The phase of `step`.
    pub fn phase(&self, step: u64) -> &Phase {
        let way = step as f64 / self.steps as f64;
        let last = self.phases.len() - 1;
        &self.phases[self.phases.iter().position(|phase| way <= phase.until).unwrap_or(last)]
    }
}

impl Phase {
    fn broken(&self) -> Option<&'static str> {
        match self.material.is_empty() || self.material.iter().map(|material| material.share).sum::<f64>() <= 0.0 {
            true => Some("a phase needs material, with shares above 0"),
            false => self.material.iter().find_map(Material::broken),
        }
    }
}

impl Material {
    fn broken(&self) -> Option<&'static str> {
        let [fewest, most] = self.rounds;
        let weights: f64 = self.tasks.values().sum();
        let rates = |fps: &f64| Clock::RATES.contains(fps);
        let rules = [
            (self.share >= 0.0, "a share is 0 or more"),
            (self.batch > 0 && self.together > 0, "batch and together are 1 or more"),
            ((1..=most).contains(&fewest), "rounds are the fewest and the most, 1 or more"),
            (
                weights > 0.0 && self.tasks.values().all(|&weight| weight >= 0.0),
                "material needs tasks, with weights above 0",
            ),
            (
                !self.sizes.is_empty() && self.sizes.iter().flatten().all(|&side| side > 0),
                "material needs sizes, as in [[140, 84]]",
            ),
            (!self.fps.is_empty() && self.fps.iter().all(rates), "fps are numbers such as 1 or 0.5"),
            (
                (0.0..=1.0).contains(&self.late) && (0.0..=1.0).contains(&self.quiet),
                "late and quiet are shares from 0 to 1",
            ),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map(|(_, reason)| reason)
    }
}
