//! Fractal value noise.

use crate::synth::dice::mix;

/// Smooth noise of several octaves, from 0 to 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noise {
    pub seed: u64,
    pub octaves: u32,
    /// How much of an octave's strength the next, finer one has.
    pub roughness: f32,
}

impl Noise {
    fn corner(&self, x: i64, y: i64, octave: u32) -> f32 {
        let place = (x as u64).wrapping_mul(0x2545_f491_4f6c_dd1d) ^ (y as u64).rotate_left(32) ^ u64::from(octave);
        (mix(self.seed, place) >> 40) as f32 / (1u64 << 24) as f32
    }

    fn octave(&self, x: f32, y: f32, octave: u32) -> f32 {
        let (left, top) = (x.floor(), y.floor());
        let smooth = |part: f32| part * part * (3.0 - 2.0 * part);
        let (u, v) = (smooth(x - left), smooth(y - top));
        let corner = |dx: i64, dy: i64| self.corner(left as i64 + dx, top as i64 + dy, octave);
        let above = corner(0, 0) * (1.0 - u) + corner(1, 0) * u;
        let below = corner(0, 1) * (1.0 - u) + corner(1, 1) * u;
        above * (1.0 - v) + below * v
    }

    pub fn at(&self, x: f32, y: f32) -> f32 {
        let (mut sum, mut weights, mut strength, mut scale) = (0.0, 0.0, 1.0, 1.0);
        for octave in 0..self.octaves {
            sum += strength * self.octave(x * scale, y * scale, octave);
            weights += strength;
            strength *= self.roughness;
            scale *= 2.0;
        }
        sum / weights
    }
}
