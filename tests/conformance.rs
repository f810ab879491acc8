//! Whole streams against `transformers`: tokens, positions, visual tokens, every layer, logits, states, text.

use std::path::{Path, PathBuf};

use streamo_wgpu::device::Opened;
use streamo_wgpu::stream::{Decision, Feedback, Keep, MemoryMode, Options, Question, Session, State};

use crate::fixtures::{self, Numbers, relative_error};

const TOLERANCE: f32 = 1e-4;

/// Rows that every round's own prefill has at least: its turn and the smallest frame.
const OWN_ROWS: usize = 20;

const CASES: [&str; 6] = ["tied", "sharded-f32", "late-question", "free-windows", "window-ids", "window-text"];

#[test]
fn streams_equal_the_reference_on_every_device() {
    for device in fixtures::devices() {
        for case in CASES {
            let worst = watch_case(case, &fixtures::path(case), device);
            println!("{case:>14} on {}: worst relative error {worst:.1e}", device.name);
        }
    }
}

/// The same models as GGUF files, one of them named by its file.
#[test]
fn streams_of_gguf_files_equal_the_reference_on_every_device() {
    let named = |model: &str| fixtures::path(&format!("gguf/{model}"));
    let models: [(&str, PathBuf); 3] = [
        ("sharded-f32", named("sharded-f32")),
        ("late-question", named("late-question")),
        ("late-question", named("late-question/tiny-F16.gguf")),
    ];
    for device in fixtures::devices() {
        for (case, model) in &models {
            let worst = watch_case(case, model, device);
            println!("{} on {}: worst relative error {worst:.1e}", model.display(), device.name);
        }
    }
}

fn watch_case(case: &str, model: &Path, device: &Opened) -> f32 {
    let script = fixtures::json(&format!("{case}/case.json"));
    let expected = Numbers::read(&fixtures::path(&format!("{case}/expected.safetensors")));
    let (model, description) = fixtures::load(model, device);
    let options = Options {
        decision: if script["decision"] == "free" { Decision::Free } else { Decision::States },
        feedback: if script["feedback"] == "text" { Feedback::Text } else { Feedback::Ids },
        memory: if script["memory"] == "exact" { MemoryMode::Exact } else { MemoryMode::Rolling },
        window: script["window"].as_u64().unwrap_or(1000),
        max_tokens: script["max_tokens"].as_u64().unwrap() as usize,
        keep: Keep::Layers,
        ..fixtures::options(&description)
    };
    let mut session = Session::new(model, &description, options).unwrap();
    for question in script["questions"].as_array().unwrap() {
        let at = question["round"].as_f64().unwrap();
        session.ask(Question::new(at, question["text"].as_str().unwrap()).unwrap());
    }
    let mut worst = 0.0_f32;
    for step in script["rounds"].as_array().unwrap() {
        let round = step["round"].as_u64().unwrap();
        let place = format!("{case}, round {round}, {}", device.name);
        let frame = fixtures::picture(step["frame"].as_str().unwrap());
        let mut heard = String::new();
        let turn = pollster::block_on(session.round(round, &frame, &mut |piece| heard.push_str(piece))).unwrap();

        let state: Option<State> = serde_json::from_value(step["state"].clone()).unwrap();
        assert_eq!(turn.state, state, "{place}");
        let text = step["text"].as_str().unwrap();
        let text = if script["decision"] == "free" { text } else { text.strip_prefix(' ').unwrap_or(text) };
        assert_eq!(turn.text, text, "{place}");
        assert_eq!(heard, text, "{place}: the pieces make up the text");
        assert_eq!(turn.logits.is_some(), step["consulted"].as_bool().unwrap(), "{place}");
        if turn.logits.is_none() {
            continue;
        }
        let evidence = session.take_evidence().unwrap();
        let ints = |name: &str| expected.ints.get(&format!("r{round:04}.{name}"));
        let floats = |name: &str| expected.floats.get(&format!("r{round:04}.{name}"));
        let as_ints = |ids: &[u32]| ids.iter().map(|&id| i64::from(id)).collect::<Vec<_>>();
        assert_eq!(Some(&as_ints(&evidence.input_ids)), ints("input_ids"), "{place}");
        assert_eq!(Some(&as_ints(&evidence.generated)), ints("generated_ids"), "{place}");
        if let Some(positions) = ints("position_ids") {
            let axis = |axis: usize| evidence.positions.iter().map(move |position| i64::from(position[axis]));
            assert_eq!((0..3).flat_map(axis).collect::<Vec<_>>(), *positions, "{place}");
        }
        let mut compare = |what: &str, found: &[f32], expected: &[f32]| {
            let error = relative_error(found, expected);
            assert!(error < TOLERANCE, "{place}: {what} is off by {error:.1e}");
            worst = worst.max(error);
        };
        compare("decision_logits", &evidence.logits, floats("decision_logits").unwrap());
        if let Some(vision) = floats("vision_out") {
            compare("vision_out", &evidence.vision, vision);
        }
        if script["layers_round"].as_u64() == Some(round) {
            let rows = script["layers_rows"].as_u64().unwrap() as usize;
            let layers: Vec<(&String, &Vec<f32>)> =
                expected.floats.iter().filter(|(name, _)| name.starts_with("layers.")).collect();
            assert!(layers.len() > 4, "{place}: every layer is compared");
            for (name, values) in layers {
                let tape = evidence.layers.iter().find(|(traced, _)| name.ends_with(&format!("layers.{traced}")));
                let (_, found) = tape.unwrap_or_else(|| panic!("{place}: {name} was not traced"));
                // The reference computes every row anew; here some were computed while the last answer was generated.
                let common = found.len().min(values.len());
                let own_prompt = if name.contains("text") { values.len() / rows * OWN_ROWS } else { values.len() };
                assert!(common >= own_prompt, "{place}: {name} has too few rows");
                compare(name, &found[found.len() - common..], &values[values.len() - common..]);
            }
        }
    }
    worst
}
