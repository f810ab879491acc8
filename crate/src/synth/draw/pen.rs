//! Paths in an actor's own lengths, filled with its coat or another tone.

use tiny_skia::{
    Color, FillRule, FilterQuality, GradientStop, LineCap, LineJoin, LinearGradient, Paint, Path, PathBuilder, Pattern,
    Pixmap, PixmapMut, Point, Shader, SpreadMode, Stroke, Transform,
};

use super::Warp;

pub(super) const WHITE: Ink = Ink::Tone([0.93, 0.92, 0.9]);
pub(super) const DARK: Ink = Ink::Tone([0.12, 0.11, 0.11]);
pub(super) const NOSE: Ink = Ink::Tone([0.07, 0.06, 0.06]);

/// What a part is painted with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ink {
    /// The colour by which the actor is called.
    Coat,
    /// The same, so much darker or, above 1, lighter.
    Shaded(f32),
    /// Another tone.
    Tone([f32; 3]),
}

/// Draws one actor. Lengths are its heights: from 0 at the top to 1 at the bottom, and 0 in the middle of its width.
pub(super) struct Pen<'a> {
    pub canvas: PixmapMut<'a>,
    pub place: Transform,
    pub coat: [f32; 3],
    /// How much darker it is where no light falls, from 0.
    pub contrast: f32,
    /// The side that the light comes from: 1 for the left, -1 for the right.
    pub lit: f32,
    /// A pattern over the coat.
    pub pattern: Option<&'a Pixmap>,
    /// How wide an outline is; none where 0.
    pub outline: f32,
    /// Half the actor's width, for shading.
    pub half_width: f32,
    /// How its proportions differ from the design's.
    pub warp: Option<Warp>,
}

fn colour([r, g, b]: [f32; 3]) -> Color {
    let [r, g, b] = [r, g, b].map(|channel| (channel.clamp(0.0, 1.0) * 255.0).round() as u8);
    Color::from_rgba8(r, g, b, 255)
}

impl Pen<'_> {
    fn tone(&self, ink: Ink) -> [f32; 3] {
        match ink {
            Ink::Coat => self.coat,
            Ink::Shaded(factor) if factor > 1.0 => self.coat.map(|channel| channel + (factor - 1.0) * (1.0 - channel)),
            Ink::Shaded(factor) => self.coat.map(|channel| channel * factor),
            Ink::Tone(tone) => tone,
        }
    }

    fn shader(&self, ink: Ink) -> Shader<'static> {
        let tone = self.tone(ink);
        let change =
            |by: f32| tone.map(|channel| if by > 0.0 { channel + by * (1.08 - channel) } else { channel * (1.0 + by) });
        let (light, dark) = (change(0.45 * self.contrast), change(-self.contrast));
        // Light comes from above, and from one side.
        let (from, to) =
            (Point::from_xy(-self.lit * self.half_width, 0.1), Point::from_xy(self.lit * self.half_width, 0.9));
        let stops = vec![GradientStop::new(0.0, colour(light)), GradientStop::new(1.0, colour(dark))];
        LinearGradient::new(from, to, stops, SpreadMode::Pad, Transform::identity())
            .unwrap_or(Shader::SolidColor(colour(tone)))
    }

    fn bent(&self, path: Option<Path>) -> Option<Path> {
        match self.warp {
            Some(warp) => warp.bend(&path?),
            None => path,
        }
    }

    fn fill(&mut self, path: Option<Path>, ink: Ink) {
        // A path that holds nothing, or is not finite, shows nothing.
        let Some(path) = self.bent(path) else { return };
        let paint = Paint { shader: self.shader(ink), ..Paint::default() };
        self.canvas.fill_path(&path, &paint, FillRule::Winding, self.place, None);
        if let (Some(pattern), Ink::Coat) = (self.pattern, ink) {
            let scale = 0.22 / pattern.width() as f32;
            let paint = Paint {
                shader: Pattern::new(
                    pattern.as_ref(),
                    SpreadMode::Repeat,
                    FilterQuality::Bilinear,
                    1.0,
                    Transform::from_scale(scale, scale),
                ),
                ..Paint::default()
            };
            self.canvas.fill_path(&path, &paint, FillRule::Winding, self.place, None);
        }
        if self.outline > 0.0 {
            let dark = self.tone(ink).map(|channel| 0.25 * channel);
            let paint = Paint { shader: Shader::SolidColor(colour(dark)), ..Paint::default() };
            let stroke = Stroke { width: self.outline, line_join: LineJoin::Round, ..Stroke::default() };
            self.canvas.stroke_path(&path, &paint, &stroke, self.place, None);
        }
    }

    pub fn ellipse(&mut self, [x, y]: [f32; 2], [rx, ry]: [f32; 2], ink: Ink) {
        let oval = tiny_skia::Rect::from_ltrb(x - rx, y - ry, x + rx, y + ry);
        self.fill(oval.and_then(PathBuilder::from_oval), ink);
    }

    pub fn polygon(&mut self, points: &[[f32; 2]], ink: Ink) {
        let mut path = PathBuilder::new();
        for (number, &[x, y]) in points.iter().enumerate() {
            if number == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        path.close();
        self.fill(path.finish(), ink);
    }

    /// A closed curve that passes midway between the points, each of which pulls it.
    pub fn blob(&mut self, points: &[[f32; 2]], ink: Ink) {
        let (Some(&last), Some(&first)) = (points.last(), points.first()) else { return };
        let middle = |a: [f32; 2], b: [f32; 2]| [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])];
        let mut path = PathBuilder::new();
        let [x, y] = middle(last, first);
        path.move_to(x, y);
        for (number, &[cx, cy]) in points.iter().enumerate() {
            let [x, y] = middle([cx, cy], *points.get(number + 1).unwrap_or(&first));
            path.quad_to(cx, cy, x, y);
        }
        path.close();
        self.fill(path.finish(), ink);
    }

    /// A rectangle from corner to corner, its corners rounded by `round`.
    pub fn slab(&mut self, [left, top]: [f32; 2], [right, bottom]: [f32; 2], round: f32, ink: Ink) {
        let r = round.min(0.5 * (right - left)).min(0.5 * (bottom - top)).max(0.0);
        let mut path = PathBuilder::new();
        path.move_to(left + r, top);
        path.line_to(right - r, top);
        path.quad_to(right, top, right, top + r);
        path.line_to(right, bottom - r);
        path.quad_to(right, bottom, right - r, bottom);
        path.line_to(left + r, bottom);
        path.quad_to(left, bottom, left, bottom - r);
        path.line_to(left, top + r);
        path.quad_to(left, top, left + r, top);
        path.close();
        self.fill(path.finish(), ink);
    }

    /// A round line through points.
    pub fn limb(&mut self, points: &[[f32; 2]], width: f32, ink: Ink) {
        let mut path = PathBuilder::new();
        for (number, &[x, y]) in points.iter().enumerate() {
            if number == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
        }
        let Some(path) = self.bent(path.finish()) else { return };
        let stroke = Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        if self.outline > 0.0 {
            let dark = self.tone(ink).map(|channel| 0.25 * channel);
            let paint = Paint { shader: Shader::SolidColor(colour(dark)), ..Paint::default() };
            let around = Stroke { width: width + self.outline, ..stroke.clone() };
            self.canvas.stroke_path(&path, &paint, &around, self.place, None);
        }
        let paint = Paint { shader: self.shader(ink), ..Paint::default() };
        self.canvas.stroke_path(&path, &paint, &stroke, self.place, None);
    }
}

impl Pen<'_> {
    /// What marks a coat without taking its colour away.
    pub fn mark(&self) -> Ink {
        let light = self.coat.iter().sum::<f32>() / 3.0;
        if light > 0.55 { Ink::Shaded(0.55) } else { Ink::Shaded(1.45) }
    }

    /// Of an animal.
    pub fn eye(&mut self, at: [f32; 2], radius: f32) {
        self.ellipse(at, [radius, radius], Ink::Tone([0.95, 0.94, 0.9]));
        self.ellipse(at, [0.55 * radius, 0.6 * radius], NOSE);
    }

    /// A soft shadow on what it stands on.
    pub fn shadow(&mut self, strength: f32) {
        for (wide, share) in [(1.15, 0.35), (1.0, 0.35), (0.8, 0.3)] {
            let (rx, ry) = (self.half_width * wide, 0.045 * wide);
            let oval = tiny_skia::Rect::from_ltrb(-rx, 0.985 - ry, rx, 0.985 + ry);
            let Some(path) = oval.and_then(PathBuilder::from_oval) else { return };
            let alpha = (255.0 * strength * share) as u8;
            let paint = Paint { shader: Shader::SolidColor(Color::from_rgba8(0, 0, 0, alpha)), ..Paint::default() };
            self.canvas.fill_path(&path, &paint, FillRule::Winding, self.place, None);
        }
    }
}
