//! `config.json`, `streamo.json`, `preprocessor_config.json` and `tokenizer.json` that cannot be used, or only seem to.

use std::rc::Rc;

use proptest::prelude::*;
use serde_json::{Value, json};
use streamo_wgpu::device::{self, Kind};
use streamo_wgpu::kernels::format::Format;
use streamo_wgpu::model::{Description, Model, ModelConfig, Settings};
use streamo_wgpu::stream::{Prologue, Protocol, Question};
use streamo_wgpu::weights::{Checkpoint, Directory};

use crate::fixtures;
use crate::program::{Spoilt, fails};

/// Everything up to the first round of a stream, in the order in which the program does it.
fn first_round(model: &Spoilt) -> Result<(), Box<dyn std::error::Error>> {
    let files = Directory(model.path().to_owned());
    let description = Description::read(&files)?;
    let checkpoint = Checkpoint::open(&files)?;
    let device = pollster::block_on(device::open(Kind::Cpu))?.device;
    let options = fixtures::options(&description);
    let prologue = Prologue::write(&description, options)?;
    prologue.check(&device)?;
    prologue.prepare(Format::F32, &device)?;
    let loaded = Rc::new(Model::load(&description.config, &checkpoint, &device, &|_| ())?);
    let mut session = prologue.begin(loaded)?;
    session.ask(Question::new(0.0, "What?")?);
    pollster::block_on(session.round(0, &fixtures::picture("wide0.png"), &mut |_| ()))?;
    Ok(())
}

/// The message with which a description is refused after `change` of one of its files.
#[track_caller]
fn refusal(file: &str, change: impl FnOnce(&mut Value)) -> String {
    let model = Spoilt::copy_of("tied");
    model.edit(file, change);
    refused(&model)
}

#[track_caller]
fn refused(model: &Spoilt) -> String {
    let files = Directory(model.path().to_owned());
    let description = Description::read(&files).map_err(|error| error.to_string());
    let outcome = description.and_then(|description| {
        Protocol::new(description.tokenizer, &description.settings).map_err(|error| error.to_string())
    });
    outcome.expect_err("this must be refused")
}

fn config(change: impl FnOnce(&mut Value)) -> String {
    refusal("config.json", change)
}

#[test]
fn a_file_that_is_missing_or_no_json_is_named() {
    let model = Spoilt::copy_of("tied");
    let place = model.path().display().to_string();
    for (file, complaint) in [
        ("config.json", "config.json is not the configuration of a Qwen2.5-VL model: "),
        ("tokenizer.json", "tokenizer.json is damaged: "),
    ] {
        let whole = std::fs::read(model.file(file)).unwrap();
        for bytes in [&b""[..], b"Dear reader,", b"\xff\xfe", &whole[..whole.len() / 2]] {
            model.write(file, bytes);
            assert!(refused(&model).starts_with(complaint), "{}", refused(&model));
        }
        model.remove(file);
        let missing =
            format!("{place} has no {file}: give the directory of a Hugging Face checkpoint or of GGUF files");
        assert_eq!(fails(&mut model.watch()), missing);
        assert_eq!(fails(&mut model.inspect()), missing);
        model.write(file, whole);
    }
    for bytes in [&b"x"[..], b"", b"[]", b"null", b"{\"fps\":NaN}", b"{\"fps\":1e999}"] {
        let message = Settings::from_json(bytes).unwrap_err().to_string();
        assert!(message.starts_with("streamo.json is not valid: "), "{message}");
    }
}

#[test]
fn other_models_are_refused_by_name() {
    for (family, described) in [(json!("llama"), "a \"llama\" model"), (json!("qwen2_vl"), "a \"qwen2_vl\" model")] {
        let message = config(|config| config["model_type"] = family);
        assert_eq!(
            message,
            format!("config.json describes {described}; streamo runs qwen2_5_vl checkpoints (Streamo's own base)")
        );
    }
    for nothing in [json!(null), json!(3)] {
        assert!(config(|config| config["model_type"] = nothing).starts_with("config.json describes no model_type; "));
    }
    for bytes in [&b"[]"[..], b"3", b"null", b"{}"] {
        let message = ModelConfig::from_json(bytes).unwrap_err().to_string();
        assert!(message.starts_with("config.json describes no model_type; "), "{message}");
    }
    let model = Spoilt::copy_of("tied");
    model.edit("config.json", |config| config["model_type"] = json!("llama"));
    assert!(fails(&mut model.watch()).contains("a \"llama\" model"));
}

#[test]
fn variants_that_would_come_out_wrong_are_refused() {
    let rope = |kind: &str| json!({ "mrope_section": [2, 4, 4], "rope_theta": 1e6, "rope_type": kind });
    let cases: [(&str, Value, &str); 6] = [
        ("use_sliding_window", json!(true), "sliding-window attention"),
        ("hidden_act", json!("gelu"), "the activation \"gelu\""),
        ("rope_parameters", rope("yarn"), "\"yarn\" scaling of positions"),
        ("rope_parameters", rope("dynamic"), "\"dynamic\" scaling of positions"),
        ("vision", json!({ "hidden_act": "relu" }), "the vision activation \"relu\""),
        ("vision", json!({ "in_channels": 4 }), "pictures of 4 channels"),
    ];
    for (field, value, what) in cases {
        let message = config(|config| match field {
            "vision" => {
                let fields = value.as_object().unwrap().clone();
                config["vision_config"].as_object_mut().unwrap().extend(fields);
            }
            _ => config["text_config"][field] = value,
        });
        let expected =
            format!("config.json asks for {what}, which streamo does not do: take a plain Qwen2.5-VL checkpoint");
        assert_eq!(message, expected);
    }
    let quantised = config(|config| config["quantization_config"] = json!({ "quant_method": "awq" }));
    assert!(quantised.starts_with("config.json asks for awq weights"), "{quantised}");
}

#[test]
fn sizes_that_no_model_has_are_refused() {
    for part in ["text_config", "vision_config"] {
        let fields: &[&str] = match part {
            "text_config" => &[
                "vocab_size",
                "hidden_size",
                "intermediate_size",
                "num_hidden_layers",
                "num_attention_heads",
                "num_key_value_heads",
            ],
            _ => &[
                "depth",
                "hidden_size",
                "intermediate_size",
                "num_heads",
                "out_hidden_size",
                "patch_size",
                "spatial_merge_size",
                "temporal_patch_size",
                "window_size",
            ],
        };
        for &field in fields {
            for value in [json!(0), json!(-1), json!(u64::MAX), json!(1e30), json!(1.5), json!("x"), json!(null)] {
                // Two of these have defaults.
                let defaulted = value.is_null() && field == "patch_size";
                let model = Spoilt::copy_of("tied");
                model.edit("config.json", |config| config[part][field] = value.clone());
                if !defaulted {
                    assert!(refused(&model).starts_with("config.json is "), "{field} = {value}: {}", refused(&model));
                }
            }
            if !["spatial_merge_size", "temporal_patch_size", "patch_size", "window_size"].contains(&field) {
                let model = Spoilt::copy_of("tied");
                model.edit("config.json", |config| {
                    config[part].as_object_mut().unwrap().remove(field);
                });
                assert!(refused(&model).contains(&format!("missing field `{field}`")), "{}", refused(&model));
            }
        }
    }
}

#[test]
fn fields_that_contradict_each_other_are_refused() {
    let text = |fields: Value| {
        config(|config| config["text_config"].as_object_mut().unwrap().extend(fields.as_object().unwrap().clone()))
    };
    let rope = |section: Value| json!({ "rope_parameters": { "mrope_section": section, "rope_theta": 1e6 } });
    for (message, reason) in [
        (text(json!({ "num_key_value_heads": 2 })), "3 heads cannot share 2 key/value heads"),
        (text(json!({ "num_attention_heads": 7 })), "60 features cannot be split over 7 heads"),
        (text(json!({ "head_dim": 40 })), "mrope_section [2, 4, 4] does not fill half a head of 40"),
        (text(rope(json!([1, 2, 3]))), "mrope_section [1, 2, 3] does not fill half a head of 20"),
        (text(rope(json!([1_u64 << 63, 1_u64 << 63, 10]))), "does not fill half a head of 20"),
        (text(json!({ "rope_parameters": null })), "it has no mrope_section"),
        (text(json!({ "rope_parameters": { "mrope_section": [2, 4, 4], "rope_theta": 0.0 } })), "rope_theta is 0e0"),
        (text(json!({ "rope_parameters": { "mrope_section": [2, 4, 4], "rope_theta": 1e300 } })), "rope_theta is"),
        (text(json!({ "rms_norm_eps": -1e-6 })), "rms_norm_eps is -1e-6"),
        (config(|config| config["vision_config"]["out_hidden_size"] = json!(64)), "gives 64 features"),
        (config(|config| config["vision_config"]["num_heads"] = json!(5)), "cannot be split over 5 heads"),
        (config(|config| config["vision_config"]["window_size"] = json!(27)), "a window of 27 pixels is smaller"),
        (config(|config| config["vision_config"] = json!(null)), "it has no vision_config"),
    ] {
        assert!(message.contains(reason), "{message}");
        assert!(message.starts_with("config.json is inconsistent: ") && message.ends_with("of the checkpoint"));
    }
}

#[test]
fn layers_that_are_not_there_are_missing_tensors() {
    let model = Spoilt::copy_of("tied");
    for (part, field, tensor) in [
        ("text_config", "num_hidden_layers", "model.language_model.layers.2.input_layernorm.weight"),
        ("vision_config", "depth", "model.visual.blocks.4.norm1.weight"),
    ] {
        model.edit("config.json", |config| config[part][field] = json!(1000));
        let message = first_round(&model).unwrap_err().to_string();
        assert!(message.starts_with(&format!("the checkpoint has no tensor {tensor}: ")), "{message}");
        model.edit("config.json", |config| config[part][field] = json!(10_000_000));
        assert!(refused(&model).contains("is 10000000"));
        model.write("config.json", std::fs::read(fixtures::path("tied/config.json")).unwrap());
    }
}

#[test]
fn streaming_settings_are_checked() {
    let settings = |value: Value| refusal("streamo.json", |settings| *settings = value);
    for (value, reason) in [
        (json!({ "windows": 3 }), "unknown field `windows`, expected one of "),
        (json!({ "fps": "1" }), "invalid type: string \"1\""),
        (json!({ "fps": 0 }), "0 frames a second is not possible"),
        (json!({ "fps": -1 }), "-1 frames a second is not possible"),
        (json!({ "fps": 2000 }), "2000 frames a second is not possible"),
        (json!({ "window": 0 }), "a window of 0 rounds sees nothing"),
        (json!({ "window": -1 }), "invalid value: integer `-1`"),
        (json!({ "max_tokens": 0 }), "max_tokens is 0, and a round's state is a token"),
        (json!({ "threshold": 1.5 }), "the threshold is 1.5, and a probability is a number from 0 to 1"),
        (json!({ "threshold": -0.1 }), "the threshold is -0.1, and a probability is a number from 0 to 1"),
        (json!({ "threshold": "0.8" }), "invalid type: string \"0.8\""),
        (json!({ "min_pixels": 200_000 }), "no frame has between 200000 and 100352 pixels"),
        (json!({ "min_pixels": 0, "max_pixels": 0 }), "no frame has between 0 and 0 pixels"),
        (json!({ "min_pixels": 1, "max_pixels": 783 }), "pixel bounds 1..=783 leave no room for one block of 28x28"),
        (json!({ "max_pixels": 1_u64 << 32 }), "expected u32"),
        (json!({ "states": ["a", "b"] }), "invalid length 2"),
    ] {
        let message = settings(value);
        assert!(message.starts_with("streamo.json is not valid: ") && message.contains(reason), "{message}");
    }
    let model = Spoilt::copy_of("tied");
    model.edit("streamo.json", |settings| settings["motion"] = json!(true));
    model.edit("config.json", |config| config["vision_config"]["temporal_patch_size"] = json!(1));
    assert!(refused(&model).contains("motion takes two time steps"), "{}", refused(&model));
}

#[test]
fn only_the_stream_says_how_large_frames_are() {
    // The fixtures' preprocessor_config.json allows 12,845,056 pixels, as Qwen's own does.
    let model = Spoilt::copy_of("tied");
    assert_eq!(model.json("preprocessor_config.json")["max_pixels"], 12_845_056);
    let seen = || {
        let description = Description::read(&Directory(model.path().to_owned())).unwrap();
        description.preprocessor().size(1920, 1080).unwrap()
    };
    assert_eq!(seen(), (112, 56));
    model.remove("streamo.json");
    assert_eq!(seen(), (420, 224));
    model.remove("preprocessor_config.json");
    assert_eq!(seen(), (420, 224));
}

#[test]
fn a_tokenizer_without_state_tokens_says_what_to_do() {
    let states = ["</Silence>", "</Standby>", "</Response>"];
    let is_state = |token: &Value| states.contains(&token["content"].as_str().unwrap());
    let advice = "the tokenizer has no special token </Silence>: this checkpoint was not trained for streaming; \
                  take one that was, or name its state tokens in streamo.json";
    let absent = |tokenizer: &mut Value| tokenizer["added_tokens"].as_array_mut().unwrap().retain(|t| !is_state(t));
    assert_eq!(refusal("tokenizer.json", absent), advice);
    let ordinary = |tokenizer: &mut Value| {
        let added = tokenizer["added_tokens"].as_array_mut().unwrap();
        added.iter_mut().filter(|token| is_state(token)).for_each(|token| token["special"] = json!(false));
    };
    assert_eq!(refusal("tokenizer.json", ordinary), advice);
    let in_vocabulary = |tokenizer: &mut Value| {
        absent(tokenizer);
        for (id, state) in (519..).zip(states) {
            tokenizer["model"]["vocab"][state] = json!(id);
        }
    };
    assert_eq!(refusal("tokenizer.json", in_vocabulary), advice);

    let model = Spoilt::copy_of("tied");
    model.edit("tokenizer.json", absent);
    assert_eq!(fails(&mut model.watch()), advice);
    assert_eq!(fails(&mut model.inspect()), advice);

    let no_picture = |tokenizer: &mut Value| {
        tokenizer["added_tokens"].as_array_mut().unwrap().retain(|token| token["content"] != "<|image_pad|>");
    };
    let message = refusal("tokenizer.json", no_picture);
    assert!(message.contains("no special token <|image_pad|>: it is not a Qwen2.5-VL tokenizer"), "{message}");
}

#[test]
fn tokens_that_cannot_be_told_apart_or_looked_up_are_refused() {
    let same = |states: [&str; 3]| refusal("streamo.json", |settings| settings["states"] = json!(states));
    for (states, pair) in [
        (["</Silence>", "</Silence>", "</Response>"], "</Silence> and </Silence>"),
        (["</Silence>", "</Standby>", "<|im_end|>"], "<|im_end|> and <|im_end|>"),
        (["<|image_pad|>", "</Standby>", "</Response>"], "<|image_pad|> and <|image_pad|>"),
    ] {
        let expected =
            format!("the tokens {pair} are one and the same: name three different state tokens in streamo.json");
        assert_eq!(same(states), expected);
    }
    let outside = refusal("tokenizer.json", |tokenizer| tokenizer["model"]["vocab"]["far away"] = json!(9_999));
    let expected = "the tokenizer gives token 9999 and the model has 536 rows: they do not belong together";
    assert_eq!(outside, expected);
}

#[test]
fn a_merge_that_makes_no_token_is_named() {
    // Longer than every token: the library would panic.
    let (long, longer) = ("x".repeat(30), "y".repeat(30));
    for merge in [json!([long, longer]), json!(format!("{long} {longer}"))] {
        let message = refusal("tokenizer.json", |tokenizer| {
            let model = &mut tokenizer["model"];
            (model["vocab"][&long], model["vocab"][&longer]) = (json!(534), json!(535));
            model["merges"] = json!([merge]);
        });
        let reason = format!("its merge \"{long} {longer}\" does not make a token of two");
        assert_eq!(message, format!("tokenizer.json is damaged: {reason}; download it again"));
    }
}

/// A value that some field of some file may have.
fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (1_u64..200).prop_map(|number| json!(number)),
        (0_u32..64).prop_map(|bits| json!(1_u64 << bits)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        any::<bool>().prop_map(|truth| json!(truth)),
        prop::collection::vec(0_u64..30, 0..5).prop_map(|list| json!(list)),
        "[a-z_]{0,8}".prop_map(|text| json!(text)),
        Just(json!(null)),
        Just(json!({})),
    ]
}

/// Replaces the `place`-th value of a JSON object, counted through objects inside it.
fn replace(value: &mut Value, place: &mut usize, new: &Value) -> bool {
    let Some(object) = value.as_object_mut() else { return false };
    for (_, inner) in object.iter_mut() {
        if *place == 0 {
            *inner = new.clone();
            return true;
        }
        *place -= 1;
        if replace(inner, place, new) {
            return true;
        }
    }
    false
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn any_description_runs_or_is_refused(
        file in prop::sample::select(vec!["config.json", "config.json", "streamo.json", "preprocessor_config.json"]),
        changes in prop::collection::vec((0_usize..64, any_value()), 1..3),
    ) {
        let model = Spoilt::copy_of("tied");
        model.edit(file, |value| {
            for (place, new) in &changes {
                replace(value, &mut place.clone(), new);
            }
        });
        if let Err(error) = first_round(&model) {
            prop_assert!(error.to_string().len() > 20, "{}", error);
        }
    }
}
