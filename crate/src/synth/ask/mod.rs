//! What is asked about a plot, and what is to be answered when.

mod dense;
mod events;
mod memory;
mod parts;
mod pattern;
mod sentence;
mod states;
pub(super) mod wording;

pub(super) use self::parts::parts;
use self::pattern::{Pattern, Verb};
use super::dice::{Dice, mix};
use super::director::{Act, Brief, Director};
use super::plot::Plot;
use super::{Setup, Split, Task};
use crate::clock::Clock;

/// When an answer is due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum When {
    /// In this round, at once.
    At(usize),
    /// After something that goes on from start to end, in seconds.
    Over { start: f64, end: f64 },
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub when: When,
    pub text: String,
}

/// Questions by their rounds, and answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Asked {
    pub questions: Vec<(usize, String)>,
    pub answers: Vec<Answer>,
}

impl Asked {
    /// All that is said.
    pub fn texts(self) -> impl Iterator<Item = String> {
        let questions = self.questions.into_iter().map(|(_, question)| question);
        questions.chain(self.answers.into_iter().map(|answer| answer.text))
    }
}

/// What an asker knows.
struct Asker<'a> {
    setup: &'a Setup,
    plot: &'a Plot,
    fps: f64,
    /// The round of the question.
    round: usize,
    /// Whether something is to match.
    wanted: bool,
    dice: &'a mut Dice,
}

/// Plots are tried until one answers to what is wanted of it, at most so often.
const TRIES: u64 = 60;

/// A plot and what is asked about it.
pub(super) fn about_a_plot(seed: u64, setup: &Setup) -> (Plot, Asked) {
    let mut dice = Dice::new(seed, 10);
    // How often the question matches anything that happens.
    let matches = match setup.task {
        Task::Alert => 0.6,
        Task::Grounding => 0.75,
        Task::Counting | Task::EventCaption => 0.88,
        _ => 0.92,
    };
    let wanted = dice.chance(matches) && !setup.quiet;
    let round = match setup.task {
        Task::Dense => 0,
        _ if dice.chance(0.7) => 0,
        _ => (1 + dice.index(setup.rounds / 3)).min(setup.rounds.saturating_sub(1)),
    };
    let group = events::any_group(&mut dice);
    let without: Vec<Act> = match setup.task {
        Task::Narration | Task::Dense if setup.quiet => Act::TOLD.to_vec(),
        Task::EventCaption if !wanted => group.acts.to_vec(),
        _ => Vec::new(),
    };
    let fps = setup.clock.fps();
    // Where only seeing is learnt, there is much to see, and the first picture shows it amid its ways.
    let is_dense = setup.task == Task::Dense;
    let brief = Brief {
        split: setup.split,
        aspect: f64::from(setup.width.max(1)) / f64::from(setup.height.max(1)),
        fps,
        lead: if is_dense { dice.range(0.0, 12.0) } else { 0.0 },
        length: setup.rounds as f64 / fps,
        without: &without,
        opening: if is_dense { [0.1, 0.25, 0.35, 0.3] } else { [0.25, 0.4, 0.35, 0.0] },
    };
    let mut attempt = 0;
    loop {
        let plot = Director::plot(brief, mix(seed, 100 + attempt));
        let is_last = attempt >= TRIES;
        let mut asker = Asker { setup, plot: &plot, fps, round, wanted, dice: &mut dice };
        let asked = match setup.task {
            Task::Dense => Some(dense::dense(&mut asker)),
            Task::Narration => Some(events::narration(&mut asker)),
            Task::EventCaption => events::caption_of(&mut asker, &group),
            Task::ActionCaption => events::actions(&mut asker),
            Task::Grounding => events::grounding(&mut asker),
            Task::TimeSensitive => states::time_sensitive(&mut asker),
            Task::Alert => events::alert(&mut asker),
            Task::Counting => events::counting(&mut asker),
            Task::Memory => memory::memory(&mut asker),
        };
        match asked {
            Some(asked) => return (plot, asked),
            // A setup of a few rounds may leave nothing to ask: silence then, after a question that always fits.
            None if is_last => {
                let question = wording::any(wording::NARRATION, setup.split, &mut dice).to_owned();
                return (plot, Asked { questions: vec![(round, question)], answers: Vec::new() });
            }
            None => attempt += 1,
        }
    }
}

impl Asker<'_> {
    /// When the question is put, in seconds.
    fn time(&self) -> f64 {
        self.round as f64 / self.fps
    }

    fn length(&self) -> f64 {
        self.setup.rounds as f64 / self.fps
    }

    fn split(&self) -> Split {
        self.setup.split
    }

    /// Of how much more than one thing a film is asked. To be learnt from, every second film is asked of much: reading it
    /// costs the same.
    fn further(&mut self, usual: usize, much: usize) -> usize {
        let most = if self.split() == Split::Train && self.dice.chance(0.5) { much } else { usual };
        self.dice.index(most + 1)
    }
}

/// A clock for texts that name seconds.
pub(super) fn any_clock(seed: u64, number: u64) -> Clock {
    let mut dice = Dice::new(mix(seed, number), 11);
    let fps = dice.weighted(&[(1.0, 0.8), (2.0, 0.15), (0.5, 0.05)]).unwrap_or(1.0);
    match Clock::new(fps) {
        Ok(clock) => clock,
        // All of these are possible rates.
        Err(error) => unreachable!("{error}"),
    }
}

/// One of those, as a pattern's verb, that a question can be about.
fn any_verb(dice: &mut Dice) -> Verb {
    dice.weighted(&Verb::ASKED).unwrap_or(Verb::ComeIn)
}

/// Something that nobody does: another thing that does it, or the same thing that does something else.
fn near_miss(asker: &mut Asker) -> Option<Pattern> {
    for _ in 0..30 {
        let event = asker.dice.pick(&asker.plot.events);
        let pattern = match event.and_then(|event| Pattern::of(&event, asker.dice)) {
            Some(pattern) => pattern.altered(asker.dice),
            None => Pattern::any(asker.dice),
        };
        if asker.plot.events.iter().all(|event| !pattern.matches(event)) {
            return Some(pattern);
        }
    }
    None
}
