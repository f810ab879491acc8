//! Head and shoulders.

use super::super::DARK;
use super::{Dice, Ink, Inks, Pen, Pose, joints, waved};

/// Shoulders and chest, cut off below as at a desk.
fn chest(pen: &mut Pen, wide: f32) {
    pen.blob(
        &[
            [0.0, 0.44],
            [0.2, 0.52],
            [wide, 0.55],
            [wide + 0.06, 0.8],
            [wide + 0.05, 1.0],
            [wide, 1.0],
            [-wide, 1.0],
            [-wide - 0.05, 1.0],
            [-wide - 0.06, 0.8],
            [-wide, 0.55],
            [-0.2, 0.52],
        ],
        Ink::Coat,
    );
}

fn neck(pen: &mut Pen, skin: Ink, dice: &mut Dice) {
    pen.limb(&[[0.0, 0.42], [0.0, 0.53]], 0.15, skin);
    if dice.chance(0.5) {
        pen.polygon(&[[-0.1, 0.53], [0.1, 0.53], [0.0, 0.66]], skin);
    } else {
        pen.limb(&[[-0.09, 0.545], [0.0, 0.58], [0.09, 0.545]], 0.035, Ink::Shaded(0.75));
    }
}

fn eyes_and_mouth(pen: &mut Pen) {
    for side in [-0.07, 0.07] {
        pen.ellipse([side + 0.012, 0.235], [0.02, 0.017], Ink::Tone([0.1, 0.08, 0.08]));
    }
    pen.limb(&[[-0.045, 0.345], [0.05, 0.345]], 0.018, Ink::Tone([0.62, 0.28, 0.26]));
}

/// The arm is seen when it is raised.
fn hand(pen: &mut Pen, pose: &Pose, wide: f32, skin: Ink) {
    let (arm, swing) = waved(pose);
    if arm <= 0.02 {
        return;
    }
    let waving = joints([wide - 0.02, 0.62], 1.0, 0.36 + 0.34 * arm, arm, swing);
    pen.limb(&waving, 0.13, Ink::Coat);
    pen.ellipse(waving[2], [0.085, 0.095], skin);
    for finger in [-0.05, 0.0, 0.05] {
        let [x, y] = waving[2];
        pen.limb(&[[x + finger, y - 0.03], [x + 1.5 * finger, y - 0.13]], 0.035, skin);
    }
}

pub(super) fn at_a_desk(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let Inks { skin, hair, .. } = Inks::any(dice);
    let (head, wide) = (dice.shade(0.175, 0.2), dice.shade(0.36, 0.4));
    if dice.chance(0.35) {
        pen.ellipse([0.0, 0.32], [head * 1.18, head * 1.6], hair);
    }
    chest(pen, wide);
    neck(pen, skin, dice);
    pen.ellipse([0.0, 0.24], [head * 0.9, head * 1.14], skin);
    pen.ellipse([0.0, 0.1], [head * 0.97, head * 0.56], hair);
    pen.ellipse([-0.13 * dice.shade(0.6, 1.2), 0.17], [0.05, 0.09], hair);
    eyes_and_mouth(pen);
    hand(pen, pose, wide, skin);
}

/// Over long hair.
pub(super) fn in_a_cap(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let Inks { skin, hair, .. } = Inks::any(dice);
    let (head, wide) = (dice.shade(0.175, 0.2), dice.shade(0.36, 0.4));
    pen.ellipse([0.0, 0.32], [head * 1.18, head * 1.6], hair);
    chest(pen, wide);
    neck(pen, skin, dice);
    pen.ellipse([0.0, 0.24], [head * 0.9, head * 1.14], skin);
    pen.ellipse([0.0, 0.11], [head, head * 0.62], Ink::Shaded(0.8));
    pen.limb(&[[0.02, 0.15], [0.24, 0.165]], 0.04, Ink::Shaded(0.65));
    eyes_and_mouth(pen);
    hand(pen, pose, wide, skin);
}

/// The head fills more of it, under a hood now and then.
pub(super) fn near(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let Inks { skin, hair, .. } = Inks::any(dice);
    let wide = dice.shade(0.34, 0.38);
    let hood = dice.chance(0.4);
    if hood {
        pen.ellipse([0.0, 0.32], [0.31, 0.32], Ink::Shaded(0.85));
    } else if dice.chance(0.5) {
        pen.blob(&[[-0.3, 0.1], [0.3, 0.1], [0.32, 0.6], [0.2, 0.8], [-0.2, 0.8], [-0.32, 0.6]], hair);
    }
    pen.blob(
        &[
            [0.0, 0.56],
            [0.22, 0.62],
            [wide, 0.7],
            [wide + 0.07, 1.04],
            [-wide - 0.07, 1.04],
            [-wide, 0.7],
            [-0.22, 0.62],
        ],
        Ink::Coat,
    );
    pen.slab([-wide, 0.86], [wide, 1.0], 0.0, Ink::Coat);
    pen.limb(&[[0.0, 0.54], [0.0, 0.62]], 0.2, skin);
    pen.ellipse([0.0, 0.32], [0.22, 0.27], skin);
    if !hood {
        pen.ellipse([0.0, 0.13], [0.24, 0.12], hair);
    }
    for side in [-0.08, 0.1] {
        pen.ellipse([side, 0.3], [0.026, 0.022], DARK);
    }
    pen.limb(&[[-0.05, 0.45], [0.07, 0.45]], 0.022, Ink::Tone([0.62, 0.28, 0.26]));
    hand(pen, pose, wide, skin);
}

/// Bald or not, with glasses or without.
pub(super) fn bearded(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let Inks { skin, hair, .. } = Inks::any(dice);
    let (head, wide) = (dice.shade(0.17, 0.19), dice.shade(0.38, 0.41));
    chest(pen, wide);
    neck(pen, skin, dice);
    pen.ellipse([0.0, 0.3], [head * 0.94, head * 1.06], hair);
    pen.ellipse([0.0, 0.215], [head * 0.88, head * 0.98], skin);
    if dice.chance(0.6) {
        pen.blob(&[[-0.18, 0.02], [0.18, 0.02], [0.17, 0.14], [0.0, 0.08], [-0.17, 0.14]], hair);
    }
    eyes_and_mouth(pen);
    if dice.chance(0.5) {
        pen.limb(&[[-0.13, 0.225], [0.15, 0.225]], 0.02, DARK);
        for side in [-0.06, 0.08] {
            pen.ellipse([side, 0.24], [0.055, 0.045], Ink::Tone([0.7, 0.76, 0.8]));
        }
    }
    hand(pen, pose, wide, skin);
}

/// As in a call.
pub(super) fn with_headphones(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let Inks { skin, hair, .. } = Inks::any(dice);
    let (head, wide) = (dice.shade(0.17, 0.19), dice.shade(0.34, 0.39));
    let over = dice.chance(0.6);
    if dice.chance(0.5) {
        // A bun.
        pen.ellipse([0.0, 0.055], [0.08, 0.055], hair);
    }
    chest(pen, wide);
    pen.slab([-0.12, 0.5], [0.12, 0.58], 0.04, Ink::Shaded(0.75));
    pen.limb(&[[0.0, 0.42], [0.0, 0.51]], 0.15, skin);
    pen.ellipse([0.0, 0.25], [head * 0.9, head * 1.1], skin);
    pen.blob(&[[-0.2, 0.26], [-0.2, 0.06], [0.2, 0.06], [0.2, 0.26], [0.1, 0.15], [-0.06, 0.14]], hair);
    eyes_and_mouth(pen);
    if over {
        pen.limb(&[[-0.18, 0.24], [-0.17, 0.12], [-0.08, 0.05], [0.08, 0.05], [0.17, 0.12], [0.18, 0.24]], 0.035, DARK);
        for side in [-0.19, 0.19] {
            pen.slab([side - 0.04, 0.19], [side + 0.04, 0.33], 0.03, DARK);
        }
    }
    hand(pen, pose, wide, skin);
}
