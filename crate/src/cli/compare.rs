use std::io::{self, Write};
use std::path::PathBuf;

use burn::tensor::Device;
use clap::Args;

use super::{Outcome, display, train};
use crate::compare::{Comparison, Measured};
use crate::train::Trainer;

/// Train models that differ in one thing, and compare when and what they say before the same films.
///
/// What is interrupted goes on where it was left. The directory gets a run for each training, and table.md and table.json.
///
/// Of the table: due and given are responses; precision, recall and F1 say how well those given meet those due, within a
/// second and for F1 at other tolerances too; best is F1 with the threshold that suits these very films best; right is the
/// share of right texts among those within a second of their time; alarms/h are false alarms a quiet hour; late is the
/// median lateness. In every row the likeliest state wins, whatever threshold a model brings.
#[derive(Debug, Args)]
pub(super) struct Compare {
    /// The plan: which trainings, on what films
    #[arg(value_name = "PLAN")]
    plan: PathBuf,
    /// Where the runs and the table go
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Dialogues are read by so many threads at once; changes nothing in what comes out [default: all of the machine]
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    threads: usize,
}

impl Compare {
    pub(super) fn run(self) -> Outcome {
        let comparison = Comparison::open(&self.plan, &self.output, &Device::flex())?;
        for training in &comparison.plan().trainings {
            let (recipe, run) = comparison.recipe(training)?;
            if Trainer::is_finished(&recipe, &run)? {
                continue;
            }
            writeln!(io::stdout(), "{}", training.name)?;
            let end = recipe.steps;
            let mut trainer = Trainer::open(recipe, &run, &Device::flex(), self.threads)?;
            let bar = train::steps_bar(trainer.done(), end);
            trainer.go_on(end, &mut |news| -> Outcome { Ok(train::tell(&bar, news, false)?) })?;
            bar.finish_and_clear();
        }
        let mut table = comparison.table()?;
        let films = &comparison.plan().films;
        for (place, row) in comparison.plan().rows.iter().enumerate() {
            if table.of(row).is_none() {
                let bar = display::films_bar(&row.name, films.count * films.tasks.len() as u64);
                let report = comparison.watch(row, &mut || bar.inc(1))?;
                bar.finish_and_clear();
                table.0.insert(place, Measured::of(row, films, &report));
                comparison.keep(&table)?;
            }
        }
        comparison.keep(&table)?;
        write!(io::stdout(), "{}", table.markdown())?;
        Ok(())
    }
}
