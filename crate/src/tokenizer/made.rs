//! A small tokenizer of our own, learnt from the texts that it will have to write.

use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::normalizers::NFC;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, SplitDelimiterBehavior, Tokenizer as Bpe, models::TrainerWrapper};

use super::{Tokenizer, TokenizerError};

/// As Qwen2.5 splits text, but digits two by two, and a role with its newline and the two ends of a time stand together:
/// `<12s-13s>⏎` is `<` `12` `s-` `13` `s>⏎`.
const PATTERN: &str = r"(?:system|user|assistant)\n|s-(?=\p{N})|s>\n?|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The special tokens that a dialogue has beside its states, with the ids that follow the vocabulary.
const SPECIALS: [&str; 6] =
    ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"];

impl Tokenizer {
    /// A byte-level BPE of `vocabulary` tokens at most, special ones and `states` included, that knows the words of `texts`
    /// best.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Damaged`], with the reason why none can be made.
    pub fn made_for(
        texts: impl Iterator<Item = String> + Send,
        states: &[String],
        vocabulary: usize,
    ) -> Result<Self, TokenizerError> {
        let impossible = |error: tokenizers::Error| TokenizerError::Damaged(error.to_string());
        let specials: Vec<&str> = SPECIALS.into_iter().chain(states.iter().map(String::as_str)).collect();
        let mut bpe = Bpe::new(BPE::default());
        let split = Split::new(SplitPattern::Regex(PATTERN.into()), SplitDelimiterBehavior::Isolated, false);
        let split = split.map_err(impossible)?;
        let bytes = ByteLevel::new(false, false, false);
        bpe.with_normalizer(Some(NFC)).map_err(impossible)?;
        bpe.with_pre_tokenizer(Some(Sequence::new(vec![split.into(), bytes.into()])));
        bpe.with_decoder(Some(bytes));
        let mut trainer = TrainerWrapper::from(
            BpeTrainer::builder()
                .show_progress(false)
                .vocab_size(vocabulary.saturating_sub(specials.len()))
                .min_frequency(2)
                .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
                .build(),
        );
        bpe.train(&mut trainer, texts).map_err(impossible)?;
        let tokens: Vec<AddedToken> = specials.iter().map(|name| AddedToken::from(*name, true)).collect();
        bpe.add_special_tokens(tokens).map_err(impossible)?;
        Self::from_bytes(bpe.to_string(false).map_err(impossible)?.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_tokenizer_knows_its_words_and_gives_every_text_back() {
        let states = ["</Silence>", "</Standby>", "</Response>"].map(str::to_owned);
        let texts = || std::iter::repeat_n("A red ball came in from the left.\n".to_owned(), 20);
        let tokenizer = Tokenizer::made_for(texts(), &states, 400).unwrap();
        assert!(tokenizer.largest_id() < 400);
        assert_eq!(tokenizer.encode(" red ball came in").unwrap().len(), 4);
        for text in ["A red ball.", "user\n<12s-13s>\n", "¿Qué? 数え  \n\n 1.5s", "</Silence> as text"] {
            assert_eq!(tokenizer.decode(&tokenizer.encode(text).unwrap()).unwrap(), text);
        }
        for state in &states {
            assert!(tokenizer.special(state).is_ok());
        }
        let again = Tokenizer::made_for(texts(), &states, 400).unwrap();
        assert_eq!(tokenizer.to_json().unwrap(), again.to_json().unwrap());
    }
}
