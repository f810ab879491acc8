//! Where the dialogues of a training come from, each by its number: the same one whenever it is asked for.

mod footage;
mod scene;
mod shelf;
mod slips;
mod world;

use std::collections::BTreeMap;

use rand::rngs::ChaCha8Rng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};

pub use self::shelf::ShelfError;

use self::scene::Scene;
use self::shelf::Shelf;
use self::world::Shape;
use super::recipe::{Library, Material, Phase, Recipe, Skill};
use super::{Lesson, TrainError};
use crate::clock::Clock;
use crate::data::{self, Script, Target, Tokens};
use crate::frame::{Grid, Preprocessor};
use crate::model::Description;
use crate::stream::{Protocol, State};

/// A dialogue whose frames are drawn when they are needed.
pub struct Draft {
    scene: Scene,
    tokens: Tokens,
    grid: Grid,
    /// The patches of its frames, once they were drawn.
    patches: Option<Vec<f32>>,
    /// What is to be known before its past can be the model's own.
    life: Option<Life>,
}

/// What a past of the model's own is made with, as soon as its states are known.
struct Life {
    /// What is right, without slips.
    right: Script,
    /// What its responses may be mistaken for.
    texts: Vec<String>,
    random: ChaCha8Rng,
}

/// How dialogues become tokens and patches, and the files that some of them come from.
#[derive(Debug)]
pub struct Desk {
    /// The dialogue's tokens.
    pub protocol: Protocol,
    /// The frames' patches.
    pub preprocessor: Preprocessor,
    /// Whether there is a state for what is under way.
    standby: bool,
    /// What is learnt of a dialogue.
    learns: Skill,
    /// Samples for learning and, where there are some, those held out.
    shelves: BTreeMap<Library, (Shelf, Option<Shelf>)>,
}

impl Desk {
    /// The desk at which `recipe` is followed, by the model of `description`.
    ///
    /// # Errors
    ///
    /// A state that the tokenizer lacks, or a file of samples that cannot be used.
    pub fn new(recipe: &Recipe, description: &Description) -> Result<Self, TrainError> {
        let open = |library: &Library| {
            let shelf = |file| Shelf::open(recipe.place.join(file), recipe.place.join(&library.videos), description);
            let held_out = library.held_out.as_ref().map(shelf).transpose()?;
            Ok::<_, ShelfError>((library.clone(), (shelf(&library.samples)?, held_out)))
        };
        let libraries = recipe.phases.iter().flat_map(|phase| &phase.material).filter_map(|one| one.files.as_ref());
        Ok(Self {
            protocol: Protocol::new(description.tokenizer.clone(), &description.settings)?,
            preprocessor: description.preprocessor(),
            standby: recipe.standby,
            learns: recipe.learns,
            shelves: libraries.map(open).collect::<Result<_, _>>()?,
        })
    }

    /// The drafts of `step`, in runs that are read together.
    ///
    /// # Errors
    ///
    /// A frame that is too thin, a text that the tokenizer fails on, or a video that cannot be read.
    pub fn drafts(&self, recipe: &Recipe, step: u64) -> Result<Vec<Vec<Draft>>, TrainError> {
        let mut random = ChaCha8Rng::seed_from_u64(recipe.seed);
        random.set_stream(step);
        let material = material(recipe.phase(step), &mut random);
        let shelf = material.files.as_ref().and_then(|files| self.shelves.get(files));
        // What is said in the step so far: slips mistake one thing for another.
        let (mut runs, mut said) = (Vec::new(), Vec::new());
        for start in (0..material.batch).step_by(material.together) {
            let count = material.together.min(material.batch - start);
            // What is read together has one size and one number of rounds.
            let shape = Shape::draw(material, &mut random);
            let run = (0..count).map(|_| {
                let scene = match shelf {
                    None => Scene::of_world(random.random(), &shape.setup(material, &mut random)),
                    Some((shelf, _)) => {
                        let number = random.random_range(0..shelf.len());
                        Scene::of_shelf(shelf, number, material, shape.clock, &mut random)?
                    }
                };
                said.extend(scene.texts());
                if material.sight || !random.random_bool(material.slips) {
                    return self.taught(material, scene);
                }
                // Whoever learns gets the same dialogues; who learns only what to say has no states of its own.
                let (is_own, seed) = (random.random_bool(material.own), random.random());
                let life = (is_own && self.learns != Skill::What).then(|| Life {
                    right: scene.script.clone(),
                    texts: said.clone(),
                    random: ChaCha8Rng::seed_from_u64(seed),
                });
                Ok(Draft { life, ..self.taught(material, scene.slipped(&said, &mut random))? })
            });
            runs.push(run.collect::<Result<_, _>>()?);
        }
        Ok(instructive(runs))
    }

    /// The drafts on which a model that learns from `material` is validated, `count` of each task or file, which no
    /// training shows; by the names of those, in runs that are read together.
    ///
    /// # Errors
    ///
    /// As [`drafts`](Self::drafts).
    pub fn held_out(&self, material: &Material, count: usize) -> Result<BTreeMap<String, Vec<Vec<Draft>>>, TrainError> {
        let named = |name: &str| match material {
            Material { sight: true, .. } => format!("sight of {name}"),
            Material { blind: true, .. } => format!("blind {name}"),
            _ => name.to_owned(),
        };
        let mut all = BTreeMap::new();
        for &task in material.tasks.keys() {
            let runs = (0..count).step_by(material.together).map(|start| {
                let run = start..count.min(start + material.together);
                run.map(|index| {
                    let setup = world::held_out(material, task, index)?;
                    self.taught(material, Scene::of_world(index as u64, &setup))
                })
                .collect()
            });
            all.insert(named(task.name()), instructive(runs.collect::<Result<_, TrainError>>()?));
        }
        let shelf = material.files.as_ref().and_then(|files| self.shelves.get(files)?.1.as_ref());
        if let Some(shelf) = shelf {
            let clock = Clock::new(material.fps[0])?;
            let runs = (0..count.min(shelf.len())).map(|number| {
                let mut random = ChaCha8Rng::seed_from_u64(number as u64);
                Ok(vec![self.taught(material, Scene::of_shelf(shelf, number, material, clock, &mut random)?)?])
            });
            all.insert(named(&shelf.name()), instructive(runs.collect::<Result<_, TrainError>>()?));
        }
        Ok(all)
    }

    /// The patches of a scene's frames.
    fn grid(&self, scene: &Scene) -> Result<Grid, TrainError> {
        let (width, height) = self.preprocessor.size(scene.size.0, scene.size.1)?;
        let patches = |side: u32| (side / self.preprocessor.patch) as usize;
        Ok(Grid { height: patches(height), width: patches(width) })
    }

    /// The draft of a scene, as `material` teaches it.
    fn taught(&self, material: &Material, scene: Scene) -> Result<Draft, TrainError> {
        if material.sight {
            return self.glance(scene);
        }
        let draft = self.draft(scene)?;
        if !material.blind {
            return Ok(draft);
        }
        let visual = draft.grid.visual_tokens(self.preprocessor.merge as usize);
        Ok(Draft { tokens: draft.tokens.without_frames(visual).answers_and_tags(), ..draft })
    }

    /// The draft of frames alone, whose visual tokens are to be the words for what they show.
    fn glance(&self, scene: Scene) -> Result<Draft, TrainError> {
        let grid = self.grid(&scene)?;
        let (rows, columns) = grid.merged(self.preprocessor.merge as usize);
        let frames: Vec<usize> = (0..scene.script.cues.len()).map(|round| round * rows * columns).collect();
        let mut targets = Vec::new();
        for (round, &first) in frames.iter().enumerate() {
            for (part, words) in scene.footage.words(round, [rows, columns]).into_iter().enumerate() {
                for word in words {
                    let ids = self.protocol.word(word)?;
                    targets.extend(ids.into_iter().map(|id| Target { row: first + part, id, state: None }));
                }
            }
        }
        let (ids, positions, tags) = Default::default();
        let tokens = Tokens { ids, positions, frames, targets, tags };
        Ok(Draft { scene, tokens, grid, patches: None, life: None })
    }

    fn draft(&self, scene: Scene) -> Result<Draft, TrainError> {
        let scene = if self.standby { scene } else { scene.without_standby() };
        let scene = if self.learns == Skill::When { scene.without_texts() } else { scene };
        let grid = self.grid(&scene)?;
        let merge = self.preprocessor.merge as usize;
        let mut tokens = data::tokens(&scene.script, &scene.slips, &self.protocol, grid, merge)?;
        tokens.targets.retain(|target| match self.learns {
            Skill::Both => true,
            Skill::When => target.state.is_some(),
            Skill::What => target.state.is_none(),
        });
        Ok(Draft { scene, tokens, grid, patches: None, life: None })
    }

    /// The draft of the same dialogue with a past in which the model gave `states`, if that is what it waits for; its frames
    /// were drawn for its `lesson`.
    ///
    /// # Errors
    ///
    /// The tokenizer fails on a text.
    pub fn lived(&self, draft: Draft, lesson: Lesson, states: &[State]) -> Result<Draft, TrainError> {
        let patches = Some(lesson.patches);
        let Draft { scene, life: Some(Life { right, texts, mut random }), .. } = draft else {
            return Ok(Draft { patches, ..draft });
        };
        Ok(Draft { patches, ..self.draft(scene.lived(right, states, &texts, &mut random))? })
    }

    /// The lesson that a draft becomes when its frames are drawn.
    ///
    /// # Errors
    ///
    /// A frame cannot be cut into patches, or a video cannot be read.
    pub fn lesson(&self, draft: &mut Draft) -> Result<Lesson, TrainError> {
        let patches = match draft.patches.take() {
            Some(patches) => patches,
            None => self.patches(draft)?,
        };
        Ok(Lesson { tokens: draft.tokens.clone(), patches, grid: draft.grid })
    }

    fn patches(&self, draft: &mut Draft) -> Result<Vec<f32>, TrainError> {
        let footage = &mut draft.scene.footage;
        let frames = 0..draft.tokens.frames.len();
        self.preprocessor.stream(frames.map(|index| Ok(self.preprocessor.resized(&footage.frame(index)?)?)))
    }
}

impl Draft {
    /// What it teaches.
    pub fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Whether its past is to be the model's own, whose states are not known yet.
    pub fn is_unlived(&self) -> bool {
        self.life.is_some()
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

#[cfg(test)]
mod tests;
