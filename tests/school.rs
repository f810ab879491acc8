//! Small trainings: a recipe, the model that it begins with, and what they leave.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use safetensors::SafeTensors;
use serde_json::json;
use tempfile::TempDir;

use crate::fixtures;
use crate::program::streamo;

/// Everything that a training leaves and goes on from.
pub const KEPT: [&str; 3] = ["model.safetensors", "moments.safetensors", "progress.json"];

pub const STEPS: u64 = 12;

const RECIPE: &str = r#"
seed = 7
model = "model"
steps = 12
freeze = []
average = 0.75
muon = {}

[rate]
peak = 0.01
floor = 0.1
warm_up = 0.2

[rhythm]
save = 1
keep = 2
validate = 100
streams = 1

[[phases]]
until = 0.5

[[phases.material]]
batch = 4
together = 2
rounds = [1, 2]
sizes = [[56, 28]]
tasks = { dense = 1.0 }

[[phases]]
until = 1.0

[[phases.material]]
batch = 6
together = 3
rounds = [1, 1]
sizes = [[56, 28]]
tasks = { dense = 1.0 }

[[phases.material]]
share = 2.0
batch = 4
together = 2
rounds = [2, 3]
sizes = [[56, 28], [56, 56]]
late = 0.3
quiet = 0.2
slips = 0.8
own = 0.6
[phases.material.tasks]
narration = 1.0
alert = 1.0
memory = 1.0
"#;

/// A recipe, the model that it begins with, which has no weights, and room for runs.
pub struct School {
    place: TempDir,
}

impl School {
    pub fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let model = place.path().join("model");
        fs::create_dir(&model).unwrap();
        let config = json!({
            "model_type": "qwen2_5_vl",
            "vocab_size": 528,
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "rope_theta": 1e6,
            "rope_scaling": {"type": "mrope", "mrope_section": [1, 1, 2]},
            "tie_word_embeddings": true,
            "vision_config": {
                "depth": 2,
                "hidden_size": 16,
                "intermediate_size": 24,
                "num_heads": 2,
                "patch_size": 14,
                "out_hidden_size": 32,
                "window_size": 56,
                "fullatt_block_indexes": [1],
            },
        });
        let settings = json!({
            "system_prompt": "\nWatch. \n</Silence> </Standby> </Response>\n",
            "min_pixels": 784, "max_pixels": 6720, "fps": 1,
        });
        fs::write(model.join("config.json"), config.to_string()).unwrap();
        fs::write(model.join("streamo.json"), settings.to_string()).unwrap();
        fs::copy(fixtures::path("tied/tokenizer.json"), model.join("tokenizer.json")).unwrap();
        let school = Self { place };
        school.write(&[]);
        school
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Writes the recipe with some of its text replaced.
    pub fn write(&self, changes: &[(&str, &str)]) -> PathBuf {
        let mut text = RECIPE.to_owned();
        for (there, instead) in changes {
            assert!(text.contains(there), "{there}");
            text = text.replacen(there, instead, 1);
        }
        let path = self.file("recipe.toml");
        fs::write(&path, text).unwrap();
        path
    }

    /// `streamo train` into the run of a name.
    pub fn train(&self, run: &str) -> Command {
        let mut command = streamo(["train"]);
        command.arg(self.file("recipe.toml")).arg("-o").arg(self.file(run));
        command
    }

    /// Where a run's checkpoint of a step is.
    pub fn checkpoint(&self, run: &str, step: u64) -> PathBuf {
        self.file(run).join(format!("step-{step:08}"))
    }

    /// What a training left after its last step.
    #[track_caller]
    pub fn end(&self, run: &str) -> Vec<Vec<u8>> {
        let place = self.checkpoint(run, STEPS);
        KEPT.iter().map(|name| fs::read(place.join(name)).unwrap()).collect()
    }
}

/// Parameters of a checkpoint, by name.
pub fn weights(place: &Path) -> BTreeMap<String, Vec<u8>> {
    let bytes = fs::read(place.join("model.safetensors")).unwrap();
    let stored = SafeTensors::deserialize(&bytes).unwrap();
    stored.iter().map(|(name, view)| (name.to_owned(), view.data().to_vec())).collect()
}

/// The same, as numbers of f32.
pub fn numbers(place: &Path) -> BTreeMap<String, Vec<f32>> {
    let read = |bytes: Vec<u8>| bytes.as_chunks().0.iter().copied().map(f32::from_le_bytes).collect();
    weights(place).into_iter().map(|(name, bytes)| (name, read(bytes))).collect()
}
