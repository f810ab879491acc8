//! The command line: what is said, what is shown, what is written. The work is done by the rooms below.

mod bench;
mod bundled;
mod compare;
mod data;
mod display;
mod dump;
mod eval;
mod inspect;
mod pack;
mod replay;
mod synth;
mod train;
mod watch;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::clock::Clock;
use crate::device;
use crate::kernels::arena::ArenaFormat;
use crate::kernels::format::Format;
use crate::stream::{Decision, DecisionRule, Feedback, MemoryMode, Question, State};

/// Watches video as it happens and decides, second by second, when to speak.
#[derive(Debug, Parser)]
#[command(name = "streamo", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Watch a video, a folder of images or a camera, and print each second's state and answer
    Watch(watch::Watch),
    /// Watch a recorded stream again and check that everything comes out the same, bit for bit
    Replay(replay::Replay),
    /// Say what a model directory is, how large its parts are and what memory it needs
    Inspect(inspect::Inspect),
    /// Measure each kernel, as a share of what this adapter can do at most
    Bench(bench::Bench),
    /// Pack a model: smaller weights, in the layout of the kernels, cut into files that a browser can fetch
    Pack(pack::Pack),
    /// Train a model by a recipe, or go on with a training that was interrupted
    Train(train::Train),
    /// Check, count and convert the samples that models learn from
    Data(data::Data),
    /// Make up films with questions and the exact second of every answer, for training and testing
    Synth(synth::Synth),
    /// Score what a model said against what is right
    Eval(eval::Eval),
    /// Train models that differ in one thing, and compare when and what they say before the same films
    Compare(compare::Compare),
}

/// Which model, and where it runs.
#[derive(Debug, Args)]
struct ModelArgs {
    /// A Qwen2.5-VL model trained for streaming: a Hugging Face directory, a GGUF file with its mmproj beside it or a
    /// directory of them, or what `streamo pack` wrote [default: the bundled one]
    #[arg(long, value_name = "DIR|GGUF")]
    model: Option<PathBuf>,
    /// How weight matrices are held; a pack is used as it is [default: f32, in a replay as recorded]
    #[arg(long, value_enum)]
    weights: Option<WeightsArg>,
    /// Where to run; cpu is used only when asked for
    #[arg(long, value_enum, default_value = "gpu")]
    device: DeviceArg,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DeviceArg {
    /// The best adapter that wgpu finds
    Gpu,
    /// The CPU
    Cpu,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum WeightsArg {
    /// Four bytes a weight
    F32,
    /// Two bytes a weight
    F16,
    /// 8.5 bits a weight: 8 and a scale for 32 of them
    Q8,
    /// 4.5 bits a weight: 4 and a scale for 32 of them
    Q4,
}

impl From<WeightsArg> for Format {
    fn from(arg: WeightsArg) -> Self {
        match arg {
            WeightsArg::F32 => Format::F32,
            WeightsArg::F16 => Format::F16,
            WeightsArg::Q8 => Format::Q8,
            WeightsArg::Q4 => Format::Q4,
        }
    }
}

/// How a stream is run.
#[derive(Debug, Clone, Args)]
struct StreamArgs {
    /// What to look for, from the start on or, with "@SECONDS text", from that second on; repeat for several
    #[arg(long = "question", short, value_name = "[@SECONDS ]TEXT", default_value = "What is happening?")]
    questions: Vec<Question>,
    /// Frames a second, each a round [default: the model's, usually 1]
    #[arg(long, value_name = "N", value_parser = parse_fps, allow_negative_numbers = true)]
    fps: Option<f64>,
    /// Rounds whose frames stay in memory [default: the model's, usually 120]
    #[arg(long, value_name = "ROUNDS", value_parser = parse_count::<u64>, allow_negative_numbers = true)]
    window: Option<u64>,
    /// What happens when the window is full: roll at constant cost, or read the window afresh every round (exact)
    #[arg(long, value_enum, default_value = "rolling")]
    memory: MemoryArg,
    /// How the memory's keys and values are held
    #[arg(long, value_enum, default_value = "f32")]
    arena: ArenaArg,
    /// How a round's first token is found: among the three states, or freely as upstream decodes
    #[arg(long, value_enum, default_value = "states")]
    decision: DecisionArg,
    /// Answer exactly when the response's probability among the three states reaches P [default: the model's; without one
    /// the likeliest state wins]
    #[arg(long, value_name = "P", value_parser = parse_probability, allow_negative_numbers = true)]
    threshold: Option<f32>,
    /// Add to a state's logit before deciding, as in response=0.5; repeat for several
    #[arg(long = "bias", value_name = "STATE=B", value_parser = parse_bias, allow_negative_numbers = true)]
    biases: Vec<(State, f32)>,
    /// How an answer stays in memory: as generated (ids), or decoded and tokenised again as upstream does (text)
    #[arg(long, value_enum, default_value = "ids")]
    feedback: FeedbackArg,
    /// Most tokens that a round generates, its state included [default: the model's, usually 512]
    #[arg(long, value_name = "N", value_parser = parse_count::<u32>, allow_negative_numbers = true)]
    max_tokens: Option<u32>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MemoryArg {
    Rolling,
    Exact,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ArenaArg {
    /// Four bytes a number
    F32,
    /// 9 bits a number, 8 and a scale for 32 of them: a window takes 28 % of the memory; logits lose less than with weights
    /// in q8
    Q8,
}

impl From<ArenaArg> for ArenaFormat {
    fn from(arg: ArenaArg) -> Self {
        match arg {
            ArenaArg::F32 => ArenaFormat::F32,
            ArenaArg::Q8 => ArenaFormat::Q8,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DecisionArg {
    States,
    Free,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum FeedbackArg {
    Ids,
    Text,
}

fn parse_bias(written: &str) -> Result<(State, f32), String> {
    let (state, bias) = written.split_once('=').ok_or("write STATE=B, as in response=0.5")?;
    let state = match state {
        "silence" => State::Silence,
        "standby" => State::Standby,
        "response" => State::Response,
        _ => return Err(format!("{state:?} is no state: silence, standby or response")),
    };
    let number = bias.parse::<f32>().ok().filter(|number| number.is_finite());
    Ok((state, number.ok_or_else(|| format!("{bias:?} is not a number"))?))
}

fn parse_fps(written: &str) -> Result<f64, String> {
    let fps = written.parse().ok().filter(|fps| Clock::RATES.contains(fps));
    fps.ok_or_else(|| {
        format!("give a number from {} to {}, such as 1 or 0.5", Clock::RATES.start(), Clock::RATES.end())
    })
}

fn parse_probability(written: &str) -> Result<f32, String> {
    let probability = written.parse().ok().filter(|probability| (0.0..=1.0).contains(probability));
    probability.ok_or_else(|| "a probability is a number from 0 to 1".to_owned())
}

fn parse_count<N: FromStr + From<u8> + PartialOrd>(written: &str) -> Result<N, String> {
    let count = written.parse().ok().filter(|count| *count >= N::from(1));
    count.ok_or_else(|| "give a whole number, 1 or more".to_owned())
}

impl From<DeviceArg> for device::Kind {
    fn from(arg: DeviceArg) -> Self {
        match arg {
            DeviceArg::Gpu => device::Kind::Gpu,
            DeviceArg::Cpu => device::Kind::Cpu,
        }
    }
}

impl StreamArgs {
    fn memory(&self) -> MemoryMode {
        match self.memory {
            MemoryArg::Rolling => MemoryMode::Rolling,
            MemoryArg::Exact => MemoryMode::Exact,
        }
    }

    fn decision(&self) -> Decision {
        match self.decision {
            DecisionArg::States => Decision::States,
            DecisionArg::Free => Decision::Free,
        }
    }

    fn feedback(&self) -> Feedback {
        match self.feedback {
            FeedbackArg::Ids => Feedback::Ids,
            FeedbackArg::Text => Feedback::Text,
        }
    }

    fn rule(&self) -> DecisionRule {
        let mut rule = DecisionRule { threshold: self.threshold, ..DecisionRule::default() };
        for &(state, bias) in &self.biases {
            let sum = &mut rule.bias[state as usize];
            *sum = (*sum + bias).clamp(f32::MIN, f32::MAX);
        }
        rule
    }

    /// What contradicts itself, and would be passed over in silence.
    fn contradiction(&self) -> Option<&'static str> {
        let ruled = self.threshold.is_some() || !self.biases.is_empty();
        (ruled && self.decision() == Decision::Free)
            .then_some("--threshold and --bias choose among the three states; leave them out with --decision free")
    }
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Watch(watch) => match watch.stream.contradiction() {
            Some(sentence) => Cli::command().error(ErrorKind::ArgumentConflict, sentence).exit(),
            None => watch.run(),
        },
        Command::Replay(replay) => replay.run(),
        Command::Inspect(inspect) => inspect.run(),
        Command::Bench(bench) => bench.run(),
        Command::Pack(pack) => pack.run(),
        Command::Train(train) => train.run(),
        Command::Data(data) => data.run(),
        Command::Synth(synth) => synth.run(),
        Command::Eval(eval) => eval.run(),
        Command::Compare(compare) => compare.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has gone, as in `streamo watch … | head`: there is nobody to tell.
        Err(error) if is_broken_pipe(error.as_ref()) => ExitCode::SUCCESS,
        Err(error) => {
            let message = display::one_line(&error.to_string());
            // Where even that cannot be written, the exit code has to do.
            let _ = writeln!(io::stderr(), "{} {message}", console::style("error:").red().bold().for_stderr());
            ExitCode::FAILURE
        }
    }
}

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn is_broken_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
