//! `--dump`: what every round saw and computed, as safetensors.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, TensorView, serialize};
use tempfile::NamedTempFile;
use thiserror::Error;

use crate::stream::Evidence;

#[derive(Debug, Error)]
pub(super) enum DumpError {
    #[error("cannot write the dump {path}: {source}", path = path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot write the dump {path}: it is a directory; name a file", path = .0.display())]
    Directory(PathBuf),
    #[error("cannot write the dump {path}: there is no directory {directory}",
        path = .path.display(), directory = .directory.display())]
    NoDirectory { path: PathBuf, directory: PathBuf },
    #[error("the dump cannot be written: {0}")]
    Format(#[from] safetensors::SafeTensorError),
}

/// Gathers rounds and writes them in one go, so that a dump is whole or not there.
pub(super) struct Dump {
    path: PathBuf,
    tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>,
}

impl Dump {
    /// Makes sure, before the stream begins, that `path` can be written, and leaves nothing there yet.
    pub fn create(path: &Path) -> Result<Self, DumpError> {
        if path.is_dir() {
            return Err(DumpError::Directory(path.to_owned()));
        }
        let dump = Self { path: path.to_owned(), tensors: BTreeMap::new() };
        if !dump.directory().is_dir() {
            let directory = dump.directory().to_owned();
            return Err(DumpError::NoDirectory { path: dump.path, directory });
        }
        // Gone at once; a stream that is killed leaves no litter.
        tempfile::tempfile_in(dump.directory()).map_err(|source| dump.refused(source))?;
        Ok(dump)
    }

    fn directory(&self) -> &Path {
        self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn refused(&self, source: io::Error) -> DumpError {
        // In its own words, which name a temporary file, it is a riddle.
        DumpError::Write { path: self.path.clone(), source: source.kind().into() }
    }

    pub fn add(&mut self, evidence: Evidence) {
        let Evidence { round, input_ids, positions, vision, hidden, logits, generated, .. } = evidence;
        let ints = |values: Vec<i64>| values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let floats = |values: Vec<f32>| values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let ids = |ids: &[u32]| ints(ids.iter().map(|&id| id.into()).collect());
        let axes = (0..3).flat_map(|axis| positions.iter().map(move |position| position[axis].into()));
        let axes: Vec<i64> = axes.collect();
        let (tokens, visual, vocabulary) = (input_ids.len(), vision.len() / hidden.max(1), logits.len());
        let parts: [(&str, Dtype, Vec<usize>, Vec<u8>); 5] = [
            ("input_ids", Dtype::I64, vec![tokens], ids(&input_ids)),
            ("position_ids", Dtype::I64, vec![3, tokens], ints(axes)),
            ("vision_out", Dtype::F32, vec![visual, hidden], floats(vision)),
            ("decision_logits", Dtype::F32, vec![vocabulary], floats(logits)),
            ("generated_ids", Dtype::I64, vec![generated.len()], ids(&generated)),
        ];
        for (name, format, shape, bytes) in parts {
            self.tensors.insert(format!("r{round:04}.{name}"), (format, shape, bytes));
        }
    }

    pub fn finish(self) -> Result<(), DumpError> {
        let views = self.tensors.iter().map(|(name, (format, shape, bytes))| {
            TensorView::new(*format, shape.clone(), bytes).map(|view| (name, view))
        });
        let bytes = serialize(views.collect::<Result<Vec<_>, _>>()?, None)?;
        // In the same directory, so that it can take the place of `path` in one step.
        let mut file = NamedTempFile::new_in(self.directory()).map_err(|source| self.refused(source))?;
        file.write_all(&bytes).map_err(|source| self.refused(source))?;
        file.persist(&self.path).map_err(|error| self.refused(error.error))?;
        Ok(())
    }
}
