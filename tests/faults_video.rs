//! Videos that are none, end early, or cannot be reached, and questions that come too late for them.

use std::path::{Path, PathBuf};
use std::process::Command;

use streamo_wgpu::clock::Clock;
use streamo_wgpu::video;
use tempfile::TempDir;

use crate::fixtures;
use crate::program::{fails, fails_late, streamo};

fn clip() -> PathBuf {
    fixtures::path("clip.mp4")
}

fn watch(video: impl AsRef<Path>) -> Command {
    let mut command = streamo(["watch", "--device", "cpu", "--model"]);
    command.arg(fixtures::path("tied")).arg(video.as_ref());
    command
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

#[test]
fn what_is_no_video_is_refused_before_a_model_is_loaded() {
    let place = Place::new();
    let song = place.0.path().join("song.mp4");
    let mut ffmpeg = Command::new("ffmpeg");
    let made = ffmpeg.args(["-v", "error", "-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac"]).arg(&song);
    assert!(made.status().unwrap().success());
    let empty_folder = place.0.path().join("nothing");
    std::fs::create_dir(&empty_folder).unwrap();
    for (video, complaint) in [
        (PathBuf::from("no/where.mp4"), "no/where.mp4: no such file or folder".to_owned()),
        (place.file("empty.mp4", b""), "empty.mp4 is empty".into()),
        (
            place.file("letter.mp4", b"Dear reader, this is text."),
            "letter.mp4 is not a video that ffmpeg can read".into(),
        ),
        (song, "song.mp4 has no video stream".into()),
        (empty_folder, "nothing holds no images (png, jpg, jpeg, webp, bmp)".into()),
        ("http://example.org/a.mp4".into(), "only local files are read; download the video first".into()),
        ("two\nlines.mp4".into(), "two lines.mp4: no such file or folder".into()),
    ] {
        let line = fails(&mut watch(&video));
        assert!(line.contains(&complaint), "{line}");
    }
}

#[test]
fn what_can_be_decoded_is_watched_before_the_damage_is_told() {
    let place = Place::new();
    let bytes = std::fs::read(clip()).unwrap();
    let cut = place.file("cut.mp4", &bytes[..bytes.len() / 2]);
    let (printed, line) = fails_late(watch(cut).arg("--json"));
    let rounds = printed.lines().count();
    assert!((1..5).contains(&rounds), "{printed}");
    assert!(line.contains(&format!("cut.mp4 is damaged: it ended after {rounds} rounds of 6: ")), "{line}");

    let picture = std::fs::read(fixtures::path("frames/wide1.png")).unwrap();
    for (name, broken) in [("half", &picture[..picture.len() / 2]), ("nothing", b""), ("text", b"Dear reader")] {
        let folder = place.0.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        std::fs::copy(fixtures::path("frames/wide0.png"), folder.join("1.png")).unwrap();
        std::fs::write(folder.join("2.png"), broken).unwrap();
        let (printed, line) = fails_late(watch(&folder).arg("--json"));
        assert_eq!(printed.lines().count(), 1, "{name}");
        assert!(line.contains("2.png is not a readable image: "), "{line}");
    }
    let strip = place.0.path().join("strip.png");
    image::RgbImage::new(1, 300).save(&strip).unwrap();
    let line = fails(watch(&strip).arg("--json"));
    assert!(line.contains("a frame of 1x300 is too thin"), "{line}");
}

#[test]
fn a_question_after_the_end_is_an_error_before_anything_is_loaded() {
    // A model that cannot be loaded: the question is looked at first.
    let spoilt = crate::program::Spoilt::copy_of("tied");
    spoilt.write("model.safetensors", b"");
    let ask = |video: &Path, words: &[&str]| {
        let mut command = streamo(["watch", "--device", "cpu", "--model"]);
        fails(command.arg(spoilt.path()).arg(video).args(words))
    };
    let late = |at: &str, end: &str| {
        format!("the question at {at} s comes after the end of the video ({end} s): put it earlier")
    };
    assert_eq!(ask(&clip(), &["-q", "@6 Now?"]), late("6", "6"));
    assert_eq!(ask(&clip(), &["-q", "What?", "-q", "@100.5s Now?"]), late("100.5", "6"));
    assert_eq!(ask(&clip(), &["-q", "@5.5 Now?", "--fps", "4"]), late("5.5", "5.5"));
    assert_eq!(ask(&fixtures::path("frames"), &["-q", "@10 Now?"]), late("10", "10"));
    assert!(ask(&clip(), &["-q", "@5.9 Now?"]).contains("model.safetensors is damaged"));
}

#[test]
fn a_question_after_the_end_of_a_video_of_unknown_length_is_an_error_at_the_end() {
    let place = Place::new();
    // A raw stream has no clock of its own, and no packet with a time.
    let raw = place.0.path().join("raw.h264");
    let mut made = Command::new("ffmpeg");
    made.args(["-v", "error", "-i"])
        .arg(clip())
        .args(["-t", "2", "-c", "copy", "-bsf:v", "h264_mp4toannexb"])
        .arg(&raw);
    assert!(made.status().unwrap().success());
    let known = video::open(raw.to_str().unwrap(), Clock::new(1.0).unwrap()).unwrap().rounds();
    assert_eq!(known, None, "this test needs a video that does not say how long it is");
    let (printed, line) = fails_late(watch(&raw).args(["--json", "-q", "@1000 Now?"]));
    assert!(printed.lines().count() >= 2, "{printed}");
    assert!(line.starts_with("the question at 1000 s comes after the end of the video ("), "{line}");
}

#[test]
fn without_ffmpeg_the_cure_is_told() {
    let cure = |command: &mut Command| fails(command.env("PATH", "/nonexistent"));
    let line = cure(&mut watch(clip()));
    assert!(line.starts_with("ffprobe was not found; install it: "), "{line}");
    assert_eq!(cure(&mut streamo(["watch", "--device", "cpu"])), line);
    // Pictures need none.
    let mut pictures = watch(fixtures::path("frames/wide0.png"));
    crate::program::succeeds(pictures.env("PATH", "/nonexistent"));
}
