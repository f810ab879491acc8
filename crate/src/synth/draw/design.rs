//! How a kind may look: several designs each, some of which are only for what is held out.

use super::{Dice, Pen, Pose, ball, bird, bottle, car, carton, cup, dog, person};
use crate::synth::Split;
use crate::synth::thing::Kind;

/// One way to look of a kind.
#[derive(Debug, Clone, Copy)]
pub(in crate::synth) struct Design {
    /// Width over height.
    pub ratio: f64,
    /// What it is for.
    pub split: Split,
    /// How often it is chosen, beside the others for the same.
    pub share: f64,
    /// Whether only the upper part is drawn, so that it belongs at the picture's lower edge.
    pub cut_off: bool,
    /// Whether it is a circle, which nothing may make wider.
    pub round: bool,
    /// Draws it, in lengths of its height.
    pub draw: fn(&mut Pen, &Pose, &mut Dice),
}

impl Design {
    pub const fn training(ratio: f64, draw: fn(&mut Pen, &Pose, &mut Dice)) -> Self {
        Self { ratio, split: Split::Train, share: 1.0, cut_off: false, round: false, draw }
    }

    pub const fn held_out(ratio: f64, draw: fn(&mut Pen, &Pose, &mut Dice)) -> Self {
        Self { split: Split::HeldOut, ..Self::training(ratio, draw) }
    }

    pub const fn with_share(self, share: f64) -> Self {
        Self { share, ..self }
    }

    pub const fn cut_off(self) -> Self {
        Self { cut_off: true, ..self }
    }

    pub const fn round(self) -> Self {
        Self { round: true, ..self }
    }
}

/// All designs of a kind.
pub(in crate::synth) fn of(kind: Kind) -> &'static [Design] {
    match kind {
        Kind::Person => person::DESIGNS,
        Kind::Ball => ball::DESIGNS,
        Kind::Box => carton::DESIGNS,
        Kind::Bottle => bottle::DESIGNS,
        Kind::Car => car::DESIGNS,
        Kind::Dog => dog::DESIGNS,
        Kind::Bird => bird::DESIGNS,
        Kind::Cup => cup::DESIGNS,
    }
}
