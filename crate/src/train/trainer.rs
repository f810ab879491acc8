//! A training from its beginning, or from where it was killed, to its end.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::average::Average;
use super::beginning::{begin, describing, keep_recipe};
use super::checkpoint::{self, Progress};
use super::course::{Desk, Draft};
use super::objective::Count;
use super::recipe::{Freezable, Recipe, Rhythm};
use super::{Batch, Gradients, Journal, Lesson, Moments, Pace, Tally, TrainError, Workers};
use crate::device;
use crate::kernels::launch;
use crate::model::{Description, Model};
use crate::weights::{Directory, Origin, Part};

/// A training that is under way.
pub struct Trainer {
    recipe: Recipe,
    run: PathBuf,
    /// The files beside the weights: configuration, tokenizer, settings.
    describing: BTreeMap<String, Vec<u8>>,
    desk: Desk,
    model: Model,
    origins: Vec<Origin>,
    /// Which parameters learn, in the order in which the model shows them.
    learns: Vec<bool>,
    /// Which of them stand between embedding and head.
    between: Vec<bool>,
    moments: Moments,
    /// Where the recipe wants one.
    average: Option<Average>,
    progress: Progress,
    device: Device,
    workers: Workers,
}

/// What came of one step.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its number, from 1.
    pub step: u64,
    /// The learning rate.
    pub rate: f64,
    /// The gradients' norm, before it was clipped.
    pub norm: f64,
    /// What came of the targets.
    pub tally: Tally,
}

/// What is heard of a training as it goes on.
#[derive(Debug, Clone, Copy)]
pub enum News<'a> {
    /// A step was done.
    Step(&'a Step),
    /// After so many steps it was validated.
    Validation(u64, &'a BTreeMap<String, Tally>),
}

impl Trainer {
    /// Begins a training in `run`, or goes on with the one that is there. `device` is where it computes; so many `threads`
    /// read at once, which changes nothing in what comes out; with 0 as many as the CPU has, or one for a GPU.
    ///
    /// # Errors
    ///
    /// The model cannot be loaded, or the run is another recipe's, or damaged.
    pub fn open(recipe: Recipe, run: &Path, device: &Device, threads: usize) -> Result<Self, TrainError> {
        fs::create_dir_all(run).map_err(TrainError::at(run))?;
        let is_gpu = launch::reaches(device);
        let device = device.clone().autodiff();
        let newest = checkpoint::newest(run).map_err(TrainError::at(run))?;
        keep_recipe(&recipe, run, newest.is_some())?;
        let newest = match newest {
            Some(place) => place,
            None => begin(&recipe, run, &device)?,
        };
        let Resumed { describing, description, model, origins, moments, average, progress } =
            Resumed::read(&newest, &recipe, &device).map_err(|error| error.of_checkpoint(&newest))?;
        Ok(Self {
            learns: learns(&model, &origins, &recipe.freeze),
            between: between(&model, &origins),
            desk: Desk::new(&recipe, &description)?,
            recipe,
            run: run.to_owned(),
            describing,
            model,
            origins,
            moments,
            average,
            progress,
            device,
            workers: Workers::new(if threads == 0 && is_gpu { 1 } else { threads }),
        })
    }

    /// Whether the training of `recipe` in `run` has come to its end. Its weights are not looked at.
    ///
    /// # Errors
    ///
    /// The run is another recipe's, or damaged.
    pub fn is_finished(recipe: &Recipe, run: &Path) -> Result<bool, TrainError> {
        if !Recipe::finished(run).is_dir() {
            return Ok(false);
        }
        let Some(newest) = checkpoint::newest(run).map_err(TrainError::at(run))? else { return Ok(false) };
        keep_recipe(recipe, run, true)?;
        Ok(checkpoint::progress(&newest)?.step >= recipe.steps)
    }

    /// Steps that are done.
    pub fn done(&self) -> u64 {
        self.progress.step
    }

    /// The recipe.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The model with the means of its weights, where the recipe wants them.
    fn mean(&self) -> Option<Model> {
        self.average.as_ref().map(|average| average.put_into(&self.model))
    }

    /// Goes on to step `end`, or to the recipe's last one before it, and validates, keeps and draws in the recipe's rhythm.
    /// At the end of the recipe the run gets its `model/`.
    /// What goes wrong when something is told ends it, too.
    ///
    /// # Errors
    ///
    /// See [`TrainError`], and those of `hear`.
    pub fn go_on<E: From<TrainError>>(
        &mut self,
        end: u64,
        hear: &mut dyn FnMut(News<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let journal = Journal::open(&self.run, self.done())?;
        let end = end.min(self.recipe.steps);
        let Rhythm { save, validate, .. } = self.recipe.rhythm;
        while self.done() < end {
            let step = self.step()?;
            journal.step(&step)?;
            hear(News::Step(&step))?;
            let due = |every| step.step.is_multiple_of(every) || step.step == end;
            if due(validate) {
                let tallies = self.validate()?;
                journal.validation(step.step, &tallies)?;
                hear(News::Validation(step.step, &tallies))?;
            }
            if due(save) {
                self.save()?;
                journal.draw()?;
            }
        }
        // A kill may have come anywhere between the last checkpoint and the model, which is last.
        if self.done() == self.recipe.steps && !self.run.join(checkpoint::MODEL).exists() {
            self.tidy()?;
            journal.draw()?;
            let mean = self.mean();
            checkpoint::finish(&self.run, mean.as_ref().unwrap_or(&self.model), &self.origins, &self.describing)?;
        }
        Ok(())
    }

    /// Learns from the next batch.
    ///
    /// # Errors
    ///
    /// A dialogue that cannot be read, or a loss that is no number: what was learnt is lost then, but for what is on the disk.
    pub fn step(&mut self) -> Result<Step, TrainError> {
        let step = self.progress.step + 1;
        let runs = self.workers.map(self.desk.drafts(&self.recipe, step)?, |drafts| self.lived(drafts));
        let runs = runs.into_iter().collect::<Result<Vec<_>, _>>()?;
        let whole = self.count(&runs);
        let learnt = self.workers.map(runs, |mut drafts| {
            let batch = self.batch(&self.lessons(&mut drafts)?);
            let objective = self.recipe.objective;
            let gradients = || batch.gradients(&self.model, &self.learns, objective, &whole, &self.device);
            Ok::<_, TrainError>(self.recipe.rounding.during(gradients)?)
        });
        let (mut tally, mut gradients) = (Tally::default(), Vec::new());
        for part in learnt {
            let (part, of_part) = part?;
            gradients.push(part);
            tally.add(&of_part);
        }
        let gradients = Gradients::sum(gradients);
        let rate = self.recipe.rate(step);
        let (model, norm) = self.recipe.optimiser().step(
            &self.model,
            &self.between,
            gradients,
            &mut self.moments,
            Pace { step, rate },
            &self.workers,
        )?;
        if !tally.loss.is_finite() || !norm.is_finite() {
            return Err(TrainError::Diverged { step, loss: tally.loss, norm });
        }
        self.model = model;
        if let Some((average, decay)) = self.average.as_mut().zip(self.recipe.average) {
            average.follow(&self.model, decay);
        }
        self.progress.step = step;
        Ok(Step { step, rate, norm, tally })
    }

    /// What the model makes of worlds and files that no training shows, by task or file; each round after the right history.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step).
    pub fn validate(&self) -> Result<BTreeMap<String, Tally>, TrainError> {
        let mean = self.mean();
        let model = mean.as_ref().unwrap_or(&self.model);
        let mut validated = Vec::new();
        for material in &self.recipe.phase(self.recipe.steps).material {
            for (name, runs) in self.desk.held_out(material, self.recipe.rhythm.streams)? {
                let whole = self.count(&runs);
                let parts = self.workers.map(runs, |mut drafts| {
                    Ok::<_, TrainError>(self.batch(&self.lessons(&mut drafts)?).tally(
                        model,
                        self.recipe.objective,
                        &whole,
                    )?)
                });
                let mut tally = Tally::default();
                for part in parts {
                    tally.add(&part?);
                }
                validated.push((name, material.rounds, tally));
            }
        }
        // A task may come in dialogues of several lengths; what is of one length counts together.
        let mut named = BTreeMap::<_, Tally>::new();
        for (name, rounds, tally) in &validated {
            let is_of_one_length = validated.iter().all(|(other, others, _)| other != name || others == rounds);
            let [fewest, most] = rounds;
            let name = if is_of_one_length { name.clone() } else { format!("{name}, {fewest} to {most} rounds") };
            named.entry(name).or_default().add(tally);
        }
        Ok(named)
    }

    /// Those of `drafts` whose past is to be the model's own are read, and get it.
    fn lived(&self, drafts: Vec<Draft>) -> Result<Vec<Draft>, TrainError> {
        let (mut unlived, mut lived): (Vec<_>, Vec<_>) = drafts.into_iter().partition(Draft::is_unlived);
        if unlived.is_empty() {
            return Ok(lived);
        }
        let lessons = self.lessons(&mut unlived)?;
        let states = self.recipe.rounding.during(|| self.batch(&lessons).states(&self.model))?;
        let mut states = states.as_slice();
        for (draft, lesson) in unlived.into_iter().zip(lessons) {
            let (own, rest) = states.split_at(draft.tokens().frames.len());
            states = rest;
            lived.push(self.desk.lived(draft, lesson, own)?);
        }
        Ok(lived)
    }

    fn lessons(&self, drafts: &mut [Draft]) -> Result<Vec<Lesson>, TrainError> {
        drafts.iter_mut().map(|draft| self.desk.lesson(draft)).collect()
    }

    fn batch(&self, lessons: &[Lesson]) -> Batch {
        Batch::new(lessons, self.desk.preprocessor.merge as usize, self.desk.protocol.states())
    }

    /// What there is to learn in all runs together.
    fn count(&self, runs: &[Vec<Draft>]) -> Count {
        let mut whole = Count::default();
        whole.kinds -= usize::from(!self.recipe.standby);
        runs.iter().flatten().for_each(|draft| whole.add(&draft.tokens().targets));
        whole
    }

    /// Keeps everything on the disk.
    ///
    /// # Errors
    ///
    /// The disk, or the device: then nothing is kept.
    pub fn save(&self) -> Result<PathBuf, TrainError> {
        self.settle()?;
        let Self { run, progress, model, origins, moments, average, describing, .. } = self;
        let place = checkpoint::write(run, *progress, model, origins, moments, average.as_ref(), describing)?;
        self.tidy()?;
        Ok(place)
    }

    fn settle(&self) -> Result<(), TrainError> {
        device::settle(self.model.device()).map_err(TrainError::Device)
    }

    fn tidy(&self) -> Result<(), TrainError> {
        checkpoint::tidy(&self.run, self.recipe.rhythm.keep).map_err(TrainError::at(&self.run))
    }
}

/// What a training goes on from.
struct Resumed {
    describing: BTreeMap<String, Vec<u8>>,
    description: Description,
    model: Model,
    origins: Vec<Origin>,
    moments: Moments,
    average: Option<Average>,
    progress: Progress,
}

impl Resumed {
    /// The checkpoint at `place`, its model without autodiff.
    fn read(place: &Path, recipe: &Recipe, device: &Device) -> Result<Self, TrainError> {
        let describing = describing(place)?;
        let description = Description::read(&Directory(place.to_owned()))?;
        let (model, origins) = checkpoint::model(place, &description, device)?;
        let model = model.without_autodiff();
        let progress = checkpoint::progress(place)?;
        let (moments, average) = checkpoint::kept(place, &model, &origins, recipe.average.is_some())?;
        Ok(Self { describing, description, model, origins, moments, average, progress })
    }
}

/// Which parameters learn, in the order in which the model shows them.
fn learns(model: &Model, origins: &[Origin], freeze: &[Freezable]) -> Vec<bool> {
    let frozen = |origin: &Origin| {
        let part = match origin.tensors[0].part {
            Part::Vision if checkpoint::is_merger(origin) => Freezable::Merger,
            Part::Vision => Freezable::Vision,
            Part::Language | Part::Head => Freezable::Language,
        };
        freeze.contains(&part)
    };
    chosen(model, origins, |origin| !frozen(origin))
}

/// Which parameters stand between embedding and head.
fn between(model: &Model, origins: &[Origin]) -> Vec<bool> {
    chosen(model, origins, |origin| {
        let tensor = &origin.tensors[0];
        tensor.part != Part::Head && !tensor.name.contains("embed_tokens")
    })
}

/// Of each parameter, in the order in which the model shows them, whether `is` holds for what it is made of.
fn chosen(model: &Model, origins: &[Origin], is: impl Fn(&Origin) -> bool) -> Vec<bool> {
    let chosen: Vec<_> = origins.iter().filter(|origin| is(origin)).flat_map(|origin| &origin.parameters).collect();
    model.parameters().iter().map(|id| chosen.contains(&id)).collect()
}
