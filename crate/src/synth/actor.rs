//! Who moves through the picture, and where each is at any time.
//!
//! Lengths are in heights of the picture: the picture is 1 high and `aspect` wide, from its upper left corner.

use super::thing::{Colour, Look};
use super::track::Track;

/// How far, in its own heights, an actor's top is shifted at most.
pub(super) const MOST_LEAN: f64 = 0.18;

/// A stretch of time in which an actor takes on a colour; it keeps it from then on.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Coat {
    pub start: f64,
    pub end: f64,
    pub colour: Colour,
    /// The very shade.
    pub shade: [f32; 3],
}

/// Somebody or something that can be seen for some time.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    pub look: Look,
    /// Width over height.
    pub ratio: f64,
    /// In which scene it is.
    pub scene: usize,
    /// The middle.
    pub x: Track,
    /// Where it stands.
    pub bottom: Track,
    pub height: Track,
    /// From 0, not there, to 1.
    pub opacity: Track,
    /// An arm, from 0, hanging, to 1, high.
    pub arm: Track,
    /// From 0, facing left, to 1, facing right.
    pub facing: Track,
    pub coats: Vec<Coat>,
    /// From when to when it may be in the picture.
    pub on_stage: (f64, f64),
    /// How much it sways at rest, and out of which phase.
    pub idle: (f64, f64),
    /// How high it hops when it moves.
    pub hop: f64,
}

/// An actor at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pose {
    pub x: f64,
    pub bottom: f64,
    pub height: f64,
    /// How far its top is shifted to the right, in its own heights.
    pub lean: f64,
    pub opacity: f64,
    pub arm: f64,
    /// Turns to the sides of the raised arm.
    pub swing: f64,
    pub faces_right: bool,
    /// Where its legs are in their stride, from -1 to 1; 0 standing.
    pub stride: f64,
    pub shade: [f32; 3],
    /// How fast it goes to the right, in heights of the picture a second.
    pub speed: f64,
    width: f64,
}

impl Actor {
    pub fn colour(&self, time: f64) -> Colour {
        let worn = self.coats.iter().rev().find(|coat| 0.5 * (coat.start + coat.end) <= time);
        // An actor has one coat at least, from the beginning of time.
        worn.unwrap_or(&self.coats[0]).colour
    }

    fn shade(&self, time: f64) -> [f32; 3] {
        let mut shade = self.coats[0].shade;
        for coat in self.coats.iter().filter(|coat| coat.start < time) {
            let part = if time >= coat.end { 1.0 } else { (time - coat.start) / (coat.end - coat.start) } as f32;
            for (channel, to) in shade.iter_mut().zip(coat.shade) {
                *channel += part * (to - *channel);
            }
        }
        shade
    }

    pub fn is_on_stage(&self, time: f64) -> bool {
        (self.on_stage.0..self.on_stage.1).contains(&time)
    }

    pub fn pose(&self, time: f64) -> Pose {
        let (sway, phase) = self.idle;
        let (x, height) = (self.x.at(time), self.height.at(time));
        let speed = self.x.speed(time);
        let pace = (speed.abs() / 0.25).min(1.0);
        let steps = time * 5.5 + phase;
        Pose {
            x: x + sway * (1.0 - pace) * (0.9 * time + phase).sin(),
            bottom: self.bottom.at(time) - self.hop * pace * steps.sin().abs(),
            height: height * (1.0 + 0.5 * sway * (1.3 * time + 2.0 * phase).sin()),
            lean: (0.32 * speed).clamp(-MOST_LEAN, MOST_LEAN),
            opacity: self.opacity.at(time),
            arm: self.arm.at(time),
            swing: (time * 9.0 + phase).sin(),
            faces_right: self.facing.at(time) > 0.5,
            stride: pace * steps.sin(),
            shade: self.shade(time),
            speed,
            width: self.ratio * height,
        }
    }
}

impl Pose {
    pub fn left(&self) -> f64 {
        self.x - 0.5 * self.width + (self.lean * self.height).min(0.0)
    }

    pub fn right(&self) -> f64 {
        self.x + 0.5 * self.width + (self.lean * self.height).max(0.0)
    }

    pub fn top(&self) -> f64 {
        self.bottom - self.height
    }

    /// Wholly inside a picture.
    pub fn is_inside(&self, aspect: f64) -> bool {
        self.left() >= 0.0 && self.right() <= aspect && self.top() >= 0.0
    }

    /// Wholly outside.
    pub fn is_outside(&self, aspect: f64) -> bool {
        self.right() <= 0.0 || self.left() >= aspect || self.bottom <= 0.0
    }

    /// The share of it that another one before it hides.
    pub fn hidden_by(&self, other: &Pose) -> f64 {
        let wide = self.right().min(other.right()) - self.left().max(other.left());
        let high = self.bottom.min(other.bottom) - self.top().max(other.top());
        (wide / (self.right() - self.left())).clamp(0.0, 1.0) * (high / self.height).clamp(0.0, 1.0) * other.opacity
    }

    /// The share of it that is in the picture.
    pub fn seen(&self, aspect: f64) -> f64 {
        let wide = self.right().min(aspect) - self.left().max(0.0);
        let high = self.bottom.min(1.0) - self.top().max(0.0);
        (wide / (self.right() - self.left())).clamp(0.0, 1.0) * (high / self.height).clamp(0.0, 1.0)
    }
}
