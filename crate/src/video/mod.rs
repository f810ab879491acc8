//! Where frames come from, one a round.
//!
//! | a user says | source | the frame of round i, at f frames a second |
//! | --- | --- | --- |
//! | `clip.mp4`, anything ffmpeg reads | [`VideoFile`] | what the video shows at i/f seconds |
//! | `frames/`, `photo.jpg` | [`Images`] | image i in natural order |
//! | `camera`, `camera:1`, `/dev/video1` | [`Camera`] | what the camera sees when i/f seconds have passed |
//!
//! Videos and cameras are decoded by the system's `ffmpeg`, a child process that writes pictures to a pipe
//! (`ffmpeg.rs`, `ppm.rs`): every format, no linking, and a decoder that crashes takes nothing with it.

mod camera;
#[cfg(test)]
mod clips;
mod error;
mod ffmpeg;
mod file;
mod folder;
mod ppm;
mod probe;

use std::path::Path;

pub use camera::{Camera, Device};
pub use error::VideoError;
pub use file::VideoFile;
pub use folder::Images;

use crate::clock::Clock;
use crate::frame::Frame;

/// The frame that stands for one round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedFrame {
    /// The round's number, from 0. It always grows; only a live source leaves numbers out.
    pub round: u64,
    /// What was to be seen, in its original size.
    pub frame: Frame,
}

/// Something that shows one frame a round.
pub trait FrameSource: Send {
    /// The next round's frame; `None` at the end, and ever after. A live source waits until the round is due.
    ///
    /// # Errors
    /// What went wrong, once; after an error comes the end.
    fn next_frame(&mut self) -> Result<Option<TimedFrame>, VideoError>;

    /// How many rounds there will be, as far as the source knows beforehand; `None` if it cannot know.
    fn rounds(&self) -> Option<u64>;

    /// One line for a person: which source this is.
    fn describe(&self) -> String;
}

/// Opens what a user named: a camera (`camera`, `camera:1`, `camera:NAME`, `/dev/video1`), a folder of images,
/// an image or a video file, a round of `clock` at a time. A file that is really called `camera` is `./camera`.
///
/// # Errors
/// Why the source cannot be opened.
pub fn open(spec: &str, clock: Clock) -> Result<Box<dyn FrameSource>, VideoError> {
    if let Some(device) = Device::parse(spec) {
        return Ok(Box::new(Camera::open(&device, clock)?));
    }
    open_file(Path::new(spec), clock)
}

/// Opens a folder of images, an image or a video file, a round of `clock` at a time.
///
/// # Errors
/// Why the source cannot be opened.
pub fn open_file(path: &Path, clock: Clock) -> Result<Box<dyn FrameSource>, VideoError> {
    if path.is_dir() || folder::is_image(path) {
        return Ok(Box::new(Images::open(path)?));
    }
    Ok(Box::new(VideoFile::open(path, clock)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_the_name_says() {
        let dir = tempfile::tempdir().unwrap();
        clips::numbered(&dir.path().join("a b.mp4"), "30", 30, "");
        image::RgbImage::new(4, 3).save(dir.path().join("-odd %d.png")).unwrap();
        let opened = |name: &str| open(dir.path().join(name).to_str().unwrap(), Clock::new(2.0).unwrap()).unwrap();

        assert_eq!(opened("a b.mp4").rounds(), Some(2));
        assert_eq!(opened("-odd %d.png").rounds(), Some(1));
        assert_eq!(opened("").describe(), format!("1 image of {}", dir.path().join("").display()));
    }

    #[test]
    fn says_what_is_missing() {
        let error = |spec: &str| open(spec, Clock::new(1.0).unwrap()).err().unwrap().to_string();
        assert_eq!(error("nowhere.mp4"), "nowhere.mp4: no such file or folder");
        assert_eq!(
            error("https://example.org/a.mp4"),
            "https://example.org/a.mp4: only local files are read; download the video first"
        );
    }
}
