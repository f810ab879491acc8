//! The one file that says how a model is trained.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{AdamW, Objective};
use crate::clock::Clock;
use crate::synth::Task;

/// More dialogues, rounds or streams than that are a slip of the pen.
const LARGEST: usize = 1 << 16;

/// Pixels of a side that films are drawn in.
const LONGEST_SIDE: u32 = 4096;

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
        let mut recipe: Self = toml::from_str(&text).map_err(|error| {
            let reason = error.message().replace('\n', ", ");
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            match before.matches('\n').count() {
                // What the whole file lacks has no line.
                0 => invalid(reason),
                lines => invalid(format!("{reason}, in line {}", lines + 1)),
            }
        })?;
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
                positive(epsilon) && positive(clip) && weight_decay >= 0.0 && weight_decay.is_finite(),
                "adamw wants epsilon and clip above 0, and weight_decay not below",
            ),
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

impl Material {
    fn broken(&self) -> Option<&'static str> {
        let [fewest, most] = self.rounds;
        let weights: f64 = self.tasks.values().sum();
        let rates = |fps: &f64| Clock::RATES.contains(fps);
        let rules = [
            (self.share >= 0.0, "a share is 0 or more"),
            (
                (1..=LARGEST).contains(&self.batch) && (1..=LARGEST).contains(&self.together),
                "batch and together are from 1 to 65536",
            ),
            ((1..=most).contains(&fewest) && most <= LARGEST, "rounds are the fewest and the most, from 1 to 65536"),
            (
                weights > 0.0 && weights.is_finite() && self.tasks.values().all(|&weight| weight >= 0.0),
                "material needs tasks, with weights above 0",
            ),
            (
                !self.sizes.is_empty() && self.sizes.iter().flatten().all(|side| (1..=LONGEST_SIDE).contains(side)),
                "material needs sizes, as in [[140, 84]], of 4096 pixels a side at most",
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

#[cfg(test)]
mod tests {
    use super::*;

    const RECIPE: &str = r#"
seed = 1
model = "."
steps = 100
rate = { peak = 2.0, floor = 0.1, warm_up = 0.1 }

[[phases]]
until = 0.25
[[phases.material]]
batch = 4
together = 2
rounds = [2, 2]
sizes = [[56, 28]]
tasks = { dense = 1.0 }

[[phases]]
until = 1.0
[[phases.material]]
share = 3.0
batch = 8
together = 8
rounds = [3, 5]
sizes = [[56, 28]]
tasks = { alert = 1.0 }
"#;

    fn read(text: &str) -> Result<Recipe, String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("recipe.toml");
        std::fs::write(&path, text).unwrap();
        Recipe::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn rates_go_up_in_a_line_and_down_along_half_a_cosine() {
        let recipe = read(RECIPE).unwrap();
        let near = |step, rate: f64| assert!((recipe.rate(step) - rate).abs() < 1e-12, "{step}: {}", recipe.rate(step));
        near(1, 0.2);
        near(5, 1.0);
        near(10, 2.0);
        // A third of the way from 10 to 100, where the cosine is a half; the middle; the end; and beyond.
        near(40, 2.0 * (0.1 + 0.9 * 0.75));
        near(55, 1.1);
        near(100, 0.2);
        near(120, 0.2);
        assert!((11..=100).all(|step| recipe.rate(step) < recipe.rate(step - 1)));
        let at_once = Recipe { rate: Rate { warm_up: 0.0, ..recipe.rate }, ..recipe };
        assert_eq!(at_once.rate(1), 2.0);
    }

    #[test]
    fn phases_follow_each_other() {
        let recipe = read(RECIPE).unwrap();
        let first = |step| std::ptr::eq(recipe.phase(step), &recipe.phases[0]);
        assert_eq!([1, 25, 26, 100, 200].map(first), [true, true, false, false, false]);
        // The last goes on to the end, even where it says otherwise.
        let short = read(&RECIPE.replace("until = 1.0", "until = 0.5")).unwrap();
        assert!(std::ptr::eq(short.phase(100), &short.phases[1]));
    }

    #[test]
    fn what_is_not_said_is_upstreams() {
        let recipe = read(RECIPE).unwrap();
        assert_eq!(recipe.objective, Objective::Focal { gamma: 2.0 });
        assert_eq!(recipe.adamw, AdamW { betas: [0.9, 0.95], epsilon: 1e-8, weight_decay: 0.1, clip: 1.0 });
        assert!(recipe.freeze.is_empty());
        assert_eq!(recipe.phases[0].material[0].fps, [1.0]);
    }

    #[test]
    fn a_recipe_is_what_its_text_is() {
        let recipe = read(RECIPE).unwrap();
        let again = read(&toml::to_string_pretty(&recipe).unwrap()).unwrap();
        assert_eq!(Recipe { place: PathBuf::new(), ..again }, Recipe { place: PathBuf::new(), ..recipe });
    }

    #[test]
    fn nonsense_is_refused_in_one_sentence() {
        for (sense, nonsense, said) in [
            ("steps = 100", "steps = 0", "steps is 0"),
            ("steps = 100", "steps = -1", "line 4"),
            ("steps = 100", "stepps = 100", "unknown field `stepps`"),
            ("batch = 4", "batch = 0", "batch and together"),
            ("batch = 4", "batch = 1000000000000", "batch and together"),
            ("together = 2", "together = 0", "batch and together"),
            ("together = 2", "", "missing field `together`"),
            ("peak = 2.0", "peak = 0.0", "peak above 0"),
            ("peak = 2.0", "peak = nan", "peak above 0"),
            ("peak = 2.0", "peak = inf", "peak above 0"),
            ("floor = 0.1", "floor = 1.5", "from 0 to 1"),
            ("warm_up = 0.1", "warm_up = -0.1", "from 0 to 1"),
            ("seed = 1", "seed = 1\nadamw = { betas = [0.9, 1.0] }", "adamw.betas"),
            ("seed = 1", "seed = 1\nadamw = { epsilon = 0.0 }", "epsilon"),
            ("seed = 1", "seed = 1\nadamw = { clip = nan }", "clip"),
            ("seed = 1", "seed = 1\nadamw = { weight_decay = inf }", "weight_decay"),
            ("seed = 1", "seed = 1\nobjective = { kind = \"focal\", gamma = -1.0 }", "gamma of 0 or more"),
            (
                "seed = 1",
                "seed = 1\nobjective = { kind = \"fixed\", weights = [1.0, nan, 1.0] }",
                "weights of 0 or more",
            ),
            ("seed = 1", "seed = 1\nobjective = { kind = \"loud\" }", "unknown variant `loud`"),
            ("seed = 1", "seed = 1\nfreeze = [\"vision\", \"merger\", \"language\"]", "nothing to learn"),
            ("seed = 1", "seed = 1\nfreeze = [\"head\"]", "unknown variant `head`"),
            ("seed = 1", "seed = 1\nrhythm = { save = 0 }", "rhythm.save"),
            ("seed = 1", "seed = 1\nrhythm = { streams = 10000000000 }", "rhythm.streams"),
            ("share = 3.0", "share = 0.0", "shares above 0"),
            ("share = 3.0", "share = inf", "shares above 0"),
            ("share = 3.0", "share = -3.0", "shares above 0"),
            ("until = 0.25", "until = 1.25", "until"),
            ("until = 0.25", "until = nan", "until"),
            ("until = 0.25", "until = 1.0", "a larger share"),
            ("rounds = [2, 2]", "rounds = [0, 2]", "rounds"),
            ("rounds = [2, 2]", "rounds = [3, 2]", "rounds"),
            ("rounds = [2, 2]", "rounds = [2, 10000000000]", "rounds"),
            ("dense = 1.0", "dense = 0.0", "tasks"),
            ("dense = 1.0", "dense = inf", "tasks"),
            ("dense = 1.0", "dense = 1.0, alert = -1.0", "tasks"),
            ("dense = 1.0", "dancing = 1.0", "unknown variant `dancing`"),
            ("sizes = [[56, 28]]", "sizes = []", "sizes"),
            ("sizes = [[56, 28]]", "sizes = [[56, 0]]", "sizes"),
            ("sizes = [[56, 28]]", "sizes = [[56, 100000]]", "sizes"),
            ("batch = 4", "batch = 4\nfps = [0.0]", "fps"),
            ("batch = 4", "batch = 4\nlate = 2.0", "late and quiet"),
            ("batch = 4", "batch = 4\nquiet = nan", "late and quiet"),
        ] {
            let text = RECIPE.replacen(sense, nonsense, 1);
            assert_ne!(text, RECIPE, "{sense}");
            let error = read(&text).expect_err(nonsense);
            assert!(error.contains(said) && error.lines().count() == 1, "{nonsense}: {error}");
        }
        let all: &str = &RECIPE[..RECIPE.find("[[phases").unwrap()];
        assert!(read(&format!("{all}phases = []")).unwrap_err().contains("it has no phases"));
        // Twice the same is not all three.
        assert!(read(&RECIPE.replace("seed = 1", "seed = 1\nfreeze = [\"vision\", \"vision\", \"vision\"]")).is_ok());
    }
}
