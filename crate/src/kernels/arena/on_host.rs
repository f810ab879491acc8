//! The same on the host, for self-tests.

use burn::tensor::{DType, Int, Tensor, TensorData};

use super::{ArenaFormat, LayerArena, block};
use crate::kernels::attention::Heads;
use crate::kernels::self_test::Trial;

/// The scale of a block and its codes.
fn coded(block: &[f32]) -> (f32, Vec<i8>) {
    // Among positive numbers bits have the order of what they mean, and those of what is no number come last.
    let largest = block.iter().map(|number| number.abs().to_bits()).max().unwrap_or(0);
    let scale = if largest < 2_f32.powi(-100).to_bits() {
        0.0
    } else if largest >= 2_f32.powi(100).to_bits() {
        f32::NAN
    } else {
        let exact = (f32::from_bits(largest) * (1.0 / 127.0)).to_bits();
        f32::from_bits((exact + 0x7fff + (exact >> 16 & 1)) & 0xffff_0000)
    };
    let code = |&number: &f32| match scale > 0.0 {
        true => (f64::from(number) / f64::from(scale) - 0.5).ceil() as i8,
        false => 0,
    };
    (scale, block.iter().map(code).collect())
}

/// What is left of `numbers`, whole heads, in `format`.
pub(in crate::kernels) fn decoded(format: ArenaFormat, heads: Heads, numbers: &[f32]) -> Vec<f32> {
    match format {
        ArenaFormat::F32 => numbers.to_vec(),
        ArenaFormat::Q8 => {
            let decode = |block: &[f32]| {
                let (scale, codes) = coded(block);
                codes.into_iter().map(move |code| scale * f32::from(code)).collect::<Vec<_>>()
            };
            numbers.chunks(block(heads.size)).flat_map(decode).collect()
        }
    }
}

/// Keys and values `[slots, kv heads · size]` on the device of `trial`.
pub(in crate::kernels) fn arena(trial: &Trial<'_>, format: ArenaFormat, heads: Heads, held: [&[f32]; 2]) -> LayerArena {
    let features = heads.keys * heads.size;
    let slots = held[0].len() / features;
    match format {
        ArenaFormat::F32 => LayerArena::Numbers(held.map(|held| trial.tensor(held, [slots, features]))),
        ArenaFormat::Q8 => {
            let coded = held.map(|held| held.chunks(block(heads.size)).map(coded).collect::<Vec<_>>());
            let words = coded.each_ref().map(|blocks| {
                let codes: Vec<i8> = blocks.iter().flat_map(|(_, codes)| codes).copied().collect();
                let words: Vec<i32> = codes
                    .as_chunks::<4>()
                    .0
                    .iter()
                    .map(|word| i32::from_le_bytes(word.map(i8::cast_unsigned)))
                    .collect();
                let data = TensorData::new(words, [slots, features / 4]);
                Tensor::<2, Int>::from_data(data, (trial.device(), DType::I32))
            });
            let [keys, values] = coded.map(|blocks| blocks.into_iter().map(|(scale, _)| scale).collect::<Vec<_>>());
            let blocks = keys.len() / slots;
            let by_slot = keys.chunks(blocks).zip(values.chunks(blocks));
            let scales: Vec<f32> = by_slot.flat_map(|(key, value)| [key, value]).flatten().copied().collect();
            LayerArena::Codes { words, scales: trial.tensor(&scales, [slots, 2 * blocks]) }
        }
    }
}
