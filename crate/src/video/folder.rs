//! A folder of images, or one image: image `i`, in the order a person would count them, is round `i`.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use image::{DynamicImage, ImageDecoder, ImageReader};

use super::{FrameSource, TimedFrame, VideoError};
use crate::frame::{Frame, FrameError};

const EXTENSIONS: [&str; 5] = ["png", "jpg", "jpeg", "webp", "bmp"];

/// Whether the name is an image's. What is hidden is not meant to be seen (macOS leaves `._frame1.png` about).
pub fn is_image(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    !hidden && extension.is_some_and(|extension| EXTENSIONS.contains(&extension.as_str()))
}

/// Images, one a round, whatever the frames a second: who cut them has chosen already.
///
/// They are turned upright as EXIF says, and what is transparent becomes white.
#[derive(Debug)]
pub struct Images {
    description: String,
    total: u64,
    next_round: u64,
    remaining: VecDeque<PathBuf>,
}

impl Images {
    /// The images (png, jpg, jpeg, webp, bmp) directly inside the folder at `path`, `frame2` before
    /// `frame10`; or the one image at `path`.
    ///
    /// # Errors
    /// [`VideoError::NotFound`], [`VideoError::NoImages`], or what the system says of the folder.
    pub fn open(path: &Path) -> Result<Self, VideoError> {
        let found = if path.is_dir() {
            images_inside(path).map_err(|source| VideoError::Io { what: path.display().to_string(), source })?
        } else if path.exists() {
            vec![path.to_owned()]
        } else {
            return Err(VideoError::NotFound { path: path.to_owned() });
        };
        let description = match found.len() {
            0 => return Err(VideoError::NoImages { folder: path.to_owned() }),
            1 => format!("1 image of {}", path.display()),
            many => format!("{many} images of {}", path.display()),
        };
        Ok(Self { description, total: found.len() as u64, next_round: 0, remaining: found.into() })
    }
}

impl FrameSource for Images {
    /// An unreadable image is an error that names it, and the end: later rounds would stand in wrong seconds.
    fn next_frame(&mut self) -> Result<Option<TimedFrame>, VideoError> {
        let Some(path) = self.remaining.pop_front() else { return Ok(None) };
        match decode(&path) {
            Ok(frame) => {
                let round = self.next_round;
                self.next_round += 1;
                Ok(Some(TimedFrame { round, frame }))
            }
            Err(source) => {
                self.remaining.clear();
                Err(VideoError::Image { path, source })
            }
        }
    }

    fn rounds(&self) -> Option<u64> {
        Some(self.total)
    }

    fn describe(&self) -> String {
        self.description.clone()
    }
}

fn images_inside(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        if is_image(&path) && path.is_file() {
            found.push(path);
        }
    }
    found.sort_by(|a, b| {
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        natural_order(&name(a), &name(b))
    });
    Ok(found)
}

/// Numbers inside names compare as numbers: `frame2` stands before `frame10`.
fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a, b);
    while let (Some(l), Some(r)) = (left.chars().next(), right.chars().next()) {
        let order = if l.is_ascii_digit() && r.is_ascii_digit() {
            let (digits_l, digits_r) = (take_digits(&mut left), take_digits(&mut right));
            // Without leading zeros the longer number is the larger; of any length, so never parsed.
            digits_l.len().cmp(&digits_r.len()).then(digits_l.cmp(digits_r))
        } else {
            (left, right) = (&left[l.len_utf8()..], &right[r.len_utf8()..]);
            l.cmp(&r)
        };
        if order.is_ne() {
            return order;
        }
    }
    // Equal up to leading zeros: the shorter rest first, then by bytes, so that the order is total.
    left.len().cmp(&right.len()).then(a.cmp(b))
}

/// Cuts the digits off the front of `text`; gives them without leading zeros.
fn take_digits<'a>(text: &mut &'a str) -> &'a str {
    let (digits, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    *text = rest;
    digits.trim_start_matches('0')
}

fn decode(path: &Path) -> image::ImageResult<Frame> {
    // By content, not by name: a JPEG that is called .png is still a picture.
    let mut decoder = ImageReader::open(path)?.with_guessed_format()?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let mut image = DynamicImage::from_decoder(decoder)?;
    image.apply_orientation(orientation);
    to_frame(image).map_err(|error| std::io::Error::other(error).into())
}

fn to_frame(image: DynamicImage) -> Result<Frame, FrameError> {
    let (width, height) = (image.width(), image.height());
    if image.color().has_alpha() {
        Frame::from_rgba(width, height, image.into_rgba8().into_raw())
    } else {
        Frame::new(width, height, image.into_rgb8().into_raw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(mut names: Vec<&str>) -> Vec<&str> {
        names.sort_by(|a, b| natural_order(a, b));
        names
    }

    #[test]
    fn counts_as_a_person_does() {
        let names = vec!["frame1.png", "frame2.png", "frame02b.png", "frame10.png", "frame010b.png", "g.png"];
        assert_eq!(sorted(names.iter().rev().copied().collect()), names);
        let huge = vec!["2é.png", "99999999999999999999998.png", "99999999999999999999999.png"];
        assert_eq!(sorted(huge.iter().rev().copied().collect()), huge);
        assert_eq!(natural_order("a01", "a1"), Ordering::Less);
        assert_eq!(natural_order("a1", "a1"), Ordering::Equal);
    }

    #[test]
    fn image_i_is_round_i() {
        let dir = tempfile::tempdir().unwrap();
        for (name, shade) in [("f10.png", 10), ("f2.BMP", 2), ("f1.webp", 1)] {
            image::RgbImage::from_pixel(3, 2, image::Rgb([shade; 3])).save(dir.path().join(name)).unwrap();
        }
        std::fs::write(dir.path().join("notes.txt"), "not an image").unwrap();
        std::fs::write(dir.path().join("._f1.png"), "left by macOS").unwrap();

        let mut images = Images::open(dir.path()).unwrap();
        assert_eq!(images.rounds(), Some(3));
        for (round, shade) in [1, 2, 10].into_iter().enumerate() {
            let seen = images.next_frame().unwrap().unwrap();
            assert_eq!((seen.round, seen.frame.rgb()[0]), (round as u64, shade));
        }
        assert_eq!(images.next_frame().unwrap(), None);
    }

    #[test]
    fn names_the_image_that_cannot_be_read() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Images::open(dir.path()), Err(VideoError::NoImages { .. })));
        std::fs::write(dir.path().join("broken.png"), "no picture").unwrap();
        image::RgbImage::new(2, 2).save(dir.path().join("fine.png")).unwrap();
        let mut images = Images::open(dir.path()).unwrap();
        let error = images.next_frame().unwrap_err().to_string();
        assert!(error.contains("broken.png is not a readable image"), "{error}");
        assert_eq!(images.next_frame().unwrap(), None);
    }

    #[test]
    fn exif_turns_a_picture_upright() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("turned.jpg");
        image::RgbImage::new(40, 20).save(&path).unwrap();
        // An APP1 segment right after the start marker: little-endian TIFF, one entry, orientation 6.
        let exif = b"\xff\xe1\x00\x22Exif\0\0II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let jpeg = std::fs::read(&path).unwrap();
        std::fs::write(&path, [&jpeg[..2], exif, &jpeg[2..]].concat()).unwrap();
        let frame = decode(&path).unwrap();
        assert_eq!((frame.width(), frame.height()), (20, 40));
    }
}
