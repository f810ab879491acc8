//! `streamo data` as a user runs it, on files as they are published and as they should not be.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::program::{fails, fails_late, json_lines, misused, streamo, succeeds};

/// A folder of one's own.
struct Desk {
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), contents).unwrap();
        self.path(name)
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.path(name)).unwrap()).unwrap()
    }

    /// Every file in it.
    fn names(&self) -> Vec<String> {
        let entries = self.directory.path().read_dir().unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn data(work: &str, file: &Path) -> Command {
    let mut command = streamo(["data", work]);
    command.arg(file);
    command
}

fn convert(file: &Path, to: &str, output: &Path) -> Command {
    let mut command = data("convert", file);
    command.args(["--to", to, "--output"]).arg(output);
    command
}

/// Two samples in the published format, the way that upstream's example has them.
fn published() -> Value {
    let sample = |question: &str, time: &str, answer: &str| {
        json!({
            "video_name": "ytb_ls8tmkfD7S0.mp4", "video_path": "LLaVA_Video/ytb_ls8tmkfD7S0.mp4",
            "task_type": "QA", "source": "LLaVA_Video",
            "question": [{ "content": question, "time": time }],
            "response": [{ "content": answer, "st_time": 5.0, "end_time": 6.0, "time": "" }],
        })
    };
    json!([
        sample("What event is it?", "5", "A red carpet event."),
        sample("What does the interviewer hold?", "3", "A microphone."),
    ])
}

#[test]
fn published_samples_become_dialogues_and_come_back() {
    let desk = Desk::new();
    let raw = desk.file("raw.json", published().to_string());
    assert_eq!(succeeds(&mut data("check", &raw)), "2 samples without a problem\n");
    let said = succeeds(&mut convert(&raw, "stream", &desk.path("stream.json")));
    assert!(
        said.contains("stream.json: 2 samples\n") && said.contains("2 dialogues end with their last event"),
        "{said}"
    );
    let stream = desk.json("stream.json");
    let (messages, about) =
        (&stream[0]["messages"], ["video_name", "task_type", "source"].map(|name| &stream[0][name]));
    assert_eq!(messages[9], json!({ "role": "user", "content": "What event is it?\n<4s-5s>\n<stream>" }));
    assert_eq!(messages[14], json!({ "role": "assistant", "content": "</Response> A red carpet event." }));
    assert_eq!(messages.as_array().unwrap().len(), 15);
    assert_eq!(about, ["ytb_ls8tmkfD7S0.mp4", "QA", "LLaVA_Video"]);
    assert_eq!(stream[0]["videos"], json!(["LLaVA_Video/ytb_ls8tmkfD7S0.mp4"]));

    assert_eq!(succeeds(&mut data("check", &desk.path("stream.json"))), "2 samples without a problem\n");
    let report = &json_lines(convert(&desk.path("stream.json"), "raw", &desk.path("back.jsonl")).arg("--json"))[0];
    assert_eq!((&report["samples"], &report["notes"]), (&json!(2), &json!({})));
    let back = std::fs::read_to_string(desk.path("back.jsonl")).unwrap();
    let back: Vec<Value> = back.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut expected = published();
    for (sample, time) in expected.as_array_mut().unwrap().iter_mut().zip([5.0, 3.0]) {
        sample["question"][0]["time"] = json!(time);
        sample["response"][0].as_object_mut().unwrap().remove("time");
    }
    assert_eq!(Value::from(back), expected);
    succeeds(&mut convert(&desk.path("back.jsonl"), "stream", &desk.path("again.json")));
    assert_eq!(desk.json("again.json"), stream);
    assert_eq!(desk.names(), ["again.json", "back.jsonl", "raw.json", "stream.json"], "nothing else is left behind");
}

#[test]
fn other_rates_have_their_own_rounds_and_tags() {
    let desk = Desk::new();
    let raw = desk.file("raw.json", published().to_string());
    succeeds(convert(&raw, "stream", &desk.path("stream.json")).args(["--fps", "2"]));
    let stream = desk.json("stream.json");
    assert_eq!((&stream[0]["fps"], stream[0]["messages"].as_array().unwrap().len()), (&json!(2.0), 27));
    assert_eq!(stream[0]["messages"][17]["content"], "What event is it?\n<4s-4.5s>\n<stream>");
    assert_eq!(stream[0]["messages"][26]["content"], "</Response> A red carpet event.");
    let line = fails(convert(&desk.path("stream.json"), "raw", &desk.path("no.json")).args(["--fps", "1"]));
    assert!(line.contains("the sample is a dialogue at 2 frames a second: leave out --fps"), "{line}");
    assert!(!desk.path("no.json").exists());
}

/// A(6): rounds were counted in whole frames of the container: 310 seconds of 300 at 29.97 frames a second.
#[test]
fn seconds_do_not_drift_at_any_frame_rate_of_the_container() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("videos")).unwrap();
    for rate in ["30000/1001", "24000/1001", "7"] {
        let clip = desk.path("videos/clip.mp4");
        let source = format!("color=size=32x32:rate={rate}:duration=90");
        let words = ["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-t", "90"];
        assert!(Command::new("ffmpeg").args(words).arg(&clip).status().unwrap().success());
        let sample = json!({ "video_path": "clip.mp4", "question": { "content": "When does it end?", "time": 1 },
                             "response": { "content": "Now.", "time": 500 } });
        let raw = desk.file("raw.jsonl", sample.to_string());
        let report = &json_lines(
            convert(&raw, "stream", &desk.path("stream.json")).arg("--json").arg("--videos").arg(desk.path("videos")),
        )[0];
        assert_eq!((&report["without_video"], &report["notes"]), (&json!(0), &json!({ "response_after_end": 1 })));
        let stream = &desk.json("stream.json")[0];
        let messages = stream["messages"].as_array().unwrap();
        // Ninety rounds, or one more where the last frame lasts a little longer.
        assert!([181, 183].contains(&messages.len()), "{rate}: {} rounds", messages.len() / 2);
        assert_eq!(messages[messages.len() - 1]["content"], "</Response> Now.");
        assert_eq!(stream["videos"][0], clip.to_string_lossy().as_ref());
    }
    std::fs::remove_file(desk.path("videos/clip.mp4")).unwrap();
    let raw = desk.path("raw.jsonl");
    let line = fails(convert(&raw, "stream", &desk.path("no.json")).arg("--videos").arg(desk.path("videos")));
    assert!(line.contains("clip.mp4: no such file or folder; streamo data check"), "{line}");
}

#[test]
fn check_names_the_sample_and_the_field_of_every_problem() {
    let desk = Desk::new();
    let file = desk.file(
        "raw.json",
        r#"[{"video_path": "a.mp4", "question": [], "response": []},
            {"video_name": "b", "video_path": "b.mp4", "question": {"content": "", "time": "soon"},
             "response": [{"content": "x", "st_time": 9, "end_time": 3}]},
            {"video_path": "c.mp4", "response": [{"content": "x", "time": NaN}]},
            {"video_path": "d.mp4", "response": [{"content": "x", "time": -1}, {"content": "y"}]},
            7]"#,
    );
    let (printed, line) = fails_late(&mut data("check", &file));
    let lines: Vec<&str> = printed.lines().map(|line| line.split_once("raw.json: ").unwrap().1).collect();
    assert_eq!(
        lines,
        [
            "sample 1 (line 2, b): question[0].time is \"soon\", which is no time: write seconds, as 5 or 5.5",
            "sample 2 (line 4): the sample is no JSON: expected value in line 4; NaN and Infinity are no JSON",
            "sample 3 (line 5, d.mp4): response[0].time is -1: a time is 0 or more seconds",
            "sample 3 (line 5, d.mp4): response[1].time is missing: give time, or st_time and end_time",
            "sample 4 (line 6): the sample is a number, not an object with fields",
        ]
    );
    assert_eq!(line, "5 problems in 4 of 5 samples");
    let output = data("check", &file).arg("--json").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    let third: Value = serde_json::from_str(printed.lines().nth(2).unwrap()).unwrap();
    assert_eq!(
        third,
        json!({ "file": file.to_string_lossy(), "sample": 3, "line": 5, "name": "d.mp4", "field": "response[0].time",
                "problem": "is -1: a time is 0 or more seconds" })
    );
}

#[test]
fn conversion_stops_at_a_problem_or_skips_it() {
    let desk = Desk::new();
    let mut samples = published();
    samples[0]["response"][0]["end_time"] = json!(2);
    let raw = desk.file("raw.json", samples.to_string());
    let output = desk.file("out.json", "as it was");
    let line = fails(&mut convert(&raw, "stream", &output));
    assert!(line.contains("raw.json: sample 0 (line 1, ytb_ls8tmkfD7S0.mp4): response[0].end_time is 2"), "{line}");
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "as it was");
    let report = &json_lines(convert(&raw, "stream", &output).args(["--skip", "--json"]))[0];
    assert_eq!((&report["samples"], &report["left_out"]), (&json!(1), &json!(1)));
    assert_eq!(desk.json("out.json").as_array().unwrap().len(), 1);
    assert_eq!(desk.names(), ["out.json", "raw.json"]);
    let said = succeeds(convert(&raw, "raw", &output).arg("--skip"));
    assert!(
        said.ends_with(
            "out.json: 1 sample\n        1 samples have problems and were left out: streamo data check tells\n"
        ),
        "{said}"
    );
}

#[test]
fn stats_count_states_and_give_the_weights() {
    let desk = Desk::new();
    let raw = desk.file("raw.json", published().to_string());
    let report = &json_lines(data("stats", &raw).arg("--json"))[0];
    assert_eq!((&report["samples"], &report["questions"], &report["rounds"]), (&json!(2), &json!(2), &json!(14)));
    assert_eq!(report["states"], json!({ "silence": 8, "standby": 4, "response": 2 }));
    assert_eq!(report["tasks"], json!({ "QA": 2 }));
    let alpha = |state: &str| (report["alpha"][state].as_f64().unwrap() * 1e3).round();
    assert_eq!([alpha("silence"), alpha("standby"), alpha("response")], [583.0, 1167.0, 2333.0]);
    assert_eq!(report["seconds"]["longest"], 7.0);
    let shown = succeeds(&mut data("stats", &raw));
    for part in ["QA 2", "silence 8 (57.1 %)", "response 2.333", "at most 7.0 s"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }
    let report = &json_lines(data("stats", &raw).args(["--fps", "2", "--json"]))[0];
    assert_eq!(report["states"], json!({ "silence": 16, "standby": 8, "response": 2 }));
}

#[test]
fn hostile_files_get_one_clear_line() {
    let desk = Desk::new();
    let advice = "it is to have a JSON list of samples, or one a line";
    let cases: [(&[u8], String); 6] = [
        (b"", format!("is empty: {advice}")),
        (b"\x89PNG\r\n\x1a\n\0\0", format!("has the byte 0x89 in line 1 where a sample is due: {advice}")),
        (b"video,question\n", format!("has 'v' in line 1 where a sample is due: {advice}")),
        (
            b"[{\"video_path\": \"a\"},\n{\"vid",
            "ends in the middle: the sample of line 2 is cut off; get the file again".into(),
        ),
        (b"[{\"video_path\": \"a\"}", "ends in the middle: the list of line 1 is cut off; get the file again".into()),
        (b"[{\"video_path\": \"a\"}] x", format!("has 'x' in line 1 where the end of the file is due: {advice}")),
    ];
    for (contents, expected) in cases {
        let file = desk.file("bad.json", contents);
        for mut command in
            [convert(&file, "stream", &desk.path("out.json")), convert(&file, "raw", &desk.path("out.json"))]
        {
            let line = fails(command.arg("--skip"));
            assert_eq!(line, format!("{} {expected}", file.display()));
        }
        assert_eq!(fails(&mut data("stats", &file)), format!("{} {expected}", file.display()));
        let (printed, line) = fails_late(&mut data("check", &file));
        assert_eq!(printed, format!("{} {expected}\n", file.display()));
        assert!(line.starts_with("1 problem in 0 of "), "{line}");
    }
    assert_eq!(desk.names(), ["bad.json"]);
    let nowhere = desk.path("nowhere.json");
    assert!(fails(&mut data("check", &nowhere)).contains("nowhere.json cannot be opened: "));
    assert!(fails(&mut data("stats", desk.directory.path())).contains("cannot be read: "));
    let raw = desk.file("raw.json", published().to_string());
    let line = fails(&mut convert(&raw, "stream", &desk.path("no/out.json")));
    assert!(line.contains("no/out.json: entity not found; choose another place"), "{line}");
}

#[test]
fn wrong_usage_is_told() {
    let desk = Desk::new();
    let raw = desk.file("raw.json", published().to_string());
    assert!(misused(convert(&raw, "stream", &desk.path("a.json")).args(["--fps", "0"])).contains("--fps"));
    assert!(misused(&mut convert(&raw, "parquet", &desk.path("a.json"))).contains("parquet"));
    assert!(misused(&mut streamo(["data", "check"])).contains("required"));
    for words in [&["data"][..], &["data", "check"], &["data", "stats"], &["data", "convert"]] {
        let help = succeeds(streamo(words).arg("--help"));
        let widest = help.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 120 && help.contains("sample"), "{words:?}: {help}");
    }
}
