//! Dialogues from the procedural world.

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;

use super::super::TrainError;
use super::super::recipe::Material;
use crate::clock::Clock;
use crate::data::Script;
use crate::synth::{self, Film, Setup, Split, Task};

/// Streams that have been going on for some time began up to so many rounds ago: as many from 1 to 5 as from 100 to 500, since
/// small numbers come in every stream, and each has a token of its own.
const LATEST: f64 = 600.0;

/// What dialogues that are read together have in common.
pub struct Shape {
    size: [u32; 2],
    pub clock: Clock,
    rounds: usize,
}

impl Shape {
    pub fn draw(material: &Material, random: &mut ChaCha8Rng) -> Self {
        let [fewest, most] = material.rounds;
        let fps = material.fps.choose(random).copied().unwrap_or(1.0);
        Self {
            size: material.sizes.choose(random).copied().unwrap_or([140, 84]),
            // The recipe was checked.
            clock: Clock::new(fps).unwrap_or(Clock::ONE),
            rounds: random.random_range(fewest..=most),
        }
    }

    /// One of them.
    pub fn setup(&self, material: &Material, random: &mut ChaCha8Rng) -> Setup {
        let tasks: Vec<(Task, f64)> = material.tasks.iter().map(|(&task, &weight)| (task, weight)).collect();
        let late = random.random_bool(material.late);
        Setup {
            split: Split::Train,
            task: tasks.choose_weighted(random, |&(_, weight)| weight).map_or(Task::Narration, |&(task, _)| task),
            width: self.size[0],
            height: self.size[1],
            clock: self.clock,
            rounds: self.rounds,
            first: if late { LATEST.powf(random.random_range(0.0..1.0)) as u64 } else { 0 },
            quiet: random.random_bool(material.quiet),
        }
    }
}

/// Number `index` of the dialogues on which `task` is validated; in every fourth nothing happens that is asked for.
///
/// # Errors
///
/// A rate that no stream has.
pub fn held_out(material: &Material, task: Task, index: usize) -> Result<Setup, TrainError> {
    let [width, height] = material.sizes[0];
    Ok(Setup {
        split: Split::HeldOut,
        task,
        width,
        height,
        clock: Clock::new(material.fps[0])?,
        rounds: material.rounds[1],
        first: 0,
        quiet: synth::is_quiet(index as u64),
    })
}

/// The script and the film of a world, and of each round whether anything is under way in it, asked for or not.
pub fn sample(seed: u64, setup: &Setup) -> (Script, Vec<bool>, Film) {
    let synth::Sample { mut script, bustle, film, task, .. } = synth::sample(seed, setup);
    // Where a question is answered at once, or by all that was seen, it cannot have stood before.
    let waits = !matches!(task, Task::TimeSensitive | Task::Memory | Task::Counting);
    if setup.first > 0
        && waits
        && let Some(cue) = script.cues.first_mut()
    {
        script.standing.append(&mut cue.questions);
    }
    (script, bustle, film)
}
