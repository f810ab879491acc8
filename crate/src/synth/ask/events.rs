//! Questions that events answer.

use super::pattern::{Pattern, Verb};
use super::{Answer, Asked, Asker, When, near_miss, sentence, wording};
use crate::synth::dice::Dice;
use crate::synth::director::Act;
use crate::synth::event::Event;
use crate::synth::schedule::round_at;
use crate::synth::thing::{Colour, Kind};

/// A sort of events to be told of, and what brings them about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group {
    phrase: &'static str,
    verbs: &'static [Verb],
    pub acts: &'static [Act],
}

const GROUPS: [(Group, f64); 10] = [
    (Group { phrase: "everything that comes in", verbs: &[Verb::ComeIn], acts: &[Act::ComeIn, Act::Cross] }, 2.0),
    (Group { phrase: "everything that leaves", verbs: &[Verb::Leave], acts: &[Act::Leave, Act::Cross] }, 2.0),
    (Group { phrase: "everything that crosses", verbs: &[Verb::Cross], acts: &[Act::Cross] }, 1.0),
    (Group { phrase: "everything that stops", verbs: &[Verb::Stop], acts: &[Act::Stop] }, 1.0),
    (Group { phrase: "everything that comes closer", verbs: &[Verb::ComeCloser], acts: &[Act::ComeCloser] }, 1.0),
    (Group { phrase: "everyone who waves", verbs: &[Verb::Wave], acts: &[Act::Wave] }, 1.0),
    (Group { phrase: "everything that changes its colour", verbs: &[Verb::Turn], acts: &[Act::Turn] }, 1.0),
    (
        Group {
            phrase: "everything that appears or vanishes",
            verbs: &[Verb::Appear, Verb::Vanish],
            acts: &[Act::Appear, Act::Vanish],
        },
        1.0,
    ),
    (
        Group {
            phrase: "every change of the lights or the camera",
            verbs: &[Verb::Cover, Verb::Uncover, Verb::LightsOff, Verb::LightsOn],
            acts: &[Act::Cover, Act::Lights],
        },
        1.5,
    ),
    (Group { phrase: "every change of the scene", verbs: &[Verb::Scene], acts: &[Act::Scene] }, 1.0),
];

pub(super) fn any_group(dice: &mut Dice) -> Group {
    dice.weighted(&GROUPS).unwrap_or(GROUPS[0].0)
}

impl Asker<'_> {
    /// The events that are not over when the question is put.
    fn open_events(&self) -> impl Iterator<Item = &Event> {
        self.plot.events.iter().filter(|event| round_at(event.end, self.fps) >= self.round)
    }

    /// Those that come to their end in the film.
    fn complete_events(&self) -> Vec<Event> {
        self.open_events().filter(|event| round_at(event.end, self.fps) < self.setup.rounds).copied().collect()
    }

    fn one_question(&self, question: String, answers: Vec<Answer>) -> Asked {
        Asked { questions: vec![(self.round, question)], answers }
    }
}

fn over(start: f64, end: f64, text: String) -> Answer {
    Answer { when: When::Over { start, end }, text }
}

pub(super) fn narration(asker: &mut Asker) -> Asked {
    let told = asker.open_events().filter(|event| event.happening.is_told());
    let answers = told.map(|event| over(event.start, event.end, sentence::told(event, false))).collect();
    let question = wording::any(wording::NARRATION, asker.split(), asker.dice).to_owned();
    asker.one_question(question, answers)
}

pub(super) fn caption_of(asker: &mut Asker, group: &Group) -> Option<Asked> {
    let is_asked = |event: &Event| group.verbs.iter().any(|verb| verb.is(event.happening));
    if asker.wanted != asker.complete_events().iter().any(is_asked) {
        return None;
    }
    let as_leaving = group.verbs == [Verb::Leave];
    let start = |event: &Event| if group.verbs == [Verb::Cross] { event.begun } else { event.start };
    let told = asker.open_events().filter(|event| is_asked(event));
    let answers = told.map(|event| over(start(event), event.end, sentence::told(event, as_leaving))).collect();
    let question = wording::about(wording::EVENT_CAPTION, group.phrase, asker.split(), asker.dice);
    Some(asker.one_question(question, answers))
}

pub(super) fn actions(asker: &mut Asker) -> Option<Asked> {
    let told: Vec<Event> = asker.complete_events().into_iter().filter(|event| event.happening.is_told()).collect();
    let by_kind = asker.dice.chance(0.6);
    let (kind, colour) = if asker.wanted {
        let subjects: Vec<_> = told.iter().filter_map(|event| event.subject).collect();
        let subject = asker.dice.pick(&subjects)?;
        (by_kind.then_some(subject.kind), (!by_kind).then_some(subject.colour))
    } else {
        let (kind, colour) = (asker.dice.pick(&Kind::ALL), asker.dice.pick(&Colour::ALL));
        (kind.filter(|_| by_kind), colour.filter(|_| !by_kind))
    };
    // What is done does not matter here.
    let who = Pattern { verb: Verb::ComeIn, kind, colour };
    if !asker.wanted && told.iter().any(|event| who.fits(event)) {
        return None;
    }
    let done = asker.open_events().filter(|event| event.happening.is_told() && who.fits(event));
    let answers = done.map(|event| over(event.start, event.end, sentence::of_it(event))).collect();
    let name = match (kind, colour) {
        (Some(kind), _) => format!("the {}", kind.name()),
        (None, colour) => format!("the {} thing", colour.map_or("", Colour::name)),
    };
    let question = wording::about(wording::ACTION_CAPTION, &name, asker.split(), asker.dice);
    Some(asker.one_question(question, answers))
}

/// What is asked for: something that happens where that is wanted, and else something that does not.
fn sought(asker: &mut Asker) -> Option<Pattern> {
    if !asker.wanted {
        return near_miss(asker);
    }
    let verb = super::any_verb(asker.dice);
    let events: Vec<Event> =
        asker.complete_events().into_iter().filter(|event| Verb::of(event.happening) == Some(verb)).collect();
    asker.dice.pick(&events).and_then(|event| Pattern::of(&event, asker.dice))
}

pub(super) fn alert(asker: &mut Asker) -> Option<Asked> {
    let pattern = sought(asker)?;
    let answers = asker
        .open_events()
        .filter(|event| pattern.matches(event))
        .map(|event| over(pattern.start(event), event.end, sentence::told(event, pattern.verb == Verb::Leave)))
        .collect();
    let question = wording::about(wording::ALERT, &sentence::clause(&pattern), asker.split(), asker.dice);
    Some(asker.one_question(question, answers))
}

pub(super) fn grounding(asker: &mut Asker) -> Option<Asked> {
    let mut asked = grounding_of_one(asker)?;
    for _ in 0..asker.further(0, 4) {
        let Some(Asked { questions, answers }) = grounding_of_one(asker) else { continue };
        asked.questions.extend(questions);
        // Two questions may mean the same event.
        answers.into_iter().for_each(|answer| {
            if !asked.answers.contains(&answer) {
                asked.answers.push(answer);
            }
        });
    }
    Some(asked)
}

fn grounding_of_one(asker: &mut Asker) -> Option<Asked> {
    let pattern = sought(asker)?;
    let clock = asker.setup.clock;
    let second = |round: usize| {
        let seconds = clock.start(asker.setup.first + round as u64);
        (seconds * 1000.0).round() / 1000.0
    };
    let answers = asker
        .open_events()
        .filter(|event| pattern.matches(event))
        .map(|event| {
            let last = round_at(event.end, asker.fps);
            let first = round_at(pattern.start(event), asker.fps).max(asker.round);
            let first = if first < last { first } else { last.saturating_sub(1) };
            let text = format!("Given event occurred between {}s to {}s.", second(first), second(last));
            over(pattern.start(event), event.end, text)
        })
        .collect();
    let question = if asker.dice.chance(0.5) {
        wording::about(wording::GROUNDING_ASKED, &sentence::asked(&pattern), asker.split(), asker.dice)
    } else {
        wording::about(wording::GROUNDING, &sentence::clause(&pattern), asker.split(), asker.dice)
    };
    Some(asker.one_question(question, answers))
}

pub(super) fn counting(asker: &mut Asker) -> Option<Asked> {
    let mut pattern = sought(asker)?;
    let countable = [Verb::ComeIn, Verb::Leave, Verb::Cross, Verb::Stop, Verb::Wave, Verb::ComeCloser];
    if !countable.contains(&pattern.verb) {
        return None;
    }
    // Most counts are of more than one.
    if asker.wanted && asker.dice.chance(0.6) {
        (pattern.kind, pattern.colour) = (None, None);
    }
    let mut counted = 0;
    let answers = asker
        .open_events()
        .filter(|event| pattern.matches(event))
        .map(|event| {
            counted += 1;
            over(pattern.start(event), event.end, sentence::number(counted).to_owned())
        })
        .collect();
    let (things, verb) = (sentence::plural(&pattern), sentence::present_tense(pattern.verb).1);
    let question = if asker.dice.chance(0.3) {
        wording::about(wording::COUNTING_ASKED, &format!("{things} {verb}"), asker.split(), asker.dice)
    } else {
        wording::about(wording::COUNTING, &format!("{things} that {verb}"), asker.split(), asker.dice)
    };
    // Nobody counts beyond six here.
    (counted <= 6).then(|| asker.one_question(question, answers))
}
