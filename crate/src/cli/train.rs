use std::io::{self, Write};
use std::path::PathBuf;

use burn::tensor::Device;
use clap::Args;
use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::Outcome;
use crate::train::{Journal, Recipe, Step, Tally, Trainer};

/// Train a model by a recipe, or go on with a training that was interrupted.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  streamo train recipe.toml -o run             begins, or goes on where run was left
  streamo train recipe.toml -o run --until 100 stops after step 100; the next call goes on")]
pub(super) struct Train {
    /// The recipe: what is trained, from what, for how long
    #[arg(value_name = "RECIPE")]
    recipe: PathBuf,
    /// Where checkpoints, the log and the curves go
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Stop after this step; the next call goes on from there
    #[arg(long, value_name = "STEP")]
    until: Option<u64>,
    /// Dialogues are read by so many threads at once; changes nothing in what comes out [default: all of the machine]
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    threads: usize,
    /// Print a JSON object a step, and one for each task of a validation
    #[arg(long)]
    json: bool,
}

impl Train {
    pub(super) fn run(self) -> Outcome {
        let recipe = Recipe::read(&self.recipe)?;
        let mut trainer = Trainer::open(recipe, &self.output, &Device::flex(), self.threads)?;
        let journal = Journal::open(&self.output, trainer.done())?;
        let end = self.until.unwrap_or(u64::MAX).min(trainer.recipe().steps);
        let bar = if self.json { ProgressBar::hidden() } else { ProgressBar::new(end) };
        let bar = bar.with_position(trainer.done()).with_style(
            ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}  {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        while trainer.done() < end {
            let step = trainer.step()?;
            journal.step(&step)?;
            self.tell(&bar, &step)?;
            let rhythm = trainer.recipe().rhythm;
            if step.step.is_multiple_of(rhythm.validate) || step.step == end {
                let tallies = trainer.validate()?;
                journal.validation(step.step, &tallies)?;
                for (task, tally) in tallies {
                    let line = match self.json {
                        true => json!({ "step": step.step, "task": task, "tally": tally }).to_string(),
                        false => format!("{:>8}  {:<15} {}", step.step, task.name(), judged(&tally)),
                    };
                    bar.suspend(|| writeln!(io::stdout(), "{line}"))?;
                }
            }
            if step.step.is_multiple_of(rhythm.save) || step.step == end {
                trainer.save()?;
                journal.draw()?;
            }
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn tell(&self, bar: &ProgressBar, step: &Step) -> io::Result<()> {
        bar.set_position(step.step);
        bar.set_message(format!("loss {:.3}", step.tally.loss));
        let &Step { step, rate, norm, tally } = step;
        let line = match self.json {
            true => json!({ "step": step, "rate": rate, "norm": norm, "tally": tally }).to_string(),
            false if step.is_multiple_of(10) => {
                format!("{step:>8}  rate {rate:.1e}  norm {norm:>6.2}  {}", judged(&tally))
            }
            false => return Ok(()),
        };
        bar.suspend(|| writeln!(io::stdout(), "{line}"))
    }
}

/// A tally in a line: of each kind the cross-entropy, and the share that was right.
fn judged(tally: &Tally) -> String {
    let kinds = Tally::KINDS.iter().zip(tally.mean_entropy()).zip(tally.accuracy());
    let kinds: Vec<_> = kinds
        .filter(|((_, entropy), _)| entropy.is_finite())
        .map(|((kind, entropy), right)| format!("{} {entropy:.3} {:>3.0}%", style(kind).dim(), 100.0 * right))
        .collect();
    format!("loss {:.4}  F1 {:.2}  {}", tally.loss, tally.response_f1(), kinds.join("  "))
}
