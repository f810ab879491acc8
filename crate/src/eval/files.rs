use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::report::Stream;
use super::score::Observed;
use super::truth::name;
use super::{EvalError, Truth};
use crate::clock::Clock;
use crate::data::{Placed, RawSample, Sample, Samples};
use crate::stream::{State, StateLogits};

/// Rounds of a log at most: two years at a frame a second. More are a mistake, and would fill the memory.
const MOST_ROUNDS: u64 = 1 << 26;

/// A line of a log. Logs of other programs need no more than this of what `streamo watch --json` prints.
#[derive(Deserialize)]
struct Line {
    round: u64,
    from: f64,
    to: f64,
    state: Option<State>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    logits: Option<StateLogits>,
}

/// Reads samples, as `streamo synth` writes them: a JSON list, or one a line.
///
/// # Errors
///
/// The file cannot be read, holds something else or nothing, or two samples have one name.
pub fn read_samples(path: &Path) -> Result<Vec<RawSample>, EvalError> {
    let file = File::open(path).map_err(|cause| EvalError::Read { path: path.to_owned(), cause })?;
    let mut samples = Vec::new();
    let mut names = HashSet::new();
    for placed in Samples::new(file) {
        let Placed { line, value, .. } = placed.map_err(|cause| EvalError::Truth { path: path.to_owned(), cause })?;
        let misshapen = |cause| EvalError::Misshapen { path: path.to_owned(), line, cause };
        let value = value.map_err(misshapen)?;
        let sample = match Sample::read(value) {
            Ok(Sample::Raw { raw, .. }) => raw,
            Ok(Sample::Stream(_)) => return Err(misshapen(DIALOGUE.to_owned())),
            Err(problems) => {
                // Whoever mends the first sees the next.
                let problem = problems.into_iter().next();
                return Err(misshapen(problem.map_or_else(|| "it cannot be read".to_owned(), |it| it.to_string())));
            }
        };
        if !names.insert(name(&sample).to_owned()) {
            return Err(EvalError::SameName(name(&sample).to_owned()));
        }
        samples.push(sample);
    }
    if samples.is_empty() { Err(EvalError::NoSamples { path: path.to_owned() }) } else { Ok(samples) }
}

/// What is said of a sample that has rounds of its own, which need not be those of the log.
const DIALOGUE: &str = "it is a dialogue: turn it into times with `streamo data convert`";

/// Reads a log, as `streamo watch --json` prints it: its rounds, and their clock.
///
/// # Errors
///
/// The file cannot be read or is empty, or a line is no round or does not follow from the one before it.
pub fn read_log(path: &Path) -> Result<(Clock, Vec<Observed>), EvalError> {
    let contents = read(path)?;
    let mut clock = None;
    let mut observed: Vec<Observed> = Vec::new();
    for (index, text) in contents.lines().enumerate().filter(|(_, text)| !text.trim().is_empty()) {
        let line_number = index + 1;
        let line: Line = serde_json::from_str(text).map_err(|cause| EvalError::LogLine {
            path: path.to_owned(),
            line: line_number,
            cause,
        })?;
        let Line { round, from, to, state, text, logits } = line;
        let disorder = || EvalError::LogOrder { path: path.to_owned(), line: line_number, round, from, to };
        if round >= MOST_ROUNDS || observed.last().is_some_and(|last| round <= last.round) {
            return Err(disorder());
        }
        let clock = match clock {
            Some(clock) => clock,
            None => {
                let rate = Clock::new(rate(from, to));
                *clock.insert(rate.map_err(|cause| EvalError::LogRate { path: path.to_owned(), cause })?)
            }
        };
        // What a millionth of the rate makes over the length of the stream, and what decimals may cost.
        let slack = 1e-3 + to.abs() * 2e-6;
        if (clock.start(round) - from).abs() > slack || (clock.start(round + 1) - to).abs() > slack {
            return Err(disorder());
        }
        observed.push(Observed { round, state, text, logits });
    }
    let clock = clock.ok_or_else(|| EvalError::EmptyLog { path: path.to_owned() })?;
    Ok((clock, observed))
}

/// Frames a second of rounds that last as long as this one, whole where they all but are.
fn rate(from: f64, to: f64) -> f64 {
    let rate = 1.0 / (to - from);
    if (rate - rate.round()).abs() < 1e-6 { rate.round() } else { rate }
}

/// Puts samples and logs together. `log` is one log where there is one sample, or a directory with the log of each
/// sample in `NAME.jsonl`, where `NAME` is its `video_name`.
///
/// # Errors
///
/// [`read_log`]'s, or a sample has no log, or a log that is too short for it.
pub fn streams(samples: &[RawSample], log: &Path) -> Result<Vec<Stream>, EvalError> {
    let is_directory = log.is_dir();
    if !is_directory && samples.len() > 1 {
        return Err(EvalError::OneLog { path: log.to_owned(), samples: samples.len() });
    }
    let stream = |sample: &RawSample| {
        let path = if is_directory { log_of(sample, log)? } else { log.to_owned() };
        let (clock, observed) = read_log(&path)?;
        let rounds = observed.last().map_or(0, |last| last.round + 1);
        Ok(Stream { truth: Truth::of_sample(sample, clock, rounds)?, observed })
    };
    samples.iter().map(stream).collect()
}

/// A sample's log in a directory.
fn log_of(sample: &RawSample, directory: &Path) -> Result<PathBuf, EvalError> {
    let path = directory.join(format!("{}.jsonl", name(sample)));
    if path.is_file() { Ok(path) } else { Err(EvalError::NoLog { sample: name(sample).to_owned(), path }) }
}

fn read(path: &Path) -> Result<String, EvalError> {
    std::fs::read_to_string(path).map_err(|cause| EvalError::Read { path: path.to_owned(), cause })
}

#[cfg(test)]
mod tests {
    use super::super::truth::tests::sample;
    use super::*;
    use crate::stream::{Milliseconds, TokenCounts, Turn};

    fn turn(round: u64, fps: f64) -> Turn {
        let (from, to) = (round as f64 / fps, (round + 1) as f64 / fps);
        let (tokens, ms) = (TokenCounts::default(), Milliseconds::default());
        let logits = Some(StateLogits::new([1.0, 0.0, -1.0]));
        Turn { round, from, to, state: Some(State::Silence), text: String::new(), logits, tokens, ms }
    }

    fn log(turns: &[Turn]) -> String {
        turns.iter().map(|turn| serde_json::to_string(turn).unwrap() + "\n").collect()
    }

    fn read(contents: &str) -> Result<(Clock, Vec<Observed>), String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.jsonl");
        std::fs::write(&path, contents).unwrap();
        let name = |error: EvalError| error.to_string().replace(&directory.path().display().to_string(), "DIR");
        read_log(&path).map_err(name)
    }

    #[test]
    fn a_log_of_any_rate_is_read() {
        for fps in [0.5, 1.0, 3.0, 29.97] {
            let turns: Vec<Turn> = (0..5000).filter(|round| round % 7 != 3).map(|round| turn(round, fps)).collect();
            let (clock, observed) = read(&log(&turns)).unwrap();
            assert!((clock.fps() - fps).abs() < 1e-9, "{fps}");
            assert_eq!(observed, turns.iter().map(Observed::from).collect::<Vec<_>>());
        }
        let lean = r#"{"round":0,"from":0,"to":1,"state":null}"#;
        assert_eq!(read(&format!("\n{lean}\n\n")).unwrap().1.len(), 1);
    }

    #[test]
    fn a_log_that_is_none_is_refused_in_one_line() {
        let said = |contents: &str| read(contents).unwrap_err();
        assert_eq!(said(" \n"), "the log DIR/a.jsonl is empty: make it with `streamo watch --json`");
        let good = log(&[turn(0, 1.0)]);
        for bad in ["{}", "what?", "[]", "{\"round\":-1}", r#"{"round":1,"from":1,"to":2,"state":"loud"}"#] {
            let line = said(&format!("{good}\n{bad}"));
            assert!(
                line.starts_with("DIR/a.jsonl, line 3, is not a round as `streamo watch --json` prints it: "),
                "{line}"
            );
            assert!(!line.contains('\n'));
        }
        let disorder = "DIR/a.jsonl, line 2: round 0 from 0 s to 1 s does not follow from the line before";
        assert!(said(&log(&[turn(0, 1.0), turn(0, 1.0)])).starts_with(disorder));
        assert!(said(&log(&[turn(0, 1.0), turn(1, 2.0)])).contains("does not follow"));
        assert!(said(&log(&[turn(u64::MAX - 1, 1.0)])).contains("does not follow"));
        assert!(said(r#"{"round":0,"from":0,"to":0,"state":null}"#).contains("inf frames a second is not possible"));
    }

    #[test]
    fn samples_find_their_logs() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, contents: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, contents).unwrap();
            path
        };
        let samples = [sample("a", &[("x", None, 2.0)]), sample("b", &[])];
        let truth = file("truth.json", &serde_json::to_string(&samples).unwrap());
        assert_eq!(read_samples(&truth).unwrap(), samples);
        let a = file("a.jsonl", &log(&[turn(0, 1.0), turn(1, 1.0)]));
        let said = |result: Result<Vec<Stream>, EvalError>| result.unwrap_err().to_string();
        assert!(
            said(streams(&samples, &a))
                .ends_with("is one log, but the truth has 2 samples: give a directory with a file NAME.jsonl for each")
        );
        assert!(said(streams(&samples, directory.path())).starts_with("the sample \"b\" has no log "));
        assert!(said(streams(&samples[..1], &directory.path().join("none"))).contains("cannot be read"));
        file("b.jsonl", &log(&[turn(0, 1.0)]));
        let found = streams(&samples, directory.path()).unwrap();
        assert_eq!(found.iter().map(|stream| stream.truth.states.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(streams(&samples[..1], &a).unwrap(), found[..1]);

        let said = |contents: &str| read_samples(&file("bad.json", contents)).unwrap_err().to_string();
        assert!(said("[]").ends_with("holds no samples: make some with `streamo synth`"));
        assert!(said("").contains("is empty: it is to have a JSON list of samples"));
        assert!(said("[{\"video_name\": 1}]").contains("the sample in line 1: "));
        assert!(said("[1]").contains("sample"));
        assert!(said("{\"messages\": [], \"videos\": [\"a\"]}").contains("sample in line 1: "));
        let twice = serde_json::to_string(&[&samples[0], &samples[0]]).unwrap();
        assert!(said(&twice).starts_with("two samples of the truth are called \"a\""));
    }
}
