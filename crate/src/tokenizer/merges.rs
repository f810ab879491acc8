//! What the tokenizers library takes for granted of merges: where two tokens join to a piece longer than every token, it
//! panics (0.23.2, `BpeBuilder::build`).

use serde::Deserialize;
use tokenizers::models::bpe::Vocab;

/// The merges of a vocabulary.
pub(super) struct Merges<'a> {
    /// Its tokens.
    pub vocabulary: &'a Vocab,
    /// Bytes at the start of a token that stands behind another, and that go when it joins it.
    pub prefix: usize,
}

impl Merges<'_> {
    /// Makes sure that there is a merge of `pair`: that both are tokens, and join to one.
    pub fn check(&self, pair: (&str, &str)) -> Result<(), String> {
        let (first, second) = pair;
        let is_token = |text: &str| self.vocabulary.contains_key(text);
        let joined = second.get(self.prefix..).map(|rest| format!("{first}{rest}"));
        match is_token(first) && is_token(second) && joined.is_some_and(|joined| is_token(&joined)) {
            true => Ok(()),
            false => Err(no_merge(&format!("{first} {second}"))),
        }
    }
}

/// What to say of it.
pub(super) fn no_merge(merge: &str) -> String {
    format!("its merge {merge:?} does not make a token of two")
}

/// Makes sure that the merges of a `tokenizer.json` are some.
pub(super) fn check_json(bytes: &[u8]) -> Result<(), String> {
    #[derive(Deserialize)]
    struct File {
        model: Model,
    }
    #[derive(Deserialize)]
    struct Model {
        continuing_subword_prefix: Option<String>,
        vocab: Vocab,
        merges: Vec<Merge>,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Merge {
        Pair(String, String),
        Line(String),
    }
    let File { model } = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let prefix = model.continuing_subword_prefix.map_or(0, |prefix| prefix.len());
    let merges = Merges { vocabulary: &model.vocab, prefix };
    for merge in &model.merges {
        match merge {
            Merge::Pair(first, second) => merges.check((first, second))?,
            // The first line of the files that lines come from.
            Merge::Line(line) if line.starts_with("#version") => {}
            Merge::Line(line) => merges.check(line.split_once(' ').ok_or_else(|| no_merge(line))?)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn merges_that_would_make_the_library_panic_are_refused() {
        let (long, longer) = ("x".repeat(30), "y".repeat(30));
        let check = |prefix: Value, merges: Value| {
            let vocab = json!({ "a": 0, "b": 1, "ab": 2, "##b": 3, &long: 4, &longer: 5, "é": 6 });
            let model = json!({ "vocab": vocab, "merges": merges, "continuing_subword_prefix": prefix });
            check_json(json!({ "model": model }).to_string().as_bytes())
        };
        for sound in [json!([]), json!([["a", "b"]]), json!(["a b"]), json!(["#version: 0.2", "a b"])] {
            assert_eq!(check(json!(null), sound), Ok(()));
        }
        assert_eq!(check(json!("##"), json!([["a", "##b"]])), Ok(()));
        let no_merges = [
            (json!(null), json!([[long, longer]]), format!("{long} {longer}")),
            (json!(null), json!([format!("{long} {longer}")]), format!("{long} {longer}")),
            (json!(null), json!([["a", "ab"]]), "a ab".to_owned()),
            (json!(null), json!([["a", "c"]]), "a c".to_owned()),
            (json!(null), json!(["a"]), "a".to_owned()),
            (json!(null), json!(["a b c"]), "a b c".to_owned()),
            (json!("##"), json!([["a", "b"]]), "a b".to_owned()),
            (json!("#"), json!([["a", "é"]]), "a é".to_owned()),
        ];
        for (prefix, merges, merge) in no_merges {
            assert_eq!(check(prefix, merges), Err(no_merge(&merge)));
        }
        for other in ["", "null", "{}", "{\"model\": null}", "{\"model\": {\"vocab\": [], \"merges\": []}}"] {
            assert!(check_json(other.as_bytes()).is_err(), "{other}");
        }
    }
}
