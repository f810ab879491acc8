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

use crate::device::{Bytes, Room};
use crate::kernels::arena::ArenaFormat;
use crate::kernels::rotation::RotaryTable;
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
    /// More tokens than can be counted or addressed.
    #[error("a memory of {slots} tokens is more than can be addressed: use a smaller --window or --max-tokens")]
    Unaddressable {
        /// Slots asked for.
        slots: u64,
    },
    /// More than is left of the machine's memory.
    #[error(
        "a memory of {slots} tokens needs {} and {} are free: use a smaller --window or --max-tokens",
        Bytes(*.bytes), Bytes(*.free)
    )]
    TooLarge {
        /// Slots asked for.
        slots: usize,
        /// Bytes they would take, and the passes over them.
        bytes: u64,
        /// What is left.
        free: u64,
    },
    /// Tensors that the device does not take in one piece.
    #[error(
        "a memory of {slots} tokens needs tensors of {} and the device takes {} in one piece: \
         use a smaller --window, or --device cpu",
        Bytes(*.bytes), Bytes(*.most)
    )]
    TensorTooLarge {
        /// Slots asked for.
        slots: usize,
        /// Bytes of the largest tensor.
        bytes: u64,
        /// The device's limit.
        most: u64,
    },
    /// A frame whose attention does not fit the device.
    #[error(
        "a frame of {patches} patches needs {} for its attention, more than there is room for: \
         lower max_pixels in streamo.json",
        Bytes(*.bytes)
    )]
    Frame {
        /// Patches of the frame.
        patches: usize,
        /// Bytes that they would take.
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
    /// An empty memory of `slots` tokens in `format`, all of it allocated now.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    pub fn new(
        config: &LanguageConfig,
        format: ArenaFormat,
        slots: usize,
        device: &Device,
    ) -> Result<Self, MemoryError> {
        Self::check(config, format, slots, device)?;
        Ok(Self {
            sequence: Sequence::new(slots),
            arena: Arena::new(config, format, slots, device),
            // A position is never larger than the number of tokens before it.
            table: RotaryTable::new(config.theta, config.head / 2, config.sections.to_vec(), slots, device),
        })
    }

    /// Whether `device` has room for `slots` tokens in `format` and the passes over them.
    ///
    /// # Errors
    ///
    /// [`MemoryError::TooLarge`] or [`MemoryError::TensorTooLarge`].
    pub fn check(
        config: &LanguageConfig,
        format: ArenaFormat,
        slots: usize,
        device: &Device,
    ) -> Result<(), MemoryError> {
        let room = Room::on(device);
        let of_slots = |bytes: u64| (slots as u64).saturating_mul(bytes);
        let turn = (config.head * size_of::<f32>()) as u64;
        let heads = config.attention_heads();
        let largest = of_slots(format.row_bytes(heads).max(format.scale_bytes(heads)).max(turn));
        if !(Room { total: None, ..room }).fits([largest]) {
            return Err(MemoryError::TensorTooLarge { slots, bytes: largest, most: room.tensor });
        }
        let arena = of_slots(config.token_bytes(format));
        let bytes = arena.saturating_add(of_slots(2 * turn)).saturating_add(config.pass_bytes(slots, format, device));
        match room.total {
            Some(free) if bytes > free => Err(MemoryError::TooLarge { slots, bytes, free }),
            _ => Ok(()),
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
