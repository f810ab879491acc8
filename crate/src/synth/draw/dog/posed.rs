//! As dogs sit, lie, run and beg.

use super::{Dice, Ears, Ink, NOSE, Pen, Pose, collar, ear, face, legs};

pub(super) fn sitting(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let ear = ear(pen);
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
    pen.eye([0.13, 0.19], 0.04);
}

/// Its head up.
pub(super) fn lying(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let ears = Ears::any(dice);
    pen.limb(&[[-0.7, 0.86], [-0.86, 0.8], [-0.88, 0.62]], 0.08, Ink::Coat);
    pen.blob(
        &[[-0.84, 0.6], [-0.5, 0.42], [0.1, 0.42], [0.5, 0.4], [0.6, 0.8], [0.4, 1.0], [-0.6, 1.0], [-0.86, 0.9]],
        Ink::Coat,
    );
    pen.ellipse([-0.5, 0.8], [0.26, 0.2], Ink::Shaded(0.85));
    pen.limb(&[[0.36, 0.86], [0.86, 0.93]], 0.13, Ink::Shaded(0.9));
    pen.limb(&[[0.36, 0.56], [0.54, 0.26]], 0.26, Ink::Coat);
    face(pen, [0.56, 0.24], ears);
}

pub(super) fn from_the_front(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (ear, collar) = (ear(pen), collar(pen));
    let lift = 0.05 * pose.stride as f32;
    let hanging = dice.chance(0.5);
    for (side, lift) in [(-1.0, lift), (1.0, -lift)] {
        pen.limb(&[[side * 0.2, 0.6], [side * 0.22, 0.94]], 0.1, Ink::Shaded(0.7));
        pen.limb(&[[side * 0.12, 0.5], [side * 0.12, 0.94 - lift.max(0.0)]], 0.13, Ink::Coat);
    }
    pen.ellipse([0.0, 0.55], [0.24, 0.26], Ink::Coat);
    pen.limb(&[[-0.12, 0.41], [0.12, 0.41]], 0.05, collar);
    pen.ellipse([0.0, 0.22], [0.25, 0.21], Ink::Coat);
    for side in [-1.0, 1.0] {
        if hanging {
            pen.ellipse([side * 0.28, 0.24], [0.08, 0.18], ear);
        } else {
            pen.polygon(&[[side * 0.24, 0.16], [side * 0.26, 0.0], [side * 0.06, 0.05]], ear);
        }
        pen.eye([side * 0.1, 0.17], 0.04);
    }
    pen.ellipse([0.0, 0.31], [0.13, 0.1], Ink::Shaded(1.12));
    pen.ellipse([0.0, 0.27], [0.055, 0.04], NOSE);
}

/// All its legs away from it.
pub(super) fn running(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let reach = 0.16 * pose.stride as f32;
    let ears = Ears::any(dice);
    for (x, to, ink) in [
        (-0.4, -0.66 - reach, Ink::Shaded(0.7)),
        (0.34, 0.6 + reach, Ink::Shaded(0.7)),
        (-0.46, -0.78 + reach, Ink::Coat),
        (0.38, 0.74 - reach, Ink::Coat),
    ] {
        pen.limb(&[[x, 0.6], [0.5 * (x + to), 0.8], [to, 0.95]], 0.1, ink);
    }
    pen.limb(&[[-0.5, 0.44], [-0.84, 0.34]], 0.07, Ink::Coat);
    pen.blob(
        &[[-0.6, 0.36], [-0.1, 0.38], [0.4, 0.3], [0.54, 0.5], [0.3, 0.76], [-0.1, 0.62], [-0.5, 0.7], [-0.62, 0.54]],
        Ink::Coat,
    );
    pen.limb(&[[0.38, 0.44], [0.58, 0.26]], 0.2, Ink::Coat);
    face(pen, [0.6, 0.22], ears);
}

/// Its nose at the ground.
pub(super) fn sniffing(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let ears = Ears::any(dice);
    legs(pen, pose, [-0.46, 0.16, -0.54, 0.24], 0.5, 0.11);
    pen.limb(&[[-0.56, 0.26], [-0.68, 0.04]], 0.08, Ink::Coat);
    pen.blob(
        &[[-0.66, 0.16], [-0.2, 0.2], [0.26, 0.28], [0.4, 0.5], [0.2, 0.68], [-0.2, 0.58], [-0.6, 0.62], [-0.7, 0.4]],
        Ink::Coat,
    );
    pen.limb(&[[0.22, 0.46], [0.44, 0.72]], 0.22, Ink::Coat);
    face(pen, [0.46, 0.78], ears);
}

/// On its hind legs.
pub(super) fn begging(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let paw = 0.04 * pose.stride as f32;
    let ears = Ears::any(dice);
    pen.limb(&[[-0.12, 0.8], [-0.27, 0.86]], 0.05, Ink::Coat);
    pen.limb(&[[-0.08, 0.74], [-0.02, 0.97], [0.08, 0.975]], 0.09, Ink::Shaded(0.75));
    pen.limb(&[[0.04, 0.74], [0.06, 0.97], [0.16, 0.975]], 0.1, Ink::Coat);
    pen.blob(&[[-0.06, 0.28], [0.1, 0.3], [0.17, 0.6], [0.1, 0.86], [-0.16, 0.86], [-0.18, 0.6]], Ink::Coat);
    for y in [0.48, 0.54] {
        pen.limb(&[[0.08, y - 0.06], [0.2, y + 0.02], [0.25, y - 0.04 + paw]], 0.06, Ink::Shaded(0.85));
    }
    face(pen, [0.0, 0.19], ears);
}

/// It sits and looks away.
pub(super) fn from_behind(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let ear = ear(pen);
    let wag = 0.1 * pose.stride as f32;
    let hanging = dice.chance(0.5);
    pen.blob(&[[-0.12, 0.3], [0.12, 0.3], [0.3, 0.7], [0.34, 1.02], [-0.34, 1.02], [-0.3, 0.7]], Ink::Coat);
    for side in [-1.0, 1.0] {
        pen.ellipse([side * 0.3, 0.88], [0.15, 0.12], Ink::Shaded(0.85));
    }
    pen.limb(&[[0.0, 0.94], [0.2 + wag, 0.9], [0.36 + wag, 0.7]], 0.09, Ink::Shaded(0.85));
    pen.ellipse([0.0, 0.22], [0.2, 0.19], Ink::Coat);
    for side in [-1.0, 1.0] {
        if hanging {
            pen.ellipse([side * 0.21, 0.24], [0.07, 0.16], ear);
        } else {
            pen.polygon(&[[side * 0.2, 0.16], [side * 0.2, 0.0], [side * 0.04, 0.06]], ear);
        }
    }
}

/// It sits, its muzzle to the sky.
pub(super) fn howling(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (ear, tip) = (ear(pen), dice.shade(0.2, 0.3));
    pen.limb(&[[-0.2, 0.94], [-0.36, 0.95]], 0.08, Ink::Coat);
    pen.blob(&[[-0.1, 0.34], [0.14, 0.36], [0.22, 0.7], [0.14, 1.02], [-0.3, 1.02], [-0.34, 0.74]], Ink::Coat);
    pen.ellipse([-0.16, 0.86], [0.18, 0.14], Ink::Shaded(0.85));
    pen.limb(&[[0.12, 0.6], [0.16, 0.95], [0.24, 0.955]], 0.09, Ink::Coat);
    pen.limb(&[[0.02, 0.46], [0.04, 0.26]], 0.24, Ink::Coat);
    pen.limb(&[[0.06, 0.22], [tip, 0.06]], 0.15, Ink::Shaded(1.12));
    pen.ellipse([tip + 0.03, 0.035], [0.04, 0.032], NOSE);
    pen.ellipse([-0.08, 0.32], [0.07, 0.14], ear);
    pen.eye([0.09, 0.18], 0.032);
}

/// Up at somebody.
pub(super) fn jumping(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let ears = Ears::any(dice);
    let paw = 0.05 * pose.stride as f32;
    pen.limb(&[[-0.34, 0.72], [-0.5, 0.56], [-0.52, 0.4]], 0.07, Ink::Coat);
    for (x, ink) in [(-0.12, Ink::Shaded(0.7)), (-0.26, Ink::Coat)] {
        pen.limb(&[[x, 0.72], [x - 0.08, 0.86], [x, 0.965], [x + 0.08, 0.965]], 0.1, ink);
    }
    for (y, ink) in [(0.5, Ink::Shaded(0.7)), (0.42, Ink::Coat)] {
        pen.limb(&[[0.14, y], [0.36, y + 0.04], [0.5, y - 0.08 + paw]], 0.09, ink);
    }
    pen.blob(&[[-0.06, 0.26], [0.22, 0.34], [0.2, 0.6], [-0.1, 0.84], [-0.4, 0.84], [-0.4, 0.6]], Ink::Coat);
    pen.limb(&[[0.08, 0.42], [0.16, 0.24]], 0.22, Ink::Coat);
    face(pen, [0.2, 0.22], ears);
}

/// It sits and looks past whoever looks at it.
pub(super) fn aslant(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (ear, collar) = (ear(pen), collar(pen));
    let chin = dice.shade(0.24, 0.28);
    pen.limb(&[[-0.2, 0.9], [-0.34, 0.94]], 0.08, Ink::Shaded(0.85));
    pen.blob(&[[-0.16, 0.3], [0.16, 0.32], [0.28, 0.66], [0.26, 1.0], [-0.3, 1.0], [-0.3, 0.66]], Ink::Coat);
    for side in [-1.0, 1.0] {
        pen.ellipse([0.02 + side * 0.24, 0.93], [0.12, 0.065], Ink::Shaded(0.85));
        pen.limb(&[[0.04 + side * 0.08, 0.56], [0.04 + side * 0.09, 0.94]], 0.1, Ink::Shaded(1.1));
    }
    pen.limb(&[[-0.12, 0.41], [0.16, 0.41]], 0.04, collar);
    pen.polygon(&[[-0.2, 0.16], [-0.17, 0.0], [-0.02, 0.06]], ear);
    pen.polygon(&[[0.04, 0.05], [0.16, 0.0], [0.19, 0.14]], ear);
    pen.ellipse([0.0, 0.2], [0.21, 0.18], Ink::Coat);
    pen.blob(&[[0.02, 0.16], [0.26, 0.18], [0.36, chin], [0.2, 0.34], [0.0, 0.34]], Ink::Shaded(1.12));
    pen.ellipse([0.33, chin - 0.02], [0.045, 0.038], NOSE);
    for x in [-0.07, 0.12] {
        pen.eye([x, 0.15], 0.034);
    }
}
