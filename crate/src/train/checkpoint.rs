//! What is kept of a training, so that it goes on after it was killed at any moment as if it had not been.
//!
//! A checkpoint is a Hugging Face directory of its own, `step-00000100/`, with `moments.safetensors` (the optimiser's,
//! `m.` and `v.` before the tensors' names, and `a.` before those of the weights' mean) and `progress.json` beside the
//! model. It is written under another name and gets its own when all of it is on the disk. So is `model/`, which a training
//! leaves at its end: the model alone, with the numbers that its `config.json` promises.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use burn::module::{ModuleVisitor, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde::{Deserialize, Serialize};

use super::average::Average;
use super::draft::{UNFINISHED, replace_directory};
use super::{Moments, TrainError};
use crate::model::{Description, Model};
use crate::weights::{Checkpoint, Directory, Origin, Part};

const MOMENTS: &str = "moments.safetensors";
const PROGRESS: &str = "progress.json";
const WEIGHTS: &str = "model.safetensors";
/// What a training leaves at its end, for use.
pub const MODEL: &str = "model";
/// What stands before a tensor's name for its two moments, and for its mean.
const MOMENT: [&str; 2] = ["m.", "v."];
const MEAN: &str = "a.";

/// How far a training is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps that are done.
    pub step: u64,
}

/// The newest complete checkpoint in `run`.
pub fn newest(run: &Path) -> io::Result<Option<PathBuf>> {
    Ok(all(run)?.pop())
}

/// Every complete checkpoint in `run`, the oldest first.
fn all(run: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(run)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_prefix("step-").unwrap_or_default();
        if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Removes all checkpoints in `run` but the `keep` newest, and what was never finished.
pub fn tidy(run: &Path, keep: usize) -> io::Result<()> {
    clear(run)?;
    let complete = all(run)?;
    for old in complete.iter().rev().skip(keep) {
        // A kill on the way leaves nothing that looks complete.
        fs::rename(old, old.with_extension(UNFINISHED))?;
    }
    clear(run)
}

/// Removes what is no complete checkpoint in `run`.
fn clear(run: &Path) -> io::Result<()> {
    for entry in fs::read_dir(run)? {
        let path = entry?.path();
        if path.extension().is_some_and(|end| end == UNFINISHED) && path.is_dir() {
            fs::remove_dir_all(path)?;
        }
    }
    Ok(())
}

/// How far the checkpoint at `path` is.
///
/// # Errors
///
/// It cannot be read.
pub fn progress(path: &Path) -> Result<Progress, TrainError> {
    let place = path.join(PROGRESS);
    let bytes = fs::read(&place).map_err(TrainError::at(&place))?;
    let damaged = |error| TrainError::Damaged(path.to_owned(), format!("{PROGRESS}: {error}"));
    serde_json::from_slice(&bytes).map_err(damaged)
}

/// Writes a checkpoint into `run`.
///
/// # Errors
///
/// The disk.
pub fn write(
    run: &Path,
    progress: Progress,
    model: &Model,
    origins: &[Origin],
    moments: &Moments,
    average: Option<&Average>,
    describing: &BTreeMap<String, Vec<u8>>,
) -> Result<PathBuf, TrainError> {
    let place = run.join(format!("step-{:08}", progress.step));
    let parameters = Parameters::of(model);
    written_whole(&place, describing, |draft| {
        save(&draft.join(WEIGHTS), &named(origins, "", Dtype::F32, |id| parameters.values.get(id).cloned()))?;
        let mut kept = Vec::new();
        for (index, prefix) in MOMENT.into_iter().enumerate() {
            let moment = |id: &ParamId| {
                let both = moments.0.get(*parameters.order.get(id)?)?.as_ref()?;
                Some(numbers(both[index].clone()))
            };
            kept.extend(named(origins, prefix, Dtype::F32, moment));
        }
        let mean = |id: &ParamId| average?.0.get(*parameters.order.get(id)?).cloned().map(numbers);
        kept.extend(named(origins, MEAN, Dtype::F32, mean));
        save(&draft.join(MOMENTS), &kept)?;
        fs::write(draft.join(PROGRESS), serde_json::to_vec_pretty(&progress)?)
    })?;
    Ok(place)
}

/// Writes the model of a training that is done into `run`.
///
/// # Errors
///
/// The disk.
pub fn finish(
    run: &Path,
    model: &Model,
    origins: &[Origin],
    describing: &BTreeMap<String, Vec<u8>>,
) -> Result<(), TrainError> {
    let parameters = Parameters::of(model);
    let tensors = named(origins, "", promised(describing), |id| parameters.values.get(id).cloned());
    written_whole(&run.join(MODEL), describing, |draft| save(&draft.join(WEIGHTS), &tensors))
}

/// The numbers that `config.json` says the weights have; f32 where it says nothing, or nothing that can be written.
fn promised(describing: &BTreeMap<String, Vec<u8>>) -> Dtype {
    let config = describing.get("config.json").map_or(b"".as_slice(), Vec::as_slice);
    let config: serde_json::Value = serde_json::from_slice(config).unwrap_or_default();
    match config.get("dtype").or(config.get("torch_dtype")).and_then(serde_json::Value::as_str) {
        Some("float16") => Dtype::F16,
        Some("bfloat16") => Dtype::BF16,
        _ => Dtype::F32,
    }
}

/// Makes the directory `place`, with the files `describing` a model and what `add` puts beside them: all of it or nothing.
fn written_whole(
    place: &Path,
    describing: &BTreeMap<String, Vec<u8>>,
    add: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<(), TrainError> {
    let fill = |draft: &Path| {
        for (name, bytes) in describing {
            fs::write(draft.join(name), bytes)?;
        }
        add(draft)
    };
    replace_directory(place, fill).map_err(TrainError::at(place))
}

/// The optimiser's moments in the checkpoint at `path`, and the weights' mean if it is `averaged`.
///
/// # Errors
///
/// They are damaged, or of another model.
pub fn kept(
    path: &Path,
    model: &Model,
    origins: &[Origin],
    averaged: bool,
) -> Result<(Moments, Option<Average>), TrainError> {
    let damaged = |reason: String| TrainError::Damaged(path.to_owned(), format!("{MOMENTS}: {reason}"));
    let place = path.join(MOMENTS);
    let bytes = fs::read(&place).map_err(TrainError::at(&place))?;
    let stored = safetensors::SafeTensors::deserialize(&bytes).map_err(|error| damaged(error.to_string()))?;
    let parameters = Parameters::of(model);
    // What is kept of every parameter under a prefix, flat, in the order in which the model shows them.
    let under = |prefix: &str| {
        let mut found = vec![None; parameters.order.len()];
        for origin in origins {
            if stored.tensor(&format!("{prefix}{}", origin.tensors[0].name)).is_err() {
                continue;
            }
            let mut tensors = Vec::new();
            for tensor in &origin.tensors {
                let view =
                    stored.tensor(&format!("{prefix}{}", tensor.name)).map_err(|error| damaged(error.to_string()))?;
                if view.dtype() != Dtype::F32 || view.shape() != tensor.shape {
                    return Err(damaged(format!("{} has another shape", tensor.name)));
                }
                let (numbers, _) = view.data().as_chunks::<4>();
                tensors.push(numbers.iter().copied().map(f32::from_le_bytes).collect());
            }
            let mut rest = origin.put_together(&tensors);
            for id in &origin.parameters {
                let after = rest.split_off(parameters.values[id].len());
                let piece = TensorData::from(std::mem::replace(&mut rest, after).as_slice());
                found[parameters.order[id]] = Some(Tensor::from_data(piece, model.device()));
            }
        }
        Ok(found)
    };
    let [first, second] = [under(MOMENT[0])?, under(MOMENT[1])?];
    let moments = first.into_iter().zip(second).map(|both| match both {
        (Some(first), Some(second)) => Ok(Some([first, second])),
        (None, None) => Ok(None),
        _ => Err(damaged("a tensor has one of its two moments".to_owned())),
    });
    let moments = Moments(moments.collect::<Result<_, _>>()?);
    if !averaged {
        return Ok((moments, None));
    }
    let mean: Option<Vec<_>> = under(MEAN)?.into_iter().collect();
    let mean = mean.ok_or_else(|| damaged("it lacks the mean of the weights".to_owned()))?;
    Ok((moments, Some(Average(mean))))
}

/// The model at `path`, on `device`, and what its parameters are made of.
///
/// # Errors
///
/// As [`Model::load`].
pub fn model(path: &Path, description: &Description, device: &Device) -> Result<(Model, Vec<Origin>), TrainError> {
    let files = Directory(path.to_owned());
    let stored = Checkpoint::open(&files)?;
    Ok(Model::load_with_origins(&description.config, &stored, device, &|_| ())?)
}

/// Which parts of a model the tensors of an origin belong to, the merger being one of its own.
pub fn is_merger(origin: &Origin) -> bool {
    origin.tensors.iter().all(|tensor| tensor.part == Part::Vision && tensor.name.contains("merger."))
}

/// Every parameter's numbers, and its place in the order in which the model shows them.
struct Parameters {
    values: HashMap<ParamId, Vec<f32>>,
    order: HashMap<ParamId, usize>,
}

impl Parameters {
    fn of(model: &Model) -> Self {
        struct Read(Parameters);
        impl ModuleVisitor for Read {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0.order.insert(param.id, self.0.order.len());
                let tensor = param.val();
                let count = tensor.shape().num_elements();
                self.0.values.insert(param.id, numbers(tensor.reshape([count])));
            }
        }
        let mut read = Read(Self { values: HashMap::new(), order: HashMap::new() });
        model.visit(&mut read);
        read.0
    }
}

fn numbers(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().iter().collect()
}

/// A tensor to be written.
struct Written {
    name: String,
    format: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// The tensors that parameters are made of, where `values` has numbers for them.
fn named(
    origins: &[Origin],
    prefix: &str,
    format: Dtype,
    values: impl Fn(&ParamId) -> Option<Vec<f32>>,
) -> Vec<Written> {
    let bytes = |numbers: Vec<f32>| -> Vec<u8> {
        match format {
            Dtype::F16 => numbers.into_iter().flat_map(|number| f16::from_f32(number).to_le_bytes()).collect(),
            Dtype::BF16 => numbers.into_iter().flat_map(|number| bf16::from_f32(number).to_le_bytes()).collect(),
            _ => numbers.into_iter().flat_map(f32::to_le_bytes).collect(),
        }
    };
    let mut written = Vec::new();
    for origin in origins {
        let Some(pieces) = origin.parameters.iter().map(&values).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let parts = origin.taken_apart(&pieces.concat());
        written.extend(origin.tensors.iter().zip(parts).map(|(tensor, numbers)| Written {
            name: format!("{prefix}{}", tensor.name),
            format,
            shape: tensor.shape.clone(),
            bytes: bytes(numbers),
        }));
    }
    written
}

fn save(path: &Path, tensors: &[Written]) -> io::Result<()> {
    let mut views = Vec::with_capacity(tensors.len());
    for tensor in tensors {
        let view = TensorView::new(tensor.format, tensor.shape.clone(), &tensor.bytes).map_err(io::Error::other)?;
        views.push((&tensor.name, view));
    }
    safetensors::serialize_to_file(views, None, path).map_err(io::Error::other)
}
