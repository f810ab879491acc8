use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{Opened, counted};
use crate::cli::{Outcome, display, parse_fps};
use crate::clock::Clock;
use crate::data::{Sample, Statistics};
use crate::model::Settings;

/// Count samples, tasks, questions and states, with the weights of the loss that follow.
///
/// Of raw samples no video is opened: one lasts until the last that is asked or said in it.
#[derive(Debug, Args)]
pub(super) struct Stats {
    /// JSON or JSON lines, raw or stream format
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Rounds a second of raw samples; dialogues have their own
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_fps, allow_negative_numbers = true)]
    fps: f64,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    samples: u64,
    /// Samples that are not counted, since they have a problem.
    left_out: u64,
    tasks: BTreeMap<String, u64>,
    sources: BTreeMap<String, u64>,
    questions: u64,
    rounds: u64,
    states: States<u64>,
    alpha: States<Option<f64>>,
    seconds: Seconds,
}

#[derive(Debug, Serialize)]
struct States<T> {
    silence: T,
    standby: T,
    response: T,
}

impl<T> From<[T; 3]> for States<T> {
    fn from([silence, standby, response]: [T; 3]) -> Self {
        Self { silence, standby, response }
    }
}

#[derive(Debug, Serialize)]
struct Seconds {
    total: f64,
    median: Option<f64>,
    /// Not exceeded by 95 of 100 samples.
    p95: Option<f64>,
    longest: Option<f64>,
    /// The name of the longest.
    longest_sample: Option<String>,
}

impl Stats {
    pub fn run(self) -> Outcome {
        let (clock, settings) = (Clock::new(self.fps)?, Settings::default());
        let mut statistics = Statistics::default();
        let mut left_out = 0;
        for path in &self.files {
            for placed in Opened::new(path, "counting")? {
                let sample = placed?.value.ok().and_then(|value| Sample::read(value).ok());
                let script = sample.and_then(|sample| {
                    let script = sample.script(clock, None, &settings).ok()?.0;
                    Some((sample, script))
                });
                match script {
                    Some((sample, script)) => statistics.add(&sample, &script),
                    None => left_out += 1,
                }
            }
        }
        let report = report(statistics, left_out);
        display::tell(&report, self.json, |out| print(out, &report))
    }
}

fn report(statistics: Statistics, left_out: u64) -> Report {
    let seconds = Seconds {
        total: statistics.seconds(),
        median: statistics.duration(0.5),
        p95: statistics.duration(0.95),
        longest: statistics.longest.as_ref().map(|(seconds, _)| *seconds),
        longest_sample: statistics.longest.as_ref().map(|(_, name)| name.clone()),
    };
    Report {
        samples: statistics.samples,
        left_out,
        questions: statistics.questions,
        rounds: statistics.rounds(),
        states: statistics.states.into(),
        alpha: statistics.alpha().into(),
        seconds,
        tasks: statistics.tasks,
        sources: statistics.sources,
    }
}

fn print(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let count = display::count;
    let mut line = |label: &str, text: String| display::labelled(out, label, &text);
    line("samples", count(report.samples))?;
    if report.left_out > 0 {
        let problem = if report.left_out == 1 { "has a problem" } else { "have problems" };
        line("", format!("{} more {problem}: streamo data check tells", count(report.left_out)))?;
    }
    for (label, counts) in [("tasks", &report.tasks), ("sources", &report.sources)] {
        let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
        counts.sort_by(|a, b| b.1.cmp(a.1));
        let named = |name: &str| if name.is_empty() { "not said".to_owned() } else { name.to_owned() };
        let counts: Vec<String> = counts.iter().map(|(name, n)| format!("{} {}", named(name), count(**n))).collect();
        line(label, counts.join(", "))?;
    }
    line("questions", count(report.questions))?;
    line("rounds", format!("{}, {}", count(report.rounds), counted(report.seconds.total.round() as u64, "second")))?;
    let States { silence, standby, response } = &report.states;
    let share = |n: u64| format!("{} ({:.1} %)", count(n), 100.0 * n as f64 / (report.rounds.max(1)) as f64);
    line("states", format!("silence {}, standby {}, response {}", share(*silence), share(*standby), share(*response)))?;
    let weight = |alpha: Option<f64>| alpha.map_or_else(|| "–".to_owned(), |alpha| format!("{alpha:.3}"));
    let States { silence, standby, response } = &report.alpha;
    line(
        "alpha",
        format!("silence {}, standby {}, response {}", weight(*silence), weight(*standby), weight(*response)),
    )?;
    if let (Some(median), Some(p95)) = (report.seconds.median, report.seconds.p95) {
        line("length", format!("half of the samples are at most {median:.1} s long, 95 % at most {p95:.1} s"))?;
    }
    if let (Some(longest), Some(name)) = (report.seconds.longest, &report.seconds.longest_sample) {
        line("longest", format!("{longest:.1} s, {name}"))?;
    }
    Ok(())
}
