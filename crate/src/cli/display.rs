//! What a person sees.

use std::io::{self, Write};

use console::style;
use indicatif::{ProgressBar, ProgressStyle};

use crate::stream::{State, Turn};

/// A bar over the bytes of a checkpoint, on standard error; invisible where that is no terminal.
pub(super) fn loading_bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("loading {wide_bar:.cyan/dim} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(bytes).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Prints turns as lines of a transcript, answers as they are decoded.
pub(super) struct Transcript {
    out: io::Stdout,
    open: bool,
}

impl Transcript {
    pub fn new() -> Self {
        Self { out: io::stdout(), open: false }
    }

    /// A piece of the answer of the round that begins at `from`.
    pub fn hear(&mut self, from: f64, to: f64, piece: &str) -> io::Result<()> {
        if !self.open {
            self.open = true;
            write!(self.out, "{}", heading(from, to, Some(State::Response)))?;
        }
        // A model may write anything; a terminal gets no control characters from it.
        let shown: String = piece.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        write!(self.out, "{shown}")?;
        self.out.flush()
    }

    pub fn turn(&mut self, turn: &Turn) -> io::Result<()> {
        if !self.open {
            write!(self.out, "{}", heading(turn.from, turn.to, turn.state))?;
        }
        self.open = false;
        writeln!(self.out)?;
        self.out.flush()
    }
}

fn heading(from: f64, to: f64, state: Option<State>) -> String {
    let time = style(format!("{:>12}", format!("{}s–{}s", brief(from), brief(to)))).dim();
    let state = match state {
        Some(State::Silence) => style("·  silence ").dim(),
        Some(State::Standby) => style("…  standby ").yellow(),
        Some(State::Response) => style("▶  response").green().bold(),
        None => style("?  no state").red(),
    };
    format!("{time}  {state}  ")
}

fn brief(seconds: f64) -> f64 {
    (seconds * 100.0).round() / 100.0
}

/// Bytes for people.
pub(super) fn bytes(bytes: u64) -> String {
    indicatif::HumanBytes(bytes).to_string()
}

/// Counts for people.
pub(super) fn count(count: u64) -> String {
    indicatif::HumanCount(count).to_string()
}
