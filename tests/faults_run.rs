//! What can go wrong around a stream: its options, its memory, the device, and where it is written to.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use streamo_wgpu::frame::Grid;

use crate::fixtures;
use crate::program::{Spoilt, fails, json_lines, misused, streamo, succeeds, watch_clip};

/// `streamo watch` of one picture.
fn watch(words: &[&str]) -> Command {
    let mut command = streamo(["watch"]);
    command.arg(fixtures::path("frames/wide0.png")).arg("--model").arg(fixtures::path("tied")).args(words);
    command
}

/// A stream that is long enough to be interrupted: 107 rounds.
fn long(words: &[&str]) -> Command {
    let mut command = watch_clip(["--device", "cpu", "--fps", "20"]);
    command.args(words);
    command
}

#[test]
fn wrong_usage_is_told_in_a_sentence() {
    for (option, values, reason) in [
        ("--fps", &["0", "-1", "NaN", "inf", "1e9", "x", ""][..], "give a number from 0.001 to 240, such as 1 or 0.5"),
        ("--threshold", &["NaN", "-0.1", "1.1", "inf", "x"], "a probability is a number from 0 to 1"),
        ("--bias", &["response=NaN", "response=inf", "response=x", "response="], "is not a number"),
        ("--bias", &["reply=1"], "\"reply\" is no state: silence, standby or response"),
        ("--bias", &["1", "-1"], "write STATE=B, as in response=0.5"),
        ("--window", &["0", "-1", "1.5", "x", "99999999999999999999"], "give a whole number, 1 or more"),
        ("--max-tokens", &["0", "-1", "x", "4294967296"], "give a whole number, 1 or more"),
        ("--question", &["", "  "], "write what the model should look for"),
        ("--question", &["@12", "@soon What?"], "write \"@12 Is it done?\""),
        ("--device", &["tpu"], "[possible values: gpu, cpu]"),
    ] {
        for value in values {
            let Ok(output) = watch(&[option, value]).output() else { panic!("{option} {value}") };
            let complaint = String::from_utf8(output.stderr).unwrap();
            assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{option} {value}: {complaint}");
            assert!(complaint.starts_with("error: ") && complaint.contains(reason), "{option} {value}: {complaint}");
        }
    }
    for rule in [["--threshold", "0.5"], ["--bias", "response=1"]] {
        let sentence = misused(watch(&["--decision", "free"]).args(rule));
        assert!(sentence.ends_with("leave them out with --decision free"), "{sentence}");
    }
    assert!(misused(&mut streamo(["watch", ""])).contains("[VIDEO]"));
    assert!(misused(&mut streamo(["watch", "--fast"])).contains("unexpected argument '--fast'"));
}

#[test]
fn a_memory_that_cannot_be_is_refused_before_weights_are_loaded() {
    let spoilt = Spoilt::copy_of("tied");
    spoilt.edit("config.json", |config| config["text_config"]["num_hidden_layers"] = json!(3));
    let advice = "use a smaller --window";
    for window in ["18446744073709551615", "1000000000000"] {
        let line = fails(spoilt.watch().args(["--window", window]));
        assert!(line.contains("tokens is more than can be addressed") && line.contains(advice), "{line}");
    }
    let line = fails(spoilt.watch().args(["--window", "40000000"]));
    assert!(line.contains(" are free: ") && line.contains(advice), "{line}");
    let line = fails(&mut watch(&["--window", "40000000"]));
    assert!(
        line.contains("and the device takes ") && line.contains(" in one piece: ") && line.contains(advice),
        "{line}"
    );
    let line = fails(spoilt.watch().args(["--max-tokens", "4294967295"]));
    assert!(line.contains("or --max-tokens"), "{line}");
}

#[test]
fn weights_that_cannot_be_held_are_refused_before_they_are_read() {
    let model = Spoilt::copy_of("tied");
    let file = model.file("model.safetensors");
    let bytes = std::fs::read(&file).unwrap();
    let end = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: serde_json::Value = serde_json::from_slice(&bytes[8..end]).unwrap();
    let (start, size) = ((bytes.len() - end) as u64, 1_u64 << 41);
    header["more"] = json!({ "dtype": "F32", "shape": [size / 4], "data_offsets": [start, start + size] });
    let header = serde_json::to_vec(&header).unwrap();
    model.write("model.safetensors", [&(header.len() as u64).to_le_bytes(), &header[..], &bytes[end..]].concat());
    // Two tebibytes that take no room on the disk.
    let sparse = std::fs::File::options().write(true).open(&file).unwrap();
    sparse.set_len(8 + header.len() as u64 + start + size).unwrap();
    let line = fails(&mut model.watch());
    assert!(line.starts_with("the weights need 2.00 TiB and ") && line.contains("take a smaller model"), "{line}");
    // What its headers say can be told all the same.
    let [report] = json_lines(model.inspect().arg("--json")).try_into().unwrap();
    assert_eq!(report["weight_bytes"], start + size);
}

#[test]
fn questions_that_fill_the_memory_are_an_error() {
    let words = "pelican ".repeat(3_000);
    let full = |questions: &[&str]| {
        let mut command = watch(&["--device", "cpu", "--json", "--window", "1", "--max-tokens", "1"]);
        for question in questions {
            command.args(["-q", question]);
        }
        let line = fails(&mut command);
        assert!(line.contains(" is too small: ") && line.ends_with("or withdraw questions"), "{line}");
    };
    full(&[&words]);
    let short = words[..800].to_owned();
    full(&vec![short.as_str(); 30]);
}

#[test]
fn a_frame_too_large_for_its_attention_is_an_error() {
    for device in fixtures::devices() {
        let (model, _) = fixtures::load(&fixtures::path("tied"), device);
        let grid = |side| Grid { height: side, width: side };
        assert!(model.layout(grid(8)).is_ok());
        let line = model.layout(grid(2_000)).unwrap_err().to_string();
        assert!(line.starts_with("a frame of 4000000 patches needs "), "{line}");
        assert!(line.ends_with("lower max_pixels in streamo.json"), "{line}");
    }
}

/// wgpu finds nothing here, in Vulkan or in OpenGL.
#[cfg(target_os = "linux")]
#[test]
fn without_an_adapter_the_way_out_is_told_and_the_cpu_serves() {
    let blind = |command: &mut Command| {
        for variable in ["VK_ICD_FILENAMES", "VK_DRIVER_FILES", "__EGL_VENDOR_LIBRARY_FILENAMES"] {
            command.env(variable, "/nonexistent");
        }
    };
    let mut on_gpu = watch(&[]);
    blind(&mut on_gpu);
    let line = fails(&mut on_gpu);
    assert!(line.starts_with("no GPU adapter can be used (") && line.ends_with("or run with --device cpu"), "{line}");
    let mut on_cpu = watch(&["--device", "cpu"]);
    blind(&mut on_cpu);
    assert!(succeeds(&mut on_cpu).contains("0s–1s"));
}

#[test]
fn what_cannot_be_written_is_told_before_the_stream_runs() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("file");
    std::fs::write(&file, "kept").unwrap();
    let under_file = file.join("x");
    let nowhere = place.path().join("no").join("where");
    let refused = |option: &str, path: &Path| fails(watch(&["--device", "cpu", option]).arg(path));

    let line = refused("--dump", &nowhere);
    assert!(line.ends_with(&format!("there is no directory {}", place.path().join("no").display())), "{line}");
    assert!(refused("--dump", place.path()).ends_with("it is a directory; name a file"));
    assert!(refused("--dump", &under_file).contains("cannot write the dump "));
    for path in [&file, &under_file] {
        assert!(
            refused("--record", path).ends_with("cannot be used: not a directory"),
            "{}",
            refused("--record", path)
        );
    }
    assert_eq!(std::fs::read(&file).unwrap(), b"kept");
    assert_eq!(place.path().read_dir().unwrap().count(), 1, "a refused run leaves nothing behind");

    // A record is made with the directories above it, and never over another.
    succeeds(watch(&["--device", "cpu", "--record"]).arg(&nowhere));
    let before = std::fs::read(nowhere.join("log.jsonl")).unwrap();
    assert!(refused("--record", &nowhere).ends_with("holds a record already: give another directory"));
    assert_eq!(std::fs::read(nowhere.join("log.jsonl")).unwrap(), before);
}

#[test]
fn a_failed_stream_leaves_no_dump() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("pictures");
    std::fs::create_dir(&folder).unwrap();
    std::fs::copy(fixtures::path("frames/wide0.png"), folder.join("1.png")).unwrap();
    std::fs::write(folder.join("2.png"), "no picture").unwrap();
    let mut command = streamo(["watch", "--device", "cpu", "--json", "--model"]);
    command.arg(fixtures::path("tied")).arg(&folder).arg("--dump").arg(place.path().join("dump"));
    crate::program::fails_late(&mut command);
    assert_eq!(place.path().read_dir().unwrap().count(), 1, "neither the dump nor litter");
}

#[test]
fn a_killed_stream_leaves_a_record_up_to_there_and_no_dump() {
    let place = tempfile::tempdir().unwrap();
    let (record, dump) = (place.path().join("record"), place.path().join("dump"));
    let mut command = long(&["--json"]);
    command.arg("--record").arg(&record).arg("--dump").arg(&dump).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..4 {
        lines.next().unwrap().unwrap();
    }
    child.kill().unwrap();
    assert!(!child.wait().unwrap().success(), "it was over before it was killed");
    assert_eq!(place.path().read_dir().unwrap().count(), 1, "neither the dump nor litter");

    // As if it had been killed in the middle of a line, too.
    let log = record.join("log.jsonl");
    let whole = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, format!("{whole}{{\"turn\":{{\"rou")).unwrap();
    let mut replay = streamo(["replay", "--device", "cpu", "--model"]);
    let said = succeeds(replay.arg(fixtures::path("tiny")).arg(&record));
    let rounds: usize = said.split_whitespace().next().unwrap().parse().unwrap();
    assert!(rounds >= 3 && said.contains("came out the same, bit for bit, on CPU"), "{said}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for words in [&["--json"][..], &[]] {
        let mut child = long(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::with_capacity(64, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let status = child.wait().unwrap();
        let mut complaint = String::new();
        child.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert!(status.success() && complaint.is_empty(), "{words:?}: {status}: {complaint}");
        assert!(!line.is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for mut command in [watch(&["--device", "cpu"]), watch(&["--device", "cpu", "--json"]), streamo(["inspect"])] {
        let output = command.stdout(full()).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{complaint}");
        assert!(complaint.starts_with("error: ") && complaint.contains("No space left on device"), "{complaint}");
    }
}

#[test]
fn a_record_that_is_none_or_damaged_is_told() {
    let place = tempfile::tempdir().unwrap();
    let replay = || {
        let mut command = streamo(["replay", "--device", "cpu", "--model"]);
        command.arg(fixtures::path("tied")).arg(place.path());
        command
    };
    assert!(fails(&mut replay()).contains("log.jsonl cannot be used: "));
    let log = place.path().join("log.jsonl");
    for head in ["", "no\n", "{}\n", "[]\n"] {
        std::fs::write(&log, head).unwrap();
        assert!(fails(&mut replay()).contains("log.jsonl, line 1: "));
    }
    std::fs::remove_file(&log).unwrap();
    json_lines(watch(&["--device", "cpu", "--json", "--record"]).arg(place.path()));
    let whole = std::fs::read_to_string(&log).unwrap();
    let spoil = |from: &str, to: &str| {
        assert!(whole.contains(from), "{whole}");
        std::fs::write(&log, whole.replacen(from, to, 1)).unwrap();
        fails(&mut replay())
    };
    assert!(spoil("\"version\":1", "\"version\":2").contains("it is of version 2, this program reads 1"));
    assert!(spoil("\"fps\":1.0", "\"fps\":0.0").contains("0 frames a second is not possible"));
    assert!(spoil("\"window\":120", "\"window\":18446744073709551615").contains("use a smaller --window"));
    assert!(spoil("{\"turn\":", "{\"tern\":").contains("log.jsonl, line 2: "));
    std::fs::write(&log, &whole).unwrap();
    std::fs::write(place.path().join("00000000.png"), "no picture").unwrap();
    assert!(fails(&mut replay()).contains("00000000.png cannot be used: "));
}
