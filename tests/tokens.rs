//! The dialogue's tokens with the real Qwen2.5 tokenizer.
//!
//! Its `tokenizer.json` is fetched by `build.sh` and checked against the hash of the fixture; it is too large to ship.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use streamo_wgpu::clock::Clock;
use streamo_wgpu::model::Settings;
use streamo_wgpu::stream::Protocol;
use streamo_wgpu::tokenizer::{Tokenizer, TokenizerError};

use crate::fixtures;

const VARIABLE: &str = "STREAMO_QWEN_TOKENIZER";

/// The real tokenizer, without the states, as bytes.
fn qwen(fixture: &Value) -> Vec<u8> {
    let path = std::env::var(VARIABLE).unwrap_or_else(|_| panic!("run ./build.sh test, which sets {VARIABLE}"));
    let bytes = std::fs::read(path).unwrap();
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(fixture["tokenizer_sha256"], hash, "this is another tokenizer than the reference's");
    bytes
}

/// The `tokenizer.json` that training leaves: with the three states added.
pub fn with_states(fixture: &Value) -> Value {
    let mut tokenizer: Value = serde_json::from_slice(&qwen(fixture)).unwrap();
    let added = tokenizer["added_tokens"].as_array_mut().unwrap();
    for (state, content) in [("silence", "</Silence>"), ("standby", "</Standby>"), ("response", "</Response>")] {
        added.push(json!({
            "id": fixture["states"][state], "content": content, "single_word": false,
            "lstrip": false, "rstrip": false, "normalized": false, "special": true,
        }));
    }
    tokenizer
}

fn streaming(fixture: &Value) -> Tokenizer {
    Tokenizer::from_bytes(&serde_json::to_vec(&with_states(fixture)).unwrap()).unwrap()
}

fn ids(value: &Value) -> Vec<u32> {
    serde_json::from_value(value.clone()).unwrap()
}

#[test]
fn prompt_and_rounds_have_the_reference_tokens() {
    let fixture = fixtures::json("qwen2_5_tokens.json");
    let tokenizer = streaming(&fixture);
    let protocol = Protocol::new(tokenizer.clone(), &Settings::default()).unwrap();
    let expected = |text: &str| {
        let cases = fixture["encode"].as_array().unwrap();
        let case = cases.iter().find(|case| case["text"] == text);
        ids(&case.unwrap_or_else(|| panic!("the reference has {text:?}"))["ids"])
    };
    let prompt = format!("<|im_start|>system\n{}<|im_end|>\n", Settings::default().system_prompt);
    assert_eq!(protocol.system().unwrap(), expected(&prompt));

    let clock = Clock::new(1.0).unwrap();
    for round in [0, 9, 10, 99, 100] {
        for question in [None, Some("What is added to the bowl?"), Some("\nWhat is added to the bowl?")] {
            let tag = clock.tag(round);
            let mut turn = protocol.opening(question, &tag).unwrap();
            turn.extend(protocol.frame(4));
            turn.extend(protocol.reply_head().unwrap());
            let asked = question.map_or(String::new(), |question| format!("{question}\n"));
            let frame = format!("<|vision_start|>{}<|vision_end|>", "<|image_pad|>".repeat(4));
            let text = format!("<|im_start|>user\n{asked}{tag}\n{frame}<|im_end|>\n<|im_start|>assistant\n");
            assert_eq!(turn, expected(&text), "{text:?}");
        }
    }
}

/// A question is cut out of its turn, so that it can leave alone: what stays is the turn without it.
#[test]
fn questions_are_found_in_their_turn() {
    let protocol = Protocol::new(streaming(&fixtures::json("qwen2_5_tokens.json")), &Settings::default()).unwrap();
    let tag = "<7s-8s>";
    let silent = protocol.opening([], tag).unwrap();
    let questions =
        ["What is added to the bowl?", "<7s", "?", "Wer läuft, e\u{301}?", "a  ", "Zeile\n\nzwei", "\u{301}"];
    for first in questions {
        for second in questions {
            let asked = [first.to_owned(), second.to_owned()];
            let opening = protocol.opening(asked.iter().map(String::as_str), tag).unwrap();
            let bounds = protocol.question_bounds(&asked, &opening).unwrap();
            assert_eq!([&opening[..bounds[0]], &opening[bounds[2]..]].concat(), silent, "{asked:?}");
            for (question, bounds) in asked.iter().zip(bounds.windows(2)) {
                let words = protocol.tokenizer().encode(&format!("{question}\n")).unwrap();
                assert_eq!(opening[bounds[0]..bounds[1]], words, "{asked:?}");
            }
        }
    }
    // A leading newline is one token with the one before it. `Question::new` trims, its fields are open.
    let asked = ["\nWhat?".to_owned()];
    let opening = protocol.opening(asked.iter().map(String::as_str), tag).unwrap();
    let bounds = protocol.question_bounds(&asked, &opening).unwrap();
    assert_eq!(bounds, [2, opening.len() + 3 - silent.len()]);
    assert_eq!(opening[bounds[1]..], silent[3..]);
}

#[test]
fn texts_have_the_reference_tokens_and_back() {
    let fixture = fixtures::json("qwen2_5_tokens.json");
    let tokenizer = streaming(&fixture);
    for case in fixture["encode"].as_array().unwrap() {
        assert_eq!(tokenizer.encode_markup(case["text"].as_str().unwrap()).unwrap(), ids(&case["ids"]), "{case}");
    }
    for case in fixture["specials"].as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        assert_eq!(tokenizer.encode_markup(text).unwrap(), ids(&case["ids"]), "{case}");
        assert_eq!(tokenizer.encode(text).unwrap(), ids(&case["ids_as_plain_text"]), "{case}");
    }
    for case in fixture["decode"].as_array().unwrap() {
        let ids = ids(&case["ids"]);
        assert_eq!(tokenizer.decode(&ids).unwrap(), case["text"], "{case}");
        let mut stream = tokenizer.stream();
        let mut text: String = ids.iter().map(|&id| stream.push(id).unwrap()).collect();
        text.push_str(&stream.finish().unwrap());
        assert_eq!(text, case["text"], "streamed: {case}");
    }
}

#[test]
fn a_tokenizer_without_states_is_refused() {
    let fixture = fixtures::json("qwen2_5_tokens.json");
    let tokenizer = Tokenizer::from_bytes(&qwen(&fixture)).unwrap();
    let refused = Protocol::new(tokenizer, &Settings::default());
    assert!(matches!(refused, Err(TokenizerError::MissingState(name)) if name == "</Silence>"));
}
