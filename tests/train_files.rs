//! Training on files: samples with their videos.

use std::fs;
use std::path::{Path, PathBuf};

use burn::tensor::Device;
use serde_json::{Value, json};
use streamo_wgpu::clock::Clock;
use streamo_wgpu::data::{RawSample, Script};
use streamo_wgpu::stream::State;
use streamo_wgpu::train::{Recipe, Step, Trainer};

use crate::program::{fails, streamo, succeeds};
use crate::school::School;

/// A school with a set of films in `set`, of so many rounds each.
fn with_films(count: u32, rounds: u32) -> School {
    let school = School::new();
    let size = ["--task", "narration", "--size", "56x28"];
    let numbers = [count, rounds].map(|number| number.to_string());
    let output = school.file("set");
    succeeds(streamo(["synth", "--count", &numbers[0], "--rounds", &numbers[1]]).args(size).arg("-o").arg(&output));
    school
}

/// The recipe of a training on `files`, as a table in TOML, with so many rounds of each dialogue and so many dialogues a step.
fn recipe(school: &School, files: &str, rounds: usize, batch: usize) -> PathBuf {
    let path = school.file("recipe.toml");
    let text = format!(
        r#"
seed = 7
model = "model"
steps = 2
rate = {{ peak = 0.01, floor = 0.1, warm_up = 0.2 }}
[[phases]]
until = 1.0
[[phases.material]]
batch = {batch}
together = 1
rounds = [{rounds}, {rounds}]
files = {files}
"#
    );
    fs::write(&path, text).unwrap();
    path
}

const SET: &str = r#"{ samples = "set/samples.json", videos = "set" }"#;

fn first_step(school: &School, run: &str, recipe: &Path) -> Step {
    let recipe = Recipe::read(recipe).unwrap();
    Trainer::open(recipe, &school.file(run), &Device::flex(), 1).unwrap().step().unwrap()
}

fn samples(school: &School) -> Vec<Value> {
    serde_json::from_slice(&fs::read(school.file("set/samples.json")).unwrap()).unwrap()
}

#[test]
fn all_rounds_of_a_sample_are_learnt() {
    let school = with_films(1, 12);
    let (raw, _) = RawSample::read(samples(&school).remove(0)).unwrap();
    let (script, _) = Script::from_raw(&raw, Clock::ONE, Some(12)).unwrap();
    let due = State::ALL.map(|state| script.cues.iter().filter(|cue| cue.state == state).count() as u64);
    assert!(due[State::Response as usize] > 0, "{due:?}");
    let step = first_step(&school, "run", &recipe(&school, SET, 20, 1));
    assert_eq!(step.tally.count[..3], due);
    // Of a longer one, so many rounds.
    let step = first_step(&school, "stretch", &recipe(&school, SET, 5, 3));
    assert_eq!(step.tally.count[..3].iter().sum::<u64>(), 15);
}

#[test]
fn either_format_teaches_the_same() {
    let school = with_films(3, 8);
    let convert = |videos: &str, to: &str| {
        let mut command = streamo(["data", "convert", "--to", "stream", "--videos", videos]);
        succeeds(command.current_dir(school.file("")).arg("set/samples.json").arg("-o").arg(to));
    };
    // Folders of pictures say nothing of their length to the converter: the dialogue ends with what is said last.
    let raw = samples(&school);
    let pictures = |sample: &Value| school.file("set").join(sample["video_path"].as_str().unwrap());
    for sample in &raw {
        let frames = pictures(sample).join("*.jpg");
        let mut ffmpeg = std::process::Command::new("ffmpeg");
        ffmpeg.args(["-v", "error", "-framerate", "1", "-pattern_type", "glob", "-i"]).arg(frames);
        let film = school.file("set").join(format!("{}.mkv", sample["video_path"].as_str().unwrap()));
        assert!(ffmpeg.args(["-c:v", "ffv1"]).arg(film).status().unwrap().success());
    }
    let filmed: Vec<Value> = raw
        .into_iter()
        .map(|mut sample| {
            sample["video_path"] = json!(format!("{}.mkv", sample["video_path"].as_str().unwrap()));
            sample
        })
        .collect();
    fs::write(school.file("set/samples.json"), serde_json::to_string(&filmed).unwrap()).unwrap();
    convert("set", "dialogues.jsonl");
    let of_raw = first_step(&school, "raw", &recipe(&school, SET, 20, 4));
    let of_dialogues = first_step(&school, "dialogues", &recipe(&school, r#"{ samples = "dialogues.jsonl" }"#, 20, 4));
    assert_eq!(of_raw.tally, of_dialogues.tally);
    assert_eq!(of_raw.norm.to_bits(), of_dialogues.norm.to_bits());
}

#[test]
fn what_is_held_out_is_validated_by_its_name() {
    let school = with_films(2, 6);
    fs::copy(school.file("set/samples.json"), school.file("set/unseen.json")).unwrap();
    let files = r#"{ samples = "set/samples.json", videos = "set", held_out = "set/unseen.json" }"#;
    recipe(&school, files, 6, 2);
    succeeds(&mut school.train("run"));
    let validations = fs::read_to_string(school.file("run/validations.csv")).unwrap();
    assert!(validations.lines().nth(1).unwrap().starts_with("2,unseen,"), "{validations}");
}

#[test]
fn what_cannot_be_learnt_from_is_said_in_one_line() {
    let school = with_films(2, 6);
    let good = samples(&school);
    let told = |samples: &[Value], files: &str, rounds: usize| {
        fs::write(school.file("set/samples.json"), serde_json::to_string_pretty(samples).unwrap()).unwrap();
        recipe(&school, files, rounds, 4);
        let _ = fs::remove_dir_all(school.file("run"));
        fails(&mut school.train("run"))
    };
    let changed = |field: &str, value: Value| {
        let mut samples = good.clone();
        samples[1][field] = value;
        samples
    };
    let line = told(&changed("video_path", json!("gone")), SET, 6);
    assert!(line.contains("samples.json, line ") && line.contains("gone is not there"), "{line}");
    let line = told(&changed("response", json!("none")), SET, 6);
    assert!(line.contains("samples.json, line ") && line.contains("streamo data check"), "{line}");
    assert!(told(&[], SET, 6).ends_with("holds no samples"));
    assert!(told(&good, r#"{ samples = "nowhere.json" }"#, 6).contains("nowhere.json"));
    assert!(told(&good, r#"{ samples = "recipe.toml" }"#, 6).contains("recipe.toml has "));

    // Pictures of two sizes, and fewer than the dialogue has rounds.
    let folder = school.file("set").join(good[0]["video_path"].as_str().unwrap());
    let mut pictures: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pictures.sort();
    let picture = fs::read(&pictures[3]).unwrap();
    image::RgbImage::new(28, 28).save(&pictures[3]).unwrap();
    assert!(told(&good[..1], SET, 6).contains("changes its size at image 3"));
    fs::write(&pictures[3], picture).unwrap();
    succeeds(&mut school.train("again"));
    let dialogue = json!({
        "messages": (0..9).flat_map(|second| [
            json!({ "role": "user", "content": format!("Watch.\n<{second}s-{}s>\n<stream>", second + 1) }),
            json!({ "role": "assistant", "content": "</Silence>" }),
        ]).collect::<Vec<_>>(),
        "videos": [good[0]["video_path"]],
    });
    let line = told(&[dialogue], SET, 20);
    assert!(line.ends_with("ends after 6 rounds, before its dialogue does"), "{line}");
}
