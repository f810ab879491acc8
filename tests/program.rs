//! The `streamo` program as a user runs it, and what a user may take for granted of it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use streamo_wgpu::kernels::format::Format;
use streamo_wgpu::model::{Description, Model};
use streamo_wgpu::weights::pack::Packing;
use streamo_wgpu::weights::{Checkpoint, Directory};
use tempfile::TempDir;

use crate::fixtures;

/// The program with `words` as its arguments, at home in no terminal.
pub fn streamo<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_streamo"));
    command.args(words).stdin(Stdio::null()).env_remove("RUST_BACKTRACE");
    command
}

/// `streamo watch` of the clip by the tiny model, which decides at random: six rounds at one a second.
pub fn watch_clip<W: AsRef<OsStr>>(words: impl IntoIterator<Item = W>) -> Command {
    let mut command = streamo(["watch", "--model"]);
    command.arg(fixtures::path("tiny")).arg(fixtures::path("clip.mp4")).args(words);
    command
}

/// What it printed, if it succeeded.
#[track_caller]
pub fn succeeds(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let complaint = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "{command:?}: {status}: {complaint}");
    assert!(!complaint.contains("error:") && !complaint.contains("panicked"), "{command:?}: {complaint}");
    String::from_utf8(stdout).unwrap()
}

/// The JSON lines that it printed, and nothing else, if it succeeded.
#[track_caller]
pub fn json_lines(command: &mut Command) -> Vec<Value> {
    succeeds(command).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The one line with which it failed, without `error: `. It exits with 1 and prints nothing else anywhere.
#[track_caller]
pub fn fails(command: &mut Command) -> String {
    let (printed, line) = fails_late(command);
    assert_eq!(printed, "", "{command:?} printed before it failed: {line}");
    line
}

/// As [`fails`], after it has printed something.
#[track_caller]
pub fn fails_late(command: &mut Command) -> (String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let complaint = String::from_utf8(stderr).unwrap();
    // Drivers may have their own word before ours.
    let lines: Vec<&str> = complaint.lines().filter(|line| !line.contains("XDG_RUNTIME_DIR")).collect();
    assert_eq!(status.code(), Some(1), "{command:?}: {complaint}");
    assert_eq!(lines.len(), 1, "{command:?}: {complaint}");
    let line = lines[0].strip_prefix("error: ").unwrap_or_else(|| panic!("{command:?}: {complaint}"));
    assert!(line.len() > 15 && line.chars().count() <= 1010, "{line}");
    (String::from_utf8(stdout).unwrap(), line.to_owned())
}

/// What clap says of wrong usage, with which the program exits with 2.
#[track_caller]
pub fn misused(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let complaint = String::from_utf8(stderr).unwrap();
    assert_eq!((status.code(), stdout.as_slice()), (Some(2), &b""[..]), "{command:?}: {complaint}");
    complaint.lines().next().unwrap().strip_prefix("error: ").unwrap().to_owned()
}

/// A model directory of one's own, to be spoilt.
pub struct Spoilt {
    directory: TempDir,
}

impl Spoilt {
    /// A copy of a fixture's model.
    pub fn copy_of(fixture: &str) -> Self {
        Self::copy(&fixtures::path(fixture))
    }

    /// A copy of the model in a directory.
    pub fn copy(model: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for entry in model.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap();
            if name != "expected.safetensors" && name != "case.json" {
                std::fs::copy(&path, directory.path().join(name)).unwrap();
            }
        }
        Self { directory }
    }

    /// A fixture's model packed, with shards of at most so many bytes.
    pub fn packed(fixture: &str, format: Format, largest_shard: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let files = Directory(fixtures::path(fixture));
        let description = Description::read(&files).unwrap();
        let checkpoint = Checkpoint::open(&files).unwrap().in_format(format);
        let tensors = Model::tensors(&description.config, &checkpoint).unwrap();
        let described = description.contents(&files).unwrap();
        let packing = Packing { checkpoint: &checkpoint, tensors: &tensors, files: &described, largest_shard };
        packing.write(directory.path(), &|_| ()).unwrap();
        Self { directory }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn write(&self, file: &str, bytes: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.file(file), bytes).unwrap();
        self
    }

    pub fn json(&self, file: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.file(file)).unwrap()).unwrap()
    }

    /// Changes a JSON file.
    pub fn edit(&self, file: &str, change: impl FnOnce(&mut Value)) -> &Self {
        let mut value = self.json(file);
        change(&mut value);
        self.write(file, serde_json::to_vec(&value).unwrap())
    }

    pub fn remove(&self, file: &str) -> &Self {
        std::fs::remove_file(self.file(file)).unwrap();
        self
    }

    /// `streamo watch` of one picture with it, on the CPU.
    pub fn watch(&self) -> Command {
        let picture = fixtures::path("frames/wide0.png");
        let mut command = streamo(["watch", "--device", "cpu", "--model"]);
        command.arg(self.path()).arg(picture);
        command
    }

    /// `streamo inspect` of it.
    pub fn inspect(&self) -> Command {
        let mut command = streamo(["inspect"]);
        command.arg(self.path());
        command
    }
}
