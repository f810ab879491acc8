//! What holds for every stream, whatever happens in it: random rounds against a ledger of their own.

use std::cell::Cell;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::{Image, Input, Kind, MemoryError, Plan, Sequence};

/// One round of a random stream.
#[derive(Debug, Clone)]
struct Step {
    /// Rounds that a slow camera missed before it.
    missed: u64,
    /// Tokens of each question put in it.
    asked: Vec<usize>,
    /// Rows and columns of its frame.
    frame: (usize, usize),
    /// Tokens generated; none for a silent round, whose state token is written by the next pass.
    answer: Option<usize>,
    /// Tokens taken back and written anew, as when an answer goes back as text.
    rewritten: usize,
    /// Which standing question is withdrawn when the round is over.
    withdrawn: Option<prop::sample::Index>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (
        prop_oneof![8 => Just(0_u64), 1 => 1..9_u64],
        prop_oneof![6 => Just(vec![]), 1 => prop::collection::vec(1..6_usize, 1..3)],
        (1..4_usize, 1..5_usize),
        prop::option::weighted(0.4, 1..MOST_GENERATED + 1),
        0..4_usize,
        prop::option::weighted(0.15, any::<prop::sample::Index>()),
    );
    let step = step.prop_map(|(missed, asked, frame, answer, rewritten, withdrawn)| Step {
        missed,
        asked,
        frame,
        answer,
        rewritten,
        withdrawn,
    });
    prop::collection::vec(step, 1..40)
}

const SYSTEM: usize = 5;
const HEAD: usize = 4;
const MOST_GENERATED: usize = 6;

/// What a segment is known by: every token that is ever written has an id of its own.
type Known = (Kind, u64, Vec<u32>);

fn known(sequence: &Sequence) -> Vec<Known> {
    let ids = |segment: &super::Segment| segment.tokens.iter().map(|token| token.id).collect();
    sequence.segments().iter().map(|segment| (segment.kind, segment.round, ids(segment))).collect()
}

fn tokens<'a>(segments: impl IntoIterator<Item = &'a Known>) -> usize {
    segments.into_iter().map(|(_, _, ids)| ids.len()).sum()
}

fn slots_in_use(sequence: &Sequence) -> Vec<(u32, u32)> {
    let tokens = sequence.segments().iter().flat_map(|segment| &segment.tokens);
    tokens.filter_map(|token| token.slot.map(|slot| (token.id, slot))).collect()
}

/// Tokens that wait, but for the visual ones, which have features instead.
fn waiting_text(sequence: &Sequence) -> Vec<u32> {
    let text = |segment: &super::Segment| {
        let visual = segment.image.as_ref().map_or(0..0, |image| image.start..image.start + image.tokens());
        let tokens = segment.tokens.iter().enumerate().filter(|(index, _)| !visual.contains(index));
        tokens.filter(|(_, token)| token.slot.is_none()).map(|(_, token)| token.id).collect::<Vec<_>>()
    };
    sequence.segments().iter().flat_map(text).collect()
}

/// A stream of plain bookkeeping, with the ledger that it is held against.
struct Stream {
    sequence: Sequence,
    plan: Plan,
    next_id: u32,
    round: Option<u64>,
    /// Standing questions: round and ids.
    standing: Vec<(u64, Vec<u32>)>,
    evicted_early: bool,
}

impl Stream {
    fn new(plan: Plan) -> Self {
        let mut stream = Self {
            sequence: Sequence::new(plan.slots),
            plan,
            next_id: 0,
            round: None,
            standing: Vec::new(),
            evicted_early: false,
        };
        let system = stream.fresh(SYSTEM);
        stream.sequence.append(Kind::System, 0, &system);
        stream
    }

    fn fresh(&mut self, count: usize) -> Vec<u32> {
        let first = self.next_id;
        self.next_id += count as u32;
        (first..self.next_id).collect()
    }

    /// Plays one round as the session does. False when memory was too small, and rightly so.
    fn step(&mut self, step: &Step) -> bool {
        let round = self.round.map_or(0, |last| last + 1) + step.missed;
        self.round = Some(round);
        let (rows, columns) = step.frame;
        let opening = 3 + step.asked.iter().sum::<usize>();
        let needed = opening + rows * columns + 2 + HEAD + MOST_GENERATED;
        if !self.evict(round, needed) {
            return false;
        }

        let start = self.fresh(1);
        self.sequence.append(Kind::Turn, round, &start);
        for &length in &step.asked {
            let ids = self.fresh(length);
            self.sequence.append(Kind::Question, round, &ids);
            self.standing.push((round, ids));
        }
        let tag = self.fresh(2);
        self.sequence.append(Kind::Turn, round, &tag);
        let frame = self.fresh(rows * columns + 2);
        self.sequence.append_frame(round, &frame, Image { start: 1, rows, columns, features: None });
        let head = self.fresh(HEAD);
        self.sequence.append(Kind::Turn, round, &head);
        self.compute();

        let kind = if step.answer.is_some() { Kind::Answer } else { Kind::Turn };
        let computed = step.answer.map_or(0, |length| length - 1);
        for _ in 0..computed {
            let token = self.fresh(1);
            self.sequence.append(kind, round, &token);
            self.compute();
        }
        let rewritten = step.rewritten.min(computed + HEAD);
        self.rewind(rewritten);
        let rest = self.fresh(rewritten + 1);
        self.sequence.append(kind, round, &rest);
        let end = self.fresh(2);
        self.sequence.append(Kind::Turn, round, &end);

        if let Some(index) = step.withdrawn.filter(|_| !self.standing.is_empty()) {
            self.withdraw(index.index(self.standing.len()));
        }
        self.check_slots();
        true
    }

    /// Admits what waits: it must be a suffix, and what was there must keep its slots.
    fn compute(&mut self) {
        let before = slots_in_use(&self.sequence);
        let waiting = self.sequence.waiting();
        let expected = waiting_text(&self.sequence);
        let inputs = self.sequence.admit().expect("room was made");
        let text: Vec<u32> = inputs
            .into_iter()
            .flat_map(|input| match input {
                Input::Tokens(ids) => ids,
                Input::Features(_) => unreachable!("this stream has no features"),
            })
            .collect();
        assert_eq!(text, expected, "what is to be computed is the text that waited, in order");
        let after = slots_in_use(&self.sequence);
        assert_eq!(after[..before.len()], before, "what is kept stays where it is, before what is new");
        assert_eq!(after.len(), before.len() + waiting);

        let view = self.sequence.view(waiting);
        let new: Vec<usize> = after[before.len()..].iter().map(|&(_, slot)| slot as usize).collect();
        assert_eq!(view.rows, new, "the rows of a pass are what is new, in order");
        let mut orders: Vec<i32> =
            view.order.iter().copied().filter(|&order| order != crate::language::View::FREE).collect();
        orders.sort_unstable();
        assert_eq!(orders, (0..self.sequence.len() as i32).collect::<Vec<_>>(), "every token has one place");
        for (place, (position, &(_, slot))) in self.sequence.positions().iter().zip(&after).enumerate() {
            assert_eq!(view.order[slot as usize], place as i32);
            assert_eq!([0, 1, 2].map(|axis| view.positions[axis][slot as usize]), *position);
        }
        self.check_slots();
    }

    fn rewind(&mut self, count: usize) {
        let before = self.sequence.ids();
        let slots = slots_in_use(&self.sequence);
        let free = self.sequence.slots.free();
        self.sequence.rewind(count);
        let left = before.len() - count;
        assert_eq!(self.sequence.ids(), before[..left], "exactly the last tokens are taken back");
        assert_eq!(slots_in_use(&self.sequence), slots[..left]);
        assert_eq!(self.sequence.slots.free(), free + count, "and their slots are free");
    }

    fn withdraw(&mut self, place: usize) {
        let (round, ids) = self.standing.remove(place);
        let index = self.standing[..place].iter().filter(|(other, _)| *other == round).count();
        let mut expected = known(&self.sequence);
        expected.retain(|segment| *segment != (Kind::Question, round, ids.clone()));
        self.sequence.withdraw(round, index);
        assert_eq!(known(&self.sequence), expected, "exactly the words of the question leave");
    }

    /// Evicts, and holds what is left against the rules, written down once more as a list of what leaves in turn.
    fn evict(&mut self, round: u64, needed: usize) -> bool {
        let before = known(&self.sequence);
        let result = self.sequence.evict(&self.plan, round, needed);
        let after = known(&self.sequence);
        self.check_slots();

        let stands = |of: u64| self.standing.iter().any(|(round, _)| *round == of);
        let pinned = |segment: &Known| match segment {
            (Kind::System, ..) => true,
            (Kind::Frame, ..) => false,
            (_, round, _) => stands(*round),
        };
        let left: Vec<&Known> = before.iter().filter(|segment| !after.contains(segment)).collect();
        assert!(!left.iter().any(|segment| pinned(segment)), "the prompt and standing questions never leave");
        let fixed = tokens(before.iter().filter(|segment| pinned(segment)));
        if fixed + needed > self.plan.slots {
            assert_eq!(result, Err(MemoryError::TooSmall { slots: self.plan.slots, pinned: fixed, needed }));
            return false;
        }
        assert_eq!(result, Ok(()), "{fixed} pinned and {needed} needed fit into {}", self.plan.slots);

        let mut rounds: Vec<u64> = before.iter().filter(|(kind, ..)| *kind != Kind::System).map(|s| s.1).collect();
        rounds.dedup();
        let part = |of: u64, frame: bool| -> Vec<&Known> {
            let of_round = before.iter().filter(|(kind, round, _)| *round == of && *kind != Kind::System);
            of_round.filter(|segment| (segment.0 == Kind::Frame) == frame && !pinned(segment)).collect()
        };
        let answers = |of: u64| part(of, false).iter().any(|(kind, ..)| *kind == Kind::Answer);
        let oldest = (round + 1).saturating_sub(self.plan.window);

        // Outside the window stand the newest answers, as far as they are allowed.
        let mut gone: Vec<&Known> = Vec::new();
        let mut allowance = Some(self.plan.answers);
        for &of in rounds.iter().rev().filter(|&&of| of < oldest) {
            gone.extend(part(of, true));
            let text = part(of, false);
            if answers(of) {
                allowance = allowance.and_then(|rest| rest.checked_sub(tokens(text.iter().copied())));
            }
            if !answers(of) || allowance.is_none() {
                gone.extend(text);
            }
        }
        // When room is short: answers whose frame has gone, then round by round the frame and its text.
        let (framed, text_only): (Vec<u64>, Vec<u64>) =
            rounds.iter().partition(|&&of| of >= oldest && !part(of, true).is_empty());
        let answers_first = text_only.into_iter().map(|of| part(of, false));
        let rounds_then = framed.into_iter().flat_map(|of| match answers(of) {
            true => vec![part(of, true), part(of, false)],
            false => vec![[part(of, true), part(of, false)].concat()],
        });
        let mut in_turn = answers_first.chain(rounds_then);
        let total = tokens(&before);
        while total - tokens(gone.iter().copied()) + needed > self.plan.slots {
            let next = in_turn.next().expect("the pinned part fits");
            gone.extend(next.into_iter().filter(|segment| !gone.contains(segment)).collect::<Vec<_>>());
            self.evicted_early = true;
        }
        let expected: Vec<&Known> = before.iter().filter(|segment| !gone.contains(segment)).collect();
        assert_eq!(after.iter().collect::<Vec<_>>(), expected, "round {round}, window from {oldest}");
        true
    }

    fn check_slots(&self) {
        let used: Vec<u32> = slots_in_use(&self.sequence).into_iter().map(|(_, slot)| slot).collect();
        let distinct: BTreeSet<u32> = used.iter().copied().collect();
        assert_eq!(distinct.len(), used.len(), "no two tokens share a slot");
        assert_eq!(self.sequence.slots.free() + used.len(), self.plan.slots, "a slot is in use or free");
        let end = distinct.last().map_or(0, |&slot| slot as usize + 1);
        assert_eq!(self.sequence.slots.span(), end, "the span ends at the last slot in use");
        assert!(end <= self.plan.slots);
    }
}

/// One system turn and one silent round of the largest frame, with `more` room.
fn plans() -> impl Strategy<Value = Plan> {
    let least = SYSTEM + 3 + 3 * 4 + 2 + HEAD + 3 + MOST_GENERATED;
    (1..7_u64, 0..40_usize, 0..120_usize).prop_map(move |(window, answers, more)| Plan {
        window,
        answers,
        slots: least + more,
    })
}

#[test]
fn every_stream_keeps_the_rules() {
    let config = Config { cases: 2000, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (rounds, refused, early) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let count = |counter: &Cell<usize>, more: usize| counter.set(counter.get() + more);
    let outcome = runner.run(&(plans(), steps()), |(plan, steps)| {
        let mut stream = Stream::new(plan);
        let played = steps.iter().take_while(|step| stream.step(step)).count();
        count(&rounds, played);
        count(&refused, usize::from(played < steps.len()));
        count(&early, usize::from(stream.evicted_early));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let (rounds, refused, early) = (rounds.get(), refused.get(), early.get());
    assert!(
        rounds > 20_000 && early > 300 && refused > 100,
        "{rounds} rounds, {early} short of room, {refused} refused"
    );
}

#[test]
fn a_reply_without_a_word_is_no_answer() {
    let mut sequence = Sequence::new(10);
    sequence.append(Kind::Turn, 0, &[1, 2]);
    sequence.append(Kind::Answer, 0, &[]);
    sequence.append(Kind::Turn, 0, &[3]);
    assert_eq!(known(&sequence), [(Kind::Turn, 0, vec![1, 2, 3])]);
    sequence.evict(&Plan { window: 1, answers: 10, slots: 10 }, 1, 1).unwrap();
    assert!(sequence.is_empty(), "it leaves with its round");
}
