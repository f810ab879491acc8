//! The whole model: what a checkpoint is, how it is loaded, and the two passes of a round.

mod config;
mod cost;
mod described;
mod gguf;
mod kernels;
mod preprocessing;
mod published;
#[cfg(not(target_arch = "wasm32"))]
mod reading;
mod settings;

use burn::tensor::{Device, Tensor};
use thiserror::Error;

use crate::device::Room;
use crate::frame::{Grid, Normalization, Preprocessor};
use crate::language::{Decoder, LanguageConfig};
use crate::memory::{Input, Memory, MemoryError};
use crate::tokenizer::{Tokenizer, TokenizerError};
use crate::trace::Trace;
use crate::vision::{Layout, VisionTransformer};
use crate::weights::gguf::GgufModel;
use crate::weights::pack::{Manifest, PackFiles};
#[cfg(not(target_arch = "wasm32"))]
use crate::weights::{Checkpoint, Survey, Wanted};
use crate::weights::{Files, Loader, Origin, TensorStore, WeightsError};

pub use config::{ConfigError, ConfigFault, ModelConfig};
pub use cost::Cost;
pub use described::DescribingFile;
pub use kernels::{Extent, Kernel, Placement};
pub use preprocessing::PreprocessingError;
#[cfg(not(target_arch = "wasm32"))]
pub use reading::Reading;
pub use settings::{Settings, SettingsError};

/// Why a model could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// Its configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Its preprocessing.
    #[error(transparent)]
    Preprocessing(#[from] PreprocessingError),
    /// Its streaming settings.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Its tokenizer.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// Its weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// Everything about a model but its weights: enough to say what it is and what it will need.
#[derive(Debug, Clone)]
pub struct Description {
    /// Sizes.
    pub config: ModelConfig,
    /// How it wants its stream.
    pub settings: Settings,
    /// How it wants its pixels.
    pub normalization: Normalization,
    /// Its tokenizer.
    pub tokenizer: Tokenizer,
}

impl Description {
    /// The files that it is read from.
    pub const FILES: [&str; 4] = ["config.json", "streamo.json", "preprocessor_config.json", "tokenizer.json"];

    /// Reads `config.json`, `streamo.json`, `preprocessor_config.json` and `tokenizer.json`; of a pack, those that its
    /// manifest names; of GGUF files, which say for themselves what the others say, `streamo.json` only.
    ///
    /// # Errors
    ///
    /// One of them is missing, damaged, or does not fit the others.
    pub fn read(files: &dyn Files) -> Result<Self, LoadError> {
        match Manifest::read(files)? {
            Some(manifest) => Self::read_from(&PackFiles::new(files, &manifest)),
            None => Self::read_from(files),
        }
    }

    fn read_from(files: &dyn Files) -> Result<Self, LoadError> {
        let settings = match files.read("streamo.json")? {
            Some(json) => Settings::from_json(&json)?,
            None => Settings::default(),
        };
        let (config, normalization, tokenizer) = match GgufModel::open(files)? {
            Some(model) => gguf::describe(&model)?,
            None => (
                ModelConfig::from_json(&files.required("config.json")?)?,
                match files.read("preprocessor_config.json")? {
                    Some(json) => preprocessing::normalization(&json)?,
                    None => Normalization::default(),
                },
                Tokenizer::from_bytes(&files.required("tokenizer.json")?)?,
            ),
        };
        let (largest, vocabulary) = (tokenizer.largest_id(), config.language.vocabulary);
        if largest as usize >= vocabulary {
            return Err(TokenizerError::OutsideVocabulary { id: largest, vocabulary }.into());
        }
        let description = Self { config, settings, normalization, tokenizer };
        description.preprocessor().check().map_err(|error| SettingsError::Value(error.to_string()))?;
        Ok(description)
    }

    /// How frames are prepared for the model.
    pub fn preprocessor(&self) -> Preprocessor {
        let vision = &self.config.vision;
        Preprocessor {
            bounds: self.settings.pixels(),
            patch: vision.patch as u32,
            merge: vision.merge as u32,
            temporal: vision.temporal as u32,
            motion: self.settings.motion,
            normalization: self.normalization,
        }
    }
}

/// A model on a device.
#[derive(Debug)]
pub struct Model {
    /// Sizes.
    pub config: ModelConfig,
    vision: VisionTransformer,
    language: Decoder,
    device: Device,
}

impl Model {
    /// Brings weights onto `device`, one tensor at a time, in the formats that `store` gives them. `progress` is told,
    /// after each, how many bytes of the store it took.
    ///
    /// # Errors
    ///
    /// A tensor is missing, of another shape, or broken, or the weights are too large for the device.
    pub fn load(
        config: &ModelConfig,
        store: &dyn TensorStore,
        device: &Device,
        progress: &dyn Fn(u64),
    ) -> Result<Self, WeightsError> {
        Ok(Self::load_with_origins(config, store, device, progress)?.0)
    }

    /// The same, and which of the stored tensors each parameter is made of.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_with_origins(
        config: &ModelConfig,
        store: &dyn TensorStore,
        device: &Device,
        progress: &dyn Fn(u64),
    ) -> Result<(Self, Vec<Origin>), WeightsError> {
        let loader = Loader::new(store, device, progress)?;
        let model = Self {
            config: config.clone(),
            vision: VisionTransformer::load(&config.vision, &loader)?,
            language: Decoder::load(&config.language, &loader)?,
            device: device.clone(),
        };
        Ok((model, loader.origins()))
    }

    /// The tensors that a model of `config` is made of, in the order of loading, each of them in `checkpoint`.
    ///
    /// # Errors
    ///
    /// A tensor is missing, or of another shape.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn tensors(config: &ModelConfig, checkpoint: &Checkpoint) -> Result<Vec<Wanted>, WeightsError> {
        let survey = Survey::new(checkpoint);
        Self::load(config, &survey, &Device::flex(), &|_| ())?;
        Ok(survey.wanted())
    }

    /// Where the model is.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Sizes of the decoder.
    pub fn language(&self) -> &LanguageConfig {
        &self.config.language
    }

    /// The layout of frames of `grid` patches, to be kept while their size stays.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Frame`].
    pub fn layout(&self, grid: Grid) -> Result<Layout, MemoryError> {
        let count = grid.patches();
        // A mask, and the scores of every head before and after the softmax.
        let pairs = (count as u64).saturating_mul(count as u64).saturating_mul(size_of::<f32>() as u64);
        let scores = pairs.saturating_mul(self.config.vision.heads as u64);
        if !Room::on(&self.device).fits([pairs, pairs, scores, scores]) {
            let bytes = scores.saturating_add(pairs).saturating_mul(2);
            return Err(MemoryError::Frame { patches: count, bytes });
        }
        Ok(Layout::new(&self.config.vision, grid, 1, &self.device))
    }

    /// A frame's rows of [`Patches`](crate::frame::Patches), `[patches, numbers in a patch]`, → its visual tokens,
    /// `[tokens, hidden]` in raster order.
    pub fn see(&self, patches: Tensor<2>, layout: &Layout, trace: &mut Trace) -> Tensor<2> {
        self.vision.forward(patches, layout, trace)
    }

    /// Computes everything that waits in `memory`, in one pass, and returns the features after the last token,
    /// `[1, hidden]`, and how many tokens were computed.
    ///
    /// # Errors
    ///
    /// [`MemoryError::TooSmall`].
    pub fn prefill(&self, memory: &mut Memory, trace: &mut Trace) -> Result<(Tensor<2>, usize), MemoryError> {
        let (view, inputs) = memory.admit()?;
        let rows = inputs
            .into_iter()
            .map(|input| match input {
                Input::Tokens(ids) => self.language.embed(&ids),
                Input::Features(features) => *features,
            })
            .collect();
        let x = Tensor::cat(rows, 0);
        trace.record(|| "text.embed".to_owned(), || x.clone());
        let count = view.rows.len();
        let (arena, table) = memory.device_side();
        Ok((self.language.forward(x, &view, table, arena, trace), count))
    }

    /// Features `[1, hidden]` → logits of the whole vocabulary, `[1, vocabulary]`.
    pub fn logits(&self, features: Tensor<2>) -> Tensor<2> {
        self.language.logits(features)
    }

    /// The head's rows of `ids`, for [`logits_of`](crate::kernels::read_out::logits_of).
    pub fn head_rows(&self, ids: &[u32]) -> Tensor<2> {
        self.language.head_rows(ids)
    }
}
