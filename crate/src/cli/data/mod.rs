//! `streamo data`: files of samples.

mod check;
mod convert;
mod stats;

use std::fmt::{self, Display};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;
use thiserror::Error;

use super::{Outcome, display};
use crate::data::{Placed, Samples, SamplesError};

/// Check, count and convert the samples that models learn from.
///
/// Files are JSON lists of samples, or have one a line, in Streamo's raw format (a video, questions and responses with their
/// times) or its stream format (a dialogue, a turn a round). They may be larger than memory.
#[derive(Debug, Args)]
pub(super) struct Data {
    #[command(subcommand)]
    work: Work,
}

#[derive(Debug, Subcommand)]
enum Work {
    /// List every problem of every sample; the exit code is 1 if there is one
    Check(check::Check),
    /// Count samples, tasks, questions and states, with the weights of the loss that follow
    Stats(stats::Stats),
    /// Convert between times and dialogues, whichever way
    Convert(convert::Convert),
}

impl Data {
    pub fn run(self) -> Outcome {
        match self.work {
            Work::Check(check) => check.run(),
            Work::Stats(stats) => stats.run(),
            Work::Convert(convert) => convert.run(),
        }
    }
}

/// Why a file of samples cannot be used.
#[derive(Debug, Error)]
enum DataError {
    #[error("{path} cannot be opened: {source}")]
    Open { path: String, source: io::Error },
    #[error("{path} {source}")]
    Samples { path: String, source: SamplesError },
    #[error("{place}: {problem}; streamo data check lists all problems, --skip leaves such samples out")]
    Sample { place: String, problem: String },
    #[error("{problems} in {samples}")]
    Problems { problems: String, samples: String },
}

/// The samples of a file, while a bar shows how far `work` on it has got.
struct Opened {
    path: PathBuf,
    samples: Samples<indicatif::ProgressBarIter<File>>,
}

impl Opened {
    fn new(path: &Path, work: &'static str) -> Result<Self, DataError> {
        let refused = |source: io::Error| DataError::Open { path: path.display().to_string(), source };
        let file = File::open(path).map_err(refused)?;
        let bar = display::bytes_bar(work, file.metadata().map_err(refused)?.len());
        Ok(Self { path: path.to_owned(), samples: Samples::new(bar.wrap_read(file)) })
    }
}

impl Iterator for Opened {
    type Item = Result<Placed, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let failed = |source| DataError::Samples { path: self.path.display().to_string(), source };
        self.samples.next().map(|placed| placed.map_err(failed))
    }
}

/// Where a sample stands and what it is called, for people.
struct Place<'a> {
    path: &'a Path,
    index: u64,
    line: u64,
    name: String,
}

impl<'a> Place<'a> {
    fn of(path: &'a Path, placed: &Placed) -> Self {
        let named = |field: &str| match placed.value.as_ref().ok()?.get(field)? {
            Value::String(name) => Some(name.as_str()).filter(|name| !name.trim().is_empty()),
            Value::Array(names) => names.first()?.as_str(),
            _ => None,
        };
        let name = ["video_name", "video_path", "videos"].into_iter().find_map(named).unwrap_or_default();
        Self { path, index: placed.index, line: placed.line, name: name.to_owned() }
    }
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: sample {}", self.path.display(), self.index)?;
        match self.name.as_str() {
            "" => write!(f, " (line {})", self.line),
            name => write!(f, " (line {}, {name})", self.line),
        }
    }
}

/// `1 sample`, `2 samples`.
fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", display::count(count), if count == 1 { "" } else { "s" })
}
