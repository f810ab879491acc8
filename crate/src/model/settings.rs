//! `streamo.json`: how a model wants its stream. Without it, upstream's values hold.

use serde::Deserialize;
use serde_json::{Map, Value};
use thiserror::Error;

use crate::clock::Clock;
use crate::frame::PixelBounds;

/// Upstream's system prompt, to the byte (`streaming_demo` of the Streamo repository), trailing spaces included.
pub const SYSTEM_PROMPT: &str = include_str!("system_prompt.txt");

/// How a model wants its stream.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The system turn's text.
    pub system_prompt: String,
    /// The names of the three state tokens: silence, standby, response.
    pub states: [String; 3],
    /// Fewest pixels of a frame.
    pub min_pixels: u32,
    /// Most pixels of a frame.
    pub max_pixels: u32,
    /// Whether a patch's first time step shows the picture before; else all of them show the same one.
    pub motion: bool,
    /// Rounds a second.
    pub fps: f64,
    /// Rounds whose frames are kept.
    pub window: u64,
    /// Most tokens that a round generates, its state included.
    pub max_tokens: usize,
    /// What the probability of a response among the three states must reach for one; without it the likeliest state wins. It
    /// belongs to the weights that it was chosen for.
    pub threshold: Option<f32>,
    /// What the model is, in a sentence for people.
    pub about: Option<String>,
}

/// Why a `streamo.json` cannot be used.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// Not JSON, or a field that does not exist or has another type.
    #[error("streamo.json is not valid: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A value that makes no sense.
    #[error("streamo.json is not valid: {0}")]
    Value(String),
}

impl Default for Settings {
    fn default() -> Self {
        let bounds = PixelBounds::default();
        Self {
            system_prompt: SYSTEM_PROMPT.to_owned(),
            states: ["</Silence>", "</Standby>", "</Response>"].map(str::to_owned),
            min_pixels: bounds.min,
            max_pixels: bounds.max,
            motion: false,
            fps: 1.0,
            window: 120,
            max_tokens: 512,
            threshold: None,
            about: None,
        }
    }
}

impl Settings {
    /// From the bytes of a `streamo.json`.
    ///
    /// # Errors
    ///
    /// Not valid JSON, unknown fields, or values that make no sense.
    pub fn from_json(bytes: &[u8]) -> Result<Self, SettingsError> {
        // A derived reader takes an array for an object, field by field.
        serde_json::from_slice::<Map<String, Value>>(bytes)?;
        let settings: Self = serde_json::from_slice(bytes)?;
        if settings.min_pixels > settings.max_pixels || settings.max_pixels == 0 {
            return Err(SettingsError::Value(format!(
                "no frame has between {} and {} pixels",
                settings.min_pixels, settings.max_pixels
            )));
        }
        if let Err(impossible) = Clock::new(settings.fps) {
            return Err(SettingsError::Value(impossible.to_string()));
        }
        if settings.window == 0 {
            return Err(SettingsError::Value("a window of 0 rounds sees nothing; give 1 or more".to_owned()));
        }
        if settings.max_tokens == 0 {
            return Err(SettingsError::Value(
                "max_tokens is 0, and a round's state is a token; give 1 or more".to_owned(),
            ));
        }
        if let Some(threshold) = settings.threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
            return Err(SettingsError::Value(format!(
                "the threshold is {threshold}, and a probability is a number from 0 to 1"
            )));
        }
        Ok(settings)
    }

    /// The bounds on a frame's pixels.
    pub fn pixels(&self) -> PixelBounds {
        PixelBounds { min: self.min_pixels, max: self.max_pixels }
    }
}
