//! Samples in files, with their videos.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use thiserror::Error;

use super::footage::Recording;
use crate::clock::Clock;
use crate::data::{Problem, Sample, Samples, SamplesError, Script};
use crate::model::{Description, Settings};
use crate::video::{self, VideoError};

/// A file of samples, any of which can be read at any time; only their places are in memory.
#[derive(Debug)]
pub struct Shelf {
    path: PathBuf,
    videos: PathBuf,
    settings: Settings,
    places: Vec<Place>,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    bytes: u32,
    line: u64,
}

/// Why samples cannot be learnt from.
#[derive(Debug, Error)]
pub enum ShelfError {
    /// The file cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is no file of samples.
    #[error("{path} {source}", path = .path.display())]
    Samples {
        /// Where.
        path: PathBuf,
        /// Why.
        source: SamplesError,
    },
    /// It has none.
    #[error("{path} holds no samples", path = .0.display())]
    Empty(PathBuf),
    /// One of them makes no sense.
    #[error("{path}, line {line}: {problem}; streamo data check lists all problems", path = .path.display())]
    Sample {
        /// Where.
        path: PathBuf,
        /// In which line.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// A video.
    #[error(transparent)]
    Video(#[from] VideoError),
    /// A video that is shorter than its dialogue.
    #[error("{path} ends after {rounds} rounds, before its dialogue does", path = .path.display())]
    Short {
        /// The video.
        path: PathBuf,
        /// What it has.
        rounds: u64,
    },
    /// A folder of images of several sizes.
    #[error("{path} changes its size at image {round}: a dialogue's frames are of one size", path = .path.display())]
    Uneven {
        /// The folder.
        path: PathBuf,
        /// From 0.
        round: u64,
    },
}

impl Shelf {
    /// The samples in the file `path`, whose videos are in `videos`; each sample is looked at once.
    ///
    /// # Errors
    ///
    /// The file cannot be read, a sample makes no sense, or a video is not there.
    pub fn open(path: PathBuf, videos: PathBuf, description: &Description) -> Result<Self, ShelfError> {
        let file = File::open(&path).map_err(|source| ShelfError::File { path: path.clone(), source })?;
        let mut shelf = Self { path, videos, settings: description.settings.clone(), places: Vec::new() };
        for placed in Samples::new(file) {
            let placed = placed.map_err(|source| ShelfError::Samples { path: shelf.path.clone(), source })?;
            // A sample takes 64 MiB at most.
            let bytes = (placed.bytes.end - placed.bytes.start) as u32;
            let place = Place { start: placed.bytes.start, bytes, line: placed.line };
            let value = placed.value.map_err(|reason| shelf.wrong(place, format!("the sample {reason}")))?;
            let sample = shelf.understood(place, value)?;
            let video = shelf.videos.join(sample.video());
            if !video.exists() {
                return Err(shelf.wrong(place, format!("its video {} is not there", video.display())));
            }
            shelf.places.push(place);
        }
        if shelf.places.is_empty() { Err(ShelfError::Empty(shelf.path)) } else { Ok(shelf) }
    }

    /// How many samples it has.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// What it is called where results are told.
    pub fn name(&self) -> String {
        self.path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
    }

    /// The script and the video of a sample: all of it, or of a longer one `most` rounds from anywhere in it. Questions from
    /// before stand then. `clock` is for samples that have times; dialogues have their own.
    ///
    /// # Errors
    ///
    /// The file or the video cannot be read.
    pub fn read(
        &self,
        number: usize,
        clock: Clock,
        most: usize,
        random: &mut ChaCha8Rng,
    ) -> Result<(Script, Recording), ShelfError> {
        let place = self.places[number];
        let failed = |source| ShelfError::File { path: self.path.clone(), source };
        let mut file = File::open(&self.path).map_err(failed)?;
        let mut bytes = vec![0; place.bytes as usize];
        file.seek(SeekFrom::Start(place.start)).and_then(|_| file.read_exact(&mut bytes)).map_err(failed)?;
        let value = serde_json::from_slice(&bytes).map_err(|error| self.wrong(place, error.to_string()))?;
        let sample = self.understood(place, value)?;
        let path = self.videos.join(sample.video());
        let script = |rounds| {
            let script = sample.script(clock, rounds, &self.settings);
            script.map(|(script, _)| script).map_err(|error| self.wrong(place, error.to_string()))
        };
        // A dialogue says itself how many rounds there are a second.
        let own = matches!(sample, Sample::Stream(_)).then(|| script(None)).transpose()?;
        let clock = own.as_ref().map_or(clock, |own| own.clock);
        let recording = Recording::new(video::open_file(&path, clock)?, path)?;
        let mut script = match own {
            Some(own) => own,
            None => script(recording.rounds().map(|rounds| rounds as usize))?,
        };
        let start = random.random_range(0..=script.cues.len().saturating_sub(most));
        let later = script.cues.split_off(start);
        script.standing.extend(script.cues.into_iter().flat_map(|cue| cue.questions));
        script.cues = later;
        script.cues.truncate(most);
        script.first += start as u64;
        Ok((script, recording.from(start)))
    }

    fn understood(&self, place: Place, value: serde_json::Value) -> Result<Sample, ShelfError> {
        let first =
            |problems: Vec<Problem>| self.wrong(place, problems.first().map_or_else(String::new, ToString::to_string));
        let sample = Sample::read(value).map_err(first)?;
        let problems = sample.problems(&self.settings);
        if problems.is_empty() { Ok(sample) } else { Err(first(problems)) }
    }

    fn wrong(&self, place: Place, problem: String) -> ShelfError {
        ShelfError::Sample { path: self.path.clone(), line: place.line, problem }
    }
}
