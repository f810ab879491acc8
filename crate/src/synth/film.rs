//! A plot as pictures.

use tiny_skia::{Color, FillRule, IntRect, Paint, PathBuilder, Pixmap, PixmapPaint, Shader, Transform};

use super::camera::Camera;
use super::dice::{Dice, mix};
use super::draw::{self, Costume};
use super::plot::Plot;
use super::{Setup, ask, backdrop};
use crate::frame::Frame;

/// The pictures of a sample, each made when it is asked for.
#[derive(Debug)]
pub struct Film {
    pub(super) plot: Plot,
    setup: Setup,
    seed: u64,
    studio: Option<Studio>,
}

/// What is made once for all pictures.
#[derive(Debug)]
struct Studio {
    camera: Camera,
    costumes: Vec<Costume>,
    /// Each larger than a picture by a margin, made when first seen.
    backdrops: Vec<Option<Pixmap>>,
    margin: u32,
}

impl Film {
    pub(super) fn new(plot: Plot, setup: Setup, seed: u64) -> Self {
        Self { plot, setup, seed, studio: None }
    }

    /// The words for what each part of the picture of round `index` shows, as [`frame`](Self::frame) gives it and seen after
    /// the round before: `rows` by `columns` parts, row by row.
    pub fn words(&self, index: usize, [rows, columns]: [usize; 2]) -> Vec<Vec<&'static str>> {
        let time = |index: usize| self.setup.clock.start(index as u64);
        ask::parts(&self.plot, time(index), index.checked_sub(1).map(time), [rows, columns])
    }

    /// The picture at `index / fps` seconds after the film's start; the same whatever was asked for before.
    ///
    /// A film has no end: what is asked for after its last round shows what becomes of it. A side of 0 pixels is taken
    /// for 1; what no memory could hold is black.
    pub fn frame(&mut self, index: usize) -> Frame {
        let (width, height) = (self.setup.width.max(1), self.setup.height.max(1));
        let studio = self.studio.get_or_insert_with(|| Studio {
            camera: Camera::new(self.seed, width, height),
            costumes: self.plot.actors.iter().map(|actor| Costume::of(&actor.look)).collect(),
            backdrops: self.plot.scenes.iter().map(|_| None).collect(),
            margin: (Camera::SHAKE * height as f32).ceil() as u32 + 1,
        });
        let bytes = 3 * width as usize * height as usize;
        let rgb = studio.picture(&self.plot, &self.setup, self.seed, index).unwrap_or_else(|| vec![0; bytes]);
        match Frame::new(width, height, rgb) {
            Ok(frame) => frame,
            // A camera gives three bytes for every pixel of a canvas of these sides.
            Err(error) => unreachable!("a picture of another size than its canvas: {error:?}"),
        }
    }
}

impl Studio {
    fn picture(&mut self, plot: &Plot, setup: &Setup, seed: u64, index: usize) -> Option<Vec<u8>> {
        let time = setup.clock.start(index as u64);
        let (going, current, share) = plot.scenes_at(time);
        let mut canvas = self.scene(plot, setup, going.unwrap_or(current), time)?;
        if going.is_some() {
            let over = self.scene(plot, setup, current, time)?;
            lay(&mut canvas, &over, share as f32);
        }
        cover(&mut canvas, plot.cover.at(time) as f32, seed);
        Some(self.camera.take(&canvas, plot.light.at(time), time, index))
    }

    /// One place and who is there.
    fn scene(&mut self, plot: &Plot, setup: &Setup, scene: usize, time: f64) -> Option<Pixmap> {
        let (width, height, margin) = (setup.width.max(1), setup.height.max(1), self.margin);
        let backdrop = match &mut self.backdrops[scene] {
            Some(backdrop) => backdrop,
            empty => {
                let (wide, high) = (width + 2 * margin, height + 2 * margin);
                empty.insert(backdrop::paint(plot.scenes[scene].seed, setup.split, wide, high)?)
            }
        };
        // Whole pixels, for place and people alike.
        let shift = self.camera.shift(time).map(|part| (part * height as f32).round());
        let [left, top] = shift.map(|part| margin as i32 - part as i32);
        let mut canvas = backdrop.as_ref().clone_rect(IntRect::from_xywh(left, top, width, height)?)?;
        for (number, pose) in plot.cast_of(scene, time) {
            if pose.is_outside(plot.aspect) || pose.opacity <= 0.0 {
                continue;
            }
            let (actor, costume) = (&plot.actors[number], &self.costumes[number]);
            let smear = (pose.speed.abs() as f32 * self.camera.exposure() * height as f32).round() as usize;
            if pose.opacity >= 1.0 && smear < 2 {
                draw::draw(canvas.as_mut(), actor, costume, &pose, height as f32, shift);
            } else {
                let mut alone = Pixmap::new(width, height)?;
                draw::draw(alone.as_mut(), actor, costume, &pose, height as f32, shift);
                blur_along_rows(&mut alone, smear);
                lay(&mut canvas, &alone, pose.opacity as f32);
            }
        }
        Some(canvas)
    }
}

/// The mean of `length` pixels: what moved while the shutter was open.
fn blur_along_rows(picture: &mut Pixmap, length: usize) {
    let width = picture.width() as usize;
    let length = length.min(width);
    if length < 2 {
        return;
    }
    let (pixels, _) = picture.data_mut().as_chunks_mut::<4>();
    let mut before = vec![[0; 4]; width + length];
    for row in pixels.chunks_exact_mut(width) {
        before[length / 2..length / 2 + width].copy_from_slice(row);
        let mut sum = [0u32; 4];
        for (place, pixel) in row.iter_mut().enumerate() {
            // The first pixel has all of its window to add, every other one a pixel more and a pixel less.
            let entering = if place == 0 { 0..length } else { place + length - 1..place + length };
            for other in &before[entering] {
                sum = std::array::from_fn(|channel| sum[channel] + u32::from(other[channel]));
            }
            if place > 0 {
                let left = before[place - 1];
                sum = std::array::from_fn(|channel| sum[channel] - u32::from(left[channel]));
            }
            *pixel = sum.map(|total| (total / length as u32) as u8);
        }
        before.fill([0; 4]);
    }
}

fn lay(canvas: &mut Pixmap, over: &Pixmap, opacity: f32) {
    let paint = PixmapPaint { opacity, ..PixmapPaint::default() };
    canvas.draw_pixmap(0, 0, over.as_ref(), &paint, Transform::identity(), None);
}

/// A hand or a cloth over the lens, so far from one side.
fn cover(canvas: &mut Pixmap, share: f32, seed: u64) {
    if share <= 0.0 {
        return;
    }
    let mut dice = Dice::new(mix(seed, 9), 0);
    let tone = [dice.shade(0.02, 0.1), dice.shade(0.02, 0.06), dice.shade(0.02, 0.06)];
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    let bulge = 0.12 * height;
    // From the left; turned for other sides.
    let side = dice.index(3);
    let (far, wide) = if side == 2 { (height, width) } else { (width, height) };
    let edge = share * (far + 2.0 * bulge) - bulge;
    let mut path = PathBuilder::new();
    path.move_to(-1.0, -1.0);
    path.line_to(edge - bulge, -1.0);
    path.quad_to(edge + bulge, 0.3 * wide, edge, 0.55 * wide);
    path.quad_to(edge + bulge, 0.8 * wide, edge - bulge, wide + 1.0);
    path.line_to(-1.0, wide + 1.0);
    path.close();
    let place = match side {
        0 => Transform::identity(),
        1 => Transform::from_row(-1.0, 0.0, 0.0, 1.0, width, 0.0),
        _ => Transform::from_row(0.0, 1.0, 1.0, 0.0, 0.0, 0.0),
    };
    let [r, g, b] = tone.map(|channel| (255.0 * channel) as u8);
    let paint = Paint { shader: Shader::SolidColor(Color::from_rgba8(r, g, b, 255)), ..Paint::default() };
    if let Some(path) = path.finish() {
        canvas.fill_path(&path, &paint, FillRule::Winding, place, None);
    }
}
