//! Checkpoints that are damaged, incomplete, hostile, or of something else.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fixtures::{refusal, try_load};
use crate::program::{Spoilt, fails};

const FILE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";
/// The tensor that is spoilt: bf16, 60 numbers, and in the middle of the file.
const NORM: &str = "model.language_model.norm.weight";

/// A safetensors file in its two parts.
#[derive(Clone)]
struct Parts {
    header: Value,
    data: Vec<u8>,
}

impl Parts {
    fn of(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        Self { header: serde_json::from_slice(&bytes[8..end]).unwrap(), data: bytes[end..].to_vec() }
    }

    fn bytes(&self) -> Vec<u8> {
        with_header(&serde_json::to_vec(&self.header).unwrap(), &self.data)
    }

    fn range(&self, tensor: &str) -> std::ops::Range<usize> {
        let offset = |index: usize| self.header[tensor]["data_offsets"][index].as_u64().unwrap() as usize;
        offset(0)..offset(1)
    }

    /// Takes out a tensor's bytes and puts in others.
    fn splice(&mut self, tensor: &str, bytes: &[u8]) {
        let range = self.range(tensor);
        let gained = bytes.len() as i64 - range.len() as i64;
        self.data.splice(range.clone(), bytes.iter().copied());
        for (name, info) in self.header.as_object_mut().unwrap() {
            let Some(offsets) = info.get_mut("data_offsets").and_then(Value::as_array_mut) else { continue };
            for offset in offsets {
                let here = offset.as_i64().unwrap();
                let moves = here >= range.end as i64 && !(name == tensor && here == range.start as i64);
                *offset = json!(if moves { here + gained } else { here });
            }
        }
    }
}

fn with_header(header: &[u8], data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header, data].concat()
}

#[test]
fn a_missing_or_unreadable_file_is_named() {
    let model = Spoilt::copy_of("tied");
    let place = model.path().display().to_string();
    model.remove(FILE);
    let missing = fails(&mut model.watch());
    assert_eq!(
        missing,
        format!("{place} has no {FILE} or {INDEX}: give the directory of a Hugging Face checkpoint or of GGUF files")
    );
    assert_eq!(fails(&mut model.inspect()), missing);

    std::fs::create_dir(model.file(FILE)).unwrap();
    assert!(refusal(&model).ends_with("is a directory"));
    let mut nowhere = crate::program::streamo(["watch", "--device", "cpu", "--model", "no/where"]);
    assert_eq!(
        fails(&mut nowhere),
        "no/where is not a directory: give the directory of a Hugging Face checkpoint or of GGUF files"
    );
}

#[test]
fn a_file_cut_anywhere_is_damaged() {
    let model = Spoilt::copy_of("tied");
    let whole = std::fs::read(model.file(FILE)).unwrap();
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let edges = [0, 1, 7, 8, 9, header - 1, header, header + 1, whole.len() - 1];
    for cut in edges.into_iter().chain((0..whole.len()).step_by(9_973)) {
        model.write(FILE, &whole[..cut]);
        let message = refusal(&model);
        assert!(message.starts_with("model.safetensors is damaged: "), "cut at {cut}: {message}");
        assert!(message.ends_with("; download it again"), "cut at {cut}: {message}");
    }
    model.write(FILE, [&whole[..], b"xx"].concat());
    assert!(refusal(&model).contains("bytes of weights and 301522 follow"));
    model.write(FILE, &whole[..whole.len() / 2]);
    assert!(fails(&mut model.watch()).contains("model.safetensors is damaged"));
    model.write(FILE, &whole);
    try_load(model.path()).unwrap();
}

#[test]
fn a_header_that_lies_about_its_length_allocates_nothing() {
    let model = Spoilt::copy_of("tied");
    let whole = std::fs::read(model.file(FILE)).unwrap();
    for length in [u64::MAX, u64::MAX - 7, 1 << 63, 1 << 40, 100_000_001, whole.len() as u64, whole.len() as u64 - 7] {
        let mut bytes = whole.clone();
        bytes[..8].copy_from_slice(&length.to_le_bytes());
        model.write(FILE, bytes);
        let message = refusal(&model);
        let expected = format!("it announces a header of {length} bytes in {} bytes", whole.len());
        assert!(message.contains(&expected), "{message}");
    }
    // A sparse file as large as it claims: still no header is that long.
    let file = std::fs::File::create(model.file(FILE)).unwrap();
    std::io::Write::write_all(&mut &file, &200_000_000_u64.to_le_bytes()).unwrap();
    file.set_len(300_000_000).unwrap();
    assert!(refusal(&model).contains("it announces a header of 200000000 bytes"));
}

/// A number of bytes that a header claims and its file has, without taking them on the disk, and that would not go
/// through a process that may have half a gibibyte.
#[cfg(target_os = "linux")]
#[test]
fn what_a_header_claims_is_not_allocated_at_once() {
    let model = Spoilt::copy_of("tied");
    let mut parts = Parts::of(&model.file(FILE));
    let (start, size) = (parts.data.len() as u64, 1_u64 << 33);
    parts.header["more"] = json!({ "dtype": "BF16", "shape": [size / 2], "data_offsets": [start, start + size] });
    let bytes = parts.bytes();
    let file = std::fs::File::create(model.file(FILE)).unwrap();
    std::io::Write::write_all(&mut &file, &bytes).unwrap();
    file.set_len(bytes.len() as u64 + size).unwrap();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "ulimit -v 524288 && exec \"$0\" inspect --json \"$1\"", env!("CARGO_BIN_EXE_streamo")]);
    let [report] = crate::program::json_lines(shell.arg(model.path())).try_into().unwrap();
    assert_eq!(report["weight_bytes"], start + size);
}

#[test]
fn a_header_that_is_none_is_refused() {
    let model = Spoilt::copy_of("tied");
    for header in [&b"hello"[..], b"\xff\xfe{}", b"", b"[]", b"3", b"{\"a\":3}", &b"[".repeat(100_000)] {
        model.write(FILE, with_header(header, b""));
        assert!(refusal(&model).starts_with("model.safetensors is damaged: its header is not valid ("));
    }
    model.write(FILE, with_header(b"{}", b""));
    assert!(refusal(&model).contains("has no tensor model.visual.blocks.0.norm1.weight"));
}

#[test]
fn offsets_that_lie_are_refused() {
    let model = Spoilt::copy_of("tied");
    let whole = Parts::of(&model.file(FILE));
    let range = whole.range(NORM);
    let (start, end) = (range.start as i64, range.end as i64);
    let offsets = |start: i64, end: i64| json!({ "data_offsets": [start, end] });
    for (what, change) in [
        ("overlapping", offsets(start - 2, end - 2)),
        ("a hole before", offsets(start + 2, end + 2)),
        ("longer", offsets(start, end + 2)),
        ("backwards", offsets(end, start)),
        ("negative", offsets(-2, end)),
        ("out of range", offsets(start + 1_000_000_000, end + 1_000_000_000)),
        ("largest", json!({ "data_offsets": [u64::MAX - 120, u64::MAX] })),
        ("beyond 64 bits", json!({ "data_offsets": [1e30, 1e31] })),
        ("three", json!({ "data_offsets": [start, end, end] })),
        ("shape too large", json!({ "shape": [61] })),
        ("shape too small", json!({ "shape": [59] })),
        ("shape overflows", json!({ "shape": [1_u64 << 40, 1_u64 << 40] })),
        ("shape negative", json!({ "shape": [-60] })),
        ("shape broken", json!({ "shape": [1.5] })),
        ("format of another size", json!({ "dtype": "F32" })),
        ("format unknown", json!({ "dtype": "BF17" })),
    ] {
        let mut parts = whole.clone();
        let info = parts.header[NORM].as_object_mut().unwrap();
        info.extend(change.as_object().unwrap().clone());
        model.write(FILE, parts.bytes());
        let message = refusal(&model);
        assert!(message.starts_with("model.safetensors is damaged: its header is not valid ("), "{what}: {message}");
    }
    // A gap that no tensor claims: every later offset moves on, and so do the bytes.
    let mut parts = whole.clone();
    parts.splice(NORM, &[0; 124]);
    parts.header[NORM]["data_offsets"] = json!([start, end]);
    model.write(FILE, parts.bytes());
    assert!(refusal(&model).contains("its header is not valid"));
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let model = Spoilt::copy_of("tied");
    let whole = Parts::of(&model.file(FILE));
    let spoilt = |change: &dyn Fn(&mut Parts)| {
        let mut parts = whole.clone();
        change(&mut parts);
        model.write(FILE, parts.bytes());
        refusal(&model)
    };
    let missing = spoilt(&|parts| {
        let header = parts.header.as_object_mut().unwrap();
        let info = header.remove(NORM).unwrap();
        header.insert("model.language_model.norm.scale".into(), info);
    });
    assert_eq!(missing, format!("the checkpoint has no tensor {NORM}: it is incomplete or of another architecture"));
    let shape = spoilt(&|parts| parts.header[NORM]["shape"] = json!([2, 30]));
    assert_eq!(shape, format!("tensor {NORM} has shape [2, 30] where the configuration asks for [60]"));
    for (format, bytes) in [("I8", 60), ("U8", 60), ("F8_E4M3", 60), ("F64", 480), ("I64", 480), ("I16", 120)] {
        let message = spoilt(&|parts| {
            parts.splice(NORM, &vec![0; bytes]);
            parts.header[NORM]["dtype"] = json!(format);
        });
        let start = format!("tensor {NORM} is stored as {format}");
        assert!(
            message.starts_with(&start) && message.ends_with("; convert the checkpoint to f32, f16 or bf16"),
            "{message}"
        );
    }
    // f32 and f16 are as good as bf16.
    for (format, bytes) in [("F32", 240), ("F16", 120)] {
        let mut parts = whole.clone();
        parts.splice(NORM, &vec![0; bytes]);
        parts.header[NORM]["dtype"] = json!(format);
        model.write(FILE, parts.bytes());
        try_load(model.path()).unwrap_or_else(|error| panic!("{format}: {error}"));
    }
    for (bits, value) in [(0x7fc0_u16, "NaN"), (0xffc1, "NaN"), (0x7f80, "inf"), (0xff80, "-inf")] {
        let message = spoilt(&|parts| {
            let at = parts.range(NORM).start + 2 * 37;
            parts.data[at..at + 2].copy_from_slice(&bits.to_le_bytes());
        });
        let expected = format!("tensor {NORM} holds {value} at element 37: the checkpoint is broken, export it again");
        assert_eq!(message, expected);
    }
    assert!(fails(&mut model.watch()).contains("holds -inf at element 37"));
}

#[test]
fn a_tensor_with_its_own_words_makes_one_line() {
    let model = Spoilt::copy_of("sharded-f32");
    let words = format!("\u{1b}[2J\r\nerror: all is well\n{}", "x".repeat(100_000));
    let header = json!({ words: { "dtype": "F32", "shape": [0], "data_offsets": [0, 0] } });
    // Twice, so that the complaint is about this very tensor.
    for shard in ["model-00008.safetensors", "model-00009.safetensors"] {
        model.write(shard, with_header(&serde_json::to_vec(&header).unwrap(), b""));
    }
    model.edit(INDEX, |index| index["weight_map"]["some"] = json!("model-00008.safetensors"));
    model.edit(INDEX, |index| index["weight_map"]["more"] = json!("model-00009.safetensors"));
    let line = fails(&mut model.watch());
    assert!(line.starts_with("model-00009.safetensors is damaged: another shard holds "), "{line:?}");
    assert!(!line.contains(char::is_control), "{line:?}");
}

#[test]
fn an_index_is_not_trusted() {
    let model = Spoilt::copy_of("sharded-f32");
    let index = model.json(INDEX);
    let first = index["weight_map"].as_object().unwrap().keys().next().unwrap().clone();
    let naming = |shard: &str| {
        model.edit(INDEX, |spoilt| {
            *spoilt = index.clone();
            spoilt["weight_map"][&first] = json!(shard);
        });
        refusal(&model)
    };
    assert_eq!(
        naming("model-00009-of-00003.safetensors"),
        format!(
            "{} has no model-00009-of-00003.safetensors, a shard of the checkpoint: it is incomplete, download it again",
            model.path().display()
        )
    );
    std::fs::write(model.path().join("..").join("outside.safetensors"), b"").ok();
    for name in ["../outside.safetensors", "/etc/passwd", "..", ".", "", "a/b", "a\\b", "c:x", "a\0b"] {
        let message = naming(name);
        assert!(message.contains("is not a plain file name; download it again"), "{name:?}: {message}");
    }
    assert!(naming(&"a".repeat(5_000)).starts_with("cannot read "));
    for bytes in [&b"no"[..], b"", b"{}", b"[]", b"{\"weight_map\":{\"a\":3}}", b"{\"weight_map\":[]}", b"\xff"] {
        model.write(INDEX, bytes);
        let message = refusal(&model);
        assert!(message.starts_with("model.safetensors.index.json is damaged: "), "{message}");
    }
    model.write(INDEX, serde_json::to_vec(&index).unwrap());
    std::fs::copy(model.file("model-00001-of-00003.safetensors"), model.file("again.safetensors")).unwrap();
    let message = naming("again.safetensors");
    assert!(message.contains(" is damaged: another shard holds ") && message.contains(" too"), "{message}");
}

/// A model whose tensors are checked by their headers alone: what a hostile file can make of opening and loading.
fn end_of(model: &Spoilt, bytes: &[u8], file: &str) -> Option<String> {
    model.write(file, bytes);
    try_load(model.path()).err().map(|error| error.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn flipped_and_cut_files_never_panic(
        flips in prop::collection::vec((0_usize..9_000, 1_u8..=255), 1..4),
        cut in prop::option::of(0_usize..9_000),
        sharded: bool,
    ) {
        let (fixture, file) = if sharded { ("sharded-f32", INDEX) } else { ("tied", FILE) };
        let model = Spoilt::copy_of(fixture);
        let whole = std::fs::read(model.file(file)).unwrap();
        // Where the header or the index is: most flips in the weights are only other weights.
        let reach = whole.len().min(9_000);
        let mut bytes = whole.clone();
        for (place, flip) in flips {
            bytes[place % reach] ^= flip;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut % reach));
        if let Some(message) = end_of(&model, &bytes, file) {
            prop_assert!(message.len() > 20, "{}", message);
        }
    }
}
