//! What `streamo inspect` says, against the checkpoint's own headers.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use streamo_wgpu::kernels::format::Format;

use crate::fixtures;
use crate::program::{json_lines, streamo, succeeds};

#[test]
fn inspect_tells_what_the_headers_say() {
    for name in ["tied", "sharded-f32", "window-ids"] {
        let directory = fixtures::path(name);
        let mut command = streamo(["inspect", "--json"]);
        let [report] = json_lines(command.arg(&directory)).try_into().unwrap();
        let headers = headers(&directory);
        let count = |kept: &dyn Fn(&str) -> bool| -> u64 {
            headers.iter().filter(|(name, _, _)| kept(name)).map(|(_, shape, _)| shape.iter().product::<u64>()).sum()
        };
        let vision = |name: &str| name.contains("visual.");
        let head = |name: &str| name.starts_with("lm_head.");
        let parameters = &report["parameters"];
        assert_eq!(parameters["total"], count(&|_| true), "{name}");
        assert_eq!(parameters["vision"], count(&vision), "{name}");
        assert_eq!(parameters["head"], count(&head), "{name}");
        assert_eq!(parameters["language"], count(&|name| !vision(name) && !head(name)), "{name}");
        assert_eq!(report["weight_bytes"], headers.iter().map(|(_, _, bytes)| bytes).sum::<u64>(), "{name}");
        let on_device = |shape: &[u64]| match *shape {
            [rows, columns] => rows * Format::F32.row_bytes(columns as usize),
            _ => 4 * shape.iter().product::<u64>(),
        };
        let device_bytes = headers.iter().map(|(_, shape, _)| on_device(shape)).sum::<u64>();
        assert_eq!((&report["device_bytes"], &report["weights"]), (&json!(device_bytes), &json!("f32")), "{name}");
        let embedding = headers.iter().find(|(name, _, _)| name.ends_with("embed_tokens.weight")).unwrap();
        assert_eq!(json!([report["vocabulary"], report["language"]["hidden"]]), json!(embedding.1), "{name}");
        assert_eq!(report["tied_head"], count(&head) == 0, "{name}");
        assert_eq!(report["states"], json!([519, 520, 521]), "{name}");
        let language = &report["language"];
        let size = |key: &str| language[key].as_u64().unwrap();
        let a_token = 2 * 4 * size("layers") * size("kv_heads") * size("head");
        assert_eq!(report["memory_bytes_a_token"], a_token, "{name}");
        let memory = report["memory"].as_array().unwrap();
        assert_eq!(
            memory.iter().map(|entry| entry["window"].as_u64().unwrap()).collect::<Vec<_>>(),
            [8, 30, 60, 120, 300]
        );
        for pair in memory.windows(2) {
            let (rounds, tokens) = (grown(pair, "window"), grown(pair, "tokens"));
            assert_eq!(tokens, rounds * (report["most_visual_tokens"].as_u64().unwrap() + 32), "{name}");
        }
        for entry in memory {
            assert_eq!(entry["bytes"], entry["tokens"].as_u64().unwrap() * a_token, "{name}");
        }

        let shown = succeeds(streamo(["inspect"]).arg(&directory));
        let grouped = |number: &Value| {
            let digits = number.to_string();
            let from_end = |(index, digit): (usize, char)| {
                let comma = index > 0 && (digits.len() - index).is_multiple_of(3);
                if comma { format!(",{digit}") } else { digit.to_string() }
            };
            digits.chars().enumerate().map(from_end).collect::<String>()
        };
        let counts = [&parameters["total"], &parameters["vision"], &parameters["language"], &report["vocabulary"]];
        for number in counts.into_iter().chain(memory.iter().map(|entry| &entry["tokens"])) {
            assert!(shown.contains(&grouped(number)), "{number} is not in\n{shown}");
        }
    }
}

fn grown(pair: &[Value], key: &str) -> u64 {
    pair[1][key].as_u64().unwrap() - pair[0][key].as_u64().unwrap()
}

/// Name, shape and bytes of every tensor of a model directory.
fn headers(directory: &Path) -> Vec<(String, Vec<u64>, u64)> {
    let is_weights = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        name.starts_with("model") && name.ends_with(".safetensors")
    };
    let files = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).filter(is_weights);
    files
        .flat_map(|file| {
            let bytes = std::fs::read(file).unwrap();
            let end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            let header: serde_json::Map<String, Value> = serde_json::from_slice(&bytes[8..end]).unwrap();
            header.into_iter().filter(|(name, _)| name != "__metadata__")
        })
        .map(|(name, info)| {
            let shape = info["shape"].as_array().unwrap().iter().map(|side| side.as_u64().unwrap()).collect();
            let offset = |index: usize| info["data_offsets"][index].as_u64().unwrap();
            (name, shape, offset(1) - offset(0))
        })
        .collect()
}
