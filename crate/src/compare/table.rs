use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::{Films, Row};
use crate::eval::{Scores, TimingReport};

/// What came of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The row.
    pub row: Row,
    /// The films that were watched.
    pub films: Films,
    /// Responses that were due.
    pub due: u64,
    /// Responses that were given.
    pub given: u64,
    /// The share of those given that were due within a second.
    pub precision: Option<f64>,
    /// The share of those due that were given within a second.
    pub recall: Option<f64>,
    /// The harmonic mean of the two at a tolerance of 0, 1, 2 and 3 seconds.
    pub f1: Vec<Option<f64>>,
    /// The same within a second with the threshold that is best for these very films.
    pub best_f1: Option<f64>,
    /// The share of right texts among responses within a second of their time.
    pub right: Option<f64>,
    /// False alarms a quiet hour.
    pub alarms: Option<f64>,
    /// Half of the responses are more seconds late.
    pub late: Option<f64>,
}

/// The rows that have been measured, in the plan's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Table(pub Vec<Measured>);

impl Measured {
    /// Of a row's report.
    pub fn of(row: &Row, films: &Films, report: &TimingReport) -> Self {
        let Scores { expected, spoken, ref timing, answers, quiet, lateness, .. } = report.overall;
        // Within a second.
        let near = timing.iter().find(|near| near.tolerance == 1.0);
        Self {
            row: row.clone(),
            films: films.clone(),
            due: expected,
            given: spoken,
            precision: near.and_then(|near| near.precision),
            recall: near.and_then(|near| near.recall),
            f1: timing.iter().map(|near| near.f1).collect(),
            best_f1: report.sweep.as_ref().and_then(|sweep| sweep.best.f1),
            right: answers.accuracy,
            alarms: quiet.alarms_per_hour,
            late: lateness.median,
        }
    }
}

impl Table {
    /// The measurement of a row.
    pub fn of(&self, row: &Row) -> Option<&Measured> {
        self.0.iter().find(|measured| measured.row == *row)
    }

    /// In Markdown.
    pub fn markdown(&self) -> String {
        let head = [
            "",
            "fps",
            "due",
            "given",
            "precision",
            "recall",
            "F1 ±0 s",
            "±1 s",
            "±2 s",
            "±3 s",
            "best ±1 s",
            "right",
            "alarms/h",
            "late s",
        ];
        let mut text = line(head);
        text += &line(std::array::from_fn::<_, 14, _>(|column| if column == 0 { "---" } else { "---:" }));
        for measured in &self.0 {
            let Measured { row, due, given, precision, recall, best_f1, right, alarms, late, .. } = measured;
            let f1 = |index: usize| places(measured.f1.get(index).copied().flatten(), 2);
            text += &line([
                row.name.clone(),
                row.fps.to_string(),
                due.to_string(),
                given.to_string(),
                places(*precision, 2),
                places(*recall, 2),
                f1(0),
                f1(1),
                f1(2),
                f1(3),
                places(*best_f1, 2),
                places(*right, 2),
                places(*alarms, 1),
                places(*late, 1),
            ]);
        }
        text
    }
}

fn line<const N: usize>(cells: [impl AsRef<str>; N]) -> String {
    let mut line = String::from("|");
    for cell in cells {
        // A bar would end the cell. Writing to a string does not fail.
        let _ = write!(line, " {} |", cell.as_ref().replace('|', "\\|"));
    }
    line + "\n"
}

fn places(value: Option<f64>, places: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.places$}"))
}
