use super::MemoryError;
use crate::kernels::arena::ArenaFormat;
use crate::language::LanguageConfig;

/// How much memory a stream gets, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Rounds whose frames are kept, the current one included; at least 1.
    pub window: u64,
    /// Tokens that answers outside the window may take.
    pub answers: usize,
    /// Slots of the arena.
    pub slots: usize,
}

/// Tokens for the answers that outlive the window.
const ANSWERS: usize = 2048;
/// Tokens for standing questions, beyond what a round's own text takes.
const QUESTIONS: usize = 512;
/// A silent round's text: turn ends, time tag, state. 24 tokens at most up to second 9999 at one frame a second.
const ROUND_TEXT: usize = 32;

impl Plan {
    /// The arena in `format` that `window` rounds of at most `visual` visual tokens need beside `system` tokens of prompt, when a
    /// round may generate `max_tokens`.
    ///
    /// # Errors
    ///
    /// [`MemoryError::Unaddressable`].
    pub fn new(
        config: &LanguageConfig,
        format: ArenaFormat,
        window: u64,
        system: usize,
        visual: usize,
        max_tokens: usize,
    ) -> Result<Self, MemoryError> {
        let window = window.max(1);
        let fixed = (system + QUESTIONS + ANSWERS).saturating_add(max_tokens.saturating_mul(2));
        let slots = window.saturating_mul((visual + ROUND_TEXT) as u64).saturating_add(fixed as u64);
        let bytes = slots.saturating_mul(config.token_bytes(format));
        // Orders and positions are 32-bit, on the device too.
        match i32::try_from(slots) {
            Ok(_) if bytes <= i64::MAX as u64 => Ok(Self { window, answers: ANSWERS, slots: slots as usize }),
            _ => Err(MemoryError::Unaddressable { slots }),
        }
    }
}
