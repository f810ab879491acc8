//! What is part of the program: mini and a clip, so that it runs before anything is downloaded.

use std::io::Write;
use std::path::Path;

use tempfile::NamedTempFile;

use crate::weights::gguf::NamedModel;
use crate::weights::{Directory, Embedded, Files};

macro_rules! embed {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_bytes!(concat!("../../assets/mini/", $file)) as &[u8])),*]
    };
}

const MODEL: Embedded = Embedded {
    name: "mini, the bundled model",
    files: embed!["config.json", "model.safetensors", "streamo.json", "tokenizer.json"],
};

const CLIP: &[u8] = include_bytes!("../../assets/clip.mp4");

/// What to call the bundled model.
pub(super) const MODEL_NAME: &str = "mini, the bundled one";

/// The files of the model in the directory, or with the GGUF file, that `path` names; without it, the bundled one's.
pub(super) fn model(path: Option<&Path>) -> Box<dyn Files> {
    match path {
        Some(path) => match NamedModel::at(path) {
            Some(model) => Box::new(model),
            None => Box::new(Directory(path.to_owned())),
        },
        None => Box::new(MODEL),
    }
}

/// What to call the bundled clip.
pub(super) const CLIP_NAME: &str = "the bundled clip, of the procedural world (streamo synth)";

/// The bundled clip as a file, for as long as the returned value lives.
pub(super) fn clip() -> std::io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix("streamo-").suffix(".mp4").tempfile()?;
    file.write_all(CLIP)?;
    file.flush()?;
    Ok(file)
}
