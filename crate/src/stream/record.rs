//! A stream on disk: `log.jsonl` with a head line and a line a round, and the frames as the model saw them.
//!
//! Everything that decides what a stream becomes is in it, so that watching it again gives the same bits on the same
//! device. Each line is written as a whole when its round is over: a stream that is cut short replays up to there.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Options, Question, Session, Turn};
use crate::frame::{Frame, FrameError};
use crate::kernels::format::Format;
use crate::weights::format_name;

const LOG: &str = "log.jsonl";
const VERSION: u32 = 1;

/// Why a record cannot be written or read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// The system refused.
    #[error("the record {path} cannot be used: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// There is a record already.
    #[error("{path} holds a record already: give another directory", path = .0.display())]
    Exists(PathBuf),
    /// A line is not one of a record's.
    #[error("{path}, line {line}: {reason}; the record is damaged", path = path.display())]
    Damaged {
        /// The log.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// A frame is not a picture.
    #[error("the record's frame {path} cannot be used: {source}", path = path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: image::ImageError,
    },
    /// A frame has no pixels.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// The first line of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Head {
    version: u32,
    /// How the stream was run.
    pub options: Options,
    /// What was asked.
    pub questions: Vec<Question>,
    /// The device it ran on.
    pub device: String,
    /// The format of the weight matrices.
    #[serde(default, with = "format_name")]
    pub weights: Format,
}

/// One round of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    /// What came of it.
    pub turn: Turn,
    /// The tokens that were generated.
    pub generated: Vec<u32>,
}

/// Writes a record.
#[derive(Debug)]
pub struct Recorder {
    directory: PathBuf,
    log: File,
}

impl Recorder {
    /// Whether a record can be begun in `directory`, as far as that can be said without making it.
    ///
    /// # Errors
    ///
    /// It holds a record already, or neither it nor anything above it is a directory.
    pub fn check(directory: &Path) -> Result<(), RecordError> {
        if directory.join(LOG).exists() {
            return Err(RecordError::Exists(directory.to_owned()));
        }
        let standing = directory.ancestors().find(|above| above.exists());
        let standing = standing.filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let metadata = standing.metadata().map_err(|source| at(directory, source))?;
        if metadata.permissions().readonly() {
            return Err(at(directory, io::ErrorKind::PermissionDenied.into()));
        }
        if !metadata.is_dir() { Err(at(directory, io::ErrorKind::NotADirectory.into())) } else { Ok(()) }
    }

    /// Begins a record in `directory`, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// It cannot be written, or holds a record already.
    pub fn create(
        directory: &Path,
        options: &Options,
        questions: &[Question],
        device: &str,
        weights: Format,
    ) -> Result<Self, RecordError> {
        fs::create_dir_all(directory).map_err(|source| at(directory, source))?;
        let path = directory.join(LOG);
        let log = File::create_new(&path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => RecordError::Exists(directory.to_owned()),
            _ => at(&path, source),
        })?;
        let mut recorder = Self { directory: directory.to_owned(), log };
        let (options, questions, device) = (options.clone(), questions.to_vec(), device.to_owned());
        recorder.line(&Head { version: VERSION, options, questions, device, weights })?;
        Ok(recorder)
    }

    /// Adds the round in which `session` has just watched `frame`.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn round(&mut self, session: &Session, frame: &Frame, turn: &Turn) -> Result<(), RecordError> {
        let seen = session.frame_seen(frame)?;
        let path = frame_path(&self.directory, turn.round);
        image::save_buffer(&path, &seen.rgb(), seen.width(), seen.height(), image::ColorType::Rgb8)
            .map_err(|source| RecordError::Picture { path, source })?;
        self.line(&Recorded { turn: turn.clone(), generated: session.generated().to_vec() })
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), RecordError> {
        let path = self.directory.join(LOG);
        let mut line = serde_json::to_vec(value).map_err(|error| at(&path, error.into()))?;
        line.push(b'\n');
        self.log.write_all(&line).and_then(|()| self.log.flush()).map_err(|source| at(&path, source))
    }
}

/// Reads a record.
#[derive(Debug)]
pub struct Record {
    directory: PathBuf,
    log: BufReader<File>,
    line: usize,
    /// How the stream was run.
    pub head: Head,
}

impl Record {
    /// Opens the record in `directory`.
    ///
    /// # Errors
    ///
    /// There is none, or its head is damaged or of another version.
    pub fn open(directory: &Path) -> Result<Self, RecordError> {
        let path = directory.join(LOG);
        let mut log = BufReader::new(File::open(&path).map_err(|source| at(&path, source))?);
        let damaged = |reason| RecordError::Damaged { path: path.clone(), line: 1, reason };
        let mut line = String::new();
        log.read_line(&mut line).map_err(|source| at(&path, source))?;
        let head: Head = serde_json::from_str(&line).map_err(|error| damaged(error.to_string()))?;
        if head.version != VERSION {
            return Err(damaged(format!("it is of version {}, this program reads {VERSION}", head.version)));
        }
        Ok(Self { directory: directory.to_owned(), log, line: 1, head })
    }

    /// The next round and the frame that the model saw; none at the end, or where the recording was cut short.
    ///
    /// # Errors
    ///
    /// The line or the frame is damaged.
    pub fn next_round(&mut self) -> Result<Option<(Recorded, Frame)>, RecordError> {
        let path = self.directory.join(LOG);
        let mut line = String::new();
        self.log.read_line(&mut line).map_err(|source| at(&path, source))?;
        self.line += 1;
        if !line.ends_with('\n') {
            return Ok(None);
        }
        let recorded: Recorded = serde_json::from_str(&line).map_err(|error| RecordError::Damaged {
            path,
            line: self.line,
            reason: error.to_string(),
        })?;
        let path = frame_path(&self.directory, recorded.turn.round);
        let picture = image::open(&path).map_err(|source| RecordError::Picture { path, source })?.into_rgb8();
        let frame = Frame::new(picture.width(), picture.height(), picture.into_raw())?;
        Ok(Some((recorded, frame)))
    }
}

fn frame_path(directory: &Path, round: u64) -> PathBuf {
    directory.join(format!("{round:08}.png"))
}

fn at(path: &Path, source: io::Error) -> RecordError {
    RecordError::Io { path: path.to_owned(), source }
}
