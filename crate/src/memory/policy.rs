//! What leaves, and when.
//!
//! 1. A round that falls out of the window loses its frame.
//! 2. With it goes the round's text, unless the round asked a question that still stands or gave an answer.
//! 3. Answers outside the window leave when they exceed their allowance, the oldest first.
//! 4. If room is short all the same, the oldest answers leave early, then the oldest rounds of the window; standing
//!    questions never do.

use std::collections::BTreeMap;

use super::segment::Kind;
use super::sequence::Sequence;
use super::{MemoryError, Plan};

/// What a round still has in memory.
#[derive(Debug, Default, Clone, Copy)]
struct Held {
    frame: bool,
    question: bool,
    answer: bool,
    tokens: usize,
}

impl Sequence {
    /// Lets everything go that has no place any more when `round` begins and brings `needed` tokens.
    ///
    /// # Errors
    ///
    /// [`MemoryError::TooSmall`] when they do not fit even so.
    pub fn evict(&mut self, plan: &Plan, round: u64, needed: usize) -> Result<(), MemoryError> {
        let oldest = (round + 1).saturating_sub(plan.window);
        for (round, held) in self.rounds().range(..oldest) {
            self.leave_window(*round, *held);
        }
        self.limit_answers(oldest, plan.answers);
        self.make_room(needed)
    }

    /// The question that is number `index` of those standing in `round` was withdrawn: its words leave now. Once none
    /// stands there, the round leaves like any other.
    pub fn withdraw(&mut self, round: u64, index: usize) {
        let mut before = 0;
        self.retain(|segment| {
            let question = segment.kind == Kind::Question && segment.round == round;
            before += usize::from(question);
            !question || before != index + 1
        });
    }

    fn leave_window(&mut self, round: u64, held: Held) {
        let text_stays = held.question || held.answer;
        self.retain(|segment| {
            segment.kind == Kind::System || segment.round != round || (text_stays && segment.kind != Kind::Frame)
        });
    }

    fn leave(&mut self, round: u64) {
        self.retain(|segment| segment.kind == Kind::System || segment.round != round);
    }

    fn limit_answers(&mut self, oldest: u64, allowance: usize) {
        let rounds = self.rounds();
        let mut kept = 0;
        let answered = rounds.range(..oldest).rev().filter(|(_, held)| !held.question);
        for (&round, held) in answered {
            kept += held.tokens;
            if kept > allowance {
                self.leave(round);
            }
        }
    }

    fn make_room(&mut self, needed: usize) -> Result<(), MemoryError> {
        while self.waiting() + needed > self.slots.free() {
            let rounds = self.rounds();
            let first = |wanted: fn(&Held) -> bool| {
                rounds.iter().find(|(_, held)| wanted(held)).map(|(&round, &held)| (round, held))
            };
            if let Some((round, _)) = first(|held| !held.frame && !held.question) {
                self.leave(round);
            } else if let Some((round, held)) = first(|held| held.frame) {
                self.leave_window(round, held);
            } else {
                return Err(self.too_small(needed));
            }
        }
        Ok(())
    }

    fn rounds(&self) -> BTreeMap<u64, Held> {
        let mut rounds: BTreeMap<u64, Held> = BTreeMap::new();
        for segment in self.segments.iter().filter(|segment| segment.kind != Kind::System) {
            let held = rounds.entry(segment.round).or_default();
            held.frame |= segment.kind == Kind::Frame;
            held.question |= segment.kind == Kind::Question;
            held.answer |= segment.kind == Kind::Answer;
            held.tokens += segment.tokens.len();
        }
        rounds
    }

    /// Tokens that no policy may evict: the system turn, and the text of rounds with a standing question.
    pub(super) fn pinned(&self) -> usize {
        let rounds = self.rounds();
        let pinned = |kind, round| match kind {
            Kind::System => true,
            Kind::Frame => false,
            _ => rounds.get(&round).is_some_and(|held| held.question),
        };
        self.segments
            .iter()
            .filter(|segment| pinned(segment.kind, segment.round))
            .map(|segment| segment.tokens.len())
            .sum()
    }
}
