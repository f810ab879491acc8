//! Dogs and birds.

use super::{Dice, Ink, Pen, Pose};

const NOSE: Ink = Ink::Tone([0.07, 0.06, 0.06]);
const EYE: Ink = Ink::Tone([0.95, 0.94, 0.9]);

fn eye(pen: &mut Pen, at: [f32; 2], radius: f32) {
    pen.ellipse(at, [radius, radius], EYE);
    pen.ellipse(at, [0.55 * radius, 0.6 * radius], NOSE);
}

pub(super) fn dog(pen: &mut Pen, design: usize, pose: &Pose, dice: &mut Dice) {
    let stride = 0.1 * pose.stride as f32;
    let ear = Ink::Shaded(if pen.coat.iter().sum::<f32>() < 0.6 { 1.3 } else { 0.6 });
    if design == 3 {
        // Sitting.
        pen.limb(&[[-0.26, 0.9], [-0.4, 0.82], [-0.4, 0.66]], 0.07, Ink::Coat);
        pen.blob(
            &[[0.0, 0.3], [0.16, 0.42], [0.2, 0.98], [0.0, 1.0], [-0.34, 1.0], [-0.36, 0.7], [-0.12, 0.44]],
            Ink::Coat,
        );
        pen.limb(&[[0.1, 0.56], [0.13, 0.94]], 0.11, Ink::Shaded(0.85));
        pen.ellipse([0.06, 0.22], [0.19, 0.2], Ink::Coat);
        pen.ellipse([0.24, 0.28], [0.15, 0.09], Ink::Shaded(1.1));
        pen.ellipse([0.36, 0.25], [0.04, 0.035], NOSE);
        pen.polygon(&[[-0.12, 0.2], [-0.08, 0.0], [0.06, 0.1]], ear);
        pen.polygon(&[[0.06, 0.1], [0.16, 0.0], [0.2, 0.16]], ear);
        return eye(pen, [0.13, 0.19], 0.04);
    }
    // Where the body is: long, low, high or fluffy.
    let (half, top, low, leg) = match design {
        1 => (0.4, 0.3, 0.72, 0.15),
        2 => (0.6, 0.42, 0.76, 0.12),
        4 => (0.42, 0.34, 0.66, 0.08),
        _ => (0.44, 0.36, 0.68, 0.1),
    };
    let middle = -0.08;
    let (rear, fore) = (middle - half + 0.08, middle + half - 0.1);
    for (x, sign, ink) in [
        (rear + 0.08, -1.0, Ink::Shaded(0.7)),
        (fore - 0.08, 1.0, Ink::Shaded(0.7)),
        (rear, 1.0, Ink::Coat),
        (fore, -1.0, Ink::Coat),
    ] {
        pen.limb(&[[x, low - 0.06], [x + sign * stride, 0.96]], leg, ink);
    }
    match design {
        1 => pen.limb(&[[rear, top + 0.1], [rear - 0.12, top - 0.12]], 0.14, Ink::Coat),
        4 => {
            pen.limb(&[[rear, top + 0.08], [rear - 0.06, top - 0.12]], 0.05, Ink::Coat);
            pen.ellipse([rear - 0.07, top - 0.16], [0.09, 0.09], Ink::Coat);
        }
        _ => pen.limb(&[[rear, top + 0.08], [rear - 0.14, top - 0.04], [rear - 0.16, top - 0.2]], 0.06, Ink::Coat),
    }
    pen.blob(
        &[
            [middle - half, top],
            [middle, top + 0.03],
            [middle + half, top - 0.04],
            [middle + half + 0.06, low - 0.14],
            [middle + half - 0.1, low + 0.06],
            [middle, low],
            [middle - half, low + 0.03],
            [middle - half - 0.06, 0.5 * (top + low)],
        ],
        Ink::Coat,
    );
    // Neck, head, muzzle.
    let head = [middle + half + 0.08, dice.shade(0.17, 0.22)];
    pen.limb(&[[middle + half - 0.08, top + 0.12], head], 0.2, Ink::Coat);
    pen.ellipse(head, [0.17, 0.165], Ink::Coat);
    let muzzle = [head[0] + 0.15, head[1] + 0.06];
    pen.ellipse(muzzle, [0.13, 0.08], Ink::Shaded(1.12));
    pen.ellipse([muzzle[0] + 0.11, muzzle[1] - 0.03], [0.035, 0.032], NOSE);
    match design {
        0 => pen
            .polygon(&[[head[0] - 0.14, head[1] - 0.08], [head[0] - 0.08, 0.0], [head[0] + 0.05, head[1] - 0.12]], ear),
        4 => pen.ellipse([head[0] - 0.04, 0.08], [0.14, 0.09], Ink::Shaded(1.1)),
        _ => pen.ellipse([head[0] - 0.1, head[1] + 0.08], [0.065, 0.15], ear),
    }
    eye(pen, [head[0] + 0.05, head[1] - 0.03], 0.035);
    if dice.chance(0.4) {
        let collar = Ink::Shaded(if pen.coat.iter().sum::<f32>() < 0.6 { 1.5 } else { 0.3 });
        pen.limb(&[[middle + half - 0.1, 0.33], [middle + half + 0.06, 0.4]], 0.04, collar);
    }
}

pub(super) fn bird(pen: &mut Pen, design: usize, pose: &Pose, dice: &mut Dice) {
    let beak = Ink::Tone([0.95, dice.shade(0.55, 0.68), 0.12]);
    let wing = Ink::Shaded(if pen.coat.iter().sum::<f32>() < 0.6 { 1.25 } else { 0.68 });
    let leg = Ink::Tone([0.55, 0.38, 0.15]);
    // Wings beat while it moves.
    let beat = 0.12 * pose.stride as f32;
    match design {
        // Flying.
        1 => {
            pen.polygon(&[[-0.1, 0.56], [0.22, 0.56], [-0.1 + beat, 0.02], [-0.34 + beat, 0.06]], wing);
            pen.polygon(&[[-0.36, 0.62], [-0.7, 0.5], [-0.68, 0.74]], Ink::Shaded(0.8));
            pen.ellipse([0.0, 0.68], [0.44, 0.2], Ink::Coat);
            pen.polygon(&[[0.5, 0.5], [0.7, 0.58], [0.5, 0.64]], beak);
            pen.ellipse([0.4, 0.54], [0.17, 0.16], Ink::Coat);
            pen.polygon(&[[-0.14, 0.66], [0.2, 0.64], [-0.02, 1.0 - beat.abs()], [-0.24, 0.96]], wing);
            eye(pen, [0.45, 0.51], 0.045);
        }
        // A duck.
        2 => {
            pen.blob(
                &[
                    [-0.58, 0.42],
                    [-0.3, 0.6],
                    [0.1, 0.5],
                    [0.4, 0.56],
                    [0.44, 0.8],
                    [0.1, 1.0],
                    [-0.36, 0.98],
                    [-0.5, 0.7],
                ],
                Ink::Coat,
            );
            pen.limb(&[[0.26, 0.68], [0.28, 0.28]], 0.2, Ink::Coat);
            pen.ellipse([0.29, 0.19], [0.19, 0.18], Ink::Coat);
            pen.blob(&[[0.42, 0.16], [0.6, 0.22], [0.58, 0.3], [0.4, 0.28]], beak);
            pen.ellipse([-0.1, 0.74], [0.24, 0.13 + 0.3 * beat.abs()], wing);
            eye(pen, [0.33, 0.15], 0.045);
        }
        // Upright, as a parrot.
        3 => {
            pen.polygon(&[[-0.2, 0.6], [-0.3, 1.0], [-0.06, 0.96], [0.02, 0.7]], wing);
            pen.blob(&[[-0.1, 0.2], [0.2, 0.26], [0.26, 0.6], [0.1, 0.9], [-0.16, 0.86], [-0.28, 0.5]], Ink::Coat);
            pen.ellipse([0.04, 0.2], [0.21, 0.2], Ink::Coat);
            pen.blob(&[[0.18, 0.1], [0.36, 0.16], [0.34, 0.36], [0.24, 0.3]], beak);
            pen.blob(&[[-0.18, 0.36], [0.06, 0.4], [0.04, 0.7], [-0.18, 0.86], [-0.28, 0.6]], wing);
            eye(pen, [0.1, 0.17], 0.05);
        }
        // Both wings spread.
        4 => {
            pen.blob(&[[0.0, 0.42], [-0.4, 0.1 + beat], [-0.84, 0.24 + beat], [-0.5, 0.46], [0.0, 0.72]], wing);
            pen.blob(&[[0.0, 0.42], [0.4, 0.1 + beat], [0.84, 0.24 + beat], [0.5, 0.46], [0.0, 0.72]], wing);
            pen.polygon(&[[0.0, 0.6], [-0.18, 1.0], [0.18, 1.0]], Ink::Shaded(0.8));
            pen.ellipse([0.0, 0.54], [0.17, 0.3], Ink::Coat);
            pen.polygon(&[[-0.06, 0.1], [0.06, 0.1], [0.0, 0.0]], beak);
            pen.ellipse([0.0, 0.2], [0.13, 0.14], Ink::Coat);
        }
        // Perched.
        _ => {
            pen.limb(&[[0.02, 0.8], [0.02, 0.97]], 0.035, leg);
            pen.limb(&[[0.12, 0.8], [0.12, 0.97]], 0.035, leg);
            pen.polygon(&[[-0.3, 0.56], [-0.6, 0.72], [-0.52, 0.84], [-0.16, 0.76]], wing);
            pen.blob(&[[-0.42, 0.5], [-0.1, 0.3], [0.3, 0.22], [0.44, 0.56], [0.2, 0.9], [-0.2, 0.86]], Ink::Coat);
            pen.polygon(&[[0.4, 0.16], [0.6, 0.24], [0.4, 0.32]], beak);
            pen.ellipse([0.26, 0.21], [0.21, 0.2], Ink::Coat);
            pen.blob(&[[-0.36, 0.52], [0.1, 0.4], [0.16, 0.6], [-0.1, 0.8 - beat.abs()], [-0.42, 0.72]], wing);
            eye(pen, [0.33, 0.17], 0.05);
        }
    }
}
