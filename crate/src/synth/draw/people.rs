//! Persons, whose clothes have the coat's colour: whole figures, and head and shoulders as before a webcam.

use super::{Dice, Ink, Pen, Pose, dull, skin};

pub(super) fn person(pen: &mut Pen, design: usize, pose: &Pose, mirrored: f32, dice: &mut Dice) {
    let (skin, hair, legs) = (Ink::Tone(skin(dice)), Ink::Tone(dull(dice)), Ink::Tone(dull(dice)));
    let (arm, swing) = (pose.arm as f32, pose.swing as f32 * pose.arm as f32);
    let stride = 0.075 * pose.stride as f32;
    match design {
        2 | 4 => bust(pen, design == 4, [skin, hair], arm, swing, mirrored, dice),
        _ => figure(pen, design, [skin, hair, legs], arm, swing, stride, dice),
    }
}

/// An arm between hanging and raised, from the shoulder over the elbow to the hand.
fn joints(shoulder: [f32; 2], side: f32, length: f32, arm: f32, swing: f32) -> [[f32; 2]; 3] {
    // Angles from straight down, outwards.
    let (upper, lower) = (0.22 + 1.75 * arm, 0.05 + 3.0 * arm + 0.5 * swing);
    let turn = |[x, y]: [f32; 2], angle: f32| [x + side * 0.5 * length * angle.sin(), y + 0.5 * length * angle.cos()];
    let elbow = turn(shoulder, upper);
    [shoulder, elbow, turn(elbow, lower)]
}

fn figure(pen: &mut Pen, design: usize, inks: [Ink; 3], arm: f32, swing: f32, stride: f32, dice: &mut Dice) {
    let [skin, hair, legs] = inks;
    let wide = dice.shade(0.115, 0.15);
    let hip = dice.shade(0.5, 0.56);
    let head = dice.shade(0.068, 0.082);
    let sleeve_long = dice.chance(0.6);
    // Legs, or bare ones under a dress.
    let leg = if design == 1 { skin } else { legs };
    for side in [-1.0, 1.0] {
        let foot = side * 0.065 + side * stride;
        pen.limb(&[[side * 0.055, hip], [foot, 0.95]], 0.085, leg);
        pen.limb(&[[foot, 0.965], [foot + 0.035, 0.968]], 0.055, Ink::Tone([0.1, 0.09, 0.09]));
    }
    // The arm behind.
    let hanging = joints([-wide, 0.215], -1.0, 0.33, 0.0, 0.0);
    pen.limb(&hanging[1..], 0.055, if sleeve_long { Ink::Shaded(0.9) } else { skin });
    pen.limb(&hanging[..2], 0.065, Ink::Shaded(0.9));
    pen.ellipse(hanging[2], [0.03, 0.032], skin);
    match design {
        // A dress or a long coat.
        1 => pen.blob(
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
        ),
        // A pullover, and trousers of the same colour.
        3 => {
            pen.slab([-0.1, hip - 0.05], [0.1, 0.8], 0.04, Ink::Shaded(0.85));
            pen.slab([-wide - 0.02, 0.16], [wide + 0.02, hip], 0.08, Ink::Coat);
        }
        // A shirt.
        _ => pen.blob(
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
        ),
    }
    pen.limb(&[[0.0, 0.12], [0.0, 0.17]], 0.06, skin);
    // Hair behind the face, the face, and hair above it.
    let long_hair = design == 1 || dice.chance(0.25);
    if long_hair {
        pen.ellipse([0.0, 0.105], [head * 1.18, head * 1.45], hair);
    }
    pen.ellipse([0.0, 0.085], [head * 0.92, head * 1.12], skin);
    if design == 3 {
        pen.ellipse([0.0, 0.045], [head * 1.1, head * 0.62], Ink::Shaded(0.8));
        pen.limb(&[[-0.02, 0.06], [0.11, 0.062]], 0.022, Ink::Shaded(0.7));
    } else {
        pen.ellipse([0.0, 0.042], [head * 0.98, head * 0.6], hair);
    }
    // The arm that waves, in front.
    let waving = joints([wide, 0.215], 1.0, 0.33 + 0.05 * arm, arm, swing);
    pen.limb(&waving[1..], 0.055, if sleeve_long { Ink::Coat } else { skin });
    pen.limb(&waving[..2], 0.065, Ink::Coat);
    pen.ellipse(waving[2], [0.032 + 0.012 * arm, 0.034 + 0.014 * arm], skin);
}

fn bust(pen: &mut Pen, held_out: bool, [skin, hair]: [Ink; 2], arm: f32, swing: f32, mirrored: f32, dice: &mut Dice) {
    let head = dice.shade(0.175, 0.2);
    let wide = dice.shade(0.36, 0.4);
    if held_out || dice.chance(0.35) {
        pen.ellipse([0.0, 0.32], [head * 1.18, head * 1.6], hair);
    }
    // Shoulders and chest, cut off below as at a desk.
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
    pen.limb(&[[0.0, 0.42], [0.0, 0.53]], 0.15, skin);
    if dice.chance(0.5) {
        pen.polygon(&[[-0.1, 0.53], [0.1, 0.53], [0.0, 0.66]], skin);
    } else {
        pen.limb(&[[-0.09, 0.545], [0.0, 0.58], [0.09, 0.545]], 0.035, Ink::Shaded(0.75));
    }
    pen.ellipse([0.0, 0.24], [head * 0.9, head * 1.14], skin);
    if held_out {
        // Under a cap.
        pen.ellipse([0.0, 0.11], [head, head * 0.62], Ink::Shaded(0.8));
        pen.limb(&[[0.02, 0.15], [0.24, 0.165]], 0.04, Ink::Shaded(0.65));
    } else {
        pen.ellipse([0.0, 0.1], [head * 0.97, head * 0.56], hair);
        pen.ellipse([-0.13 * dice.shade(0.6, 1.2), 0.17], [0.05, 0.09], hair);
    }
    let eyes = Ink::Tone([0.1, 0.08, 0.08]);
    for side in [-0.07, 0.07] {
        pen.ellipse([side + 0.012 * mirrored.abs(), 0.235], [0.02, 0.017], eyes);
    }
    pen.limb(&[[-0.045, 0.345], [0.05, 0.345]], 0.018, Ink::Tone([0.62, 0.28, 0.26]));
    if arm > 0.02 {
        let waving = joints([wide - 0.02, 0.62], 1.0, 0.36 + 0.34 * arm, arm, swing);
        pen.limb(&waving, 0.13, Ink::Coat);
        pen.ellipse(waving[2], [0.085, 0.095], skin);
        for finger in [-0.05, 0.0, 0.05] {
            let [x, y] = waving[2];
            pen.limb(&[[x + finger, y - 0.03], [x + 1.5 * finger, y - 0.13]], 0.035, skin);
        }
    }
}
