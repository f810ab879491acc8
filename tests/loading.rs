//! What loading holds in main memory: the weights as the device wants them, and never the file beside them.

#![cfg(target_os = "linux")]

use std::io::Write;
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};
use streamo_wgpu::device::{self, Kind};
use streamo_wgpu::kernels::format::Format;
use streamo_wgpu::kernels::matrix::LARGEST_BINDING;
use streamo_wgpu::model::{Description, Model};
use streamo_wgpu::weights::{self, Directory};

use crate::program::{Spoilt, streamo, succeeds};

const HIDDEN: usize = 512;
const INNER: usize = 8192;
const VOCABULARY: usize = 100_000;
const LAYERS: usize = 4;
/// Query heads; a key/value head for every two of them, and 64 features each.
const HEADS: usize = 8;

/// Of a program that has loaded nothing: its code, wgpu's, and allocators that keep a little.
const PROGRAM: usize = 64 << 20;

/// The format in which it does.
const FORMAT: &str = "STREAMO_TEST_FORMAT";

/// Whether it does so on the GPU.
const ON_GPU: &str = "STREAMO_TEST_ON_GPU";

/// The directory that [`load_in_a_process_of_its_own`] loads.
const PLACE: &str = "STREAMO_TEST_LOADS";

/// A model of 310 MB in bf16: `tied` with a larger language part, all zeros, and sparse on the disk.
pub fn large() -> Spoilt {
    let model = Spoilt::copy_of("tied");
    model.edit("config.json", |config| {
        let sizes = json!({
            "hidden_size": HIDDEN, "intermediate_size": INNER, "vocab_size": VOCABULARY,
            "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "num_key_value_heads": HEADS / 2,
            "rope_parameters": { "mrope_section": [8, 12, 12], "rope_theta": 1e6 },
        });
        config["text_config"].as_object_mut().unwrap().extend(sizes.as_object().unwrap().clone());
        config["vision_config"]["out_hidden_size"] = json!(HIDDEN);
        config["tie_word_embeddings"] = json!(false);
    });
    let mut tensors = visual_tensors(&model);
    for (name, shape) in language_tensors() {
        tensors.push((name, shape));
    }
    let mut header = Map::new();
    let mut end = 0;
    for (name, shape) in tensors {
        let start = end;
        end += 2 * shape.iter().product::<usize>();
        header.insert(name, json!({ "dtype": "BF16", "shape": shape, "data_offsets": [start, end] }));
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = std::fs::File::create(model.file("model.safetensors")).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    file.set_len((8 + header.len() + end) as u64).unwrap();
    model
}

/// The vision part as it is, but for the width that it gives.
fn visual_tensors(model: &Spoilt) -> Vec<(String, Vec<usize>)> {
    let bytes = std::fs::read(model.file("model.safetensors")).unwrap();
    let end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let header: Map<String, Value> = serde_json::from_slice(&bytes[8..end]).unwrap();
    let visual = header.into_iter().filter(|(name, _)| name.contains("visual."));
    visual
        .map(|(name, info)| {
            let mut shape: Vec<usize> = serde_json::from_value(info["shape"].clone()).unwrap();
            if name.contains("merger.mlp.2.") {
                shape[0] = HIDDEN;
            }
            (name, shape)
        })
        .collect()
}

fn language_tensors() -> Vec<(String, Vec<usize>)> {
    let mut tensors = vec![
        ("model.language_model.embed_tokens.weight".to_owned(), vec![VOCABULARY, HIDDEN]),
        ("lm_head.weight".to_owned(), vec![VOCABULARY, HIDDEN]),
        ("model.language_model.norm.weight".to_owned(), vec![HIDDEN]),
    ];
    for layer in 0..LAYERS {
        for (name, shape) in [
            ("input_layernorm.weight", vec![HIDDEN]),
            ("post_attention_layernorm.weight", vec![HIDDEN]),
            ("self_attn.q_proj.weight", vec![HIDDEN, HIDDEN]),
            ("self_attn.q_proj.bias", vec![HIDDEN]),
            ("self_attn.k_proj.weight", vec![HIDDEN / 2, HIDDEN]),
            ("self_attn.k_proj.bias", vec![HIDDEN / 2]),
            ("self_attn.v_proj.weight", vec![HIDDEN / 2, HIDDEN]),
            ("self_attn.v_proj.bias", vec![HIDDEN / 2]),
            ("self_attn.o_proj.weight", vec![HIDDEN, HIDDEN]),
            ("mlp.gate_proj.weight", vec![INNER, HIDDEN]),
            ("mlp.up_proj.weight", vec![INNER, HIDDEN]),
            ("mlp.down_proj.weight", vec![HIDDEN, INNER]),
        ] {
            tensors.push((format!("model.language_model.layers.{layer}.{name}"), shape));
        }
    }
    tensors
}

/// The most main memory that this process ever held, in bytes.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let row = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    row.trim_end_matches("kB").trim().parse::<usize>().unwrap() * 1024
}

/// Not a test of its own: what [`loading_holds_the_weights_once`] runs elsewhere, since the peak of a process is all
/// that ever happened in it.
#[test]
#[ignore = "run by loading_holds_the_weights_once in a process of its own"]
fn load_in_a_process_of_its_own() {
    let files = Directory(std::env::var_os(PLACE).expect("run by another test").into());
    let wanted = std::env::var(FORMAT).ok();
    let wanted = Format::ALL.into_iter().find(|format| Some(format.name()) == wanted.as_deref());
    let description = Description::read(&files).unwrap();
    let store = weights::open(&files, wanted).unwrap();
    println!("opened {}", peak());
    let kind = if std::env::var_os(ON_GPU).is_some() { Kind::Gpu } else { Kind::Cpu };
    let device = pollster::block_on(device::open(kind)).unwrap().device;
    println!("needed {}", store.device_bytes(&device));
    println!("began {}", peak());
    let model = Model::load(&description.config, store.as_ref(), &device, &|_| ()).unwrap();
    println!("loaded {}", peak());
    drop(model);
}

/// In bytes.
#[derive(Debug)]
struct Held {
    /// When the model was opened.
    opened: usize,
    /// What its weights take on the device.
    needed: usize,
    /// When the device was opened, too.
    began: usize,
    /// When the weights were loaded.
    loaded: usize,
}

/// What is held while the model in `place` is loaded.
fn held(place: &Path, format: Option<Format>, on_gpu: bool) -> Held {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "loading::load_in_a_process_of_its_own", "--ignored", "--nocapture"]).env(PLACE, place);
    child.envs(format.map(|format| (FORMAT, format.name()))).envs(on_gpu.then_some((ON_GPU, "")));
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let said = |label: &str| {
        let line = printed.lines().find_map(|line| line.split_once(label)).unwrap_or_else(|| panic!("{printed}"));
        line.1.parse().unwrap()
    };
    Held { opened: said("opened "), needed: said("needed "), began: said("began "), loaded: said("loaded ") }
}

#[test]
fn loading_holds_the_weights_once() {
    let model = large();
    let file = std::fs::metadata(model.file("model.safetensors")).unwrap().len() as usize;
    assert!((300_000_000..330_000_000).contains(&file), "{file}");
    let packed = tempfile::tempdir().unwrap();
    let packed = packed.path().join("pack");
    succeeds(streamo(["pack", "--weights", "q4", "--output"]).arg(&packed).arg(model.path()));
    let formats = Format::ALL.map(|format| (model.path(), Some(format), format.name()));
    for (place, format, name) in formats.into_iter().chain([(&*packed, None, "a pack")]) {
        // A software adapter keeps its tensors where the CPU does, so that what is true of a GPU can be seen.
        for on_gpu in [false, true] {
            let held = held(place, format, on_gpu);
            println!("{name}, {}: {held:?}", if on_gpu { "GPU" } else { "CPU" });
            // Headers only.
            assert!(held.opened < PROGRAM, "{name}: {held:?}");
            // Each piece is read a little at a time, coded, and becomes the device's. Another copy of the largest piece
            // is allowed for, and on its way to a GPU the one that wgpu stages; on the CPU, the checkpoint's file, 2.3
            // times as large, is not.
            let copies = if on_gpu { 2 } else { 1 };
            let most = held.began + held.needed + copies * LARGEST_BINDING + PROGRAM;
            assert!(held.loaded < most, "{name}: {held:?}");
            assert!(held.loaded > held.needed, "{name}: {held:?}");
        }
    }
}
