//! Persons, whose clothes have the coat's colour: whole figures, and head and shoulders as before a webcam.

mod bust;
mod figure;

use super::{Design, Dice, Ink, Pen, Pose, dull, skin};

pub(super) const DESIGNS: &[Design] = &[
    Design::training(0.44, figure::in_a_shirt).with_share(1.5),
    Design::training(0.46, figure::in_a_dress),
    Design::training(0.92, bust::at_a_desk).cut_off().with_share(2.0),
    Design::held_out(0.46, figure::in_a_pullover),
    Design::held_out(0.9, bust::in_a_cap).cut_off(),
    Design::training(0.52, figure::child),
    Design::training(0.46, figure::hooded),
    Design::training(0.46, figure::in_a_jacket),
    Design::training(0.42, figure::from_the_side),
    Design::training(0.86, bust::near).cut_off().with_share(1.5),
    Design::training(0.94, bust::bearded).cut_off().with_share(1.5),
    Design::training(0.92, bust::with_headphones).cut_off().with_share(1.5),
];

/// What a person is painted with beside the coat.
#[derive(Clone, Copy)]
struct Inks {
    skin: Ink,
    hair: Ink,
    legs: Ink,
}

impl Inks {
    fn any(dice: &mut Dice) -> Self {
        Self { skin: Ink::Tone(skin(dice)), hair: Ink::Tone(dull(dice)), legs: Ink::Tone(dull(dice)) }
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

/// The raised arm, and how far its hand swings.
fn waved(pose: &Pose) -> (f32, f32) {
    (pose.arm as f32, pose.swing as f32 * pose.arm as f32)
}
