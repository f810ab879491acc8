//! Where the dialogues of a training come from, each by its number: the same one whenever it is asked for.

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

use super::recipe::{Phase, Recipe};
use super::{Lesson, TrainError};
use crate::clock::Clock;
use crate::data::{self, Tokens};
use crate::frame::{Grid, Preprocessor};
use crate::stream::Protocol;
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
}

/// Streams that have been going on for some time began up to so many rounds ago.
const LATEST: u64 = 600;

impl Desk {
    /// The drafts of `step`, in an order in which those that are read together are neighbours.
    ///
    /// # Errors
    ///
    /// A frame that is too thin, or a text that the tokenizer fails on.
    pub fn drafts(&self, recipe: &Recipe, step: u64) -> Result<Vec<Draft>, TrainError> {
        let phase = recipe.phase(step);
        let mut drafts = Vec::with_capacity(recipe.batch);
        for start in (0..recipe.batch).step_by(recipe.together) {
            // What is read together has one size and one number of rounds.
            let first = step * recipe.batch as u64 + start as u64;
            let mut random = ChaCha8Rng::seed_from_u64(recipe.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ first);
            let shape = Shape::draw(phase, &mut random);
            let end = recipe.batch.min(start + recipe.together);
            let mut together = Vec::with_capacity(end - start);
            for _ in start..end {
                let setup = shape.setup(phase, &mut random);
                let late = setup.first > 0;
                together.push(self.draft(random.random(), &setup, late)?);
            }
            drafts.extend(together);
        }
        Ok(drafts)
    }

    /// The drafts on which a model of `recipe` is validated: `count` of `task`, of worlds that no training shows.
    ///
    /// # Errors
    ///
    /// As [`drafts`](Self::drafts).
    pub fn held_out(&self, phase: &Phase, task: Task, count: usize) -> Result<Vec<Draft>, TrainError> {
        let [width, height] = phase.sizes[0];
        let clock = Clock::new(phase.fps[0])?;
        let setup = |index: usize| Setup {
            split: Split::HeldOut,
            task,
            width,
            height,
            clock,
            rounds: phase.rounds[1],
            first: 0,
            quiet: index % 4 == 3,
        };
        (0..count).map(|index| self.draft(index as u64, &setup(index), false)).collect()
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
        let Preprocessor { patch, merge, .. } = self.preprocessor;
        let (width, height) = self.preprocessor.size(setup.width, setup.height)?;
        let grid = Grid { height: (height / patch) as usize, width: (width / patch) as usize };
        let tokens = data::tokens(&script, &self.protocol, grid, merge as usize)?;
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

/// What dialogues that are read together have in common.
struct Shape {
    size: [u32; 2],
    clock: Clock,
    rounds: usize,
}

impl Shape {
    fn draw(phase: &Phase, random: &mut ChaCha8Rng) -> Self {
        let [fewest, most] = phase.rounds;
        let fps = phase.fps.choose(random).copied().unwrap_or(1.0);
        Self {
            size: phase.sizes.choose(random).copied().unwrap_or([140, 84]),
            // The recipe was checked.
            clock: Clock::new(fps).unwrap_or(Clock::ONE),
            rounds: random.random_range(fewest..=most),
        }
    }

    fn setup(&self, phase: &Phase, random: &mut ChaCha8Rng) -> Setup {
        let weights: f64 = phase.tasks.values().sum();
        let mut drawn = random.random_range(0.0..weights);
        let chosen = phase.tasks.iter().find(|(_, weight)| {
            drawn -= **weight;
            drawn < 0.0
        });
        let late = random.random_bool(phase.late);
        Setup {
            split: Split::Train,
            task: chosen.or(phase.tasks.last_key_value()).map_or(Task::Narration, |(&task, _)| task),
            width: self.size[0],
            height: self.size[1],
            clock: self.clock,
            rounds: self.rounds,
            first: if late { random.random_range(1..LATEST) } else { 0 },
            quiet: random.random_bool(phase.quiet),
        }
    }
}
