//! A training from its beginning, or from where it was killed, to its end.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::checkpoint::{self, Progress};
use super::course::{Desk, Draft};
use super::draft::replace_file;
use super::objective::Count;
use super::recipe::{Freezable, Recipe, Rhythm};
use super::workers::Workers;
use super::{Batch, Gradients, Journal, Moments, Tally, TrainError};
use crate::clock::Clock;
use crate::device;
use crate::kernels::launch;
use crate::model::{Description, LoadError, Model, ModelConfig, Settings};
use crate::synth::{self, Split};
use crate::tokenizer::Tokenizer;
use crate::weights::{Checkpoint, Directory, Drawn, Files, Origin, Part};

/// What a run's copy of its recipe is called.
pub const RECIPE: &str = "recipe.toml";

/// Lines of the corpus that a tokenizer is made from.
const CORPUS: usize = 20_000;

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
        let Resumed { describing, description, model, origins, moments, progress } =
            Resumed::read(&newest, &device).map_err(|error| error.of_checkpoint(&newest))?;
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

    /// The model as it is now.
    pub fn model(&self) -> &Model {
        &self.model
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
            checkpoint::finish(&self.run, &self.model, &self.origins, &self.describing)?;
        }
        Ok(())
    }

    /// Learns from the next batch.
    ///
    /// # Errors
    ///
    /// A dialogue that cannot be read, or a loss that is no number.
    pub fn step(&mut self) -> Result<Step, TrainError> {
        let step = self.progress.step + 1;
        let runs = self.desk.drafts(&self.recipe, step)?;
        let whole = self.count(&runs);
        let learnt = self.workers.map(runs, |drafts| {
            let batch = self.batch(drafts)?;
            Ok::<_, TrainError>(batch.gradients(
                &self.model,
                &self.learns,
                self.recipe.objective,
                &whole,
                &self.device,
            )?)
        });
        let (mut tally, mut gradients) = (Tally::default(), Vec::new());
        for part in learnt {
            let (part, of_part) = part?;
            gradients.push(part);
            tally.add(&of_part);
        }
        let gradients = Gradients::sum(gradients);
        let norm = gradients.norm()?;
        if !tally.loss.is_finite() || !norm.is_finite() {
            return Err(TrainError::Diverged { step, loss: tally.loss, norm });
        }
        let rate = self.recipe.rate(step);
        let (model, norm) =
            self.recipe.optimiser().step(&self.model, &self.between, gradients, &mut self.moments, step, rate)?;
        self.model = model;
        self.progress.step = step;
        Ok(Step { step, rate, norm, tally })
    }

    /// What the model makes of worlds and files that no training shows, by task or file; each round after the right history.
    ///
    /// # Errors
    ///
    /// As [`step`](Self::step).
    pub fn validate(&self) -> Result<BTreeMap<String, Tally>, TrainError> {
        let mut validated = Vec::new();
        for material in &self.recipe.phase(self.recipe.steps).material {
            for (name, runs) in self.desk.held_out(material, self.recipe.rhythm.streams)? {
                let whole = self.count(&runs);
                let parts = self.workers.map(runs, |drafts| {
                    Ok::<_, TrainError>(self.batch(drafts)?.tally(&self.model, self.recipe.objective, &whole)?)
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

    fn batch(&self, drafts: Vec<Draft>) -> Result<Batch, TrainError> {
        let lessons = drafts.into_iter().map(|draft| self.desk.lesson(draft)).collect::<Result<Vec<_>, _>>()?;
        Ok(Batch::new(&lessons, self.desk.preprocessor.merge as usize, self.desk.protocol.states()))
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
        let place =
            checkpoint::write(&self.run, self.progress, &self.model, &self.origins, &self.moments, &self.describing)?;
        self.tidy()?;
        Ok(place)
    }

    /// Waits for the device, which tells late of what went wrong.
    fn settle(&self) -> Result<(), TrainError> {
        self.model.device().sync()?;
        device::failure().map_or(Ok(()), |reason| Err(TrainError::Device(reason.to_owned())))
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
    progress: Progress,
}

impl Resumed {
    /// The checkpoint at `place`, its model without autodiff.
    fn read(place: &Path, device: &Device) -> Result<Self, TrainError> {
        let describing = describing(place)?;
        let description = Description::read(&Directory(place.to_owned()))?;
        let (model, origins) = checkpoint::model(place, &description, device)?;
        let model = model.without_autodiff();
        let moments = checkpoint::moments(place, &model, &origins)?;
        let progress = checkpoint::progress(place)?;
        Ok(Self { describing, description, model, origins, moments, progress })
    }
}

/// Writes the recipe into a new run, and holds it against that of one that has `begun`.
fn keep_recipe(recipe: &Recipe, run: &Path, begun: bool) -> Result<(), TrainError> {
    let place = run.join(RECIPE);
    // A recipe was read from such a text.
    let text = toml::to_string_pretty(recipe).unwrap_or_default();
    match fs::read_to_string(&place) {
        Ok(there) if there == text => Ok(()),
        Ok(there) if begun => {
            Err(TrainError::OtherRecipe { run: run.to_owned(), difference: difference(&there, &text) })
        }
        // Where nothing came of a recipe, another one may take its place; a kill leaves either of them whole.
        _ => replace_file(&place, text).map_err(TrainError::at(&place)),
    }
}

/// Where the recipe that is `there` first says something else than the one that is `here`.
fn difference(there: &str, here: &str) -> String {
    let (mut there, mut here) = (there.lines(), here.lines());
    let mut differing = std::iter::from_fn(|| match (there.next(), here.next()) {
        (None, None) => None,
        (there, here) => Some((there.unwrap_or("nothing"), here.unwrap_or("nothing"))),
    });
    let first = differing.find(|(there, here)| there != here);
    first.map_or_else(String::new, |(there, here)| format!("it says {there}, not {here}"))
}

/// The checkpoint of a training that has not begun: the recipe's model, and what it lacks.
fn begin(recipe: &Recipe, run: &Path, device: &Device) -> Result<PathBuf, TrainError> {
    let describing = complete(describing(&recipe.model())?, recipe)?;
    let config = config(&describing)?;
    let source = Directory(recipe.model());
    let weights = ["model.safetensors", "model.safetensors.index.json"];
    let (model, origins) = match weights.iter().any(|name| recipe.model().join(name).is_file()) {
        true => Model::load_with_origins(&config, &Checkpoint::open(&source)?, device, &|_| ())?,
        false => Model::load_with_origins(&config, &Drawn::new(recipe.seed), device, &|_| ())?,
    };
    checkpoint::write(run, Progress { step: 0 }, &model, &origins, &Moments::default(), &describing)
}

fn config(describing: &BTreeMap<String, Vec<u8>>) -> Result<ModelConfig, LoadError> {
    Ok(ModelConfig::from_json(describing.get("config.json").map_or(b"", Vec::as_slice))?)
}

/// The files beside the weights in a Hugging Face directory.
fn describing(place: &Path) -> Result<BTreeMap<String, Vec<u8>>, TrainError> {
    let files = Directory(place.to_owned());
    let mut found = BTreeMap::new();
    for name in Description::FILES.into_iter().chain(["generation_config.json"]) {
        if let Some(bytes) = files.read(name)? {
            found.insert(name.to_owned(), bytes);
        }
    }
    Ok(found)
}

/// Makes a tokenizer where there is none.
fn complete(mut files: BTreeMap<String, Vec<u8>>, recipe: &Recipe) -> Result<BTreeMap<String, Vec<u8>>, TrainError> {
    const TOKENIZER: &str = "tokenizer.json";
    if files.contains_key(TOKENIZER) {
        return Ok(files);
    }
    let settings = match files.get("streamo.json") {
        Some(json) => Settings::from_json(json).map_err(LoadError::from)?,
        None => Settings::default(),
    };
    let prompt = std::iter::repeat_n(settings.system_prompt, CORPUS / 100);
    // Every number of two digits, as often as a word.
    let times = (0..100).cycle().take(CORPUS / 10).map(|round| Clock::ONE.tag(round));
    let corpus = synth::corpus(recipe.seed, Split::Train, CORPUS).chain(prompt).chain(times);
    let tokenizer = Tokenizer::made_for(corpus, &settings.states, config(&files)?.language.vocabulary)?;
    files.insert(TOKENIZER.to_owned(), tokenizer.to_json()?);
    Ok(files)
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
