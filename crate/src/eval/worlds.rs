//! A model before films of worlds that it was not trained on, as it would be before a camera: round by round, with what it
//! said itself in its memory.

use std::rc::Rc;

use thiserror::Error;

use super::{Observed, Stream, Truth};
use crate::clock::Clock;
use crate::model::{Description, Model};
use crate::stream::{Options, Prologue, Question, Session, SessionError};
use crate::synth::{self, Setup, Split, Task};

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

/// A film that a model could not watch.
#[derive(Debug, Error)]
#[error("{task} {number}: {source}", task = .film.task.name(), number = .film.number)]
pub struct WorldError {
    film: FilmOf,
    source: SessionError,
}

impl Worlds {
    /// The films of `tasks`.
    pub fn films(&self, tasks: &[Task]) -> Vec<FilmOf> {
        let films = |&task: &Task| (0..self.films).map(move |number| FilmOf { task, number });
        tasks.iter().flat_map(films).collect()
    }

    /// What `model` makes of a film, beside what is right.
    ///
    /// # Errors
    ///
    /// The session's.
    pub fn watch(
        &self,
        film: FilmOf,
        description: &Description,
        options: &Options,
        model: &Rc<Model>,
    ) -> Result<Stream, WorldError> {
        let failed = |source| WorldError { film, source };
        let session =
            Prologue::write(description, options.clone()).and_then(|prologue| prologue.begin(Rc::clone(model)));
        self.show(film, session.map_err(failed)?).map_err(failed)
    }

    fn show(&self, film: FilmOf, mut session: Session) -> Result<Stream, SessionError> {
        let setup = Setup {
            split: self.split,
            task: film.task,
            width: self.size.0,
            height: self.size.1,
            clock: self.clock,
            rounds: self.rounds,
            first: 0,
            quiet: film.number % 4 == 3,
        };
        let mut sample = synth::sample(self.seed.wrapping_add(film.number), &setup);
        let truth = Truth::of_script(&sample.raw.video_name, film.task.name(), &sample.script);
        let mut observed = Vec::with_capacity(self.rounds);
        for (index, cue) in sample.script.cues.iter().enumerate() {
            let round = index as u64;
            let at = self.clock.start(round);
            cue.questions.iter().for_each(|text| session.ask(Question { at, text: text.clone() }));
            let turn = pollster::block_on(session.round(round, &sample.film.frame(index), &mut |_| ()))?;
            observed.push(Observed::from(&turn));
        }
        Ok(Stream { truth, observed })
    }
}
