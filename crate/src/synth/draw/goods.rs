//! Balls, boxes, bottles and cups.

use super::{Dice, Ink, Pen, Pose, dull};

const WHITE: Ink = Ink::Tone([0.93, 0.92, 0.9]);
const DARK: Ink = Ink::Tone([0.12, 0.11, 0.11]);

/// What marks a coat without taking its colour away.
fn mark(pen: &Pen) -> Ink {
    let light = pen.coat.iter().sum::<f32>() / 3.0;
    if light > 0.55 { Ink::Shaded(0.55) } else { Ink::Shaded(1.45) }
}

pub(super) fn ball(pen: &mut Pen, design: usize, pose: &Pose, dice: &mut Dice) {
    // It rolls as far as it goes.
    let turn = (pose.x / (0.5 * pose.height)) as f32 * if pose.faces_right { 1.0 } else { -1.0 };
    let mark = mark(pen);
    let at = |angle: f32, far: f32| [far * (turn + angle).cos(), 0.5 + far * (turn + angle).sin()];
    pen.ellipse([0.0, 0.5], [0.5, 0.5], Ink::Coat);
    match design {
        // Spots.
        1 => {
            for spot in 0..5 {
                pen.ellipse(at(spot as f32 * 1.257, 0.28), [0.085, 0.085], mark);
            }
        }
        // Wedges.
        2 => {
            for wedge in 0..3 {
                let from = wedge as f32 * 2.094;
                pen.polygon(&[[0.0, 0.5], at(from, 0.46), at(from + 0.4, 0.47), at(from + 0.8, 0.46)], mark);
            }
        }
        // Seams.
        3 => {
            pen.limb(&[at(0.0, 0.46), at(std::f32::consts::PI, 0.46)], 0.035, mark);
            pen.limb(&[at(1.57, 0.46), at(-1.57, 0.46)], 0.035, mark);
        }
        // A band.
        4 => pen.polygon(&[at(-0.3, 0.48), at(0.3, 0.48), at(2.84, 0.48), at(3.44, 0.48)], mark),
        _ => {}
    }
    let gloss = dice.shade(1.4, 1.75);
    pen.outline = 0.0;
    pen.ellipse([-0.17, 0.3], [0.11, 0.08], Ink::Shaded(gloss));
}

pub(super) fn parcel(pen: &mut Pen, design: usize, dice: &mut Dice) {
    let mark = mark(pen);
    match design {
        // Seen from the edge: front, side and top.
        1 => {
            let edge = dice.shade(0.0, 0.2);
            pen.polygon(&[[-0.57, 0.22], [edge, 0.34], [edge, 1.0], [-0.57, 0.84]], Ink::Coat);
            pen.polygon(&[[edge, 0.34], [0.57, 0.2], [0.57, 0.82], [edge, 1.0]], Ink::Shaded(0.68));
            pen.polygon(&[[-0.57, 0.22], [0.57 - edge, 0.02], [0.57, 0.2], [edge, 0.34]], Ink::Shaded(1.3));
        }
        // Open, its flaps aside.
        2 => {
            pen.polygon(&[[-0.48, 0.22], [0.48, 0.22], [0.4, 0.34], [-0.4, 0.34]], Ink::Shaded(0.4));
            pen.polygon(&[[-0.48, 0.24], [-0.62, 0.04], [-0.3, 0.02], [-0.2, 0.24]], Ink::Shaded(1.2));
            pen.polygon(&[[0.48, 0.24], [0.62, 0.04], [0.3, 0.02], [0.2, 0.24]], Ink::Shaded(1.15));
            pen.slab([-0.5, 0.26], [0.5, 1.0], 0.02, Ink::Coat);
        }
        // A present.
        3 => {
            pen.slab([-0.5, 0.3], [0.5, 1.0], 0.03, Ink::Coat);
            pen.slab([-0.525, 0.18], [0.525, 0.36], 0.03, Ink::Shaded(1.12));
            pen.slab([-0.07, 0.18], [0.07, 1.0], 0.0, mark);
            pen.ellipse([-0.13, 0.09], [0.13, 0.08], mark);
            pen.ellipse([0.13, 0.09], [0.13, 0.08], mark);
        }
        // A crate.
        4 => {
            pen.slab([-0.7, 0.0], [0.7, 1.0], 0.02, Ink::Shaded(0.45));
            for board in 0..3 {
                let top = 0.02 + 0.33 * board as f32;
                pen.slab([-0.69, top], [0.69, top + 0.28], 0.02, Ink::Coat);
            }
            pen.slab([-0.62, 0.0], [-0.5, 1.0], 0.01, Ink::Shaded(0.75));
            pen.slab([0.5, 0.0], [0.62, 1.0], 0.01, Ink::Shaded(0.75));
        }
        // Closed, with tape.
        _ => {
            pen.slab([-0.6, 0.0], [0.6, 1.0], 0.03, Ink::Coat);
            pen.slab([-0.6, 0.0], [0.6, 0.16], 0.03, Ink::Shaded(1.2));
            pen.slab([-0.09, 0.0], [0.09, 0.42], 0.0, mark);
            pen.slab([0.22, 0.66], [0.5, 0.88], 0.0, WHITE);
        }
    }
}

pub(super) fn bottle(pen: &mut Pen, design: usize, dice: &mut Dice) {
    let cap = Ink::Tone(dull(dice));
    let label = if pen.coat.iter().sum::<f32>() > 2.4 { Ink::Tone([0.5, 0.5, 0.52]) } else { WHITE };
    let shoulder = dice.shade(0.34, 0.42);
    match design {
        // Of water.
        1 => {
            pen.blob(
                &[
                    [-0.06, 0.1],
                    [0.06, 0.1],
                    [0.08, 0.2],
                    [0.2, 0.3],
                    [0.18, 0.6],
                    [0.18, 1.0],
                    [0.1, 1.0],
                    [-0.1, 1.0],
                    [-0.18, 1.0],
                    [-0.18, 0.6],
                    [-0.2, 0.3],
                    [-0.08, 0.2],
                ],
                Ink::Coat,
            );
            pen.slab([-0.07, 0.0], [0.07, 0.12], 0.02, cap);
            pen.slab([-0.165, 0.5], [0.165, 0.68], 0.0, label);
        }
        // With a pump.
        2 => {
            pen.slab([-0.035, 0.04], [0.035, 0.3], 0.0, cap);
            pen.slab([-0.06, 0.0], [0.2, 0.08], 0.03, cap);
            pen.slab([-0.1, 0.2], [0.1, 0.32], 0.03, cap);
            pen.slab([-0.22, 0.28], [0.22, 1.0], 0.1, Ink::Coat);
            pen.ellipse([0.0, 0.66], [0.12, 0.14], label);
        }
        // A flask.
        3 => {
            pen.slab([-0.07, 0.05], [0.07, 0.5], 0.02, Ink::Coat);
            pen.ellipse([0.0, 0.7], [0.29, 0.3], Ink::Coat);
            pen.slab([-0.09, 0.0], [0.09, 0.1], 0.03, cap);
        }
        // A square one, such as for oil.
        4 => {
            pen.slab([-0.06, 0.06], [0.06, 0.4], 0.0, Ink::Coat);
            pen.polygon(&[[-0.06, 0.26], [0.06, 0.26], [0.2, 0.38], [0.2, 1.0], [-0.2, 1.0], [-0.2, 0.38]], Ink::Coat);
            pen.slab([-0.08, 0.0], [0.08, 0.09], 0.0, cap);
            pen.slab([-0.15, 0.55], [0.15, 0.85], 0.02, label);
        }
        // Of wine.
        _ => {
            pen.slab([-0.055, 0.03], [0.055, shoulder + 0.1], 0.02, Ink::Coat);
            pen.blob(
                &[
                    [-0.055, shoulder - 0.1],
                    [0.055, shoulder - 0.1],
                    [0.1, shoulder],
                    [0.17, shoulder + 0.06],
                    [0.16, 0.6],
                    [0.16, 1.0],
                    [0.1, 1.0],
                    [-0.1, 1.0],
                    [-0.16, 1.0],
                    [-0.16, 0.6],
                    [-0.17, shoulder + 0.06],
                    [-0.1, shoulder],
                ],
                Ink::Coat,
            );
            pen.slab([-0.065, 0.0], [0.065, 0.13], 0.01, cap);
            pen.slab([-0.15, 0.58], [0.15, 0.8], 0.0, label);
        }
    }
    pen.outline = 0.0;
    pen.limb(&[[-0.11, 0.46], [-0.11, 0.9]], 0.03, Ink::Shaded(1.5));
}

pub(super) fn cup(pen: &mut Pen, design: usize, dice: &mut Dice) {
    let mark = mark(pen);
    let inside = Ink::Shaded(0.45);
    match design {
        // Of paper, with a lid.
        1 => {
            pen.polygon(&[[-0.36, 0.16], [0.36, 0.16], [0.25, 1.0], [-0.25, 1.0]], Ink::Coat);
            pen.polygon(&[[-0.325, 0.42], [0.325, 0.42], [0.29, 0.7], [-0.29, 0.7]], mark);
            let lid = if pen.coat.iter().sum::<f32>() > 2.4 { DARK } else { WHITE };
            pen.slab([-0.39, 0.08], [0.39, 0.19], 0.04, lid);
            pen.slab([-0.3, 0.0], [0.3, 0.1], 0.04, lid);
        }
        // For tea, on a saucer.
        2 => {
            pen.ellipse([0.0, 0.9], [0.75, 0.1], Ink::Shaded(0.85));
            pen.limb(&[[0.42, 0.22], [0.62, 0.28], [0.6, 0.5], [0.36, 0.6]], 0.08, Ink::Shaded(0.85));
            pen.blob(
                &[[-0.52, 0.08], [0.52, 0.08], [0.5, 0.5], [0.3, 0.88], [0.0, 0.9], [-0.3, 0.88], [-0.5, 0.5]],
                Ink::Coat,
            );
            pen.ellipse([0.0, 0.14], [0.44, 0.1], inside);
        }
        // A tall mug with a band.
        3 => {
            pen.limb(&[[0.26, 0.25], [0.46, 0.3], [0.46, 0.64], [0.26, 0.72]], 0.09, Ink::Shaded(0.85));
            pen.slab([-0.48, 0.06], [0.28, 1.0], 0.06, Ink::Coat);
            pen.slab([-0.48, 0.74], [0.28, 0.86], 0.0, mark);
            pen.ellipse([-0.1, 0.08], [0.38, 0.08], inside);
        }
        // A beaker on a foot.
        4 => {
            pen.blob(&[[-0.42, 0.02], [0.42, 0.02], [0.38, 0.5], [0.1, 0.68], [-0.1, 0.68], [-0.38, 0.5]], Ink::Coat);
            pen.slab([-0.06, 0.55], [0.06, 0.95], 0.0, Ink::Coat);
            pen.ellipse([0.0, 0.94], [0.28, 0.06], Ink::Shaded(0.85));
            pen.ellipse([0.0, 0.06], [0.33, 0.06], inside);
        }
        // A mug.
        _ => {
            let low = dice.shade(0.66, 0.78);
            pen.limb(&[[0.3, 0.28], [0.52, 0.33], [0.52, low - 0.06], [0.28, low]], 0.1, Ink::Shaded(0.85));
            pen.slab([-0.56, 0.08], [0.36, 1.0], 0.1, Ink::Coat);
            pen.ellipse([-0.1, 0.11], [0.46, 0.11], Ink::Shaded(1.15));
            pen.ellipse([-0.1, 0.12], [0.39, 0.075], inside);
        }
    }
}
