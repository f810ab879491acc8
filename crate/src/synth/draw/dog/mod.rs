//! Dogs.

mod posed;
mod standing;

use super::{Design, Dice, Ink, NOSE, Pen, Pose};

pub(super) const DESIGNS: &[Design] = &[
    Design::training(1.35, standing::with_pointed_ears),
    Design::training(1.25, standing::with_thick_tail),
    Design::training(1.65, standing::dachshund),
    Design::held_out(0.85, posed::sitting),
    Design::held_out(1.3, standing::poodle),
    Design::training(1.9, posed::lying),
    Design::training(0.8, posed::from_the_front),
    Design::training(1.8, posed::running),
    Design::training(1.4, standing::shaggy),
    Design::training(1.55, posed::sniffing),
    Design::training(0.62, posed::begging),
    Design::training(1.3, standing::bulldog),
    Design::training(0.95, posed::from_behind),
    Design::training(0.8, posed::howling),
    Design::training(1.6, standing::greyhound),
    Design::training(1.25, standing::husky),
    Design::training(1.15, posed::jumping),
    Design::training(1.0, standing::puppy),
    Design::training(0.78, posed::aslant),
];

/// Ears differ from the coat, also from a black one.
fn ear(pen: &Pen) -> Ink {
    Ink::Shaded(if pen.coat.iter().sum::<f32>() < 0.6 { 1.3 } else { 0.6 })
}

fn collar(pen: &Pen) -> Ink {
    Ink::Shaded(if pen.coat.iter().sum::<f32>() < 0.6 { 1.5 } else { 0.3 })
}

#[derive(Clone, Copy, PartialEq)]
enum Ears {
    Pointed,
    Hanging,
    Curled,
}

impl Ears {
    fn any(dice: &mut Dice) -> Self {
        if dice.chance(0.5) { Ears::Hanging } else { Ears::Pointed }
    }
}

/// Walking legs, those of the far side first, from the height at which they begin.
fn legs(pen: &mut Pen, pose: &Pose, [far_rear, far_fore, rear, fore]: [f32; 4], top: f32, thick: f32) {
    let stride = 0.1 * pose.stride as f32;
    for (x, step, ink) in [
        (far_rear, -stride, Ink::Shaded(0.7)),
        (far_fore, stride, Ink::Shaded(0.7)),
        (rear, stride, Ink::Coat),
        (fore, -stride, Ink::Coat),
    ] {
        pen.limb(&[[x, top], [x + step, 0.96]], thick, ink);
    }
}

/// A head from the side, its muzzle before it.
fn face(pen: &mut Pen, head: [f32; 2], ears: Ears) {
    let ear = ear(pen);
    pen.ellipse(head, [0.17, 0.165], Ink::Coat);
    let muzzle = [head[0] + 0.15, head[1] + 0.06];
    pen.ellipse(muzzle, [0.13, 0.08], Ink::Shaded(1.12));
    pen.ellipse([muzzle[0] + 0.11, muzzle[1] - 0.03], [0.035, 0.032], NOSE);
    let [x, y] = head;
    match ears {
        Ears::Pointed => {
            pen.polygon(&[[x - 0.14, y - 0.08], [x - 0.08, (y - 0.22).max(0.0)], [x + 0.05, y - 0.12]], ear)
        }
        Ears::Curled => pen.ellipse([x - 0.04, 0.08], [0.14, 0.09], Ink::Shaded(1.1)),
        Ears::Hanging => pen.ellipse([x - 0.1, y + 0.08], [0.065, 0.15], ear),
    }
    pen.eye([x + 0.05, y - 0.03], 0.035);
}
