//! The memory of a stream: a fixed arena of slots, and what stands in them.
//!
//! ```text
//! system │ question │ round 7: turn, frame, turn │ … │ round 31: turn, frame, turn, answer │ …
//!   pinned  pinned     frames leave first           answers stay longer
//! ```
//!
//! A token keeps its slot for as long as it is kept; evicting marks slots free and moves nothing. Order and positions
//! are counted anew each round over what is kept, so they are contiguous, as in training, and never grow.

#[cfg(test)]
mod invariants;
mod plan;
mod policy;
mod segment;
mod sequence;
mod slots;

use burn::tensor::{Device, Tensor};
use thiserror::Error;

use crate::kernels::rotary::RotaryTable;
use crate::language::{Arena, LanguageConfig, View};

pub use plan::Plan;
pub use segment::{Image, Kind, Segment, Token};
pub use sequence::Sequence;

/// Why the memory cannot take more.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MemoryError {
    /// What may not leave fills the arena.
    #[error(
        "the memory of {slots} tokens is too small: {pinned} are pinned (the prompt and standing questions) \
         and the next round needs {needed}; use a larger --window or withdraw questions"
    )]
    TooSmall {
        /// Slots of the arena.
        slots: usize,
        /// Tokens that no policy may evict now.
        pinned: usize,
        /// Tokens that have to be written.
        needed: usize,
    },
    /// The arena asked for cannot exist on this machine.
    #[error("a memory of {slots} tokens needs {bytes} bytes: use a smaller --window")]
    TooLarge {
        /// Slots asked for.
        slots: u64,
        /// Bytes they would take.
        bytes: u64,
    },
}

/// What stands in memory, and the device's side of it.
#[derive(Debug)]
pub struct Memory {
    /// The tokens and their slots.
    pub sequence: Sequence,
    arena: Arena,
    table: RotaryTable,
}

/// What a pass through the decoder takes in, in order.
#[derive(Debug)]
pub enum Input {
    /// Tokens to look up in the embedding.
    Tokens(Vec<u32>),
    /// The features of visual tokens, `[tokens, hidden]`.
    Features(Box<Tensor<2>>),
}

impl Memory {
    /// An empty memory of `slots` tokens, all of it allocated now.
    pub fn new(config: &LanguageConfig, slots: usize, device: &Device) -> Self {
        Self {
            sequence: Sequence::new(slots),
            arena: Arena::new(config, slots, device),
            // A position is never larger than the number of tokens before it.
            table: RotaryTable::new(config.theta, config.head / 2, config.sections.to_vec(), slots, device),
        }
    }

    /// Gives the tokens that were appended and not yet computed their slots, and returns them with their view.
    ///
    /// # Errors
    ///
    /// [`MemoryError::TooSmall`]: the caller did not make room.
    pub fn admit(&mut self) -> Result<(View, Vec<Input>), MemoryError> {
        let inputs = self.sequence.admit()?;
        Ok((self.sequence.view(inputs.iter().map(Input::rows).sum()), inputs))
    }

    /// The arena and the rotations, for the pass that computes what was admitted.
    pub fn device_side(&mut self) -> (&mut Arena, &RotaryTable) {
        (&mut self.arena, &self.table)
    }

    /// Bytes of keys and values on the device: the same from the first round to the last.
    pub fn arena_bytes(&self) -> u64 {
        self.arena.bytes()
    }
}

impl Input {
    /// Rows of the pass that it fills.
    pub fn rows(&self) -> usize {
        match self {
            Input::Tokens(ids) => ids.len(),
            Input::Features(features) => features.dims()[0],
        }
    }
}
