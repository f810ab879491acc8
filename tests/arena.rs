//! The memory in q8: how far it is from f32, and the program with it.

use serde_json::{Value, json};
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::kernels::format::Format;

use crate::fixtures;
use crate::pack::{CASES, Distance, decided, decided_over};
use crate::program::{fails, json_lines, streamo, succeeds, watch_clip};

#[test]
fn an_arena_in_q8_stays_near_f32() {
    for device in fixtures::devices() {
        let mut distance = Distance::default();
        for case in CASES {
            let (directory, format) = (fixtures::path(case), Some(Format::F32));
            let exact = decided(&directory, format, case, device);
            let coded = decided_over(ArenaFormat::Q8, &directory, format, case, device);
            exact.iter().zip(&coded).for_each(|(exact, coded)| distance.add(exact, coded));
        }
        let (error, Distance { alike, rounds, .. }) = (distance.error(), distance);
        println!("q8 on {}: logits off by {error:.5}, {alike} of {rounds} states alike", device.name);
        // Twice what was measured, see README.md.
        assert!(error > 1e-4 && error < 0.011 && alike >= 46, "{error}, {alike} of {rounds}");
    }
}

#[test]
fn a_record_replays_with_the_arena_it_had() {
    let place = tempfile::tempdir().unwrap();
    let record = place.path().join("record");
    let mut watch = watch_clip(["--device", "cpu", "--arena", "q8", "--max-tokens", "4", "--record"]);
    assert!(succeeds(watch.arg(&record)).contains("   memory  q8\n"));
    let log = std::fs::read_to_string(record.join("log.jsonl")).unwrap();
    let mut head: Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(head["options"]["arena"], "q8");
    let replay = || {
        let mut command = streamo(["replay", "--device", "cpu", "--model"]);
        command.arg(fixtures::path("tiny")).arg(&record);
        command
    };
    assert!(succeeds(&mut replay()).starts_with("6 rounds came out the same"));
    // A record from before there was a choice is one in f32.
    head["options"].as_object_mut().unwrap().remove("arena");
    let rest: Vec<&str> = log.lines().skip(1).collect();
    std::fs::write(record.join("log.jsonl"), format!("{head}\n{}\n", rest.join("\n"))).unwrap();
    let line = fails(&mut replay());
    assert!(line.contains(" came out otherwise: the state logits was "), "{line}");
}

#[test]
fn a_report_says_what_the_arena_takes() {
    let inspect = |arena: &str| {
        let [report] = json_lines(&mut streamo(["inspect", "--json", "--arena", arena])).try_into().unwrap();
        report
    };
    let [f32, q8] = ["f32", "q8"].map(inspect);
    assert_eq!((&f32["arena"], &q8["arena"]), (&json!("f32"), &json!("q8")));
    let size = |key: &str| q8["language"][key].as_u64().unwrap();
    let (heads, head) = (size("kv_heads"), size("head"));
    let block = 1 << head.trailing_zeros().min(5);
    let slot = 2 * 4 * (heads * head).div_ceil(4) + 2 * 4 * heads * head / block;
    assert_eq!(q8["memory_bytes_a_token"], size("layers") * slot);
    for (f32, q8) in f32["memory"].as_array().unwrap().iter().zip(q8["memory"].as_array().unwrap()) {
        assert_eq!(f32["tokens"], q8["tokens"]);
        assert_eq!(q8["bytes"], q8["tokens"].as_u64().unwrap() * size("layers") * slot);
    }
    assert!(succeeds(&mut streamo(["inspect", "--arena", "q8"])).contains(" a token in q8\n"));
}
