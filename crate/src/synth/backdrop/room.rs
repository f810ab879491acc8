//! Rooms and yards made of simple shapes: a wall, a floor, and what stands there.

use tiny_skia::{Color, Paint, Pixmap, Rect, Shader, Transform};

use super::{Noise, Split, between, each, muted, to_pixmap};
use crate::synth::dice::Dice;

fn rectangle(canvas: &mut Pixmap, [left, top, right, bottom]: [f32; 4], tone: [f32; 3]) {
    let scale = canvas.height() as f32;
    let Some(area) = Rect::from_ltrb(left * scale, top * scale, right * scale, bottom * scale) else { return };
    let [r, g, b] = tone.map(|channel| (channel.clamp(0.0, 1.0) * 255.0) as u8);
    let paint = Paint { shader: Shader::SolidColor(Color::from_rgba8(r, g, b, 255)), ..Paint::default() };
    canvas.fill_rect(area, &paint, Transform::identity(), None);
}

/// A room. What is held out has other furniture: pictures and plants instead of shelves and windows.
pub(super) fn paint(split: Split, width: u32, height: u32, dice: &mut Dice) -> Option<Pixmap> {
    let (wall, floor) = (muted(dice), muted(dice).map(|channel| 0.75 * channel));
    let line = dice.shade(0.55, 0.9);
    let noise = Noise { seed: dice.number(), octaves: 4, roughness: dice.shade(0.3, 0.8) };
    let (rough, pace, light) = (dice.shade(0.02, 0.16), dice.shade(2.0, 16.0), dice.shade(-0.18, 0.18));
    let pixels = each(width, height, |x, y| {
        let tone =
            if y < line { wall } else { between(floor, floor.map(|channel| 1.3 * channel), (y - line) / (1.0 - line)) };
        let change = rough * (noise.at(pace * x, pace * y) - 0.5) + light * (x - 0.8);
        tone.map(|channel| channel + change)
    });
    let mut canvas = to_pixmap(&pixels, width, height)?;
    let aspect = width as f32 / height as f32;
    rectangle(&mut canvas, [0.0, line - 0.025, aspect, line], between(wall, floor, 0.6).map(|channel| 0.8 * channel));
    for _ in 0..dice.index(4) {
        let left = dice.shade(-0.1, aspect - 0.1);
        match (split, dice.index(3)) {
            (Split::Train, 0) => window(&mut canvas, left, dice),
            (Split::Train, 1) => shelf(&mut canvas, left, dice),
            (Split::HeldOut, 0) => frame(&mut canvas, left, dice),
            (Split::HeldOut, 1) => plant(&mut canvas, left, line, dice),
            _ => cupboard(&mut canvas, left, line, dice),
        }
    }
    Some(canvas)
}

fn window(canvas: &mut Pixmap, left: f32, dice: &mut Dice) {
    let (wide, high, top) = (dice.shade(0.25, 0.6), dice.shade(0.25, 0.45), dice.shade(0.04, 0.2));
    let (rim, sky) = (muted(dice), between(muted(dice), [0.8, 0.87, 0.95], 0.75));
    rectangle(canvas, [left - 0.02, top - 0.02, left + wide + 0.02, top + high + 0.02], rim);
    rectangle(canvas, [left, top, left + wide, top + high], sky);
    rectangle(canvas, [left, top + 0.6 * high, left + wide, top + high], between(sky, [0.35, 0.5, 0.35], 0.5));
    rectangle(canvas, [left + 0.5 * wide - 0.01, top, left + 0.5 * wide + 0.01, top + high], rim);
}

fn shelf(canvas: &mut Pixmap, left: f32, dice: &mut Dice) {
    let (wide, top, boards) = (dice.shade(0.3, 0.7), dice.shade(0.05, 0.25), 1 + dice.index(3));
    let wood = muted(dice);
    for board in 0..boards {
        let base = top + 0.2 * (board as f32 + 0.7);
        let mut x = left + 0.02;
        while x < left + wide - 0.05 {
            let (thick, high) = (dice.shade(0.015, 0.06), dice.shade(0.06, 0.14));
            if dice.chance(0.8) {
                rectangle(canvas, [x, base - high, x + thick, base], muted(dice));
            }
            x += thick + 0.004;
        }
        rectangle(canvas, [left, base, left + wide, base + 0.02], wood);
    }
}

fn cupboard(canvas: &mut Pixmap, left: f32, line: f32, dice: &mut Dice) {
    let (wide, high, wood) = (dice.shade(0.2, 0.6), dice.shade(0.15, 0.5), muted(dice));
    let (top, foot) = (line + 0.05 - high, line + 0.05);
    rectangle(canvas, [left, top, left + wide, foot], wood);
    rectangle(canvas, [left, top, left + wide, top + 0.015], wood.map(|channel| 1.2 * channel));
    let doors = 1 + dice.index(3);
    for door in 1..doors {
        let x = left + wide * door as f32 / doors as f32;
        rectangle(canvas, [x - 0.004, top + 0.02, x + 0.004, foot], wood.map(|channel| 0.6 * channel));
    }
}

fn frame(canvas: &mut Pixmap, left: f32, dice: &mut Dice) {
    let (wide, high, top) = (dice.shade(0.15, 0.4), dice.shade(0.15, 0.35), dice.shade(0.06, 0.25));
    rectangle(canvas, [left, top, left + wide, top + high], muted(dice).map(|channel| 0.5 * channel));
    rectangle(canvas, [left + 0.02, top + 0.02, left + wide - 0.02, top + high - 0.02], muted(dice));
    rectangle(canvas, [left + 0.05, top + 0.5 * high, left + wide - 0.03, top + high - 0.03], muted(dice));
}

fn plant(canvas: &mut Pixmap, left: f32, line: f32, dice: &mut Dice) {
    let high = dice.shade(0.15, 0.35);
    for _ in 0..24 {
        let (x, y) = (left + dice.shade(0.0, 0.22), line - 0.05 - high * dice.shade(0.0, 1.0));
        let leaf = between([0.2, 0.36, 0.2], muted(dice), 0.4);
        rectangle(canvas, [x, y, x + dice.shade(0.02, 0.07), y + dice.shade(0.01, 0.04)], leaf);
    }
    rectangle(canvas, [left + 0.06, line - 0.08, left + 0.18, line + 0.06], muted(dice));
}
