//! The second half of a round: reading the decision, generating the answer, keeping it.

use std::rc::Rc;

use burn::tensor::Tensor;

use super::options::{Feedback, Keep, SessionError};
use super::{Decision, Evidence, Protocol, Session, State, StateLogits, Turn};
use crate::kernels::read_out;
use crate::memory::Kind;
use crate::trace::Trace;

/// The first token of a reply, and the state logits beside it.
pub(super) struct Opening {
    first: u32,
    pub logits: Option<StateLogits>,
}

impl Session {
    /// Reads the decision out of the last row; none before the first question, when the model is not asked.
    pub(super) async fn decide(&mut self, last: Tensor<2>, round: u64) -> Result<Option<Opening>, SessionError> {
        if self.options.keep != Keep::Nothing {
            self.evidence = Some(Evidence {
                round,
                input_ids: self.memory.sequence.ids(),
                positions: self.memory.sequence.positions(),
                logits: read_out::floats(self.model.logits(last.clone())).await?,
                ..Evidence::default()
            });
        }
        if self.standing.is_empty() {
            self.settle()?;
            return Ok(None);
        }
        let rows = read_out::logits_of(last.clone(), self.state_rows.clone());
        let logits = <[f32; 3]>::try_from(read_out::floats(rows).await?).ok().map(StateLogits::new);
        let first = match (self.options.decision, logits) {
            (Decision::States, Some(logits)) => self.protocol.states()[self.options.rule.decide(&logits) as usize],
            _ => read_out::arg_max(self.model.logits(last)).await?,
        };
        Ok(Some(Opening { first, logits }))
    }

    /// Generates from the opening on, fills in the turn and keeps the reply in memory.
    pub(super) async fn reply(
        &mut self,
        opening: Opening,
        turn: &mut Turn,
        hear: &mut dyn FnMut(&str),
    ) -> Result<(), SessionError> {
        let free = self.options.decision == Decision::Free;
        let state = self.protocol.state(opening.first);
        let answers = free || state == Some(State::Response);
        let kind = kind_of(state);

        let protocol = Rc::clone(&self.protocol);
        let mut text = protocol.tokenizer().stream();
        let mut heard = Heard { hear, text: String::new(), strip: !free };
        let mut generated = vec![opening.first];
        let mut next = opening.first;
        if free && !self.protocol.ends(next) {
            heard.add(&text.push(next)?);
        }
        while answers && !self.protocol.ends(next) && generated.len() < self.options.max_tokens {
            self.memory.sequence.append(kind, turn.round, &[next]);
            let (last, _) = self.model.prefill(&mut self.memory, &mut Trace::default())?;
            next = read_out::arg_max(self.model.logits(last)).await?;
            generated.push(next);
            if !self.protocol.ends(next) {
                heard.add(&text.push(next)?);
            }
        }
        heard.add(&text.finish()?);

        turn.state = state;
        turn.text = heard.text;
        turn.tokens.generated = generated.len();
        self.keep_reply(turn.round, kind, &generated)?;
        if let Some(evidence) = &mut self.evidence {
            evidence.generated = generated.clone();
        }
        self.generated = generated;
        Ok(())
    }

    /// Computes and keeps a reply that was `generated` before, after the prompt of its round.
    pub(super) fn recall_reply(&mut self, round: u64, generated: &[u32]) -> Result<(), SessionError> {
        // What was never asked was silent.
        let silence = [self.protocol.states()[0]];
        let generated = if generated.is_empty() { &silence } else { generated };
        let kind = kind_of(self.protocol.state(generated[0]));
        self.memory.sequence.append(kind, round, &generated[..generated.len() - 1]);
        self.model.prefill(&mut self.memory, &mut Trace::default())?;
        self.keep_reply(round, kind, generated)
    }

    /// Completes the assistant's turn in memory: all of `generated` but its last token has been computed. What is not
    /// there yet, or stands there otherwise, waits for the next round's prefill.
    pub(super) fn keep_reply(&mut self, round: u64, kind: Kind, generated: &[u32]) -> Result<(), SessionError> {
        let (&last, computed) = generated.split_last().unwrap_or((&0, &[]));
        let reply = if self.protocol.ends(last) { computed } else { generated };

        let head = self.protocol.assistant()?;
        let there = [&head, computed].concat();
        let wanted = match self.options.feedback {
            Feedback::Ids => [&head, reply].concat(),
            Feedback::Text => self.protocol.reply_as_text(reply)?,
        };
        let common = there.iter().zip(&wanted).take_while(|(a, b)| a == b).count();
        let sequence = &mut self.memory.sequence;
        sequence.rewind(there.len() - common);
        sequence.append(kind, round, &wanted[common..]);
        sequence.append(Kind::Turn, round, &self.protocol.end());

        if let Some(past) = self.history.as_mut().and_then(|history| history.last_mut()) {
            past.reply.truncate(past.reply.len() - head.len());
            past.reply.extend(wanted);
            past.reply.extend(self.protocol.end());
        }
        Ok(())
    }
}

/// What a reply stands in memory as.
fn kind_of(state: Option<State>) -> Kind {
    if matches!(state, None | Some(State::Response)) { Kind::Answer } else { Kind::Turn }
}

/// Passes text on as it comes and gathers it, without the space that separates a state from its answer.
struct Heard<'a> {
    hear: &'a mut dyn FnMut(&str),
    text: String,
    strip: bool,
}

impl Heard<'_> {
    fn add(&mut self, mut piece: &str) {
        if self.strip && self.text.is_empty() && !piece.is_empty() {
            piece = piece.strip_prefix(Protocol::BEFORE_ANSWER).unwrap_or(piece);
            self.strip = false;
        }
        if !piece.is_empty() {
            (self.hear)(piece);
            self.text.push_str(piece);
        }
    }
}
