//! On four legs.

use super::{Dice, Ears, Ink, NOSE, Pen, Pose, collar, ear, face, legs};

#[derive(Clone, Copy, PartialEq)]
enum Tail {
    Thin,
    Thick,
    Bobbed,
}

/// One that stands on four legs.
struct Standing {
    /// Half the body's length, its upper and lower edge, and how thick a leg is.
    body: [f32; 4],
    tail: Tail,
    ears: Ears,
}

impl Standing {
    fn draw(&self, pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
        let [half, top, low, leg] = self.body;
        let (rear, fore) = (MIDDLE - half + 0.08, MIDDLE + half - 0.1);
        legs(pen, pose, [rear + 0.08, fore - 0.08, rear, fore], low - 0.06, leg);
        match self.tail {
            Tail::Thick => pen.limb(&[[rear, top + 0.1], [rear - 0.12, top - 0.12]], 0.14, Ink::Coat),
            Tail::Bobbed => {
                pen.limb(&[[rear, top + 0.08], [rear - 0.06, top - 0.12]], 0.05, Ink::Coat);
                pen.ellipse([rear - 0.07, top - 0.16], [0.09, 0.09], Ink::Coat);
            }
            Tail::Thin => {
                pen.limb(&[[rear, top + 0.08], [rear - 0.14, top - 0.04], [rear - 0.16, top - 0.2]], 0.06, Ink::Coat);
            }
        }
        pen.blob(
            &[
                [MIDDLE - half, top],
                [MIDDLE, top + 0.03],
                [MIDDLE + half, top - 0.04],
                [MIDDLE + half + 0.06, low - 0.14],
                [MIDDLE + half - 0.1, low + 0.06],
                [MIDDLE, low],
                [MIDDLE - half, low + 0.03],
                [MIDDLE - half - 0.06, 0.5 * (top + low)],
            ],
            Ink::Coat,
        );
        let head = [MIDDLE + half + 0.08, dice.shade(0.17, 0.22)];
        pen.limb(&[[MIDDLE + half - 0.08, top + 0.12], head], 0.2, Ink::Coat);
        face(pen, head, self.ears);
        if dice.chance(0.4) {
            let collar = collar(pen);
            pen.limb(&[[MIDDLE + half - 0.1, 0.33], [MIDDLE + half + 0.06, 0.4]], 0.04, collar);
        }
    }
}

const MIDDLE: f32 = -0.08;

pub(super) fn with_pointed_ears(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    Standing { body: [0.44, 0.36, 0.68, 0.1], tail: Tail::Thin, ears: Ears::Pointed }.draw(pen, pose, dice);
}

pub(super) fn with_thick_tail(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    Standing { body: [0.4, 0.3, 0.72, 0.15], tail: Tail::Thick, ears: Ears::Hanging }.draw(pen, pose, dice);
}

pub(super) fn dachshund(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    Standing { body: [0.6, 0.42, 0.76, 0.12], tail: Tail::Thin, ears: Ears::Hanging }.draw(pen, pose, dice);
}

pub(super) fn poodle(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    Standing { body: [0.42, 0.34, 0.66, 0.08], tail: Tail::Bobbed, ears: Ears::Curled }.draw(pen, pose, dice);
}

/// Its hair down to the ground.
pub(super) fn shaggy(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let ear = ear(pen);
    let sway = 0.03 * pose.stride as f32;
    for tuft in 0..6 {
        let x = -0.56 + 0.18 * tuft as f32;
        pen.polygon(
            &[[x - 0.12, 0.6], [x + 0.12, 0.6], [x + 0.05 + sway, 1.0], [x - 0.05 + sway, 1.0]],
            Ink::Shaded(0.8),
        );
    }
    pen.limb(&[[-0.54, 0.4], [-0.6, 0.2]], 0.17, Ink::Coat);
    for (x, radius) in [(-0.48, 0.2), (-0.2, 0.24), (0.08, 0.24), (0.3, 0.2)] {
        pen.ellipse([x, 0.54 + dice.shade(-0.03, 0.03)], [radius, 0.26], Ink::Coat);
    }
    pen.ellipse([0.42, 0.26], [0.24, 0.24], Ink::Coat);
    pen.ellipse([0.3, 0.34], [0.09, 0.2], ear);
    pen.ellipse([0.58, 0.34], [0.12, 0.1], Ink::Shaded(1.12));
    pen.ellipse([0.66, 0.3], [0.04, 0.036], NOSE);
    pen.eye([0.48, 0.2], 0.035);
}

/// Broad before, with a short muzzle.
pub(super) fn bulldog(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let ear = ear(pen);
    legs(pen, pose, [-0.32, 0.1, -0.42, 0.2], 0.66, 0.16);
    pen.limb(&[[-0.46, 0.4], [-0.58, 0.34]], 0.07, Ink::Coat);
    pen.blob(&[[-0.5, 0.36], [-0.1, 0.36], [0.36, 0.26], [0.4, 0.66], [0.1, 0.86], [-0.4, 0.76]], Ink::Coat);
    pen.ellipse([0.34, 0.3], [0.28, 0.26], Ink::Coat);
    pen.ellipse([0.48, 0.4], [0.15, 0.14], Ink::Shaded(1.15));
    pen.ellipse([0.56, 0.31], [0.05, 0.04], NOSE);
    pen.polygon(&[[0.12, 0.16], [0.16, dice.shade(0.0, 0.06)], [0.3, 0.1]], ear);
    pen.eye([0.42, 0.22], 0.04);
}

/// Slender, its belly drawn in.
pub(super) fn greyhound(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let ear = ear(pen);
    let waist = dice.shade(0.5, 0.56);
    legs(pen, pose, [-0.42, 0.24, -0.52, 0.32], 0.5, 0.065);
    pen.limb(&[[-0.54, 0.36], [-0.72, 0.56], [-0.76, 0.78]], 0.04, Ink::Coat);
    pen.blob(
        &[
            [-0.62, 0.28],
            [-0.2, 0.2],
            [0.3, 0.28],
            [0.46, 0.4],
            [0.3, 0.72],
            [-0.1, waist],
            [-0.44, 0.62],
            [-0.62, 0.5],
        ],
        Ink::Coat,
    );
    pen.limb(&[[0.34, 0.38], [0.5, 0.14]], 0.13, Ink::Coat);
    pen.polygon(&[[0.42, 0.04], [0.6, 0.06], [0.79, 0.17], [0.78, 0.22], [0.5, 0.22]], Ink::Coat);
    pen.polygon(&[[0.44, 0.1], [0.32, 0.06], [0.38, 0.18]], ear);
    pen.ellipse([0.775, 0.185], [0.025, 0.025], NOSE);
    pen.eye([0.57, 0.11], 0.028);
}

/// Its tail rolled up, its face white.
pub(super) fn husky(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let pale = if pen.coat.iter().sum::<f32>() > 2.4 { Ink::Shaded(0.6) } else { Ink::Tone([0.92, 0.91, 0.88]) };
    let roll = dice.shade(0.14, 0.18);
    legs(pen, pose, [-0.3, 0.12, -0.4, 0.2], 0.6, 0.13);
    pen.ellipse([-0.44, 0.22], [roll, roll], Ink::Coat);
    pen.ellipse([-0.43, 0.23], [0.4 * roll, 0.4 * roll], pale);
    pen.blob(&[[-0.5, 0.34], [0.0, 0.36], [0.34, 0.3], [0.36, 0.72], [-0.1, 0.8], [-0.48, 0.76]], Ink::Coat);
    for side in [-0.1, 0.16] {
        pen.polygon(&[[0.3 + side - 0.08, 0.16], [0.3 + side, 0.0], [0.3 + side + 0.09, 0.16]], Ink::Shaded(0.75));
    }
    pen.ellipse([0.34, 0.26], [0.22, 0.2], Ink::Coat);
    pen.ellipse([0.4, 0.31], [0.16, 0.13], pale);
    pen.ellipse([0.5, 0.33], [0.1, 0.075], pale);
    pen.ellipse([0.58, 0.31], [0.04, 0.035], NOSE);
    pen.eye([0.4, 0.22], 0.035);
}

/// Nearly all head.
pub(super) fn puppy(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let ear = ear(pen);
    let patch = dice.chance(0.5);
    legs(pen, pose, [-0.26, 0.06, -0.32, 0.12], 0.7, 0.13);
    pen.limb(&[[-0.36, 0.58], [-0.46, 0.44]], 0.08, Ink::Coat);
    pen.ellipse([-0.12, 0.68], [0.32, 0.2], Ink::Coat);
    pen.ellipse([0.16, 0.32], [0.3, 0.28], Ink::Coat);
    if patch {
        pen.ellipse([0.24, 0.24], [0.11, 0.12], Ink::Shaded(0.7));
    }
    pen.ellipse([0.34, 0.4], [0.15, 0.11], Ink::Shaded(1.15));
    pen.ellipse([0.44, 0.35], [0.045, 0.04], NOSE);
    pen.ellipse([-0.04, 0.36], [0.09, 0.22], ear);
    pen.eye([0.24, 0.25], 0.045);
}
