//! A film's plot: its scenes, its actors, its light, and the log of what happens.

use super::actor::{Actor, Pose};
use super::event::{Event, Happening};
use super::thing::{Colour, Kind};
use super::track::Track;

/// One place. Its background is drawn from the seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scene {
    pub seed: u64,
    /// When it begins to be seen, and when nothing else is.
    pub begins: (f64, f64),
}

/// Everything that is to be seen.
#[derive(Debug, Clone)]
pub(super) struct Plot {
    /// Width over height.
    pub aspect: f64,
    pub scenes: Vec<Scene>,
    pub actors: Vec<Actor>,
    /// From 0, off, to 1.
    pub light: Track,
    /// How far something is over the lens, from 0 to 1.
    pub cover: Track,
    /// By their ends.
    pub events: Vec<Event>,
}

/// Who is there, when nothing is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Present {
    pub actor: usize,
    pub kind: Kind,
    pub colour: Colour,
    /// The third of the picture in which it rests; none before it has settled.
    pub third: Option<usize>,
}

/// What is the case between events.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct World {
    pub present: Vec<Present>,
    pub dark: bool,
    pub covered: bool,
}

impl Plot {
    /// The third of the picture around `x`.
    pub fn third(&self, x: f64) -> usize {
        ((3.0 * x / self.aspect).max(0.0) as usize).min(2)
    }

    fn is_present(&self, actor: usize, colour: Colour, third: Option<usize>) -> Present {
        Present { actor, kind: self.actors[actor].look.kind, colour, third }
    }

    fn present_in(&self, scene: usize) -> Vec<Present> {
        let begin = self.scenes[scene].begins.1;
        let there = self.actors.iter().enumerate();
        there
            .filter(|(_, actor)| actor.scene == scene && actor.on_stage.0 <= self.scenes[scene].begins.0)
            .map(|(number, actor)| self.is_present(number, actor.colour(begin), Some(self.third(actor.x.at(begin)))))
            .collect()
    }

    /// The world at the start.
    pub fn opening(&self) -> World {
        World { present: self.present_in(0), ..World::default() }
    }

    /// What an event has made of the world.
    pub fn after(&self, world: &World, event: &Event) -> World {
        let mut world = world.clone();
        let subject = event.subject.map(|subject| subject.actor);
        let place = subject.map(|actor| self.third(self.actors[actor].x.at(event.end)));
        match (event.happening, event.subject) {
            (Happening::Covered, _) => world.covered = true,
            (Happening::Uncovered, _) => world.covered = false,
            (Happening::LightsOff, _) => world.dark = true,
            (Happening::LightsOn, _) => world.dark = false,
            (Happening::SceneChanges, _) => {
                let scene = self.scenes.iter().rposition(|scene| scene.begins.0 <= event.end);
                world.present = self.present_in(scene.unwrap_or(0));
            }
            (Happening::ComesIn(_), Some(who)) => world.present.push(self.is_present(who.actor, who.colour, None)),
            (Happening::Appears, Some(who)) => world.present.push(self.is_present(who.actor, who.colour, place)),
            (Happening::Leaves(_) | Happening::Crosses(_) | Happening::Vanishes, Some(who)) => {
                world.present.retain(|present| present.actor != who.actor);
            }
            (Happening::Turns(colour), _) => {
                for present in world.present.iter_mut().filter(|present| Some(present.actor) == subject) {
                    present.colour = colour;
                }
            }
            (Happening::Settles | Happening::Moves, _) => {
                for present in world.present.iter_mut().filter(|present| Some(present.actor) == subject) {
                    present.third = place;
                }
            }
            _ => {}
        }
        world
    }

    /// The scenes that are seen at a time: the one that goes, where it is still seen, and how much there is of the one
    /// that has come.
    pub fn scenes_at(&self, time: f64) -> (Option<usize>, usize, f64) {
        let current = self.scenes.iter().rposition(|scene| scene.begins.0 <= time).unwrap_or(0);
        let (begin, end) = self.scenes[current].begins;
        if time < end && current > 0 {
            (Some(current - 1), current, (time - begin) / (end - begin))
        } else {
            (None, current, 1.0)
        }
    }

    /// The scene that most is seen of.
    pub fn scene_at(&self, time: f64) -> usize {
        let (going, current, share) = self.scenes_at(time);
        going.filter(|_| share < 0.5).unwrap_or(current)
    }

    /// Who is on a scene's stage at a time, from the rear to the front: who is large is near.
    pub fn cast_of(&self, scene: usize, time: f64) -> Vec<(usize, Pose)> {
        let there = self.actors.iter().enumerate();
        let mut cast: Vec<(usize, Pose)> = there
            .filter(|(_, actor)| actor.scene == scene && actor.is_on_stage(time))
            .map(|(number, actor)| (number, actor.pose(time)))
            .collect();
        // By the height without its breath, so that two of a size do not change places.
        cast.sort_by(|(a, _), (b, _)| {
            let height = |number: usize| self.actors[number].height.at(time);
            height(*a).total_cmp(&height(*b))
        });
        cast
    }

    /// Who can be seen well at a time, from left to right: number, third, and whether it is large.
    pub fn seen_at(&self, time: f64) -> Vec<(usize, usize, bool)> {
        let mut seen = self.cast_of(self.scene_at(time), time);
        let whole = seen.clone();
        seen.retain(|&(number, pose)| {
            let in_front = whole.iter().skip_while(|&&(other, _)| other != number).skip(1);
            let hidden = in_front.map(|(_, other)| pose.hidden_by(other)).fold(0.0, f64::max);
            pose.seen(self.aspect) * (1.0 - hidden) >= 0.4 && pose.opacity >= 0.5
        });
        seen.sort_by(|(_, a), (_, b)| a.x.total_cmp(&b.x));
        seen.into_iter().map(|(number, pose)| (number, self.third(pose.x), pose.height > 0.55)).collect()
    }

    /// Whether it is too dark to see anything.
    pub fn is_dark(&self, time: f64) -> bool {
        self.light.at(time) < 0.5
    }

    /// Whether too much is over the lens to see anything.
    pub fn is_covered(&self, time: f64) -> bool {
        self.cover.at(time) > 0.6
    }
}
