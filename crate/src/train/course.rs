//! Where the dialogues of a training come from, each by its number: the same one whenever it is asked for.

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::recipe::{Material, Phase, Recipe, Skill};
use super::{Lesson, TrainError};
use crate::clock::Clock;
use crate::data::{self, Tokens};
use crate::frame::{Grid, Preprocessor};
use crate::stream::{Protocol, State};
use crate::synth::{self, Film, Setup, Split, Task};

/// A dialogue whose frames have not been drawn yet.
pub struct Draft {
    tokens: Tokens,
    film: Film,
    grid: Grid,
}

/// How dialogues become tokens and patches.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The dialogue's tokens.
    pub protocol: Protocol,
    /// The frames' patches.
    pub preprocessor: Preprocessor,
    /// Whether there is a state for what is under way.
    pub standby: bool,
    /// What is learnt of a dialogue.
    pub learns: Skill,
}

/// Streams that have been going on for some time began up to so many rounds ago.
const LATEST: u64 = 600;

impl Desk {
    /// The drafts of `step`, in runs that are read together.
    ///
    /// # Errors
    ///
    /// A frame that is too thin, or a text that the tokenizer fails on.
    pub fn drafts(&self, recipe: &Recipe, step: u64) -> Result<Vec<Vec<Draft>>, TrainError> {
        let mut random = ChaCha8Rng::seed_from_u64(recipe.seed);
        random.set_stream(step);
        let material = material(recipe.phase(step), &mut random);
        let mut runs = Vec::new();
        for start in (0..material.batch).step_by(material.together) {
            // What is read together has one size and one number of rounds.
            let shape = Shape::draw(material, &mut random);
            let count = material.together.min(material.batch - start);
            let run = (0..count).map(|_| {
                let setup = shape.setup(material, &mut random);
                self.draft(random.random(), &setup, setup.first > 0)
            });
            runs.push(run.collect::<Result<_, _>>()?);
        }
        Ok(instructive(runs))
    }

    /// The drafts on which `task` of `material` is validated, `count` of worlds that no training shows, in runs that are
    /// read together.
    ///
    /// # Errors
    ///
    /// As [`drafts`](Self::drafts).
    pub fn held_out(&self, material: &Material, task: Task, count: usize) -> Result<Vec<Vec<Draft>>, TrainError> {
        let [width, height] = material.sizes[0];
        let clock = Clock::new(material.fps[0])?;
        let setup = |index: usize| Setup {
            split: Split::HeldOut,
            task,
            width,
            height,
            clock,
            rounds: material.rounds[1],
            first: 0,
            quiet: index % 4 == 3,
        };
        let runs = (0..count).step_by(material.together).map(|start| {
            let run = start..count.min(start + material.together);
            run.map(|index| self.draft(index as u64, &setup(index), false)).collect()
        });
        Ok(instructive(runs.collect::<Result<_, _>>()?))
    }

    fn draft(&self, seed: u64, setup: &Setup, late: bool) -> Result<Draft, TrainError> {
        let synth::Sample { mut script, film, task, .. } = synth::sample(seed, setup);
        // Where a question is answered at once, or by all that was seen, it cannot have stood before.
        let waits = !matches!(task, Task::TimeSensitive | Task::Memory | Task::Counting);
        if late
            && waits
            && let Some(cue) = script.cues.first_mut()
        {
            script.standing.append(&mut cue.questions);
        }
        for cue in &mut script.cues {
            if !self.standby && cue.state == State::Standby {
                cue.state = State::Silence;
            }
            if self.learns == Skill::When {
                cue.text.clear();
            }
        }
        let Preprocessor { patch, merge, .. } = self.preprocessor;
        let (width, height) = self.preprocessor.size(setup.width, setup.height)?;
        let grid = Grid { height: (height / patch) as usize, width: (width / patch) as usize };
        let mut tokens = data::tokens(&script, &self.protocol, grid, merge as usize)?;
        tokens.targets.retain(|target| match self.learns {
            Skill::Both => true,
            Skill::When => target.state.is_some(),
            Skill::What => target.state.is_none(),
        });
        Ok(Draft { tokens, film, grid })
    }

    /// The lesson that a draft becomes when its frames are drawn.
    ///
    /// # Errors
    ///
    /// A frame cannot be cut into patches.
    pub fn lesson(&self, draft: Draft) -> Result<Lesson, TrainError> {
        let Draft { tokens, mut film, grid } = draft;
        let mut patches = Vec::new();
        for index in 0..tokens.frames.len() {
            let frame = self.preprocessor.resized(&film.frame(index))?;
            patches.extend(self.preprocessor.patches(&frame)?.rows);
        }
        Ok(Lesson { tokens, patches, grid })
    }
}

impl Draft {
    /// What it teaches.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }
}

/// Those of `runs` in which there is anything to learn: who learns only what to say learns nothing where nothing is said.
fn instructive(mut runs: Vec<Vec<Draft>>) -> Vec<Vec<Draft>> {
    runs.retain(|run| run.iter().any(|draft| !draft.tokens.targets.is_empty()));
    runs
}

/// One of a phase's material, by its share.
fn material<'p>(phase: &'p Phase, random: &mut ChaCha8Rng) -> &'p Material {
    // The recipe was checked: there is some.
    phase.material.choose_weighted(random, |material| material.share).unwrap_or(&phase.material[0])
}

/// What dialogues that are read together have in common.
struct Shape {
    size: [u32; 2],
    clock: Clock,
    rounds: usize,
}

impl Shape {
    fn draw(material: &Material, random: &mut ChaCha8Rng) -> Self {
        let [fewest, most] = material.rounds;
        let fps = material.fps.choose(random).copied().unwrap_or(1.0);
        Self {
            size: material.sizes.choose(random).copied().unwrap_or([140, 84]),
            // The recipe was checked.
            clock: Clock::new(fps).unwrap_or(Clock::ONE),
            rounds: random.random_range(fewest..=most),
        }
    }

    fn setup(&self, material: &Material, random: &mut ChaCha8Rng) -> Setup {
        let weights: f64 = material.tasks.values().sum();
        let mut drawn = random.random_range(0.0..weights);
        let chosen = material.tasks.iter().find(|(_, weight)| {
            drawn -= **weight;
            drawn < 0.0
        });
        let late = random.random_bool(material.late);
        Setup {
            split: Split::Train,
            task: chosen.or(material.tasks.last_key_value()).map_or(Task::Narration, |(&task, _)| task),
            width: self.size[0],
            height: self.size[1],
            clock: self.clock,
            rounds: self.rounds,
            first: if late { random.random_range(1..LATEST) } else { 0 },
            quiet: random.random_bool(material.quiet),
        }
    }
}
