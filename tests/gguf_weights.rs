//! GGUF files in fewer bits: what stands there as the device has it is taken as it is, watched and packed alike.

use std::path::Path;

use serde_json::{Value, json};
use streamo_wgpu::kernels::format::{Coded, Format};
use streamo_wgpu::model::Description;
use streamo_wgpu::stream::DecisionRule;
use streamo_wgpu::weights::{Checkpoint, Part, TensorStore};

use crate::checkpoint::Random;
use crate::fixtures::{self, relative_error};
use crate::gguf::{self, SHAPE, queries};
use crate::gguf_file::{GgufFile, LIST, U32, whole_numbers};
use crate::pack::{contents, decided};
use crate::program::{Spoilt, json_lines, streamo, succeeds};

const CASE: &str = "late-question";
const MODEL: &str = "tiny-F16.gguf";
const VISION: &str = "mmproj-tiny-F16.gguf";

/// A format of blocks: its number in ggml, bytes of a block, and the largest code.
#[derive(Debug, Clone, Copy)]
struct Blocks {
    kind: u32,
    bytes: usize,
    largest: f32,
}

const Q4_0: Blocks = Blocks { kind: 2, bytes: 18, largest: 8.0 };
const Q8_0: Blocks = Blocks { kind: 8, bytes: 34, largest: 128.0 };

/// A random model whose matrices are all in `blocks`; the fixture's rows are no multiples of 32, these are.
fn in_blocks(blocks: Blocks) -> Spoilt {
    let model = Spoilt::copy_of("gguf/late-question");
    let mut random = Random(u64::from(blocks.kind));
    let language = [(48, 64), (24, 32), (60, 96)];
    write(&model, MODEL, &language, blocks, &mut random, |file| {
        for (key, size) in [("embedding_length", 64_u32), ("feed_forward_length", 96)] {
            file.set(&format!("qwen2vl.{key}"), U32, size.to_le_bytes());
        }
        file.set("qwen2vl.rope.dimension_sections", LIST, whole_numbers(&[2, 3, 3, 0]));
    });
    let vision = [(24, 32), (44, 96), (96, 128), (48, 64)];
    write(&model, VISION, &vision, blocks, &mut random, |file| {
        for (key, size) in [("projection_dim", 64_u32), ("embedding_length", 32), ("feed_forward_length", 96)] {
            file.set(&format!("clip.vision.{key}"), U32, size.to_le_bytes());
        }
    });
    model
}

/// Makes a file of the fixture's one: other sides, other weights.
fn write(
    model: &Spoilt,
    name: &str,
    sides: &[(u64, u64)],
    blocks: Blocks,
    random: &mut Random,
    set: impl FnOnce(&mut GgufFile),
) {
    let mut file = GgufFile::of(&model.file(name));
    set(&mut file);
    file.weights.clear();
    for tensor in &mut file.tensors {
        for axis in &mut tensor.axes {
            *axis = sides.iter().find(|(side, _)| side == axis).map_or(*axis, |(_, other)| *other);
        }
        let numbers = tensor.axes.iter().product::<u64>() as usize;
        let mut part = |deviation: f32| deviation * random.normal();
        let bytes: Vec<u8> = match *tensor.axes {
            [_] if tensor.name.ends_with(".bias") => (0..numbers).flat_map(|_| part(0.3).to_le_bytes()).collect(),
            [_] => (0..numbers).flat_map(|_| (1.0 + part(0.2)).to_le_bytes()).collect(),
            [columns, _] => {
                tensor.kind = blocks.kind;
                // So that a row of numbers gives about 1.
                let gain = if tensor.name.starts_with("token_embd") { 1.0 } else { 1.5 / (columns as f32).sqrt() };
                let scale = 1.7 * gain / blocks.largest;
                (0..numbers / 32).flat_map(|_| block(blocks, scale, random)).collect()
            }
            _ => (0..numbers).flat_map(|_| half::f16::from_f32(part(0.05)).to_le_bytes()).collect(),
        };
        tensor.offset = file.weights.len() as u64;
        file.weights.extend(bytes);
        file.weights.resize(file.weights.len().next_multiple_of(32), 0);
    }
    model.write(name, file.bytes());
}

/// All codes there are, and a scale of either sign.
fn block(blocks: Blocks, scale: f32, random: &mut Random) -> Vec<u8> {
    let sign = if random.next() & 1 == 1 { -1.0 } else { 1.0 };
    let scale = half::f16::from_f32(sign * scale);
    let codes = (2..blocks.bytes).map(|_| random.next() as u8);
    scale.to_le_bytes().into_iter().chain(codes).collect()
}

/// A matrix in the one piece that all of these are.
fn coded(checkpoint: &Checkpoint, tensor: &str, shape: [usize; 2]) -> (Coded, u64) {
    let mut pieces = checkpoint.matrix(Part::Language, tensor, shape);
    let piece = pieces.next().unwrap().unwrap();
    assert!(pieces.next().is_none());
    (piece.coded, piece.bytes)
}

/// Against the numbers that the `gguf` package makes of the same blocks.
#[test]
fn blocks_are_taken_as_they_are_and_the_rest_is_coded() {
    let (_, expected) = gguf::formats();
    for format in Format::ALL {
        let (checkpoint, _) = gguf::formats();
        let checkpoint = checkpoint.in_format(format);
        for (layer, stored, values) in &expected {
            let (coded, bytes) = coded(&checkpoint, &queries(*layer), SHAPE);
            let size = checkpoint.info(Part::Language, &queries(*layer), &SHAPE).unwrap().1.bytes();
            assert_eq!((coded.format, coded.rows, coded.columns, bytes), (format, 5, 512, size as u64));
            let name = format.name();
            if matches!((stored.as_str(), format), ("Q4_0", Format::Q4) | ("Q8_0", Format::Q8)) {
                assert!(coded.decode() == *values, "{stored} in {name}");
                assert_ne!(coded, Coded::encode(format, 512, values), "coding would have changed {stored}");
            } else {
                assert_eq!(coded, Coded::encode(format, 512, values), "{stored} in {name}");
            }
            if (stored.as_str(), format) == ("Q8_0", Format::Q8) {
                assert!(coded.words.iter().any(|word| word.to_le_bytes().contains(&0x80)), "−128 is among the codes");
            }
        }
    }
}

#[test]
fn a_model_in_blocks_decides_as_the_same_in_f32() {
    for (blocks, format) in [(Q4_0, Format::Q4), (Q8_0, Format::Q8)] {
        let model = in_blocks(blocks);
        for device in fixtures::devices() {
            let exact = decided(model.path(), Some(Format::F32), CASE, device);
            let coded = decided(model.path(), Some(format), CASE, device);
            let place = format!("{} on {}", format.name(), device.name);
            assert!(exact.len() > 3 && exact.len() == coded.len(), "{place}");
            let mut worst = 0_f32;
            for (exact, coded) in exact.iter().zip(&coded) {
                let best = |logits| DecisionRule::default().decide(logits);
                assert_eq!(best(&coded.0), best(&exact.0), "{place}");
                worst = worst.max(relative_error(&coded.1, &exact.1));
            }
            println!("{place}: logits off by {worst:.1e}");
            // The CPU widens blocks to the very numbers; a GPU adds up the same numbers in another order.
            assert!(worst < if device.name == "CPU" { f32::MIN_POSITIVE } else { 1e-4 }, "{place}: {worst}");
        }
    }
}

/// `streamo watch` of a model: what it printed, times aside, and everything that every round computed.
fn watched(model: &Path, words: &[&str], place: &Path) -> (Vec<Value>, Vec<u8>) {
    let dump = place.join("dump");
    let mut command = streamo(["watch", "--json", "--fps", "0.5", "--max-tokens", "6", "--dump"]);
    let mut turns =
        json_lines(command.arg(&dump).arg(fixtures::path("clip.mp4")).arg("--model").arg(model).args(words));
    turns.iter_mut().for_each(|turn| turn["ms"] = Value::Null);
    (turns, std::fs::read(dump).unwrap())
}

#[test]
fn a_gguf_file_packs_to_what_it_is_when_watched() {
    let place = tempfile::tempdir().unwrap();
    let (blocks, halves) = (in_blocks(Q4_0), Spoilt::copy_of("gguf/late-question"));
    let of_blocks = json!(["f16", "f32", "q4_0"]);
    for (model, stored, format, exact) in [
        (&blocks, &of_blocks, "q4", true),
        (&blocks, &of_blocks, "q8", false),
        (&halves, &json!(["f16", "f32"]), "q4", false),
    ] {
        let (file, packed) = (model.file(MODEL), place.path().join("pack"));
        // Files of other models beside it are none of its own.
        model.write("config.json", "{}").write("tokenizer.json", "{}").write("preprocessor_config.json", "{}");
        let pack = |model: &Path| {
            let mut command = streamo(["pack", "--json", "--weights", format, "--output"]);
            let [report] = json_lines(command.arg(&packed).arg(model)).try_into().unwrap();
            report
        };
        let report = pack(&file);
        for part in ["vision", "layers", "embedding"] {
            assert_eq!(report[part]["error"] == 0.0, exact, "{part} in {format}: {}", report[part]);
        }
        let files = contents(&packed);
        pack(model.path());
        assert!(contents(&packed) == files, "the directory says the same as its file");
        for device in ["cpu", "gpu"] {
            let coded = watched(&file, &["--device", device, "--weights", format], place.path());
            assert_eq!(coded.0.len(), 3);
            let found = watched(&packed, &["--device", device], place.path());
            assert!(found == coded, "{format} on {device}");
        }
        let [inspected] = json_lines(streamo(["inspect", "--json"]).arg(&packed)).try_into().unwrap();
        let [of_file] = json_lines(streamo(["inspect", "--json", "--weights", format]).arg(&file)).try_into().unwrap();
        for same in ["parameters", "vision", "language", "vocabulary", "states", "memory", "device_bytes", "weights"] {
            assert_eq!(inspected[same], of_file[same], "{same}");
        }
        assert_eq!(of_file["formats"], *stored);
        let described = |path: &Path| Description::read(fixtures::files(path).as_ref()).unwrap();
        let (ours, theirs) = (described(&file), described(&packed));
        assert_eq!((ours.config, ours.normalization), (theirs.config, theirs.normalization));
        assert_eq!(ours.settings, theirs.settings);
    }
}

/// A file that is named is the model, even where a pack stands beside it.
#[test]
fn a_named_file_comes_before_a_pack() {
    let model = Spoilt::packed("tied", Format::Q8, 1 << 20);
    for file in [MODEL, VISION] {
        std::fs::copy(fixtures::path(&format!("gguf/late-question/{file}")), model.file(file)).unwrap();
    }
    let weights = |path: &Path| {
        let [report] = json_lines(streamo(["inspect", "--json"]).arg(path)).try_into().unwrap();
        (report["weights"].clone(), report["formats"].clone())
    };
    assert_eq!(weights(model.path()), (json!("q8"), json!(["f16", "f32", "q8"])));
    assert_eq!(weights(&model.file(MODEL)), (json!("f32"), json!(["f16", "f32"])));
    assert!(succeeds(streamo(["inspect"]).arg(model.file(MODEL))).contains("as f16 and f32, "));
}
