//! Bottles.

use super::{Design, Dice, Ink, Pen, Pose, WHITE, dull};

pub(super) const DESIGNS: &[Design] = &[
    Design::training(0.32, of_wine),
    Design::training(0.36, of_water),
    Design::training(0.44, with_pump),
    Design::held_out(0.58, flask),
    Design::held_out(0.4, square),
    Design::training(0.34, of_beer),
    Design::training(0.38, for_sports),
    Design::training(0.5, with_spray),
    Design::training(0.62, canister),
    Design::training(0.42, squeezed),
    Design::training(0.5, of_milk),
    Design::training(0.42, thermos),
    Design::training(0.7, of_scent),
    Design::training(0.36, with_waist),
    Design::training(0.66, demijohn),
    Design::training(0.36, of_ketchup),
    Design::training(0.42, for_babies),
    Design::training(0.56, of_whisky),
    Design::training(0.72, canteen),
    Design::training(0.5, conical),
];

fn cap(dice: &mut Dice) -> Ink {
    Ink::Tone(dull(dice))
}

fn label(pen: &Pen) -> Ink {
    if pen.coat.iter().sum::<f32>() > 2.4 { Ink::Tone([0.5, 0.5, 0.52]) } else { WHITE }
}

fn gloss(pen: &mut Pen) {
    pen.outline = 0.0;
    pen.limb(&[[-0.11, 0.46], [-0.11, 0.9]], 0.03, Ink::Shaded(1.5));
}

fn of_wine(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, label, shoulder) = (cap(dice), label(pen), dice.shade(0.34, 0.42));
    pen.slab([-0.055, 0.03], [0.055, shoulder + 0.1], 0.02, Ink::Coat);
    pen.blob(
        &[
            [-0.055, shoulder - 0.1],
            [0.055, shoulder - 0.1],
            [0.1, shoulder],
            [0.17, shoulder + 0.06],
            [0.16, 0.6],
            [0.16, 1.0],
            [0.1, 1.0],
            [-0.1, 1.0],
            [-0.16, 1.0],
            [-0.16, 0.6],
            [-0.17, shoulder + 0.06],
            [-0.1, shoulder],
        ],
        Ink::Coat,
    );
    pen.slab([-0.065, 0.0], [0.065, 0.13], 0.01, cap);
    pen.slab([-0.15, 0.58], [0.15, 0.8], 0.0, label);
    gloss(pen);
}

fn of_water(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, label) = (cap(dice), label(pen));
    pen.blob(
        &[
            [-0.06, 0.1],
            [0.06, 0.1],
            [0.08, 0.2],
            [0.2, 0.3],
            [0.18, 0.6],
            [0.18, 1.0],
            [0.1, 1.0],
            [-0.1, 1.0],
            [-0.18, 1.0],
            [-0.18, 0.6],
            [-0.2, 0.3],
            [-0.08, 0.2],
        ],
        Ink::Coat,
    );
    pen.slab([-0.07, 0.0], [0.07, 0.12], 0.02, cap);
    pen.slab([-0.165, 0.5], [0.165, 0.68], 0.0, label);
    gloss(pen);
}

fn with_pump(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, label) = (cap(dice), label(pen));
    pen.slab([-0.035, 0.04], [0.035, 0.3], 0.0, cap);
    pen.slab([-0.06, 0.0], [0.2, 0.08], 0.03, cap);
    pen.slab([-0.1, 0.2], [0.1, 0.32], 0.03, cap);
    pen.slab([-0.22, 0.28], [0.22, 1.0], 0.1, Ink::Coat);
    pen.ellipse([0.0, 0.66], [0.12, 0.14], label);
    gloss(pen);
}

fn flask(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let cap = cap(dice);
    pen.slab([-0.07, 0.05], [0.07, 0.5], 0.02, Ink::Coat);
    pen.ellipse([0.0, 0.7], [0.29, 0.3], Ink::Coat);
    pen.slab([-0.09, 0.0], [0.09, 0.1], 0.03, cap);
    gloss(pen);
}

/// Such as for oil.
fn square(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, label) = (cap(dice), label(pen));
    pen.slab([-0.06, 0.06], [0.06, 0.4], 0.0, Ink::Coat);
    pen.polygon(&[[-0.06, 0.26], [0.06, 0.26], [0.2, 0.38], [0.2, 1.0], [-0.2, 1.0], [-0.2, 0.38]], Ink::Coat);
    pen.slab([-0.08, 0.0], [0.08, 0.09], 0.0, cap);
    pen.slab([-0.15, 0.55], [0.15, 0.85], 0.02, label);
    gloss(pen);
}

fn of_beer(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, label, neck) = (cap(dice), label(pen), dice.shade(0.2, 0.3));
    pen.polygon(&[[-0.06, 0.03], [0.06, 0.03], [0.08, neck], [-0.08, neck]], Ink::Coat);
    pen.blob(
        &[
            [-0.08, neck - 0.06],
            [0.08, neck - 0.06],
            [0.19, neck + 0.2],
            [0.17, 1.04],
            [-0.17, 1.04],
            [-0.19, neck + 0.2],
        ],
        Ink::Coat,
    );
    pen.slab([-0.14, 0.8], [0.14, 0.998], 0.05, Ink::Coat);
    pen.slab([-0.075, 0.0], [0.075, 0.07], 0.02, cap);
    pen.ellipse([0.0, 0.64], [0.12, 0.12], label);
    gloss(pen);
}

fn for_sports(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let cap = cap(dice);
    let waist = dice.shade(0.46, 0.62);
    pen.slab([-0.045, 0.0], [0.045, 0.14], 0.03, cap);
    pen.slab([-0.16, 0.1], [0.16, 0.25], 0.06, cap);
    pen.slab([-0.19, 0.22], [0.19, waist], 0.06, Ink::Coat);
    pen.slab([-0.15, waist - 0.08], [0.15, waist + 0.1], 0.0, Ink::Shaded(0.7));
    pen.slab([-0.19, waist + 0.04], [0.19, 1.0], 0.06, Ink::Coat);
    gloss(pen);
}

fn with_spray(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, label) = (cap(dice), label(pen));
    pen.limb(&[[0.08, 0.16], [0.14, 0.3]], 0.045, cap);
    pen.polygon(&[[-0.14, 0.02], [0.16, 0.0], [0.25, 0.06], [0.16, 0.13], [-0.1, 0.16]], cap);
    pen.slab([-0.07, 0.12], [0.07, 0.34], 0.0, cap);
    pen.blob(
        &[
            [-0.06, 0.3],
            [0.06, 0.3],
            [0.14, 0.42],
            [0.24, 0.62],
            [0.24, 1.03],
            [-0.24, 1.03],
            [-0.24, 0.62],
            [-0.14, 0.42],
        ],
        Ink::Coat,
    );
    pen.slab([-0.2, 0.8], [0.2, 0.998], 0.06, Ink::Coat);
    pen.slab([-0.14, 0.64], [0.14, 0.84], 0.03, label);
    gloss(pen);
}

fn canister(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, label) = (cap(dice), label(pen));
    pen.limb(&[[0.14, 0.3], [0.26, 0.34], [0.26, 0.66], [0.16, 0.7]], 0.08, Ink::Shaded(0.85));
    pen.polygon(&[[-0.14, 0.08], [0.0, 0.08], [0.2, 0.34], [-0.3, 0.34]], Ink::Coat);
    pen.slab([-0.3, 0.28], [0.2, 1.0], 0.07, Ink::Coat);
    pen.slab([-0.17, 0.0], [0.03, 0.12], 0.02, cap);
    pen.slab([-0.24, 0.54], [0.1, 0.82], 0.02, label);
    gloss(pen);
}

/// As of ketchup.
fn squeezed(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, label) = (cap(dice), label(pen));
    pen.polygon(&[[-0.025, 0.0], [0.025, 0.0], [0.11, 0.22], [-0.11, 0.22]], cap);
    pen.slab([-0.14, 0.18], [0.14, 0.27], 0.02, cap);
    pen.blob(
        &[
            [-0.13, 0.22],
            [0.13, 0.22],
            [0.24, 0.42],
            [0.2, 0.7],
            [0.19, 1.03],
            [-0.19, 1.03],
            [-0.2, 0.7],
            [-0.24, 0.42],
        ],
        Ink::Coat,
    );
    pen.slab([-0.15, 0.86], [0.15, 0.998], 0.04, Ink::Coat);
    pen.ellipse([0.0, 0.58], [0.13, 0.15], label);
    gloss(pen);
}

/// Short, with a wide mouth.
fn of_milk(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, mouth) = (cap(dice), dice.shade(0.1, 0.14));
    pen.slab([-mouth, 0.06], [mouth, 0.4], 0.02, Ink::Coat);
    pen.blob(&[[-mouth, 0.18], [mouth, 0.18], [0.24, 0.46], [0.24, 1.04], [-0.24, 1.04], [-0.24, 0.46]], Ink::Coat);
    pen.slab([-0.22, 0.78], [0.22, 0.998], 0.05, Ink::Coat);
    pen.slab([-mouth - 0.02, 0.0], [mouth + 0.02, 0.1], 0.03, cap);
    pen.limb(&[[-0.12, 0.56], [-0.12, 0.88]], 0.03, Ink::Shaded(1.4));
}

/// Its cup on top.
fn thermos(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, band) = (cap(dice), pen.mark());
    let high = dice.shade(0.2, 0.28);
    pen.slab([-0.18, 0.2], [0.18, 1.0], 0.06, Ink::Coat);
    pen.polygon(&[[-0.12, 0.0], [0.12, 0.0], [0.16, high], [-0.16, high]], cap);
    pen.slab([-0.185, high], [0.185, high + 0.06], 0.0, band);
    pen.slab([-0.185, 0.9], [0.185, 0.96], 0.0, band);
    pen.limb(&[[0.17, 0.38], [0.2, 0.42], [0.2, 0.66], [0.17, 0.7]], 0.03, cap);
    gloss(pen);
}

/// Low, with a large stopper.
fn of_scent(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, label) = (cap(dice), label(pen));
    let shoulder = dice.shade(0.4, 0.46);
    pen.slab([-0.08, 0.22], [0.08, shoulder + 0.06], 0.0, Ink::Shaded(0.8));
    pen.polygon(&[[-0.13, 0.0], [0.13, 0.0], [0.17, 0.26], [-0.17, 0.26]], cap);
    pen.slab([-0.34, shoulder], [0.34, 1.0], 0.07, Ink::Coat);
    pen.slab([-0.18, 0.58], [0.18, 0.84], 0.02, label);
    gloss(pen);
}

/// As of lemonade, with grooves.
fn with_waist(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, waist) = (cap(dice), dice.shade(0.11, 0.14));
    pen.blob(
        &[
            [-0.05, 0.04],
            [0.05, 0.04],
            [0.07, 0.24],
            [0.18, 0.4],
            [waist, 0.62],
            [0.18, 0.84],
            [0.15, 1.04],
            [-0.15, 1.04],
            [-0.18, 0.84],
            [-waist, 0.62],
            [-0.18, 0.4],
            [-0.07, 0.24],
        ],
        Ink::Coat,
    );
    pen.slab([-0.13, 0.9], [0.13, 0.998], 0.03, Ink::Coat);
    pen.slab([-0.06, 0.0], [0.06, 0.07], 0.02, cap);
    for x in [-0.07, 0.0, 0.07] {
        pen.limb(&[[x, 0.46], [0.8 * x, 0.62], [x, 0.8]], 0.02, Ink::Shaded(0.65));
    }
}

/// Its lower half in a basket.
fn demijohn(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, mark, rim) = (cap(dice), pen.mark(), dice.shade(0.58, 0.68));
    pen.slab([-0.06, 0.04], [0.06, 0.34], 0.02, Ink::Coat);
    pen.blob(
        &[
            [-0.08, 0.14],
            [0.08, 0.14],
            [0.3, 0.42],
            [0.36, 0.74],
            [0.26, 1.04],
            [-0.26, 1.04],
            [-0.36, 0.74],
            [-0.3, 0.42],
        ],
        Ink::Coat,
    );
    pen.slab([-0.32, rim], [0.32, 0.998], 0.08, mark);
    for y in [rim + 0.1, rim + 0.2] {
        pen.limb(&[[-0.3, y], [0.3, y]], 0.025, Ink::Shaded(0.8));
    }
    pen.slab([-0.075, 0.0], [0.075, 0.08], 0.02, cap);
}

/// With a pointed spout.
fn of_ketchup(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (label, tip) = (label(pen), dice.shade(0.02, 0.04));
    pen.polygon(&[[-tip, 0.0], [tip, 0.0], [0.09, 0.2], [-0.09, 0.2]], Ink::Shaded(0.75));
    pen.slab([-0.12, 0.18], [0.12, 0.27], 0.02, Ink::Shaded(0.75));
    pen.polygon(&[[-0.12, 0.26], [0.12, 0.26], [0.18, 0.4], [0.16, 1.0], [-0.16, 1.0], [-0.18, 0.4]], Ink::Coat);
    pen.polygon(&[[-0.12, 0.54], [0.12, 0.5], [0.12, 0.78], [-0.12, 0.82]], label);
    gloss(pen);
}

/// With a teat, and lines to measure by.
fn for_babies(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (mark, ring) = (pen.mark(), cap(dice));
    pen.blob(
        &[[-0.03, 0.0], [0.03, 0.0], [0.05, 0.1], [0.1, 0.2], [-0.1, 0.2], [-0.05, 0.1]],
        Ink::Tone([0.85, 0.72, 0.5]),
    );
    pen.slab([-0.15, 0.17], [0.15, 0.29], 0.03, ring);
    pen.slab([-0.2, 0.27], [0.2, 1.0], 0.09, Ink::Coat);
    for line in 0..4 {
        let y = 0.42 + 0.13 * line as f32;
        pen.limb(&[[0.02, y], [if line % 2 == 0 { 0.16 } else { 0.1 }, y]], 0.025, mark);
    }
    gloss(pen);
}

/// Broad, its stopper of cork.
fn of_whisky(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (label, shoulder) = (label(pen), dice.shade(0.3, 0.36));
    pen.slab([-0.075, 0.1], [0.075, shoulder + 0.1], 0.01, Ink::Coat);
    pen.slab([-0.28, shoulder], [0.28, 1.0], 0.1, Ink::Coat);
    pen.slab([-0.06, 0.04], [0.06, 0.14], 0.01, Ink::Tone([0.72, 0.55, 0.36]));
    pen.slab([-0.1, 0.0], [0.1, 0.06], 0.02, Ink::Tone([0.3, 0.2, 0.14]));
    pen.polygon(&[[-0.2, 0.56], [0.2, 0.56], [0.2, 0.82], [-0.2, 0.82]], label);
    pen.ellipse([0.0, 0.69], [0.08, 0.08], Ink::Shaded(0.7));
}

/// Flat and round, on a strap.
fn canteen(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (cap, mark) = (cap(dice), pen.mark());
    let ring = dice.shade(0.2, 0.26);
    pen.limb(&[[-0.32, 0.5], [-0.28, 0.3], [-0.06, 0.2]], 0.04, mark);
    pen.limb(&[[0.32, 0.5], [0.28, 0.3], [0.06, 0.2]], 0.04, mark);
    pen.slab([-0.1, 0.08], [0.1, 0.4], 0.02, Ink::Coat);
    pen.ellipse([0.0, 0.64], [0.35, 0.36], Ink::Coat);
    pen.ellipse([0.0, 0.64], [ring, ring], mark);
    pen.ellipse([0.0, 0.64], [ring - 0.04, ring - 0.04], Ink::Coat);
    pen.slab([-0.12, 0.0], [0.12, 0.14], 0.03, cap);
}

/// As in a laboratory.
fn conical(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let (mark, neck) = (pen.mark(), dice.shade(0.26, 0.36));
    pen.slab([-0.075, 0.03], [0.075, neck + 0.06], 0.0, Ink::Coat);
    pen.polygon(&[[-0.075, neck], [0.075, neck], [0.25, 0.95], [0.22, 1.0], [-0.22, 1.0], [-0.25, 0.95]], Ink::Coat);
    pen.slab([-0.1, 0.0], [0.1, 0.06], 0.02, Ink::Shaded(0.75));
    pen.polygon(&[[-0.16, 0.72], [0.16, 0.72], [0.23, 0.94], [-0.23, 0.94]], mark);
    gloss(pen);
}
