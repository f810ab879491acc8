//! `streamo synth` as a user runs it.

use std::fs;
use std::path::Path;

use serde_json::Value;
use streamo_wgpu::data::RawSample;
use streamo_wgpu::video::FrameSource;
use streamo_wgpu::video::Images;

use crate::program::{fails, json_lines, streamo, succeeds};

fn synth(output: &Path, words: &[&str]) -> std::process::Command {
    let mut command = streamo(["synth", "-o"]);
    command.arg(output).args(words);
    command
}

#[test]
fn samples_are_folders_that_can_be_watched() {
    let [one, other] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let words = ["--count", "3", "--rounds", "4", "--size", "64x40", "--task", "alert", "--task", "memory", "--json"];
    let report = &json_lines(&mut synth(one.path(), &words))[0];
    assert_eq!((&report["samples"], &report["frames"]), (&Value::from(3), &Value::from(12)));
    let written = fs::read_to_string(one.path().join("samples.json")).unwrap();
    let samples: Vec<RawSample> = serde_json::from_str(&written).unwrap();
    assert_eq!(
        samples.iter().map(|sample| sample.task_type.as_str()).collect::<Vec<_>>(),
        ["alert", "memory", "alert"]
    );
    for sample in &samples {
        let mut images = Images::open(&one.path().join(&sample.video_path)).unwrap();
        assert_eq!(images.rounds(), Some(4));
        let frame = images.next_frame().unwrap().unwrap().frame;
        assert_eq!((frame.width(), frame.height()), (64, 40));
        assert!(!sample.question.is_empty());
    }

    succeeds(&mut synth(other.path(), &words));
    let picture = format!("{}/000003.jpg", samples[0].video_path);
    assert_eq!(written, fs::read_to_string(other.path().join("samples.json")).unwrap());
    assert_eq!(fs::read(one.path().join(&picture)).unwrap(), fs::read(other.path().join(&picture)).unwrap());
}

#[test]
fn what_is_there_already_stays() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    assert!(fails(&mut synth(folder.path(), &[])).contains("not empty"));
    let file = folder.path().join("mine.txt");
    assert!(fails(&mut synth(&file, &[])).contains("mine.txt"));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}
