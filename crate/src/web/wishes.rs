use serde::Deserialize;

use super::failure::Failure;
use crate::clock::Clock;
use crate::kernels::arena::ArenaFormat;
use crate::model::Settings;
use crate::stream::{Decision, DecisionRule, Feedback, Keep, MemoryMode, Options};

/// How somebody wants a stream watched; what they leave open, the model says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Wishes {
    fps: Option<f64>,
    window: Option<u64>,
    arena: ArenaFormat,
    max_tokens: Option<usize>,
    rule: DecisionRule,
}

impl Wishes {
    /// From their JSON text.
    ///
    /// # Errors
    ///
    /// Unknown fields, or values of another type.
    pub fn read(json: &str) -> Result<Self, Failure> {
        serde_json::from_str(json).map_err(Failure::invalid)
    }

    /// The options of a stream of a model with these `settings`.
    ///
    /// # Errors
    ///
    /// A number is none that a stream can have.
    pub fn options(self, settings: &Settings) -> Result<Options, Failure> {
        let clock = Clock::new(self.fps.unwrap_or(settings.fps)).map_err(Failure::invalid)?;
        let window = self.window.unwrap_or(settings.window);
        let max_tokens = self.max_tokens.unwrap_or(settings.max_tokens);
        if window == 0 || max_tokens == 0 {
            return Err(Failure::invalid("a window, and an answer, has one round or token at least"));
        }
        Ok(Options {
            clock,
            window,
            memory: MemoryMode::Rolling,
            arena: self.arena,
            decision: Decision::States,
            rule: self.rule.or_of(settings),
            feedback: Feedback::Ids,
            max_tokens,
            keep: Keep::Nothing,
        })
    }
}
