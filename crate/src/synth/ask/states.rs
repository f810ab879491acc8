//! Questions that the state of the world answers.

use super::{Answer, Asked, Asker, When, sentence, wording};
use crate::synth::plot::World;
use crate::synth::thing::{Colour, Kind};

/// What is asked of the world.
#[derive(Debug, Clone, Copy)]
enum Query {
    HowMany,
    IsThere(Option<Kind>, Option<Colour>),
    WhatColour(Kind),
    Where(Kind),
    IsDark,
}

impl Query {
    /// The answer; none where nothing can be seen, or not yet.
    fn answer(self, world: &World) -> Option<String> {
        if let Query::IsDark = self {
            return Some(if world.dark || world.covered { "Yes." } else { "No." }.to_owned());
        }
        if world.dark || world.covered {
            return None;
        }
        let of_kind = |kind: Kind| world.present.iter().find(|present| present.kind == kind);
        Some(match self {
            Query::HowMany => sentence::number(world.present.len()).to_owned(),
            Query::IsThere(kind, colour) => {
                let is_there = world.present.iter().any(|present| {
                    kind.is_none_or(|kind| kind == present.kind) && colour.is_none_or(|colour| colour == present.colour)
                });
                if is_there { "Yes." } else { "No." }.to_owned()
            }
            Query::WhatColour(kind) => match of_kind(kind) {
                Some(present) => format!("{}.", sentence::capital(present.colour.name())),
                None => "It is gone.".to_owned(),
            },
            Query::Where(kind) => match of_kind(kind) {
                Some(present) => {
                    format!("{}.", ["At the left", "In the middle", "At the right"][present.third?])
                }
                None => "It is gone.".to_owned(),
            },
            Query::IsDark => return None,
        })
    }

    fn question(self, asker: &mut Asker) -> String {
        let split = asker.split();
        match self {
            Query::HowMany => wording::any(wording::HOW_MANY, split, asker.dice).to_owned(),
            Query::IsThere(kind, colour) => {
                let what = match (kind, colour) {
                    (Some(kind), Some(colour)) => format!("a {}", sentence::thing(kind, colour)),
                    (Some(kind), None) => format!("a {}", kind.name()),
                    (None, colour) => format!("something {}", colour.map_or("", Colour::name)),
                };
                wording::about(wording::IS_THERE, &what, split, asker.dice)
            }
            Query::WhatColour(kind) => wording::about(wording::WHAT_COLOUR, kind.name(), split, asker.dice),
            Query::Where(kind) => wording::about(wording::WHERE, kind.name(), split, asker.dice),
            Query::IsDark => wording::any(wording::IS_DARK, split, asker.dice).to_owned(),
        }
    }
}

pub(super) fn time_sensitive(asker: &mut Asker) -> Option<Asked> {
    let time = asker.time();
    // The question is put when nothing is under way.
    if asker.plot.events.iter().any(|event| event.begun - 0.3 < time && time < event.end + 0.01) {
        return None;
    }
    let mut world = asker.plot.opening();
    for event in asker.plot.events.iter().filter(|event| event.end <= time) {
        world = asker.plot.after(&world, event);
    }
    let present = asker.dice.pick(&world.present);
    // Somebody who comes or goes, so that the answer changes.
    let subjects: Vec<_> = asker.plot.events.iter().filter_map(|event| event.subject).collect();
    let coming = asker.dice.pick(&subjects);
    let query = match (asker.dice.index(9), present, coming) {
        (0..=1, _, _) => Query::HowMany,
        (2..=3, _, Some(coming)) => match asker.dice.index(3) {
            0 => Query::IsThere(Some(coming.kind), Some(coming.colour)),
            1 => Query::IsThere(None, Some(coming.colour)),
            _ => Query::IsThere(Some(coming.kind), None),
        },
        (4..=5, Some(present), _) => Query::WhatColour(present.kind),
        (6..=7, Some(present), _) => Query::Where(present.kind),
        (8, _, _) => Query::IsDark,
        _ => return None,
    };
    let mut last = query.answer(&world)?;
    let mut answers = vec![Answer { when: When::At(asker.round), text: last.clone() }];
    let mut changes = 0;
    for event in asker.plot.events.iter().filter(|event| event.end > time) {
        world = asker.plot.after(&world, event);
        match query.answer(&world) {
            Some(answer) if answer != last => {
                last.clone_from(&answer);
                changes += usize::from(event.end < asker.length());
                answers.push(Answer { when: When::Over { start: event.start, end: event.end }, text: answer });
            }
            _ => {}
        }
    }
    if asker.wanted != (changes > 0) {
        return None;
    }
    let question = query.question(asker);
    Some(Asked { questions: vec![(asker.round, question)], answers })
}
