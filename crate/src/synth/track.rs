//! A number that changes over time, in moves.

/// How a move gathers and loses speed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ease {
    Even,
    /// Slow at both ends.
    Smooth,
    /// Slow at the end.
    Out,
    /// Slow at the beginning.
    In,
}

impl Ease {
    fn at(self, part: f64) -> f64 {
        match self {
            Ease::Even => part,
            Ease::Smooth => part * part * (3.0 - 2.0 * part),
            Ease::Out => 1.0 - (1.0 - part).powi(2),
            Ease::In => part * part,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Move {
    start: f64,
    end: f64,
    from: f64,
    to: f64,
    ease: Ease,
}

/// A number over time. Moves are added in the order of their starts; a later one takes over from one that is not over.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Track {
    initial: f64,
    moves: Vec<Move>,
}

impl Track {
    pub fn new(initial: f64) -> Self {
        Self { initial, moves: Vec::new() }
    }

    /// From where it is at `start` to `to` at `end`.
    pub fn go(&mut self, start: f64, end: f64, to: f64, ease: Ease) {
        self.moves.push(Move { start, end, from: self.at(start), to, ease });
    }

    pub fn set(&mut self, at: f64, to: f64) {
        self.go(at, at, to, Ease::Even);
    }

    pub fn at(&self, time: f64) -> f64 {
        match self.moves.iter().rev().find(|step| step.start <= time) {
            None => self.initial,
            Some(step) if time >= step.end => step.to,
            Some(step) => {
                let part = (time - step.start) / (step.end - step.start);
                step.from + (step.to - step.from) * step.ease.at(part)
            }
        }
    }

    /// Change a second.
    pub fn speed(&self, time: f64) -> f64 {
        const STEP: f64 = 0.02;
        (self.at(time + STEP) - self.at(time - STEP)) / (2.0 * STEP)
    }
}

/// The first time from `from` to `to` at which `reached` holds, if any; exact to a ten-thousandth of a second where it
/// holds from then on.
pub(super) fn first_time(from: f64, to: f64, reached: impl Fn(f64) -> bool) -> Option<f64> {
    const STEP: f64 = 0.02;
    let steps = ((to - from) / STEP).ceil().max(0.0) as usize;
    let found = (0..=steps).map(|step| (from + step as f64 * STEP).min(to)).find(|&time| reached(time))?;
    let (mut before, mut after) = ((found - STEP).max(from), found);
    for _ in 0..8 {
        let middle = 0.5 * (before + after);
        if reached(middle) { after = middle } else { before = middle }
    }
    Some(after)
}
