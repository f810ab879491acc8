//! Balls, which roll as far as they go.

use super::{Design, Dice, Ink, Pen, Pose};

pub(super) const DESIGNS: &[Design] = &[
    Design::training(1.0, plain).round(),
    Design::training(1.0, spotted).round(),
    Design::training(1.0, wedged).round(),
    Design::held_out(1.0, seamed).round(),
    Design::held_out(1.0, banded).round(),
    Design::training(1.0, ringed).round(),
    Design::training(1.0, halved).round(),
    Design::training(1.0, starred).round(),
    Design::training(1.0, patched).round(),
    Design::training(1.0, swirled).round(),
    Design::training(1.0, dotted).round(),
    Design::training(1.0, striped).round(),
    Design::training(1.0, smiling).round(),
    Design::training(1.0, numbered).round(),
    Design::training(1.0, netted).round(),
    Design::training(1.0, curved).round(),
];

/// Points of the ball: so far around, so far out, turned as it has rolled.
fn rolled(pose: &Pose) -> impl Fn(f32, f32) -> [f32; 2] {
    let turn = (pose.x / (0.5 * pose.height)) as f32 * if pose.faces_right { 1.0 } else { -1.0 };
    move |angle, far| [far * (turn + angle).cos(), 0.5 + far * (turn + angle).sin()]
}

fn round(pen: &mut Pen) -> Ink {
    pen.ellipse([0.0, 0.5], [0.5, 0.5], Ink::Coat);
    pen.mark()
}

fn gloss(pen: &mut Pen, dice: &mut Dice) {
    pen.outline = 0.0;
    pen.ellipse([-0.17, 0.3], [0.11, 0.08], Ink::Shaded(dice.shade(1.4, 1.75)));
}

fn plain(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    round(pen);
    gloss(pen, dice);
}

fn spotted(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    for spot in 0..5 {
        pen.ellipse(at(spot as f32 * 1.257, 0.28), [0.085, 0.085], mark);
    }
    gloss(pen, dice);
}

fn wedged(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    for wedge in 0..3 {
        let from = wedge as f32 * 2.094;
        pen.polygon(&[[0.0, 0.5], at(from, 0.46), at(from + 0.4, 0.47), at(from + 0.8, 0.46)], mark);
    }
    gloss(pen, dice);
}

fn seamed(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    pen.limb(&[at(0.0, 0.46), at(std::f32::consts::PI, 0.46)], 0.035, mark);
    pen.limb(&[at(1.57, 0.46), at(-1.57, 0.46)], 0.035, mark);
    gloss(pen, dice);
}

fn banded(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    pen.polygon(&[at(-0.3, 0.48), at(0.3, 0.48), at(2.84, 0.48), at(3.44, 0.48)], mark);
    gloss(pen, dice);
}

fn ringed(pen: &mut Pen, _: &Pose, dice: &mut Dice) {
    let mark = round(pen);
    pen.ellipse([0.0, 0.5], [0.33, 0.33], mark);
    pen.ellipse([0.0, 0.5], [0.2, 0.2], Ink::Coat);
    gloss(pen, dice);
}

fn halved(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    let half: Vec<_> = (0..=8).map(|step| at(step as f32 * std::f32::consts::PI / 8.0, 0.48)).collect();
    pen.polygon(&half, mark);
    gloss(pen, dice);
}

fn starred(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    let star: Vec<_> = (0..10).map(|tip| at(tip as f32 * 0.628, if tip % 2 == 0 { 0.38 } else { 0.17 })).collect();
    pen.polygon(&star, mark);
    gloss(pen, dice);
}

/// As a football.
fn patched(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    let patch: Vec<_> = (0..5).map(|corner| at(corner as f32 * 1.257, 0.17)).collect();
    pen.polygon(&patch, mark);
    for corner in 0..5 {
        let angle = corner as f32 * 1.257;
        pen.limb(&[at(angle, 0.17), at(angle, 0.34)], 0.025, mark);
        pen.polygon(&[at(angle, 0.33), at(angle + 0.32, 0.46), at(angle, 0.485), at(angle - 0.32, 0.46)], mark);
    }
    gloss(pen, dice);
}

fn swirled(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    for arm in 0..3 {
        let from = arm as f32 * 2.094;
        let arc: Vec<_> = (0..6).map(|step| at(from + 0.3 * step as f32, 0.09 * step as f32)).collect();
        pen.limb(&arc, 0.08, mark);
    }
    gloss(pen, dice);
}

/// All over, as on a golf ball.
fn dotted(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    for (count, far) in [(5, 0.17), (10, 0.36)] {
        for dot in 0..count {
            pen.ellipse(at(dot as f32 * std::f32::consts::TAU / count as f32, far), [0.04, 0.04], mark);
        }
    }
    gloss(pen, dice);
}

fn striped(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    for angle in [0.5, 1.05, 1.57, 2.09, 2.64] {
        pen.limb(&[at(angle, 0.44), at(-angle, 0.44)], 0.05, mark);
    }
    gloss(pen, dice);
}

/// With a face, which rolls along.
fn smiling(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    for angle in [-2.2, -0.94] {
        pen.ellipse(at(angle, 0.22), [0.06, 0.06], mark);
    }
    let mouth: Vec<_> = (0..=6).map(|step| at(0.5 + 0.357 * step as f32, 0.27)).collect();
    pen.limb(&mouth, 0.05, mark);
    gloss(pen, dice);
}

/// As in billiards.
fn numbered(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    let far = dice.shade(0.0, 0.2);
    pen.ellipse(at(0.0, far), [0.2, 0.2], mark);
    let [x, y] = at(0.0, far);
    pen.limb(&[[x, y - 0.1], [x, y + 0.1]], 0.045, Ink::Coat);
    gloss(pen, dice);
}

fn netted(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    for offset in [-0.8, 0.0, 0.8] {
        pen.limb(&[at(0.78 + offset, 0.47), at(2.36 + std::f32::consts::FRAC_PI_2 - offset, 0.47)], 0.028, mark);
        pen.limb(&[at(-0.78 - offset, 0.47), at(2.36 + offset, 0.47)], 0.028, mark);
    }
    gloss(pen, dice);
}

/// As for tennis.
fn curved(pen: &mut Pen, pose: &Pose, dice: &mut Dice) {
    let (mark, at) = (round(pen), rolled(pose));
    for side in [0.0, std::f32::consts::PI] {
        pen.limb(
            &[at(side - 0.8, 0.48), at(side - 0.5, 0.3), at(side, 0.2), at(side + 0.5, 0.3), at(side + 0.8, 0.48)],
            0.05,
            mark,
        );
    }
    gloss(pen, dice);
}
