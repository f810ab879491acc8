//! Answers: short, and always in the same words.

use super::pattern::{Pattern, Verb};
use crate::synth::event::{Event, Happening};
use crate::synth::thing::{Colour, Kind, Side};

/// Numbers as words. What is beyond is called as the last.
pub(super) fn number(count: usize) -> &'static str {
    ["None.", "One.", "Two.", "Three.", "Four.", "Five.", "Six."][count.min(6)]
}

pub(super) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// "red ball"
pub(super) fn thing(kind: Kind, colour: Colour) -> String {
    format!("{} {}", colour.name(), kind.name())
}

/// What happened, of "it".
fn predicate(happening: Happening, as_leaving: bool) -> String {
    match happening {
        Happening::ComesIn(side) => format!("came in from the {}", side.name()),
        Happening::Leaves(side) => format!("left to the {}", side.name()),
        Happening::Crosses(from) if as_leaving => format!("left to the {}", from.opposite().name()),
        Happening::Crosses(from) => format!("crossed from {} to {}", from.name(), from.opposite().name()),
        Happening::Stops => "stopped".to_owned(),
        Happening::ComesCloser => "came closer".to_owned(),
        Happening::Waves => "waved".to_owned(),
        Happening::Turns(colour) => format!("turned {}", colour.name()),
        Happening::Appears => "appeared".to_owned(),
        Happening::Vanishes => "vanished".to_owned(),
        Happening::Covered => "The camera was covered.".to_owned(),
        Happening::Uncovered => "The view is free again.".to_owned(),
        Happening::LightsOff => "The lights went off.".to_owned(),
        Happening::LightsOn => "The lights went on.".to_owned(),
        Happening::SceneChanges => "The scene changed.".to_owned(),
        Happening::Settles | Happening::Moves | Happening::Recedes => "moved".to_owned(),
    }
}

/// "A red ball came in from the left."
pub(super) fn told(event: &Event, as_leaving: bool) -> String {
    let predicate = predicate(event.happening, as_leaving);
    match event.subject {
        Some(subject) => {
            let is_new = matches!(event.happening, Happening::ComesIn(_) | Happening::Appears);
            let article = if is_new { "A" } else { "The" };
            format!("{article} {} {predicate}.", thing(subject.kind, subject.colour))
        }
        None => predicate,
    }
}

/// "It came in from the left."
pub(super) fn of_it(event: &Event) -> String {
    format!("It {}.", predicate(event.happening, false))
}

/// "To the right."
pub(super) fn towards(side: Side) -> String {
    format!("To the {}.", side.name())
}

/// "a red ball", "something red", "a ball", "something".
pub(super) fn indefinite(pattern: &Pattern) -> String {
    match (pattern.kind, pattern.colour) {
        (Some(kind), Some(colour)) => format!("a {}", thing(kind, colour)),
        (Some(kind), None) => format!("a {}", kind.name()),
        (None, Some(colour)) => format!("something {}", colour.name()),
        (None, None) if pattern.verb == Verb::Wave => "someone".to_owned(),
        (None, None) => "something".to_owned(),
    }
}

/// "the red balls", "the red things", "the things".
pub(super) fn plural(pattern: &Pattern) -> String {
    let noun = pattern.kind.map_or("things", Kind::plural);
    pattern.colour.map_or_else(|| noun.to_owned(), |colour| format!("{} {noun}", colour.name()))
}

/// Of one, "comes in"; of many, "come in".
pub(super) fn present_tense(verb: Verb) -> (&'static str, &'static str) {
    match verb {
        Verb::ComeIn => ("comes in", "come in"),
        Verb::Leave => ("leaves", "leave"),
        Verb::Cross => ("crosses", "cross"),
        Verb::Stop => ("stops", "stop"),
        Verb::ComeCloser => ("comes closer", "come closer"),
        Verb::Wave => ("waves", "wave"),
        Verb::Turn => ("changes its colour", "change its colour"),
        Verb::Appear => ("appears", "appear"),
        Verb::Vanish => ("vanishes", "vanish"),
        // Sentences of their own.
        Verb::Cover | Verb::Uncover | Verb::LightsOff | Verb::LightsOn | Verb::Scene => ("", ""),
    }
}

/// "a red ball comes in", after "when".
pub(super) fn clause(pattern: &Pattern) -> String {
    match pattern.verb {
        Verb::Cover => "the camera is covered".to_owned(),
        Verb::Uncover => "the view is free again".to_owned(),
        Verb::LightsOff => "the lights go off".to_owned(),
        Verb::LightsOn => "the lights go on".to_owned(),
        Verb::Scene => "the scene changes".to_owned(),
        verb => format!("{} {}", indefinite(pattern), present_tense(verb).0),
    }
}

/// "does a red ball come in", after a word that asks.
pub(super) fn asked(pattern: &Pattern) -> String {
    match pattern.verb {
        Verb::Cover => "is the camera covered".to_owned(),
        Verb::Uncover => "is the view free again".to_owned(),
        Verb::LightsOff => "do the lights go off".to_owned(),
        Verb::LightsOn => "do the lights go on".to_owned(),
        Verb::Scene => "does the scene change".to_owned(),
        verb => format!("does {} {}", indefinite(pattern), present_tense(verb).1),
    }
}
