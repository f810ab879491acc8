use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{DataError, Opened, Place, counted};
use crate::cli::{Outcome, display, parse_fps};
use crate::clock::Clock;
use crate::data::{Note, Placed, RawSample, Sample, SampleFile};
use crate::model::Settings;
use crate::video::VideoFile;

/// Convert between times and dialogues, whichever way.
///
/// The output is there when it is whole. Where a raw sample's video is found, its dialogue goes to the end of the video;
/// where not, to the last that is asked or said.
#[derive(Debug, Args)]
pub(super) struct Convert {
    /// JSON or JSON lines, raw or stream format
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file to write: JSON lines if it ends in .jsonl, otherwise a JSON list
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// The format to write
    #[arg(long, value_enum)]
    to: Target,
    /// Rounds a second of the dialogues of raw samples [default: 1]
    #[arg(long, value_name = "N", value_parser = parse_fps, allow_negative_numbers = true)]
    fps: Option<f64>,
    /// Where the videos are: each must be there
    #[arg(long, value_name = "DIR")]
    videos: Option<PathBuf>,
    /// Leave out samples with problems instead of stopping at the first
    #[arg(long)]
    skip: bool,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Target {
    /// A video, questions and responses with their times
    Raw,
    /// A dialogue, a turn a round
    Stream,
}

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    output: String,
    samples: u64,
    left_out: u64,
    /// Samples whose dialogue ends with what is asked or said last.
    without_video: u64,
    /// How many of each.
    notes: BTreeMap<&'static str, u64>,
}

/// A raw sample with its fields of other formats.
#[derive(Serialize)]
struct Annotated {
    #[serde(flatten)]
    raw: RawSample,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Convert {
    pub fn run(self) -> Outcome {
        let samples = Opened::new(&self.file, "converting")?;
        let mut file = SampleFile::create(&self.output)?;
        let mut report = Report { output: self.output.to_string_lossy().into_owned(), ..Report::default() };
        let mut videos = Videos { directory: self.videos.clone(), rounds: HashMap::new() };
        let settings = Settings::default();
        for placed in samples {
            let placed = placed?;
            let place = Place::of(&self.file, &placed);
            match self.convert(placed, &settings, &mut videos, &mut file, &mut report) {
                Ok(()) => report.samples += 1,
                Err(Failure::Sample(_)) if self.skip => report.left_out += 1,
                Err(Failure::Sample(problem)) => {
                    return Err(DataError::Sample { place: place.to_string(), problem }.into());
                }
                Err(Failure::File(error)) => return Err(error),
            }
        }
        file.finish()?;
        display::tell(&report, self.json, |out| print(out, &report))
    }

    fn convert(
        &self,
        placed: Placed,
        settings: &Settings,
        videos: &mut Videos,
        file: &mut SampleFile,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let sample = Sample::read(placed.value.map_err(|reason| Failure::Sample(format!("the sample {reason}")))?);
        let sample = sample.map_err(first)?;
        let problems = sample.problems(settings);
        if !problems.is_empty() {
            return Err(first(problems));
        }
        if let (Sample::Raw { raw, others }, Target::Raw) = (&sample, self.to) {
            let same = Annotated { raw: raw.clone(), others: others.clone() };
            return file.add(&same).map_err(failed);
        }
        let clock = Clock::new(self.fps.unwrap_or(1.0)).map_err(said)?;
        let rounds = match (&sample, self.to) {
            (Sample::Raw { .. }, Target::Stream) => videos.rounds(sample.video(), clock)?,
            _ => None,
        };
        let (script, mut notes) = sample.script(clock, rounds, settings).map_err(said)?;
        if self.fps.is_some_and(|fps| fps != script.clock.fps()) {
            let own = script.clock.fps();
            return Err(Failure::Sample(format!("the sample is a dialogue at {own} frames a second: leave out --fps")));
        }
        match self.to {
            Target::Stream => {
                let mut stream = sample.to_stream(&script, settings);
                stream.videos = vec![videos.place(sample.video()).to_string_lossy().into_owned()];
                report.without_video += u64::from(rounds.is_none() && matches!(sample, Sample::Raw { .. }));
                file.add(&stream).map_err(failed)?;
            }
            Target::Raw => {
                let (raw, others, lost) = sample.to_raw(&script);
                notes.extend(lost);
                file.add(&Annotated { raw, others }).map_err(failed)?;
            }
        }
        for note in notes {
            *report.notes.entry(told(note)).or_default() += 1;
        }
        Ok(())
    }
}

/// Why a sample was not converted.
enum Failure {
    /// It has a problem.
    Sample(String),
    /// Nothing can be written any more.
    File(Box<dyn std::error::Error>),
}

fn first(problems: Vec<crate::data::Problem>) -> Failure {
    Failure::Sample(problems.first().map_or_else(String::new, ToString::to_string))
}

fn said(error: impl std::error::Error) -> Failure {
    Failure::Sample(error.to_string())
}

fn failed(error: impl std::error::Error + 'static) -> Failure {
    Failure::File(Box::new(error))
}

/// The videos of the samples, each looked at once.
struct Videos {
    directory: Option<PathBuf>,
    rounds: HashMap<PathBuf, Option<usize>>,
}

impl Videos {
    fn place(&self, video: &str) -> PathBuf {
        self.directory.as_ref().map_or_else(|| PathBuf::from(video), |directory| directory.join(video))
    }

    /// The rounds of a video; none where it is not there and need not be.
    fn rounds(&mut self, video: &str, clock: Clock) -> Result<Option<usize>, Failure> {
        let path = self.place(video);
        if let Some(rounds) = self.rounds.get(&path) {
            return Ok(*rounds);
        }
        let rounds = if self.directory.is_none() && !Path::new(&path).exists() {
            None
        } else {
            VideoFile::count(&path, clock).map_err(said)?.map(|rounds| rounds as usize)
        };
        self.rounds.insert(path, rounds);
        Ok(rounds)
    }
}

/// What happened to a sample, as a name in JSON.
fn told(note: Note) -> &'static str {
    match note {
        Note::DefaultQuestion => "default_question",
        Note::QuestionAfterEnd { .. } => "question_after_end",
        Note::ResponseAfterEnd { .. } => "response_after_end",
        Note::ResponseBeforeQuestion { .. } => "response_before_question",
        Note::Together { .. } => "together",
        Note::NeverAnswered { .. } => "never_answered",
        Note::NothingSaid { .. } => "nothing_said",
    }
}

/// What happened, for people.
fn explained(note: &str) -> &'static str {
    match note {
        "default_question" => "nothing was asked, and upstream's question was put at the start",
        "question_after_end" => "a question after the last frame was moved there",
        "response_after_end" => "a response after the last frame was moved there",
        "response_before_question" => "a response before the first question was moved there",
        "together" => "a response was joined to another of the same round",
        "never_answered" => "standby that led to no response was left out",
        _ => "a response that says nothing was left out",
    }
}

fn print(out: &mut impl Write, report: &Report) -> io::Result<()> {
    writeln!(out, "{}: {}", console::style(&report.output).bold(), counted(report.samples, "sample"))?;
    let mut line = |count: u64, what: &str| match count {
        0 => Ok(()),
        count => writeln!(out, "{:>9} × {what}", display::count(count)),
    };
    line(report.left_out, "a sample was left out, for a problem or for want of its video")?;
    line(
        report.without_video,
        "a dialogue ends with its last event, for want of the video: --videos says where they are",
    )?;
    for (note, count) in &report.notes {
        line(*count, explained(note))?;
    }
    Ok(())
}
