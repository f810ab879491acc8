use std::path::PathBuf;

use super::ShelfError;
use crate::frame::Frame;
use crate::synth::Film;
use crate::video::FrameSource;

/// The frames of a dialogue.
pub enum Footage {
    /// Drawn as they are asked for.
    Film(Box<Film>),
    /// Decoded in order.
    Recording(Recording),
}

impl Footage {
    /// The words for what each part of a round's frame shows, `rows` by `columns`; of a recording nobody knows any.
    pub fn words(&self, index: usize, [rows, columns]: [usize; 2]) -> Vec<Vec<&'static str>> {
        match self {
            Self::Film(film) => film.words(index, [rows, columns]),
            Self::Recording(_) => Vec::new(),
        }
    }

    /// The frame of a round, counted from the first; each is asked for once, in order.
    ///
    /// # Errors
    ///
    /// The video cannot be read, or ends too early.
    pub fn frame(&mut self, index: usize) -> Result<Frame, ShelfError> {
        match self {
            Self::Film(film) => Ok(film.frame(index)),
            Self::Recording(recording) => recording.next(),
        }
    }
}

/// A video, from some round on.
pub struct Recording {
    source: Box<dyn FrameSource>,
    path: PathBuf,
    /// Rounds before the first that is seen.
    before: u64,
    /// The last frame that was read, and its round.
    last: (Frame, u64),
    /// How many have been asked for.
    asked: u64,
    /// Whether the last frame had to stand for a round after the end.
    prolonged: bool,
}

impl Recording {
    /// Of a source that has shown nothing yet, named `path`.
    ///
    /// # Errors
    ///
    /// It has no frame.
    pub fn new(mut source: Box<dyn FrameSource>, path: PathBuf) -> Result<Self, ShelfError> {
        match source.next_frame() {
            Ok(Some(first)) => Ok(Self { source, path, before: 0, last: (first.frame, 0), asked: 0, prolonged: false }),
            Ok(None) => Err(ShelfError::Short { path, rounds: 0 }),
            Err(error) => Err(error.into()),
        }
    }

    /// From a later round on.
    pub fn from(self, round: usize) -> Self {
        Self { before: round as u64, ..self }
    }

    /// Width and height of its frames.
    pub fn size(&self) -> (u32, u32) {
        (self.last.0.width(), self.last.0.height())
    }

    /// As far as it knows, how many rounds it has.
    pub fn rounds(&self) -> Option<u64> {
        self.source.rounds()
    }

    fn next(&mut self) -> Result<Frame, ShelfError> {
        let wanted = self.before + self.asked;
        self.asked += 1;
        while self.last.1 < wanted {
            match self.source.next_frame()? {
                Some(next) if (next.frame.width(), next.frame.height()) == self.size() => {
                    self.last = (next.frame, self.last.1 + 1);
                }
                Some(_) => return Err(ShelfError::Uneven { path: self.path.clone(), round: self.last.1 + 1 }),
                // Where a round begins just as the video ends, containers do not agree whether there is one.
                None if !self.prolonged && wanted == self.last.1 + 1 => (self.last.1, self.prolonged) = (wanted, true),
                None => {
                    let rounds = self.last.1 + u64::from(!self.prolonged);
                    return Err(ShelfError::Short { path: self.path.clone(), rounds });
                }
            }
        }
        Ok(self.last.0.clone())
    }
}
