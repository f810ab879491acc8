//! Actors as drawn: every kind in several designs, of which some are only for what is held out.

mod ball;
mod bird;
mod bottle;
mod car;
mod carton;
mod cup;
mod design;
mod dog;
mod pen;
mod person;
mod warp;

use tiny_skia::{Pixmap, PixmapMut, Transform};

use self::design::Design;
use self::pen::{DARK, Ink, NOSE, Pen, WHITE};
use self::warp::Warp;
use super::Split;
use super::actor::{Actor, Pose};
use super::dice::Dice;
use super::thing::{Kind, Look};

/// One of a kind's designs.
pub(super) fn any_design(kind: Kind, split: Split, dice: &mut Dice) -> usize {
    let designs = design::of(kind).iter().enumerate();
    let weights: Vec<_> =
        designs.filter(|(_, design)| design.split == split).map(|(n, design)| (n, design.share)).collect();
    dice.weighted(&weights).unwrap_or(0)
}

fn design(look: &Look) -> &'static Design {
    &design::of(look.kind)[look.design]
}

/// Whether only its upper part is drawn, so that it belongs at the picture's lower edge.
pub(super) fn is_cut_off(look: &Look) -> bool {
    design(look).cut_off
}

/// How much wider than drawn.
fn stretch(look: &Look) -> f64 {
    let design = design(look);
    if design.round {
        return 1.0;
    }
    let most = match design.split {
        Split::Train => 1.28,
        Split::HeldOut => 1.12,
    };
    Dice::new(look.seed, 2).range(2.0 - most, most)
}

/// Width over height.
pub(super) fn ratio(look: &Look) -> f64 {
    design(look).ratio * stretch(look)
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
    warp: Option<Warp>,
}

impl Costume {
    pub fn of(look: &Look) -> Self {
        let mut dice = Dice::new(look.seed, 3);
        let design = design(look);
        Self {
            pattern: dice.chance(0.22).then(|| pattern(&mut dice)).flatten(),
            outline: if dice.chance(0.3) { dice.shade(0.012, 0.03) } else { 0.0 },
            contrast: dice.shade(0.05, 0.45),
            lit: if dice.chance(0.5) { 1.0 } else { -1.0 },
            shadow: if dice.chance(0.5) { dice.shade(0.1, 0.4) } else { 0.0 },
            stretch: stretch(look) as f32,
            // So that one design teaches many shapes; those held out are tested as they are.
            warp: (!design.round && design.split == Split::Train)
                .then(|| Warp::any(0.5 * design.ratio as f32, &mut Dice::new(look.seed, 5))),
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
        warp: costume.warp,
    };
    if costume.shadow > 0.0 && !is_cut_off(&actor.look) {
        pen.shadow(costume.shadow);
    }
    (design(&actor.look).draw)(&mut pen, pose, &mut dice);
}
