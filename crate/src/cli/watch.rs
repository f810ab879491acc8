use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;
use tempfile::NamedTempFile;

use super::display::{self, Transcript, labelled};
use super::dump::Dump;
use super::{ModelArgs, Outcome, StreamArgs, bundled};
use crate::clock::Clock;
use crate::device;
use crate::kernels::arena::ArenaFormat;
use crate::kernels::format::Format;
use crate::model::{Description, LoadError, Model};
use crate::stream::{Decision, Keep, Options, Prologue, QuestionError, Recorder, Session};
use crate::video::{self, FrameSource};
use crate::weights::pack::Manifest;
use crate::weights::{self, Files};

/// Watch a video, a folder of images or a camera, and print each second's state and answer.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  streamo watch                              the bundled clip and model
  streamo watch pot.mp4 --model DIR -q \"Tell me when the water boils.\"
  streamo watch camera --model DIR -q \"Who comes in?\" -q \"@60 Who is there?\"
  streamo watch clip.mp4 --fps 2 --json      a JSON line a round
  streamo watch clip.mp4 --model DIR --weights q4")]
pub(super) struct Watch {
    /// A video file, a folder of images, or a camera: `camera`, `camera:1`, `/dev/video1` [default: the bundled clip]
    #[arg(value_parser = clap::builder::NonEmptyStringValueParser::new())]
    video: Option<String>,
    #[command(flatten)]
    model: ModelArgs,
    #[command(flatten)]
    pub stream: StreamArgs,
    /// Print a JSON object a round
    #[arg(long)]
    json: bool,
    /// Write what every round saw and computed to FILE, as safetensors
    #[arg(long, value_name = "FILE")]
    dump: Option<PathBuf>,
    /// Record the stream in DIR, so that `streamo replay DIR` can repeat it bit for bit
    #[arg(long, value_name = "DIR")]
    record: Option<PathBuf>,
}

/// A model that streams can begin with.
pub(super) struct LoadedModel {
    pub model: Rc<Model>,
    pub prologue: Prologue,
    /// The format of its matrices.
    pub weights: Format,
    pub device: String,
}

/// A stream that can begin.
pub(super) struct Loaded {
    pub session: Session,
    pub description: Description,
    /// The format of its matrices.
    pub weights: Format,
    pub device: String,
}

impl ModelArgs {
    /// Reads the model's description: everything but its weights.
    pub fn files(&self) -> Box<dyn Files> {
        bundled::model(self.model.as_deref())
    }

    /// Loads the model onto the device, with a bar that shows how far it is, and begins a stream. What is no pack gets
    /// matrices in the `usual` format, where none is asked for.
    ///
    /// What can be refused is refused before, and in the order of what it takes to find out.
    pub fn load(
        &self,
        description: Description,
        options: &Options,
        usual: Format,
    ) -> Result<Loaded, Box<dyn std::error::Error>> {
        let LoadedModel { model, prologue, weights, device } = self.load_model(&description, options, usual)?;
        Ok(Loaded { session: prologue.begin(model)?, description, weights, device })
    }

    /// The same before any stream has begun.
    pub fn load_model(
        &self,
        description: &Description,
        options: &Options,
        usual: Format,
    ) -> Result<LoadedModel, Box<dyn std::error::Error>> {
        let files = self.files();
        let packed = Manifest::read(files.as_ref()).map_err(LoadError::from)?.is_some();
        let wanted = self.weights.map(Format::from).or((!packed).then_some(usual));
        let store = weights::open(files.as_ref(), wanted).map_err(LoadError::from)?;
        let opened = pollster::block_on(device::open(self.device.into()))?;
        let prologue = Prologue::write(description, options.clone())?;
        prologue.check(&opened.device)?;
        prologue.prepare(store.format(), &opened.device)?;
        let bar = display::bytes_bar("loading", store.bytes());
        let model = Model::load(&description.config, store.as_ref(), &opened.device, &|bytes| bar.inc(bytes));
        bar.finish_and_clear();
        Ok(LoadedModel { model: Rc::new(model?), prologue, weights: store.format(), device: opened.name })
    }
}

/// The video, and the file that holds it if it is the bundled clip.
struct Opened {
    source: Box<dyn FrameSource>,
    name: String,
    _clip: Option<NamedTempFile>,
}

fn open_video(video: Option<&str>, clock: Clock) -> Result<Opened, Box<dyn std::error::Error>> {
    match video {
        Some(spec) => {
            let source = video::open(spec, clock)?;
            Ok(Opened { name: source.describe(), source, _clip: None })
        }
        None => {
            let clip = bundled::clip()?;
            let source = video::open(&clip.path().to_string_lossy(), clock)?;
            Ok(Opened { name: bundled::CLIP_NAME.to_owned(), source, _clip: Some(clip) })
        }
    }
}

impl Watch {
    pub fn run(self) -> Outcome {
        let description = Description::read(self.model.files().as_ref())?;
        let clock = Clock::new(self.stream.fps.unwrap_or(description.settings.fps))?;
        let mut video = open_video(self.video.as_deref(), clock)?;
        if let Some(rounds) = video.source.rounds() {
            self.check_questions(clock.start(rounds))?;
        }
        let mut dump = self.dump.as_deref().map(Dump::create).transpose()?;
        let options =
            self.stream.options(clock, &description, if dump.is_some() { Keep::Evidence } else { Keep::Nothing });
        self.record.as_deref().map(Recorder::check).transpose()?;
        let loaded = self.model.load(description, &options, Format::default())?;
        let mut recorder = self
            .record
            .as_deref()
            .map(|path| Recorder::create(path, &options, &self.stream.questions, &loaded.device, loaded.weights))
            .transpose()?;
        if !self.json {
            self.introduce(&loaded, &video.name)?;
        }
        let mut session = loaded.session;
        self.stream.questions.iter().cloned().for_each(|question| session.ask(question));

        let mut transcript = Transcript::new();
        let bar = display::rounds_bar(video.source.rounds());
        let mut end = 0.0;
        while let Some(timed) = video.source.next_frame()? {
            let (from, to) = (clock.start(timed.round), clock.start(timed.round + 1));
            let mut heard = Ok(());
            let mut hear = |piece: &str| {
                // Freely decoded text begins with its state: it is shown when that is known.
                if !self.json && options.decision == Decision::States && heard.is_ok() {
                    heard = transcript.hear(from, to, piece);
                }
            };
            let turn = pollster::block_on(session.round(timed.round, &timed.frame, &mut hear))?;
            heard?;
            if self.json {
                let mut out = std::io::stdout().lock();
                writeln!(out, "{}", serde_json::to_string(&turn)?)?;
                out.flush()?;
            } else {
                transcript.turn(&turn)?;
            }
            if let Some(recorder) = &mut recorder {
                recorder.round(&session, &timed.frame, &turn)?;
            }
            if let (Some(dump), Some(evidence)) = (&mut dump, session.take_evidence()) {
                dump.add(evidence);
            }
            end = to;
            bar.inc(1);
        }
        bar.finish_and_clear();
        dump.map(Dump::finish).transpose()?;
        self.check_questions(end)
    }

    fn check_questions(&self, end: f64) -> Outcome {
        match self.stream.questions.iter().find(|question| question.at >= end) {
            Some(late) => Err(QuestionError::AfterEnd { at: late.at, end }.into()),
            None => Ok(()),
        }
    }

    fn introduce(&self, loaded: &Loaded, video: &str) -> std::io::Result<()> {
        let out = &mut std::io::stdout().lock();
        let place = self.model.model.as_deref().map_or(bundled::MODEL_NAME.into(), Path::to_string_lossy);
        labelled(out, "model", &place)?;
        if let Some(about) = &loaded.description.settings.about {
            labelled(out, "", about)?;
        }
        if loaded.weights != Format::F32 {
            labelled(out, "weights", loaded.weights.name())?;
        }
        let arena = ArenaFormat::from(self.stream.arena);
        if arena != ArenaFormat::F32 {
            labelled(out, "memory", arena.name())?;
        }
        labelled(out, "device", &loaded.device)?;
        labelled(out, "video", video)?;
        for question in &self.stream.questions {
            let at = if question.at > 0.0 { format!(" (at {} s)", question.at) } else { String::new() };
            labelled(out, "question", &format!("{}{at}", question.text))?;
        }
        writeln!(out)
    }
}

impl StreamArgs {
    pub(super) fn options(&self, clock: Clock, description: &Description, keep: Keep) -> Options {
        Options {
            clock,
            window: self.window.unwrap_or(description.settings.window),
            memory: self.memory(),
            arena: self.arena.into(),
            decision: self.decision(),
            rule: self.rule().or_of(&description.settings),
            feedback: self.feedback(),
            max_tokens: self.max_tokens.map_or(description.settings.max_tokens, |most| most as usize),
            keep,
        }
    }
}
