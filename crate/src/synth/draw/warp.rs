//! Proportions that differ from one actor to the next: a smooth map of a design's lengths.

use tiny_skia::{Path, PathBuilder, PathSegment, Point};

use super::Dice;

/// Moves points so that parts become longer or shorter and the whole slimmer at one end; what stands on the ground still
/// does, and nothing is wider or higher than it was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Warp {
    /// Half the width of what is drawn.
    half: f32,
    /// How much of the height goes from the lower half to the upper one.
    up: f32,
    /// How much of the width goes from behind to before.
    fore: f32,
    /// How much slimmer it is at the top, or, below 0, at the bottom.
    taper: f32,
    /// How far the middle is bent forwards.
    bow: f32,
}

impl Warp {
    pub fn any(half: f32, dice: &mut Dice) -> Self {
        Self {
            half,
            up: dice.shade(-0.25, 0.25),
            fore: dice.shade(-0.28, 0.28),
            taper: dice.shade(-0.26, 0.26),
            bow: dice.shade(-0.1, 0.1),
        }
    }

    fn point(&self, Point { x, y }: Point) -> Point {
        // 1 in the middle, 0 at the edges; points beyond them stay.
        let arch = |part: f32| (1.0 - part * part).max(0.0);
        let (across, down) = (x / self.half, 2.0 * y - 1.0);
        let slim = 1.0 - self.taper.abs() + self.taper * down;
        let moved = across + self.fore * arch(across);
        let bent = self.bow * arch(down) * arch(moved * slim);
        Point::from_xy(self.half * (moved * slim + bent), y + 0.5 * self.up * arch(down))
    }

    /// `path` as it is drawn.
    pub fn bend(&self, path: &Path) -> Option<Path> {
        let mut bent = PathBuilder::new();
        for segment in path.segments() {
            match segment {
                PathSegment::MoveTo(to) => {
                    let to = self.point(to);
                    bent.move_to(to.x, to.y);
                }
                PathSegment::LineTo(to) => {
                    let to = self.point(to);
                    bent.line_to(to.x, to.y);
                }
                PathSegment::QuadTo(by, to) => {
                    let [by, to] = [by, to].map(|point| self.point(point));
                    bent.quad_to(by.x, by.y, to.x, to.y);
                }
                PathSegment::CubicTo(first, second, to) => {
                    let [first, second, to] = [first, second, to].map(|point| self.point(point));
                    bent.cubic_to(first.x, first.y, second.x, second.y, to.x, to.y);
                }
                PathSegment::Close => bent.close(),
            }
        }
        bent.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_its_box_nor_turns_over() {
        for seed in 0..300 {
            let mut dice = Dice::new(seed, 0);
            let half = dice.shade(0.2, 1.0);
            let warp = Warp::any(half, &mut dice);
            let at = |x: f32, y: f32| warp.point(Point::from_xy(half * x, y));
            for _ in 0..50 {
                let (x, y) = (dice.shade(-1.0, 1.0), dice.shade(0.0, 1.0));
                let here = at(x, y);
                assert!(here.x.abs() <= half * 1.000_001 && (0.0..=1.0).contains(&here.y), "{warp:?}");
                assert!(at(x + 0.01, y).x > here.x && at(x, y + 0.01).y > here.y, "{warp:?}");
                assert_eq!((at(x, 0.0).y, at(x, 1.0).y), (0.0, 1.0));
            }
        }
    }
}
