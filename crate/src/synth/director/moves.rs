//! How each act goes, and when exactly it starts and is complete.

use super::*;

/// Of something that is under way, how much must have come before anybody can tell.
const NOTICED: f64 = 0.15;
/// How far something must have moved.
const STEP: f64 = 0.06;

impl Director<'_> {
    /// The shortest time that something must be under way in order to be seen in a frame.
    fn shortest(&self) -> f64 {
        1.15 / self.brief.fps
    }

    /// The first time at which the actor's pose is so; `to` where it never is.
    fn when(&self, actor: usize, from: f64, to: f64, is_so: impl Fn(&Pose) -> bool) -> f64 {
        let actor = &self.plot.actors[actor];
        first_time(from, to, |time| is_so(&actor.pose(time))).unwrap_or(to)
    }

    fn face(&mut self, actor: usize, time: f64, right: bool) {
        self.plot.actors[actor].facing.set(time, if right { 1.0 } else { 0.0 });
    }

    /// Where the middle is of one as high as at `time` when just out of sight.
    fn outside(&self, actor: usize, time: f64, side: Side) -> f64 {
        let actor = &self.plot.actors[actor];
        let half = (0.5 * actor.ratio + 0.18) * actor.height.at(time) + 0.04;
        if side == Side::Right { self.brief.aspect + half } else { -half }
    }

    fn any_side(&mut self, kind: Kind) -> Side {
        let top = if kind.flies() { 0.8 } else { 0.0 };
        self.dice.weighted(&[(Side::Left, 1.0), (Side::Right, 1.0), (Side::Top, top)]).unwrap_or(Side::Left)
    }

    /// Lets `go` make a move that takes some time, and again slower until what `seen` measures of it lasts long enough to
    /// be seen; gives how long it takes, and what was measured.
    fn slowly<M>(
        &mut self,
        actor: usize,
        mut takes: f64,
        go: impl Fn(&mut Actor, f64),
        seen: impl Fn(&Self, f64) -> (f64, M),
    ) -> (f64, M) {
        let before = self.plot.actors[actor].clone();
        loop {
            go(&mut self.plot.actors[actor], takes);
            let (lasts, measured) = seen(self, takes);
            if lasts >= self.shortest() || takes > 60.0 {
                return (takes, measured);
            }
            takes *= (1.02 * self.shortest() / lasts.max(0.1)).clamp(1.05, 3.0);
            self.plot.actors[actor] = before.clone();
        }
    }

    pub(super) fn come_in(&mut self, time: f64) {
        let Some(third) = self.any_free_third() else { return };
        let (actor, x) = self.cast(third);
        let side = self.any_side(self.plot.actors[actor].look.kind);
        let bottom = self.plot.actors[actor].bottom.at(time);
        let from = self.outside(actor, time, side);
        self.face(actor, time, side == Side::Left);
        let takes = self.dice.range(1.2, 3.0);
        let ease = self.dice.pick(&[Ease::Out, Ease::Smooth, Ease::Even]).unwrap_or(Ease::Out);
        let aspect = self.brief.aspect;
        let (takes, (start, end)) = self.slowly(
            actor,
            takes,
            |actor, takes| match side {
                Side::Top => {
                    actor.bottom = Track::new(-0.05);
                    actor.bottom.go(time, time + takes, bottom, ease);
                }
                _ => {
                    actor.x = Track::new(from);
                    actor.x.go(time, time + takes, x, ease);
                }
            },
            |director, takes| {
                let start = director.when(actor, time, time + takes, |pose| pose.seen(aspect) > NOTICED);
                let end = director.when(actor, start, time + takes, |pose| pose.is_inside(aspect));
                (end - start, (start, end))
            },
        );
        self.plot.actors[actor].on_stage.0 = time;
        self.engage(actor, Some(third), self.seen_after(time + takes));
        self.log(Happening::ComesIn(side), Some(actor), start, end);
        self.log(Happening::Settles, Some(actor), start, time + takes);
    }

    pub(super) fn cross(&mut self, time: f64) {
        let (actor, _) = self.cast(1);
        let from_side = if self.dice.chance(0.5) { Side::Left } else { Side::Right };
        let (from, to) = (self.outside(actor, time, from_side), self.outside(actor, time, from_side.opposite()));
        self.face(actor, time, from_side == Side::Left);
        let takes = self.dice.range(2.0, 5.0);
        let aspect = self.brief.aspect;
        let (takes, (start, inside, going, out)) = self.slowly(
            actor,
            takes,
            |actor, takes| {
                actor.x = Track::new(from);
                actor.x.go(time, time + takes, to, Ease::Even);
            },
            |director, takes| {
                let start = director.when(actor, time, time + takes, |pose| pose.seen(aspect) > NOTICED);
                let inside = director.when(actor, start, time + takes, |pose| pose.is_inside(aspect));
                let going = director.when(actor, inside, time + takes, |pose| match from_side {
                    Side::Right => pose.x < 0.33 * aspect || pose.left() < 0.0,
                    _ => pose.x > 0.67 * aspect || pose.right() > aspect,
                });
                let out = director.when(actor, going, time + takes, |pose| pose.is_outside(aspect));
                // Coming in, wholly inside, and going out are each to be seen.
                let edge = director.when(actor, inside, time + takes, |pose| !pose.is_inside(aspect));
                ((inside - start).min(edge - inside).min(out - going), (start, inside, going, out))
            },
        );
        self.plot.actors[actor].on_stage = (time, time + takes);
        self.engage(actor, None, time + takes);
        self.log(Happening::ComesIn(from_side), Some(actor), start, inside);
        self.log_from(Happening::Crosses(from_side), Some(actor), going, out, start);
    }

    pub(super) fn leave(&mut self, role: usize, time: f64) {
        let actor = self.roles[role].actor;
        let side = self.any_side(self.plot.actors[actor].look.kind);
        let here = self.plot.actors[actor].pose(time);
        let to = if self.roles[role].is_large {
            let half = 0.5 * (here.right() - here.left()) + 0.2 * here.height;
            if side == Side::Right { self.brief.aspect + half } else { -half }
        } else {
            self.outside(actor, time, side)
        };
        if side != Side::Top {
            self.face(actor, time, side == Side::Right);
        }
        let takes = self.dice.range(1.0, 3.0);
        let ease = self.dice.pick(&[Ease::In, Ease::Smooth, Ease::Even]).unwrap_or(Ease::In);
        let aspect = self.brief.aspect;
        let (takes, (start, end)) = self.slowly(
            actor,
            takes,
            |actor, takes| match side {
                Side::Top => actor.bottom.go(time, time + takes, -0.05, ease),
                _ => actor.x.go(time, time + takes, to, ease),
            },
            |director, takes| {
                let start = director.when(actor, time, time + takes, |pose| {
                    (pose.x - here.x).abs() > STEP || (pose.bottom - here.bottom).abs() > STEP
                });
                let end = director.when(actor, start, time + takes, |pose| pose.is_outside(aspect));
                (end - start, (start, end))
            },
        );
        self.plot.actors[actor].on_stage.1 = time + takes;
        self.busy(role, time + takes);
        self.log(Happening::Leaves(side), Some(actor), start, end);
    }

    fn busy(&mut self, role: usize, until: f64) {
        self.roles[role].free_at = until;
    }

    pub(super) fn wander_and_stop(&mut self, role: usize, time: f64) {
        let Role { actor, third, .. } = self.roles[role];
        let aspect = self.brief.aspect;
        let pose = self.plot.actors[actor].pose(time);
        let half = 0.5 * (pose.right() - pose.left()) + 0.03;
        let around = aspect * (third.unwrap_or(1) as f64 + 0.5) / 3.0;
        let reach = (0.12 * aspect).max(0.08);
        let until = time + self.dice.range(3.0, 6.0).max(2.2 / self.brief.fps);
        let (mut now, mut right) = (time, self.dice.chance(0.5));
        while now < until {
            let leg = self.dice.range(0.45, 0.85);
            let far = self.dice.range(0.6, 1.0) * reach;
            let to = around + if right { far } else { -far };
            let to = to.clamp(half.min(0.5 * aspect), (aspect - half).max(0.5 * aspect));
            self.face(actor, now, right);
            self.plot.actors[actor].x.go(now, now + leg, to, Ease::Even);
            now += leg;
            right = !right;
        }
        let still = now;
        let end = still + 1.0_f64.max(1.0 / self.brief.fps);
        self.busy(role, self.seen_after(end));
        self.log(Happening::Stops, Some(actor), still, end);
    }

    pub(super) fn come_closer(&mut self, role: usize, time: f64) {
        let actor = self.roles[role].actor;
        let bottom = if draw::is_cut_off(&self.plot.actors[actor].look) { 1.03 } else { self.dice.range(0.97, 1.0) };
        let height = self.dice.range(0.82, 0.92);
        let from = self.plot.actors[actor].height.at(time);
        let takes = self.dice.range(1.2, 3.0);
        let (takes, (start, end)) = self.slowly(
            actor,
            takes,
            |actor, takes| {
                actor.height.go(time, time + takes, height, Ease::Smooth);
                actor.bottom.go(time, time + takes, bottom, Ease::Smooth);
            },
            |director, takes| {
                let start =
                    director.when(actor, time, time + takes, |pose| pose.height > from + NOTICED * (0.75 - from));
                let end = director.when(actor, start, time + takes, |pose| pose.height > 0.75);
                (end - start, (start, end))
            },
        );
        self.roles[role].is_large = true;
        self.busy(role, self.seen_after(time + takes) + 1.0);
        self.log(Happening::ComesCloser, Some(actor), start, end);
    }

    pub(super) fn recede(&mut self, role: usize, time: f64) {
        let Role { actor, home_height, .. } = self.roles[role];
        let takes = self.dice.range(1.0, 2.5);
        let bottom = if draw::is_cut_off(&self.plot.actors[actor].look) {
            self.dice.range(1.0, 1.03)
        } else {
            self.dice.range(0.88, 0.97).max(home_height + 0.03)
        };
        self.plot.actors[actor].height.go(time, time + takes, home_height, Ease::Smooth);
        self.plot.actors[actor].bottom.go(time, time + takes, bottom, Ease::Smooth);
        self.roles[role].is_large = false;
        self.busy(role, self.seen_after(time + takes));
        self.log(Happening::Recedes, Some(actor), time, time + takes);
    }

    pub(super) fn wave(&mut self, role: usize, time: f64) {
        let actor = self.roles[role].actor;
        let takes = self.dice.range(1.5, 3.0).max(1.4 / self.brief.fps);
        let (raise, lower) = (self.dice.range(0.25, 0.45), self.dice.range(0.25, 0.45));
        let arm = &mut self.plot.actors[actor].arm;
        arm.go(time, time + raise, 1.0, Ease::Smooth);
        arm.go(time + takes - lower, time + takes, 0.0, Ease::Smooth);
        let start = self.when(actor, time, time + takes, |pose| pose.arm > 0.35);
        let end = self.when(actor, time + takes - lower, time + takes, |pose| pose.arm < 0.08);
        self.busy(role, self.seen_after(time + takes));
        self.log(Happening::Waves, Some(actor), start, end);
    }

    pub(super) fn turn(&mut self, role: usize, time: f64) {
        let actor = self.roles[role].actor;
        let Some(colour) = self.unused_colour() else { return };
        let takes = self.dice.range(0.3, 1.2);
        let shade = colour.shade(&mut self.dice);
        // Logged first: its subject is called by the colour that it had.
        self.log(Happening::Turns(colour), Some(actor), time + 0.25 * takes, time + takes);
        self.plot.actors[actor].coats.push(Coat { start: time, end: time + takes, colour, shade });
        self.busy(role, self.seen_after(time + takes));
    }

    pub(super) fn appear(&mut self, time: f64) {
        let Some(third) = self.any_free_third() else { return };
        let (actor, _) = self.cast(third);
        let takes = self.dice.range(0.2, 0.8);
        let opacity = &mut self.plot.actors[actor].opacity;
        *opacity = Track::new(0.0);
        opacity.go(time, time + takes, 1.0, Ease::Even);
        self.plot.actors[actor].on_stage.0 = time;
        self.engage(actor, Some(third), self.seen_after(time + takes));
        self.log(Happening::Appears, Some(actor), time + 0.2 * takes, time + takes);
    }

    pub(super) fn vanish(&mut self, role: usize, time: f64) {
        let actor = self.roles[role].actor;
        let takes = self.dice.range(0.2, 0.8);
        self.plot.actors[actor].opacity.go(time, time + takes, 0.0, Ease::Even);
        self.plot.actors[actor].on_stage.1 = time + takes;
        self.busy(role, time + takes);
        self.log(Happening::Vanishes, Some(actor), time + 0.2 * takes, time + takes);
    }

    /// To another third; so quickly that it is no wandering.
    pub(super) fn move_over(&mut self, role: usize, time: f64) {
        let Some(third) = self.any_free_third() else { return };
        let actor = self.roles[role].actor;
        let aspect = self.brief.aspect;
        let pose = self.plot.actors[actor].pose(time);
        let half = 0.5 * (pose.right() - pose.left()) + 0.03;
        let to = aspect * ((third as f64 + 0.5) / 3.0 + self.dice.range(-0.05, 0.05));
        let to = to.clamp(half.min(0.5 * aspect), (aspect - half).max(0.5 * aspect));
        let takes = self.dice.range(0.8, 1.6);
        self.face(actor, time, to > pose.x);
        self.plot.actors[actor].x.go(time, time + takes, to, Ease::Smooth);
        self.roles[role].third = Some(third);
        self.busy(role, self.seen_after(time + takes));
        let start = self.when(actor, time, time + takes, |now| (now.x - pose.x).abs() > STEP);
        self.log(Happening::Moves, Some(actor), start, time + takes);
    }

    /// Gives when all is over.
    pub(super) fn cover(&mut self, time: f64) -> f64 {
        let (comes, goes) = (self.dice.range(0.4, 1.3), self.dice.range(0.4, 1.3));
        let back = time + comes + self.dice.range(2.0, 5.0).max(self.shortest());
        self.plot.cover.go(time, time + comes, 1.0, Ease::Smooth);
        self.plot.cover.go(back, back + goes, 0.0, Ease::Smooth);
        let cover = self.plot.cover.clone();
        let at = |from: f64, to: f64, is_so: &dyn Fn(f64) -> bool| {
            first_time(from, to, |time| is_so(cover.at(time))).unwrap_or(to)
        };
        let dark = (at(time, time + comes, &|cover| cover > NOTICED), time + comes);
        let free = (at(back, back + goes, &|cover| cover < 1.0 - NOTICED), back + goes);
        self.log(Happening::Covered, None, dark.0, dark.1);
        self.log(Happening::Uncovered, None, free.0, free.1);
        self.rest_until(self.seen_after(back + goes))
    }

    pub(super) fn lights(&mut self, time: f64) -> f64 {
        let (off, on) = (self.dice.range(0.1, 0.9), self.dice.range(0.1, 0.9));
        let back = time + off + self.dice.range(2.5, 7.0).max(self.shortest());
        let darkness = self.dice.range(0.07, 0.16);
        self.plot.light.go(time, time + off, darkness, Ease::Even);
        self.plot.light.go(back, back + on, 1.0, Ease::Even);
        self.log(Happening::LightsOff, None, time + 0.25 * off, time + off);
        self.log(Happening::LightsOn, None, back + 0.25 * on, back + on);
        self.rest_until(self.seen_after(back + on))
    }

    pub(super) fn change_scene(&mut self, time: f64) -> f64 {
        let takes = if self.dice.chance(0.6) { 0.0 } else { 0.5 };
        let end = self.off_the_frames(time + takes);
        for role in &self.roles {
            self.plot.actors[role.actor].on_stage.1 = end;
        }
        let begins = (end - takes, end);
        self.plot.scenes.push(Scene { seed: self.dice.number(), begins });
        self.open_scene(begins.0);
        self.log(Happening::SceneChanges, None, begins.0 + 0.2 * takes, end);
        self.rest_until(self.seen_after(end))
    }

    fn rest_until(&mut self, time: f64) -> f64 {
        for role in &mut self.roles {
            role.free_at = role.free_at.max(time);
        }
        time
    }
}
