//! Pictures in words.

use super::{Answer, Asked, Asker, When, sentence, wording};
use crate::synth::actor::Actor;
use crate::synth::plot::Plot;
use crate::synth::thing::{Colour, Kind};

/// What of a picture is to be described.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wanted {
    Everything,
    Of(Option<Kind>, Option<Colour>),
    Changed(Change),
}

/// What can be seen of a thing in two pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    New,
    Gone,
    Turning,
    Closer,
    Waving,
    Left,
    Right,
}

impl Change {
    const ALL: [Change; 7] =
        [Change::New, Change::Gone, Change::Turning, Change::Closer, Change::Waving, Change::Left, Change::Right];

    /// Behind the name of a thing, or, of a new one, before it.
    fn words(self) -> &'static str {
        match self {
            Change::New => "new",
            Change::Gone => "gone",
            Change::Turning => "changing its colour",
            Change::Closer => "coming closer",
            Change::Waving => "waving",
            Change::Left => "going to the left",
            Change::Right => "going to the right",
        }
    }

    /// What an actor that is seen in both pictures did between them.
    fn of(actor: &Actor, before: f64, time: f64) -> Option<Change> {
        /// Heights of the picture: several pixels of a small one, and more than anything sways.
        const FAR: f64 = 0.08;
        let (old, new) = (actor.pose(before), actor.pose(time));
        let way = new.x - old.x;
        if actor.colour(before) != actor.colour(time) {
            Some(Change::Turning)
        } else if actor.height.at(time) > 1.1 * actor.height.at(before) {
            Some(Change::Closer)
        } else if new.arm > 0.5 {
            Some(Change::Waving)
        } else if way.abs() > FAR {
            Some(if way < 0.0 { Change::Left } else { Change::Right })
        } else {
            None
        }
    }
}

impl Wanted {
    /// Mostly of something that is there.
    fn any(asker: &mut Asker) -> Self {
        let looks: Vec<_> = asker.plot.actors.iter().map(|actor| (actor.look.kind, actor.colour(0.0))).collect();
        let there = asker.dice.pick(&looks).filter(|_| asker.dice.chance(0.75));
        let kind = there.map(|(kind, _)| kind).or_else(|| asker.dice.pick(&Kind::ALL));
        let colour = there.map(|(_, colour)| colour).or_else(|| asker.dice.pick(&Colour::ALL));
        let several = asker.setup.rounds > 1;
        match asker.dice.weighted(&[(0, 0.6), (1, 0.1), (2, 0.1), (3, 0.05), (4, if several { 0.3 } else { 0.0 })]) {
            Some(1) => Wanted::Of(kind, None),
            Some(2) => Wanted::Of(None, colour),
            Some(3) => Wanted::Of(kind, colour),
            Some(4) => asker.dice.pick(&Change::ALL).map_or(Wanted::Everything, Wanted::Changed),
            _ => Wanted::Everything,
        }
    }

    fn takes(self, kind: Kind, colour: Colour, changes: &[Change]) -> bool {
        match self {
            Wanted::Everything => true,
            Wanted::Of(only, of) => only.is_none_or(|only| only == kind) && of.is_none_or(|of| of == colour),
            Wanted::Changed(change) => changes.contains(&change),
        }
    }

    fn question(self, asker: &mut Asker) -> String {
        let what = match self {
            Wanted::Everything => return wording::any(wording::DENSE, asker.split(), asker.dice).to_owned(),
            Wanted::Of(Some(kind), Some(colour)) => format!("every {}", sentence::thing(kind, colour)),
            Wanted::Of(Some(kind), None) => format!("every {}", kind.name()),
            Wanted::Of(None, colour) => format!("everything {}", colour.map_or("", Colour::name)),
            Wanted::Changed(change) => format!("everything {}", change.words()),
        };
        wording::about(wording::DENSE_OF, &what, asker.split(), asker.dice)
    }
}

/// What is `wanted` of a picture, from left to right, with what is otherwise than in the one `before` it, if there was one
/// and if there was light.
fn description(plot: &Plot, wanted: Wanted, time: f64, before: Option<f64>) -> String {
    if plot.is_dark(time) {
        return "darkness.".to_owned();
    }
    let before = before.filter(|&before| !plot.is_dark(before));
    let seen_before: Option<Vec<usize>> =
        before.map(|before| plot.seen_at(before).into_iter().map(|(number, ..)| number).collect());
    let seen = plot.seen_at(time);
    let mut parts: Vec<String> = Vec::new();
    for &(number, third, is_large) in &seen {
        let actor = &plot.actors[number];
        let (kind, colour) = (actor.look.kind, actor.colour(time));
        let is_new = seen_before.as_ref().is_some_and(|before| !before.contains(&number));
        let change = before.and_then(|before| Change::of(actor, before, time));
        let changes: Vec<Change> = is_new.then_some(Change::New).into_iter().chain(change).collect();
        if wanted.takes(kind, colour, &changes) {
            let age = if is_new { "new " } else { "" };
            let size = if is_large { "large " } else { "" };
            let place = ["at the left", "in the middle", "at the right"][third];
            let change = change.map_or_else(String::new, |change| format!(" {}", change.words()));
            parts.push(format!("a {age}{size}{} {place}{change}", sentence::thing(kind, colour)));
        }
    }
    let missing =
        seen_before.unwrap_or_default().into_iter().filter(|old| seen.iter().all(|(number, ..)| number != old));
    for actor in missing.map(|number| &plot.actors[number]) {
        let (kind, colour) = (actor.look.kind, actor.colour(time));
        if wanted.takes(kind, colour, &[Change::Gone]) {
            parts.push(format!("the {} gone", sentence::thing(kind, colour)));
        }
    }
    if parts.is_empty() { "nothing.".to_owned() } else { format!("{}.", parts.join(", ")) }
}

pub(super) fn dense(asker: &mut Asker) -> Asked {
    let wanted = Wanted::any(asker);
    let time = |round: usize| round as f64 / asker.fps;
    let described = |round: usize| description(asker.plot, wanted, time(round), round.checked_sub(1).map(time));
    let answers =
        (0..asker.setup.rounds).map(|round| Answer { when: When::At(round), text: described(round) }).collect();
    let question = wanted.question(asker);
    Asked { questions: vec![(asker.round, question)], answers }
}
