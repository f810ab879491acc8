//! Makes up plots: who comes, what they do, and when.

use super::Split;
use super::actor::{Actor, Coat, MOST_LEAN, Pose};
use super::dice::Dice;
use super::draw;
use super::event::{Event, Happening, Subject};
use super::plot::{Plot, Scene};
use super::thing::{Colour, Kind, Look, Side};
use super::track::{Ease, Track, first_time};

mod moves;

/// Most actors that are seen at once.
pub(super) const MOST: usize = 3;
/// How high one is that has come closer, about.
const LARGE: f64 = 0.87;

/// What a director is told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brief<'a> {
    pub split: Split,
    pub aspect: f64,
    /// Rounds a second.
    pub fps: f64,
    /// For how many seconds things have happened when the film begins; events of then are in the log, too.
    pub lead: f64,
    /// How long the film is, in seconds.
    pub length: f64,
    /// What must not happen.
    pub without: &'a [Act],
    /// How often a scene begins with nobody, one, two or three.
    pub opening: [f64; MOST + 1],
}

/// What a director can let happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    ComeIn,
    Leave,
    Cross,
    Stop,
    ComeCloser,
    Recede,
    Wave,
    Turn,
    Appear,
    Vanish,
    Cover,
    Lights,
    Scene,
    Move,
}

impl Act {
    /// All, with how often they are wanted.
    const ALL: [(Act, f64); 14] = [
        (Act::ComeIn, 4.0),
        (Act::Leave, 3.6),
        (Act::Cross, 1.8),
        (Act::Stop, 1.3),
        (Act::ComeCloser, 1.3),
        (Act::Recede, 1.6),
        (Act::Wave, 3.0),
        (Act::Turn, 1.2),
        (Act::Appear, 0.9),
        (Act::Vanish, 0.9),
        (Act::Cover, 0.6),
        (Act::Lights, 0.6),
        (Act::Scene, 0.6),
        (Act::Move, 0.8),
    ];

    /// Everything that a narrator would tell of.
    pub const TOLD: [Act; 12] = [
        Act::ComeIn,
        Act::Leave,
        Act::Cross,
        Act::Stop,
        Act::ComeCloser,
        Act::Wave,
        Act::Turn,
        Act::Appear,
        Act::Vanish,
        Act::Cover,
        Act::Lights,
        Act::Scene,
    ];
}

/// Who is on the stage, and since when it has nothing to do.
#[derive(Debug, Clone, Copy)]
struct Role {
    actor: usize,
    third: Option<usize>,
    free_at: f64,
    home_height: f64,
    is_large: bool,
}

pub(super) struct Director<'a> {
    brief: Brief<'a>,
    dice: Dice,
    plot: Plot,
    roles: Vec<Role>,
    /// Nothing happens that anybody would tell of.
    is_still: bool,
}

impl<'a> Director<'a> {
    /// A plot.
    pub fn plot(brief: Brief<'a>, seed: u64) -> Plot {
        let mut dice = Dice::new(seed, 1);
        let plot = Plot {
            aspect: brief.aspect,
            scenes: vec![Scene { seed: dice.number(), begins: (f64::NEG_INFINITY, f64::NEG_INFINITY) }],
            actors: Vec::new(),
            light: Track::new(1.0),
            cover: Track::new(0.0),
            events: Vec::new(),
        };
        let mut director = Self { brief, dice, plot, roles: Vec::new(), is_still: false };
        director.open_scene(f64::NEG_INFINITY);
        director.play();
        director.plot.events.sort_by(|a, b| a.end.total_cmp(&b.end));
        director.plot
    }

    fn play(&mut self) {
        let gaps = self.dice.weighted(&[([0.8, 7.0], 0.8), ([4.0, 11.0], 0.15), ([0.0, 0.0], 0.05)]);
        let [shortest, longest] = gaps.unwrap_or([0.8, 7.0]);
        self.is_still = longest == 0.0;
        let [shortest, longest] = if self.is_still { [5.0, 15.0] } else { [shortest, longest] };
        let mut time = self.dice.range(0.3, shortest + 2.0) - self.brief.lead;
        // Beyond the end, so that something may be under way there.
        while time < self.brief.length + 0.5 {
            let busy_until = self.act(time);
            time = busy_until.max(time + self.dice.range(shortest, longest));
        }
    }

    /// Lets something happen at `time`; gives when the next may follow at the earliest.
    fn act(&mut self, time: f64) -> f64 {
        self.roles.retain(|role| self.plot.actors[role.actor].on_stage.1 > time);
        let possible: Vec<(Act, f64)> = Act::ALL.into_iter().filter(|&(act, _)| self.is_possible(act, time)).collect();
        match self.dice.weighted(&possible) {
            None => time + 0.3,
            Some(Act::Cover) => self.cover(self.calm_after(time)),
            Some(Act::Lights) => self.lights(self.calm_after(time)),
            Some(Act::Scene) => self.change_scene(self.calm_after(time)),
            Some(act) => {
                self.let_act(act, time);
                time
            }
        }
    }

    /// The first moment from `time` on at which nobody has anything to do.
    fn calm_after(&self, time: f64) -> f64 {
        self.roles.iter().fold(time, |latest, role| latest.max(role.free_at)) + 0.2
    }

    fn is_possible(&self, act: Act, time: f64) -> bool {
        if self.brief.without.contains(&act) || (self.is_still && Act::TOLD.contains(&act)) {
            return false;
        }
        let crowded = self.roles.iter().any(|role| role.is_large && !self.leaves_room(role));
        match act {
            Act::ComeIn | Act::Appear => self.free_third().is_some() && self.roles.len() < MOST && !crowded,
            Act::Cross => self.roles.len() < MOST && !crowded,
            Act::Cover | Act::Lights | Act::Scene => true,
            _ => self.roles.iter().any(|role| self.can(role, act, time)),
        }
    }

    fn ratio(&self, role: &Role) -> f64 {
        self.plot.actors[role.actor].ratio
    }

    /// Whether others can still be seen beside it when it is large.
    fn leaves_room(&self, role: &Role) -> bool {
        LARGE * self.ratio(role) <= 0.5 * self.brief.aspect
    }

    /// Whether one that rests can do this.
    fn can(&self, role: &Role, act: Act, time: f64) -> bool {
        if role.free_at > time || role.third.is_none() {
            return false;
        }
        let ratio = self.ratio(role);
        match act {
            Act::Recede => role.is_large,
            Act::Leave | Act::Turn | Act::Vanish => true,
            Act::ComeCloser => {
                let fits = LARGE * ratio <= self.brief.aspect && (self.leaves_room(role) || self.roles.len() == 1);
                let alone = self.roles.iter().all(|role| !role.is_large);
                !role.is_large && fits && alone
            }
            Act::Wave => !role.is_large && self.plot.actors[role.actor].look.kind == Kind::Person,
            Act::Stop => !role.is_large,
            Act::Move => !role.is_large && self.free_third().is_some(),
            _ => false,
        }
    }

    fn free_third(&self) -> Option<usize> {
        (0..3).find(|&third| self.roles.iter().all(|role| role.third != Some(third)))
    }

    fn any_free_third(&mut self) -> Option<usize> {
        let free: Vec<usize> =
            (0..3).filter(|&third| self.roles.iter().all(|role| role.third != Some(third))).collect();
        self.dice.pick(&free)
    }

    fn let_act(&mut self, act: Act, time: f64) {
        match act {
            Act::ComeIn => self.come_in(time),
            Act::Cross => self.cross(time),
            Act::Appear => self.appear(time),
            _ => {
                let able: Vec<usize> =
                    (0..self.roles.len()).filter(|&role| self.can(&self.roles[role], act, time)).collect();
                let Some(role) = self.dice.pick(&able) else { return };
                match act {
                    Act::Leave => self.leave(role, time),
                    Act::Stop => self.wander_and_stop(role, time),
                    Act::ComeCloser => self.come_closer(role, time),
                    Act::Recede => self.recede(role, time),
                    Act::Wave => self.wave(role, time),
                    Act::Turn => self.turn(role, time),
                    Act::Vanish => self.vanish(role, time),
                    _ => self.move_over(role, time),
                }
            }
        }
    }

    /// Those who are in a scene from its first moment.
    fn open_scene(&mut self, begins: f64) {
        self.roles.clear();
        let opening = self.brief.opening;
        let there: [(usize, f64); MOST + 1] = std::array::from_fn(|count| (count, opening[count]));
        for _ in 0..self.dice.weighted(&there).unwrap_or(1) {
            let Some(third) = self.any_free_third() else { break };
            let (actor, x) = self.cast(third);
            self.plot.actors[actor].x = Track::new(x);
            self.plot.actors[actor].on_stage.0 = begins;
            self.engage(actor, Some(third), begins);
        }
    }

    fn engage(&mut self, actor: usize, third: Option<usize>, free_at: f64) {
        let home_height = self.plot.actors[actor].height.at(0.0);
        self.roles.push(Role { actor, third, free_at, home_height, is_large: false });
    }

    /// A new actor, unlike all that are there, and where it is to rest.
    fn cast(&mut self, third: usize) -> (usize, f64) {
        let here: Vec<usize> = self.roles.iter().map(|role| role.actor).collect();
        let kinds: Vec<(Kind, f64)> = Kind::ALL
            .into_iter()
            .filter(|kind| here.iter().all(|&other| self.plot.actors[other].look.kind != *kind))
            .map(|kind| (kind, if kind == Kind::Person { 3.0 } else { 1.0 }))
            .collect();
        let kind = self.dice.weighted(&kinds).unwrap_or(Kind::Box);
        let colour = self.unused_colour().unwrap_or(Colour::Red);
        let look =
            Look { kind, design: draw::any_design(kind, self.brief.split, &mut self.dice), seed: self.dice.number() };
        let ratio = draw::ratio(&look);
        let aspect = self.brief.aspect;
        let widest = if aspect < 1.0 { 0.55 } else { 0.4 } * aspect;
        let height = self.dice.range(0.3, 0.65).min(widest / ratio);
        let (lowest, highest): (f64, f64) = if kind.flies() { (0.6, 0.95) } else { (0.86, 0.98) };
        let bottom = if draw::is_cut_off(&look) {
            self.dice.range(1.0, 1.03)
        } else {
            self.dice.range(lowest.max(height + 0.05), highest.max(height + 0.06))
        };
        // In a narrow picture, walking on, it is not to lean out on the other side.
        let lean = if aspect < 1.0 { MOST_LEAN * height } else { 0.0 };
        let half = 0.5 * ratio * height + lean;
        let middle = aspect * ((third as f64 + 0.5) / 3.0 + self.dice.range(-0.05, 0.05));
        let x = middle.clamp((half + 0.03).min(0.5 * aspect), (aspect - half - 0.03).max(0.5 * aspect));
        let shade = colour.shade(&mut self.dice);
        let hop = if matches!(kind, Kind::Ball | Kind::Bird) { self.dice.range(0.0, 0.1) } else { 0.012 };
        let actor = Actor {
            look,
            ratio,
            scene: self.plot.scenes.len() - 1,
            x: Track::new(x),
            bottom: Track::new(bottom),
            height: Track::new(height),
            opacity: Track::new(1.0),
            arm: Track::new(0.0),
            facing: Track::new(if self.dice.chance(0.5) { 1.0 } else { 0.0 }),
            coats: vec![Coat { start: f64::NEG_INFINITY, end: f64::NEG_INFINITY, colour, shade }],
            on_stage: (f64::NEG_INFINITY, f64::INFINITY),
            idle: (self.dice.range(0.002, 0.01), self.dice.range(0.0, 6.0)),
            hop,
        };
        self.plot.actors.push(actor);
        (self.plot.actors.len() - 1, x)
    }

    /// A colour that nobody on the stage has or had.
    fn unused_colour(&mut self) -> Option<Colour> {
        let unused: Vec<Colour> = Colour::ALL
            .into_iter()
            .filter(|colour| {
                let mut worn = self.roles.iter().flat_map(|role| &self.plot.actors[role.actor].coats);
                worn.all(|coat| coat.colour != *colour)
            })
            .collect();
        self.dice.pick(&unused)
    }

    fn log(&mut self, happening: Happening, actor: Option<usize>, start: f64, end: f64) {
        self.log_from(happening, actor, start, end, start);
    }

    fn log_from(&mut self, happening: Happening, actor: Option<usize>, start: f64, end: f64, begun: f64) {
        let subject = actor.map(|number| {
            let actor = &self.plot.actors[number];
            Subject { actor: number, kind: actor.look.kind, colour: actor.colour(start) }
        });
        let [start, end, begun] = [start, end, begun].map(|time| self.off_the_frames(time));
        self.plot.events.push(Event { happening, subject, start, end, begun });
    }

    /// When what is over at `end` has been seen to be over, and its actor may do something else.
    fn seen_after(&self, end: f64) -> f64 {
        let frame = (end * self.brief.fps).ceil() / self.brief.fps;
        (end + 0.3).max(frame + 0.02)
    }

    /// A time that rounding to milliseconds moves across no frame: one that is as good as at a frame is put just before.
    fn off_the_frames(&self, time: f64) -> f64 {
        let margin = (0.2 / self.brief.fps).min(0.006);
        let frame = (time * self.brief.fps).round() / self.brief.fps;
        if (time - frame).abs() < margin { frame - margin } else { time }
    }
}
