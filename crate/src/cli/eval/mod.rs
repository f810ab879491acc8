mod worlds;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use console::style;
use thiserror::Error;

use super::{Outcome, display};
use crate::eval::{self, Averages, Baseline, Reply, Scores, Stream, Sweep, SweepPoint, TimingReport};

/// Score what a model said against what is right.
#[derive(Debug, Args)]
pub(super) struct Eval {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    // Described where it is defined: a comment here would hide the longer one there.
    Timing(Timing),
    Worlds(worlds::WorldsArgs),
}

/// Whether a model speaks at the right time: from logs and the truth, without running it again.
///
/// A response given and one due belong together when they are no more than so many seconds apart, each with one other
/// at most. One that belongs to none within three seconds is a duplicate if it repeats one near by, and else a false
/// alarm.
///
/// Of the table: due and given are responses; right is the share of right texts among those within a second of their
/// time; alarms/h are false alarms an hour of the quiet hours beside it, in which nothing is due for three seconds;
/// twice are duplicates; late is the median lateness, and 90 % of responses are less late than the last column. Below
/// it stand those who do not look.
#[derive(Debug, Args)]
struct Timing {
    /// What is right: a JSON list of samples, as `streamo synth` writes it
    truth: PathBuf,
    /// What `streamo watch --json` printed: of one sample, or a directory with NAME.jsonl for every sample's video_name
    log: PathBuf,
    /// A directory for timing.json; answers.csv, every response that was due or given, and how it fared; and threshold.svg,
    /// the curves of other thresholds on the same logits
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// A file that cannot be written.
#[derive(Debug, Error)]
#[error("{} cannot be written: {cause}", path.display())]
struct Unwritten {
    path: PathBuf,
    cause: io::Error,
}

impl Eval {
    pub fn run(self) -> Outcome {
        match self.what {
            What::Timing(timing) => timing.run(),
            What::Worlds(worlds) => worlds.run(),
        }
    }
}

impl Timing {
    fn run(self) -> Outcome {
        let samples = eval::read_samples(&self.truth)?;
        let streams = eval::streams(&samples, &self.log)?;
        tell(&streams, self.output.as_deref(), self.json)
    }
}

/// Prints the report of `streams`, after all that is known of them was written into `directory`, if there is one.
fn tell(streams: &[Stream], directory: Option<&Path>, json: bool) -> Outcome {
    let report = TimingReport::of(streams)?;
    if let Some(directory) = directory {
        save(&report, streams, directory)?;
    }
    display::tell(&report, json, |out| print(out, &report))
}

fn save(report: &TimingReport, streams: &[Stream], directory: &Path) -> Outcome {
    let unwritten = |path: &Path| {
        let path = path.to_owned();
        |cause| Unwritten { path, cause }
    };
    std::fs::create_dir_all(directory).map_err(unwritten(directory))?;
    let write = |name: &str, contents: Vec<u8>| {
        let path = directory.join(name);
        std::fs::write(&path, contents).map_err(unwritten(&path))
    };
    write("timing.json", [&serde_json::to_vec_pretty(report)?[..], b"\n"].concat())?;
    let mut answers = csv::Writer::from_writer(Vec::new());
    for stream in streams {
        for reply in Reply::all_of(stream)? {
            answers.serialize(reply)?;
        }
    }
    write("answers.csv", answers.into_inner().map_err(|error| error.into_error())?)?;
    if let Some(sweep) = &report.sweep {
        write("threshold.svg", sweep.svg()?.into_bytes())?;
    }
    Ok(())
}

/// The width of a row's name.
const NAME: usize = 20;

/// A row's cells: due, given, F1 at three tolerances, right answers, alarms an hour, quiet hours, duplicates, lateness
/// and its 90th percentile.
fn cells(out: &mut impl Write, name: &str, cells: [String; 11], faint: bool) -> io::Result<()> {
    const WIDTHS: [usize; 11] = [6, 7, 8, 6, 6, 8, 10, 9, 7, 8, 7];
    let mut line = named(name);
    for (cell, width) in cells.iter().zip(WIDTHS) {
        line += &format!("{cell:>width$}");
    }
    let line = style(line.trim_end());
    writeln!(out, "{}", if faint { line.dim() } else { line })
}

fn print(out: &mut impl Write, report: &TimingReport) -> io::Result<()> {
    let head = ["due", "given", "F1 ±1 s", "±2 s", "±3 s", "right", "alarms/h", "quiet h", "twice", "late s", "90 %"];
    cells(out, "", head.map(str::to_owned), true)?;
    if report.tasks.len() > 1 {
        for (task, scores) in &report.tasks {
            row(out, task, scores)?;
        }
        averages(out, &report.mean_of_tasks)?;
    }
    row(out, "all", &report.overall)?;
    for baseline in &report.baselines {
        baseline_row(out, baseline)?;
    }
    confusion(out, &report.overall)?;
    match &report.sweep {
        Some(sweep) => best(out, sweep),
        None => Ok(()),
    }
}

fn row(out: &mut impl Write, name: &str, scores: &Scores) -> io::Result<()> {
    let Scores { timing, answers, quiet, lateness, .. } = scores;
    let row = [
        display::count(scores.expected),
        display::count(scores.spoken),
        hundredths(timing[1].f1),
        hundredths(timing[2].f1),
        hundredths(timing[3].f1),
        percent(answers.accuracy),
        rate(quiet.alarms_per_hour),
        hundredths(Some(quiet.hours)),
        display::count(scores.duplicates),
        signed(lateness.median),
        signed(lateness.p90),
    ];
    cells(out, name, row, false)
}

fn averages(out: &mut impl Write, averages: &Averages) -> io::Result<()> {
    let Averages { f1: [_, one, two, three], accuracy, alarms_per_quiet_hour, .. } = averages;
    let mut row = [(); 11].map(|()| String::new());
    (row[2], row[3], row[4]) = (hundredths(*one), hundredths(*two), hundredths(*three));
    (row[5], row[6]) = (percent(*accuracy), rate(*alarms_per_quiet_hour));
    cells(out, "mean of tasks", row, false)
}

fn baseline_row(out: &mut impl Write, baseline: &Baseline) -> io::Result<()> {
    let Baseline { name, timing, alarms_per_quiet_hour, .. } = baseline;
    let mut row = [(); 11].map(|()| String::new());
    (row[2], row[3], row[4]) = (hundredths(timing[1].f1), hundredths(timing[2].f1), hundredths(timing[3].f1));
    row[6] = rate(*alarms_per_quiet_hour);
    cells(out, name, row, true)
}

fn confusion(out: &mut impl Write, scores: &Scores) -> io::Result<()> {
    let states = &scores.states;
    let head = format!("{:<NAME$}{:>10}{:>10}{:>10}{:>10}{:>8}", "", "silence", "standby", "response", "none", "F1");
    writeln!(out, "\n{}", style(head).dim())?;
    for (index, name) in ["silence", "standby", "response"].into_iter().enumerate() {
        let counts = states.counts[index].map(|count| format!("{:>10}", display::count(count)));
        let label = format!("{name} is right");
        writeln!(out, "{label:<NAME$}{}{:>8}", counts.concat(), hundredths(states.f1[index]))?;
    }
    let rounds = display::count(scores.rounds);
    writeln!(out, "{} of {rounds} rounds have the right state", percent(states.accuracy))
}

fn best(out: &mut impl Write, sweep: &Sweep) -> io::Result<()> {
    let Sweep { best, as_run, .. } = sweep;
    let told = |point: &SweepPoint| {
        let alarms =
            point.alarms_per_quiet_hour.map(|alarms| format!(" with {alarms:.1} alarms/h, repetitions included"));
        format!("F1 {} at ±1 s{}", hundredths(point.f1), alarms.unwrap_or_default())
    };
    writeln!(
        out,
        "\nOn the same logits --threshold {:.2} is best: {}. As run: {}.",
        best.threshold.unwrap_or_default(),
        told(best),
        told(as_run),
    )
}

/// A row's name in its column, cut where that ends.
fn named(name: &str) -> String {
    format!("{:<NAME$}", console::truncate_str(&display::one_line(name), NAME - 1, "…"))
}

/// What has no value.
const NONE: &str = "–";

fn hundredths(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| format!("{value:.2}"))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| NONE.to_owned(), |share| format!("{:.0} %", 100.0 * share))
}

fn rate(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| format!("{value:.1}"))
}

fn signed(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| NONE.to_owned(), |seconds| format!("{seconds:+.1}"))
}
