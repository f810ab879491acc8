//! Cups.

use super::{DARK, Design, Dice, Ink, Pen, Pose, WHITE};

pub(super) const DESIGNS: &[Design] = &[
    Design::training(1.15, mug),
    Design::training(0.78, of_paper),
    Design::training(1.5, for_tea),
    Design::held_out(1.0, tall_mug),
    Design::held_out(0.72, on_a_foot),
    Design::training(0.8, tumbler),
    Design::training(0.9, for_travel),
    Design::training(1.7, with_two_handles),
    Design::training(1.3, for_espresso),
    Design::training(0.75, with_straw),
    Design::training(1.5, without_handle),
    Design::training(1.2, tankard),
    Design::training(0.95, for_toddlers),
    Design::training(1.25, for_measuring),
    Design::training(0.62, for_ice),
    Design::training(1.2, with_a_spoon),
    Design::training(1.3, of_enamel),
    Design::training(1.1, steaming),
    Design::training(0.8, nested),
];

const INSIDE: Ink = Ink::Shaded(0.45);

fn mug(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let low = dice.shade(0.66, 0.78);
    pen.limb(&[[0.3, 0.28], [0.52, 0.33], [0.52, low - 0.06], [0.28, low]], 0.1, Ink::Shaded(0.85));
    pen.slab([-0.56, 0.08], [0.36, 1.0], 0.1, Ink::Coat);
    pen.ellipse([-0.1, 0.11], [0.46, 0.11], Ink::Shaded(1.15));
    pen.ellipse([-0.1, 0.12], [0.39, 0.075], INSIDE);
}

/// Of paper, with a lid.
fn of_paper(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let mark = pen.mark();
    pen.polygon(&[[-0.36, 0.16], [0.36, 0.16], [0.25, 1.0], [-0.25, 1.0]], Ink::Coat);
    pen.polygon(&[[-0.325, 0.42], [0.325, 0.42], [0.29, 0.7], [-0.29, 0.7]], mark);
    let lid = if pen.coat.iter().sum::<f32>() > 2.4 { DARK } else { WHITE };
    pen.slab([-0.39, 0.08], [0.39, 0.19], 0.04, lid);
    pen.slab([-0.3, 0.0], [0.3, 0.1], 0.04, lid);
}

/// On a saucer.
fn for_tea(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    pen.ellipse([0.0, 0.9], [0.75, 0.1], Ink::Shaded(0.85));
    pen.limb(&[[0.42, 0.22], [0.62, 0.28], [0.6, 0.5], [0.36, 0.6]], 0.08, Ink::Shaded(0.85));
    pen.blob(&[[-0.52, 0.08], [0.52, 0.08], [0.5, 0.5], [0.3, 0.88], [0.0, 0.9], [-0.3, 0.88], [-0.5, 0.5]], Ink::Coat);
    pen.ellipse([0.0, 0.14], [0.44, 0.1], INSIDE);
}

/// With a band.
fn tall_mug(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let mark = pen.mark();
    pen.limb(&[[0.26, 0.25], [0.46, 0.3], [0.46, 0.64], [0.26, 0.72]], 0.09, Ink::Shaded(0.85));
    pen.slab([-0.48, 0.06], [0.28, 1.0], 0.06, Ink::Coat);
    pen.slab([-0.48, 0.74], [0.28, 0.86], 0.0, mark);
    pen.ellipse([-0.1, 0.08], [0.38, 0.08], INSIDE);
}

fn on_a_foot(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    pen.blob(&[[-0.42, 0.02], [0.42, 0.02], [0.38, 0.5], [0.1, 0.68], [-0.1, 0.68], [-0.38, 0.5]], Ink::Coat);
    pen.slab([-0.06, 0.55], [0.06, 0.95], 0.0, Ink::Coat);
    pen.ellipse([0.0, 0.94], [0.28, 0.06], Ink::Shaded(0.85));
    pen.ellipse([0.0, 0.06], [0.33, 0.06], INSIDE);
}

fn tumbler(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let foot = dice.shade(0.24, 0.34);
    pen.polygon(&[[-0.39, 0.06], [0.39, 0.06], [foot, 1.0], [-foot, 1.0]], Ink::Coat);
    for line in [-0.18, 0.0, 0.18] {
        pen.limb(&[[line, 0.3], [0.75 * line, 0.86]], 0.03, mark);
    }
    pen.ellipse([0.0, 0.07], [0.38, 0.07], Ink::Shaded(1.2));
    pen.ellipse([0.0, 0.08], [0.33, 0.05], INSIDE);
}

fn for_travel(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let mark = pen.mark();
    pen.limb(&[[0.2, 0.3], [0.39, 0.34], [0.39, 0.62], [0.2, 0.74]], 0.09, DARK);
    pen.polygon(&[[-0.42, 0.14], [0.26, 0.14], [0.18, 1.0], [-0.34, 1.0]], Ink::Coat);
    pen.slab([-0.37, 0.8], [0.22, 0.9], 0.0, mark);
    pen.slab([-0.44, 0.06], [0.28, 0.18], 0.05, DARK);
    pen.slab([-0.2, 0.0], [0.0, 0.08], 0.02, DARK);
}

/// As for broth.
fn with_two_handles(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let foot = dice.shade(0.2, 0.34);
    for side in [-1.0, 1.0] {
        pen.limb(
            &[[side * 0.5, 0.24], [side * 0.78, 0.26], [side * 0.76, 0.52], [side * 0.44, 0.56]],
            0.09,
            Ink::Shaded(0.85),
        );
    }
    pen.blob(
        &[[-0.62, 0.06], [0.62, 0.06], [0.58, 0.6], [foot, 0.96], [0.0, 0.97], [-foot, 0.96], [-0.58, 0.6]],
        Ink::Coat,
    );
    pen.slab([-foot, 0.86], [foot, 1.0], 0.03, Ink::Shaded(0.75));
    pen.ellipse([0.0, 0.13], [0.53, 0.1], Ink::Shaded(1.2));
    pen.ellipse([0.0, 0.14], [0.46, 0.075], INSIDE);
}

/// Small, seen from above.
fn for_espresso(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let deep = dice.shade(0.16, 0.22);
    pen.limb(&[[0.3, 0.36], [0.6, 0.36], [0.54, 0.62], [0.24, 0.66]], 0.1, Ink::Shaded(0.85));
    pen.blob(
        &[[-0.66, 0.02], [0.46, 0.02], [0.44, 0.6], [0.2, 1.02], [-0.1, 1.02], [-0.4, 1.02], [-0.64, 0.6]],
        Ink::Coat,
    );
    pen.ellipse([-0.1, 0.2], [0.52, deep], Ink::Shaded(1.2));
    pen.ellipse([-0.1, 0.215], [0.44, deep - 0.05], Ink::Tone([0.2, 0.12, 0.08]));
}

/// To take away.
fn with_straw(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let bend = dice.shade(0.06, 0.2);
    pen.limb(&[[0.02, 0.4], [0.08, 0.09], [0.08 + bend, 0.03]], 0.045, WHITE);
    pen.ellipse([0.0, 0.32], [0.34, 0.16], Ink::Shaded(1.3));
    pen.polygon(&[[-0.34, 0.32], [0.34, 0.32], [0.24, 1.0], [-0.24, 1.0]], Ink::Coat);
    pen.slab([-0.375, 0.28], [0.375, 0.36], 0.03, Ink::Shaded(0.8));
    pen.ellipse([0.0, 0.66], [0.14, 0.13], mark);
}

/// As for soup.
fn without_handle(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let foot = dice.shade(0.2, 0.3);
    pen.slab([-foot, 0.8], [foot, 1.0], 0.03, Ink::Shaded(0.75));
    pen.blob(
        &[[-0.74, 0.06], [0.74, 0.06], [0.66, 0.62], [foot, 0.93], [0.0, 0.94], [-foot, 0.93], [-0.66, 0.62]],
        Ink::Coat,
    );
    pen.limb(&[[-0.6, 0.36], [0.0, 0.44], [0.6, 0.36]], 0.05, mark);
    pen.ellipse([0.0, 0.13], [0.64, 0.12], Ink::Shaded(1.2));
    pen.ellipse([0.0, 0.145], [0.56, 0.09], INSIDE);
}

/// For beer, of staves, with foam.
fn tankard(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let belly = dice.shade(0.4, 0.46);
    pen.limb(&[[0.26, 0.22], [0.52, 0.24], [0.54, 0.74], [0.26, 0.84]], 0.1, Ink::Shaded(0.75));
    pen.blob(
        &[[-0.52, 0.1], [0.28, 0.1], [belly - 0.06, 0.55], [0.28, 1.03], [-0.52, 1.03], [-belly - 0.16, 0.55]],
        Ink::Coat,
    );
    for x in [-0.36, -0.12, 0.12] {
        pen.limb(&[[x, 0.22], [x, 0.94]], 0.03, Ink::Shaded(0.6));
    }
    for (x, radius) in [(-0.36, 0.13), (-0.12, 0.15), (0.1, 0.13)] {
        pen.ellipse([x, 0.14], [radius, 0.12], WHITE);
    }
}

/// With a spout to suck at, and two ears.
fn for_toddlers(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let spout = dice.shade(0.05, 0.16);
    for side in [-1.0, 1.0] {
        pen.limb(&[[side * 0.28, 0.42], [side * 0.44, 0.46], [side * 0.42, 0.72], [side * 0.26, 0.78]], 0.07, mark);
    }
    pen.slab([-0.32, 0.28], [0.32, 1.0], 0.12, Ink::Coat);
    pen.slab([spout - 0.08, 0.0], [spout + 0.08, 0.2], 0.04, mark);
    pen.slab([-0.34, 0.14], [0.34, 0.32], 0.08, mark);
    pen.ellipse([0.0, 0.64], [0.12, 0.12], Ink::Shaded(1.35));
}

/// With a lip, and lines to measure by.
fn for_measuring(pen: &mut Pen, _: &Pose, _: &mut Dice) {
    let mark = pen.mark();
    pen.limb(&[[0.24, 0.16], [0.54, 0.16], [0.5, 0.72], [0.22, 0.72]], 0.11, Ink::Shaded(0.8));
    pen.polygon(&[[-0.62, 0.0], [0.38, 0.06], [0.28, 1.0], [-0.46, 1.0], [-0.5, 0.2]], Ink::Coat);
    for line in 0..4 {
        let y = 0.3 + 0.17 * line as f32;
        pen.limb(&[[-0.36, y], [if line % 2 == 0 { -0.08 } else { -0.2 }, y]], 0.04, mark);
    }
    pen.polygon(&[[-0.52, 0.04], [0.34, 0.08], [0.32, 0.16], [-0.44, 0.15]], INSIDE);
}

/// With a wavy rim, on a foot.
fn for_ice(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let stem = dice.shade(0.7, 0.78);
    pen.ellipse([0.0, 0.95], [0.24, 0.05], Ink::Shaded(0.85));
    pen.slab([-0.05, stem - 0.1], [0.05, 0.95], 0.0, Ink::Coat);
    pen.polygon(&[[-0.3, 0.1], [0.3, 0.1], [0.13, stem], [-0.13, stem]], Ink::Coat);
    for (x, ink) in [(-0.2, WHITE), (0.2, WHITE), (0.0, Ink::Tone([0.85, 0.6, 0.5]))] {
        pen.ellipse([x, 0.1], [0.11, 0.1], ink);
    }
    for x in [-0.12, 0.0, 0.12] {
        pen.limb(&[[x, 0.26], [0.5 * x, stem - 0.06]], 0.025, Ink::Shaded(0.65));
    }
}

fn with_a_spoon(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let tip = dice.shade(0.22, 0.36);
    let metal = Ink::Tone([0.7, 0.71, 0.74]);
    pen.limb(&[[-0.14, 0.5], [tip, 0.06]], 0.05, metal);
    pen.ellipse([tip, 0.06], [0.05, 0.055], metal);
    pen.limb(&[[-0.34, 0.42], [-0.54, 0.46], [-0.54, 0.74], [-0.32, 0.8]], 0.09, Ink::Shaded(0.85));
    pen.blob(
        &[[-0.42, 0.26], [0.5, 0.26], [0.46, 0.8], [0.36, 1.02], [0.0, 1.02], [-0.3, 1.02], [-0.4, 0.8]],
        Ink::Coat,
    );
    pen.ellipse([0.04, 0.33], [0.38, 0.07], INSIDE);
    pen.limb(&[[0.04, 0.34], [0.5 * tip + 0.02, 0.22]], 0.05, metal);
}

/// As taken along to camp, its rim dark.
fn of_enamel(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let ear = dice.shade(0.58, 0.7);
    pen.limb(&[[0.36, 0.26], [0.6, 0.26], [0.6, ear], [0.36, ear + 0.1]], 0.07, Ink::Shaded(0.8));
    pen.slab([-0.62, 0.06], [0.42, 0.99], 0.05, Ink::Coat);
    pen.slab([-0.64, 0.02], [0.44, 0.12], 0.04, DARK);
    pen.slab([-0.62, 0.93], [0.42, 1.0], 0.03, DARK);
    for (x, y) in [(-0.44, 0.3), (-0.1, 0.42), (0.2, 0.3), (-0.36, 0.66), (0.14, 0.72), (-0.1, 0.8)] {
        pen.ellipse([x, y], [0.03, 0.03], Ink::Shaded(0.6));
    }
}

fn steaming(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let sway = 0.03 * pose.swing as f32;
    let low = dice.shade(0.76, 0.84);
    for x in [-0.26, -0.06, 0.14] {
        pen.limb(&[[x, 0.3], [x + 0.05 + sway, 0.2], [x - 0.03 - sway, 0.1], [x + 0.03, 0.03]], 0.03, WHITE);
    }
    pen.limb(&[[0.26, 0.46], [0.48, 0.5], [0.46, low - 0.06], [0.22, low + 0.04]], 0.09, Ink::Shaded(0.85));
    pen.blob(
        &[[-0.5, 0.28], [0.34, 0.28], [0.34, 0.7], [0.2, 1.02], [-0.08, 1.02], [-0.36, 1.02], [-0.5, 0.7]],
        Ink::Coat,
    );
    pen.ellipse([-0.08, 0.36], [0.36, 0.07], INSIDE);
}

/// Two, one in the other.
fn nested(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = pen.mark();
    let apart = dice.shade(0.1, 0.18);
    pen.polygon(&[[-0.37, 0.04], [0.37, 0.04], [0.3, 0.6], [-0.3, 0.6]], Ink::Shaded(0.75));
    pen.ellipse([0.0, 0.05], [0.36, 0.045], INSIDE);
    pen.polygon(&[[-0.38, 0.04 + apart], [0.38, 0.04 + apart], [0.25, 1.0], [-0.25, 1.0]], Ink::Coat);
    pen.slab([-0.4, 0.02 + apart], [0.4, 0.08 + apart], 0.03, Ink::Shaded(1.3));
    pen.polygon(&[[-0.26, 0.76], [0.26, 0.76], [0.25, 0.86], [-0.25, 0.86]], mark);
}
