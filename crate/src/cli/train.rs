use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use console::style;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::{DeviceArg, Outcome};
use crate::device;
use crate::train::{News, Recipe, Step, Tally, Trainer};

/// Train a model by a recipe, or go on with a training that was interrupted.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  streamo train recipe.toml -o run             begins, or goes on where run was left
  streamo train recipe.toml -o run --until 100 stops after step 100; the next call goes on
  streamo train recipe.toml -o run --device gpu on the best adapter that wgpu finds")]
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
    /// Where to compute; only on the CPU are the bits the same every time
    #[arg(long, value_enum, default_value = "cpu")]
    device: DeviceArg,
    /// Dialogues are read by so many threads at once; changes nothing in what comes out [default: all of the machine,
    /// with a GPU one]
    #[arg(long, value_name = "N", default_value = "0", hide_default_value = true)]
    threads: usize,
    /// Print a JSON object a step, and one for each task of a validation
    #[arg(long)]
    json: bool,
}

impl Train {
    pub(super) fn run(self) -> Outcome {
        let recipe = Recipe::read(&self.recipe)?;
        let opened = pollster::block_on(device::open(self.device.into()))?;
        let mut trainer = Trainer::open(recipe, &self.output, &opened.device, self.threads)?;
        let end = self.until.unwrap_or(u64::MAX).min(trainer.recipe().steps);
        let bar = if self.json { ProgressBar::hidden() } else { steps_bar(trainer.done(), end) };
        trainer.go_on(end, &mut |news| -> Outcome { Ok(tell(&bar, news, self.json)?) })?;
        bar.finish_and_clear();
        Ok(())
    }
}

/// A bar for so many steps, of which some are done.
pub(super) fn steps_bar(done: u64, end: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}  {msg}  {eta} left");
    ProgressBar::new(end).with_position(done).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Tells of every tenth step and of every validation, in JSON of every step.
pub(super) fn tell(bar: &ProgressBar, news: News<'_>, json: bool) -> io::Result<()> {
    let say = |line: String| bar.suspend(|| writeln!(io::stdout(), "{line}"));
    match news {
        News::Step(&Step { step, rate, norm, tally }) => {
            bar.set_position(step);
            bar.set_message(format!("loss {:.3}", tally.loss));
            match json {
                true => say(json!({ "step": step, "rate": rate, "norm": norm, "tally": tally }).to_string()),
                false if step.is_multiple_of(10) => {
                    say(format!("{step:>8}  rate {rate:.1e}  norm {norm:>6.2}  {}", judged(&tally)))
                }
                false => Ok(()),
            }
        }
        News::Validation(step, tallies) => {
            let width = tallies.keys().map(|task| task.chars().count()).max().unwrap_or(0);
            tallies.iter().try_for_each(|(task, tally)| {
                say(match json {
                    true => json!({ "step": step, "task": task, "tally": tally }).to_string(),
                    false => format!("{step:>8}  {task:<width$}  {}", judged(tally)),
                })
            })
        }
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
