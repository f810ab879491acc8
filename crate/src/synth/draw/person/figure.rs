//! Whole figures.

use super::super::{DARK, WHITE};
use super::{Dice, Ink, Inks, Pen, Pose, joints, waved};

/// A whole figure from the front: what is drawn of it under the clothes, and after them.
struct Figure {
    inks: Inks,
    wide: f32,
    hip: f32,
    head: f32,
    sleeve_long: bool,
}

impl Figure {
    fn any(dice: &mut Dice) -> Self {
        Self {
            inks: Inks::any(dice),
            wide: dice.shade(0.115, 0.15),
            hip: dice.shade(0.5, 0.56),
            head: dice.shade(0.068, 0.082),
            sleeve_long: dice.chance(0.6),
        }
    }

    fn legs(&self, pen: &mut Pen, pose: &Pose, leg: Ink) {
        let stride = 0.075 * pose.stride as f32;
        for side in [-1.0, 1.0] {
            let foot = side * 0.065 + side * stride;
            pen.limb(&[[side * 0.055, self.hip], [foot, 0.95]], 0.085, leg);
            pen.limb(&[[foot, 0.965], [foot + 0.035, 0.968]], 0.055, Ink::Tone([0.1, 0.09, 0.09]));
        }
        let hanging = joints([-self.wide, 0.215], -1.0, 0.33, 0.0, 0.0);
        pen.limb(&hanging[1..], 0.055, if self.sleeve_long { Ink::Shaded(0.9) } else { self.inks.skin });
        pen.limb(&hanging[..2], 0.065, Ink::Shaded(0.9));
        pen.ellipse(hanging[2], [0.03, 0.032], self.inks.skin);
    }

    fn shirt(&self, pen: &mut Pen) {
        let (wide, hip) = (self.wide, self.hip);
        pen.blob(
            &[
                [-wide - 0.01, 0.14],
                [wide + 0.01, 0.14],
                [wide + 0.02, 0.3],
                [wide - 0.02, hip + 0.03],
                [0.0, hip + 0.06],
                [0.02 - wide, hip + 0.03],
                [-wide - 0.02, 0.3],
            ],
            Ink::Coat,
        );
    }

    /// Neck and face, with the hair behind them.
    fn face(&self, pen: &mut Pen, long_hair: bool) {
        let head = self.head;
        pen.limb(&[[0.0, 0.12], [0.0, 0.17]], 0.06, self.inks.skin);
        if long_hair {
            pen.ellipse([0.0, 0.105], [head * 1.18, head * 1.45], self.inks.hair);
        }
        pen.ellipse([0.0, 0.085], [head * 0.92, head * 1.12], self.inks.skin);
    }

    fn hair(&self, pen: &mut Pen) {
        pen.ellipse([0.0, 0.042], [self.head * 0.98, self.head * 0.6], self.inks.hair);
    }

    /// The arm that waves, before all else.
    fn arm(&self, pen: &mut Pen, pose: &Pose) {
        let (arm, swing) = waved(pose);
        let waving = joints([self.wide, 0.215], 1.0, 0.33 + 0.05 * arm, arm, swing);
        pen.limb(&waving[1..], 0.055, if self.sleeve_long { Ink::Coat } else { self.inks.skin });
        pen.limb(&waving[..2], 0.065, Ink::Coat);
        pen.ellipse(waving[2], [0.032 + 0.012 * arm, 0.034 + 0.014 * arm], self.inks.skin);
    }
}

pub(super) fn in_a_shirt(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let figure = Figure::any(dice);
    figure.legs(pen, pose, figure.inks.legs);
    figure.shirt(pen);
    figure.face(pen, dice.chance(0.25));
    figure.hair(pen);
    figure.arm(pen, pose);
}

/// Or in a long coat.
pub(super) fn in_a_dress(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let figure = Figure::any(dice);
    figure.legs(pen, pose, figure.inks.skin);
    let wide = figure.wide;
    pen.blob(
        &[
            [-wide, 0.15],
            [wide, 0.15],
            [wide - 0.01, 0.42],
            [0.21, 0.76],
            [0.1, 0.78],
            [-0.1, 0.78],
            [-0.21, 0.76],
            [0.01 - wide, 0.42],
        ],
        Ink::Coat,
    );
    figure.face(pen, true);
    figure.hair(pen);
    figure.arm(pen, pose);
}

/// Trousers of the same colour, and a cap.
pub(super) fn in_a_pullover(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let figure = Figure::any(dice);
    figure.legs(pen, pose, figure.inks.legs);
    let (wide, hip, head) = (figure.wide, figure.hip, figure.head);
    pen.slab([-0.1, hip - 0.05], [0.1, 0.8], 0.04, Ink::Shaded(0.85));
    pen.slab([-wide - 0.02, 0.16], [wide + 0.02, hip], 0.08, Ink::Coat);
    figure.face(pen, dice.chance(0.25));
    pen.ellipse([0.0, 0.045], [head * 1.1, head * 0.62], Ink::Shaded(0.8));
    pen.limb(&[[-0.02, 0.06], [0.11, 0.062]], 0.022, Ink::Shaded(0.7));
    figure.arm(pen, pose);
}

/// Coat to the knees, and a hood.
pub(super) fn hooded(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let figure = Figure { sleeve_long: true, ..Figure::any(dice) };
    figure.legs(pen, pose, figure.inks.legs);
    let wide = figure.wide + 0.02;
    pen.blob(
        &[
            [-wide, 0.13],
            [wide, 0.13],
            [wide + 0.02, 0.5],
            [wide + 0.03, 0.76],
            [-wide - 0.03, 0.76],
            [-wide - 0.02, 0.5],
        ],
        Ink::Coat,
    );
    pen.limb(&[[0.0, 0.2], [0.0, 0.7]], 0.012, Ink::Shaded(0.6));
    pen.ellipse([0.0, 0.095], [1.35 * figure.head, 1.3 * figure.head], Ink::Shaded(0.85));
    pen.ellipse([0.0, 0.1], [0.8 * figure.head, 0.95 * figure.head], figure.inks.skin);
    figure.arm(pen, pose);
}

/// Open over something white.
pub(super) fn in_a_jacket(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let figure = Figure { sleeve_long: true, ..Figure::any(dice) };
    figure.legs(pen, pose, figure.inks.legs);
    let (wide, hip) = (figure.wide, figure.hip);
    let under = if pen.coat.iter().sum::<f32>() > 2.4 { DARK } else { WHITE };
    pen.slab([-0.06, 0.15], [0.06, hip + 0.02], 0.0, under);
    for side in [-1.0, 1.0] {
        pen.polygon(
            &[
                [side * 0.03, 0.15],
                [side * (wide + 0.01), 0.17],
                [side * (wide + 0.03), hip + 0.06],
                [side * 0.05, hip + 0.08],
            ],
            Ink::Coat,
        );
    }
    figure.face(pen, dice.chance(0.4));
    figure.hair(pen);
    figure.arm(pen, pose);
}

/// A large head on a short body.
pub(super) fn child(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let inks = Inks::any(dice);
    let (arm, swing) = waved(pose);
    let stride = 0.07 * pose.stride as f32;
    let (head, hip) = (dice.shade(0.13, 0.155), dice.shade(0.64, 0.7));
    for side in [-1.0, 1.0] {
        let foot = side * 0.075 + side * stride;
        pen.limb(&[[side * 0.07, hip], [foot, 0.94]], 0.1, if dice.chance(0.5) { inks.skin } else { inks.legs });
        pen.limb(&[[foot, 0.96], [foot + 0.04, 0.962]], 0.07, DARK);
    }
    let hanging = joints([-0.15, 0.36], -1.0, 0.28, 0.0, 0.0);
    pen.limb(&hanging, 0.07, Ink::Shaded(0.9));
    pen.ellipse(hanging[2], [0.035, 0.037], inks.skin);
    pen.slab([-0.16, 0.29], [0.16, hip + 0.05], 0.08, Ink::Coat);
    if dice.chance(0.5) {
        pen.ellipse([0.0, 0.18], [1.15 * head, 1.2 * head], inks.hair);
    }
    pen.ellipse([0.0, 0.165], [0.95 * head, head], inks.skin);
    pen.ellipse([0.0, 0.08], [0.98 * head, 0.5 * head], inks.hair);
    let waving = joints([0.15, 0.36], 1.0, 0.28 + 0.05 * arm, arm, swing);
    pen.limb(&waving, 0.07, Ink::Coat);
    pen.ellipse(waving[2], [0.04 + 0.012 * arm, 0.042 + 0.014 * arm], inks.skin);
}

pub(super) fn from_the_side(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let inks = Inks::any(dice);
    let (arm, swing) = waved(pose);
    let stride = 0.13 * pose.stride as f32;
    let (hip, deep) = (dice.shade(0.5, 0.56), dice.shade(0.085, 0.11));
    for (foot, ink) in [(-stride, Ink::Shaded(0.6)), (stride, inks.legs)] {
        pen.limb(&[[0.0, hip], [0.4 * foot + 0.02, 0.74], [foot, 0.95]], 0.09, ink);
        pen.limb(&[[foot, 0.965], [foot + 0.06, 0.968]], 0.055, DARK);
    }
    pen.blob(
        &[
            [-deep, 0.15],
            [0.6 * deep, 0.14],
            [deep, 0.3],
            [0.9 * deep, hip + 0.05],
            [-deep, hip + 0.05],
            [-1.1 * deep, 0.3],
        ],
        Ink::Coat,
    );
    if dice.chance(0.4) {
        // A rucksack.
        pen.slab([-deep - 0.1, 0.19], [0.2 - deep - 0.16, 0.42], 0.05, Ink::Shaded(0.7));
    }
    pen.limb(&[[-0.01, 0.11], [-0.01, 0.17]], 0.06, inks.skin);
    pen.ellipse([0.01, 0.085], [0.07, 0.083], inks.skin);
    pen.limb(&[[0.07, 0.085], [0.085, 0.1]], 0.022, inks.skin);
    pen.blob(&[[-0.08, 0.02], [0.05, 0.0], [0.07, 0.05], [0.0, 0.06], [-0.02, 0.14], [-0.09, 0.12]], inks.hair);
    let reach = joints([-0.01, 0.22], 1.0, 0.33 + 0.05 * arm, arm.max(0.06 - 0.6 * stride.min(0.0)), swing);
    pen.limb(&reach, 0.06, Ink::Shaded(0.85));
    pen.ellipse(reach[2], [0.034, 0.036], inks.skin);
}
