//! Birds, whose wings beat while they move.

use super::{Design, Dice, Ink, NOSE, Pen, Pose};

pub(super) const DESIGNS: &[Design] = &[
    Design::training(1.2, perched),
    Design::training(1.4, flying),
    Design::training(1.15, duck),
    Design::held_out(0.75, parrot),
    Design::held_out(1.6, gliding),
    Design::training(1.05, hen),
    Design::training(0.7, owl),
    Design::training(1.25, swan),
    Design::training(0.75, wader),
    Design::training(1.45, soaring),
    Design::training(1.3, pecking),
    Design::training(0.56, penguin),
    Design::training(0.8, ostrich),
    Design::training(1.1, robin),
    Design::training(1.4, rooster),
    Design::training(0.95, toucan),
    Design::training(1.6, hovering),
    Design::training(1.5, swallow),
    Design::training(1.1, pelican),
    Design::training(1.1, turkey),
    Design::training(1.3, humming),
    Design::training(0.6, falcon),
];

fn beak(dice: &mut Dice) -> Ink {
    Ink::Tone([0.95, dice.shade(0.55, 0.68), 0.12])
}

/// Wings differ from the coat, also from a black one.
fn wing(pen: &Pen) -> Ink {
    Ink::Shaded(if pen.coat.iter().sum::<f32>() < 0.6 { 1.25 } else { 0.68 })
}

const LEG: Ink = Ink::Tone([0.55, 0.38, 0.15]);

fn beat(pose: &Pose) -> f32 {
    0.12 * pose.stride as f32
}

fn perched(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    pen.limb(&[[0.02, 0.8], [0.02, 0.97]], 0.035, LEG);
    pen.limb(&[[0.12, 0.8], [0.12, 0.97]], 0.035, LEG);
    pen.polygon(&[[-0.3, 0.56], [-0.6, 0.72], [-0.52, 0.84], [-0.16, 0.76]], wing);
    pen.blob(&[[-0.42, 0.5], [-0.1, 0.3], [0.3, 0.22], [0.44, 0.56], [0.2, 0.9], [-0.2, 0.86]], Ink::Coat);
    pen.polygon(&[[0.4, 0.16], [0.6, 0.24], [0.4, 0.32]], beak);
    pen.ellipse([0.26, 0.21], [0.21, 0.2], Ink::Coat);
    pen.blob(&[[-0.36, 0.52], [0.1, 0.4], [0.16, 0.6], [-0.1, 0.8 - beat.abs()], [-0.42, 0.72]], wing);
    pen.eye([0.33, 0.17], 0.05);
}

fn flying(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    pen.polygon(&[[-0.1, 0.56], [0.22, 0.56], [-0.1 + beat, 0.02], [-0.34 + beat, 0.06]], wing);
    pen.polygon(&[[-0.36, 0.62], [-0.7, 0.5], [-0.68, 0.74]], Ink::Shaded(0.8));
    pen.ellipse([0.0, 0.68], [0.44, 0.2], Ink::Coat);
    pen.polygon(&[[0.5, 0.5], [0.7, 0.58], [0.5, 0.64]], beak);
    pen.ellipse([0.4, 0.54], [0.17, 0.16], Ink::Coat);
    pen.polygon(&[[-0.14, 0.66], [0.2, 0.64], [-0.02, 1.0 - beat.abs()], [-0.24, 0.96]], wing);
    pen.eye([0.45, 0.51], 0.045);
}

fn duck(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    pen.blob(
        &[[-0.58, 0.42], [-0.3, 0.6], [0.1, 0.5], [0.4, 0.56], [0.44, 0.8], [0.1, 1.0], [-0.36, 0.98], [-0.5, 0.7]],
        Ink::Coat,
    );
    pen.limb(&[[0.26, 0.68], [0.28, 0.28]], 0.2, Ink::Coat);
    pen.ellipse([0.29, 0.19], [0.19, 0.18], Ink::Coat);
    pen.blob(&[[0.42, 0.16], [0.6, 0.22], [0.58, 0.3], [0.4, 0.28]], beak);
    pen.ellipse([-0.1, 0.74], [0.24, 0.13 + 0.3 * beat.abs()], wing);
    pen.eye([0.33, 0.15], 0.045);
}

/// Upright.
fn parrot(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (beak, wing) = (beak(dice), wing(pen));
    pen.polygon(&[[-0.2, 0.6], [-0.3, 1.0], [-0.06, 0.96], [0.02, 0.7]], wing);
    pen.blob(&[[-0.1, 0.2], [0.2, 0.26], [0.26, 0.6], [0.1, 0.9], [-0.16, 0.86], [-0.28, 0.5]], Ink::Coat);
    pen.ellipse([0.04, 0.2], [0.21, 0.2], Ink::Coat);
    pen.blob(&[[0.18, 0.1], [0.36, 0.16], [0.34, 0.36], [0.24, 0.3]], beak);
    pen.blob(&[[-0.18, 0.36], [0.06, 0.4], [0.04, 0.7], [-0.18, 0.86], [-0.28, 0.6]], wing);
    pen.eye([0.1, 0.17], 0.05);
}

/// Both wings spread, seen from below.
fn gliding(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    pen.blob(&[[0.0, 0.42], [-0.4, 0.1 + beat], [-0.84, 0.24 + beat], [-0.5, 0.46], [0.0, 0.72]], wing);
    pen.blob(&[[0.0, 0.42], [0.4, 0.1 + beat], [0.84, 0.24 + beat], [0.5, 0.46], [0.0, 0.72]], wing);
    pen.polygon(&[[0.0, 0.6], [-0.18, 1.0], [0.18, 1.0]], Ink::Shaded(0.8));
    pen.ellipse([0.0, 0.54], [0.17, 0.3], Ink::Coat);
    pen.polygon(&[[-0.06, 0.1], [0.06, 0.1], [0.0, 0.0]], beak);
    pen.ellipse([0.0, 0.2], [0.13, 0.14], Ink::Coat);
}

fn hen(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    for x in [-0.04, 0.12] {
        pen.limb(&[[x, 0.8], [x + 0.4 * beat, 0.97], [x + 0.06 + 0.4 * beat, 0.975]], 0.04, LEG);
    }
    pen.polygon(&[[-0.3, 0.6], [-0.52, 0.22], [-0.36, 0.26], [-0.24, 0.2], [-0.08, 0.46]], wing);
    pen.blob(&[[-0.5, 0.44], [0.0, 0.46], [0.3, 0.34], [0.42, 0.6], [0.2, 0.92], [-0.24, 0.9]], Ink::Coat);
    pen.limb(&[[0.24, 0.52], [0.3, 0.24]], 0.2, Ink::Coat);
    pen.polygon(&[[0.4, 0.16], [0.525, 0.22], [0.4, 0.28]], beak);
    for x in [0.22, 0.3, 0.38] {
        pen.ellipse([x, 0.06], [0.055, 0.06], Ink::Shaded(0.75));
    }
    pen.ellipse([0.3, 0.19], [0.15, 0.14], Ink::Coat);
    pen.ellipse([-0.06, 0.62], [0.24, 0.15], wing);
    pen.eye([0.34, 0.17], 0.04);
}

/// It looks at whoever looks at it.
fn owl(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    for side in [-1.0, 1.0] {
        pen.limb(&[[side * 0.1, 0.92], [side * 0.12, 0.975]], 0.05, LEG);
        pen.polygon(&[[side * 0.06, 0.1], [side * 0.26, 0.0], [side * 0.28, 0.22]], Ink::Coat);
    }
    pen.ellipse([0.0, 0.52], [0.31, 0.45], Ink::Coat);
    for side in [-1.0, 1.0] {
        let tip = side * (0.3 + beat.abs());
        pen.blob(&[[side * 0.22, 0.36], [side * 0.34, 0.5], [tip, 0.86], [side * 0.14, 0.7]], wing);
        pen.eye([side * 0.12, 0.26], 0.1);
    }
    pen.polygon(&[[-0.05, 0.34], [0.05, 0.34], [0.0, 0.44]], beak);
    for row in 0..3 {
        let y = 0.58 + 0.1 * row as f32;
        pen.limb(&[[-0.1, y], [0.0, y + 0.04], [0.1, y]], 0.025, wing);
    }
}

fn swan(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    pen.blob(
        &[[-0.66, 0.5], [-0.3, 0.6], [0.2, 0.58], [0.42, 0.7], [0.3, 1.02], [-0.3, 1.02], [-0.54, 0.8]],
        Ink::Coat,
    );
    pen.limb(&[[0.26, 0.8], [0.38, 0.62], [0.26, 0.4], [0.24, 0.2], [0.36, 0.1]], 0.13, Ink::Coat);
    pen.polygon(&[[0.44, 0.06], [0.62, 0.16], [0.42, 0.18]], beak);
    pen.ellipse([0.38, 0.11], [0.12, 0.1], Ink::Coat);
    pen.blob(&[[-0.6, 0.46 - beat.abs()], [0.0, 0.5], [0.14, 0.72], [-0.2, 0.88], [-0.5, 0.74]], wing);
    pen.eye([0.41, 0.09], 0.03);
}

/// On long legs.
fn wader(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    for (x, sign) in [(-0.06, 1.0), (0.02, -1.0)] {
        pen.limb(&[[x, 0.56], [x + 0.02, 0.76], [x + sign * 0.5 * beat, 0.975]], 0.035, LEG);
    }
    pen.blob(&[[-0.38, 0.52], [-0.1, 0.34], [0.16, 0.36], [0.2, 0.52], [0.0, 0.64], [-0.2, 0.62]], Ink::Coat);
    pen.limb(&[[0.08, 0.46], [0.2, 0.34], [0.1, 0.22], [0.14, 0.1]], 0.08, Ink::Coat);
    pen.polygon(&[[0.2, 0.05], [0.375, 0.14], [0.19, 0.13]], beak);
    pen.ellipse([0.15, 0.09], [0.09, 0.085], Ink::Coat);
    pen.blob(&[[-0.36, 0.5], [-0.04, 0.38], [0.08, 0.48], [-0.1, 0.6 - 0.5 * beat.abs()]], wing);
    pen.eye([0.18, 0.07], 0.028);
}

/// Its wings up, seen from the side.
fn soaring(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    pen.blob(&[[0.1, 0.66], [0.26, 0.3], [0.5, 0.02 + beat.abs()], [0.1, 0.1], [-0.1, 0.6]], Ink::Shaded(0.8));
    pen.polygon(&[[-0.4, 0.7], [-0.72, 0.7], [-0.7, 0.92], [-0.34, 0.84]], wing);
    pen.ellipse([0.0, 0.78], [0.48, 0.2], Ink::Coat);
    pen.polygon(&[[0.56, 0.6], [0.72, 0.7], [0.54, 0.74]], beak);
    pen.ellipse([0.46, 0.66], [0.16, 0.15], Ink::Coat);
    pen.blob(&[[0.14, 0.74], [0.0, 0.4], [-0.42, 0.02 + beat.abs()], [-0.4, 0.4], [-0.22, 0.76]], wing);
    pen.eye([0.5, 0.63], 0.04);
}

/// Its head at the ground.
fn pecking(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    for x in [-0.02, 0.08] {
        pen.limb(&[[x, 0.66], [x, 0.97]], 0.04, LEG);
    }
    pen.polygon(&[[-0.28, 0.26], [-0.62, 0.02], [-0.5, 0.22], [-0.64, 0.26], [-0.2, 0.5]], wing);
    pen.blob(&[[-0.42, 0.16], [0.04, 0.16], [0.36, 0.46], [0.26, 0.72], [-0.06, 0.78], [-0.34, 0.6]], Ink::Coat);
    pen.limb(&[[0.22, 0.54], [0.38, 0.7]], 0.24, Ink::Coat);
    pen.polygon(&[[0.4, 0.82], [0.54, 0.8], [0.56, 1.0]], beak);
    pen.ellipse([0.4, 0.72], [0.17, 0.16], Ink::Coat);
    pen.blob(&[[-0.38, 0.28], [0.0, 0.28], [0.14, 0.5], [-0.04, 0.62 - beat.abs()], [-0.3, 0.5]], wing);
    pen.eye([0.44, 0.7], 0.045);
}

/// Upright, its belly white.
fn penguin(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, beat) = (beak(dice), beat(pose));
    let belly =
        if pen.coat.iter().sum::<f32>() > 2.4 { Ink::Tone([0.6, 0.6, 0.62]) } else { Ink::Tone([0.94, 0.93, 0.9]) };
    for side in [-1.0, 1.0] {
        pen.ellipse([side * 0.1, 0.96], [0.1, 0.035], beak);
    }
    pen.blob(&[[-0.1, 0.1], [0.12, 0.1], [0.22, 0.5], [0.18, 0.98], [-0.18, 0.98], [-0.24, 0.5]], Ink::Coat);
    pen.ellipse([0.05, 0.62], [0.14, 0.28], belly);
    pen.polygon(&[[0.12, 0.13], [0.28, 0.18], [0.12, 0.21]], beak);
    pen.ellipse([0.02, 0.15], [0.14, 0.14], Ink::Coat);
    pen.blob(&[[-0.14, 0.34], [-0.02, 0.4], [-0.14 - beat.abs(), 0.78], [-0.22, 0.7]], Ink::Shaded(0.75));
    pen.eye([0.07, 0.12], 0.035);
}

/// Its neck as long as its legs.
fn ostrich(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    for (x, sign) in [(-0.14, 1.0), (0.0, -1.0)] {
        pen.limb(&[[x, 0.62], [x - 0.02 + sign * 0.4 * beat, 0.8], [x + sign * 0.6 * beat, 0.975]], 0.05, LEG);
    }
    for (x, y) in [(-0.34, 0.4), (-0.36, 0.48), (-0.33, 0.56)] {
        pen.ellipse([x, y], [0.06, 0.08], wing);
    }
    pen.ellipse([-0.08, 0.5], [0.28, 0.18], Ink::Coat);
    pen.limb(&[[0.12, 0.48], [0.22, 0.36], [0.2, 0.12]], 0.08, Ink::Shaded(1.15));
    pen.polygon(&[[0.26, 0.06], [0.4, 0.1], [0.26, 0.13]], beak);
    pen.ellipse([0.22, 0.09], [0.09, 0.08], Ink::Coat);
    pen.ellipse([-0.12, 0.5], [0.2, 0.1 + 0.3 * beat.abs()], wing);
    pen.eye([0.25, 0.07], 0.03);
}

/// Small and round.
fn robin(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    for x in [0.0, 0.12] {
        pen.limb(&[[x, 0.82], [x - 0.02, 0.97], [x + 0.05, 0.975]], 0.03, LEG);
    }
    pen.polygon(&[[-0.3, 0.5], [-0.54, 0.24], [-0.46, 0.2], [-0.2, 0.4]], wing);
    pen.ellipse([0.02, 0.52], [0.38, 0.34], Ink::Coat);
    pen.ellipse([0.2, 0.6], [0.17, 0.2], Ink::Shaded(1.4));
    pen.polygon(&[[0.38, 0.24], [0.54, 0.3], [0.38, 0.34]], beak);
    pen.ellipse([0.22, 0.28], [0.2, 0.18], Ink::Coat);
    pen.blob(&[[-0.3, 0.44], [0.02, 0.46], [0.06, 0.66], [-0.2, 0.74 - beat.abs()], [-0.38, 0.6]], wing);
    pen.eye([0.29, 0.24], 0.04);
}

/// With a tail of long feathers.
fn rooster(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    for x in [0.02, 0.14] {
        pen.limb(&[[x, 0.74], [x + 0.4 * beat, 0.97], [x + 0.07 + 0.4 * beat, 0.975]], 0.045, LEG);
    }
    for (x, y) in [(-0.66, 0.44), (-0.62, 0.26), (-0.5, 0.1), (-0.34, 0.04)] {
        pen.limb(&[[-0.22, 0.56], [0.6 * x - 0.1, y], [x, y + 0.2]], 0.09, wing);
    }
    pen.blob(&[[-0.34, 0.5], [0.1, 0.5], [0.4, 0.34], [0.5, 0.56], [0.24, 0.86], [-0.16, 0.82]], Ink::Coat);
    pen.limb(&[[0.34, 0.5], [0.42, 0.22]], 0.17, Ink::Coat);
    pen.polygon(&[[0.52, 0.14], [0.68, 0.2], [0.52, 0.26]], beak);
    for x in [0.34, 0.42, 0.5] {
        pen.ellipse([x, 0.06], [0.05, 0.06], Ink::Tone([0.8, 0.14, 0.12]));
    }
    pen.ellipse([0.43, 0.18], [0.13, 0.12], Ink::Coat);
    pen.ellipse([0.04, 0.64], [0.2, 0.13 + 0.3 * beat.abs()], wing);
    pen.eye([0.47, 0.16], 0.035);
}

/// Its beak as long as itself is wide.
fn toucan(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (beak, wing) = (beak(dice), wing(pen));
    for x in [-0.06, 0.06] {
        pen.limb(&[[x, 0.84], [x + 0.02, 0.97]], 0.045, LEG);
    }
    pen.polygon(&[[-0.22, 0.7], [-0.4, 1.0], [-0.22, 1.0], [-0.06, 0.84]], wing);
    pen.blob(&[[-0.2, 0.3], [0.1, 0.28], [0.2, 0.6], [0.08, 0.9], [-0.2, 0.9], [-0.32, 0.6]], Ink::Coat);
    pen.ellipse([-0.04, 0.22], [0.2, 0.2], Ink::Coat);
    pen.blob(&[[0.06, 0.06], [0.34, 0.06], [0.48, 0.24], [0.46, 0.4], [0.34, 0.28], [0.08, 0.32]], beak);
    pen.blob(&[[-0.26, 0.42], [-0.02, 0.44], [-0.04, 0.72], [-0.24, 0.86], [-0.32, 0.62]], wing);
    pen.eye([0.02, 0.17], 0.045);
}

/// Its wings raised, seen from before.
fn hovering(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    pen.polygon(&[[-0.1, 0.8], [0.1, 0.8], [0.18, 1.0], [-0.18, 1.0]], Ink::Shaded(0.8));
    for side in [-1.0, 1.0] {
        pen.blob(
            &[
                [side * 0.1, 0.46],
                [side * 0.4, 0.26],
                [side * 0.8, 0.06 + beat.abs()],
                [side * 0.76, 0.3],
                [side * 0.5, 0.56],
                [side * 0.14, 0.72],
            ],
            wing,
        );
        pen.limb(&[[side * 0.08, 0.84], [side * 0.1, 0.93]], 0.04, LEG);
    }
    pen.ellipse([0.0, 0.64], [0.19, 0.27], Ink::Coat);
    pen.ellipse([0.0, 0.36], [0.14, 0.14], Ink::Coat);
    pen.polygon(&[[-0.05, 0.38], [0.05, 0.38], [0.0, 0.47]], beak);
    for side in [-1.0, 1.0] {
        pen.eye([side * 0.07, 0.33], 0.032);
    }
}

/// Wings like a sickle, and a forked tail.
fn swallow(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    pen.polygon(&[[-0.3, 0.48], [-0.74, 0.34], [-0.5, 0.5], [-0.72, 0.64], [-0.3, 0.58]], wing);
    pen.blob(&[[0.3, 0.5], [0.14, 0.3], [-0.3, 0.0 + beat.abs()], [-0.1, 0.3], [0.04, 0.52]], wing);
    pen.blob(&[[0.3, 0.52], [0.14, 0.76], [-0.3, 1.0 - beat.abs()], [-0.1, 0.74], [0.04, 0.52]], Ink::Shaded(0.8));
    pen.blob(&[[-0.4, 0.52], [0.1, 0.4], [0.56, 0.42], [0.6, 0.6], [0.1, 0.66]], Ink::Coat);
    pen.polygon(&[[0.58, 0.46], [0.72, 0.52], [0.58, 0.56]], beak);
    pen.ellipse([0.48, 0.5], [0.14, 0.12], Ink::Coat);
    pen.eye([0.52, 0.47], 0.03);
}

/// With a pouch under its beak.
fn pelican(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    let pouch = dice.shade(0.42, 0.52);
    for x in [-0.14, 0.0] {
        pen.limb(&[[x, 0.84], [x, 0.96], [x + 0.08, 0.97]], 0.05, LEG);
    }
    pen.blob(&[[-0.54, 0.56], [-0.2, 0.46], [0.14, 0.5], [0.2, 0.76], [-0.06, 0.94], [-0.4, 0.84]], Ink::Coat);
    pen.limb(&[[0.04, 0.66], [0.16, 0.5], [0.06, 0.3], [0.1, 0.16]], 0.13, Ink::Coat);
    pen.blob(&[[0.14, 0.12], [0.54, 0.24], [0.56, 0.34], [0.3, pouch + 0.1], [0.12, 0.26]], beak);
    pen.ellipse([0.1, 0.13], [0.13, 0.12], Ink::Coat);
    pen.blob(&[[-0.5, 0.56], [-0.06, 0.52], [0.04, 0.68], [-0.16, 0.82 - beat.abs()], [-0.44, 0.74]], wing);
    pen.eye([0.13, 0.1], 0.032);
}

/// Its tail a wheel.
fn turkey(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    let tip = Ink::Shaded(1.3);
    for feather in 0..7 {
        let angle = std::f32::consts::PI * (0.5 + 0.14 * (feather as f32 - 2.0));
        let at = |far: f32| [-0.14 + far * angle.cos(), 0.52 - far * angle.sin()];
        pen.limb(&[at(0.1), at(0.34)], 0.15, wing);
        pen.ellipse(at(0.38), [0.065, 0.065], tip);
    }
    for x in [-0.04, 0.08] {
        pen.limb(&[[x, 0.82], [x + 0.4 * beat, 0.97], [x + 0.07 + 0.4 * beat, 0.975]], 0.045, LEG);
    }
    pen.ellipse([0.04, 0.62], [0.29, 0.26], Ink::Coat);
    pen.limb(&[[0.22, 0.54], [0.32, 0.28]], 0.13, Ink::Coat);
    pen.polygon(&[[0.42, 0.2], [0.55, 0.26], [0.42, 0.3]], beak);
    pen.ellipse([0.34, 0.24], [0.1, 0.1], Ink::Coat);
    pen.ellipse([0.4, 0.36], [0.035, 0.07], Ink::Tone([0.8, 0.16, 0.14]));
    pen.eye([0.37, 0.22], 0.03);
}

/// Before a flower, its beak a needle.
fn humming(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (wing, beat) = (wing(pen), beat(pose));
    let bill = dice.shade(0.5, 0.64);
    pen.polygon(&[[-0.26, 0.7], [-0.6, 0.96], [-0.42, 1.0], [-0.1, 0.8]], wing);
    pen.blob(&[[0.0, 0.44], [-0.3, 0.3], [-0.56, 0.02 + beat.abs()], [-0.2, 0.08], [0.14, 0.4]], Ink::Shaded(0.8));
    pen.blob(&[[0.22, 0.28], [0.26, 0.56], [-0.06, 0.84], [-0.3, 0.84], [-0.2, 0.6], [0.02, 0.36]], Ink::Coat);
    pen.limb(&[[0.28, 0.3], [bill, 0.24]], 0.035, NOSE);
    pen.ellipse([0.2, 0.3], [0.15, 0.13], Ink::Coat);
    pen.blob(&[[0.02, 0.5], [-0.1, 0.2], [0.1, 0.0 + beat.abs()], [0.14, 0.2], [0.14, 0.48]], wing);
    pen.eye([0.25, 0.27], 0.035);
}

/// On a post, its wings folded.
fn falcon(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (beak, wing, beat) = (beak(dice), wing(pen), beat(pose));
    let post = dice.shade(0.84, 0.9);
    pen.slab([-0.12, post], [0.12, 1.0], 0.0, Ink::Tone([0.4, 0.3, 0.2]));
    pen.polygon(&[[-0.08, 0.7], [0.08, 0.7], [0.06, 0.99], [-0.06, 0.99]], wing);
    pen.blob(&[[-0.16, 0.2], [0.16, 0.2], [0.28, 0.46], [0.12, 0.94], [-0.12, 0.94], [-0.28, 0.46]], Ink::Coat);
    for side in [-1.0, 1.0] {
        let tip = side * (0.08 + beat.abs());
        pen.blob(&[[side * 0.2, 0.28], [side * 0.29, 0.44], [tip, 0.92], [side * 0.12, 0.6]], wing);
        pen.limb(&[[side * 0.06, post - 0.06], [side * 0.06, post]], 0.05, LEG);
    }
    for row in 0..3 {
        let y = 0.46 + 0.1 * row as f32;
        pen.limb(&[[-0.06, y], [0.06, y]], 0.025, wing);
    }
    pen.ellipse([0.0, 0.15], [0.17, 0.15], Ink::Coat);
    pen.polygon(&[[0.06, 0.12], [0.2, 0.15], [0.18, 0.23], [0.06, 0.19]], beak);
    pen.eye([0.06, 0.11], 0.038);
}
