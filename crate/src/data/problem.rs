use serde::Serialize;
use thiserror::Error;

/// What is wrong with a sample, and in which field.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize)]
#[error("{field} {what}")]
pub struct Problem {
    /// The field, as `response[2].end_time`.
    pub field: String,
    /// What is wrong with it, and what would be right.
    pub what: String,
}

impl Problem {
    pub(super) fn new(field: impl Into<String>, what: impl Into<String>) -> Self {
        Self { field: field.into(), what: what.into() }
    }

    /// The first of those that make a sample unreadable.
    pub(super) fn first(problems: Vec<Self>) -> Self {
        problems.into_iter().next().unwrap_or_else(|| Self::new("the sample", "cannot be read"))
    }
}
