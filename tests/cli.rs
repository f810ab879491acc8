//! The program's main work, as a user runs it.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use streamo_wgpu::stream::{Options, Question, Session};
use tempfile::TempDir;

use crate::fixtures::{self, Numbers, relative_error};
use crate::program::{Spoilt, fails, json_lines, streamo, succeeds, watch_clip};

const TOLERANCE: f32 = 1e-4;

const DEVICES: [&str; 2] = ["cpu", "gpu"];

/// The pictures of a conformance case as a folder that can be watched, and its script.
struct Case {
    name: &'static str,
    script: Value,
    folder: TempDir,
}

impl Case {
    fn new(name: &'static str) -> Self {
        let script = fixtures::json(&format!("{name}/case.json"));
        let folder = tempfile::tempdir().unwrap();
        for (index, step) in script["rounds"].as_array().unwrap().iter().enumerate() {
            let picture = fixtures::path("frames").join(step["frame"].as_str().unwrap());
            std::fs::copy(picture, folder.path().join(format!("{index}.png"))).unwrap();
        }
        Self { name, script, folder }
    }

    fn rounds(&self) -> &[Value] {
        self.script["rounds"].as_array().unwrap()
    }

    /// `streamo watch` of it, all its options included.
    fn watch(&self, device: &str) -> Command {
        let mut command = streamo(["watch", "--json", "--device", device, "--model"]);
        command.arg(fixtures::path(self.name)).arg(self.folder.path());
        for question in self.script["questions"].as_array().unwrap() {
            command.arg("--question").arg(format!("@{} {}", question["round"], question["text"].as_str().unwrap()));
        }
        for option in ["decision", "feedback", "max_tokens"] {
            let value = &self.script[option];
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            command.arg(format!("--{}", option.replace('_', "-"))).arg(value);
        }
        command.args(["--memory", if self.script["memory"] == "exact" { "exact" } else { "rolling" }]);
        command.arg("--window").arg(self.script["window"].as_u64().unwrap_or(1000).to_string());
        command
    }

    /// What the reference says of the answer of a round.
    fn text(&self, step: &Value) -> String {
        let text = step["text"].as_str().unwrap();
        let free = self.script["decision"] == "free";
        (if free { text } else { text.strip_prefix(' ').unwrap_or(text) }).to_owned()
    }
}

#[test]
fn a_whole_clip_gives_the_reference_states_and_texts() {
    let expected = fixtures::json("tiny.json");
    let rounds = expected["rounds"].as_array().unwrap();
    for device in DEVICES {
        let turns = json_lines(&mut watch_clip(["--json", "--device", device, "--max-tokens", "12"]));
        assert_eq!(turns.len(), rounds.len(), "{device}");
        for (turn, step) in turns.iter().zip(rounds) {
            assert_eq!((&turn["round"], &turn["state"]), (&step["round"], &step["state"]), "{device}");
            // An answer that hangs on a thousandth may turn with the pixels, and those with the video decoder.
            if step["text_margin"].as_f64().is_none_or(|margin| margin > 0.1) {
                assert_eq!(turn["text"], step["text"].as_str().unwrap().trim_start(), "{device}");
            }
        }
    }
    let transcript = succeeds(&mut watch_clip(["--device", "cpu"]));
    for line in [
        "   device  CPU\n",
        "clip.mp4: h264 640x360, 5.3 s\n",
        " question  What is happening?\n\n",
        "       0s–1s  ▶  response  eats near question tree\n",
        "       1s–2s  ·  silence\n",
        "       4s–5s  …  standby\n",
    ] {
        assert!(transcript.contains(line), "{line:?} is not in\n{transcript}");
    }
    assert!(!transcript.contains('\u{1b}'), "no colours where there is no terminal");
}

/// The first thing that anybody runs, as the first page shows it; only the device may be another.
#[test]
fn the_first_page_shows_what_the_program_says() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).unwrap();
    let (_, shown) = page.split_once("$ ./build.sh watch\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let printed = succeeds(&mut streamo(["watch", "--device", "cpu"]));
    let mut lines = printed.lines();
    let left_out = |line: &str| line == "…" || line.trim_start().starts_with("device ");
    for line in shown.lines().filter(|line| !left_out(line)) {
        assert!(lines.any(|printed| printed == line), "{line:?} is not, or not in its place, in\n{printed}");
    }
    assert!(shown.lines().filter(|line| line.contains("response")).count() >= 3, "{shown}");
}

#[test]
fn a_json_line_has_its_keys_and_types() {
    let printed = succeeds(&mut watch_clip(["--json", "--device", "cpu", "-q", "@3 What is happening?"]));
    assert_eq!(printed.lines().count(), 6);
    assert!(printed.ends_with('\n'));
    for (index, line) in printed.lines().enumerate() {
        assert!(line.starts_with(&format!("{{\"round\":{index},\"from\":{index}.0,\"to\":{}.0,", index + 1)), "{line}");
        let turn: Value = serde_json::from_str(line).unwrap();
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(keys(&turn), set(&["round", "from", "to", "state", "text", "logits", "tokens", "ms"]));
        assert_eq!(keys(&turn["tokens"]), set(&["vision", "prefill", "generated", "memory"]));
        assert_eq!(keys(&turn["ms"]), set(&["frame", "vision", "prefill", "decode"]));
        assert!(["silence", "standby", "response"].contains(&turn["state"].as_str().unwrap()));
        assert!(turn["text"].is_string());
        assert!(turn["tokens"].as_object().unwrap().values().all(Value::is_u64));
        assert!(turn["ms"].as_object().unwrap().values().all(|ms| ms.as_f64().unwrap() >= 0.0));
        // Before the question nobody is asked.
        if index < 3 {
            assert_eq!((&turn["logits"], &turn["state"]), (&json!(null), &json!("silence")));
            assert_eq!(turn["tokens"]["generated"], 0);
        } else {
            assert_eq!(keys(&turn["logits"]), set(&["silence", "standby", "response"]));
            assert!(turn["logits"].as_object().unwrap().values().all(Value::is_f64));
        }
    }
}

#[test]
fn rounds_carry_true_times_at_any_rate() {
    for (fps, rounds, seconds) in [("2", 11, 0.5), ("0.5", 3, 2.0)] {
        let turns = json_lines(&mut watch_clip(["--json", "--device", "cpu", "--fps", fps]));
        assert_eq!(turns.len(), rounds, "--fps {fps}");
        for (index, turn) in turns.iter().enumerate() {
            let (from, to) = (index as f64 * seconds, (index + 1) as f64 * seconds);
            assert_eq!((turn["from"].as_f64(), turn["to"].as_f64()), (Some(from), Some(to)), "--fps {fps}");
            assert!(turn["from"].is_f64());
        }
    }
}

#[test]
fn every_conformance_case_comes_out_of_the_program() {
    for name in ["tied", "sharded-f32", "late-question", "free-windows", "window-ids", "window-text"] {
        let case = Case::new(name);
        let turns = json_lines(&mut case.watch("cpu"));
        assert_eq!(turns.len(), case.rounds().len(), "{name}");
        for (turn, step) in turns.iter().zip(case.rounds()) {
            assert_eq!(turn["state"], step["state"], "{name}: {turn}");
            assert_eq!(turn["text"], case.text(step), "{name}: {turn}");
        }
    }
}

#[test]
fn freely_decoded_text_is_shown_with_its_state() {
    let case = Case::new("free-windows");
    let command = case.watch("cpu");
    let transcript = succeeds(&mut streamo(command.get_args().filter(|word| *word != "--json")));
    let shown = |state: &Value| match state.as_str() {
        Some("silence") => "·  silence",
        Some("standby") => "…  standby",
        Some("response") => "▶  response",
        _ => "?  no state",
    };
    let lines: Vec<&str> = transcript.lines().filter(|line| line.contains('–')).collect();
    assert_eq!(lines.len(), case.rounds().len());
    for (line, step) in lines.iter().zip(case.rounds()) {
        assert!(line.contains(shown(&step["state"])), "{line}: {step}");
        let text: String = case.text(step).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        assert!(line.trim_end().ends_with(text.trim_end()), "{line}: {step}");
    }
}

#[test]
fn a_dump_holds_what_the_reference_computed() {
    for device in DEVICES {
        let case = Case::new("tied");
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("dump.safetensors");
        succeeds(case.watch(device).arg("--dump").arg(&file));
        let shapes = shapes(&file);
        let (found, expected) =
            (Numbers::read(&file), Numbers::read(&fixtures::path(case.name).join("expected.safetensors")));
        let parts = ["input_ids", "position_ids", "vision_out", "decision_logits", "generated_ids"];
        let names = (0..case.rounds().len()).flat_map(|round| parts.map(|part| format!("r{round:04}.{part}")));
        assert_eq!(shapes.iter().map(|(name, _)| name.clone()).collect::<BTreeSet<_>>(), names.collect());
        let shape = |name: &str| &shapes.iter().find(|(found, _)| found == name).unwrap().1;
        for (name, ints) in &expected.ints {
            assert_eq!(&found.ints[name], ints, "{device}: {name}");
        }
        for (name, floats) in expected.floats.iter().filter(|(name, _)| !name.starts_with("layers")) {
            let error = relative_error(&found.floats[name], floats);
            assert!(error < TOLERANCE, "{device}: {name} is off by {error:.1e}");
        }
        for round in 0..case.rounds().len() {
            let part = |part: &str| shape(&format!("r{round:04}.{part}")).clone();
            let tokens = part("input_ids")[0];
            assert_eq!(part("position_ids"), [3, tokens]);
            assert_eq!(part("vision_out"), [8, 60]);
            assert_eq!(part("decision_logits"), [536]);
        }
    }
}

fn shapes(file: &Path) -> Vec<(String, Vec<usize>)> {
    let bytes = std::fs::read(file).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    tensors.iter().map(|(name, view)| (name.to_owned(), view.shape().to_vec())).collect()
}

#[test]
fn threshold_and_bias_move_decisions() {
    let states = |words: &[&str]| {
        let mut command = streamo(["watch", "--json", "--device", "cpu", "--max-tokens", "2", "--model"]);
        command.arg(fixtures::path("tied")).arg(fixtures::path("frames")).args(words);
        let turns = json_lines(&mut command);
        turns.iter().map(|turn| turn["state"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>()
    };
    let only = |state: &str| BTreeSet::from([state.to_owned()]);
    assert!(states(&[]).len() > 1, "the fixture is lively");
    assert_eq!(states(&["--threshold", "0"]), only("response"));
    assert!(!states(&["--threshold", "1"]).contains("response"));
    for state in ["silence", "standby", "response"] {
        assert_eq!(states(&["--bias", &format!("{state}=1000")]), only(state));
    }
    assert_eq!(states(&["--bias", "response=-1000", "--bias", "silence=-1e3"]), only("standby"));
}

#[test]
fn a_model_may_limit_its_own_answers() {
    let model = Spoilt::copy_of("tied");
    model.edit("streamo.json", |settings| settings["max_tokens"] = json!(3));
    let longest = |words: &[&str]| {
        let mut command = streamo(["watch", "--json", "--device", "cpu", "--threshold", "0", "--model"]);
        let turns = json_lines(command.arg(model.path()).arg(fixtures::path("frames")).args(words));
        turns.iter().map(|turn| turn["tokens"]["generated"].as_u64().unwrap()).max()
    };
    assert_eq!(longest(&[]), Some(3));
    assert_eq!(longest(&["--max-tokens", "5"]), Some(5));
}

#[test]
fn a_model_may_have_a_threshold_of_its_own() {
    let model = Spoilt::copy_of("tied");
    model.edit("streamo.json", |settings| settings["threshold"] = json!(0));
    let watch = |words: &[&str]| {
        let mut command = streamo(["watch", "--json", "--device", "cpu", "--max-tokens", "2", "--model"]);
        json_lines(command.arg(model.path()).arg(fixtures::path("frames")).args(words))
    };
    let answers = |turns: &[Value]| turns.iter().filter(|turn| turn["state"] == "response").count();
    let record = tempfile::tempdir().unwrap();
    let place = record.path().join("record");
    let turns = watch(&["--record", place.to_str().unwrap()]);
    assert_eq!(answers(&turns), turns.len());
    assert_eq!(answers(&watch(&["--threshold", "1"])), 0, "who says one is heard");

    let mut inspect = streamo(["inspect", "--json"]);
    assert_eq!(json_lines(inspect.arg(model.path()))[0]["threshold"], 0.0);
    // A record holds it: the stream stays what it was.
    model.edit("streamo.json", |settings| settings["threshold"] = json!(1));
    assert_eq!(answers(&watch(&[])), 0);
    let mut replay = streamo(["replay", "--device", "cpu", "--model"]);
    succeeds(replay.arg(model.path()).arg(&place));
}

#[test]
fn a_record_replays_to_the_same_bits_and_tampering_shows() {
    let case = Case::new("tied");
    let place = tempfile::tempdir().unwrap();
    let replay = |record: &Path, device: &str| {
        let mut command = streamo(["replay", "--device", device, "--model"]);
        command.arg(fixtures::path(case.name)).arg(record);
        command
    };
    for device in DEVICES {
        let record = place.path().join(device);
        succeeds(case.watch(device).arg("--record").arg(&record));
        let said = succeeds(&mut replay(&record, device));
        assert!(said.starts_with("8 rounds came out the same, bit for bit, on "), "{said}");
    }
    let record = place.path().join("cpu");
    let log = record.join("log.jsonl");
    let whole = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let spoil = |line: usize, change: &dyn Fn(&mut Value)| {
        let mut spoilt: Value = serde_json::from_str(lines[line]).unwrap();
        change(&mut spoilt);
        let mut written: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        written[line] = spoilt.to_string();
        std::fs::write(&log, written.join("\n") + "\n").unwrap();
        fails(&mut replay(&record, "cpu"))
    };
    let otherwise = |round: usize, what: &str| format!("round {round} came out otherwise: {what} was ");
    let state = spoil(3, &|line| line["turn"]["state"] = json!("standby"));
    assert_eq!(state, otherwise(2, "the state") + "Some(Standby) and is Some(Silence)");
    let text = spoil(4, &|line| line["turn"]["text"] = json!("nothing"));
    assert!(text.starts_with(&otherwise(3, "the text")), "{text}");
    let generated = spoil(4, &|line| line["generated"][1] = json!(7));
    assert!(generated.starts_with(&otherwise(3, "what was generated")), "{generated}");
    // The next number after the recorded one: a single bit.
    let logits = spoil(1, &|line| {
        let logit = &mut line["turn"]["logits"]["silence"];
        *logit = json!(f32::from_bits((logit.as_f64().unwrap() as f32).to_bits() + 1));
    });
    assert!(logits.starts_with(&otherwise(0, "the state logits")), "{logits}");
    std::fs::write(&log, &whole).unwrap();
    let frame = record.join("00000001.png");
    let mut picture = image::open(&frame).unwrap().into_rgb8();
    picture.put_pixel(3, 3, image::Rgb([255, 0, 255]));
    picture.save(&frame).unwrap();
    assert!(fails(&mut replay(&record, "cpu")).starts_with(&otherwise(1, "the state logits")));

    std::fs::write(&log, &whole[..whole.len() - lines[8].len() / 2]).unwrap();
    std::fs::copy(place.path().join("gpu/00000001.png"), &frame).unwrap();
    assert!(succeeds(&mut replay(&record, "cpu")).starts_with("7 rounds came out the same"));
    let elsewhere = replay(&record, "gpu").output().unwrap();
    if !elsewhere.status.success() {
        let line = String::from_utf8(elsewhere.stderr).unwrap();
        assert!(line.contains("(recorded on CPU, replayed on "), "{line}");
    }
}

#[test]
fn pieces_of_an_answer_arrive_one_by_one() {
    for device in fixtures::devices() {
        let (model, description) = fixtures::load(&fixtures::path("tied"), device);
        let options = Options { max_tokens: 10, ..fixtures::options(&description) };
        let mut session = Session::new(model, &description, options).unwrap();
        session.ask(Question::new(0.0, "What is happening?").unwrap());
        let mut answered = 0;
        for round in 0..8 {
            let mut pieces: Vec<String> = Vec::new();
            let frame = fixtures::picture(&format!("wide{round}.png"));
            let mut hear = |piece: &str| pieces.push(piece.to_owned());
            let turn = pollster::block_on(session.round(round, &frame, &mut hear)).unwrap();
            assert_eq!(pieces.concat(), turn.text);
            assert!(pieces.iter().all(|piece| !piece.is_empty()));
            // A token gives a piece, but for the state and the end; half a character waits for the other half.
            assert!(pieces.len() + 3 >= session.generated().len(), "{pieces:?}");
            answered += usize::from(pieces.len() > 1);
        }
        assert!(answered >= 2, "the fixture answers");
    }
}

#[test]
fn help_mentions_everything_and_fits_a_page() {
    let stream = ["--question", "--fps", "--window", "--memory", "--decision", "--threshold", "--bias", "--feedback"];
    let watch =
        [&stream[..], &["--max-tokens", "--json", "--dump", "--record", "--model", "--device", "--weights", "[VIDEO]"]]
            .concat();
    let commands: [(&[&str], &[&str]); 6] = [
        (&[], &["watch", "replay", "inspect", "pack", "data", "eval", "--version"]),
        (&["watch"], &watch),
        (&["replay"], &["--model", "--device", "--weights", "<RECORD>"]),
        (&["inspect"], &["--json", "--weights", "[MODEL]"]),
        (&["pack"], &["--json", "--weights", "--output", "[MODEL]"]),
        (&["eval", "timing"], &["--json", "--output", "<TRUTH>", "<LOG>"]),
    ];
    for (command, mentioned) in commands {
        for flag in ["--help", "-h"] {
            let help = succeeds(streamo(command).arg(flag));
            for word in mentioned {
                assert!(help.contains(word), "{command:?} {flag} does not mention {word}");
            }
            let widest = help.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= 120, "{command:?} {flag} has a line of {widest} columns");
        }
    }
}
