use std::rc::Rc;

use burn::tensor::Tensor;
use web_time::Instant;

use super::history::History;
use super::options::{Keep, MemoryMode, Options, SessionError};
use super::{DecisionRule, Evidence, Milliseconds, Prologue, Protocol, Question, State, TokenCounts, Turn};
use crate::device;
use crate::frame::{Frame, FrameError, Intake, Picture, Preprocessor};
use crate::kernels::read_out;
use crate::memory::{Kind, Memory, Plan};
use crate::model::{Description, Model};
use crate::trace::Trace;
use crate::vision::Layout;

/// A stream being watched.
pub struct Session {
    pub(super) model: Rc<Model>,
    pub(super) protocol: Rc<Protocol>,
    preprocessor: Preprocessor,
    pub(super) options: Options,
    pub(super) plan: Plan,
    pub(super) memory: Memory,
    pub(super) state_rows: Tensor<2>,
    way_in: Option<WayIn>,
    pub(super) history: Option<History>,
    pub(super) waiting: Vec<Question>,
    pub(super) standing: Vec<Standing>,
    last_round: Option<u64>,
    pub(super) generated: Vec<u32>,
    pub(super) evidence: Option<Evidence>,
}

/// What frames of one size share.
struct WayIn {
    intake: Intake,
    layout: Layout,
    /// The rows of the last picture, for a model that sees motion.
    before: Option<Tensor<2>>,
}

impl WayIn {
    /// The rows of a picture that it takes, as the model is to see them.
    fn rows(&mut self, picture: Picture<'_>) -> Result<Tensor<2>, FrameError> {
        let now = self.intake.rows(picture)?;
        if !self.intake.sees_motion() {
            return Ok(now);
        }
        let before = self.before.replace(now.clone());
        Ok(before.map_or(now.clone(), |before| self.intake.since(before, now)))
    }
}

/// A question that was put and still counts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Standing {
    pub text: String,
    pub round: u64,
}

impl Session {
    /// Begins a stream: allocates its memory and builds the system turn.
    ///
    /// # Errors
    ///
    /// The tokenizer lacks a token, or the memory is impossible.
    pub fn new(model: Rc<Model>, description: &Description, options: Options) -> Result<Self, SessionError> {
        Prologue::write(description, options)?.begin(model)
    }

    pub(super) fn begin(prologue: Prologue, model: Rc<Model>) -> Result<Self, SessionError> {
        let Prologue { protocol, preprocessor, options, plan, .. } = prologue;
        let mut memory = Memory::new(model.language(), options.arena, plan.slots, model.device())?;
        memory.sequence.append(Kind::System, 0, &protocol.system()?);
        Ok(Self {
            state_rows: model.head_rows(&protocol.states()),
            history: (options.memory == MemoryMode::Exact).then(History::default),
            model,
            protocol: Rc::new(protocol),
            preprocessor,
            options,
            plan,
            memory,
            way_in: None,
            waiting: Vec::new(),
            standing: Vec::new(),
            last_round: None,
            generated: Vec::new(),
            evidence: None,
        })
    }

    /// Puts a question. It stands from the round that its second falls into, or from the next one if that has passed,
    /// until it is withdrawn.
    pub fn ask(&mut self, question: Question) {
        self.waiting.push(question);
    }

    /// Withdraws every question with this text: from the next round on the model does not see it. Answers to it stay
    /// as any answer does.
    pub fn withdraw(&mut self, text: &str) {
        self.waiting.retain(|question| question.text != text);
        if let Some(history) = &mut self.history {
            history.forget(text);
        }
        // From the last, so that the questions before it keep their places.
        for place in (0..self.standing.len()).rev().filter(|&place| self.standing[place].text == text) {
            let round = self.standing[place].round;
            let index = self.standing[..place].iter().filter(|standing| standing.round == round).count();
            self.memory.sequence.withdraw(round, index);
        }
        self.standing.retain(|standing| standing.text != text);
    }

    /// Has states follow from their logits by `rule`, from the next round on.
    pub fn decide_by(&mut self, rule: DecisionRule) {
        self.options.rule = rule;
    }

    /// The memory of the stream.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// How the memory is divided.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Questions that have not been put yet because their second has not come.
    pub fn unasked(&self) -> &[Question] {
        &self.waiting
    }

    /// The last round that was watched.
    pub fn last_round(&self) -> Option<u64> {
        self.last_round
    }

    /// How the stream is run.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Width and height of what the model sees of frames of `width` and `height`.
    ///
    /// # Errors
    ///
    /// Such a frame is too thin.
    pub fn size_seen(&self, width: u32, height: u32) -> Result<(u32, u32), FrameError> {
        self.preprocessor.size(width, height)
    }

    /// `frame` as the model sees it: resized. A round does not make it, it is resized here, on the CPU.
    ///
    /// # Errors
    ///
    /// The frame is too thin.
    pub fn frame_seen(&self, frame: &Frame) -> Result<Frame, FrameError> {
        self.preprocessor.resized(frame)
    }

    /// The tokens that the last round generated, the state and an end token included.
    pub fn generated(&self) -> &[u32] {
        &self.generated
    }

    /// What the last round saw and computed, if [`Options::keep`] asks for it.
    pub fn take_evidence(&mut self) -> Option<Evidence> {
        self.evidence.take()
    }

    /// Watches one picture: a frame, or pixels on the model's own device. `hear` is called with each piece of the answer as
    /// it is decoded.
    ///
    /// # Errors
    ///
    /// See [`SessionError`].
    pub async fn round(
        &mut self,
        round: u64,
        picture: impl Into<Picture<'_>>,
        hear: &mut dyn FnMut(&str),
    ) -> Result<Turn, SessionError> {
        self.begin_round(round)?;
        let picture = picture.into();
        let mut ms = Milliseconds::default();

        let watch = Instant::now();
        self.generated.clear();
        let mut way_in = self.way_in(picture)?;
        let patches = way_in.rows(picture)?;
        self.settle()?;
        ms.frame = elapsed(watch);

        let watch = Instant::now();
        let grid = way_in.intake.grid();
        let mut trace = if self.options.keep == Keep::Layers { Trace::recording() } else { Trace::default() };
        let features = self.model.see(patches, &way_in.layout, &mut trace);
        self.way_in = Some(way_in);
        self.settle()?;
        ms.vision = elapsed(watch);

        let watch = Instant::now();
        self.prompt(round, grid, features.clone())?;
        let (last, prefill) = self.model.prefill(&mut self.memory, &mut trace)?;
        let opening = self.decide(last, round).await?;
        ms.prefill = elapsed(watch);
        if let Some(evidence) = &mut self.evidence {
            evidence.vision = read_out::floats(features.clone()).await?;
            evidence.hidden = features.dims()[1];
            evidence.layers = trace.read().await?;
        }

        let watch = Instant::now();
        let mut turn = Turn {
            round,
            from: self.options.clock.start(round),
            to: self.options.clock.start(round + 1),
            state: Some(State::Silence),
            text: String::new(),
            logits: opening.as_ref().and_then(|opening| opening.logits),
            tokens: TokenCounts { vision: features.dims()[0], prefill, ..TokenCounts::default() },
            ms,
        };
        match opening {
            Some(opening) => self.reply(opening, &mut turn, hear).await?,
            None => self.keep_reply(round, Kind::Turn, &[self.protocol.states()[0]])?,
        }
        self.settle()?;
        turn.ms.decode = elapsed(watch);
        turn.tokens.memory = self.memory.sequence.len() - self.memory.sequence.waiting();
        Ok(turn)
    }

    /// Reads a round again that this session's stream has been through, on a device that is lost: `picture`, and the tokens
    /// that it [generated](Self::generated) then, none of which is decided anew. Questions are to be asked again before,
    /// each for the round in which it was put.
    ///
    /// # Errors
    ///
    /// See [`SessionError`].
    pub async fn recall(
        &mut self,
        round: u64,
        picture: impl Into<Picture<'_>>,
        generated: &[u32],
    ) -> Result<(), SessionError> {
        let picture = picture.into();
        self.begin_round(round)?;
        let mut way_in = self.way_in(picture)?;
        let features = self.model.see(way_in.rows(picture)?, &way_in.layout, &mut Trace::default());
        self.prompt(round, way_in.intake.grid(), features)?;
        self.way_in = Some(way_in);
        self.recall_reply(round, generated)?;
        self.settle()
    }

    fn begin_round(&mut self, round: u64) -> Result<(), SessionError> {
        match self.last_round.replace(round) {
            Some(last) if round <= last => Err(SessionError::Order { round, last }),
            _ => Ok(()),
        }
    }

    /// Takes what pictures such as `picture` share, which is made anew only when the last one had another size.
    fn way_in(&mut self, picture: Picture<'_>) -> Result<WayIn, SessionError> {
        match self.way_in.take() {
            Some(way_in) if way_in.intake.takes(picture) => Ok(way_in),
            last => {
                let intake = Intake::new(&self.preprocessor, picture.size(), self.model.device())?;
                let layout = self.model.layout(intake.grid())?;
                // Pictures of another size may be seen at the same one, as those are that are read again.
                let last = last.filter(|last| last.intake.grid() == intake.grid());
                Ok(WayIn { intake, layout, before: last.and_then(|last| last.before) })
            }
        }
    }

    pub(super) fn settle(&self) -> Result<(), SessionError> {
        device::settle(self.model.device()).map_err(SessionError::Device)
    }
}

fn elapsed(watch: Instant) -> f64 {
    watch.elapsed().as_secs_f64() * 1000.0
}
