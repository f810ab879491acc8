//! What `exact` memory needs to read the window afresh, as upstream does every second once its window slides.

use std::collections::VecDeque;

use burn::tensor::Tensor;

use super::protocol::Protocol;
use crate::memory::{Image, Kind, Sequence};
use crate::tokenizer::TokenizerError;

/// A round as it stood in the dialogue.
#[derive(Debug, Clone)]
pub(super) struct PastRound {
    pub round: u64,
    pub questions: Vec<String>,
    pub tag: String,
    /// `[rows · columns, hidden]`
    pub features: Tensor<2>,
    pub rows: usize,
    pub columns: usize,
    /// Everything after the frame; empty while the round is under way.
    pub reply: Vec<u32>,
}

/// The rounds of the window.
#[derive(Debug, Default)]
pub(super) struct History {
    rounds: VecDeque<PastRound>,
    /// Questions whose own round has left, in the order they were put.
    carried: Vec<String>,
    /// A question that was written has been withdrawn since.
    stale: bool,
}

impl History {
    pub fn push(&mut self, round: PastRound) {
        self.rounds.push_back(round);
    }

    pub fn last_mut(&mut self) -> Option<&mut PastRound> {
        self.rounds.back_mut()
    }

    /// Withdraws a question.
    pub fn forget(&mut self, question: &str) {
        for questions in self.rounds.iter_mut().map(|round| &mut round.questions).chain([&mut self.carried]) {
            let before = questions.len();
            questions.retain(|asked| asked != question);
            self.stale |= questions.len() < before;
        }
    }

    /// Lets the rounds before `oldest` go; their questions are carried on. Says whether what stands is no longer what
    /// was written last: rounds went, or a question was withdrawn.
    pub fn slide(&mut self, oldest: u64) -> bool {
        let before = self.rounds.len();
        while self.rounds.front().is_some_and(|round| round.round < oldest) {
            self.drop_oldest();
        }
        std::mem::take(&mut self.stale) | (self.rounds.len() < before)
    }

    /// Lets the oldest round go, unless it is the only one, and says whether it went.
    pub fn shorten(&mut self) -> bool {
        self.rounds.len() > 1 && self.drop_oldest()
    }

    fn drop_oldest(&mut self) -> bool {
        let left = self.rounds.pop_front();
        let went = left.is_some();
        self.carried.extend(left.into_iter().flat_map(|round| round.questions));
        went
    }

    /// Writes the window after the system turn: the carried questions stand in the oldest round, before its own.
    pub fn write(&self, protocol: &Protocol, sequence: &mut Sequence) -> Result<(), TokenizerError> {
        sequence.retain(|segment| segment.kind == Kind::System);
        let mut carried = self.carried.as_slice();
        for past in &self.rounds {
            let questions = std::mem::take(&mut carried).iter().chain(&past.questions);
            let opening = protocol.opening(questions.map(String::as_str), &past.tag)?;
            sequence.append(Kind::Turn, past.round, &opening);
            let image =
                Image { start: 1, rows: past.rows, columns: past.columns, features: Some(past.features.clone()) };
            sequence.append_frame(past.round, &protocol.frame(image.tokens()), image);
            sequence.append(Kind::Turn, past.round, &past.reply);
        }
        Ok(())
    }
}
