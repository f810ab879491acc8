//! The keys and values of a layer, in the slots of an arena: as numbers, or as codes of eight bits.
//!
//! | format | number | bits a number |
//! | --- | --- | --- |
//! | f32 | itself | 32 |
//! | q8 | `scale · code`, codes −127 … 127, an f32 scale for a block of features of a head | 8, and 32 for a block |
//!
//! A block is the largest of 32, 16, 8, … features that divides a head: 9 bits a number where heads are multiples of 32,
//! as those of the real models are. Codes stand four a 32-bit word, the lowest byte first; scales lie apart. Keys are
//! coded as they were before rotation.
//!
//! `scale` is the largest magnitude of a block over 127, rounded to eight bits, so that a code times its scale is exact;
//! `code` is the nearest whole number of scales, the lower of two that are as near. So both twins find the same codes. A
//! block below 2⁻¹⁰⁰ is all zeros. One that holds what is no number, or 2¹⁰⁰ and more, comes back as what is no number, and
//! touches no other.

mod codes;
pub(super) mod on_host;
#[cfg(test)]
mod tests;

use burn::backend::wgpu::CubeTensor;
use burn::tensor::kind::Basic;
use burn::tensor::{DType, Device, Int, Tensor, s};
use serde::{Deserialize, Serialize};

use super::attention::Heads;
use super::launch;
use super::places::Run;
use super::shader::{Buffer, Part, part};

/// Most features that share a scale.
const MOST_IN_BLOCK: usize = 32;

/// How the keys and values of an arena stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArenaFormat {
    /// As they were computed.
    #[default]
    F32,
    /// Eight bits and a scale for a block.
    Q8,
}

impl ArenaFormat {
    /// All of them, the most exact first.
    pub const ALL: [Self; 2] = [Self::F32, Self::Q8];

    /// What people and files call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Q8 => "q8",
        }
    }

    /// Bytes of a slot's key, and of its value, without scales.
    pub fn row_bytes(self, heads: Heads) -> u64 {
        let features = heads.keys * heads.size;
        let words = match self {
            Self::F32 => features,
            Self::Q8 => features.div_ceil(4),
        };
        (words * size_of::<u32>()) as u64
    }

    /// Bytes of a slot's scales.
    pub fn scale_bytes(self, heads: Heads) -> u64 {
        match self {
            Self::F32 => 0,
            Self::Q8 => (2 * blocks(heads) * size_of::<f32>()) as u64,
        }
    }

    /// Bytes of a slot: its key, its value and their scales.
    pub fn slot_bytes(self, heads: Heads) -> u64 {
        2 * self.row_bytes(heads) + self.scale_bytes(heads)
    }

    /// The constants of a kernel's text that reads or writes it.
    pub(super) fn constants(self, heads: Heads) -> Vec<(&'static str, u32)> {
        match self {
            Self::F32 => vec![],
            Self::Q8 => vec![("BLOCK", block(heads.size) as u32)],
        }
    }

    /// Threads that write a slot's key and value.
    pub(super) fn threads(self, heads: Heads) -> usize {
        match self {
            Self::F32 => heads.keys * heads.size / 4,
            Self::Q8 => blocks(heads),
        }
    }

    /// A kernel's buffer of keys or of values.
    pub(super) fn buffer(self, name: &'static str) -> Buffer {
        match self {
            Self::F32 => Buffer { name, element: "vec4<f32>" },
            Self::Q8 => Buffer { name, element: "u32" },
        }
    }

    /// A kernel's buffer of scales, where there are any; whoever writes them takes them for bits.
    pub(super) fn scales(self, element: &'static str) -> Option<Buffer> {
        (self == Self::Q8).then_some(Buffer { name: "scales", element })
    }

    /// How a kernel reads keys.
    pub(super) fn keys_part(self) -> Part {
        match self {
            Self::F32 => part!("keys/f32"),
            Self::Q8 => part!("keys/q8"),
        }
    }

    /// How a kernel reads values.
    pub(super) fn values_part(self) -> Part {
        match self {
            Self::F32 => part!("values/f32"),
            Self::Q8 => part!("values/q8"),
        }
    }
}

/// Features of a head of `size` that share a scale.
fn block(size: usize) -> usize {
    1 << size.trailing_zeros().min(MOST_IN_BLOCK.ilog2())
}

/// Blocks of a key, and of a value.
fn blocks(heads: Heads) -> usize {
    heads.keys * heads.size / block(heads.size)
}

/// The keys and values of a layer.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "one a layer")]
pub enum LayerArena {
    /// Keys, then values, `[slots, kv heads · size]` each.
    Numbers([Tensor<2>; 2]),
    /// In q8.
    Codes {
        /// Of keys, then of values, `[slots, ⌈kv heads · size / 4⌉]` each, four a word.
        words: [Tensor<2, Int>; 2],
        /// `[slots, 2 · blocks]`: of a slot's key, then of its value.
        scales: Tensor<2>,
    },
}

impl LayerArena {
    /// Room for `slots` tokens. Zeroed, so that a slot nobody wrote holds no NaN.
    pub fn new(format: ArenaFormat, heads: Heads, slots: usize, device: &Device) -> Self {
        let features = heads.keys * heads.size;
        match format {
            ArenaFormat::F32 => Self::Numbers([(); 2].map(|()| Tensor::zeros([slots, features], device))),
            ArenaFormat::Q8 => Self::Codes {
                words: [(); 2].map(|()| Tensor::zeros([slots, features.div_ceil(4)], (device, DType::I32))),
                scales: Tensor::zeros([slots, 2 * blocks(heads)], device),
            },
        }
    }

    /// How it stands.
    pub fn format(&self) -> ArenaFormat {
        match self {
            Self::Numbers(_) => ArenaFormat::F32,
            Self::Codes { .. } => ArenaFormat::Q8,
        }
    }

    /// How many tokens there is room for.
    pub fn slots(&self) -> usize {
        match self {
            Self::Numbers([keys, _]) => keys.dims()[0],
            Self::Codes { scales, .. } => scales.dims()[0],
        }
    }

    /// Keys and values of the first `span` slots as numbers, `[span, kv heads · size]` each.
    pub fn numbers(&self, span: usize, heads: Heads) -> [Tensor<2>; 2] {
        match self {
            Self::Numbers(held) => held.clone().map(|held| held.narrow(0, 0, span)),
            Self::Codes { words: [keys, values], scales } => {
                let blocks = blocks(heads);
                [(keys, 0), (values, blocks)].map(|(words, first)| {
                    codes::decode(
                        words.clone().narrow(0, 0, span),
                        scales.clone().narrow(0, 0, span).narrow(1, first, blocks),
                        block(heads.size),
                    )
                })
            }
        }
    }

    /// Writes rows of keys and of values, `[rows, kv heads · size]` each, on plain operations; in place when its tensors
    /// have one owner.
    pub(super) fn write(self, rows: [Tensor<2>; 2], heads: Heads, runs: &[Run]) -> Self {
        match self {
            Self::Numbers([keys, values]) => {
                let [new_keys, new_values] = rows;
                Self::Numbers([assign(keys, &new_keys, runs), assign(values, &new_values, runs)])
            }
            Self::Codes { words: [keys, values], scales } => {
                let [(new_keys, key_scales), (new_values, value_scales)] =
                    rows.map(|rows| codes::encode(rows, block(heads.size)));
                Self::Codes {
                    words: [assign(keys, &new_keys, runs), assign(values, &new_values, runs)],
                    scales: assign(scales, &Tensor::cat(vec![key_scales, value_scales], 1), runs),
                }
            }
        }
    }

    /// The same on another device.
    #[cfg(test)]
    pub(super) fn to_device(&self, device: &Device) -> Self {
        match self.clone() {
            Self::Numbers(held) => Self::Numbers(held.map(|held| held.to_device(device))),
            Self::Codes { words, scales } => {
                Self::Codes { words: words.map(|words| words.to_device(device)), scales: scales.to_device(device) }
            }
        }
    }

    /// For a kernel: keys, values and, where there are any, scales; `None` where no kernel reaches.
    pub(super) fn operands(&self) -> Option<Operands> {
        match self {
            Self::Numbers([keys, values]) => {
                Some(Operands { keys: launch::numbers(keys)?, values: launch::numbers(values)?, scales: None })
            }
            Self::Codes { words: [keys, values], scales } => Some(Operands {
                keys: launch::words(keys)?,
                values: launch::words(values)?,
                scales: Some(launch::numbers(scales)?),
            }),
        }
    }
}

/// A [`LayerArena`] for a kernel.
pub(super) struct Operands {
    pub keys: CubeTensor,
    pub values: CubeTensor,
    /// None where the format has none.
    pub scales: Option<CubeTensor>,
}

fn assign<K: Basic>(mut arena: Tensor<2, K>, rows: &Tensor<2, K>, runs: &[Run]) -> Tensor<2, K> {
    for run in runs {
        let source = rows.clone().narrow(0, run.row, run.length);
        arena = arena.slice_assign(s![run.slot..run.slot + run.length, ..], source);
    }
    arena
}
