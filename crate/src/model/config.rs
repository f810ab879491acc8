//! `config.json` of a Qwen2.5-VL checkpoint, in the hub's flat form and in transformers 5's nested one.

use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::language::LanguageConfig;
use crate::vision::VisionConfig;
use crate::weights::gguf::KeyError;

/// What a checkpoint is.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelConfig {
    /// The vision transformer and its merger.
    pub vision: VisionConfig,
    /// The decoder.
    pub language: LanguageConfig,
}

/// Why a configuration cannot be used.
#[derive(Debug, Error)]
#[error("{file} {fault}{}", self.remedy())]
pub struct ConfigError {
    /// The file: `config.json`, or a GGUF file.
    pub file: String,
    /// What is wrong with it.
    pub fault: ConfigFault,
}

/// What can be wrong with a configuration.
#[derive(Debug, Error)]
pub enum ConfigFault {
    /// Not JSON, or a field is missing or of another type.
    #[error("is not the configuration of a Qwen2.5-VL model: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A model of another family.
    #[error("describes {0}")]
    Architecture(String),
    /// Fields that contradict each other, or that no such model has.
    #[error("is inconsistent: {0}")]
    Inconsistent(String),
    /// A variant of the architecture that would come out wrong here.
    #[error("asks for {0}")]
    Unsupported(String),
}

const CONFIG: &str = "config.json";

impl ConfigError {
    fn remedy(&self) -> &'static str {
        match &self.fault {
            ConfigFault::Architecture(_) => "; streamo runs qwen2_5_vl checkpoints (Streamo's own base)",
            ConfigFault::Unsupported(_) => ", which streamo does not do: take a plain Qwen2.5-VL checkpoint",
            _ if self.file == CONFIG => "; take the one of the checkpoint",
            _ => "; download it again, or convert the model anew",
        }
    }
}

impl From<KeyError> for ConfigFault {
    fn from(error: KeyError) -> Self {
        Self::Inconsistent(error.to_string())
    }
}

#[derive(Deserialize)]
pub(super) struct TextFields {
    pub vocab_size: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_hidden_layers: usize,
    pub num_attention_heads: usize,
    pub num_key_value_heads: usize,
    #[serde(default = "default_epsilon")]
    pub rms_norm_eps: f64,
    pub rope_theta: Option<f64>,
    #[serde(default)]
    pub rope_scaling: Option<Rope>,
    #[serde(default)]
    pub rope_parameters: Option<Rope>,
    #[serde(default = "default_max_positions")]
    pub max_position_embeddings: usize,
    #[serde(default = "default_activation")]
    pub hidden_act: String,
    #[serde(default)]
    pub use_sliding_window: bool,
    pub tie_word_embeddings: Option<bool>,
    pub head_dim: Option<usize>,
}

#[derive(Deserialize)]
pub(super) struct Rope {
    pub rope_theta: Option<f64>,
    pub mrope_section: Option<[usize; 3]>,
    // Two names; transformers 5 writes both.
    pub rope_type: Option<String>,
    pub r#type: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct VisionFields {
    pub depth: usize,
    pub hidden_size: usize,
    pub intermediate_size: usize,
    pub num_heads: usize,
    // Two names each, and files that carry both.
    pub in_channels: Option<usize>,
    pub in_chans: Option<usize>,
    pub patch_size: Option<usize>,
    pub spatial_patch_size: Option<usize>,
    #[serde(default = "default_pair")]
    pub spatial_merge_size: usize,
    #[serde(default = "default_pair")]
    pub temporal_patch_size: usize,
    #[serde(default = "default_window")]
    pub window_size: usize,
    #[serde(default = "default_full_attention")]
    pub fullatt_block_indexes: Vec<usize>,
    pub out_hidden_size: usize,
    #[serde(default = "default_activation")]
    pub hidden_act: String,
}

// The defaults are transformers' own, since it leaves out of a file what does not differ from them.

fn default_epsilon() -> f64 {
    1e-5
}
fn default_max_positions() -> usize {
    32_768
}
fn default_activation() -> String {
    "silu".to_owned()
}
fn default_pair() -> usize {
    2
}
fn default_window() -> usize {
    112
}
fn default_full_attention() -> Vec<usize> {
    vec![7, 15, 23, 31]
}

impl ModelConfig {
    /// From the bytes of a `config.json`.
    ///
    /// # Errors
    ///
    /// Another architecture, a missing field, or fields that do not fit together.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ConfigError> {
        Self::read_json(bytes).map_err(|fault| ConfigError { file: CONFIG.to_owned(), fault })
    }

    fn read_json(bytes: &[u8]) -> Result<Self, ConfigFault> {
        let root: Value = serde_json::from_slice(bytes)?;
        match root["model_type"].as_str() {
            Some("qwen2_5_vl") => {}
            Some(family) => return Err(ConfigFault::Architecture(format!("a {family:?} model"))),
            None => return Err(ConfigFault::Architecture("no model_type".to_owned())),
        }
        if let Some(quantised) = root.get("quantization_config").filter(|value| !value.is_null()) {
            let method = quantised["quant_method"].as_str().unwrap_or("quantised");
            return Err(ConfigFault::Unsupported(format!("{method} weights")));
        }
        let text = root.get("text_config").filter(|value| !value.is_null()).unwrap_or(&root);
        let tied = root["tie_word_embeddings"].as_bool();
        let text = TextFields::deserialize(text)?;
        let vision = root.get("vision_config").filter(|value| value.is_object());
        let vision = vision.ok_or_else(|| ConfigFault::Inconsistent("it has no vision_config".to_owned()))?;
        let vision = VisionFields::deserialize(vision)?;
        let config = Self { vision: vision.into_config()?, language: text.into_config(tied)? };
        config.parts_fit()?;
        Ok(config)
    }

    pub(super) fn parts_fit(&self) -> Result<(), ConfigFault> {
        let (output, hidden) = (self.vision.output, self.language.hidden);
        require(output == hidden, || {
            format!("the vision part gives {output} features and the language part takes {hidden}")
        })
    }
}

/// Larger than any model's, small enough that no product of two overflows.
const LARGEST: usize = 1 << 24;

/// Deeper than any model, and what is reserved for so many layers is nothing.
pub(super) const DEEPEST: usize = 1024;

fn depth(name: &str, layers: usize) -> Result<(), ConfigFault> {
    require((1..=DEEPEST).contains(&layers), || format!("{name} is {layers}"))
}

fn sizes(named: &[(&str, usize)]) -> Result<(), ConfigFault> {
    match named.iter().find(|(_, value)| !(1..=LARGEST).contains(value)) {
        None => Ok(()),
        Some((name, value)) => Err(ConfigFault::Inconsistent(format!("{name} is {value}"))),
    }
}

fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), ConfigFault> {
    if holds { Ok(()) } else { Err(ConfigFault::Inconsistent(otherwise())) }
}

fn support(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), ConfigFault> {
    if holds { Ok(()) } else { Err(ConfigFault::Unsupported(otherwise())) }
}

impl TextFields {
    pub fn into_config(self, tied: Option<bool>) -> Result<LanguageConfig, ConfigFault> {
        sizes(&[
            ("vocab_size", self.vocab_size),
            ("hidden_size", self.hidden_size),
            ("intermediate_size", self.intermediate_size),
            ("num_attention_heads", self.num_attention_heads),
            ("num_key_value_heads", self.num_key_value_heads),
        ])?;
        depth("num_hidden_layers", self.num_hidden_layers)?;
        let heads = self.num_attention_heads;
        let head = self.head_dim.unwrap_or(self.hidden_size / heads);
        sizes(&[("the size of a head", head), ("the size of all heads", heads.saturating_mul(head))])?;
        let rope = self.rope_parameters.or(self.rope_scaling);
        let theta = rope.as_ref().and_then(|rope| rope.rope_theta).or(self.rope_theta).unwrap_or(1_000_000.0);
        let scaling = rope.as_ref().into_iter().flat_map(|rope| [&rope.rope_type, &rope.r#type]).flatten();
        for kind in scaling {
            support(matches!(kind.as_str(), "default" | "mrope"), || format!("{kind:?} scaling of positions"))?;
        }
        let section = rope.and_then(|rope| rope.mrope_section);
        let Some(sections) = section else {
            return Err(ConfigFault::Inconsistent("it has no mrope_section".to_owned()));
        };
        require(heads.is_multiple_of(self.num_key_value_heads), || {
            format!("{heads} heads cannot share {} key/value heads", self.num_key_value_heads)
        })?;
        require(self.head_dim.is_some() || self.hidden_size.is_multiple_of(heads), || {
            format!("{} features cannot be split over {heads} heads", self.hidden_size)
        })?;
        let rotated = sections.iter().try_fold(0_usize, |sum, &part| sum.checked_add(part));
        require(head.is_multiple_of(2) && rotated == Some(head / 2), || {
            format!("mrope_section {sections:?} does not fill half a head of {head}")
        })?;
        // Also what makes NaN of the angles, and of the square root of a variance.
        require((1.0..=f64::from(f32::MAX)).contains(&theta), || format!("rope_theta is {theta:e}"))?;
        let epsilon = self.rms_norm_eps;
        require((0.0..1.0).contains(&epsilon), || format!("rms_norm_eps is {epsilon:e}"))?;
        support(self.hidden_act == "silu", || format!("the activation {:?}", self.hidden_act))?;
        support(!self.use_sliding_window, || "sliding-window attention".to_owned())?;
        Ok(LanguageConfig {
            vocabulary: self.vocab_size,
            hidden: self.hidden_size,
            intermediate: self.intermediate_size,
            layers: self.num_hidden_layers,
            heads,
            kv_heads: self.num_key_value_heads,
            head,
            epsilon,
            theta,
            sections,
            tied: tied.or(self.tie_word_embeddings).unwrap_or(false),
            trained_context: self.max_position_embeddings,
        })
    }
}

impl VisionFields {
    pub fn into_config(self) -> Result<VisionConfig, ConfigFault> {
        let patch = self.patch_size.or(self.spatial_patch_size).unwrap_or(14);
        let channels = self.in_chans.or(self.in_channels).unwrap_or(3);
        sizes(&[
            ("vision hidden_size", self.hidden_size),
            ("vision intermediate_size", self.intermediate_size),
            ("vision num_heads", self.num_heads),
            ("vision patch_size", patch),
            ("spatial_merge_size", self.spatial_merge_size),
            ("temporal_patch_size", self.temporal_patch_size),
            ("window_size", self.window_size),
            ("out_hidden_size", self.out_hidden_size),
        ])?;
        depth("vision depth", self.depth)?;
        let (hidden, heads) = (self.hidden_size, self.num_heads);
        require(hidden.is_multiple_of(heads) && (hidden / heads).is_multiple_of(4), || {
            format!("{hidden} vision features cannot be split over {heads} heads with 2-D positions")
        })?;
        support(channels == 3, || format!("pictures of {channels} channels"))?;
        let cell = self.spatial_merge_size.saturating_mul(patch);
        require(cell <= 1024 && self.temporal_patch_size <= 16, || {
            format!("a visual token of {cell} pixels over {} frames", self.temporal_patch_size)
        })?;
        require(self.window_size >= cell, || {
            format!("a window of {} pixels is smaller than a token", self.window_size)
        })?;
        support(self.hidden_act == "silu", || format!("the vision activation {:?}", self.hidden_act))?;
        Ok(VisionConfig {
            depth: self.depth,
            hidden,
            intermediate: self.intermediate_size,
            heads,
            patch,
            merge: self.spatial_merge_size,
            temporal: self.temporal_patch_size,
            window: self.window_size,
            full_attention: self.fullatt_block_indexes,
            output: self.out_hidden_size,
        })
    }
}
