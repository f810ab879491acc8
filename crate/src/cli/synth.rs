use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use rayon::prelude::*;
use serde_json::json;

use super::{Outcome, display, parse_count, parse_fps};
use crate::clock::Clock;
use crate::data::RawSample;
use crate::frame::Frame;
use crate::synth::{LONGEST_SIDE, Sample, Setup, Split, Task, sample};

/// What makes a directory a set of samples; written last, so that a set without it is known to be unfinished.
const SAMPLES: &str = "samples.json";
/// Hardly to be told from what was drawn.
const QUALITY: u8 = 92;

/// Make up films with questions and the exact second of every answer, for training and testing.
///
/// Each sample is a folder of numbered pictures, which `streamo watch` takes as it is. The file samples.json has their
/// questions and answers, and is written last: a directory without it is unfinished. The same seed gives the same samples
/// every time.
#[derive(Debug, Args)]
pub(super) struct Synth {
    /// The directory to write: a new or an empty one
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// How many samples
    #[arg(long, value_name = "N", default_value = "10", value_parser = parse_count::<u32>, allow_negative_numbers = true)]
    count: u32,
    /// What chance begins with
    #[arg(long, value_name = "S", default_value = "0")]
    seed: u64,
    /// What is asked for; repeat for several, which take turns [default: all]
    #[arg(long = "task", value_name = "TASK")]
    tasks: Vec<Task>,
    /// Rounds a sample
    #[arg(long, value_name = "N", default_value = "24", value_parser = parse_count::<u32>, allow_negative_numbers = true)]
    rounds: u32,
    /// Frames a second, each a round
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_fps, allow_negative_numbers = true)]
    fps: f64,
    /// Pixels of a picture
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "640x384", value_parser = parse_size)]
    size: (u32, u32),
    /// What they may be made of
    #[arg(long, value_enum, default_value = "train")]
    split: SplitArg,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SplitArg {
    /// What models are trained on
    Train,
    /// Other backgrounds, silhouettes and wordings, for testing
    HeldOut,
}

impl From<SplitArg> for Split {
    fn from(arg: SplitArg) -> Self {
        match arg {
            SplitArg::Train => Split::Train,
            SplitArg::HeldOut => Split::HeldOut,
        }
    }
}

pub(super) fn parse_size(written: &str) -> Result<(u32, u32), String> {
    let side = |written: &str| written.parse().ok().filter(|side| (1..=LONGEST_SIDE).contains(side));
    let sides = written.split_once('x').and_then(|(width, height)| side(width).zip(side(height)));
    sides.ok_or_else(|| format!("write WIDTHxHEIGHT, as in 640x384, each from 1 to {LONGEST_SIDE}"))
}

impl Synth {
    pub fn run(self) -> Outcome {
        let clock = Clock::new(self.fps)?;
        let tasks = if self.tasks.is_empty() { Task::ALL.to_vec() } else { self.tasks.clone() };
        open_empty(&self.output)?;
        let bar = display::samples_bar("drawing", u64::from(self.count));
        let samples: Result<Vec<RawSample>, io::Error> = (0..self.count)
            .into_par_iter()
            .map(|number| {
                let setup = Setup {
                    split: self.split.into(),
                    task: tasks[number as usize % tasks.len()],
                    width: self.size.0,
                    height: self.size.1,
                    clock,
                    rounds: self.rounds as usize,
                    first: 0,
                    quiet: false,
                };
                let sample = sample(self.seed.wrapping_add(u64::from(number)), &setup);
                let raw = write_frames(&self.output, sample, self.rounds)?;
                bar.inc(1);
                Ok(raw)
            })
            .collect();
        bar.finish_and_clear();
        let samples = samples?;
        write_samples(&self.output, &samples)?;
        let mut out = io::stdout().lock();
        if self.json {
            let frames = u64::from(self.count) * u64::from(self.rounds);
            let output = self.output.to_string_lossy();
            writeln!(out, "{}", json!({ "output": output, "samples": samples.len(), "frames": frames }))?;
        } else {
            writeln!(out, "{}", console::style(self.output.display()).bold())?;
            for sample in &samples {
                let answers = sample.response.len();
                let answers = if answers == 1 { "1 answer".to_owned() } else { format!("{answers} answers") };
                let question = sample.question.first().map_or("", |question| question.content.as_str());
                writeln!(out, "  {:<34}{answers:>11}  {question}", sample.video_name)?;
            }
        }
        Ok(())
    }
}

/// An error that says where.
fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    let path = path.display().to_string();
    move |error| io::Error::new(error.kind(), format!("{path}: {error}"))
}

fn open_empty(folder: &Path) -> Outcome {
    fs::create_dir_all(folder).map_err(at(folder))?;
    if folder.read_dir().map_err(at(folder))?.next().is_some() {
        return Err(format!("{} is not empty; give a new or an empty directory", folder.display()).into());
    }
    Ok(())
}

/// The pictures of a sample, in a folder that is called as the sample is.
fn write_frames(output: &Path, sample: Sample, rounds: u32) -> io::Result<RawSample> {
    let Sample { raw, mut film, .. } = sample;
    let folder = output.join(&raw.video_path);
    fs::create_dir(&folder).map_err(at(&folder))?;
    for round in 0..rounds {
        let path = folder.join(format!("{round:06}.jpg"));
        write_frame(&path, &film.frame(round as usize)).map_err(at(&path))?;
    }
    Ok(raw)
}

fn write_frame(path: &Path, frame: &Frame) -> io::Result<()> {
    let mut file = BufWriter::new(File::create_new(path)?);
    let mut encoder = JpegEncoder::new_with_quality(&mut file, QUALITY);
    encoder.encode(&frame.rgb(), frame.width(), frame.height(), ExtendedColorType::Rgb8).map_err(io::Error::other)?;
    file.flush()
}

/// Under another name first: a file of the right name is always whole.
fn write_samples(output: &Path, samples: &[RawSample]) -> io::Result<()> {
    let (path, unfinished) = (output.join(SAMPLES), output.join("samples.json.part"));
    let mut file = BufWriter::new(File::create_new(&unfinished).map_err(at(&unfinished))?);
    serde_json::to_writer_pretty(&mut file, samples)?;
    file.flush().map_err(at(&unfinished))?;
    drop(file);
    fs::rename(&unfinished, &path).map_err(at(&path))
}
