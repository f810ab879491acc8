//! How a matrix stands on the device: numbers, or codes in blocks along a row.
//!
//! Every format is whole 32-bit words, so that a shader reads it as `array<vec4<u32>>`. A row is made of blocks of 32
//! weights; past the last column stand zeros. Scales lie apart from the codes, two f16 a word.
//!
//! | format | weight | words of a block | bits a weight |
//! | --- | --- | --- | --- |
//! | f32 | itself | 32 | 32 |
//! | f16 | itself, the lower half of a word first | 16 | 16 |
//! | q8 | `scale · code`, codes −128 … 127, the lowest byte of a word first | 8 | 8.5 |
//! | q4 | `scale · (code − 8)`, codes 0 … 15; a word holds eight: four in the lower halves of its bytes, then four in the upper | 4 | 4.5 |
//!
//! The last two are the numbers of ggml's `Q8_0` and `Q4_0`, laid out for aligned reads. What is coded here has no −128 in
//! q8; ggml's blocks may.

mod block;

use std::ops::Range;

use half::f16;

pub use block::Block;
use block::saturated;

/// Weights of a block; in the quantised formats they share a scale.
pub const BLOCK: usize = 32;

/// How the weights of a matrix stand on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// As the checkpoint has them.
    #[default]
    F32,
    /// Half precision.
    F16,
    /// Eight bits and a scale for 32.
    Q8,
    /// Four bits and a scale for 32.
    Q4,
}

impl Format {
    /// All of them, the most exact first.
    pub const ALL: [Self; 4] = [Self::F32, Self::F16, Self::Q8, Self::Q4];

    /// What people and files call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Q8 => "q8",
            Self::Q4 => "q4",
        }
    }

    /// The words of a row of `columns` weights.
    pub fn words(self, columns: usize) -> usize {
        let block = match self {
            Self::F32 => 32,
            Self::F16 => 16,
            Self::Q8 => 8,
            Self::Q4 => 4,
        };
        columns.div_ceil(BLOCK) * block
    }

    /// Whether its blocks have scales.
    pub fn scaled(self) -> bool {
        matches!(self, Self::Q8 | Self::Q4)
    }

    /// The words of a row's scales.
    pub fn scale_words(self, columns: usize) -> usize {
        if self.scaled() { columns.div_ceil(BLOCK).div_ceil(2) } else { 0 }
    }

    /// Bytes of a row on the device, scales included.
    pub fn row_bytes(self, columns: usize) -> u64 {
        4 * (self.words(columns) as u64 + self.scale_words(columns) as u64)
    }
}

/// Some rows of a matrix in a format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coded {
    /// The format.
    pub format: Format,
    /// How many rows.
    pub rows: usize,
    /// Weights of a row.
    pub columns: usize,
    /// `[rows, format.words(columns)]`
    pub words: Vec<u32>,
    /// `[rows, format.scale_words(columns)]`
    pub scales: Vec<u32>,
}

impl Coded {
    /// Codes `values`, whole rows of `columns` finite numbers. What f16 cannot hold becomes its largest number.
    pub fn encode(format: Format, columns: usize, values: &[f32]) -> Self {
        let mut coded = Self::room(format, values.len().checked_div(columns).unwrap_or(0), columns);
        for row in values.chunks_exact(columns.max(1)) {
            coded.push(row);
        }
        coded
    }

    /// Whole rows of `columns` weights that are in q8 already.
    pub fn q8(columns: usize, blocks: impl ExactSizeIterator<Item = Block>) -> Self {
        Self::of_blocks(Format::Q8, columns, blocks, Block::words_q8)
    }

    /// Whole rows of `columns` weights that are in q4 already.
    pub fn q4(columns: usize, blocks: impl ExactSizeIterator<Item = Block>) -> Self {
        Self::of_blocks(Format::Q4, columns, blocks, Block::words_q4)
    }

    fn of_blocks<const N: usize>(
        format: Format,
        columns: usize,
        mut blocks: impl ExactSizeIterator<Item = Block>,
        words: fn(&Block) -> [u32; N],
    ) -> Self {
        let row = columns.div_ceil(BLOCK);
        let mut coded = Self::room(format, blocks.len().checked_div(row).unwrap_or(0), columns);
        for _ in 0..coded.rows {
            coded.push_blocks(blocks.by_ref().take(row), words);
        }
        coded
    }

    /// Nothing yet, and memory for so many rows.
    fn room(format: Format, rows: usize, columns: usize) -> Self {
        let words = Vec::with_capacity(rows * format.words(columns));
        let scales = Vec::with_capacity(rows * format.scale_words(columns));
        Self { format, rows, columns, words, scales }
    }

    /// The rows of `self`, then those of `other`, which has the same columns and format.
    pub fn stacked(mut self, other: Self) -> Self {
        debug_assert_eq!((self.format, self.columns), (other.format, other.columns));
        self.words.extend(other.words);
        self.scales.extend(other.scales);
        Self { rows: self.rows + other.rows, ..self }
    }

    /// The rows of `even` and of `odd` by turns, both of the same shape and format.
    pub fn by_turns(even: &Self, odd: &Self) -> Self {
        debug_assert_eq!((even.format, even.rows, even.columns), (odd.format, odd.rows, odd.columns));
        let by_turns = |even: &[u32], odd: &[u32], row: usize| -> Vec<u32> {
            let rows = even.chunks(row.max(1)).zip(odd.chunks(row.max(1)));
            rows.flat_map(|(even, odd)| [even, odd]).flatten().copied().collect()
        };
        let &Self { format, rows, columns, .. } = even;
        Self {
            rows: 2 * rows,
            words: by_turns(&even.words, &odd.words, format.words(columns)),
            scales: by_turns(&even.scales, &odd.scales, format.scale_words(columns)),
            format,
            columns,
        }
    }

    /// The rows of `range` alone.
    pub fn part(&self, range: Range<usize>) -> Self {
        let (words, scales) = (self.format.words(self.columns), self.format.scale_words(self.columns));
        Self {
            rows: range.len(),
            words: self.words[range.start * words..range.end * words].to_vec(),
            scales: self.scales[range.start * scales..range.end * scales].to_vec(),
            ..*self
        }
    }

    fn push(&mut self, row: &[f32]) {
        let before = self.words.len();
        let blocks = row.chunks(BLOCK).map(|weights| {
            let mut block = [0.0; BLOCK];
            block[..weights.len()].copy_from_slice(weights);
            block
        });
        match self.format {
            Format::F32 => self.words.extend(row.iter().map(|weight| weight.to_bits())),
            Format::F16 => self.words.extend(row.chunks(2).map(|pair| halves(pair.iter().copied().map(saturated)))),
            Format::Q8 => self.push_blocks(blocks.map(|block| Block::q8(&block)), Block::words_q8),
            Format::Q4 => self.push_blocks(blocks.map(|block| Block::q4(&block)), Block::words_q4),
        }
        self.words.resize(before + self.format.words(self.columns), 0);
    }

    /// One row.
    fn push_blocks<const N: usize>(&mut self, row: impl Iterator<Item = Block>, words: fn(&Block) -> [u32; N]) {
        let mut scales = Vec::with_capacity(self.columns.div_ceil(BLOCK));
        for block in row {
            self.words.extend(words(&block));
            scales.push(block.scale);
        }
        self.scales.extend(scales.chunks(2).map(|pair| halves(pair.iter().copied())));
    }

    /// As [`decode`](Self::decode), where it can be in the memory that the words had.
    pub fn into_values(self) -> Vec<f32> {
        if self.format != Format::F32 {
            return self.decode();
        }
        let (rows, columns, row) = (self.rows, self.columns, self.format.words(self.columns));
        let mut values: Vec<f32> = self.words.into_iter().map(f32::from_bits).collect();
        for index in 0..rows {
            values.copy_within(index * row..index * row + columns, index * columns);
        }
        values.truncate(rows * columns);
        values
    }

    /// The weights that stand here, row by row.
    pub fn decode(&self) -> Vec<f32> {
        let mut values = Vec::with_capacity(self.rows * self.columns);
        let (words, scales) = (self.format.words(self.columns), self.format.scale_words(self.columns));
        for row in 0..self.rows {
            let codes = &self.words[row * words..][..words];
            let scales = &self.scales[row * scales..][..scales];
            let scale = |block: usize| half(scales[block / 2], block % 2);
            values.extend((0..self.columns).map(|column| match self.format {
                Format::F32 => f32::from_bits(codes[column]),
                Format::F16 => half(codes[column / 2], column % 2),
                Format::Q8 => f32::from(codes[column / 4].to_le_bytes()[column % 4] as i8) * scale(column / BLOCK),
                Format::Q4 => {
                    let byte = codes[column / 8].to_le_bytes()[column % 4];
                    let code = (byte >> (column % 8 / 4 * 4)) & 15;
                    (f32::from(code) - 8.0) * scale(column / BLOCK)
                }
            }));
        }
        values
    }
}

/// Up to two numbers in a word.
fn halves(pair: impl DoubleEndedIterator<Item = f16>) -> u32 {
    pair.rev().fold(0, |word, number| word << 16 | u32::from(number.to_bits()))
}

fn half(word: u32, index: usize) -> f32 {
    f16::from_bits((word >> (16 * index)) as u16).to_f32()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Each weight comes back within half a step of its grid, whatever the width of a row; in q4, a block as a whole
        /// comes back no worse than on the plain grid, whose step is an eighth of the largest weight.
        #[test]
        fn weights_come_back(columns in 1..150_usize, rows in 0..4_usize, seed in any::<u64>(), size in -20..12_i32) {
            let mut state = seed | 1;
            let values: Vec<f32> = (0..rows * columns).map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                ((state >> 33) as f32 / 2_f32.powi(30) - 1.0) * 2_f32.powi(size)
            }).collect();
            for format in Format::ALL {
                let coded = Coded::encode(format, columns, &values);
                prop_assert_eq!(coded.rows, rows);
                prop_assert_eq!(coded.words.len(), rows * format.words(columns));
                prop_assert_eq!(coded.scales.len(), rows * format.scale_words(columns));
                let decoded = coded.decode();
                prop_assert_eq!(&coded.into_values(), &decoded);
                let blocks = |values: &[f32]| -> Vec<Vec<f32>> {
                    values.chunks(columns).flat_map(|row| row.chunks(BLOCK).map(<[f32]>::to_vec)).collect()
                };
                for (weights, found) in blocks(&values).iter().zip(blocks(&decoded)) {
                    let largest = weights.iter().fold(0_f32, |largest, weight| largest.max(weight.abs()));
                    let bounds = weights.iter().map(|weight| match format {
                        Format::F32 => 0.0,
                        Format::F16 => weight.abs() / 2048.0 + 6e-8,
                        Format::Q8 => largest / 250.0 + 127.0 * 6e-8,
                        // That end of the grid which is a step nearer to zero may have to serve the largest weight.
                        Format::Q4 if weight.abs() > largest * (7.4 / 8.0) => largest / 7.9 + 8.0 * 6e-8,
                        Format::Q4 => largest / 15.8 + 8.0 * 6e-8,
                    });
                    let errors = weights.iter().zip(&found).map(|(weight, found)| (weight - found).abs());
                    if format == Format::Q4 {
                        let square = |number: f32| number * number;
                        let (error, bound): (f32, f32) = (errors.map(square).sum(), bounds.map(square).sum());
                        prop_assert!(error <= bound, "q4 {weights:?} {found:?}");
                    } else {
                        for (error, bound) in errors.zip(bounds) {
                            prop_assert!(error <= bound, "{} {weights:?} {found:?}", format.name());
                        }
                    }
                }
            }
        }

        /// Coding what was decoded changes nothing more for numbers and q8.
        #[test]
        fn coded_weights_are_fixed_points(values in prop::collection::vec(-3_f32..3.0, 64)) {
            for format in [Format::F32, Format::F16, Format::Q8] {
                let once = Coded::encode(format, 64, &values).decode();
                let twice = Coded::encode(format, 64, &once).decode();
                for (a, b) in once.iter().zip(&twice) {
                    prop_assert!((a - b).abs() <= 1e-3 * 3.0 / 127.0 * f32::from(u8::from(format == Format::Q8)));
                }
            }
        }
    }

    proptest! {
        /// Three blocks a row, so that the last scale has a word of its own.
        #[test]
        fn blocks_stand_as_they_were(blocks in prop::collection::vec((any::<[i8; BLOCK]>(), -3_f32..3.0), 12)) {
            let given: Vec<Block> =
                blocks.into_iter().map(|(codes, scale)| Block { scale: f16::from_f32(scale), codes }).collect();
            let weights = |blocks: &[Block]| blocks.iter().flat_map(Block::weights).collect::<Vec<_>>();
            let q8 = Coded::q8(96, given.iter().copied());
            prop_assert_eq!((q8.rows, q8.words.len(), q8.scales.len()), (4, 96, 8));
            prop_assert_eq!(q8.decode(), weights(&given));
            let given: Vec<Block> =
                given.into_iter().map(|block| Block { codes: block.codes.map(|code| code >> 4), ..block }).collect();
            let q4 = Coded::q4(96, given.iter().copied());
            prop_assert_eq!((q4.rows, q4.words.len(), q4.scales.len()), (4, 48, 8));
            prop_assert_eq!(q4.decode(), weights(&given));
        }
    }

    #[test]
    fn rows_are_joined_and_parted() {
        for format in Format::ALL {
            let rows = |first: u16, count: u16| {
                let values: Vec<f32> = (first * 40..(first + count) * 40).map(f32::from).collect();
                Coded::encode(format, 40, &values)
            };
            assert_eq!(rows(0, 2).stacked(rows(2, 3)), rows(0, 5));
            assert_eq!(rows(0, 5).part(1..4), rows(1, 3));
            let turns = Coded::by_turns(&rows(0, 3), &rows(7, 3));
            for (turn, row) in [0, 7, 1, 8, 2, 9].into_iter().enumerate() {
                assert_eq!(turns.part(turn..turn + 1), rows(row, 1));
            }
        }
    }

    #[test]
    fn the_layout_is_the_one_written_above() {
        let ramp: Vec<f32> = (-8..24).map(|i| if i < 8 { i as f32 } else { 0.0 }).collect();
        let q4 = Coded::encode(Format::Q4, BLOCK, &ramp);
        assert_eq!(q4.words, [0x7362_5140, 0xfbea_d9c8, 0x8888_8888, 0x8888_8888]);
        assert_eq!(q4.scales, [0x3c00]);
        let q8 = Coded::encode(Format::Q8, 3, &[127.0, -127.0, 2.0]);
        assert_eq!((q8.words[0], q8.words.len(), &*q8.scales), (0x0002_817f, 8, &[0x3c00][..]));
        let f16 = Coded::encode(Format::F16, 3, &[1.0, -2.0, 70_000.0]);
        assert_eq!((&f16.words[..3], f16.words.len()), (&[0xc000_3c00, 0x7bff, 0][..], 16));
    }
}
