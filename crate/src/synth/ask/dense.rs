//! Pictures in words.

use super::{Answer, Asked, Asker, When, sentence, wording};
use crate::synth::actor::Actor;
use crate::synth::plot::Plot;
use crate::synth::thing::{Colour, Kind};

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

    /// After "is".
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

    /// The same in a word.
    fn word(self) -> &'static str {
        match self {
            Change::New => "new",
            Change::Gone => "gone",
            Change::Turning => "turned",
            Change::Closer => "closer",
            Change::Waving => "waved",
            Change::Left => "left",
            Change::Right => "right",
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

/// One thing in a picture, with what is otherwise than in the picture before.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sighting {
    /// Its number in the plot.
    pub actor: usize,
    kind: Kind,
    colour: Colour,
    /// In which third, and whether it is large; none of what is gone.
    pub place: Option<(usize, bool)>,
    is_new: bool,
    change: Option<Change>,
}

impl Sighting {
    fn changes(&self) -> impl Iterator<Item = Change> {
        let age = if self.place.is_none() { Some(Change::Gone) } else { self.is_new.then_some(Change::New) };
        age.into_iter().chain(self.change)
    }

    /// Its words one by one.
    pub fn parts(&self) -> impl Iterator<Item = &'static str> {
        [self.colour.name(), self.kind.name()].into_iter().chain(self.changes().map(Change::word))
    }

    fn words(&self) -> String {
        let thing = sentence::thing(self.kind, self.colour);
        let Some((third, is_large)) = self.place else { return format!("the {thing} gone") };
        let age = if self.is_new { "new " } else { "" };
        let size = if is_large { "large " } else { "" };
        let place = ["at the left", "in the middle", "at the right"][third];
        let change = self.change.map_or_else(String::new, |change| format!(" {}", change.words()));
        format!("a {age}{size}{thing} {place}{change}")
    }
}

/// A picture, as far as there is anything to say of it.
#[derive(Debug)]
pub(super) enum View {
    Dark,
    Covered,
    /// What is seen, from left to right, and then what no longer is; another scene has nothing of the one before.
    Scene {
        is_another: bool,
        things: Vec<Sighting>,
    },
}

impl View {
    /// The one at `time`, against the picture at `before`, if there was one and if anything was seen of it.
    pub fn of(plot: &Plot, time: f64, before: Option<f64>) -> View {
        if plot.is_covered(time) {
            return View::Covered;
        }
        if plot.is_dark(time) {
            return View::Dark;
        }
        let before = before.filter(|&before| !plot.is_dark(before) && !plot.is_covered(before));
        let is_another = before.is_some_and(|before| plot.scene_at(before) != plot.scene_at(time));
        View::Scene { is_another, things: sightings(plot, time, before.filter(|_| !is_another)) }
    }

    /// What there is to see where no thing is.
    pub fn nothing(&self) -> &'static str {
        match self {
            View::Scene { .. } => "nothing",
            View::Dark => "darkness",
            View::Covered => "covered",
        }
    }

    pub fn things(&self) -> &[Sighting] {
        match self {
            View::Scene { things, .. } => things,
            View::Dark | View::Covered => &[],
        }
    }
}

fn sightings(plot: &Plot, time: f64, before: Option<f64>) -> Vec<Sighting> {
    let seen_before: Option<Vec<usize>> =
        before.map(|before| plot.seen_at(before).into_iter().map(|(number, ..)| number).collect());
    let seen = plot.seen_at(time);
    let of = |number: usize| (plot.actors[number].look.kind, plot.actors[number].colour(time));
    let there = seen.iter().map(|&(number, third, is_large)| {
        let (kind, colour) = of(number);
        let is_new = seen_before.as_ref().is_some_and(|before| !before.contains(&number));
        let change = before.and_then(|before| Change::of(&plot.actors[number], before, time));
        Sighting { actor: number, kind, colour, place: Some((third, is_large)), is_new, change }
    });
    let old = seen_before.iter().flatten().copied();
    let gone = old.filter(|old| seen.iter().all(|(number, ..)| number != old)).map(|number| {
        let (kind, colour) = of(number);
        Sighting { actor: number, kind, colour, place: None, is_new: false, change: None }
    });
    there.chain(gone).collect()
}

/// What of the pictures is asked for: everything that is so, and whatever where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    kind: Option<Kind>,
    colour: Option<Colour>,
    change: Option<Change>,
}

impl Wanted {
    const EVERYTHING: Wanted = Wanted { kind: None, colour: None, change: None };

    /// Mostly something that is seen in one of the pictures, or else differs from it in one thing.
    fn any(asker: &mut Asker, pictures: &[View]) -> Self {
        if asker.dice.chance(0.45) {
            return Wanted::EVERYTHING;
        }
        let of_change = asker.dice.chance(if asker.setup.rounds > 1 { 0.6 } else { 0.0 });
        let kind = asker.dice.pick(&Kind::ALL);
        let colour = asker.dice.pick(&Colour::ALL);
        let change = asker.dice.pick(&Change::ALL).filter(|_| of_change);
        let mut wanted =
            asker.dice.pick(&Wanted::seen_in(pictures, of_change)).unwrap_or(Wanted { kind, colour, change });
        if asker.dice.chance(0.3) {
            match asker.dice.index(if of_change { 3 } else { 2 }) {
                0 => wanted.kind = kind,
                1 => wanted.colour = colour,
                _ => wanted.change = change,
            }
        }
        let whoever = if of_change { 0.8 } else { 0.0 };
        let (says_kind, says_colour) = asker
            .dice
            .weighted(&[((false, false), whoever), ((true, false), 0.4), ((false, true), 0.4), ((true, true), 0.3)])
            .unwrap_or((true, true));
        Wanted {
            kind: wanted.kind.filter(|_| says_kind),
            colour: wanted.colour.filter(|_| says_colour),
            change: wanted.change,
        }
    }

    /// Everything in these pictures, as exactly as can be said; `of_changes`, once for each change.
    fn seen_in(pictures: &[View], of_changes: bool) -> Vec<Self> {
        let exactly = |seen: &Sighting, change| Wanted { kind: Some(seen.kind), colour: Some(seen.colour), change };
        let all = pictures.iter().flat_map(View::things);
        if of_changes {
            all.flat_map(|seen| seen.changes().map(move |change| exactly(seen, Some(change)))).collect()
        } else {
            all.map(|seen| exactly(seen, None)).collect()
        }
    }

    fn takes(self, seen: &Sighting) -> bool {
        self.kind.is_none_or(|kind| kind == seen.kind)
            && self.colour.is_none_or(|colour| colour == seen.colour)
            && self.change.is_none_or(|change| seen.changes().any(|seen| seen == change))
    }

    /// "every red dog that is waving", "everything red", "everything that is new".
    fn phrase(self) -> String {
        let who = match (self.kind, self.colour) {
            (Some(kind), Some(colour)) => format!("every {}", sentence::thing(kind, colour)),
            (Some(kind), None) => format!("every {}", kind.name()),
            (None, Some(colour)) => format!("everything {}", colour.name()),
            (None, None) => "everything".to_owned(),
        };
        match self.change {
            Some(change) => format!("{who} that is {}", change.words()),
            None => who,
        }
    }
}

/// Of every picture, or, where only some of what is seen is wanted, often of those that show it.
pub(super) fn dense(asker: &mut Asker) -> Asked {
    let time = |round: usize| round as f64 / asker.fps;
    let pictures: Vec<View> = (0..asker.setup.rounds)
        .map(|round| View::of(asker.plot, time(round), round.checked_sub(1).map(time)))
        .collect();
    let wanted = Wanted::any(asker, &pictures);
    let is_everything = wanted == Wanted::EVERYTHING;
    let says_when_there_is_none = is_everything || asker.dice.chance(0.4);
    let described = |(round, picture): (usize, &View)| {
        let things = picture.things().iter().filter(|seen| wanted.takes(seen)).map(Sighting::words);
        let is_another = is_everything && matches!(picture, View::Scene { is_another: true, .. });
        let parts: Vec<String> = is_another.then(|| "a changed scene".to_owned()).into_iter().chain(things).collect();
        let text = match (picture, parts.is_empty()) {
            (_, true) if !says_when_there_is_none => return None,
            (View::Dark, _) => "darkness.".to_owned(),
            (View::Covered, _) => "a covered camera.".to_owned(),
            (View::Scene { .. }, true) => "nothing.".to_owned(),
            (View::Scene { .. }, false) => format!("{}.", parts.join(", ")),
        };
        Some(Answer { when: When::At(round), text })
    };
    let answers = pictures.iter().enumerate().filter_map(described).collect();
    let question = match (is_everything, says_when_there_is_none) {
        (true, _) => wording::any(wording::DENSE, asker.split(), asker.dice).to_owned(),
        (_, true) => wording::about(wording::DENSE_OF, &wanted.phrase(), asker.split(), asker.dice),
        _ => wording::about(wording::DENSE_ONLY, &wanted.phrase(), asker.split(), asker.dice),
    };
    Asked { questions: vec![(asker.round, question)], answers }
}
