//! What a run begins with: its copy of the recipe, and the checkpoint of step 0.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;

use super::average::Average;
use super::checkpoint::{self, Progress};
use super::draft::replace_file;
use super::recipe::Recipe;
use super::{Moments, TrainError};
use crate::clock::Clock;
use crate::model::{Description, LoadError, Model, ModelConfig, Settings};
use crate::synth::{self, Split};
use crate::tokenizer::Tokenizer;
use crate::weights::{Checkpoint, Directory, Drawn, Files};

/// What a run's copy of its recipe is called.
pub const RECIPE: &str = "recipe.toml";

/// Lines of the corpus that a tokenizer is made from.
const CORPUS: usize = 20_000;

/// Writes the recipe into a new run, and holds it against that of one that has `begun`.
pub fn keep_recipe(recipe: &Recipe, run: &Path, begun: bool) -> Result<(), TrainError> {
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
pub fn begin(recipe: &Recipe, run: &Path, device: &Device) -> Result<PathBuf, TrainError> {
    let describing = complete(describing(&recipe.model())?, recipe)?;
    let config = config(&describing)?;
    let source = Directory(recipe.model());
    let held = if recipe.afresh { None } else { Checkpoint::among(&source)? };
    let (model, origins) = match held {
        Some(weights) => Model::load_with_origins(&config, &weights, device, &|_| ())?,
        None => Model::load_with_origins(&config, &Drawn::new(recipe.seed), device, &|_| ())?,
    };
    let average = recipe.average.map(|_| Average::of(&model));
    checkpoint::write(run, Progress { step: 0 }, &model, &origins, &Moments::default(), average.as_ref(), &describing)
}

fn config(describing: &BTreeMap<String, Vec<u8>>) -> Result<ModelConfig, LoadError> {
    Ok(ModelConfig::from_json(describing.get("config.json").map_or(b"", Vec::as_slice))?)
}

/// The files beside the weights in a Hugging Face directory.
pub fn describing(place: &Path) -> Result<BTreeMap<String, Vec<u8>>, TrainError> {
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
