//! The strings of the dialogue and their tokens: the one place that knows them.
//!
//! ```text
//! <|im_start|>system⏎{prompt}<|im_end|>⏎
//! <|im_start|>user⏎{question}⏎<3s-4s>⏎<|vision_start|><|image_pad|>…<|vision_end|><|im_end|>⏎
//! <|im_start|>assistant⏎</Silence><|im_end|>⏎
//! ```

use super::State;
use crate::model::Settings;
use crate::tokenizer::{Tokenizer, TokenizerError};

/// Builds the tokens of each part of the dialogue.
#[derive(Debug, Clone)]
pub struct Protocol {
    tokenizer: Tokenizer,
    turn_start: u32,
    turn_end: u32,
    text_end: Option<u32>,
    vision_start: u32,
    vision_end: u32,
    image_pad: u32,
    states: [u32; 3],
    newline: Vec<u32>,
    system_prompt: String,
}

const USER: &str = "user\n";
const ASSISTANT: &str = "assistant\n";

impl Protocol {
    /// What stands between the state of a response and its text.
    pub const BEFORE_ANSWER: char = ' ';

    /// The words of a user turn up to its frame: questions, a line each, and the time tag.
    pub fn asked<'a>(questions: impl IntoIterator<Item = &'a str>, tag: &str) -> String {
        let mut words = String::new();
        for question in questions {
            words.push_str(question);
            words.push('\n');
        }
        words.push_str(tag);
        words.push('\n');
        words
    }

    /// Finds every special token by name.
    ///
    /// # Errors
    ///
    /// The tokenizer lacks one, a state token in particular.
    pub fn new(tokenizer: Tokenizer, settings: &Settings) -> Result<Self, TokenizerError> {
        let found = |name: &str| tokenizer.special(name);
        let [turn_start, turn_end] = [found("<|im_start|>")?, found("<|im_end|>")?];
        let [vision_start, vision_end] = [found("<|vision_start|>")?, found("<|vision_end|>")?];
        let image_pad = found("<|image_pad|>")?;
        let text_end = found("<|endoftext|>").ok();
        let mut states = [0; 3];
        let mut taken = vec![(turn_start, "<|im_start|>"), (turn_end, "<|im_end|>"), (image_pad, "<|image_pad|>")];
        taken.extend([(vision_start, "<|vision_start|>"), (vision_end, "<|vision_end|>")]);
        taken.extend(text_end.map(|id| (id, "<|endoftext|>")));
        for (state, name) in states.iter_mut().zip(&settings.states) {
            let id = found(name).map_err(|_| TokenizerError::MissingState(name.clone()))?;
            if let Some((_, other)) = taken.iter().find(|(other, _)| *other == id) {
                return Err(TokenizerError::SameToken((*other).to_owned(), name.clone()));
            }
            taken.push((id, name));
            *state = id;
        }
        let newline = tokenizer.encode("\n")?;
        let system_prompt = settings.system_prompt.clone();
        Ok(Self {
            tokenizer,
            turn_start,
            turn_end,
            text_end,
            vision_start,
            vision_end,
            image_pad,
            states,
            newline,
            system_prompt,
        })
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The ids of the state tokens, in the order of [`State::ALL`].
    pub fn states(&self) -> [u32; 3] {
        self.states
    }

    /// The state that `id` stands for.
    pub fn state(&self, id: u32) -> Option<State> {
        State::ALL.into_iter().find(|&state| self.states[state as usize] == id)
    }

    /// Whether generation stops at `id`.
    pub fn ends(&self, id: u32) -> bool {
        id == self.turn_end || Some(id) == self.text_end
    }

    /// The system turn. Its prompt names the state tokens, and there they are tokens.
    ///
    /// # Errors
    ///
    /// The tokenizer fails on the prompt.
    pub fn system(&self) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = vec![self.turn_start];
        // In one piece: the newline before the prompt and the one it starts with are one token.
        ids.extend(self.tokenizer.encode_markup(&format!("system\n{}", self.system_prompt))?);
        ids.extend(self.end());
        Ok(ids)
    }

    /// A user turn up to its frame: questions, a line each, and the time tag.
    ///
    /// # Errors
    ///
    /// The tokenizer fails on a question.
    pub fn opening<'a>(
        &self,
        questions: impl IntoIterator<Item = &'a str>,
        tag: &str,
    ) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = vec![self.turn_start];
        ids.extend(self.tokenizer.encode(&format!("{USER}{}", Self::asked(questions, tag)))?);
        Ok(ids)
    }

    /// Where the questions of an [`opening`](Self::opening) stand in it: the first begins at the first number, and
    /// each ends at the next one. What comes before and after are the turn's own words, with or without a question.
    ///
    /// A token that holds both goes to the question, as where a question begins with a newline.
    ///
    /// # Errors
    ///
    /// As `opening`.
    pub fn question_bounds(&self, questions: &[String], opening: &[u32]) -> Result<Vec<usize>, TokenizerError> {
        let mut text = USER.to_owned();
        let mut bounds = vec![self.shared(&text, opening)?];
        for question in questions {
            text.push_str(question);
            text.push('\n');
            let end = self.shared(&text, opening)?;
            bounds.push(end.max(bounds[bounds.len() - 1]));
        }
        Ok(bounds)
    }

    /// How many tokens of an opening are those of `text` and the turn's start.
    fn shared(&self, text: &str, opening: &[u32]) -> Result<usize, TokenizerError> {
        let ids = self.tokenizer.encode(text)?;
        Ok(1 + ids.iter().zip(&opening[1..]).take_while(|(a, b)| a == b).count())
    }

    /// A frame of `visual` tokens; the first of them is the second id.
    pub fn frame(&self, visual: usize) -> Vec<u32> {
        let mut ids = vec![self.image_pad; visual + 2];
        ids[0] = self.vision_start;
        ids[visual + 1] = self.vision_end;
        ids
    }

    /// The end of the user turn and the head of the assistant's.
    ///
    /// # Errors
    ///
    /// The tokenizer fails.
    pub fn reply_head(&self) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = self.end();
        ids.push(self.turn_start);
        ids.extend(self.assistant()?);
        Ok(ids)
    }

    /// The assistant's role, the last part of [`reply_head`](Self::reply_head).
    ///
    /// # Errors
    ///
    /// The tokenizer fails.
    pub fn assistant(&self) -> Result<Vec<u32>, TokenizerError> {
        self.tokenizer.encode(ASSISTANT)
    }

    /// A reply that follows the [`reply_head`](Self::reply_head), up to its end: the state, and after a response its
    /// text.
    ///
    /// # Errors
    ///
    /// The tokenizer fails on the text.
    pub fn reply(&self, state: State, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = vec![self.states[state as usize]];
        if state == State::Response && !text.is_empty() {
            ids.extend(self.tokenizer.encode(&format!("{}{text}", Self::BEFORE_ANSWER))?);
        }
        Ok(ids)
    }

    /// The tokens of a word within a text.
    ///
    /// # Errors
    ///
    /// The tokenizer fails on it.
    pub fn word(&self, word: &str) -> Result<Vec<u32>, TokenizerError> {
        self.tokenizer.encode(&format!(" {word}"))
    }

    /// The end of a turn.
    pub fn end(&self) -> Vec<u32> {
        let mut ids = vec![self.turn_end];
        ids.extend(&self.newline);
        ids
    }

    /// The tokens that a reply gets when it goes back as text, as upstream does it: from the head of the assistant's
    /// turn on, since the head's newline and a newline after it are one token.
    ///
    /// # Errors
    ///
    /// The tokenizer fails on the reply.
    pub fn reply_as_text(&self, reply: &[u32]) -> Result<Vec<u32>, TokenizerError> {
        let text = self.tokenizer.decode(reply)?;
        self.tokenizer.encode_markup(&format!("{ASSISTANT}{text}"))
    }
}
