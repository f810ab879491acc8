use std::io;
use std::path::{Path, PathBuf};

use burn::tensor::ExecutionError;
use thiserror::Error;

use super::course::ShelfError;
use super::recipe::RecipeError;
use crate::clock::ClockError;
use crate::device;
use crate::frame::FrameError;
use crate::model::LoadError;
use crate::tokenizer::TokenizerError;
use crate::weights::WeightsError;

/// Why a training cannot begin or go on.
#[derive(Debug, Error)]
pub enum TrainError {
    /// Its recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The model that it begins with, or goes on from.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// Weights that cannot be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A text that the tokenizer cannot write.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// Samples or videos that cannot be learnt from.
    #[error(transparent)]
    Shelf(#[from] ShelfError),
    /// Frames that the model cannot see.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A rate that no stream has.
    #[error(transparent)]
    Clock(#[from] ClockError),
    /// The disk.
    #[error("{path}: {source}", path = .0.display(), source = .1)]
    Disk(PathBuf, io::Error),
    /// The device.
    #[error(
        "the device failed: {0}; the same command goes on from the last checkpoint, with --device cpu without a GPU"
    )]
    Device(String),
    /// A checkpoint that cannot be gone on from.
    #[error(
        "the checkpoint {path} is damaged ({reason}): remove it, and training goes on from the one before it, or begins \
         again where there is none",
        path = .0.display(),
        reason = .1
    )]
    Damaged(PathBuf, String),
    /// A run that another recipe began.
    #[error(
        "{run} was begun with another recipe ({difference}): go on with the {file} in it, or choose another directory",
        run = .run.display(),
        file = super::beginning::RECIPE
    )]
    OtherRecipe {
        /// The run.
        run: PathBuf,
        /// The first setting that differs.
        difference: String,
    },
    /// Numbers ran away.
    #[error(
        "the loss is {loss} and the gradients' norm {norm} at step {step}: the model is lost; begin a new run with a lower \
         rate, from an earlier checkpoint or from the start"
    )]
    Diverged {
        /// Where.
        step: u64,
        /// What the loss became.
        loss: f64,
        /// What the norm of all gradients became.
        norm: f64,
    },
}

impl From<ExecutionError> for TrainError {
    fn from(error: ExecutionError) -> Self {
        Self::Device(device::reason(&error))
    }
}

impl TrainError {
    /// The same of the checkpoint at `path`, which was written whole and should be readable: where it is not, it is
    /// damaged. Only a device without room for it is no fault of its own.
    pub(super) fn of_checkpoint(self, path: &Path) -> Self {
        match self {
            Self::Weights(WeightsError::TooLarge { .. } | WeightsError::TensorTooLarge { .. })
            | Self::Load(LoadError::Weights(WeightsError::TooLarge { .. } | WeightsError::TensorTooLarge { .. }))
            | Self::Damaged(..) => self,
            other => Self::Damaged(path.to_owned(), other.to_string()),
        }
    }

    /// What the disk said of `path`.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Disk(path, source)
    }
}
