use half::f16;

use super::BLOCK;

/// A block of weights in q8 or q4: each is `scale · code`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// What they share.
    pub scale: f16,
    /// In q4 −8 … 7: less by 8 than what stands on the device.
    pub codes: [i8; BLOCK],
}

impl Block {
    /// In q8.
    pub(super) fn q8(weights: &[f32; BLOCK]) -> Self {
        let largest = weights.iter().fold(0_f32, |largest, weight| largest.max(weight.abs()));
        let scale = saturated(largest / 127.0);
        let step = scale.to_f32();
        let code = |weight: f32| if step > 0.0 { (weight / step).round().clamp(-127.0, 127.0) as i8 } else { 0 };
        Self { scale, codes: weights.map(code) }
    }

    /// In q4: of several grids the one with the smallest squared error.
    pub(super) fn q4(weights: &[f32; BLOCK]) -> Self {
        let largest =
            weights.iter().fold(0_f32, |largest, &weight| if weight.abs() > largest.abs() { weight } else { largest });
        let on =
            |grid: f32| weights.map(|weight| if grid == 0.0 { 0.0 } else { (weight / grid).round().clamp(-8.0, 7.0) });
        let error = |scale: f32, codes: &[f32; BLOCK]| -> f32 {
            weights.iter().zip(codes).map(|(weight, code)| (weight - scale * code).powi(2)).sum()
        };
        let mut best = (f32::INFINITY, f16::ZERO, [0.0; BLOCK]);
        // The largest weight on −8, or a little beside it; then the scale that fits the codes best.
        for step in -6..=6_i8 {
            let codes = on(saturated(largest / (-8.0 + f32::from(step) / 10.0)).to_f32());
            let (along, square) = weights
                .iter()
                .zip(codes)
                .fold((0.0, 0.0), |(along, square), (weight, code)| (along + weight * code, square + code * code));
            let scale = saturated(if square > 0.0 { along / square } else { 0.0 });
            let error = error(scale.to_f32(), &codes);
            if error < best.0 {
                best = (error, scale, codes);
            }
        }
        let (_, scale, codes) = best;
        Self { scale, codes: codes.map(|code| code as i8) }
    }

    /// The weights themselves.
    pub fn weights(&self) -> [f32; BLOCK] {
        let scale = self.scale.to_f32();
        self.codes.map(|code| scale * f32::from(code))
    }

    /// Its codes as they stand on the device in q8.
    pub(super) fn words_q8(&self) -> [u32; 8] {
        let words = self.codes.as_chunks::<4>().0;
        std::array::from_fn(|word| u32::from_le_bytes(words[word].map(i8::cast_unsigned)))
    }

    /// And in q4.
    pub(super) fn words_q4(&self) -> [u32; 4] {
        let words = self.codes.as_chunks::<8>().0;
        std::array::from_fn(|word| {
            let code = |index: usize| (words[word][index] + 8).cast_unsigned();
            u32::from_le_bytes([0, 1, 2, 3].map(|byte| code(byte) | code(byte + 4) << 4))
        })
    }
}

/// What f16 cannot hold becomes its largest number.
pub(super) fn saturated(number: f32) -> f16 {
    f16::from_f32(number.clamp(f16::MIN.to_f32(), f16::MAX.to_f32()))
}
