//! The tokenizer that the keys of a GGUF file describe: the Hugging Face tokenizer that they were made from.

use tokenizers::decoders::byte_level::ByteLevel;
use tokenizers::models::bpe::{BPE, Vocab};
use tokenizers::normalizers::unicode::NFC;
use tokenizers::pre_tokenizers::PreTokenizerWrapper;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{AddedToken, SplitDelimiterBehavior, Tokenizer as Bpe};

use super::merges::{Merges, no_merge};
use super::{Tokenizer, TokenizerError};
use crate::weights::gguf::{KeyError, Metadata, required};

/// How Qwen2 cuts text before merging: contractions, words with one leading mark, single digits, punctuation, white
/// space (its `tokenizer.json`; `tokenizer.ggml.pre` is `qwen2`).
const QWEN2: &str =
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// Added tokens that Qwen2.5 has for ordinary ones, and that llama.cpp's converter takes for special by their looks.
const ORDINARY: [&str; 6] =
    ["<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"];

// The kinds of tokens (`enum llama_token_type`). One is left out: the rows of the embedding that no token has.
const NORMAL: f64 = 1.0;
const CONTROL: f64 = 3.0;
const USER_DEFINED: f64 = 4.0;
const UNUSED: f64 = 5.0;

impl Tokenizer {
    /// From the keys `tokenizer.ggml.*` of the GGUF file `file`.
    ///
    /// # Errors
    ///
    /// [`TokenizerError::Metadata`]: a key is missing or of another type, or the tokenizer is none of Qwen2's.
    pub fn from_gguf(file: &str, keys: &Metadata) -> Result<Self, TokenizerError> {
        read(keys).map(Self::new).map_err(|reason| TokenizerError::Metadata { file: file.to_owned(), reason })
    }
}

fn read(keys: &Metadata) -> Result<Bpe, String> {
    let said = |error: KeyError| error.to_string();
    for (key, wanted) in [("tokenizer.ggml.model", "gpt2"), ("tokenizer.ggml.pre", "qwen2")] {
        let found = required(key, keys.text(key)).map_err(said)?;
        if found != wanted {
            return Err(format!("its {key} is {found:?}, and Qwen2's is {wanted:?}"));
        }
    }
    let list = "tokenizer.ggml.tokens";
    let tokens = required(list, keys.texts(list)).map_err(said)?;
    let kinds = required("tokenizer.ggml.token_type", keys.numbers("tokenizer.ggml.token_type")).map_err(said)?;
    let merges = required("tokenizer.ggml.merges", keys.texts("tokenizer.ggml.merges")).map_err(said)?;
    if tokens.iter().len() != kinds.iter().len() {
        return Err(format!("it has {} tokens and {} kinds of tokens", tokens.iter().len(), kinds.iter().len()));
    }

    // Added tokens stand in the vocabulary too: so they get the ids that they have. No merge makes them.
    let mut vocabulary = Vocab::new();
    let (mut special, mut ordinary) = (Vec::new(), Vec::new());
    for ((id, token), kind) in (0..).zip(tokens.iter()).zip(kinds.iter()) {
        let added = |special| AddedToken::from(token, special).normalized(false);
        match kind {
            NORMAL => {}
            CONTROL if !ORDINARY.contains(&token) => special.push(added(true)),
            CONTROL | USER_DEFINED => ordinary.push(added(false)),
            UNUSED => continue,
            _ => return Err(format!("its token {id} is of kind {kind}")),
        }
        if let Some(other) = vocabulary.insert(token.to_owned(), id) {
            return Err(format!("its tokens {other} and {id} are both {token:?}"));
        }
    }
    let of_two = Merges { vocabulary: &vocabulary, prefix: 0 };
    let pair = |merge: &str| {
        let (first, second) = merge.split_once(' ').ok_or_else(|| no_merge(merge))?;
        of_two.check((first, second))?;
        Ok::<_, String>((first.to_owned(), second.to_owned()))
    };
    let merges = merges.iter().map(pair).collect::<Result<_, _>>()?;
    let failed = |error: tokenizers::Error| error.to_string();
    let model = BPE::builder().vocab_and_merges(vocabulary, merges).build().map_err(failed)?;
    let byte_level = ByteLevel::new(false, false, false);
    let pattern = SplitPattern::Regex(QWEN2.to_owned());
    let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false).map_err(failed)?;
    let steps = vec![PreTokenizerWrapper::Split(split), PreTokenizerWrapper::ByteLevel(byte_level)];
    let mut bpe = Bpe::new(model);
    bpe.with_normalizer(Some(NFC)).map_err(failed)?;
    bpe.with_pre_tokenizer(Some(Sequence::new(steps)));
    bpe.with_post_processor(Some(byte_level));
    bpe.with_decoder(Some(byte_level));
    bpe.add_special_tokens(special).map_err(failed)?;
    bpe.add_tokens(ordinary).map_err(failed)?;
    Ok(bpe)
}
