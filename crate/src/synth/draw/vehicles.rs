//! Cars.

use super::{Dice, Ink, Pen};

const GLASS: Ink = Ink::Tone([0.55, 0.68, 0.76]);
const TYRE: Ink = Ink::Tone([0.09, 0.09, 0.1]);
const RIM: Ink = Ink::Tone([0.66, 0.67, 0.69]);

fn wheel(pen: &mut Pen, x: f32, radius: f32) {
    pen.ellipse([x, 1.0 - radius], [radius, radius], TYRE);
    pen.ellipse([x, 1.0 - radius], [0.5 * radius, 0.5 * radius], RIM);
}

pub(super) fn car(pen: &mut Pen, design: usize, dice: &mut Dice) {
    let radius = dice.shade(0.165, 0.2);
    let glass = if dice.chance(0.4) { Ink::Tone([0.2, 0.24, 0.28]) } else { GLASS };
    let (back, front) = match design {
        // A van.
        1 => {
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
            (-0.5, 0.5)
        }
        // A pick-up.
        2 => {
            pen.polygon(&[[-0.1, 0.05], [0.24, 0.05], [0.46, 0.4], [-0.1, 0.42]], Ink::Coat);
            pen.slab([-0.98, 0.38], [0.98, 0.84], 0.09, Ink::Coat);
            pen.slab([-0.92, 0.34], [-0.14, 0.46], 0.0, Ink::Shaded(0.5));
            pen.polygon(&[[-0.02, 0.12], [0.2, 0.12], [0.36, 0.4], [-0.02, 0.4]], glass);
            (-0.58, 0.6)
        }
        // A bus.
        3 => {
            pen.slab([-0.74, 0.02], [0.74, 0.9], 0.08, Ink::Coat);
            for window in 0..4 {
                let left = -0.66 + 0.335 * window as f32;
                pen.slab([left, 0.14], [left + 0.28, 0.42], 0.02, glass);
            }
            pen.slab([-0.74, 0.56], [0.74, 0.64], 0.0, Ink::Shaded(0.7));
            (-0.46, 0.48)
        }
        // A flat one.
        4 => {
            pen.blob(&[[-0.6, 0.44], [-0.42, 0.12], [0.06, 0.08], [0.36, 0.42], [0.2, 0.6], [-0.5, 0.6]], Ink::Coat);
            pen.blob(
                &[
                    [-1.04, 0.46],
                    [-0.6, 0.4],
                    [0.3, 0.4],
                    [0.98, 0.52],
                    [1.08, 0.78],
                    [0.9, 0.88],
                    [-0.9, 0.88],
                    [-1.08, 0.8],
                ],
                Ink::Coat,
            );
            pen.polygon(&[[-0.36, 0.22], [-0.02, 0.2], [0.2, 0.42], [-0.42, 0.42]], glass);
            (-0.64, 0.64)
        }
        // A saloon.
        _ => {
            let roof = dice.shade(0.28, 0.36);
            pen.polygon(&[[-0.66, 0.44], [-roof - 0.06, 0.03], [roof - 0.02, 0.03], [0.52, 0.44]], Ink::Coat);
            pen.slab([-0.95, 0.36], [0.95, 0.86], 0.16, Ink::Coat);
            pen.polygon(&[[-0.52, 0.4], [-roof, 0.11], [-0.07, 0.11], [-0.07, 0.4]], glass);
            pen.polygon(&[[0.0, 0.11], [roof - 0.06, 0.11], [0.4, 0.4], [0.0, 0.4]], glass);
            (-0.56, 0.56)
        }
    };
    let (half, lights) = (pen.half_width, dice.shade(0.54, 0.6));
    pen.ellipse([half - 0.07, lights], [0.05, 0.05], Ink::Tone([0.98, 0.93, 0.7]));
    wheel(pen, back, radius);
    wheel(pen, front, radius);
}
