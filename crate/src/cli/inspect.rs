use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::{ArenaArg, Outcome, WeightsArg, bundled, display};
use crate::device::Bytes;
use crate::kernels::arena::ArenaFormat;
use crate::kernels::format::Format;
use crate::memory::Plan;
use crate::model::{Description, LoadError, ModelConfig};
use crate::stream::Protocol;
use crate::weights::{self, Files, StoredTensor, TensorStore};

/// Say what a model directory is, how large its parts are and what memory it needs.
#[derive(Debug, Args)]
pub(super) struct Inspect {
    /// A Hugging Face directory, a GGUF file or a directory of them, or what `streamo pack` wrote [default: the bundled
    /// model]
    model: Option<PathBuf>,
    /// How weight matrices would be held on a GPU [default: f32, of a pack what it holds]
    #[arg(long, value_enum)]
    weights: Option<WeightsArg>,
    /// How the memory's keys and values would be held
    #[arg(long, value_enum, default_value = "f32")]
    arena: ArenaArg,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// What can be said of a model without loading it.
#[derive(Debug, Serialize)]
struct Report {
    place: String,
    about: Option<String>,
    parameters: Parameters,
    /// In the files.
    weight_bytes: u64,
    /// On a GPU, where matrices are in `weights`.
    device_bytes: u64,
    formats: Vec<String>,
    weights: &'static str,
    vision: Part,
    language: Part,
    vocabulary: usize,
    tied_head: bool,
    states: [u32; 3],
    prompt_tokens: usize,
    fps: f64,
    threshold: Option<f32>,
    pixels: [u32; 2],
    most_visual_tokens: usize,
    arena: &'static str,
    memory_bytes_a_token: u64,
    memory: Vec<Context>,
}

#[derive(Debug, Serialize)]
struct Parameters {
    total: u64,
    vision: u64,
    language: u64,
    head: u64,
}

#[derive(Debug, Serialize)]
struct Part {
    layers: usize,
    hidden: usize,
    heads: usize,
    kv_heads: usize,
    head: usize,
    intermediate: usize,
}

/// The memory of one window.
#[derive(Debug, Serialize)]
struct Context {
    window: u64,
    tokens: usize,
    bytes: u64,
}

const WINDOWS: [u64; 5] = [8, 30, 60, 120, 300];

impl Inspect {
    pub fn run(self) -> Outcome {
        let files = bundled::model(self.model.as_deref());
        let description = Description::read(files.as_ref())?;
        let store = weights::open(files.as_ref(), self.weights.map(Format::from)).map_err(LoadError::from)?;
        let report = report(files.as_ref(), &description, store.as_ref(), self.arena.into())?;
        display::tell(&report, self.json, |out| print(out, &report))
    }
}

fn report(
    files: &dyn Files,
    description: &Description,
    store: &dyn TensorStore,
    arena: ArenaFormat,
) -> Result<Report, Box<dyn std::error::Error>> {
    let Description { config: ModelConfig { vision, language }, settings, tokenizer, .. } = description;
    let protocol = Protocol::new(tokenizer.clone(), settings)?;
    let prompt = protocol.system()?.len();
    let visual = description.preprocessor().most_visual_tokens();

    let mut parameters = Parameters { total: 0, vision: 0, language: 0, head: 0 };
    let mut formats: BTreeMap<String, u64> = BTreeMap::new();
    let mut weight_bytes = 0;
    let mut device_bytes = 0;
    for tensor in store.tensors() {
        let (name, count) = (tensor.name, tensor.parameters());
        parameters.total += count;
        *match weights::Part::of(name) {
            weights::Part::Vision => &mut parameters.vision,
            weights::Part::Head => &mut parameters.head,
            weights::Part::Language => &mut parameters.language,
        } += count;
        weight_bytes += tensor.bytes;
        device_bytes += device_size(&tensor, store.format());
        *formats.entry(tensor.format).or_default() += count;
    }
    let mut memory = Vec::new();
    for window in WINDOWS {
        let plan = Plan::new(language, arena, window, prompt, visual, settings.max_tokens)?;
        let bytes = plan.slots as u64 * language.token_bytes(arena);
        memory.push(Context { window, tokens: plan.slots, bytes });
    }
    Ok(Report {
        place: files.place(),
        about: settings.about.clone(),
        device_bytes,
        parameters,
        weight_bytes,
        formats: formats.into_keys().collect(),
        weights: store.format().name(),
        vision: Part {
            layers: vision.depth,
            hidden: vision.hidden,
            heads: vision.heads,
            kv_heads: vision.heads,
            head: vision.hidden / vision.heads,
            intermediate: vision.intermediate,
        },
        language: Part {
            layers: language.layers,
            hidden: language.hidden,
            heads: language.heads,
            kv_heads: language.kv_heads,
            head: language.head,
            intermediate: language.intermediate,
        },
        vocabulary: language.vocabulary,
        tied_head: language.tied,
        states: protocol.states(),
        prompt_tokens: prompt,
        fps: settings.fps,
        threshold: settings.threshold,
        pixels: [settings.min_pixels, settings.max_pixels],
        most_visual_tokens: visual,
        arena: arena.name(),
        memory_bytes_a_token: language.token_bytes(arena),
        memory,
    })
}

/// Bytes of a tensor on a GPU, where matrices are in `format`.
fn device_size(tensor: &StoredTensor<'_>, format: Format) -> u64 {
    match *tensor.shape {
        [rows, columns] => format.row_bytes(columns).saturating_mul(rows as u64),
        _ => tensor.parameters().saturating_mul(size_of::<f32>() as u64),
    }
}

fn print(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let bytes = |count| Bytes(count).to_string();
    let count = display::count;
    let Report { parameters, vision, language, .. } = report;
    writeln!(out, "{}", console::style(&report.place).bold())?;
    if let Some(about) = &report.about {
        display::paragraph(out, 0, about)?;
    }
    let mut line = |label: &str, text: String| {
        write!(out, "  {label:<11}")?;
        display::paragraph(out, 13, &text)
    };
    line(
        "weights",
        format!(
            "{} parameters, {} on disk as {}, {} on a GPU as {}",
            count(parameters.total),
            bytes(report.weight_bytes),
            report.formats.join(" and "),
            bytes(report.device_bytes),
            report.weights
        ),
    )?;
    let part = |part: &Part, parameters: u64| {
        format!(
            "{} layers of {}, {} heads of {} ({} key/value), inner {}: {} parameters",
            part.layers,
            part.hidden,
            part.heads,
            part.head,
            part.kv_heads,
            part.intermediate,
            count(parameters)
        )
    };
    line("vision", part(vision, parameters.vision))?;
    line("language", part(language, parameters.language))?;
    let head = match report.tied_head {
        true => "head tied to the embedding".to_owned(),
        false => format!("head of {} parameters", count(parameters.head)),
    };
    line("vocabulary", format!("{} tokens, {head}; states {:?}", count(report.vocabulary as u64), report.states))?;
    let [min, max] = report.pixels;
    let answers =
        report.threshold.map_or_else(String::new, |threshold| format!("; answers at a probability of {threshold}"));
    line(
        "stream",
        format!(
            "{} fps, frames of {min}–{max} pixels, at most {} visual tokens; prompt of {} tokens{answers}",
            report.fps, report.most_visual_tokens, report.prompt_tokens
        ),
    )?;
    line("memory", format!("{} a token in {}", bytes(report.memory_bytes_a_token), report.arena))?;
    for context in &report.memory {
        writeln!(
            out,
            "  {:>19} rounds {:>9} tokens {:>12}",
            context.window,
            count(context.tokens as u64),
            bytes(context.bytes)
        )?;
    }
    Ok(())
}
