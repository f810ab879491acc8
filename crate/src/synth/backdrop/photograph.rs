//! Photographs as backgrounds; origins and licences stand in `assets/photographs/LICENSE.md`.

use std::sync::OnceLock;

use image::{RgbImage, imageops};

use crate::synth::Split;
use crate::synth::dice::Dice;

/// The pictures of one split.
struct Album {
    files: &'static [&'static [u8]],
    decoded: OnceLock<Vec<RgbImage>>,
}

macro_rules! photographs {
    ($($name:literal),* $(,)?) => {
        &[$(include_bytes!(concat!("../../../assets/photographs/", $name, ".jpg"))),*]
    };
}

static TRAINED: Album = Album {
    files: photographs![
        "apartment",
        "astronaut",
        "brick",
        "bridge",
        "camera",
        "chelsea",
        "china",
        "dawn",
        "esplanade",
        "forest",
        "grass",
        "gravel",
        "lab",
        "lobby",
        "night",
        "park",
        "sky",
        "sunset",
        "warehouse",
        "workshop",
    ],
    decoded: OnceLock::new(),
};
static HELD_OUT: Album = Album {
    files: photographs!["city", "coffee", "flower", "hall", "rocket", "sunrise", "venice"],
    decoded: OnceLock::new(),
};

impl Album {
    fn pictures(&self) -> &[RgbImage] {
        self.decoded.get_or_init(|| {
            let pictures = self.files.iter().filter_map(|file| image::load_from_memory(file).ok());
            pictures.flat_map(|picture| views(&picture.to_rgb8())).collect()
        })
    }
}

/// The views of one file: several of a place stand one above the other, each 5 high and 8 wide.
fn views(picture: &RgbImage) -> Vec<RgbImage> {
    let count = (8 * picture.height() / (5 * picture.width()).max(1)).max(1);
    let height = picture.height() / count;
    (0..count).map(|view| imageops::crop_imm(picture, 0, view * height, picture.width(), height).to_image()).collect()
}

/// A part of one, as pixels of a `width` by `height` picture; black where there is none.
pub(super) fn any(split: Split, width: u32, height: u32, dice: &mut Dice) -> Vec<[f32; 3]> {
    let album = match split {
        Split::Train => &TRAINED,
        Split::HeldOut => &HELD_OUT,
    };
    let pictures = album.pictures();
    let Some(picture) = pictures.get(dice.index(pictures.len())) else {
        return vec![[0.0; 3]; (width * height) as usize];
    };
    let (pw, ph) = (picture.width() as f32, picture.height() as f32);
    // The largest part of the right shape, or a smaller one.
    let fit = (pw / width as f32).min(ph / height as f32);
    let zoom = fit * dice.shade(0.6, 1.0);
    let left = dice.shade(0.0, pw - zoom * width as f32);
    let top = dice.shade(0.0, ph - zoom * height as f32);
    let mirrored = dice.chance(0.5);
    let gain = [dice.shade(0.8, 1.15), dice.shade(0.85, 1.15), dice.shade(0.8, 1.15)];
    let saturation = dice.shade(0.25, 1.0);
    let mut pixels = Vec::with_capacity((width * height) as usize);
    for y in 0..height {
        for x in 0..width {
            let column = if mirrored { width - 1 - x } else { x };
            let sample = area(picture, left + zoom * column as f32, top + zoom * y as f32, zoom);
            let grey = sample.iter().sum::<f32>() / 3.0;
            let mut pixel = [0.0; 3];
            for channel in 0..3 {
                pixel[channel] = gain[channel] * (grey + saturation * (sample[channel] - grey));
            }
            pixels.push(pixel);
        }
    }
    pixels
}

/// The mean of up to 3 by 3 points of a square.
fn area(picture: &RgbImage, left: f32, top: f32, side: f32) -> [f32; 3] {
    let points = if side > 1.2 { 3 } else { 1 };
    let mut sum = [0.0; 3];
    for row in 0..points {
        for column in 0..points {
            let at = |from: f32, number: i32| from + side * (number as f32 + 0.5) / points as f32;
            let sample = bilinear(picture, at(left, column) - 0.5, at(top, row) - 0.5);
            for (total, value) in sum.iter_mut().zip(sample) {
                *total += value;
            }
        }
    }
    sum.map(|total| total / (points * points) as f32)
}

fn bilinear(picture: &RgbImage, x: f32, y: f32) -> [f32; 3] {
    let (right_most, lowest) = (picture.width() - 1, picture.height() - 1);
    let (x, y) = (x.clamp(0.0, right_most as f32), y.clamp(0.0, lowest as f32));
    let (left, top) = (x as u32, y as u32);
    let (u, v) = (x - left as f32, y - top as f32);
    let get = |x: u32, y: u32| picture.get_pixel(x.min(right_most), y.min(lowest)).0;
    let (a, b, c, d) = (get(left, top), get(left + 1, top), get(left, top + 1), get(left + 1, top + 1));
    let mut sample = [0.0; 3];
    for channel in 0..3 {
        let [a, b, c, d] = [a, b, c, d].map(|pixel| f32::from(pixel[channel]) / 255.0);
        sample[channel] = (a * (1.0 - u) + b * u) * (1.0 - v) + (c * (1.0 - u) + d * u) * v;
    }
    sample
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_photograph_is_readable_and_none_is_in_both_splits() {
        for (album, fewest) in [(&TRAINED, 40), (&HELD_OUT, 10)] {
            assert!(album.pictures().len() >= fewest, "{}", album.pictures().len());
            assert!(album.pictures().iter().all(|picture| picture.width() >= 200 && picture.height() >= 120));
        }
        let held_out = HELD_OUT.pictures();
        assert!(TRAINED.pictures().iter().all(|picture| !held_out.contains(picture)));
    }
}
