//! What can be seen: kinds, colours, sides.

use super::dice::Dice;

/// What an actor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Person,
    Ball,
    Box,
    Bottle,
    Car,
    Dog,
    Bird,
    Cup,
}

impl Kind {
    pub const ALL: [Kind; 8] =
        [Kind::Person, Kind::Ball, Kind::Box, Kind::Bottle, Kind::Car, Kind::Dog, Kind::Bird, Kind::Cup];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Person => "person",
            Kind::Ball => "ball",
            Kind::Box => "box",
            Kind::Bottle => "bottle",
            Kind::Car => "car",
            Kind::Dog => "dog",
            Kind::Bird => "bird",
            Kind::Cup => "cup",
        }
    }

    pub fn plural(self) -> &'static str {
        match self {
            Kind::Person => "persons",
            Kind::Ball => "balls",
            Kind::Box => "boxes",
            Kind::Bottle => "bottles",
            Kind::Car => "cars",
            Kind::Dog => "dogs",
            Kind::Bird => "birds",
            Kind::Cup => "cups",
        }
    }

    /// Whether it may come from above.
    pub fn flies(self) -> bool {
        matches!(self, Kind::Ball | Kind::Bird)
    }
}

/// The colour by which an actor is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Colour {
    Red,
    Yellow,
    Green,
    Blue,
    Purple,
    White,
    Black,
}

impl Colour {
    pub const ALL: [Colour; 7] =
        [Colour::Red, Colour::Yellow, Colour::Green, Colour::Blue, Colour::Purple, Colour::White, Colour::Black];

    pub fn name(self) -> &'static str {
        match self {
            Colour::Red => "red",
            Colour::Yellow => "yellow",
            Colour::Green => "green",
            Colour::Blue => "blue",
            Colour::Purple => "purple",
            Colour::White => "white",
            Colour::Black => "black",
        }
    }

    /// One shade of it, red, green and blue from 0 to 1. The regions keep a distance, so that a camera's drift turns none
    /// into another.
    pub fn shade(self, dice: &mut Dice) -> [f32; 3] {
        let (hue, saturation, value) = match self {
            Colour::Red => ([-6.0, 6.0], [0.78, 0.96], [0.62, 0.92]),
            Colour::Yellow => ([49.0, 58.0], [0.75, 0.96], [0.86, 1.0]),
            Colour::Green => ([108.0, 142.0], [0.55, 0.9], [0.42, 0.76]),
            Colour::Blue => ([209.0, 228.0], [0.68, 0.95], [0.58, 0.95]),
            Colour::Purple => ([277.0, 296.0], [0.5, 0.82], [0.5, 0.82]),
            Colour::White => ([0.0, 360.0], [0.0, 0.05], [0.92, 1.0]),
            Colour::Black => ([0.0, 360.0], [0.0, 0.18], [0.06, 0.15]),
        };
        let mut within = |[from, to]: [f32; 2]| dice.shade(from, to);
        hsv(within(hue), within(saturation), within(value))
    }
}

/// Hue in degrees, the others from 0 to 1.
pub(super) fn hsv(hue: f32, saturation: f32, value: f32) -> [f32; 3] {
    [5.0, 3.0, 1.0].map(|offset| {
        let k = (offset + hue / 60.0).rem_euclid(6.0);
        value - value * saturation * k.min(4.0 - k).clamp(0.0, 1.0)
    })
}

/// Where something comes from or goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Side {
    Left,
    Right,
    Top,
}

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Side::Left => "left",
            Side::Right => "right",
            Side::Top => "top",
        }
    }

    pub fn opposite(self) -> Side {
        match self {
            Side::Left => Side::Right,
            Side::Right => Side::Left,
            Side::Top => Side::Top,
        }
    }
}

/// How an actor looks, for good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    pub kind: Kind,
    /// Which of the kind's silhouettes.
    pub design: usize,
    /// What its proportions and tones are drawn from.
    pub seed: u64,
}
