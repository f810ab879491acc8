//! The first half of a round: its prompt, in a memory that has room for it.

use burn::tensor::Tensor;

use super::Session;
use super::history::PastRound;
use super::options::SessionError;
use super::session::Standing;
use crate::frame::Grid;
use crate::memory::{Image, Kind, MemoryError};

impl Session {
    /// Appends the round's own prompt, after room was made for it.
    pub(super) fn prompt(&mut self, round: u64, grid: Grid, features: Tensor<2>) -> Result<(), SessionError> {
        let end = self.options.clock.start(round + 1);
        let (due, later): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|question| question.at < end);
        self.waiting = later;
        let questions: Vec<String> = due.into_iter().map(|question| question.text).collect();
        let standing = |text: &String| Standing { text: text.clone(), round };
        self.standing.extend(questions.iter().map(standing));

        let tag = self.options.clock.tag(round);
        let opening = self.protocol.opening(questions.iter().map(String::as_str), &tag)?;
        let (rows, columns) = grid.merged(self.model.config.vision.merge);
        let frame = self.protocol.frame(rows * columns);
        let head = self.protocol.reply_head()?;
        let needed = opening.len() + frame.len() + head.len();

        if let Some(history) = &mut self.history {
            history.push(PastRound {
                round,
                questions: questions.clone(),
                tag,
                features: features.clone(),
                rows,
                columns,
                reply: head.clone(),
            });
            if self.read_afresh(round, needed)? {
                return Ok(());
            }
        } else {
            self.memory.sequence.evict(&self.plan, round, needed + self.options.max_tokens)?;
        }
        let bounds = self.protocol.question_bounds(&questions, &opening)?;
        let sequence = &mut self.memory.sequence;
        sequence.append(Kind::Turn, round, &opening[..bounds[0]]);
        for question in bounds.windows(2) {
            sequence.append(Kind::Question, round, &opening[question[0]..question[1]]);
        }
        sequence.append(Kind::Turn, round, &opening[bounds[questions.len()]..]);
        let image = Image { start: 1, rows, columns, features: Some(features) };
        sequence.append_frame(round, &frame, image);
        sequence.append(Kind::Turn, round, &head);
        Ok(())
    }

    /// With exact memory: when the window slides, or `needed` more tokens do not fit, writes the window again and says
    /// so. A window that does not fit is shortened from its oldest round, so that what is kept stays exact.
    fn read_afresh(&mut self, round: u64, needed: usize) -> Result<bool, SessionError> {
        let Some(history) = &mut self.history else {
            return Ok(false);
        };
        let sequence = &mut self.memory.sequence;
        let room = self.plan.slots.saturating_sub(self.options.max_tokens);
        let slid = history.slide((round + 1).saturating_sub(self.plan.window));
        if !slid && sequence.len() + needed <= room {
            return Ok(false);
        }
        loop {
            history.write(&self.protocol, sequence)?;
            let length = sequence.len();
            if length <= room {
                return Ok(true);
            }
            if !history.shorten() {
                return Err(MemoryError::TooSmall { slots: self.plan.slots, pinned: length, needed }.into());
            }
        }
    }
}
