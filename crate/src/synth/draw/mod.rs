//! Actors as drawn: every kind in several designs, of which some are only for what is held out.

mod animals;
mod goods;
mod pen;
mod people;
mod vehicles;

use tiny_skia::{Pixmap, PixmapMut, Transform};

use self::pen::{Ink, Pen};
use super::Split;
use super::actor::{Actor, Pose};
use super::dice::Dice;
use super::thing::{Kind, Look};

/// Widths over heights of each kind's designs, of which the last two are held out.
fn ratios(kind: Kind) -> [f64; 5] {
    match kind {
        Kind::Person => [0.44, 0.46, 0.92, 0.46, 0.9],
        Kind::Ball => [1.0; 5],
        Kind::Box => [1.2, 1.15, 1.25, 1.05, 1.4],
        Kind::Bottle => [0.32, 0.36, 0.44, 0.58, 0.4],
        Kind::Car => [1.95, 1.65, 2.0, 1.5, 2.1],
        Kind::Dog => [1.35, 1.25, 1.65, 0.85, 1.3],
        Kind::Bird => [1.2, 1.4, 1.15, 0.75, 1.6],
        Kind::Cup => [1.15, 0.78, 1.5, 1.0, 0.72],
    }
}

/// One of a kind's designs. Of persons, most sit before the camera.
pub(super) fn any_design(kind: Kind, split: Split, dice: &mut Dice) -> usize {
    let weights: &[(usize, f64)] = match (kind, split) {
        (Kind::Person, Split::Train) => &[(0, 0.3), (1, 0.25), (2, 0.45)],
        (_, Split::Train) => &[(0, 1.0), (1, 1.0), (2, 1.0)],
        (_, Split::HeldOut) => &[(3, 1.0), (4, 1.0)],
    };
    dice.weighted(weights).unwrap_or(0)
}

/// Whether only its upper part is drawn, so that it belongs at the picture's lower edge.
pub(super) fn is_cut_off(look: &Look) -> bool {
    look.kind == Kind::Person && matches!(look.design, 2 | 4)
}

/// How much wider than drawn. What is round stays so.
fn stretch(look: &Look) -> f64 {
    let free = !matches!(look.kind, Kind::Ball);
    if free { Dice::new(look.seed, 2).range(0.88, 1.12) } else { 1.0 }
}

/// Width over height.
pub(super) fn ratio(look: &Look) -> f64 {
    ratios(look.kind)[look.design.min(4)] * stretch(look)
}

/// Skin, from dark to light.
fn skin(dice: &mut Dice) -> [f32; 3] {
    let light = dice.shade(0.0, 1.0).powf(0.6);
    [0.36 + 0.54 * light, 0.22 + 0.5 * light, 0.15 + 0.43 * light]
}

/// Hair, trousers, shoes: dark and hardly coloured.
fn dull(dice: &mut Dice) -> [f32; 3] {
    let grey = dice.shade(0.08, 0.42);
    [grey * dice.shade(0.9, 1.1), grey, grey * dice.shade(0.8, 1.15)]
}

/// What of an actor is the same in every frame, prepared once.
#[derive(Debug)]
pub(super) struct Costume {
    pattern: Option<Pixmap>,
    outline: f32,
    contrast: f32,
    lit: f32,
    shadow: f32,
    stretch: f32,
}

impl Costume {
    pub fn of(look: &Look) -> Self {
        let mut dice = Dice::new(look.seed, 3);
        Self {
            pattern: dice.chance(0.22).then(|| pattern(&mut dice)).flatten(),
            outline: if dice.chance(0.3) { dice.shade(0.012, 0.03) } else { 0.0 },
            contrast: dice.shade(0.05, 0.45),
            lit: if dice.chance(0.5) { 1.0 } else { -1.0 },
            shadow: if dice.chance(0.5) { dice.shade(0.1, 0.4) } else { 0.0 },
            stretch: stretch(look) as f32,
        }
    }
}

/// A tile of stripes, dots or specks, faint enough to leave the coat its colour.
fn pattern(dice: &mut Dice) -> Option<Pixmap> {
    const SIDE: u32 = 16;
    let mut tile = Pixmap::new(SIDE, SIDE)?;
    let kind = dice.index(4);
    let white = dice.chance(0.5);
    let alpha = dice.shade(0.18, 0.42);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let is_on = match kind {
                0 => y % 8 < 3,
                1 => x % 8 < 3,
                2 => (x % 8).abs_diff(4).pow(2) + (y % 8).abs_diff(4).pow(2) < 6,
                _ => dice.chance(0.3),
            };
            let alpha = if is_on { alpha } else { 0.0 };
            let value = if white { alpha } else { 0.0 };
            let bytes = [value, value, value, alpha].map(|channel| (255.0 * channel) as u8);
            let at = 4 * (y * SIDE + x) as usize;
            tile.data_mut()[at..at + 4].copy_from_slice(&bytes);
        }
    }
    Some(tile)
}

/// Draws an actor into a picture whose height is `scale` pixels, shifted by `shift` pixels.
pub(super) fn draw(canvas: PixmapMut, actor: &Actor, costume: &Costume, pose: &Pose, scale: f32, shift: [f32; 2]) {
    let [x, bottom, height, lean] = [pose.x, pose.bottom, pose.height, pose.lean].map(|length| length as f32);
    let size = height * scale;
    let mirrored = if pose.faces_right { 1.0 } else { -1.0 };
    let place = Transform::from_row(
        mirrored * costume.stretch * size,
        0.0,
        -lean * size,
        size,
        (x + lean * height) * scale + shift[0],
        (bottom - height) * scale + shift[1],
    );
    let mut dice = Dice::new(actor.look.seed, 4);
    let half_width = 0.5 * (actor.ratio as f32) / costume.stretch;
    let mut pen = Pen {
        canvas,
        place,
        coat: pose.shade,
        contrast: costume.contrast,
        lit: mirrored * costume.lit,
        pattern: costume.pattern.as_ref(),
        outline: costume.outline,
        half_width,
    };
    if costume.shadow > 0.0 && !is_cut_off(&actor.look) {
        pen.shadow(costume.shadow);
    }
    match actor.look.kind {
        Kind::Person => people::person(&mut pen, actor.look.design, pose, mirrored, &mut dice),
        Kind::Ball => goods::ball(&mut pen, actor.look.design, pose, &mut dice),
        Kind::Box => goods::parcel(&mut pen, actor.look.design, &mut dice),
        Kind::Bottle => goods::bottle(&mut pen, actor.look.design, &mut dice),
        Kind::Cup => goods::cup(&mut pen, actor.look.design, &mut dice),
        Kind::Car => vehicles::car(&mut pen, actor.look.design, &mut dice),
        Kind::Dog => animals::dog(&mut pen, actor.look.design, pose, &mut dice),
        Kind::Bird => animals::bird(&mut pen, actor.look.design, pose, &mut dice),
    }
}
