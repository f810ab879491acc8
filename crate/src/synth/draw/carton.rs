//! Boxes.

use super::{Design, Dice, Ink, Pen, Pose, WHITE};

pub(super) const DESIGNS: &[Design] = &[
    Design::training(1.2, taped),
    Design::training(1.15, from_the_edge),
    Design::training(1.25, open),
    Design::held_out(1.05, present),
    Design::held_out(1.4, crate_of_boards),
    Design::training(1.5, shoebox),
    Design::training(0.72, tall),
    Design::training(1.35, chest),
    Design::training(1.3, from_above),
    Design::training(1.45, with_handle),
    Design::training(1.9, flat),
    Design::training(1.2, tied),
    Design::training(1.1, with_windows),
    Design::training(1.5, mailer),
    Design::training(1.0, piled),
    Design::training(1.0, block),
    Design::training(1.7, of_matches),
    Design::training(1.25, dented),
];

/// Closed, with tape.
fn taped(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let mark = pen.mark();
    pen.slab([-0.6, 0.0], [0.6, 1.0], 0.03, Ink::Coat);
    pen.slab([-0.6, 0.0], [0.6, 0.16], 0.03, Ink::Shaded(1.2));
    pen.slab([-0.09, 0.0], [0.09, 0.42], 0.0, mark);
    pen.slab([0.22, 0.66], [0.5, 0.88], 0.0, WHITE);
}

/// Front, side and top.
fn from_the_edge(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let edge = dice.shade(0.0, 0.2);
    pen.polygon(&[[-0.57, 0.22], [edge, 0.34], [edge, 1.0], [-0.57, 0.84]], Ink::Coat);
    pen.polygon(&[[edge, 0.34], [0.57, 0.2], [0.57, 0.82], [edge, 1.0]], Ink::Shaded(0.68));
    pen.polygon(&[[-0.57, 0.22], [0.57 - edge, 0.02], [0.57, 0.2], [edge, 0.34]], Ink::Shaded(1.3));
}

/// Its flaps aside.
fn open(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    pen.polygon(&[[-0.48, 0.22], [0.48, 0.22], [0.4, 0.34], [-0.4, 0.34]], Ink::Shaded(0.4));
    pen.polygon(&[[-0.48, 0.24], [-0.62, 0.04], [-0.3, 0.02], [-0.2, 0.24]], Ink::Shaded(1.2));
    pen.polygon(&[[0.48, 0.24], [0.62, 0.04], [0.3, 0.02], [0.2, 0.24]], Ink::Shaded(1.15));
    pen.slab([-0.5, 0.26], [0.5, 1.0], 0.02, Ink::Coat);
}

fn present(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let mark = pen.mark();
    pen.slab([-0.5, 0.3], [0.5, 1.0], 0.03, Ink::Coat);
    pen.slab([-0.525, 0.18], [0.525, 0.36], 0.03, Ink::Shaded(1.12));
    pen.slab([-0.07, 0.18], [0.07, 1.0], 0.0, mark);
    pen.ellipse([-0.13, 0.09], [0.13, 0.08], mark);
    pen.ellipse([0.13, 0.09], [0.13, 0.08], mark);
}

fn crate_of_boards(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    pen.slab([-0.7, 0.0], [0.7, 1.0], 0.02, Ink::Shaded(0.45));
    for board in 0..3 {
        let top = 0.02 + 0.33 * board as f32;
        pen.slab([-0.69, top], [0.69, top + 0.28], 0.02, Ink::Coat);
    }
    pen.slab([-0.62, 0.0], [-0.5, 1.0], 0.01, Ink::Shaded(0.75));
    pen.slab([0.5, 0.0], [0.62, 1.0], 0.01, Ink::Shaded(0.75));
}

fn shoebox(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let lid = dice.shade(0.28, 0.42);
    pen.slab([-0.7, 0.1], [0.7, 1.0], 0.02, Ink::Coat);
    pen.slab([-0.75, 0.0], [0.75, lid], 0.03, Ink::Shaded(0.85));
    pen.slab([-0.6, 0.56], [-0.2, 0.84], 0.0, WHITE);
}

/// As of cereals.
fn tall(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let side = dice.shade(0.16, 0.26);
    pen.polygon(&[[-0.36, 0.04], [side, 0.06], [side, 1.0], [-0.36, 0.96]], Ink::Coat);
    pen.polygon(&[[side, 0.06], [0.36, 0.03], [0.36, 0.94], [side, 1.0]], Ink::Shaded(0.66));
    pen.polygon(&[[-0.36, 0.04], [0.0, 0.0], [0.36, 0.03], [side, 0.06]], Ink::Shaded(1.25));
    pen.ellipse([0.5 * (side - 0.36), 0.6], [0.17, 0.16], mark);
    pen.slab([-0.3, 0.18], [side - 0.06, 0.28], 0.0, mark);
}

fn chest(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let mark = pen.mark();
    pen.slab([-0.675, 0.0], [0.675, 0.6], 0.3, Ink::Shaded(0.85));
    pen.slab([-0.66, 0.4], [0.66, 1.0], 0.03, Ink::Coat);
    for left in [-0.5, 0.38] {
        pen.slab([left, 0.03], [left + 0.12, 1.0], 0.0, mark);
    }
    pen.ellipse([0.0, 0.48], [0.08, 0.09], Ink::Tone([0.8, 0.72, 0.4]));
}

fn from_above(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let deep = dice.shade(0.42, 0.58);
    pen.polygon(&[[-0.65, 0.5 * deep], [0.0, deep], [0.0, 1.0], [-0.65, 0.8]], Ink::Coat);
    pen.polygon(&[[0.0, deep], [0.65, 0.5 * deep], [0.65, 0.8], [0.0, 1.0]], Ink::Shaded(0.66));
    pen.polygon(&[[-0.65, 0.5 * deep], [0.0, 0.0], [0.65, 0.5 * deep], [0.0, deep]], Ink::Shaded(1.25));
    pen.limb(&[[-0.325, 0.25 * deep], [0.325, 0.75 * deep]], 0.07, mark);
}

/// As for tools.
fn with_handle(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let mark = pen.mark();
    pen.limb(&[[-0.3, 0.3], [-0.26, 0.06], [0.26, 0.06], [0.3, 0.3]], 0.09, Ink::Shaded(0.55));
    pen.slab([-0.72, 0.26], [0.72, 1.0], 0.06, Ink::Coat);
    pen.slab([-0.72, 0.26], [0.72, 0.5], 0.06, Ink::Shaded(1.15));
    for left in [-0.46, 0.3] {
        pen.slab([left, 0.44], [left + 0.16, 0.62], 0.02, mark);
    }
}

/// As for a pizza.
fn flat(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (mark, lid) = (pen.mark(), dice.shade(0.4, 0.56));
    pen.polygon(&[[-0.7, 0.02], [0.7, 0.02], [0.95, lid], [-0.95, lid]], Ink::Shaded(1.2));
    pen.slab([-0.95, lid - 0.02], [0.95, 1.0], 0.02, Ink::Coat);
    pen.slab([-0.18, lid + 0.04], [0.18, lid + 0.2], 0.02, Ink::Shaded(0.6));
    pen.ellipse([0.0, 0.5 * lid], [0.34, 0.3 * lid], mark);
}

/// A parcel, with string around it.
fn tied(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let string = Ink::Shaded(if pen.coat.iter().sum::<f32>() < 0.6 { 1.6 } else { 0.45 });
    let knot = dice.shade(-0.2, 0.2);
    pen.slab([-0.6, 0.1], [0.6, 1.0], 0.02, Ink::Coat);
    pen.limb(&[[knot, 0.1], [knot, 1.0]], 0.04, string);
    pen.limb(&[[-0.6, 0.52], [0.6, 0.52]], 0.04, string);
    pen.limb(&[[knot, 0.1], [knot - 0.14, 0.02]], 0.035, string);
    pen.limb(&[[knot, 0.1], [knot + 0.14, 0.02]], 0.035, string);
    pen.slab([0.26, 0.62], [0.52, 0.84], 0.0, WHITE);
}

/// Of drawers, such as for screws.
fn with_windows(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let mark = pen.mark();
    pen.slab([-0.55, 0.0], [0.55, 1.0], 0.03, Ink::Coat);
    for place in 0..4 {
        let (x, y) = (-0.46 + 0.5 * (place % 2) as f32, 0.1 + 0.44 * (place / 2) as f32);
        pen.slab([x, y], [x + 0.42, y + 0.36], 0.02, Ink::Shaded(0.72));
        pen.slab([x + 0.14, y + 0.16], [x + 0.28, y + 0.22], 0.02, mark);
    }
}

/// Its lid tucked in before.
fn mailer(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let flap = dice.shade(0.4, 0.6);
    pen.slab([-0.75, 0.04], [0.75, 1.0], 0.02, Ink::Coat);
    pen.polygon(&[[-0.75, 0.04], [0.75, 0.04], [0.42, flap], [-0.42, flap]], Ink::Shaded(1.2));
    pen.ellipse([0.0, flap - 0.02], [0.07, 0.06], mark);
    for x in [-0.62, -0.54, -0.48] {
        pen.limb(&[[x, 0.7], [x, 0.9]], 0.03, mark);
    }
}

/// A small one on a large one.
fn piled(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let x = dice.shade(-0.14, 0.1);
    pen.slab([x - 0.28, 0.0], [x + 0.32, 0.46], 0.02, Ink::Shaded(0.8));
    pen.slab([x - 0.03, 0.0], [x + 0.07, 0.24], 0.0, mark);
    pen.slab([-0.5, 0.44], [0.5, 1.0], 0.02, Ink::Coat);
    pen.slab([-0.06, 0.44], [0.08, 0.66], 0.0, mark);
    pen.slab([0.2, 0.78], [0.42, 0.92], 0.0, WHITE);
}

/// A child's, with a sign on it.
fn block(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    pen.slab([-0.5, 0.0], [0.5, 1.0], 0.08, Ink::Shaded(0.8));
    pen.slab([-0.42, 0.08], [0.42, 0.92], 0.04, Ink::Coat);
    match dice.index(3) {
        0 => pen.polygon(&[[0.0, 0.2], [0.28, 0.78], [-0.28, 0.78]], mark),
        1 => {
            pen.limb(&[[-0.2, 0.26], [0.2, 0.74]], 0.12, mark);
            pen.limb(&[[0.2, 0.26], [-0.2, 0.74]], 0.12, mark);
        }
        _ => {
            pen.limb(&[[-0.16, 0.78], [-0.16, 0.24], [0.14, 0.24], [0.14, 0.5], [-0.16, 0.52]], 0.11, mark);
        }
    }
}

/// Half drawn out.
fn of_matches(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let out = dice.shade(0.1, 0.36);
    pen.slab([-0.1, 0.14], [0.85, 0.92], 0.01, WHITE);
    pen.slab([-0.1, 0.26], [0.8, 0.8], 0.0, Ink::Tone([0.45, 0.36, 0.26]));
    pen.slab([-0.85, 0.04], [0.5 - out, 1.0], 0.02, Ink::Coat);
    pen.slab([-0.85, 0.84], [0.5 - out, 1.0], 0.0, Ink::Shaded(0.45));
    pen.ellipse([-0.25, 0.44], [0.24, 0.24], mark);
}

/// It has come a long way.
fn dented(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let dent = dice.shade(0.06, 0.18);
    pen.polygon(
        &[[-0.6, 0.1], [-0.1, 0.04 + dent], [0.56, 0.0], [0.6, 0.6], [0.62 - dent, 1.0], [-0.54, 0.98], [-0.62, 0.5]],
        Ink::Coat,
    );
    pen.polygon(
        &[[-0.6, 0.1], [-0.1, 0.04 + dent], [0.56, 0.0], [0.58, 0.2], [-0.1, 0.22 + dent], [-0.6, 0.28]],
        Ink::Shaded(1.2),
    );
    pen.limb(&[[-0.02, 0.08 + dent], [0.02, 0.98]], 0.07, mark);
    pen.polygon(&[[-0.48, 0.62], [-0.2, 0.6], [-0.2, 0.84], [-0.46, 0.86]], WHITE);
}
