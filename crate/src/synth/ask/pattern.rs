//! Sorts of events.

use crate::synth::dice::Dice;
use crate::synth::event::{Event, Happening};
use crate::synth::thing::{Colour, Kind};

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::synth) enum Verb {
    ComeIn,
    Leave,
    Cross,
    Stop,
    ComeCloser,
    Wave,
    Turn,
    Appear,
    Vanish,
    Cover,
    Uncover,
    LightsOff,
    LightsOn,
    Scene,
}

impl Verb {
    /// How often one is asked about.
    pub const ASKED: [(Verb, f64); 14] = [
        (Verb::ComeIn, 4.0),
        (Verb::Leave, 4.0),
        (Verb::Cross, 2.0),
        (Verb::Stop, 1.5),
        (Verb::ComeCloser, 1.5),
        (Verb::Wave, 2.5),
        (Verb::Turn, 1.5),
        (Verb::Appear, 1.0),
        (Verb::Vanish, 1.0),
        (Verb::Cover, 1.0),
        (Verb::Uncover, 0.7),
        (Verb::LightsOff, 1.0),
        (Verb::LightsOn, 0.7),
        (Verb::Scene, 1.0),
    ];

    pub fn of(happening: Happening) -> Option<Verb> {
        Some(match happening {
            Happening::ComesIn(_) => Verb::ComeIn,
            Happening::Leaves(_) => Verb::Leave,
            Happening::Crosses(_) => Verb::Cross,
            Happening::Stops => Verb::Stop,
            Happening::ComesCloser => Verb::ComeCloser,
            Happening::Waves => Verb::Wave,
            Happening::Turns(_) => Verb::Turn,
            Happening::Appears => Verb::Appear,
            Happening::Vanishes => Verb::Vanish,
            Happening::Covered => Verb::Cover,
            Happening::Uncovered => Verb::Uncover,
            Happening::LightsOff => Verb::LightsOff,
            Happening::LightsOn => Verb::LightsOn,
            Happening::SceneChanges => Verb::Scene,
            Happening::Settles | Happening::Moves | Happening::Recedes => return None,
        })
    }

    /// Whether somebody or something does it, and not the place or the camera.
    pub fn has_subject(self) -> bool {
        !matches!(self, Verb::Cover | Verb::Uncover | Verb::LightsOff | Verb::LightsOn | Verb::Scene)
    }

    /// Whether an event is of this sort. Who crosses leaves as well.
    pub fn is(self, happening: Happening) -> bool {
        Verb::of(happening) == Some(self) || (self == Verb::Leave && matches!(happening, Happening::Crosses(_)))
    }
}

/// A sort of event: what is done, and by whom; whoever where neither kind nor colour is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::synth) struct Pattern {
    pub verb: Verb,
    pub kind: Option<Kind>,
    pub colour: Option<Colour>,
}

impl Pattern {
    pub fn matches(&self, event: &Event) -> bool {
        self.verb.is(event.happening) && self.fits(event)
    }

    /// Whether an event's subject is the right one, whatever it does.
    pub fn fits(&self, event: &Event) -> bool {
        match event.subject {
            Some(subject) => {
                self.kind.is_none_or(|kind| kind == subject.kind)
                    && self.colour.is_none_or(|colour| colour == subject.colour)
            }
            None => self.kind.is_none() && self.colour.is_none(),
        }
    }

    /// From when on an event is under way for whoever asks for this: of a crossing, from the coming in on.
    pub fn start(&self, event: &Event) -> f64 {
        if self.verb == Verb::Cross { event.begun } else { event.start }
    }

    /// A sort that an event is of; none of what nobody would ask about.
    pub fn of(event: &Event, dice: &mut Dice) -> Option<Pattern> {
        let verb = Verb::of(event.happening)?;
        let verb = if verb == Verb::Cross && dice.chance(0.3) { Verb::Leave } else { verb };
        let Some(subject) = event.subject else { return Some(Pattern { verb, kind: None, colour: None }) };
        let (kind, colour) = dice
            .weighted(&[((true, false), 0.35), ((false, true), 0.2), ((true, true), 0.25), ((false, false), 0.2)])
            .unwrap_or((true, false));
        Some(Pattern { verb, kind: kind.then_some(subject.kind), colour: colour.then_some(subject.colour) })
    }

    /// Any at all.
    pub fn any(dice: &mut Dice) -> Pattern {
        let verb = super::any_verb(dice);
        if !verb.has_subject() {
            return Pattern { verb, kind: None, colour: None };
        }
        let kind = dice.chance(0.6).then(|| dice.pick(&Kind::ALL)).flatten();
        let kind = if verb == Verb::Wave { kind.map(|_| Kind::Person) } else { kind };
        let colour = dice.chance(0.5).then(|| dice.pick(&Colour::ALL)).flatten();
        Pattern { verb, kind, colour }
    }

    /// The same but for one thing.
    pub fn altered(mut self, dice: &mut Dice) -> Pattern {
        let part = if self.verb.has_subject() { dice.index(3) } else { 0 };
        match (part, self.kind, self.colour) {
            (1, Some(_), _) if self.verb != Verb::Wave => self.kind = dice.pick(&Kind::ALL),
            (2, _, Some(_)) => self.colour = dice.pick(&Colour::ALL),
            _ => {
                self.verb = super::any_verb(dice);
                if !self.verb.has_subject() {
                    (self.kind, self.colour) = (None, None);
                }
                if self.verb == Verb::Wave {
                    self.kind = self.kind.map(|_| Kind::Person);
                }
            }
        }
        self
    }
}
