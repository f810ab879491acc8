//! GGUF files against the package that wrote them, and against the Hugging Face directories that they were made from.

use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use streamo_wgpu::model::Description;
use streamo_wgpu::tokenizer::Tokenizer;
use streamo_wgpu::weights::gguf::GgufModel;
use streamo_wgpu::weights::{Checkpoint, Directory, Part};
use tempfile::TempDir;

use crate::fixtures::{self, Numbers};
use crate::gguf_file::{self as parts, GgufFile};
use crate::program::{json_lines, streamo, succeeds};
use crate::tokens;

/// What `formats.gguf` holds: each format's matrix is that of a layer's queries.
pub const SHAPE: [usize; 2] = [5, 512];

pub fn queries(layer: usize) -> String {
    format!("layers.{layer}.self_attn.q_proj.weight")
}

/// A directory with a language model, and a vision part that says nothing.
fn with_empty_vision(language: &[u8]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("model.gguf"), language).unwrap();
    std::fs::write(directory.path().join("mmproj.gguf"), GgufFile::default().bytes()).unwrap();
    directory
}

/// `formats.gguf`, and of each layer its number, its format and its numbers.
pub fn formats() -> (Checkpoint, Vec<(usize, String, Vec<f32>)>) {
    let directory = with_empty_vision(&std::fs::read(fixtures::path("gguf/formats.gguf")).unwrap());
    let checkpoint = Checkpoint::open(&Directory(directory.path().to_owned())).unwrap();
    let expected = Numbers::read(&fixtures::path("gguf/formats.safetensors")).floats;
    let expected = expected.into_iter().map(|(name, values)| {
        let (layer, format) = name.split_once('.').unwrap();
        (layer.parse().unwrap(), format.to_owned(), values)
    });
    (checkpoint, expected.collect())
}

#[test]
fn every_format_is_read_as_the_package_reads_it_bit_for_bit() {
    let (checkpoint, expected) = formats();
    assert_eq!(expected.len(), 9);
    for (layer, format, values) in expected {
        let (_, info) = checkpoint.info(Part::Language, &queries(layer), &SHAPE).unwrap();
        assert_eq!(info.format.to_string(), format);
        for rows in [0..5, 0..1, 2..4, 4..5, 3..3] {
            let wanted = &values[rows.start * SHAPE[1]..rows.end * SHAPE[1]];
            let read = checkpoint.read(Part::Language, &queries(layer), &SHAPE, rows.clone()).unwrap();
            assert_eq!(read.values.len(), wanted.len());
            let other = read.values.iter().zip(wanted).position(|(a, b)| a.to_bits() != b.to_bits());
            assert_eq!(other, None, "the first number that differs: {format}, rows {rows:?}");
            assert_eq!(read.bytes as usize, info.bytes() / SHAPE[0] * rows.len(), "{format}");
        }
    }
}

/// What is one tensor in the directory and several in the GGUF file, whole and in part.
#[test]
fn tensors_in_pieces_are_read_as_one() {
    let open = |path: &str| Checkpoint::open(fixtures::files(&fixtures::path(path)).as_ref()).unwrap();
    let (ours, theirs) = (open("late-question"), open("gguf/late-question"));
    let same = |tensor: &str, shape: &[usize]| {
        for rows in [0..shape[0], 0..1, 10..60, 23..25, 24..48, shape[0] - 1..shape[0], 5..5] {
            let rows = rows.start.min(shape[0])..rows.end.min(shape[0]);
            let read = |from: &Checkpoint| from.read(Part::Vision, tensor, shape, rows.clone()).unwrap().values;
            assert!(read(&theirs) == read(&ours), "{tensor}, rows {rows:?}");
        }
    };
    same("blocks.1.attn.qkv.weight", &[72, 24]);
    same("blocks.2.attn.qkv.bias", &[72]);
    same("patch_embed.proj.weight", &[24, 3, 2, 14, 14]);
    same("merger.mlp.2.weight", &[48, 96]);
}

#[test]
fn a_model_is_described_as_in_the_directory_it_was_made_from() {
    for (case, model) in [("sharded-f32", "gguf/sharded-f32"), ("late-question", "gguf/late-question/tiny-F16.gguf")] {
        let (ours, theirs) = (fixtures::files(&fixtures::path(case)), fixtures::files(&fixtures::path(model)));
        let (ours, theirs) = [ours, theirs].map(|files| Description::read(files.as_ref()).unwrap()).into();
        let (mut config, epsilon) = (theirs.config, ours.config.language.epsilon);
        assert_eq!(config.language.epsilon as f32, epsilon as f32, "a GGUF file has it as f32");
        config.language.epsilon = epsilon;
        assert_eq!(config, ours.config);
        assert_eq!(theirs.normalization, ours.normalization);
        assert_eq!(theirs.settings, ours.settings);
        assert_eq!(theirs.tokenizer.largest_id(), ours.tokenizer.largest_id());
    }
}

/// A directory is a Hugging Face one if its weights are there; a GGUF file that is named comes before everything.
#[test]
fn safetensors_come_first_unless_a_file_is_named() {
    let model = crate::program::Spoilt::copy_of("late-question");
    for file in ["tiny-F16.gguf", "mmproj-tiny-F16.gguf"] {
        std::fs::copy(fixtures::path(&format!("gguf/late-question/{file}")), model.file(file)).unwrap();
    }
    let formats = |path: &Path| {
        let [report] = json_lines(streamo(["inspect", "--json"]).arg(path)).try_into().unwrap();
        report["formats"].clone()
    };
    assert_eq!(formats(model.path()), json!(["f16"]));
    assert_eq!(formats(&model.file("tiny-F16.gguf")), json!(["f16", "f32"]));
    model.remove("model.safetensors").remove("config.json").remove("tokenizer.json");
    assert_eq!(formats(model.path()), json!(["f16", "f32"]));
    // Another model beside it is no matter where one is named.
    std::fs::copy(model.file("tiny-F16.gguf"), model.file("other.gguf")).unwrap();
    assert_eq!(formats(&model.file("tiny-F16.gguf")), json!(["f16", "f32"]));
}

#[test]
fn inspect_and_watch_take_gguf_files() {
    let directory = fixtures::path("gguf/sharded-f32");
    let split = directory.join("tiny-F32-00002-of-00003.gguf");
    let [hugging_face] =
        json_lines(streamo(["inspect", "--json"]).arg(fixtures::path("sharded-f32"))).try_into().unwrap();
    for path in [&directory, &split] {
        let [report] = json_lines(streamo(["inspect", "--json"]).arg(path)).try_into().unwrap();
        assert_eq!(report["formats"], json!(["f32"]));
        for same in ["parameters", "vision", "language", "vocabulary", "tied_head", "states", "memory", "weight_bytes"]
        {
            assert_eq!(report[same], hugging_face[same], "{same}");
        }
    }
    let shown = succeeds(streamo(["inspect"]).arg(fixtures::path("gguf/late-question")));
    assert!(shown.contains("as f16 and f32, "), "{shown}");
    let picture = fixtures::path("frames/wide0.png");
    let mut watch = streamo(["watch", "--device", "cpu", "--json", "--model"]);
    assert_eq!(json_lines(watch.arg(&split).arg(picture)).len(), 1);
}

/// The keys that the converter makes of a `tokenizer.json` (`get_vocab_base` in `conversion/base.py`).
fn keys_of(tokenizer: &Value, rows: usize) -> GgufFile {
    const UNUSED: i32 = 5;
    let mut tokens: Vec<String> = (0..rows).map(|id| format!("[PAD{id}]")).collect();
    let mut kinds = vec![UNUSED; rows];
    for (token, id) in tokenizer["model"]["vocab"].as_object().unwrap() {
        let id = id.as_u64().unwrap() as usize;
        (tokens[id], kinds[id]) = (token.clone(), 1);
    }
    for added in tokenizer["added_tokens"].as_array().unwrap() {
        let (id, token) = (added["id"].as_u64().unwrap() as usize, added["content"].as_str().unwrap());
        let looks_special = token.starts_with("<|") && token.ends_with("|>");
        let special = added["special"].as_bool().unwrap() || looks_special;
        (tokens[id], kinds[id]) = (token.to_owned(), if special { 3 } else { 4 });
    }
    let merges = tokenizer["model"]["merges"].as_array().unwrap();
    let merges: Vec<&str> = merges.iter().map(|merge| merge.as_str().unwrap()).collect();
    let mut file = GgufFile::default();
    file.set("tokenizer.ggml.model", parts::TEXT, parts::text("gpt2"));
    file.set("tokenizer.ggml.pre", parts::TEXT, parts::text("qwen2"));
    file.set("tokenizer.ggml.tokens", parts::LIST, parts::texts(&tokens));
    file.set("tokenizer.ggml.token_type", parts::LIST, parts::whole_numbers(&kinds));
    file.set("tokenizer.ggml.merges", parts::LIST, parts::texts(&merges));
    file
}

#[test]
fn the_real_tokenizer_comes_out_of_gguf_as_it_went_in() {
    let whole = tokens::with_states(&fixtures::json("qwen2_5_tokens.json"));
    let ours = Tokenizer::from_bytes(&serde_json::to_vec(&whole).unwrap()).unwrap();
    let directory = with_empty_vision(&keys_of(&whole, 151_936).bytes());
    let model = GgufModel::open(&Directory(directory.path().to_owned())).unwrap().unwrap();
    let (file, keys) = model.language();
    let theirs = Tokenizer::from_gguf(file, keys).unwrap();

    assert_eq!(theirs.largest_id(), ours.largest_id());
    for added in whole["added_tokens"].as_array().unwrap() {
        let name = added["content"].as_str().unwrap();
        assert_eq!(theirs.special(name).ok(), ours.special(name).ok(), "{name}");
    }
    let same = |text: &str| {
        let ids = ours.encode(text).unwrap();
        assert_eq!(theirs.encode(text).unwrap(), ids, "{text:?}");
        assert_eq!(theirs.decode(&ids).unwrap(), ours.decode(&ids).unwrap(), "{text:?}");
        let ids = ours.encode_markup(text).unwrap();
        assert_eq!(theirs.encode_markup(text).unwrap(), ids, "{text:?}");
        assert_eq!(theirs.decode(&ids).unwrap(), ours.decode(&ids).unwrap(), "{text:?}");
    };
    let fixture = fixtures::json("qwen2_5_tokens.json");
    for case in fixture["encode"].as_array().unwrap().iter().chain(fixture["specials"].as_array().unwrap()) {
        same(case["text"].as_str().unwrap());
    }
    let awkward = [
        "<|fim_prefix|>a<|fim_suffix|><tool_call>{}</tool_call><|file_sep|><|repo_name|> <|endoftext|>",
        "e\u{301} \u{1e9b}\u{323} ﬁ ½ ² \u{2126} 한\u{1112}\u{1161}\u{11ab}",
        "\r\n\r\n \t\u{a0}\u{2003}x\u{200b}\u{feff} \u{85}\u{2028}",
        "I'LL we'Re don\u{2019}t 's'S 1234567890 ٣٤ ५६ Ⅷ 𝟘𝟙 a1b2",
        "👨‍👩‍👧‍👦🏳️‍🌈 \u{10ffff}\0\u{1}\u{7f} </Silence></Standby> </Response>",
        "Ġ Ċ ĠĠ âĢĻ [PAD151700] <|im_start|",
    ];
    awkward.into_iter().for_each(same);
    for id in 0..151_936 {
        assert_eq!(theirs.decode(&[id]).unwrap(), ours.decode(&[id]).unwrap(), "{id}");
    }
    let text =
        prop_oneof![".{0,40}", "[ \\r\\n\\t'a-zA-Z0-9<|>/_.,;:!?]{0,60}", "(<\\|im_end\\|>|</Silence>|\\PC|\\s){0,30}"];
    TestRunner::default()
        .run(&text, |text| {
            same(&text);
            Ok(())
        })
        .unwrap();
}
