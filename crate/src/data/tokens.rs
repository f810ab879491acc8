//! The tokens of a script, as a stream would have them in memory, and which of them are learned.

use crate::frame::Grid;
use crate::memory::{Image, Kind, Sequence};
use crate::stream::{Protocol, State};
use crate::tokenizer::TokenizerError;

use super::{Cue, Script, Slip, Slips};

/// The dialogue of a script in tokens: what a [`Session`](crate::stream::Session) has in memory after the same rounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokens {
    /// Ids, `[tokens]`; in the places of visual tokens those of their placeholder.
    pub ids: Vec<u32>,
    /// Positions in time, height and width, each `[tokens]`.
    pub positions: [Vec<i32>; 3],
    /// Where the first visual token of each round's frame stands. Each frame has [`Grid::visual_tokens`] of them, row
    /// by row.
    pub frames: Vec<usize>,
    /// What is learned, in order.
    pub targets: Vec<Target>,
    /// What the turns after the first say of the time where nothing is asked, in order. It is given, and no reply has it; who
    /// is to copy times learns from it what follows what.
    pub tags: Vec<Target>,
}

impl Tokens {
    /// The same with nothing in the place of each frame's `visual` tokens. All else keeps its position, as if it had been there.
    pub fn without_frames(mut self, visual: usize) -> Self {
        let mut kept: Vec<usize> = (0..self.ids.len()).collect();
        for first in self.frames.drain(..).rev() {
            kept.drain(first..first + visual);
        }
        self.ids = kept.iter().map(|&place| self.ids[place]).collect();
        for axis in &mut self.positions {
            *axis = kept.iter().map(|&place| axis[place]).collect();
        }
        for target in self.targets.iter_mut().chain(&mut self.tags) {
            target.row = kept.partition_point(|&place| place < target.row);
        }
        self
    }

    /// The same where nothing is learned but the texts of answers, each with its end, and the time tags.
    pub fn answers_and_tags(mut self) -> Self {
        let mut is_answer = false;
        self.targets.retain(|target| {
            is_answer = target.state.map_or(is_answer, |state| state == State::Response);
            is_answer && target.state.is_none()
        });
        self.targets.append(&mut self.tags);
        self.targets.sort_by_key(|target| target.row);
        self
    }
}

/// A token that the model is to give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// The position from which it is to be predicted: the one before its own.
    pub row: usize,
    /// The token; after it stands another one where the reply slipped.
    pub id: u32,
    /// The state that it is; none for the text of an answer and the end of a reply.
    pub state: Option<State>,
}

/// The tokens of a script whose frames are of `grid` patches, joined `merge` by `merge`.
///
/// Learned are the state of every round, the text of an answer, and the end of the turn after either. Questions that
/// stand from before the first round come after the system turn as rolling memory keeps them: their round's text
/// without its frame. They are taken to have been put together in round 0, which was silent.
///
/// A round that slipped has its slip in the past of the later rounds; of it the right state alone is learned.
///
/// # Errors
///
/// The tokenizer fails on a text.
pub fn tokens(
    script: &Script,
    slips: &Slips,
    protocol: &Protocol,
    grid: Grid,
    merge: usize,
) -> Result<Tokens, TokenizerError> {
    let mut dialogue = Dialogue {
        protocol,
        head: protocol.reply_head()?,
        // Nothing is computed here, so no token takes a slot.
        sequence: Sequence::new(0),
        frames: Vec::with_capacity(script.cues.len()),
        targets: Vec::new(),
        tags: Vec::new(),
    };
    dialogue.sequence.append(Kind::System, 0, &protocol.system()?);
    if !script.standing.is_empty() {
        dialogue.put(&script.standing, &script.clock.tag(0), 0)?;
        dialogue.reply(State::Silence, "", 0)?;
        dialogue.targets.clear();
    }
    for (place, (round, cue)) in (script.first..).zip(&script.cues).enumerate() {
        dialogue.see(cue, &script.clock.tag(round), round, grid.merged(merge))?;
        match slips.get(&place) {
            None => dialogue.reply(cue.state, &cue.text, round)?,
            Some(slip) => dialogue.slip(cue.state, slip, round)?,
        }
    }
    let Dialogue { sequence, frames, targets, tags, .. } = dialogue;
    let positions = sequence.positions();
    let axis = |axis: usize| positions.iter().map(|position| position[axis]).collect();
    Ok(Tokens { ids: sequence.ids(), positions: [axis(0), axis(1), axis(2)], frames, targets, tags })
}

/// What has been said so far.
struct Dialogue<'a> {
    protocol: &'a Protocol,
    /// The end of a user turn and the head of the assistant's.
    head: Vec<u32>,
    sequence: Sequence,
    frames: Vec<usize>,
    targets: Vec<Target>,
    tags: Vec<Target>,
}

impl Dialogue<'_> {
    fn see(&mut self, cue: &Cue, tag: &str, round: u64, (rows, columns): (usize, usize)) -> Result<(), TokenizerError> {
        let first = self.sequence.len();
        let opening = self.put(&cue.questions, tag, round)?;
        if cue.questions.is_empty() && !self.frames.is_empty() {
            let told = opening.into_iter().enumerate().skip(1);
            self.tags.extend(told.map(|(place, id)| Target { row: first + place - 1, id, state: None }));
        }
        let image = Image { start: 1, rows, columns, features: None };
        self.frames.push(self.sequence.len() + image.start);
        self.sequence.append_frame(round, &self.protocol.frame(image.tokens()), image);
        Ok(())
    }

    fn put(&mut self, questions: &[String], tag: &str, round: u64) -> Result<Vec<u32>, TokenizerError> {
        let opening = self.protocol.opening(questions.iter().map(String::as_str), tag)?;
        self.sequence.append(Kind::Turn, round, &opening);
        Ok(opening)
    }

    fn reply(&mut self, state: State, text: &str, round: u64) -> Result<(), TokenizerError> {
        self.sequence.append(Kind::Turn, round, &self.head);
        let reply = self.protocol.reply(state, text)?;
        let end = self.protocol.end();
        let first = self.sequence.len();
        // The end is the token that ends the turn; the newline after it is the dialogue's own.
        let learned = reply.iter().chain(end.first()).enumerate();
        self.targets.extend(learned.map(|(place, &id)| Target {
            row: first + place - 1,
            id,
            state: (place == 0).then_some(state),
        }));
        self.sequence.append(Kind::Turn, round, &reply);
        self.sequence.append(Kind::Turn, round, &end);
        Ok(())
    }

    fn slip(&mut self, right: State, slip: &Slip, round: u64) -> Result<(), TokenizerError> {
        let before = self.targets.len();
        self.reply(slip.state, &slip.text, round)?;
        self.targets.truncate(before + 1);
        if let Some(state) = self.targets.get_mut(before) {
            (state.id, state.state) = (self.protocol.states()[right as usize], Some(right));
        }
        Ok(())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::model::Settings;
    use crate::tokenizer::Tokenizer;

    /// The dialogue of a fixture's model, with upstream's prompt.
    pub fn protocol() -> Protocol {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/tied/tokenizer.json");
        let tokenizer = Tokenizer::from_bytes(&std::fs::read(path).unwrap()).unwrap();
        Protocol::new(tokenizer, &Settings::default()).unwrap()
    }

    fn cue(questions: &[&str], state: State, text: &str) -> Cue {
        Cue { questions: questions.iter().map(|&question| question.to_owned()).collect(), state, text: text.to_owned() }
    }

    fn script(fps: f64, first: u64, standing: &[&str], cues: Vec<Cue>) -> Script {
        let standing = standing.iter().map(|&question| question.to_owned()).collect();
        Script { clock: Clock::new(fps).unwrap(), first, standing, cues }
    }

    const GRID: Grid = Grid { height: 4, width: 6 };

    #[test]
    fn every_reply_is_learned_with_its_end_and_nothing_else() {
        let protocol = protocol();
        let cues = vec![
            cue(&["What?", "Where?"], State::Silence, ""),
            cue(&[], State::Standby, ""),
            cue(&[], State::Response, "A cup, on the table."),
            cue(&[], State::Response, ""),
        ];
        let script = script(2.0, 0, &[], cues);
        let tokens = tokens(&script, &Slips::new(), &protocol, GRID, 2).unwrap();
        let end = protocol.end()[0];
        let mut learned = tokens.targets.as_slice();
        for cue in &script.cues {
            let reply = protocol.reply(cue.state, &cue.text).unwrap();
            let (found, rest) = learned.split_at(reply.len() + 1);
            learned = rest;
            assert_eq!(found[0].state, Some(cue.state));
            assert!(found[1..].iter().all(|target| target.state.is_none()));
            let ids: Vec<u32> = found.iter().map(|target| target.id).collect();
            assert_eq!(ids, [reply, vec![end]].concat());
        }
        assert!(learned.is_empty());
        assert!(tokens.targets.iter().all(|target| tokens.ids[target.row + 1] == target.id));
        assert!(tokens.targets.is_sorted_by(|a, b| a.row < b.row));
        assert!(tokens.positions.iter().all(|axis| axis.len() == tokens.ids.len()));
    }

    #[test]
    fn frames_stand_where_their_placeholders_are() {
        let protocol = protocol();
        let cues = vec![cue(&["What?"], State::Silence, ""), cue(&[], State::Silence, "")];
        let tokens = tokens(&script(1.0, 7, &["And before?"], cues), &Slips::new(), &protocol, GRID, 2).unwrap();
        let placeholder = protocol.frame(1)[1];
        let places: Vec<usize> = (0..tokens.ids.len()).filter(|&place| tokens.ids[place] == placeholder).collect();
        let visual = GRID.visual_tokens(2);
        let expected: Vec<usize> = tokens.frames.iter().flat_map(|&first| first..first + visual).collect();
        assert_eq!((places, tokens.frames.len()), (expected, 2));
        for &first in &tokens.frames {
            let seen = |axis: usize| -> Vec<i32> {
                let start = tokens.positions[0][first];
                tokens.positions[axis][first..first + visual].iter().map(|position| position - start).collect()
            };
            assert_eq!((seen(0), seen(1)), (vec![0; 6], vec![0, 0, 0, 1, 1, 1]));
            assert_eq!(seen(2), [0, 1, 2, 0, 1, 2]);
        }
    }

    #[test]
    fn without_frames_all_else_keeps_its_place_in_time_and_is_followed_by_the_same() {
        let protocol = protocol();
        let cues = vec![
            cue(&["What?"], State::Standby, ""),
            cue(&[], State::Response, "A cup."),
            cue(&[], State::Silence, ""),
        ];
        let seen = tokens(&script(1.0, 3, &[], cues), &Slips::new(), &protocol, GRID, 2).unwrap();
        let unseen = seen.clone().without_frames(GRID.visual_tokens(2));
        let placeholder = protocol.frame(1)[1];
        let is_text = |place: &usize| seen.ids[*place] != placeholder;
        let texts: Vec<usize> = (0..seen.ids.len()).filter(is_text).collect();
        assert_eq!(texts.len() + 3 * GRID.visual_tokens(2), seen.ids.len());
        assert_eq!(unseen.ids, texts.iter().map(|&place| seen.ids[place]).collect::<Vec<_>>());
        for (unseen, seen) in unseen.positions.iter().zip(&seen.positions) {
            assert_eq!(*unseen, texts.iter().map(|&place| seen[place]).collect::<Vec<_>>());
        }
        assert!(unseen.frames.is_empty() && unseen.targets.len() == seen.targets.len());
        let learnable = |tokens: &Tokens| [tokens.targets.clone(), tokens.tags.clone()].concat();
        for (unseen, seen) in learnable(&unseen).iter().zip(&learnable(&seen)) {
            assert_eq!((texts[unseen.row], unseen.id, unseen.state), (seen.row, seen.id, seen.state));
        }
    }

    #[test]
    fn who_learns_answers_and_tags_learns_no_states() {
        let protocol = protocol();
        let cues = vec![
            cue(&["What?"], State::Response, "A cup."),
            cue(&[], State::Silence, ""),
            cue(&["Where?"], State::Response, "There."),
            cue(&[], State::Standby, ""),
        ];
        let tokens = tokens(&script(1.0, 5, &[], cues), &Slips::new(), &protocol, GRID, 2).unwrap().answers_and_tags();
        let answer = |text: &str| [&protocol.reply(State::Response, text).unwrap()[1..], &protocol.end()[..1]].concat();
        let tag = |tag: &str| protocol.opening([], tag).unwrap().split_off(1);
        let learned: Vec<u32> = tokens.targets.iter().map(|target| target.id).collect();
        assert_eq!(learned, [answer("A cup."), tag("<6s-7s>"), answer("There."), tag("<8s-9s>")].concat());
        assert!(tokens.targets.iter().all(|target| tokens.ids[target.row + 1] == target.id));
    }

    #[test]
    fn what_stands_from_before_is_neither_seen_nor_learned() {
        let protocol = protocol();
        let cues = vec![cue(&[], State::Response, "Yes.")];
        let with = tokens(&script(1.0, 90, &["Is it done?"], cues.clone()), &Slips::new(), &protocol, GRID, 2).unwrap();
        let without = tokens(&script(1.0, 90, &[], cues), &Slips::new(), &protocol, GRID, 2).unwrap();
        let system = protocol.system().unwrap().len();
        let more = with.ids.len() - without.ids.len();
        assert_eq!(with.ids[system + more..], without.ids[system..]);
        let opening = protocol.opening(["Is it done?"], "<0s-1s>").unwrap();
        assert_eq!(with.ids[system..system + opening.len()], opening);
        let rows = |tokens: &Tokens, off: usize| -> Vec<usize> {
            tokens.targets.iter().map(|target| target.row - off).collect()
        };
        assert_eq!(rows(&with, more), rows(&without, 0));
    }

    #[test]
    fn a_slip_stands_in_the_past_and_what_is_right_is_learned() {
        let protocol = protocol();
        let cues = vec![
            cue(&["What?"], State::Response, "A cup."),
            cue(&[], State::Standby, ""),
            cue(&[], State::Response, "A cat."),
        ];
        let right = script(1.0, 0, &[], cues);
        let mut said = right.clone();
        (said.cues[0].state, said.cues[0].text) = (State::Silence, String::new());
        (said.cues[1].state, said.cues[1].text) = (State::Response, "A dog.".to_owned());
        let slips =
            [0, 1].map(|round| (round, Slip { state: said.cues[round].state, text: said.cues[round].text.clone() }));
        let slipped = tokens(&right, &Slips::from(slips), &protocol, GRID, 2).unwrap();
        let said = tokens(&said, &Slips::new(), &protocol, GRID, 2).unwrap();
        assert_eq!((&slipped.ids, &slipped.positions, &slipped.frames), (&said.ids, &said.positions, &said.frames));
        let states: Vec<Target> = said.targets.iter().filter(|target| target.state.is_some()).copied().collect();
        let learned = [State::Response, State::Standby].into_iter().zip(&states);
        let learned = learned.map(|(state, target)| Target {
            row: target.row,
            id: protocol.states()[state as usize],
            state: Some(state),
        });
        let last = said.targets.iter().copied().filter(|target| target.row >= states[2].row);
        assert_eq!(slipped.targets, learned.chain(last).collect::<Vec<_>>());
    }
}
