use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::{DataError, Opened, Place, counted};
use crate::cli::{Outcome, display};
use crate::data::{Problem, Sample};
use crate::model::Settings;

/// List every problem of every sample; the exit code is 1 if there is one.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// JSON or JSON lines, raw or stream format
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print a JSON object a problem
    #[arg(long)]
    json: bool,
}

/// What was found so far.
#[derive(Default)]
struct Found {
    samples: u64,
    broken: u64,
    problems: u64,
}

impl Check {
    pub fn run(self) -> Outcome {
        let settings = Settings::default();
        let mut out = io::BufWriter::new(io::stdout().lock());
        let mut found = Found::default();
        for path in &self.files {
            for placed in Opened::new(path, "checking")? {
                let placed = match placed {
                    Ok(placed) => placed,
                    // What comes in other files is worth knowing all the same.
                    Err(error) => {
                        found.problems += 1;
                        let line = error.to_string();
                        if self.json {
                            writeln!(out, "{}", json!({ "file": path.to_string_lossy(), "problem": line }))?;
                        } else {
                            writeln!(out, "{}", display::one_line(&line))?;
                        }
                        break;
                    }
                };
                let place = Place::of(path, &placed);
                let problems = match placed.value {
                    Ok(value) => match Sample::read(value) {
                        Ok(sample) => sample.problems(&settings),
                        Err(problems) => problems,
                    },
                    Err(reason) => vec![Problem { field: "the sample".to_owned(), what: reason }],
                };
                found.samples += 1;
                found.broken += u64::from(!problems.is_empty());
                found.problems += problems.len() as u64;
                for problem in &problems {
                    self.tell(&mut out, &place, problem)?;
                }
            }
        }
        if found.problems > 0 {
            out.flush()?;
            let samples = format!("{} of {}", display::count(found.broken), counted(found.samples, "sample"));
            return Err(DataError::Problems { problems: counted(found.problems, "problem"), samples }.into());
        }
        if !self.json {
            writeln!(out, "{} without a problem", counted(found.samples, "sample"))?;
        }
        Ok(out.flush()?)
    }

    fn tell(&self, out: &mut impl Write, place: &Place<'_>, problem: &Problem) -> io::Result<()> {
        if !self.json {
            return writeln!(out, "{}", display::one_line(&format!("{place}: {problem}")));
        }
        let line = json!({
            "file": place.path.to_string_lossy(),
            "sample": place.index,
            "line": place.line,
            "name": place.name,
            "field": problem.field,
            "problem": problem.what,
        });
        writeln!(out, "{line}")
    }
}
