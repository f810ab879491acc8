//! Text to tokens and back, with the special tokens found by name.

mod gguf;
#[cfg(not(target_arch = "wasm32"))]
mod made;
mod merges;

use std::sync::Arc;

use thiserror::Error;
use tokenizers::Tokenizer as Bpe;

/// Why a tokenizer cannot serve.
#[derive(Debug, Error)]
pub enum TokenizerError {
    /// `tokenizer.json` is not one.
    #[error("tokenizer.json is damaged: {0}; download it again")]
    Damaged(String),
    /// The keys of a GGUF file make no tokenizer.
    #[error("{file} has no tokenizer that streamo can use: {reason}; convert the model anew")]
    Metadata {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// A token that the dialogue needs is not in the vocabulary.
    #[error("the tokenizer has no special token {0}: it is not a Qwen2.5-VL tokenizer; take the checkpoint's own")]
    MissingToken(String),
    /// A state token is not in the vocabulary.
    #[error(
        "the tokenizer has no special token {0}: this checkpoint was not trained for streaming; \
         take one that was, or name its state tokens in streamo.json"
    )]
    MissingState(String),
    /// Two parts of the dialogue would look the same.
    #[error("the tokens {0} and {1} are one and the same: name three different state tokens in streamo.json")]
    SameToken(String, String),
    /// A text could not be turned into tokens or back.
    #[error("the tokenizer failed on {text:?}: {reason}")]
    Failed {
        /// What it was given.
        text: String,
        /// What it said.
        reason: String,
    },
    /// The tokenizer knows tokens that the model has no row for.
    #[error("the tokenizer gives token {id} and the model has {vocabulary} rows: they do not belong together")]
    OutsideVocabulary {
        /// The token.
        id: u32,
        /// The rows of the embedding.
        vocabulary: usize,
    },
}

/// A byte-level BPE tokenizer with special tokens.
#[derive(Debug, Clone)]
pub struct Tokenizer {
    bpe: Arc<Bpe>,
    /// Contents and ids of the special tokens, longest first.
    specials: Vec<(String, u32)>,
}

impl Tokenizer {
    /// From the bytes of a `tokenizer.json`.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Damaged`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, TokenizerError> {
        merges::check_json(bytes).map_err(TokenizerError::Damaged)?;
        Bpe::from_bytes(bytes).map(Self::new).map_err(|error| TokenizerError::Damaged(error.to_string()))
    }

    fn new(mut bpe: Bpe) -> Self {
        let mut specials: Vec<(String, u32)> = bpe
            .get_added_tokens_decoder()
            .into_iter()
            .filter(|(_, token)| token.special && !token.content.is_empty())
            .map(|(id, token)| (token.content, id))
            .collect();
        specials.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
        // What a user types is text, whatever it looks like: special tokens are placed by us, by id.
        bpe.set_encode_special_tokens(true);
        Self { bpe: Arc::new(bpe), specials }
    }

    /// The bytes of a `tokenizer.json` that says the same.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Damaged`].
    pub fn to_json(&self) -> Result<Vec<u8>, TokenizerError> {
        let written = self.bpe.to_string(false);
        written.map(String::into_bytes).map_err(|error| TokenizerError::Damaged(error.to_string()))
    }

    /// The id of a special token by name.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::MissingToken`], also when the name is in the vocabulary as ordinary text only.
    pub fn special(&self, name: &str) -> Result<u32, TokenizerError> {
        self.specials
            .iter()
            .find(|(content, _)| content == name)
            .map(|(_, id)| *id)
            .ok_or_else(|| TokenizerError::MissingToken(name.to_owned()))
    }

    /// The largest token id that can come out.
    pub fn largest_id(&self) -> u32 {
        self.bpe.get_vocab(true).into_values().max().unwrap_or(0)
    }

    /// The tokens of plain text: nothing in it is special.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`].
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let encoding = self
            .bpe
            .encode_fast(text, false)
            .map_err(|error| TokenizerError::Failed { text: text.to_owned(), reason: error.to_string() })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The tokens of trusted text, in which the names of special tokens stand for them.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn encode_markup(&self, text: &str) -> Result<Vec<u32>, TokenizerError> {
        let mut ids = Vec::new();
        let (mut plain, mut at) = (0, 0);
        while at < text.len() {
            let special = self.specials.iter().find(|(content, _)| text[at..].starts_with(content));
            match special {
                Some((content, id)) => {
                    if plain < at {
                        ids.extend(self.encode(&text[plain..at])?);
                    }
                    ids.push(*id);
                    at += content.len();
                    plain = at;
                }
                None => at += text[at..].chars().next().map_or(1, char::len_utf8),
            }
        }
        if plain < at {
            ids.extend(self.encode(&text[plain..])?);
        }
        Ok(ids)
    }

    /// The text of `ids`, special tokens by name.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Failed`].
    pub fn decode(&self, ids: &[u32]) -> Result<String, TokenizerError> {
        self.bpe
            .decode(ids, false)
            .map_err(|error| TokenizerError::Failed { text: format!("{ids:?}"), reason: error.to_string() })
    }

    /// Decodes a growing list of tokens piece by piece, never in the middle of a character.
    pub fn stream(&self) -> TextStream<'_> {
        TextStream { tokenizer: self, ids: Vec::new(), given: 0 }
    }
}

/// The text of tokens that arrive one by one. See [`Tokenizer::stream`].
#[derive(Debug)]
pub struct TextStream<'a> {
    tokenizer: &'a Tokenizer,
    ids: Vec<u32>,
    given: usize,
}

impl TextStream<'_> {
    /// What the text gains by `id`; empty while a character is incomplete.
    ///
    /// # Errors
    ///
    /// As [`Tokenizer::decode`].
    pub fn push(&mut self, id: u32) -> Result<String, TokenizerError> {
        self.ids.push(id);
        let text = self.tokenizer.decode(&self.ids)?;
        // A character whose bytes have not all come decodes as U+FFFD at the end.
        let whole = text.trim_end_matches(char::REPLACEMENT_CHARACTER);
        Ok(self.advance(whole))
    }

    /// What is left when no more tokens come.
    ///
    /// # Errors
    ///
    /// As [`Tokenizer::decode`].
    pub fn finish(mut self) -> Result<String, TokenizerError> {
        let text = self.tokenizer.decode(&self.ids)?;
        Ok(self.advance(&text))
    }

    fn advance(&mut self, text: &str) -> String {
        let gained = text.get(self.given..).unwrap_or_default().to_owned();
        self.given = self.given.max(text.len());
        gained
    }
}
