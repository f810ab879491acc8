//! Backgrounds: textures, rooms, and photographs.

mod noise;
mod photograph;
mod room;

use tiny_skia::Pixmap;

use self::noise::Noise;
use super::Split;
use super::dice::Dice;
use super::thing::hsv;

/// The background of a scene: opaque, `width` by `height` pixels. Nothing if a side is 0.
pub(super) fn paint(seed: u64, split: Split, width: u32, height: u32) -> Option<Pixmap> {
    let mut dice = Dice::new(seed, 5);
    let photograph = dice.chance(0.5);
    let mut pixels = match (photograph, split) {
        (true, _) => photograph::any(split, width, height, &mut dice),
        (_, Split::Train) => match dice.index(7) {
            0 | 1 => clouds(width, height, &mut dice),
            2 => gradient(width, height, &mut dice),
            3 => tiles(width, height, &mut dice),
            _ => return room::paint(split, width, height, &mut dice),
        },
        (_, Split::HeldOut) => match dice.index(5) {
            0 => grain(width, height, &mut dice),
            1 => blinds(width, height, &mut dice),
            2 => lights(width, height, &mut dice),
            _ => return room::paint(split, width, height, &mut dice),
        },
    };
    temper(&mut pixels, &mut dice);
    to_pixmap(&pixels, width, height)
}

/// A tone for what stands behind: not so strong that it hides who stands before it.
fn muted(dice: &mut Dice) -> [f32; 3] {
    hsv(dice.shade(0.0, 360.0), dice.shade(0.02, 0.4), dice.shade(0.25, 0.85))
}

fn between(a: [f32; 3], b: [f32; 3], part: f32) -> [f32; 3] {
    let mut mean = [0.0; 3];
    for channel in 0..3 {
        mean[channel] = a[channel] + part * (b[channel] - a[channel]);
    }
    mean
}

/// Brings the mean brightness to where both white and black can be told from it.
fn temper(pixels: &mut [[f32; 3]], dice: &mut Dice) {
    let count = pixels.len().max(1) as f32;
    let mean = pixels.iter().flatten().sum::<f32>() / (3.0 * count);
    let wanted = mean.clamp(0.28, 0.62) + dice.shade(-0.05, 0.05);
    let contrast = dice.shade(0.6, 1.0);
    for channel in pixels.iter_mut().flatten() {
        *channel = wanted + contrast * (*channel - mean);
    }
}

fn to_pixmap(pixels: &[[f32; 3]], width: u32, height: u32) -> Option<Pixmap> {
    let mut pixmap = Pixmap::new(width, height)?;
    let (bytes, _) = pixmap.data_mut().as_chunks_mut::<4>();
    for (to, pixel) in bytes.iter_mut().zip(pixels) {
        let [r, g, b] = pixel.map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8);
        *to = [r, g, b, 255];
    }
    Some(pixmap)
}

/// Every pixel by its place, in heights of the picture.
fn each(width: u32, height: u32, mut tone: impl FnMut(f32, f32) -> [f32; 3]) -> Vec<[f32; 3]> {
    let scale = 1.0 / height as f32;
    (0..height)
        .flat_map(|y| (0..width).map(move |x| (x as f32 * scale, y as f32 * scale)))
        .map(|(x, y)| tone(x, y))
        .collect()
}

fn clouds(width: u32, height: u32, dice: &mut Dice) -> Vec<[f32; 3]> {
    let noise = Noise { seed: dice.number(), octaves: 1 + dice.index(6) as u32, roughness: dice.shade(0.35, 0.85) };
    let (tones, scale) = ([muted(dice), muted(dice), muted(dice)], dice.shade(1.0, 9.0));
    let (across, down) = (scale * dice.shade(0.5, 2.0), scale * dice.shade(0.5, 2.0));
    each(width, height, |x, y| {
        let value = (1.6 * noise.at(across * x, down * y) - 0.3).clamp(0.0, 1.0);
        if value < 0.5 {
            between(tones[0], tones[1], 2.0 * value)
        } else {
            between(tones[1], tones[2], 2.0 * value - 1.0)
        }
    })
}

fn gradient(width: u32, height: u32, dice: &mut Dice) -> Vec<[f32; 3]> {
    let (from, to, angle) = (muted(dice), muted(dice), dice.shade(0.0, std::f32::consts::TAU));
    let (sin, cos) = angle.sin_cos();
    let stripe = if dice.chance(0.4) { dice.shade(0.02, 0.12) } else { 0.0 };
    let pace = dice.shade(8.0, 60.0);
    each(width, height, |x, y| {
        let along = (x - 0.8) * cos + (y - 0.5) * sin;
        between(from, to, (0.5 + 0.7 * along + stripe * (pace * along).sin()).clamp(0.0, 1.0))
    })
}

fn tiles(width: u32, height: u32, dice: &mut Dice) -> Vec<[f32; 3]> {
    let (tile, joint) = (muted(dice), muted(dice));
    let (wide, high, gap) = (dice.shade(0.1, 0.4), dice.shade(0.08, 0.3), dice.shade(0.006, 0.03));
    let (shifted, vary, seed) = (dice.chance(0.5), dice.shade(0.0, 0.2), dice.number());
    let noise = Noise { seed, octaves: 3, roughness: 0.6 };
    each(width, height, |x, y| {
        let row = (y / high).floor();
        let x = if shifted && row % 2.0 != 0.0 { x + 0.5 * wide } else { x };
        let column = (x / wide).floor();
        let in_joint = x - column * wide < gap || y - row * high < gap;
        let shade = vary * (noise.at(column * 1.7 + 0.3, row * 1.3 + 0.6) - 0.5) + 0.06 * noise.at(30.0 * x, 30.0 * y);
        (if in_joint { joint } else { tile }).map(|channel| channel + shade)
    })
}

/// Wood.
fn grain(width: u32, height: u32, dice: &mut Dice) -> Vec<[f32; 3]> {
    let hue = dice.shade(18.0, 42.0);
    let (dark, light) = (hsv(hue, 0.45, 0.3), hsv(hue + 6.0, 0.35, 0.72));
    let noise = Noise { seed: dice.number(), octaves: 4, roughness: 0.5 };
    let (pace, upright) = (dice.shade(5.0, 16.0), dice.chance(0.5));
    each(width, height, |x, y| {
        let (x, y) = if upright { (y, x) } else { (x, y) };
        let rings = pace * (y + 0.35 * noise.at(1.2 * x, 4.0 * y));
        between(
            dark,
            light,
            0.5 + 0.35 * (6.0 * rings).sin() * noise.at(20.0 * x, 90.0 * y)
                + 0.25 * (noise.at(3.0 * x, 40.0 * y) - 0.5),
        )
    })
}

fn blinds(width: u32, height: u32, dice: &mut Dice) -> Vec<[f32; 3]> {
    let (slat, behind) = (muted(dice), muted(dice));
    let (pitch, open, upright) = (dice.shade(0.05, 0.16), dice.shade(0.15, 0.5), dice.chance(0.4));
    each(width, height, |x, y| {
        let along = if upright { x } else { y };
        let part = (along / pitch).fract();
        if part < open {
            behind
        } else {
            between(slat, slat.map(|channel| 0.7 * channel), (part - open) / (1.0 - open))
        }
    })
}

/// Discs of light, out of focus.
fn lights(width: u32, height: u32, dice: &mut Dice) -> Vec<[f32; 3]> {
    let (top, bottom) = (muted(dice), muted(dice));
    let discs: Vec<([f32; 2], f32, [f32; 3])> = (0..dice.index(16) + 6)
        .map(|_| ([dice.shade(0.0, 1.8), dice.shade(0.0, 1.0)], dice.shade(0.03, 0.13), muted(dice)))
        .collect();
    each(width, height, |x, y| {
        let mut tone = between(top, bottom, y.min(1.0));
        for &([cx, cy], radius, disc) in &discs {
            let far = ((x - cx).powi(2) + (y - cy).powi(2)).sqrt();
            let share = ((radius - far) / 0.02).clamp(0.0, 1.0) * 0.45;
            tone = between(tone, disc, share);
        }
        tone
    })
}
