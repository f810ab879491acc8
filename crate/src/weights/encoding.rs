use std::fmt;

use half::{bf16, f16};
use safetensors::Dtype;

use super::blocks;
use crate::kernels::format::{Coded, Format};

/// How the numbers of a tensor stand in a file.
///
/// The formats with a Q are ggml's: blocks of 32 or 256 numbers along a row that share scales.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// Single precision.
    F32,
    /// Half precision.
    F16,
    /// The upper half of single precision.
    Bf16,
    /// 4 bits and a scale for 32.
    Q4_0,
    /// 4 bits, a scale and a minimum for 32.
    Q4_1,
    /// 4 bits; 8 scales and minima of 6 bits for 256.
    Q4K,
    /// 5 bits and a scale for 32.
    Q5_0,
    /// 6 bits; 16 scales of 8 bits for 256.
    Q6K,
    /// 8 bits and a scale for 32.
    Q8_0,
    /// What streamo does not read, by its name.
    Other(String),
}

/// ggml's number of each type that streamo reads.
const READ: [(u32, Encoding); 9] = [
    (0, Encoding::F32),
    (1, Encoding::F16),
    (2, Encoding::Q4_0),
    (3, Encoding::Q4_1),
    (6, Encoding::Q5_0),
    (8, Encoding::Q8_0),
    (12, Encoding::Q4K),
    (14, Encoding::Q6K),
    (30, Encoding::Bf16),
];

/// And of those that it does not.
const NOT_READ: [(u32, &str); 25] = [
    (7, "Q5_1"),
    (9, "Q8_1"),
    (10, "Q2_K"),
    (11, "Q3_K"),
    (13, "Q5_K"),
    (15, "Q8_K"),
    (16, "IQ2_XXS"),
    (17, "IQ2_XS"),
    (18, "IQ3_XXS"),
    (19, "IQ1_S"),
    (20, "IQ4_NL"),
    (21, "IQ3_S"),
    (22, "IQ2_S"),
    (23, "IQ4_XS"),
    (24, "I8"),
    (25, "I16"),
    (26, "I32"),
    (27, "I64"),
    (28, "F64"),
    (29, "IQ1_M"),
    (34, "TQ1_0"),
    (35, "TQ2_0"),
    (39, "MXFP4"),
    (40, "NVFP4"),
    (41, "Q1_0"),
];

/// Widens whole blocks, appending what they hold.
pub(super) type Widening = fn(&[u8], &mut Vec<f32>);

/// Lays whole rows of so many columns out as the device has them.
pub(super) type Repacking = fn(usize, &[u8]) -> Coded;

impl Encoding {
    /// The encoding that ggml counts as `number` (`enum ggml_type`).
    pub(super) fn from_ggml(number: u32) -> Self {
        let read = READ.iter().find(|(other, _)| *other == number).map(|(_, encoding)| encoding.clone());
        let named = || NOT_READ.iter().find(|(other, _)| *other == number).map(|(_, name)| (*name).to_owned());
        read.unwrap_or_else(|| Self::Other(named().unwrap_or_else(|| format!("type {number}"))))
    }

    /// How many numbers a block has and how many bytes it takes; `None` for what streamo does not read.
    pub fn block(&self) -> Option<(usize, usize)> {
        match self {
            Self::F32 => Some((1, 4)),
            Self::F16 | Self::Bf16 => Some((1, 2)),
            Self::Q4_0 => Some((32, 18)),
            Self::Q4_1 => Some((32, 20)),
            Self::Q5_0 => Some((32, 22)),
            Self::Q8_0 => Some((32, 34)),
            Self::Q4K => Some((256, 144)),
            Self::Q6K => Some((256, 210)),
            Self::Other(_) => None,
        }
    }

    /// How to widen its blocks to f32; `None` for what streamo does not read.
    pub(super) fn widening(&self) -> Option<Widening> {
        fn numbers<const N: usize>(bytes: &[u8], values: &mut Vec<f32>, one: impl Fn([u8; N]) -> f32) {
            values.extend(bytes.as_chunks::<N>().0.iter().map(|&word| one(word)));
        }
        fn blocks<const N: usize, const M: usize>(bytes: &[u8], values: &mut Vec<f32>, one: fn(&[u8; N]) -> [f32; M]) {
            bytes.as_chunks::<N>().0.iter().for_each(|block| values.extend_from_slice(&one(block)));
        }
        match self {
            Self::F32 => Some(|bytes, values| numbers(bytes, values, f32::from_le_bytes)),
            Self::F16 => Some(|bytes, values| numbers(bytes, values, |word| f16::from_le_bytes(word).to_f32())),
            Self::Bf16 => Some(|bytes, values| numbers(bytes, values, |word| bf16::from_le_bytes(word).to_f32())),
            Self::Q4_0 => Some(|bytes, values| blocks(bytes, values, |block| blocks::q4_0(block).weights())),
            Self::Q4_1 => Some(|bytes, values| blocks(bytes, values, blocks::q4_1)),
            Self::Q4K => Some(|bytes, values| blocks(bytes, values, blocks::q4_k)),
            Self::Q5_0 => Some(|bytes, values| blocks(bytes, values, blocks::q5_0)),
            Self::Q6K => Some(|bytes, values| blocks(bytes, values, blocks::q6_k)),
            Self::Q8_0 => Some(|bytes, values| blocks(bytes, values, |block| blocks::q8_0(block).weights())),
            Self::Other(_) => None,
        }
    }

    /// How to bring its blocks into `format` where codes and scales stay what they are; `None` where they would not.
    pub(super) fn repacking(&self, format: Format) -> Option<Repacking> {
        match (self, format) {
            (Self::Q4_0, Format::Q4) => {
                Some(|columns, rows| Coded::q4(columns, rows.as_chunks().0.iter().map(blocks::q4_0)))
            }
            (Self::Q8_0, Format::Q8) => {
                Some(|columns, rows| Coded::q8(columns, rows.as_chunks().0.iter().map(blocks::q8_0)))
            }
            _ => None,
        }
    }
}

impl From<Dtype> for Encoding {
    fn from(format: Dtype) -> Self {
        match format {
            Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::BF16 => Self::Bf16,
            other => Self::Other(format!("{other:?}")),
        }
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
            Self::Q4_0 => "Q4_0",
            Self::Q4_1 => "Q4_1",
            Self::Q4K => "Q4_K",
            Self::Q5_0 => "Q5_0",
            Self::Q6K => "Q6_K",
            Self::Q8_0 => "Q8_0",
            Self::Other(name) => name,
        })
    }
}
