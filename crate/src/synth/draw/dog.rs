//! Dogs.

use super::{Design, Dice, Ink, NOSE, Pen, Pose};

pub(super) const DESIGNS: &[Design] = &[
    Design::training(1.35, with_pointed_ears),
    Design::training(1.25, with_thick_tail),
    Design::training(1.65, dachshund),
    Design::held_out(0.85, sitting),
    Design::held_out(1.3, poodle),
    Design::training(1.9, lying),
    Design::training(0.8, from_the_front),
    Design::training(1.8, running),
    Design::training(1.4, shaggy),
    Design::training(1.55, sniffing),
    Design::training(0.62, begging),
    Design::training(1.3, bulldog),
    Design::training(0.95, from_behind),
];

/// Ears differ from the coat, also from a black one.
fn ear(pen: &Pen) -> Ink {
    Ink::Shaded(if pen.coat.iter().sum::<f32>() < 0.6 { 1.3 } else { 0.6 })
}

fn collar(pen: &Pen) -> Ink {
    Ink::Shaded(if pen.coat.iter().sum::<f32>() < 0.6 { 1.5 } else { 0.3 })
}

#[derive(Clone, Copy, PartialEq)]
enum Tail {
    Thin,
    Thick,
    Bobbed,
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

/// One that stands on four legs.
struct Standing {
    /// Half the body's length, its upper and lower edge, and how thick a leg is.
    body: [f32; 4],
    tail: Tail,
    ears: Ears,
}

const MIDDLE: f32 = -0.08;

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

fn with_pointed_ears(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    Standing { body: [0.44, 0.36, 0.68, 0.1], tail: Tail::Thin, ears: Ears::Pointed }.draw(pen, pose, dice);
}

fn with_thick_tail(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    Standing { body: [0.4, 0.3, 0.72, 0.15], tail: Tail::Thick, ears: Ears::Hanging }.draw(pen, pose, dice);
}

fn dachshund(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    Standing { body: [0.6, 0.42, 0.76, 0.12], tail: Tail::Thin, ears: Ears::Hanging }.draw(pen, pose, dice);
}

fn poodle(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    Standing { body: [0.42, 0.34, 0.66, 0.08], tail: Tail::Bobbed, ears: Ears::Curled }.draw(pen, pose, dice);
}

fn sitting(pen: &mut Pen, _: &Pose, _: &mut Dice) {
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
fn lying(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
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

fn from_the_front(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
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
fn running(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
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

/// Its hair down to the ground.
fn shaggy(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
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

/// Its nose at the ground.
fn sniffing(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
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
fn begging(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
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

/// Broad before, with a short muzzle.
fn bulldog(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
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

/// It sits and looks away.
fn from_behind(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
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
