use std::path::PathBuf;

use clap::Args;

use super::tell;
use crate::cli::synth::{SplitArg, parse_size};
use crate::cli::{ModelArgs, Outcome, display, parse_count, parse_fps};
use crate::clock::Clock;
use crate::eval::{Watcher, Worlds};
use crate::kernels::format::Format;
use crate::model::Description;
use crate::stream::DecisionRule;
use crate::synth::Task;

/// Whether a model speaks at the right time before films that it was not trained on, which are made up on the way.
///
/// The table is that of `streamo eval timing`.
#[derive(Debug, Args)]
pub(super) struct WorldsArgs {
    #[command(flatten)]
    model: ModelArgs,
    /// Another model, which decides when to speak; of --model come only the answers
    #[arg(long, value_name = "DIR|GGUF")]
    decider: Option<PathBuf>,
    /// What is asked for; repeat for several [default: all but dense]
    #[arg(long = "task", value_name = "TASK")]
    tasks: Vec<Task>,
    /// Films of each task
    #[arg(long, value_name = "N", default_value = "25", value_parser = parse_count::<u32>, allow_negative_numbers = true)]
    films: u32,
    /// Rounds a film
    #[arg(long, value_name = "N", default_value = "24", value_parser = parse_count::<u32>, allow_negative_numbers = true)]
    rounds: u32,
    /// Frames a second, each a round
    #[arg(long, value_name = "N", default_value = "1", value_parser = parse_fps, allow_negative_numbers = true)]
    fps: f64,
    /// Pixels of a picture
    #[arg(long, value_name = "WIDTHxHEIGHT", default_value = "280x168", value_parser = parse_size)]
    size: (u32, u32),
    /// What films may be made of
    #[arg(long, value_enum, default_value = "held-out")]
    split: SplitArg,
    /// What chance begins with
    #[arg(long, value_name = "S", default_value = "0")]
    seed: u64,
    /// Answer exactly when the response's probability among the three states reaches P [default: the model's, where there is
    /// one the decider's; without one the likeliest state wins]
    #[arg(long, value_name = "P", value_parser = crate::cli::parse_probability, allow_negative_numbers = true)]
    threshold: Option<f32>,
    /// A directory for timing.json; answers.csv, every response that was due or given, and how it fared; and threshold.svg,
    /// the curves of other thresholds on the same logits
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

impl WorldsArgs {
    pub fn run(self) -> Outcome {
        let description = Description::read(self.model.files().as_ref())?;
        let worlds = Worlds {
            split: self.split.into(),
            size: self.size,
            clock: Clock::new(self.fps)?,
            rounds: self.rounds as usize,
            films: self.films.into(),
            seed: self.seed,
        };
        let decider = match &self.decider {
            Some(path) => {
                let args = ModelArgs { model: Some(path.clone()), ..self.model };
                let description = Description::read(args.files().as_ref())?;
                Some((args, description))
            }
            None => None,
        };
        let decides = decider.as_ref().map_or(&description.settings, |(_, description)| &description.settings);
        let rule = DecisionRule { threshold: self.threshold, ..DecisionRule::default() };
        let options = worlds.options(&description.settings, rule.or_of(decides));
        let tasks = match self.tasks.is_empty() {
            true => Task::ALL.into_iter().filter(|&task| task != Task::Dense).collect(),
            false => self.tasks,
        };
        let load = |args: &ModelArgs, description: Description| -> Result<Watcher, Box<dyn std::error::Error>> {
            let model = args.load_model(&description, &options, Format::default())?.model;
            Ok(Watcher { description, model })
        };
        let decider = decider.map(|(args, description)| load(&args, description)).transpose()?;
        let watcher = load(&self.model, description)?;
        let films = worlds.films(&tasks);
        let bar = display::films_bar("watching", films.len() as u64);
        let mut streams = Vec::with_capacity(films.len());
        for film in films {
            streams.push(worlds.watch(film, &options, &watcher, decider.as_ref())?);
            bar.inc(1);
        }
        bar.finish_and_clear();
        tell(&streams, self.output.as_deref(), self.json)
    }
}
