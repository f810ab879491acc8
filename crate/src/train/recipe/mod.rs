//! The one file that says how a model is trained.

mod file;
mod material;
#[cfg(test)]
mod tests;

use std::ops::Not;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use self::file::{RecipeError, read as read_toml};
pub use self::material::{Library, Material};
use super::{AdamW, Muon, Objective, Optimiser, checkpoint};
use crate::kernels::Rounding;

/// More dialogues, rounds or streams than that are a slip of the pen.
const LARGEST: usize = 1 << 16;

/// Everything that decides what comes out of a training, but the machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// From which every random choice follows.
    pub seed: u64,
    /// A Hugging Face directory, seen from where the recipe stands. Where it holds no weights they are drawn, and where it
    /// holds no tokenizer one is made.
    pub model: PathBuf,
    /// Whether weights are drawn also where the model holds some.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub afresh: bool,
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
    /// The optimiser of the matrices between embedding and head, where it is another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muon: Option<Muon>,
    /// Where a running mean of the weights is validated, and left at the end, in place of those of the last step: the share
    /// of it that stays with each step. 0.998 looks back over some 500.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// The loss.
    #[serde(default)]
    pub objective: Objective,
    /// What becomes of the factors of products on the CPU while it learns. What is validated, and watched, is not rounded.
    #[serde(default, skip_serializing_if = "is_none")]
    pub rounding: Rounding,
    /// Whether there is a state for what is under way; without it such rounds are silent.
    #[serde(default = "yes")]
    pub standby: bool,
    /// What it is to be able to do.
    #[serde(default)]
    pub learns: Skill,
    /// What is learnt, one phase after the other; the last goes on to the end.
    pub phases: Vec<Phase>,
    /// How often it is looked at and kept.
    #[serde(default)]
    pub rhythm: Rhythm,
    /// Where the recipe stands.
    #[serde(skip)]
    pub place: PathBuf,
}

fn is_none(rounding: &Rounding) -> bool {
    *rounding == Rounding::None
}

fn yes() -> bool {
    true
}

/// What a model learns: both, or one of two models that watch together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skill {
    /// When to speak, and what to say.
    #[default]
    Both,
    /// When to speak; nothing is said in its dialogues.
    When,
    /// What to say where it is to speak.
    What,
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

impl Freezable {
    /// All of them.
    pub const ALL: [Freezable; 3] = [Freezable::Vision, Freezable::Merger, Freezable::Language];
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

impl Recipe {
    /// Reads the recipe at `path`.
    ///
    /// # Errors
    ///
    /// It is not there, not TOML, or has a value that makes no sense.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let (recipe, place): (Self, _) = file::read(path)?;
        let invalid = |reason: &str| RecipeError::Invalid { path: path.to_owned(), reason: reason.to_owned() };
        recipe.check().map_err(invalid)?;
        Ok(Self { place, ..recipe })
    }

    /// The recipe of a table such as a file holds, as if it stood in `place`.
    ///
    /// # Errors
    ///
    /// In a sentence, what makes no sense.
    pub fn of(table: toml::Table, place: PathBuf) -> Result<Self, String> {
        let recipe: Self = table.try_into().map_err(|error: toml::de::Error| error.message().replace('\n', ", "))?;
        recipe.check()?;
        Ok(Self { place, ..recipe })
    }

    /// Where a run that followed a recipe to its end has the model.
    pub fn finished(run: &Path) -> PathBuf {
        run.join(checkpoint::MODEL)
    }

    /// Where its model is, seen from here.
    pub fn model(&self) -> PathBuf {
        self.place.join(&self.model)
    }

    /// What takes parameters where gradients point.
    pub fn optimiser(&self) -> Optimiser {
        Optimiser { adamw: self.adamw, muon: self.muon }
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
                positive(epsilon) && positive(clip) && weight_decay >= 0.0 && weight_decay.is_finite(),
                "adamw wants epsilon and clip above 0, and weight_decay not below",
            ),
            (self.muon.is_none_or(|muon| beta(muon.momentum)), "muon.momentum is a number from 0 to 1, without 1"),
            (self.average.is_none_or(beta), "average is a number from 0 to 1, without 1"),
            (!self.phases.is_empty(), "it has no phases: say what is to be learnt"),
            (
                self.rhythm.save > 0 && self.rhythm.keep > 0 && self.rhythm.validate > 0,
                "rhythm.save, keep and validate are 1 or more",
            ),
            (self.rhythm.streams <= LARGEST, "rhythm.streams is 65536 at most"),
            (
                !Freezable::ALL.iter().all(|part| self.freeze.contains(part)),
                "all three parts are frozen: there is nothing to learn",
            ),
            (
                self.learns != Skill::When
                    || !self.phases.iter().flat_map(|phase| &phase.material).any(|material| material.blind),
                "blind material teaches what to say, and who learns only when says nothing: leave one of them out",
            ),
            (self.objective.holds(), "objective wants a gamma of 0 or more, or three weights of 0 or more"),
            (
                self.phases.is_sorted_by(|phase, next| phase.until < next.until),
                "each phase lasts until a larger share of all steps than the one before it",
            ),
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
        let shares: f64 = self.material.iter().map(|material| material.share).sum();
        let rules = [
            ((0.0..=1.0).contains(&self.until), "a phase's until is a share of all steps, from 0 to 1"),
            (shares > 0.0 && shares.is_finite(), "a phase needs material, with shares above 0"),
        ];
        let broken = rules.into_iter().find(|(holds, _)| !holds).map(|(_, reason)| reason);
        broken.or_else(|| self.material.iter().find_map(Material::broken))
    }
}
