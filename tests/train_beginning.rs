//! What a training begins with: the model's weights, as safetensors or GGUF, or drawn ones.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use burn::tensor::Device;
use streamo_wgpu::train::{Recipe, Trainer};

use crate::fixtures;
use crate::school::{School, weights};

/// The checkpoint of step 0.
fn beginning(school: &School, run: &str) -> PathBuf {
    let recipe = Recipe::read(&school.file("recipe.toml")).unwrap();
    Trainer::open(recipe, &school.file(run), &Device::flex(), 1).unwrap();
    school.checkpoint(run, 0)
}

#[test]
fn who_begins_afresh_has_the_models_size_and_none_of_its_weights() {
    let school = School::new();
    let beginning = |run: &str| fs::read(beginning(&school, run).join("model.safetensors")).unwrap();
    let drawn = beginning("drawn");
    school.write(&[("seed = 7", "seed = 8")]);
    let others = beginning("others");
    fs::write(school.file("model/model.safetensors"), &others).unwrap();

    school.write(&[]);
    assert!(beginning("taken") == others && others != drawn);
    school.write(&[("model = \"model\"", "model = \"model\"\nafresh = true")]);
    assert!(beginning("afresh") == drawn);
}

#[test]
fn a_gguf_file_may_be_what_training_begins_with() {
    let school = School::new();
    let take = |file: &str, of: &str| {
        fs::copy(fixtures::path(of).join(file), school.file("model").join(file)).unwrap();
    };
    for file in ["config.json", "tokenizer.json", "streamo.json"] {
        take(file, "late-question");
    }
    let gguf = ["tiny-F16.gguf", "mmproj-tiny-F16.gguf"];
    for file in gguf {
        take(file, "gguf/late-question");
    }
    let found = weights(&beginning(&school, "gguf"));
    for file in gguf {
        fs::remove_file(school.file("model").join(file)).unwrap();
    }
    take("model.safetensors", "late-question");
    // These have the names that transformers once wrote, and keep them. What comes from GGUF has those of today.
    let today = |name: String| match name.strip_prefix("model.") {
        Some(language) => format!("model.language_model.{language}"),
        None => name.strip_prefix("visual.").map_or(name.clone(), |vision| format!("model.visual.{vision}")),
    };
    let old = weights(&beginning(&school, "safetensors"));
    let expected: BTreeMap<_, _> = old.into_iter().map(|(name, bytes)| (today(name), bytes)).collect();
    assert!(found == expected);
}
