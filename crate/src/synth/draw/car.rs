//! Cars.

use super::{DARK, Design, Dice, Ink, Pen, Pose};

pub(super) const DESIGNS: &[Design] = &[
    Design::training(1.95, saloon),
    Design::training(1.65, van),
    Design::training(2.0, pick_up),
    Design::held_out(1.5, bus),
    Design::held_out(2.1, flat),
    Design::training(1.65, hatchback),
    Design::training(1.55, off_road),
    Design::training(1.95, lorry),
    Design::training(1.75, beetle),
    Design::training(1.2, from_the_front),
    Design::training(2.0, convertible),
    Design::training(1.25, from_behind),
    Design::training(1.7, tractor),
    Design::training(1.25, bubble),
    Design::training(2.1, racing),
    Design::training(1.95, with_ladder),
    Design::training(1.6, aslant),
    Design::training(1.75, loaded),
];

const TYRE: Ink = Ink::Tone([0.09, 0.09, 0.1]);
const RIM: Ink = Ink::Tone([0.66, 0.67, 0.69]);
const LAMP: Ink = Ink::Tone([0.98, 0.93, 0.7]);

/// How large the wheels are, and what the windows are made of.
fn wheels_and_glass(dice: &mut Dice) -> (f32, Ink) {
    let radius = dice.shade(0.165, 0.2);
    let glass = if dice.chance(0.4) { [0.2, 0.24, 0.28] } else { [0.55, 0.68, 0.76] };
    (radius, Ink::Tone(glass))
}

/// A lamp before, and two wheels.
fn on_wheels(pen: &mut Pen, dice: &mut Dice, radius: f32, axles: [f32; 2]) {
    let lamp = [pen.half_width - 0.07, dice.shade(0.54, 0.6)];
    pen.ellipse(lamp, [0.05, 0.05], LAMP);
    for x in axles {
        pen.ellipse([x, 1.0 - radius], [radius, radius], TYRE);
        pen.ellipse([x, 1.0 - radius], [0.5 * radius, 0.5 * radius], RIM);
    }
}

fn saloon(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    let roof = dice.shade(0.28, 0.36);
    pen.polygon(&[[-0.66, 0.44], [-roof - 0.06, 0.03], [roof - 0.02, 0.03], [0.52, 0.44]], Ink::Coat);
    pen.slab([-0.95, 0.36], [0.95, 0.86], 0.16, Ink::Coat);
    pen.polygon(&[[-0.52, 0.4], [-roof, 0.11], [-0.07, 0.11], [-0.07, 0.4]], glass);
    pen.polygon(&[[0.0, 0.11], [roof - 0.06, 0.11], [0.4, 0.4], [0.0, 0.4]], glass);
    on_wheels(pen, dice, radius, [-0.56, 0.56]);
}

fn van(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    pen.blob(
        &[
            [-0.82, 0.04],
            [-0.7, 0.0],
            [0.3, 0.0],
            [0.5, 0.12],
            [0.62, 0.4],
            [0.82, 0.48],
            [0.82, 0.86],
            [0.6, 0.88],
            [-0.6, 0.88],
            [-0.84, 0.86],
            [-0.83, 0.4],
        ],
        Ink::Coat,
    );
    pen.polygon(&[[0.12, 0.12], [0.36, 0.12], [0.54, 0.42], [0.12, 0.42]], glass);
    pen.slab([-0.66, 0.12], [-0.32, 0.42], 0.03, glass);
    pen.slab([-0.26, 0.12], [0.06, 0.42], 0.03, glass);
    on_wheels(pen, dice, radius, [-0.5, 0.5]);
}

fn pick_up(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    pen.polygon(&[[-0.1, 0.05], [0.24, 0.05], [0.46, 0.4], [-0.1, 0.42]], Ink::Coat);
    pen.slab([-0.98, 0.38], [0.98, 0.84], 0.09, Ink::Coat);
    pen.slab([-0.92, 0.34], [-0.14, 0.46], 0.0, Ink::Shaded(0.5));
    pen.polygon(&[[-0.02, 0.12], [0.2, 0.12], [0.36, 0.4], [-0.02, 0.4]], glass);
    on_wheels(pen, dice, radius, [-0.58, 0.6]);
}

fn bus(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    pen.slab([-0.74, 0.02], [0.74, 0.9], 0.08, Ink::Coat);
    for window in 0..4 {
        let left = -0.66 + 0.335 * window as f32;
        pen.slab([left, 0.14], [left + 0.28, 0.42], 0.02, glass);
    }
    pen.slab([-0.74, 0.56], [0.74, 0.64], 0.0, Ink::Shaded(0.7));
    on_wheels(pen, dice, radius, [-0.46, 0.48]);
}

fn flat(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    pen.blob(&[[-0.6, 0.44], [-0.42, 0.12], [0.06, 0.08], [0.36, 0.42], [0.2, 0.6], [-0.5, 0.6]], Ink::Coat);
    pen.blob(
        &[[-1.04, 0.46], [-0.6, 0.4], [0.3, 0.4], [0.98, 0.52], [1.08, 0.78], [0.9, 0.88], [-0.9, 0.88], [-1.08, 0.8]],
        Ink::Coat,
    );
    pen.polygon(&[[-0.36, 0.22], [-0.02, 0.2], [0.2, 0.42], [-0.42, 0.42]], glass);
    on_wheels(pen, dice, radius, [-0.64, 0.64]);
}

fn hatchback(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    let roof = dice.shade(0.06, 0.2);
    pen.polygon(&[[-0.8, 0.46], [-0.66, 0.03], [roof, 0.03], [0.46, 0.46]], Ink::Coat);
    pen.slab([-0.82, 0.38], [0.82, 0.86], 0.14, Ink::Coat);
    pen.polygon(&[[-0.66, 0.4], [-0.57, 0.11], [-0.27, 0.11], [-0.27, 0.4]], glass);
    pen.polygon(&[[-0.2, 0.11], [roof - 0.04, 0.11], [0.32, 0.4], [-0.2, 0.4]], glass);
    on_wheels(pen, dice, radius, [-0.5, 0.5]);
}

/// High and square, a spare wheel behind.
fn off_road(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    pen.slab([-0.775, 0.3], [-0.68, 0.66], 0.04, TYRE);
    pen.polygon(&[[-0.68, 0.02], [0.14, 0.02], [0.28, 0.42], [-0.68, 0.42]], Ink::Coat);
    pen.slab([-0.7, 0.36], [0.76, 0.8], 0.05, Ink::Coat);
    pen.slab([-0.6, 0.1], [-0.26, 0.36], 0.02, glass);
    pen.polygon(&[[-0.2, 0.1], [0.1, 0.1], [0.19, 0.36], [-0.2, 0.36]], glass);
    pen.slab([-0.7, 0.74], [0.76, 0.82], 0.0, Ink::Shaded(0.5));
    on_wheels(pen, dice, 1.12 * radius, [-0.42, 0.46]);
}

fn lorry(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    let load = dice.shade(0.0, 0.12);
    pen.slab([-0.95, 0.74], [0.9, 0.86], 0.0, DARK);
    pen.slab([-0.96, load], [0.36, 0.78], 0.02, Ink::Shaded(0.9));
    pen.slab([0.42, 0.2], [0.96, 0.86], 0.1, Ink::Coat);
    pen.polygon(&[[0.6, 0.27], [0.84, 0.27], [0.92, 0.5], [0.6, 0.5]], glass);
    on_wheels(pen, dice, radius, [-0.6, 0.62]);
}

/// All round.
fn beetle(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    pen.blob(
        &[
            [-0.9, 0.6],
            [-0.72, 0.3],
            [-0.36, 0.0],
            [0.1, -0.02],
            [0.36, 0.3],
            [0.72, 0.4],
            [0.9, 0.66],
            [0.86, 0.9],
            [0.0, 0.86],
            [-0.86, 0.9],
        ],
        Ink::Coat,
    );
    pen.blob(&[[-0.5, 0.44], [-0.4, 0.16], [-0.14, 0.1], [-0.12, 0.44]], glass);
    pen.blob(&[[-0.08, 0.44], [-0.06, 0.1], [0.14, 0.16], [0.28, 0.44]], glass);
    on_wheels(pen, dice, radius, [-0.5, 0.52]);
}

fn from_the_front(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    for side in [-0.44, 0.44] {
        pen.slab([side - 0.5 * radius, 0.66], [side + 0.5 * radius, 1.0], 0.04, TYRE);
    }
    pen.polygon(&[[-0.5, 0.46], [-0.36, 0.03], [0.36, 0.03], [0.5, 0.46]], Ink::Coat);
    pen.slab([-0.58, 0.4], [0.58, 0.88], 0.1, Ink::Coat);
    pen.polygon(&[[-0.42, 0.42], [-0.31, 0.1], [0.31, 0.1], [0.42, 0.42]], glass);
    pen.slab([-0.26, 0.62], [0.26, 0.76], 0.03, DARK);
    for side in [-0.42, 0.42] {
        pen.ellipse([side, 0.6], [0.09, 0.08], LAMP);
    }
}

/// Open, who drives to be seen.
fn convertible(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    let hair = dice.shade(0.1, 0.4);
    pen.limb(&[[0.1, 0.44], [0.26, 0.12]], 0.05, glass);
    pen.ellipse([-0.14, 0.2], [0.11, 0.13], Ink::Tone([0.8, 0.62, 0.5]));
    pen.ellipse([-0.18, 0.13], [0.12, 0.09], Ink::Tone([hair, 0.7 * hair, 0.5 * hair]));
    pen.slab([-0.42, 0.26], [-0.28, 0.5], 0.05, DARK);
    pen.blob(
        &[[-0.98, 0.5], [-0.6, 0.36], [-0.3, 0.44], [0.2, 0.44], [0.7, 0.42], [1.0, 0.6], [0.94, 0.88], [-0.94, 0.88]],
        Ink::Coat,
    );
    pen.slab([-0.9, 0.6], [0.92, 0.86], 0.08, Ink::Coat);
    on_wheels(pen, dice, radius, [-0.58, 0.6]);
}

fn from_behind(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    for side in [-0.46, 0.46] {
        pen.slab([side - 0.5 * radius, 0.66], [side + 0.5 * radius, 1.0], 0.04, TYRE);
    }
    pen.slab([-0.44, 0.02], [0.44, 0.6], 0.14, Ink::Coat);
    pen.slab([-0.6, 0.42], [0.6, 0.88], 0.08, Ink::Coat);
    pen.slab([-0.34, 0.1], [0.34, 0.36], 0.05, glass);
    pen.slab([-0.16, 0.6], [0.16, 0.72], 0.0, Ink::Tone([0.93, 0.92, 0.86]));
    for side in [-0.48, 0.48] {
        pen.slab([side - 0.09, 0.48], [side + 0.09, 0.62], 0.03, Ink::Tone([0.75, 0.1, 0.08]));
    }
}

/// Its wheels of two sizes.
fn tractor(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (_, glass) = wheels_and_glass(dice);
    let small = dice.shade(0.18, 0.22);
    pen.limb(&[[0.5, 0.4], [0.5, 0.08]], 0.06, DARK);
    pen.slab([-0.56, 0.02], [0.06, 0.6], 0.05, Ink::Coat);
    pen.slab([-0.46, 0.1], [-0.02, 0.36], 0.02, glass);
    pen.slab([-0.1, 0.36], [0.74, 0.74], 0.08, Ink::Coat);
    for (x, radius) in [(-0.5, 0.33), (0.58, small)] {
        pen.ellipse([x, 1.0 - radius], [radius, radius], TYRE);
        pen.ellipse([x, 1.0 - radius], [0.5 * radius, 0.5 * radius], RIM);
    }
}

/// For two.
fn bubble(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    pen.blob(
        &[[-0.6, 0.5], [-0.5, 0.1], [-0.1, -0.04], [0.3, 0.1], [0.5, 0.44], [0.64, 0.6], [0.6, 0.92], [-0.62, 0.92]],
        Ink::Coat,
    );
    pen.blob(&[[-0.4, 0.46], [-0.34, 0.18], [-0.04, 0.12], [-0.02, 0.46]], glass);
    pen.blob(&[[0.04, 0.46], [0.04, 0.12], [0.24, 0.22], [0.38, 0.46]], glass);
    pen.limb(&[[0.01, 0.5], [0.01, 0.84]], 0.02, Ink::Shaded(0.6));
    on_wheels(pen, dice, radius, [-0.36, 0.36]);
}

/// Its wheels beside it, a wing behind.
fn racing(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, _) = wheels_and_glass(dice);
    let helmet = Ink::Tone([dice.shade(0.2, 0.9), 0.6, dice.shade(0.2, 0.9)]);
    pen.slab([-1.02, 0.12], [-0.7, 0.26], 0.02, Ink::Shaded(0.8));
    pen.limb(&[[-0.84, 0.26], [-0.8, 0.6]], 0.05, DARK);
    pen.ellipse([-0.08, 0.34], [0.12, 0.15], helmet);
    pen.blob(
        &[[-0.9, 0.7], [-0.6, 0.4], [-0.3, 0.26], [-0.2, 0.5], [0.2, 0.48], [0.98, 0.72], [1.0, 0.86], [-0.8, 0.9]],
        Ink::Coat,
    );
    pen.slab([0.8, 0.84], [1.04, 0.92], 0.02, Ink::Shaded(0.7));
    on_wheels(pen, dice, 1.25 * radius, [-0.62, 0.6]);
}

/// Of the fire brigade.
fn with_ladder(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    let (metal, high) = (Ink::Tone([0.72, 0.73, 0.75]), dice.shade(0.04, 0.14));
    pen.slab([-0.96, 0.36], [0.5, 0.86], 0.03, Ink::Coat);
    pen.slab([0.42, 0.16], [0.96, 0.86], 0.1, Ink::Coat);
    pen.slab([0.56, 0.24], [0.9, 0.5], 0.03, glass);
    for y in [0.0, 0.12] {
        pen.limb(&[[-0.9, 0.14 + y], [0.7, high + y]], 0.035, metal);
    }
    for rung in 0..6 {
        let part = rung as f32 / 6.0;
        let y = 0.14 + part * (high - 0.14);
        pen.limb(&[[-0.84 + 1.5 * part, y], [-0.84 + 1.5 * part, y + 0.12]], 0.03, metal);
    }
    pen.limb(&[[-0.3, 0.26], [-0.3, 0.4]], 0.1, DARK);
    pen.slab([-0.96, 0.6], [0.96, 0.67], 0.0, Ink::Shaded(1.5));
    on_wheels(pen, dice, radius, [-0.6, 0.62]);
}

/// Its side and its front.
fn aslant(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    let corner = dice.shade(0.16, 0.3);
    pen.polygon(&[[-0.62, 0.42], [-0.44, 0.06], [0.3, 0.03], [0.56, 0.4], [corner, 0.46]], Ink::Coat);
    pen.polygon(&[[-0.78, 0.46], [corner, 0.44], [corner, 0.92], [-0.76, 0.84]], Ink::Coat);
    pen.polygon(&[[corner, 0.44], [0.74, 0.42], [0.78, 0.8], [corner, 0.92]], Ink::Shaded(0.75));
    pen.polygon(&[[-0.52, 0.4], [-0.4, 0.13], [-0.04, 0.12], [0.02, 0.4]], glass);
    pen.polygon(&[[corner - 0.08, 0.4], [0.08, 0.12], [0.28, 0.11], [0.48, 0.38]], glass);
    for x in [corner + 0.08, 0.68] {
        pen.ellipse([x, 0.6], [0.05, 0.06], LAMP);
    }
    for (x, y) in [(-0.48, 0.98), (corner - 0.06, 1.0)] {
        pen.ellipse([x, y - radius], [0.8 * radius, radius], TYRE);
        pen.ellipse([x, y - radius], [0.4 * radius, 0.5 * radius], RIM);
    }
    pen.ellipse([0.7, 0.84], [0.06, 0.12], TYRE);
}

/// With luggage on its roof.
fn loaded(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (radius, glass) = wheels_and_glass(dice);
    let brown = Ink::Tone([0.45, dice.shade(0.3, 0.4), 0.22]);
    pen.slab([-0.5, 0.0], [-0.08, 0.2], 0.03, brown);
    pen.slab([-0.04, 0.06], [0.3, 0.2], 0.05, DARK);
    pen.limb(&[[-0.6, 0.22], [0.36, 0.22]], 0.03, DARK);
    pen.polygon(&[[-0.84, 0.56], [-0.72, 0.24], [0.34, 0.24], [0.56, 0.56]], Ink::Coat);
    pen.slab([-0.86, 0.5], [0.86, 0.88], 0.12, Ink::Coat);
    pen.slab([-0.68, 0.3], [-0.4, 0.52], 0.02, glass);
    pen.slab([-0.34, 0.3], [-0.02, 0.52], 0.02, glass);
    pen.polygon(&[[0.04, 0.3], [0.28, 0.3], [0.42, 0.52], [0.04, 0.52]], glass);
    on_wheels(pen, dice, 0.9 * radius, [-0.52, 0.54]);
}
