//! Packs, and weights in fewer bits: a pack is the model it came from, and how far each format is from f32.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use streamo_wgpu::device::Opened;
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::kernels::format::Format;
use streamo_wgpu::stream::{DecisionRule, Keep, Options, Question, Session, StateLogits};
use streamo_wgpu::weights::Directory;
use streamo_wgpu::weights::pack::{LARGEST_SHARD, MANIFEST, Manifest};

use crate::fixtures;
use crate::program::{Spoilt, fails, json_lines, streamo, succeeds, watch_clip};

pub const CASES: [&str; 6] = ["tied", "sharded-f32", "late-question", "free-windows", "window-ids", "window-text"];

const FORMATS: [&str; 3] = ["f16", "q8", "q4"];

/// `streamo pack` of a model.
fn pack_of(model: &Path, format: &str, output: &Path) -> Command {
    let mut command = streamo(["pack", "--weights", format, "--output"]);
    command.arg(output).arg(model);
    command
}

/// `streamo pack` of the tiny model.
fn pack(format: &str, output: &Path) -> Command {
    pack_of(&fixtures::path("tiny"), format, output)
}

/// Names and contents of the files in a directory.
pub fn contents(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = directory.read_dir().unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())).collect()
}

#[test]
fn a_pack_watches_as_the_model_it_came_from() {
    let place = tempfile::tempdir().unwrap();
    for format in FORMATS {
        let packed = place.path().join(format);
        succeeds(&mut pack(format, &packed));
        // One format on a GPU, too: what is made of the others there, the kernels' own tests show.
        let devices: &[&str] = if format == "q4" { &["cpu", "gpu"] } else { &["cpu"] };
        for device in devices {
            let watch = |model: &Path, words: &[&str], name: &str| {
                let dump = place.path().join(name);
                let mut command = streamo(["watch", "--json", "--device", device, "--fps", "0.5", "--max-tokens", "6"]);
                command.arg(fixtures::path("clip.mp4")).args(words).arg("--model").arg(model);
                let mut turns = json_lines(command.arg("--dump").arg(&dump));
                turns.iter_mut().for_each(|turn| turn["ms"] = Value::Null);
                (turns, std::fs::read(dump).unwrap())
            };
            let coded = watch(&fixtures::path("tiny"), &["--weights", format], "coded");
            let (turns, dump) = watch(&packed, &[], "packed");
            assert_eq!(turns.len(), 3);
            assert_eq!(turns, coded.0, "{format} on {device}");
            // Every logit of the vocabulary in every round, among others.
            assert!(dump == coded.1, "{format} on {device}: the dumps differ");
        }
    }
}

/// In how many pieces a model comes makes no difference.
#[test]
fn cut_tensors_come_together_again() {
    let [cpu, _] = fixtures::devices();
    for case in ["tied", "sharded-f32"] {
        for (format, largest) in [(Format::Q4, 6_000), (Format::Q8, 9_001), (Format::F16, 50_000)] {
            let packed = Spoilt::packed(case, format, largest);
            let manifest = Manifest::read(&Directory(packed.path().into())).unwrap().unwrap();
            assert!(manifest.shards.iter().all(|shard| shard.bytes <= largest));
            assert!(manifest.shards.len() > 5, "{}", manifest.shards.len());
            let cut = manifest.tensors.iter().filter(|tensor| tensor.rows.len() > 1).count();
            assert!(cut > 0 && manifest.tensors.len() > 4 * cut, "{cut} of {} are cut", manifest.tensors.len());
            let found = decided(packed.path(), None, case, cpu);
            assert_eq!(found, decided(&fixtures::path(case), Some(format), case, cpu), "{case} in {}", format.name());
        }
    }
}

#[test]
fn packing_again_gives_the_same_bytes_whatever_was_there() {
    let place = tempfile::tempdir().unwrap();
    let [once, again] = ["once", "again"].map(|name| place.path().join(name));
    succeeds(&mut pack("q4", &once));
    let whole = contents(&once);
    let names = ["config.json", "pack-00001.safetensors", MANIFEST, "streamo.json", "tokenizer.json"];
    assert!(whole.keys().eq(names));
    succeeds(&mut pack("q8", &again));
    // As of a larger model that was packed here before.
    std::fs::write(again.join("pack-00002.safetensors"), b"of old").unwrap();
    std::fs::write(again.join("preprocessor_config.json"), b"of old").unwrap();
    succeeds(&mut pack("q4", &again));
    assert!(contents(&again) == whole);
    // Other tools can read it, too.
    let shard = safetensors::SafeTensors::deserialize(&whole["pack-00001.safetensors"]).unwrap();
    let words = shard.tensor("lm_head.weight.words").unwrap();
    assert_eq!((words.dtype(), words.shape()), (safetensors::Dtype::U32, &[536, 8][..]));
    let scales = shard.tensor("lm_head.weight.scales").unwrap();
    assert_eq!((scales.dtype(), scales.shape()), (safetensors::Dtype::U32, &[536, 1][..]));
    // What sees the pixels is in f16: two numbers a word, of a row of 3·2·14·14 in whole blocks of 32.
    let kernel = shard.tensor("model.visual.patch_embed.proj.weight.words").unwrap();
    assert_eq!((kernel.dtype(), kernel.shape()), (safetensors::Dtype::U32, &[24, 37 * 16][..]));
    assert!(shard.tensor("model.visual.patch_embed.proj.weight.scales").is_err());
    assert_eq!(shard.tensor("model.language_model.norm.weight").unwrap().dtype(), safetensors::Dtype::F32);
}

#[test]
fn what_is_not_a_pack_is_not_written_over() {
    let model = Spoilt::copy_of("tied");
    let before = contents(model.path());
    let line = fails(&mut pack("q4", model.path()));
    assert_eq!(
        line,
        format!(
            "{} holds other files than a pack's: give an empty directory, or one that is not there yet",
            model.path().display()
        )
    );
    assert!(contents(model.path()) == before);
    let line = fails(&mut pack("q4", &model.file("config.json")));
    assert!(line.starts_with("cannot write ") && line.contains("config.json: "), "{line}");
    let packed = Spoilt::packed("tied", Format::Q8, LARGEST_SHARD);
    let place = tempfile::tempdir().unwrap();
    let line = fails(&mut pack_of(packed.path(), "q4", &place.path().join("new")));
    assert_eq!(line, format!("{} is a pack already: give the model it was packed from", packed.path().display()));
    assert!(!place.path().join("new").exists());
    // A model that would not load is not packed, and nothing is begun.
    model.edit("config.json", |config| config["text_config"]["num_hidden_layers"] = json!(3));
    let line = fails(&mut pack_of(model.path(), "q4", &place.path().join("new")));
    assert!(line.contains("has no tensor model.language_model.layers.2."), "{line}");
    assert!(!place.path().join("new").exists());
}

#[test]
fn a_pack_keeps_the_format_that_it_has() {
    let packed = Spoilt::packed("tied", Format::Q8, LARGEST_SHARD);
    succeeds(packed.watch().args(["--weights", "q8"]));
    for other in ["f32", "f16", "q4"] {
        let line = fails(packed.watch().args(["--weights", other]));
        let advice = "leave --weights out, or give the model it was packed from";
        assert_eq!(line, format!("{} is a pack in q8, not in {other}: {advice}", packed.path().display()));
        assert_eq!(fails(packed.inspect().args(["--weights", other])), line);
    }
}

#[test]
fn a_report_adds_up() {
    let place = tempfile::tempdir().unwrap();
    let output = place.path().join("pack");
    let [packed] = json_lines(pack("q4", &output).arg("--json")).try_into().unwrap();
    let [model] = json_lines(streamo(["inspect", "--json"]).arg(fixtures::path("tiny"))).try_into().unwrap();
    let [inspected] = json_lines(streamo(["inspect", "--json"]).arg(&output)).try_into().unwrap();
    let sum =
        |key: &str| ["vision", "layers", "embedding"].iter().map(|part| packed[part][key].as_u64().unwrap()).sum();
    let total: u64 = sum("parameters");
    assert_eq!(model["parameters"]["total"], total);
    assert_eq!(model["parameters"], inspected["parameters"]);
    assert_eq!(model["weight_bytes"], sum("bytes_in"));
    assert_eq!(inspected["weight_bytes"], sum("bytes_out"));
    // The embedding of patches is f16 in the pack, in whole blocks, and f32 on the device.
    let widened = |out: u64| out + 24 * 4 * (3 * 2 * 14 * 14 - 37 * 16);
    assert_eq!(inspected["device_bytes"], widened(sum("bytes_out")));
    assert_eq!((&inspected["formats"], &inspected["weights"]), (&json!(["f16", "f32", "q4"]), &json!("q4")));
    let written = contents(&output);
    assert_eq!(packed["bytes_out"], written.values().map(Vec::len).sum::<usize>());
    assert_eq!((&packed["shards"], &packed["weights"]), (&json!(1), &json!("q4")));
    let manifest: Value = serde_json::from_slice(&written[MANIFEST]).unwrap();
    for part in ["vision", "layers", "embedding"] {
        let (error, worst) = (packed[part]["error"].as_f64().unwrap(), &packed[part]["worst_block"]);
        assert!(error > 0.01 && error < worst["error"].as_f64().unwrap(), "{part}: {error} {worst}");
        let tensors = manifest["tensors"].as_array().unwrap();
        let tensor = tensors.iter().find(|tensor| tensor["name"] == worst["tensor"]).unwrap();
        for (axis, place) in ["row", "column"].iter().enumerate() {
            assert!(worst[place].as_u64().unwrap() < tensor["shape"][axis].as_u64().unwrap(), "{worst}");
        }
    }
    // For people, the same.
    let shown = succeeds(&mut pack("q4", &output));
    for word in ["vision", "layers", "embedding", "worst block", "q4, 1 shard\n", " %"] {
        assert!(shown.contains(word), "{word:?} is not in\n{shown}");
    }
}

#[test]
fn a_record_replays_with_the_weights_it_had() {
    let place = tempfile::tempdir().unwrap();
    let [record, packed] = ["record", "packed"].map(|name| place.path().join(name));
    let mut watch = watch_clip(["--device", "cpu", "--weights", "q4", "--max-tokens", "4", "--record"]);
    assert!(succeeds(watch.arg(&record)).contains("  weights  q4\n"));
    let replay = |model: &Path| {
        let mut command = streamo(["replay", "--device", "cpu", "--model"]);
        command.arg(model).arg(&record);
        command
    };
    let tiny = fixtures::path("tiny");
    assert!(succeeds(&mut replay(&tiny)).starts_with("6 rounds came out the same"));
    succeeds(&mut pack("q4", &packed));
    assert!(succeeds(&mut replay(&packed)).starts_with("6 rounds came out the same"));
    let line = fails(replay(&tiny).args(["--weights", "f32"]));
    assert!(line.ends_with(" (recorded with q4 weights, replayed with f32)"), "{line}");
    succeeds(&mut pack("q8", &packed));
    let line = fails(&mut replay(&packed));
    assert!(line.ends_with(" (recorded with q4 weights, replayed with q8)"), "{line}");
}

/// What a round came to: the logits of the states, and of every token.
pub type Decided = (StateLogits, Vec<f32>);

/// Every round of a case with the model in `directory`, when nothing is ever said: then the tokens are the same, whatever
/// the logits are.
pub fn decided(directory: &Path, format: Option<Format>, case: &str, device: &Opened) -> Vec<Decided> {
    decided_over(ArenaFormat::F32, directory, format, case, device)
}

/// The same with the memory in a format.
pub fn decided_over(
    arena: ArenaFormat,
    directory: &Path,
    format: Option<Format>,
    case: &str,
    device: &Opened,
) -> Vec<Decided> {
    let script = fixtures::json(&format!("{case}/case.json"));
    let (model, description) = fixtures::load_in(directory, format, device);
    let rule = DecisionRule { bias: [1e6, 0.0, 0.0], threshold: None };
    let options = Options { rule, arena, keep: Keep::Evidence, ..fixtures::options(&description) };
    let mut session = Session::new(model, &description, options).unwrap();
    session.ask(Question::new(0.0, "What is happening?").unwrap());
    let rounds = script["rounds"].as_array().unwrap().iter().enumerate();
    rounds
        .map(|(round, step)| {
            let frame = fixtures::picture(step["frame"].as_str().unwrap());
            let turn = pollster::block_on(session.round(round as u64, &frame, &mut |_| ())).unwrap();
            (turn.logits.unwrap(), session.take_evidence().unwrap().logits)
        })
        .collect()
}

/// How far a format is from f32, over all cases.
#[derive(Debug, Default)]
pub struct Distance {
    squares: f64,
    errors: f64,
    pub alike: usize,
    pub rounds: usize,
}

impl Distance {
    pub fn add(&mut self, exact: &Decided, coded: &Decided) {
        for (&exact, &coded) in exact.1.iter().zip(&coded.1) {
            self.squares += f64::from(exact).powi(2);
            self.errors += (f64::from(coded) - f64::from(exact)).powi(2);
        }
        let best = |round: &Decided| DecisionRule::default().decide(&round.0);
        self.alike += usize::from(best(exact) == best(coded));
        self.rounds += 1;
    }

    /// Of all logits, relative, RMS.
    pub fn error(&self) -> f64 {
        (self.errors / self.squares).sqrt()
    }
}

#[test]
fn fewer_bits_stay_near_f32() {
    // Twice what was measured, see README.md.
    for (format, largest_error, fewest_alike) in
        [(Format::F16, 2e-4, 48), (Format::Q8, 0.057, 38), (Format::Q4, 0.58, 24)]
    {
        for device in fixtures::devices() {
            let mut distance = Distance::default();
            for case in CASES {
                let directory = fixtures::path(case);
                let exact = decided(&directory, Some(Format::F32), case, device);
                let coded = decided(&directory, Some(format), case, device);
                exact.iter().zip(&coded).for_each(|(exact, coded)| distance.add(exact, coded));
            }
            let (error, Distance { alike, rounds, .. }) = (distance.error(), distance);
            let name = format.name();
            println!("{name} on {}: logits off by {error:.5}, {alike} of {rounds} states alike", device.name);
            assert!(error < largest_error && alike >= fewest_alike, "{name}: {error}, {alike} of {rounds}");
        }
    }
}

/// Waits until there are `count` shards of a pack that is being written.
fn wait_for_shards(directory: &Path, count: usize, child: &mut std::process::Child) {
    let start = Instant::now();
    let shards = || {
        let entries = directory.read_dir().into_iter().flatten().flatten();
        entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".safetensors")).count()
    };
    while shards() < count {
        assert!(child.try_wait().unwrap().is_none(), "it was over before it was killed");
        assert!(start.elapsed() < Duration::from_secs(120));
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_pack_leaves_nothing_that_loads_and_is_made_whole_by_another_run() {
    let model = crate::loading::large();
    let place = tempfile::tempdir().unwrap();
    let output = place.path().join("pack");
    let command = || pack_of(model.path(), "q8", &output);
    for shards in [1, 3, 5] {
        let mut child = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        wait_for_shards(&output, shards, &mut child);
        child.kill().unwrap();
        child.wait().unwrap();
        let line = fails(streamo(["watch", "--device", "cpu", "--model"]).arg(&output));
        let advice = "run streamo pack again, or download it again";
        assert_eq!(line, format!("{} is a pack that was never finished: {advice}", output.display()));
        assert_eq!(fails(streamo(["inspect"]).arg(&output)), line);
        assert_eq!(fails(&mut pack_of(&output, "q8", &place.path().join("other"))), line);
    }
    let [packed] = json_lines(command().arg("--json")).try_into().unwrap();
    let [inspected] = json_lines(streamo(["inspect", "--json"]).arg(&output)).try_into().unwrap();
    assert_eq!(
        inspected["parameters"]["total"],
        155_000_000_u64.max(inspected["parameters"]["total"].as_u64().unwrap())
    );
    let names: Vec<String> = contents(&output).into_keys().collect();
    assert_eq!(names.iter().filter(|name| name.ends_with(".safetensors")).count() as u64, packed["shards"]);
    assert!(packed["shards"].as_u64() >= Some(5), "{packed}");
    assert!(!names.iter().any(|name| name.ends_with("unfinished")), "{names:?}");
    // Killed while it writes over what was whole: that is gone, too.
    let mut child = command().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    while output.join(MANIFEST).exists() {
        assert!(start.elapsed() < Duration::from_secs(120));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(fails(streamo(["inspect"]).arg(&output)).contains("never finished"));
}
