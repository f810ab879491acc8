//! What a camera makes of a picture: noise, drift of exposure and white balance, shake, blur, vignetting, compression.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, ImageFormat};
use tiny_skia::Pixmap;

use super::dice::{Dice, mix};

/// How many different samples of noise there are; a power of two.
const NOISE: usize = 1 << 14;

/// One camera.
#[derive(Debug, Clone)]
pub(super) struct Camera {
    seed: u64,
    /// Amplitudes and paces: exposure, balance of red, balance of blue, shake across, shake down.
    drifts: [Drift; 5],
    gamma: f32,
    contrast: f32,
    is_blurred: bool,
    /// How long the shutter is open, in seconds.
    exposure: f32,
    /// How light each place is, in 256ths.
    shading: Vec<u16>,
    noise: Vec<i8>,
    quality: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Drift {
    amplitude: f32,
    pace: f32,
    phase: f32,
}

impl Drift {
    fn any(dice: &mut Dice, most: f32, slowest: f32, fastest: f32) -> Self {
        let amplitude = most * dice.shade(0.0, 1.0).powi(2);
        Self { amplitude, pace: dice.shade(slowest, fastest), phase: dice.shade(0.0, std::f32::consts::TAU) }
    }

    fn at(&self, time: f32) -> f32 {
        let wave = (self.pace * time + self.phase).sin() + 0.5 * (2.3 * self.pace * time + 1.7 * self.phase).sin();
        self.amplitude * wave / 1.5
    }
}

impl Camera {
    /// Most that a picture is shifted, in its heights.
    pub const SHAKE: f32 = 0.035;

    pub fn new(seed: u64, width: u32, height: u32) -> Self {
        let mut dice = Dice::new(seed, 6);
        let is_clean = dice.chance(0.12);
        let much = if is_clean { 0.0 } else { 1.0 };
        let shake = if dice.chance(0.5) { 0.0 } else { much * Self::SHAKE };
        let drifts = [
            Drift::any(&mut dice, 0.16 * much, 0.1, 0.5),
            Drift::any(&mut dice, 0.05 * much, 0.05, 0.4),
            Drift::any(&mut dice, 0.05 * much, 0.05, 0.4),
            Drift::any(&mut dice, shake, 0.2, 1.6),
            Drift::any(&mut dice, 0.7 * shake, 0.2, 1.6),
        ];
        let strength = much * 9.0 * dice.shade(0.0, 1.0).powi(2);
        // Twelve throws make a bell.
        let noise = (0..NOISE).map(|_| {
            let bell = (0..12).map(|_| dice.shade(0.0, 1.0)).sum::<f32>() - 6.0;
            (strength * bell).clamp(-127.0, 127.0).round() as i8
        });
        let noise = if strength < 0.3 { Vec::new() } else { noise.collect() };
        let dark = if is_clean || dice.chance(0.4) { 0.0 } else { dice.shade(0.1, 0.5) };
        let lamp = [dice.shade(-0.22, 0.22) * much, dice.shade(-0.16, 0.16) * much];
        Self {
            seed,
            drifts,
            gamma: 1.0 + much * dice.shade(-0.18, 0.2),
            contrast: 1.0 + much * dice.shade(-0.22, 0.12),
            is_blurred: !is_clean && dice.chance(0.3),
            exposure: much * dice.shade(0.0, 0.09),
            shading: shading(dark, lamp, width, height),
            noise,
            quality: (!is_clean && dice.chance(0.3)).then(|| 30 + dice.index(55) as u8),
        }
    }

    /// How long the shutter is open, in seconds.
    pub fn exposure(&self) -> f32 {
        self.exposure
    }

    /// How far the picture is shifted at a time, in its heights.
    pub fn shift(&self, time: f64) -> [f32; 2] {
        [self.drifts[3].at(time as f32), self.drifts[4].at(time as f32)]
    }

    /// What is seen of `scene`, where there is so much light, as red, green and blue bytes.
    pub fn take(&self, scene: &Pixmap, light: f64, time: f64, index: usize) -> Vec<u8> {
        let tables = self.tables(light as f32, time as f32);
        let (pixels, _) = scene.data().as_chunks::<4>();
        let mut rgb = Vec::with_capacity(3 * pixels.len());
        let start = mix(self.seed, index as u64) as usize;
        for (place, pixel) in pixels.iter().enumerate() {
            let weight = self.shading.get(place).map_or(256, |&weight| i32::from(weight));
            for channel in 0..3 {
                let mut value = (tables[channel][usize::from(pixel[channel])] * weight) >> 12;
                if !self.noise.is_empty() {
                    value += i32::from(self.noise[start.wrapping_add(3 * place + channel) % NOISE]);
                }
                rgb.push(value.clamp(0, 255) as u8);
            }
        }
        if self.is_blurred {
            blur(&mut rgb, scene.width() as usize);
        }
        match self.quality {
            Some(quality) => compress(&rgb, scene.width(), scene.height(), quality).unwrap_or(rgb),
            None => rgb,
        }
    }

    /// What becomes of each value of red, green and blue, in 16ths.
    fn tables(&self, light: f32, time: f32) -> [[i32; 256]; 3] {
        let [exposure, red, blue] = [0, 1, 2].map(|drift| self.drifts[drift].at(time));
        [1.0 + red, 1.0, 1.0 + blue].map(|balance| {
            let mut table = [0; 256];
            for (value, seen) in table.iter_mut().enumerate() {
                let bright = (value as f32 / 255.0).powf(self.gamma);
                let bright = 0.5 + self.contrast * (bright - 0.5);
                *seen = (light * (1.0 + exposure) * balance * bright * 255.0 * 16.0).round() as i32;
            }
            table
        })
    }
}

/// Darker towards the corners, and lighter towards a lamp.
fn shading(corners: f32, lamp: [f32; 2], width: u32, height: u32) -> Vec<u16> {
    let place = |at: u32, side: u32| 2.0 * (at as f32 + 0.5) / side as f32 - 1.0;
    let places = (0..height).flat_map(|y| (0..width).map(move |x| (place(x, width), place(y, height))));
    places
        .map(|(x, y)| {
            let far = 0.5 * (x * x + y * y);
            let light = (1.0 - corners * far * far) * (1.0 + lamp[0] * x + lamp[1] * y);
            (256.0 * light.max(0.0)) as u16
        })
        .collect()
}

/// A quarter of each neighbour along both directions, in place.
fn blur(rgb: &mut [u8], width: usize) {
    let row = 3 * width;
    for stride in [3, row] {
        let before = rgb.to_vec();
        for place in stride..rgb.len().saturating_sub(stride) {
            let sum =
                u16::from(before[place - stride]) + 2 * u16::from(before[place]) + u16::from(before[place + stride]);
            rgb[place] = (sum / 4) as u8;
        }
    }
}

/// There and back through JPEG.
fn compress(rgb: &[u8], width: u32, height: u32, quality: u8) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, quality).encode(rgb, width, height, ExtendedColorType::Rgb8).ok()?;
    let decoded = image::load(Cursor::new(file), ImageFormat::Jpeg).ok()?;
    Some(decoded.into_rgb8().into_raw())
}
