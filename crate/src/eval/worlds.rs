//! A model before films of worlds that it was not trained on, as it would be before a camera: round by round, with what it
//! said itself in its memory.

use std::rc::Rc;

use thiserror::Error;

use super::{Observed, Stream, Truth};
use crate::clock::Clock;
use crate::kernels::arena::ArenaFormat;
use crate::model::{Description, Model, Settings};
use crate::stream::{
    Decision, DecisionRule, Feedback, Keep, MemoryMode, Options, Prologue, Question, Session, SessionError, State, Turn,
};
use crate::synth::{self, Setup, Split, Task};

/// Most tokens of a reply, where the model's limit is not tighter: several sentences of the films' texts.
const LONGEST_REPLY: usize = 64;

/// Which films.
#[derive(Debug, Clone, PartialEq)]
pub struct Worlds {
    /// What they are made of.
    pub split: Split,
    /// Pixels of their pictures.
    pub size: (u32, u32),
    /// Rounds and their seconds.
    pub clock: Clock,
    /// Rounds of each.
    pub rounds: usize,
    /// How many of each task; in every fourth nothing happens that is asked for.
    pub films: u64,
    /// What chance begins with.
    pub seed: u64,
}

/// One film of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FilmOf {
    /// The task.
    pub task: Task,
    /// Its number.
    pub number: u64,
}

/// A model with all that it is loaded from.
#[derive(Clone)]
pub struct Watcher {
    /// Its settings and tokenizer.
    pub description: Description,
    /// Its weights.
    pub model: Rc<Model>,
}

impl Watcher {
    fn begin(&self, options: Options) -> Result<Session, SessionError> {
        Prologue::write(&self.description, options)?.begin(Rc::clone(&self.model))
    }
}

/// A film that a model could not watch.
#[derive(Debug, Error)]
#[error("{task} {number}: {source}", task = .film.task.name(), number = .film.number)]
pub struct WorldError {
    film: FilmOf,
    source: SessionError,
}

impl Worlds {
    /// How a model with these `settings` watches them: with as many seconds in its memory as at its own rate, and answers of
    /// several sentences at most.
    pub fn options(&self, settings: &Settings, rule: DecisionRule) -> Options {
        let seconds = settings.window as f64 / settings.fps;
        Options {
            clock: self.clock,
            window: (seconds * self.clock.fps()).ceil().max(1.0) as u64,
            memory: MemoryMode::default(),
            arena: ArenaFormat::default(),
            decision: Decision::default(),
            rule,
            feedback: Feedback::default(),
            max_tokens: settings.max_tokens.min(LONGEST_REPLY),
            keep: Keep::Nothing,
        }
    }

    /// The films of `tasks`.
    pub fn films(&self, tasks: &[Task]) -> Vec<FilmOf> {
        let films = |&task: &Task| (0..self.films).map(move |number| FilmOf { task, number });
        tasks.iter().flat_map(films).collect()
    }

    /// What `watcher` makes of a film, beside what is right.
    ///
    /// Where there is a `decider`, that one says when to speak, and `watcher` what: two models that see the same film, as in
    /// Dispider (arXiv 2501.03218). The decider's own answers are empty.
    ///
    /// # Errors
    ///
    /// The session's.
    pub fn watch(
        &self,
        film: FilmOf,
        options: &Options,
        watcher: &Watcher,
        decider: Option<&Watcher>,
    ) -> Result<Stream, WorldError> {
        let failed = |source| WorldError { film, source };
        let session = watcher.begin(options.clone()).map_err(failed)?;
        let only_deciding = || Options { max_tokens: 1, ..options.clone() };
        let decider = decider.map(|decider| decider.begin(only_deciding())).transpose().map_err(failed)?;
        self.show(film, session, decider).map_err(failed)
    }

    fn show(&self, film: FilmOf, mut session: Session, mut decider: Option<Session>) -> Result<Stream, SessionError> {
        let setup = Setup {
            split: self.split,
            task: film.task,
            width: self.size.0,
            height: self.size.1,
            clock: self.clock,
            rounds: self.rounds,
            first: 0,
            quiet: synth::is_quiet(film.number),
        };
        let mut sample = synth::sample(self.seed.wrapping_add(film.number), &setup);
        let truth = Truth::of_script(&sample.raw.video_name, film.task.name(), &sample.script);
        let mut observed = Vec::with_capacity(self.rounds);
        for (index, cue) in sample.script.cues.iter().enumerate() {
            let round = index as u64;
            let at = self.clock.start(round);
            let picture = sample.film.frame(index);
            let watch = |session: &mut Session| {
                cue.questions.iter().for_each(|text| session.ask(Question { at, text: text.clone() }));
                pollster::block_on(session.round(round, &picture, &mut |_| ()))
            };
            let decided = decider.as_mut().map(watch).transpose()?;
            if let Some(decided) = &decided {
                session.decide_by(as_told(decided.state));
            }
            let turn = watch(&mut session)?;
            observed.push(Observed::from(&match decided {
                Some(Turn { state, logits, .. }) => Turn { state, logits, ..turn },
                None => turn,
            }));
        }
        Ok(Stream { truth, observed })
    }
}

/// The rule of one that speaks when it is told to, and only then.
fn as_told(state: Option<State>) -> DecisionRule {
    let threshold = if state == Some(State::Response) { 0.0 } else { f32::INFINITY };
    DecisionRule { threshold: Some(threshold), ..DecisionRule::default() }
}
