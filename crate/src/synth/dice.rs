//! Chance that is the same for ever: the same seed and stream give the same throws on every machine.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// A generator of throws.
///
/// Only the ChaCha8 stream is taken from `rand`; how numbers are made of it stands here, since distributions of a library
/// may change with its version.
#[derive(Debug)]
pub(super) struct Dice(ChaCha8Rng);

impl Dice {
    /// The throws of one `stream` of a `seed`; streams do not influence each other.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&stream.to_le_bytes());
        Self(ChaCha8Rng::from_seed(key))
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// From 0 up to, but not, 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits, all that an f64 holds between 1 and 2.
        (self.number() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// From `from` to `to`.
    pub fn range(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.unit()
    }

    /// As [`Dice::range`], for colours and shapes.
    pub fn shade(&mut self, from: f32, to: f32) -> f32 {
        self.range(f64::from(from), f64::from(to)) as f32
    }

    /// True with a probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// From 0 up to, but not, `count`; 0 for a count of 0.
    pub fn index(&mut self, count: usize) -> usize {
        ((u128::from(self.number()) * count as u128) >> 64) as usize
    }

    /// One of several, all as likely.
    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.index(from.len())).copied()
    }

    /// One of several by their weights; none where nothing has any.
    pub fn weighted<T: Copy>(&mut self, from: &[(T, f64)]) -> Option<T> {
        let sum: f64 = from.iter().map(|&(_, weight)| weight).sum();
        let mut left = self.unit() * sum;
        from.iter().filter(|&&(_, weight)| weight > 0.0).find_map(|&(item, weight)| {
            left -= weight;
            (left < 0.0).then_some(item)
        })
    }

    /// In any order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

/// A new seed from another and a label: what is drawn from the one tells nothing about the other.
pub(super) fn mix(seed: u64, label: u64) -> u64 {
    // The finaliser of SplitMix64.
    let mut z = seed ^ label.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
