//! ggml's block formats, a block at a time (`ggml-quants.c` of llama.cpp).
//!
//! | format | bytes of a block | number |
//! | --- | --- | --- |
//! | Q4_0 | scale f16, 16 × two codes | `scale · (code − 8)` |
//! | Q4_1 | scale f16, minimum f16, 16 × two codes | `scale · code + minimum` |
//! | Q5_0 | scale f16, 32 fifth bits, 16 × two codes | `scale · (code − 16)` |
//! | Q8_0 | scale f16, 32 × i8 | `scale · code` |
//! | Q4_K | two scales f16, 8 × (6-bit scale, 6-bit minimum), 128 × two codes | `(d · scale) · code − (e · minimum)` |
//! | Q6_K | 128 × two lower halves, 64 × four upper two bits, 16 × i8, scale f16 | `(d · scale) · (code − 32)` |
//!
//! Two codes in a byte: the lower half belongs to the first half of the numbers that the run of bytes holds. Every
//! product and sum is rounded to f32 in the order written above, as ggml's own reference does it.

use half::f16;

use crate::kernels::format::Block;

fn half(low: u8, high: u8) -> f32 {
    f16::from_le_bytes([low, high]).to_f32()
}

/// The codes of 16 bytes in their order.
fn nibbles(bytes: &[u8]) -> [u8; 32] {
    let mut codes = [0; 32];
    for (index, byte) in bytes.iter().enumerate() {
        codes[index] = byte & 15;
        codes[index + 16] = byte >> 4;
    }
    codes
}

pub(super) fn q4_0(block: &[u8; 18]) -> Block {
    let scale = f16::from_le_bytes([block[0], block[1]]);
    Block { scale, codes: nibbles(&block[2..]).map(|code| code.cast_signed() - 8) }
}

pub(super) fn q4_1(block: &[u8; 20]) -> [f32; 32] {
    let (scale, minimum) = (half(block[0], block[1]), half(block[2], block[3]));
    nibbles(&block[4..]).map(|code| scale * f32::from(code) + minimum)
}

pub(super) fn q5_0(block: &[u8; 22]) -> [f32; 32] {
    let scale = half(block[0], block[1]);
    let fifth = u32::from_le_bytes([block[2], block[3], block[4], block[5]]);
    let low = nibbles(&block[6..]);
    std::array::from_fn(|index| {
        let code = u32::from(low[index]) | (fifth >> index & 1) << 4;
        scale * (code as f32 - 16.0)
    })
}

pub(super) fn q8_0(block: &[u8; 34]) -> Block {
    let scale = f16::from_le_bytes([block[0], block[1]]);
    Block { scale, codes: std::array::from_fn(|index| block[2 + index].cast_signed()) }
}

pub(super) fn q4_k(block: &[u8; 144]) -> [f32; 256] {
    let (scale, least) = (half(block[0], block[1]), half(block[2], block[3]));
    let packed = &block[4..16];
    let codes = &block[16..];
    let mut values = [0.0; 256];
    for (run, values) in values.chunks_exact_mut(32).enumerate() {
        // The first four runs have their 6 bits in one byte each, the others in two.
        let (six, minimum) = match run {
            0..4 => (packed[run] & 63, packed[run + 4] & 63),
            _ => (packed[run + 4] & 15 | packed[run - 4] >> 6 << 4, packed[run + 4] >> 4 | packed[run] >> 6 << 4),
        };
        let (scale, minimum) = (scale * f32::from(six), least * f32::from(minimum));
        for (value, byte) in values.iter_mut().zip(&codes[run / 2 * 32..]) {
            let code = byte >> (run % 2 * 4) & 15;
            *value = scale * f32::from(code) - minimum;
        }
    }
    values
}

pub(super) fn q6_k(block: &[u8; 210]) -> [f32; 256] {
    let (low, rest) = block.split_at(128);
    let (high, rest) = rest.split_at(64);
    let (scales, scale) = rest.split_at(16);
    let scale = half(scale[0], scale[1]);
    let mut values = [0.0; 256];
    for (run, values) in values.chunks_exact_mut(32).enumerate() {
        // Each half of the block is four runs: two in the lower halves of its bytes, two in the upper.
        let (part, quarter) = (run / 4, run % 4);
        let low = &low[part * 64 + quarter % 2 * 32..];
        let high = &high[part * 32..];
        for (column, value) in values.iter_mut().enumerate() {
            let code = low[column] >> (quarter / 2 * 4) & 15 | (high[column] >> (quarter * 2) & 3) << 4;
            let scale = scale * f32::from(scales[run * 2 + column / 16] as i8);
            *value = scale * (f32::from(code) - 32.0);
        }
    }
    values
}
