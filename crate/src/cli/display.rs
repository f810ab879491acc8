//! What a person sees.

use std::io::{self, StdoutLock, Write};

use console::{Term, measure_text_width, style};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::Outcome;
use crate::stream::{State, Turn};

/// Prints a report: as JSON in one line, or as `print` does it for people.
pub(super) fn tell(
    report: &impl Serialize,
    json: bool,
    print: impl FnOnce(&mut StdoutLock<'_>) -> io::Result<()>,
) -> Outcome {
    let mut out = io::stdout().lock();
    match json {
        true => writeln!(out, "{}", serde_json::to_string(report)?)?,
        false => print(&mut out)?,
    }
    Ok(())
}

/// A bar over the rounds of a stream, on standard error, for output that goes where nobody sees it grow.
pub(super) fn rounds_bar(rounds: Option<u64>) -> ProgressBar {
    if console::user_attended() {
        return ProgressBar::hidden();
    }
    let template = match rounds {
        Some(_) => "watching {wide_bar:.cyan/dim} round {pos}/{len} {eta}",
        None => "watching {spinner} round {pos} {elapsed}",
    };
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(rounds.unwrap_or_default()).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A bar over bytes that are read, on standard error; invisible where that is no terminal.
pub(super) fn bytes_bar(work: &'static str, bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix} {wide_bar:.cyan/dim} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(bytes)
        .with_prefix(work.to_owned())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A bar over samples, on standard error; invisible where that is no terminal.
pub(super) fn samples_bar(work: &'static str, samples: u64) -> ProgressBar {
    things_bar(work, "sample", samples)
}

/// A bar over films that are watched, on standard error; invisible where that is no terminal.
pub(super) fn films_bar(work: &str, films: u64) -> ProgressBar {
    things_bar(work, "film", films)
}

fn things_bar(work: &str, thing: &str, count: u64) -> ProgressBar {
    let style =
        ProgressStyle::with_template(&format!("{{prefix}} {{wide_bar:.cyan/dim}} {thing} {{pos}}/{{len}} {{eta}}"));
    ProgressBar::new(count)
        .with_prefix(work.to_owned())
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// The columns of the terminal that standard output is; `None` where it is none, and lines may be of any length.
fn columns() -> Option<usize> {
    let terminal = Term::stdout();
    terminal.is_term().then(|| usize::from(terminal.size().1)).filter(|&columns| columns > 2 * INDENT)
}

/// Where the text of a line begins.
const INDENT: usize = 29;

/// `text` beside a label.
pub(super) fn labelled(out: &mut impl Write, label: &str, text: &str) -> io::Result<()> {
    write!(out, "{}  ", style(format!("{label:>9}")).dim())?;
    paragraph(out, 11, text)
}

/// `text` from column `indent` on, where the line stands already; broken between words where the terminal ends.
pub(super) fn paragraph(out: &mut impl Write, indent: usize, text: &str) -> io::Result<()> {
    let columns = columns();
    let mut column = indent;
    for word in without_controls(text).split_whitespace() {
        let width = measure_text_width(word);
        if column == indent {
            write!(out, "{word}")?;
        } else if columns.is_some_and(|columns| column + 1 + width > columns) {
            write!(out, "\n{:indent$}{word}", "")?;
            column = indent;
        } else {
            write!(out, " {word}")?;
            column += 1;
        }
        column += width;
    }
    writeln!(out)
}

/// A message as one line of a sane length, whatever a file's own words in it are.
pub(super) fn one_line(message: &str) -> String {
    const LONGEST: usize = 1000;
    let plain = without_controls(message);
    match plain.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &plain[..end]),
        None => plain,
    }
}

/// A model, or a file, may say anything; a terminal gets no control characters from it.
fn without_controls(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Prints turns as lines of a transcript, answers as they are decoded.
pub(super) struct Transcript {
    out: io::Stdout,
    columns: Option<usize>,
    /// Where the answer that is being printed has got to.
    column: Option<usize>,
}

impl Transcript {
    pub fn new() -> Self {
        Self { out: io::stdout(), columns: columns(), column: None }
    }

    /// A piece of the answer of the round that begins at `from`.
    pub fn hear(&mut self, from: f64, to: f64, piece: &str) -> io::Result<()> {
        self.write(from, to, Some(State::Response), piece)
    }

    fn write(&mut self, from: f64, to: f64, state: Option<State>, piece: &str) -> io::Result<()> {
        let mut column = match self.column {
            Some(column) => column,
            None => {
                write!(self.out, "{}  ", heading(from, to, state))?;
                INDENT
            }
        };
        let mut shown = without_controls(piece);
        if self.columns.is_some_and(|columns| column + measure_text_width(&shown) > columns) {
            write!(self.out, "\n{:INDENT$}", "")?;
            // Words begin with their space, and a line does not.
            shown.drain(..usize::from(shown.starts_with(' ')));
            column = INDENT;
        }
        self.column = Some(column + measure_text_width(&shown));
        write!(self.out, "{shown}")?;
        self.out.flush()
    }

    /// The end of a round; its text too, if it was not heard.
    pub fn turn(&mut self, turn: &Turn) -> io::Result<()> {
        let Turn { from, to, state, text, .. } = turn;
        if self.column.is_none() && text.is_empty() {
            write!(self.out, "{}", heading(*from, *to, *state))?;
        } else if self.column.is_none() {
            for (index, word) in text.split(' ').enumerate() {
                let piece = if index == 0 { word.to_owned() } else { format!(" {word}") };
                self.write(*from, *to, *state, &piece)?;
            }
        }
        self.column = None;
        writeln!(self.out)?;
        self.out.flush()
    }
}

fn heading(from: f64, to: f64, state: Option<State>) -> String {
    let time = style(format!("{:>12}", format!("{}s–{}s", brief(from), brief(to)))).dim();
    let state = match state {
        Some(State::Silence) => style("·  silence").dim(),
        Some(State::Standby) => style("…  standby").yellow(),
        Some(State::Response) => style("▶  response").green().bold(),
        None => style("?  no state").red(),
    };
    format!("{time}  {state}")
}

fn brief(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

/// Counts for people.
pub(super) fn count(count: u64) -> String {
    indicatif::HumanCount(count).to_string()
}
