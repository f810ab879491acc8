//! Packs that are damaged, incomplete, hostile, or of another version.

use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use streamo_wgpu::kernels::format::Format;
use streamo_wgpu::weights::pack::MANIFEST;

use crate::fixtures::{refusal, try_load};
use crate::program::{Spoilt, fails, succeeds};

const ADVICE: &str = "; download the pack again, or pack the model again";

const SHARD: &str = "pack-00002.safetensors";

/// A small model in many shards.
fn packed(format: Format) -> Spoilt {
    Spoilt::packed("tied", format, 20_000)
}

/// Another of the same.
fn another(format: Format) -> Spoilt {
    static PACKED: [OnceLock<Spoilt>; 2] = [OnceLock::new(), OnceLock::new()];
    let place = &PACKED[usize::from(format == Format::Q8)];
    Spoilt::copy(place.get_or_init(|| packed(format)).path())
}

/// Makes the manifest say of `file` what is true.
fn sign(model: &Spoilt, file: &str) {
    let bytes = std::fs::read(model.file(file)).unwrap();
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    model.edit(MANIFEST, |manifest| {
        for list in ["files", "shards"] {
            for entry in manifest[list].as_array_mut().unwrap() {
                if entry["name"] == file {
                    *entry = json!({ "name": file, "bytes": bytes.len(), "sha256": hash });
                }
            }
        }
    });
}

/// Where the numbers of a shard begin, and its header.
fn header(shard: &[u8]) -> (usize, Value) {
    let end = 8 + u64::from_le_bytes(shard[..8].try_into().unwrap()) as usize;
    (end, serde_json::from_slice(&shard[8..end]).unwrap())
}

#[test]
fn every_file_is_held_against_the_manifest() {
    let model = packed(Format::Q4);
    try_load(model.path()).unwrap();
    let manifest = model.json(MANIFEST);
    let named = ["files", "shards"].map(|list| manifest[list].as_array().unwrap().clone()).concat();
    assert!(named.len() > 12, "{}", named.len());
    for entry in &named {
        let name = entry["name"].as_str().unwrap();
        let whole = std::fs::read(model.file(name)).unwrap();
        model.remove(name);
        let expected = format!("{} has no {name}, which its manifest names", model.path().display());
        assert_eq!(refusal(&model), format!("{expected}: download the pack again, or pack the model again"));
        for bytes in [&whole[..whole.len() - 1], &[&whole[..], b"x"].concat(), b""] {
            model.write(name, bytes);
            let sizes = format!("it has {} bytes and should have {}", bytes.len(), whole.len());
            assert_eq!(refusal(&model), format!("{name} is damaged: {sizes}{ADVICE}"));
        }
        for place in [0, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[place] ^= 4;
            model.write(name, flipped);
            let message = refusal(&model);
            assert!(message.starts_with(&format!("{name} is damaged: its SHA-256 is ")), "{message}");
            assert!(message.ends_with(&format!(" and should be {}{ADVICE}", entry["sha256"].as_str().unwrap())));
        }
        model.write(name, whole);
    }
    try_load(model.path()).unwrap();
    model.remove(SHARD);
    assert!(fails(&mut model.watch()).ends_with("pack the model again"));
    assert_eq!(fails(&mut model.inspect()), fails(&mut model.watch()));
}

#[test]
fn what_the_manifest_does_not_name_is_not_there() {
    let model = packed(Format::Q4);
    let before = succeeds(model.watch().arg("--json").args(["--max-tokens", "1"]));
    let state = |line: &str| serde_json::from_str::<Value>(line).unwrap()["logits"].clone();
    model.write("generation_config.json", "nonsense").write("model.safetensors", "nonsense");
    assert_eq!(state(&succeeds(model.watch().arg("--json").args(["--max-tokens", "1"]))), state(&before));
    for (file, reason) in [("config.json", "has no config.json"), ("tokenizer.json", "has no tokenizer.json")] {
        let whole = model.json(MANIFEST);
        model
            .edit(MANIFEST, |manifest| manifest["files"].as_array_mut().unwrap().retain(|entry| entry["name"] != file));
        assert!(refusal(&model).contains(reason));
        model.write(MANIFEST, whole.to_string());
    }
}

#[test]
fn versions_that_are_not_known_are_refused() {
    let model = packed(Format::Q8);
    for version in [0_u64, 1, 3, u64::MAX] {
        // Whatever else a later version says.
        model.write(MANIFEST, json!({ "version": version, "planes": [] }).to_string());
        let line = fails(&mut model.watch());
        let known = "this streamo reads version 2: update it, or pack the model again";
        assert_eq!(line, format!("the pack is of version {version} and {known}"));
    }
    for version in [json!("1"), json!(-1), json!(1.5), json!(null), json!([1]), json!(1e300)] {
        model.write(MANIFEST, json!({ "version": version }).to_string());
        assert!(refusal(&model).starts_with("streamo-pack.json is damaged: "));
    }
    for bytes in [&b""[..], b"{", b"[]", b"[2]", b"3", b"{}", b"\xff\xfe", b"{\"version\":2}", &b"[".repeat(100_000)] {
        model.write(MANIFEST, bytes);
        let message = refusal(&model);
        assert!(message.starts_with("streamo-pack.json is damaged: ") && message.ends_with(ADVICE), "{message}");
    }
    let large = std::fs::File::create(model.file(MANIFEST)).unwrap();
    large.set_len(1 << 40).unwrap();
    assert!(refusal(&model).contains("it has 1099511627776 bytes"));
}

#[test]
fn a_manifest_is_not_trusted() {
    let model = packed(Format::Q4);
    let whole = model.json(MANIFEST);
    let matrix =
        whole["tensors"].as_array().unwrap().iter().position(|tensor| tensor["rows"].as_array().unwrap().len() > 2);
    let cut = &format!("/tensors/{}", matrix.unwrap());
    let hash = "a".repeat(64);
    let at = |path: &str| cut.clone() + path;
    for (place, value, reason) in [
        ("/weights".to_owned(), json!("q5"), "\"q5\" is no format of weights: f32, f16, q8 or q4"),
        ("/weights".to_owned(), json!(4), "invalid type"),
        ("/shards/1/bytes".to_owned(), json!(1_u64 << 40), "has 1099511627776 bytes, more than a shard may have"),
        ("/shards/1/bytes".to_owned(), json!(-1), "invalid value"),
        ("/shards/1/bytes".to_owned(), json!(900), "bytes of weights in 900 bytes"),
        ("/shards/1/sha256".to_owned(), json!("a"), "\"a\" is not a SHA-256"),
        ("/shards/1/sha256".to_owned(), json!(hash.to_uppercase()), "is not a SHA-256"),
        ("/shards/1/name".to_owned(), json!("pack-00001.safetensors"), "it names pack-00001.safetensors twice"),
        ("/shards/1/name".to_owned(), json!("config.json"), "it names config.json twice"),
        ("/shards/1/name".to_owned(), json!(MANIFEST), "it names streamo-pack.json twice"),
        ("/shards/1/more".to_owned(), json!(1), "unknown field `more`"),
        ("/tensors/0/name".to_owned(), whole["tensors"][1]["name"].clone(), "it holds "),
        ("/tensors/0/shape".to_owned(), json!([]), "cannot have the shape []"),
        ("/tensors/0/shape".to_owned(), json!([0]), "cannot have the shape [0]"),
        ("/tensors/0/shape".to_owned(), json!([24, 0]), "cannot have the shape [24, 0]"),
        ("/tensors/0/shape".to_owned(), json!([1_u64 << 40, 1_u64 << 40]), "cannot have the shape"),
        ("/tensors/0/shape".to_owned(), json!([24, 1_u64 << 40]), "bytes of weights in "),
        ("/tensors/0/shape".to_owned(), json!([25]), "has 25 rows, of which 24 are in shards"),
        ("/tensors/0/rows".to_owned(), json!([]), "has 24 rows, of which 0 are in shards"),
        ("/tensors/0/rows/0/count".to_owned(), json!(u64::MAX), "rows, of which "),
        ("/tensors/0/rows/0/shard".to_owned(), json!(4_000), " is in shard 4000 of "),
        (at("/rows/1/shard"), whole.pointer(&at("/rows/0/shard")).unwrap().clone(), "are out of order"),
        (at("/rows/0/count"), json!(1_000_000_000), "rows, of which "),
        (at("/rows/0"), json!({ "shard": 0, "count": 0 }), "rows, of which "),
    ] {
        let mut spoilt = whole.clone();
        match spoilt.pointer_mut(&place) {
            Some(there) => *there = value,
            None => spoilt["shards"][1]["more"] = value,
        }
        model.write(MANIFEST, spoilt.to_string());
        let message = refusal(&model);
        assert!(message.starts_with("streamo-pack.json is damaged: ") && message.ends_with(ADVICE), "{message}");
        assert!(message.contains(reason), "{place}: {message}");
    }
    for name in ["../outside", "/etc/passwd", "..", ".", "", "a/b", "a\\b", "c:x", "a\0b", "\u{1b}[2J/"] {
        for list in ["shards", "files"] {
            let mut spoilt = whole.clone();
            spoilt[list][0]["name"] = json!(name);
            model.write(MANIFEST, spoilt.to_string());
            assert!(refusal(&model).contains("is not a plain file name"), "{name:?}");
        }
    }
    // The parts of a matrix in the shards of another: of the right size together, and not what stands there.
    let mut spoilt = whole.clone();
    let rows = spoilt.pointer_mut(&at("/rows")).unwrap();
    let (first, second) = (rows[0]["count"].clone(), rows[1]["count"].as_u64().unwrap());
    rows[0]["count"] = json!(first.as_u64().unwrap() - 1);
    rows[1]["count"] = json!(second);
    let last = rows.as_array().unwrap().len() - 1;
    rows[last]["count"] = json!(rows[last]["count"].as_u64().unwrap() + 1);
    model.write(MANIFEST, spoilt.to_string());
    assert!(refusal(&model).contains(" is damaged: "));
    // Another model's numbers.
    let mut spoilt = whole.clone();
    spoilt["weights"] = json!("q8");
    model.write(MANIFEST, spoilt.to_string());
    assert!(refusal(&model).contains("bytes of weights in "));
}

#[test]
fn a_shard_is_looked_into_with_care_though_its_hash_is_right() {
    for format in [Format::F16, Format::Q8, Format::Q4] {
        let model = packed(format);
        let shard = std::fs::read(model.file(SHARD)).unwrap();
        let (start, whole) = header(&shard);
        let spoil = |header: &Value, data: &[u8]| {
            let header = serde_json::to_vec(header).unwrap();
            model.write(SHARD, [&(header.len() as u64).to_le_bytes(), &header[..], data].concat());
            sign(&model, SHARD);
            refusal(&model)
        };
        let data = &shard[start..];
        let words = whole.as_object().unwrap().keys().find(|name| name.ends_with(".words")).unwrap();
        let scales = words.replace(".words", ".scales");
        let [rows, columns] = [0, 1].map(|axis| whole[words]["shape"][axis].as_u64().unwrap());
        let changed = |name: &str, key: &str, value: Value| {
            let mut header = whole.clone();
            header[name][key] = value;
            header
        };
        let message = spoil(&changed(words, "shape", json!([rows * 2, columns / 2])), data);
        let should = format!("and should be U32 [{rows}, {columns}]{ADVICE}");
        assert!(message.starts_with(&format!("{SHARD} is damaged: {words} is U32 [")), "{message}");
        assert!(message.ends_with(&should), "{message}");
        assert!(spoil(&changed(words, "dtype", json!("F32")), data).contains(" is F32 ["));
        assert!(spoil(&changed(words, "shape", json!([rows, columns + 1])), data).contains("its header is not valid"));
        assert!(spoil(&changed(words, "data_offsets", json!([0, u64::MAX])), data).contains("its header is not valid"));
        let mut renamed = whole.clone();
        let info = renamed.as_object_mut().unwrap().remove(words).unwrap();
        renamed["else"] = info;
        assert!(spoil(&renamed, data).contains(&format!("it has no {words}")));
        for lie in [u64::MAX, shard.len() as u64, 1 << 40] {
            let mut bytes = shard.clone();
            bytes[..8].copy_from_slice(&lie.to_le_bytes());
            model.write(SHARD, bytes);
            sign(&model, SHARD);
            assert!(refusal(&model).contains("its header is not valid"));
        }
        // The halves whose numbers are not finite: scales, or where there are none, the weights.
        let halves = if format == Format::F16 { words } else { &scales };
        let offset = whole[halves]["data_offsets"][0].as_u64().unwrap() as usize;
        for (bits, value) in [(0x7c00_u16, "inf"), (0xfc00, "-inf"), (0x7e01, "NaN")] {
            let mut data = data.to_vec();
            data[offset..offset + 2].copy_from_slice(&bits.to_le_bytes());
            let message = spoil(&whole, &data);
            assert!(message.contains(&format!(" holds {value} at element ")), "{message}");
        }
        let numbers = whole.as_object().unwrap().iter().find(|(_, info)| info["dtype"] == "F32").unwrap();
        let offset = numbers.1["data_offsets"][0].as_u64().unwrap() as usize;
        let mut spoilt = data.to_vec();
        spoilt[offset + 4..offset + 8].copy_from_slice(&f32::NAN.to_le_bytes());
        let expected =
            format!("tensor {} holds NaN at element 1: the checkpoint is broken, export it again", numbers.0);
        assert_eq!(spoil(&whole, &spoilt), expected);
        model.write(SHARD, &shard);
        sign(&model, SHARD);
        try_load(model.path()).unwrap();
    }
}

#[test]
fn a_configuration_of_another_model_does_not_fit() {
    let model = packed(Format::Q4);
    model.edit("config.json", |config| config["text_config"]["intermediate_size"] = json!(88));
    sign(&model, "config.json");
    let message = refusal(&model);
    let expected = "tensor model.language_model.layers.0.mlp.gate_proj.weight has shape [84, 60] where the \
                    configuration asks for [88, 60]";
    assert_eq!(message, expected);
    model.edit("config.json", |config| config["text_config"]["num_hidden_layers"] = json!(3));
    sign(&model, "config.json");
    assert!(refusal(&model).contains("mlp.gate_proj.weight has shape [84, 60]"));
}

/// Every number and string in a value, by the path to it.
fn leaves(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| leaves(value, format!("{path}/{key}"), found)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(index, value)| leaves(value, format!("{path}/{index}"), found));
        }
        _ => found.push(path),
    }
}

fn hostile() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<u64>().prop_map(|number| json!(number)),
        (0_u32..64).prop_map(|shift| json!(1_u64 << shift)),
        (0_u64..400).prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,12}".prop_map(|text| json!(text)),
        Just(json!(null)),
        Just(json!([])),
        Just(json!({})),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Whatever a manifest says, it is a model or an error.
    #[test]
    fn fuzzed_manifests_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), hostile()), 1..4),
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..=255), 0..3),
    ) {
        let model = another(Format::Q4);
        let mut manifest = model.json(MANIFEST);
        let mut places = Vec::new();
        leaves(&manifest, String::new(), &mut places);
        for (place, value) in changes {
            if let Some(there) = manifest.pointer_mut(&places[place.index(places.len())]) {
                *there = value;
            }
        }
        let mut bytes = manifest.to_string().into_bytes();
        for (place, flip) in flips {
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
        }
        model.write(MANIFEST, bytes);
        if let Err(error) = try_load(model.path()) {
            prop_assert!(error.to_string().len() > 20, "{}", error);
        }
    }

    /// A shard that is not what was packed does not load; one that is signed is a model or an error.
    #[test]
    fn fuzzed_shards_never_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), 1_u8..=255, any::<bool>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let model = another(Format::Q8);
        let whole = std::fs::read(model.file(SHARD)).unwrap();
        let (start, _) = header(&whole);
        let mut bytes = whole.clone();
        for (place, flip, in_header) in flips {
            let place = place.index(if in_header { start } else { bytes.len() });
            bytes[place] ^= flip;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        model.write(SHARD, &bytes);
        if bytes != whole {
            let message = refusal(&model);
            prop_assert!(message.starts_with("pack-00002.safetensors is damaged: "), "{}", message);
        }
        sign(&model, SHARD);
        if let Err(error) = try_load(model.path()) {
            prop_assert!(error.to_string().len() > 20, "{}", error);
        }
    }
}
