//! `streamo eval timing`, as a user runs it.

use std::path::Path;

use serde_json::{Value, json};

use crate::program::{Spoilt, fails, json_lines, streamo, succeeds};

/// A sample with one response due at second 5, and its log, in which the model answers at second 6 and once more at 20.
fn write(directory: &Path) {
    let sample = json!([{
        "video_name": "clip", "video_path": "clip.mp4", "task_type": "count", "source": "here",
        "question": [{"content": "How many?", "time": 1.0}],
        "response": [{"content": "Two.", "st_time": 3.0, "end_time": 5.0}],
    }]);
    std::fs::write(directory.join("truth.json"), sample.to_string()).unwrap();
    let line = |round: u32| {
        let speaks = round == 6 || round == 20;
        let logit = [-3.0, 1.0, 3.0][usize::from(speaks) + usize::from(round == 6)];
        json!({
            "round": round, "from": f64::from(round), "to": f64::from(round + 1),
            "state": if speaks { "response" } else { "silence" },
            "text": if speaks { "two" } else { "" },
            "logits": {"silence": 0.0, "standby": -9.0, "response": logit},
            "tokens": {"vision": 1, "prefill": 1, "generated": 1, "memory": 1},
            "ms": {"frame": 0.0, "vision": 0.0, "prefill": 0.0, "decode": 0.0},
        })
    };
    let log: String = (0..30).map(|round| format!("{}\n", line(round))).collect();
    std::fs::write(directory.join("clip.jsonl"), log).unwrap();
}

#[test]
fn a_log_is_scored_against_the_truth() {
    let place = tempfile::tempdir().unwrap();
    write(place.path());
    let (truth, log) = (place.path().join("truth.json"), place.path().join("clip.jsonl"));
    let results = place.path().join("some/results");
    let timing = || {
        let mut command = streamo(["eval", "timing"]);
        command.arg(&truth);
        command
    };
    let report = &json_lines(timing().arg(&log).arg("--json").arg("-o").arg(&results))[0];
    let overall = &report["overall"];
    assert_eq!((&overall["expected"], &overall["spoken"]), (&json!(1), &json!(2)));
    let f1: Vec<f64> = (0..4).map(|at| overall["timing"][at]["f1"].as_f64().unwrap()).collect();
    assert_eq!(f1, [0.0, 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0]);
    assert_eq!((&overall["answers"]["accuracy"], &overall["lateness"]["median"]), (&json!(1.0), &json!(1.0)));
    assert_eq!((&overall["false_alarms"], &overall["quiet"]["alarms"]), (&json!(1), &json!(1)));
    assert_eq!(overall["states"]["counts"][1], json!([3, 0, 0, 0]));
    assert_eq!(report["sweep"]["best"]["f1"], 1.0);
    assert_eq!(report["baselines"].as_array().unwrap().len(), 3);
    let saved: Value = serde_json::from_slice(&std::fs::read(results.join("timing.json")).unwrap()).unwrap();
    assert_eq!(&saved, report);
    let answers = std::fs::read_to_string(results.join("answers.csv")).unwrap();
    let rows: Vec<&str> = answers.lines().collect();
    assert_eq!(rows[0], "task,stream,fate,due_at,given_at,due,given");
    assert_eq!(rows[1..], ["count,clip,right,5.0,6.0,Two.,two", "count,clip,false-alarm,,20.0,,two"]);
    assert!(std::fs::read_to_string(results.join("threshold.svg")).unwrap().starts_with("<svg "));

    let table = succeeds(timing().arg(place.path()));
    for line in ["all                      1      2    0.67  0.67  0.67   100 %", "always silent ", "every second "] {
        assert!(table.contains(line), "{line:?} is not in\n{table}");
    }
    assert!(
        table.contains("is best: F1 1.00 at ±1 s with 0.0 alarms/h, repetitions included. As run: F1 0.67"),
        "{table}"
    );
    assert!(!table.contains('\u{1b}'), "no colours where there is no terminal");

    std::fs::write(&log, "{}\n").unwrap();
    assert!(fails(timing().arg(&log)).contains("clip.jsonl, line 1, is not a round"));
    std::fs::remove_file(&log).unwrap();
    assert!(fails(timing().arg(place.path())).starts_with("the sample \"clip\" has no log "));
    std::fs::write(&truth, "[]").unwrap();
    assert!(fails(timing().arg(place.path())).ends_with("holds no samples: make some with `streamo synth`"));
}

#[test]
fn a_model_is_scored_before_worlds_that_are_made_up_on_the_way() {
    let worlds = || {
        let mut command = streamo(["eval", "worlds", "--device", "cpu", "--films", "2", "--rounds", "6", "--json"]);
        command.args(["--task", "counting", "--task", "alert", "--size", "112x56"]);
        command
    };
    let report = &json_lines(&mut worlds())[0];
    assert_eq!(report["overall"]["streams"], json!(4));
    assert_eq!(report["tasks"].as_object().unwrap().keys().collect::<Vec<_>>(), ["alert", "counting"]);
    assert_eq!(report, &json_lines(&mut worlds())[0], "the same worlds, the same model");
    assert_ne!(report, &json_lines(worlds().args(["--seed", "1"]))[0], "other worlds");
    assert!(fails(streamo(["eval", "worlds"]).args(["--model", "/nowhere"])).contains("/nowhere"));
}

#[test]
fn before_worlds_the_threshold_of_who_decides_holds() {
    let with = |threshold: f32| {
        let model = Spoilt::copy_of("tied");
        model.edit("streamo.json", |settings| settings["threshold"] = json!(threshold));
        model
    };
    let (talks, is_silent) = (with(0.0), with(1.0));
    let spoken = |model: &Spoilt, words: &[&str]| {
        let mut command = streamo(["eval", "worlds", "--device", "cpu", "--films", "1", "--rounds", "5", "--json"]);
        command.args(["--task", "narration", "--size", "112x56", "--model"]).arg(model.path()).args(words);
        json_lines(&mut command)[0]["overall"]["spoken"].as_u64().unwrap()
    };
    let decider = |model: &Spoilt| ["--decider".to_owned(), model.path().to_str().unwrap().to_owned()];
    assert!(spoken(&talks, &[]) > 0);
    assert_eq!(spoken(&talks, &["--threshold", "1"]), 0, "who says one is heard");
    assert_eq!(spoken(&talks, &decider(&is_silent).each_ref().map(String::as_str)), 0);
    assert!(spoken(&is_silent, &decider(&talks).each_ref().map(String::as_str)) > 0);
}
