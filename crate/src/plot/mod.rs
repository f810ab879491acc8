//! Line charts as SVG: plain data in, a picture out.
//!
//! One style for every chart of the house: panels one above the other over a common horizontal axis, rather than two
//! scales beside one panel; colours that everybody can tell apart (Okabe and Ito, 2008); the size of a README's column;
//! no fonts but the reader's own.

mod draw;
mod ruler;
#[cfg(test)]
mod tests;

use thiserror::Error;

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// What stands above it.
    pub title: String,
    /// The horizontal axis of all panels.
    pub x: Axis,
    /// The panels, from the top; the first is the tallest.
    pub panels: Vec<Panel>,
}

/// One panel of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// The vertical axis.
    pub y: Axis,
    /// The lines. One name has one colour, in whichever panels.
    pub series: Vec<Series>,
    /// Places of note.
    pub marks: Vec<Mark>,
}

/// An axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it counts, with its unit.
    pub label: String,
    /// How values become lengths.
    pub scale: Scale,
    /// From where to where it goes; without it, as far as the data.
    pub range: Option<(f64, f64)>,
}

/// How values become lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scale {
    /// Evenly.
    #[default]
    Linear,
    /// By their logarithm; what is 0 or less is not drawn.
    Log,
    /// By the logarithm of one more than them, so that 0 has a place; what is less is not drawn.
    LogFromZero,
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend, where each name stands once; empty where the axis' label says it already.
    pub name: String,
    /// Its points in drawing order. One that is no number, or that the scales have no place for, leaves a gap.
    pub points: Vec<(f64, f64)>,
    /// Whether it is thin and pale, as what is behind a smoother line of its name.
    pub faint: bool,
}

/// A vertical line at a place of note.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where.
    pub x: f64,
    /// What is noteworthy; may be empty.
    pub label: String,
}

/// A chart that cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the chart cannot be drawn: {0}")]
pub struct PlotError(String);

impl Axis {
    /// An even axis as long as the data.
    pub fn linear(label: &str) -> Self {
        Self { label: label.to_owned(), scale: Scale::Linear, range: None }
    }

    /// A logarithmic axis as long as the data.
    pub fn log(label: &str) -> Self {
        Self { scale: Scale::Log, ..Self::linear(label) }
    }
}

impl Series {
    /// A line of a name.
    pub fn new(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.to_owned(), points, faint: false }
    }

    /// A thin and pale line of a name.
    pub fn faint(name: &str, points: Vec<(f64, f64)>) -> Self {
        Self { faint: true, ..Self::new(name, points) }
    }
}

impl Chart {
    /// The chart as an SVG document. Any data can be drawn: what cannot be placed is left out.
    ///
    /// # Errors
    ///
    /// None that is known; the drawing library can report some.
    pub fn svg(&self) -> Result<String, PlotError> {
        draw::svg(self)
    }
}
