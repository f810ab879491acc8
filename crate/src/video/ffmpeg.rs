//! ffmpeg and ffprobe as child processes: no shell, no standard input, no network.

use std::ffi::OsString;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::thread::{self, JoinHandle};

use super::VideoError;

/// How much of a child's standard error is kept: the first complaint is the one that explains.
const KEPT_COMPLAINTS: u64 = 4096;

/// A running ffmpeg that writes PPM pictures to a pipe. Dropping it ends the process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    complaints: Option<JoinHandle<String>>,
}

/// How a process ended.
#[derive(Debug)]
pub struct Outcome {
    /// Whether it reports success. ffmpeg does so for most damaged files.
    pub success: bool,
    /// The first line of what it wrote to standard error.
    pub complaint: Option<String>,
}

impl Process {
    /// Starts decoding the first video stream of `input` (arguments that end in `-i SOURCE`), passed through
    /// `filter`. The pictures come out of the pipe that is returned beside the process, see [`super::ppm`].
    ///
    /// # Errors
    /// [`VideoError::NoFfmpeg`], or what the system says when it refuses to start a process.
    pub fn start(input: &[OsString], filter: &str) -> Result<(Self, BufReader<ChildStdout>), VideoError> {
        let mut child = Command::new("ffmpeg")
            .args(["-nostdin", "-v", "error"])
            .args(input)
            // `V` leaves cover art out. rgb24, because ppm would take 16 bits from a 10-bit video.
            .args(["-map", "0:V:0", "-vf", filter, "-c:v", "ppm", "-pix_fmt", "rgb24", "-f", "image2pipe", "pipe:1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| not_started("ffmpeg", source))?;
        let (pictures, stderr) = (child.stdout.take(), child.stderr.take());
        let process = Self { child, complaints: stderr.map(|stderr| thread::spawn(|| collect(stderr))) };
        let pictures = pictures.ok_or_else(|| not_started("ffmpeg", io::ErrorKind::BrokenPipe.into()))?;
        Ok((process, BufReader::new(pictures)))
    }

    /// Waits for the process to end. Call it once the pipe has ended, else it may wait for ever.
    ///
    /// # Errors
    /// What the system says when it cannot wait.
    pub fn outcome(&mut self) -> Result<Outcome, VideoError> {
        let status = self.child.wait().map_err(|source| VideoError::Io { what: "ffmpeg".into(), source })?;
        let complaints = self.complaints.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        Ok(Outcome { success: status.success(), complaint: first_complaint(&complaints) })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only if the process has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The arguments that name a local file. `file:` keeps a dash at the front or a colon inside from meaning
/// anything, and the whitelist keeps a playlist from reaching the network.
pub fn local_file(path: &Path) -> Vec<OsString> {
    let mut url = OsString::from("file:");
    url.push(path);
    vec!["-protocol_whitelist".into(), "file,crypto,data".into(), "-i".into(), url]
}

/// Runs `program` to its end: its standard output, and its outcome.
///
/// # Errors
/// [`VideoError::NoFfmpeg`], or what the system says when it refuses to start a process.
pub fn run(program: &'static str, arguments: &[OsString]) -> Result<(Vec<u8>, Outcome), VideoError> {
    let Output { status, stdout, stderr } = output(program, arguments)?;
    let complaint = first_complaint(&String::from_utf8_lossy(&stderr));
    Ok((stdout, Outcome { success: status.success(), complaint }))
}

/// All that ffmpeg prints for people when it is run to its end.
///
/// # Errors
/// As [`run`].
pub fn transcript(arguments: &[OsString]) -> Result<String, VideoError> {
    Ok(String::from_utf8_lossy(&output("ffmpeg", arguments)?.stderr).into_owned())
}

fn output(program: &'static str, arguments: &[OsString]) -> Result<Output, VideoError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).output().map_err(|source| not_started(program, source))
}

fn not_started(program: &'static str, source: io::Error) -> VideoError {
    match source.kind() {
        io::ErrorKind::NotFound => VideoError::NoFfmpeg { program },
        _ => VideoError::Io { what: program.into(), source },
    }
}

/// Reads standard error to its end, so that the child never blocks on it, and keeps the beginning.
fn collect(mut stderr: ChildStderr) -> String {
    let mut kept = Vec::new();
    // A broken pipe ends the text like its end does.
    let _ = stderr.by_ref().take(KEPT_COMPLAINTS).read_to_end(&mut kept);
    let _ = io::copy(&mut stderr, &mut io::sink());
    String::from_utf8_lossy(&kept).into_owned()
}

/// The first line, without the name and address of the part of ffmpeg that speaks: `[mov @ 0x55…] `.
fn first_complaint(complaints: &str) -> Option<String> {
    let line = complaints.lines().map(str::trim).find(|line| !line.is_empty())?;
    let words = match line.split_once("] ") {
        Some((speaker, words)) if speaker.starts_with('[') => words,
        _ => line,
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_complaint_stands_without_its_speaker() {
        let complaint = |text| first_complaint(text);
        assert_eq!(
            complaint("\n[mov,mp4 @ 0x55c8] moov atom not found\nfile:x: Invalid data\n").unwrap(),
            "moov atom not found"
        );
        assert_eq!(complaint("plain words [not a speaker] here").unwrap(), "plain words [not a speaker] here");
        assert_eq!(complaint(" \n"), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_named_with_its_cure() {
        let error = run("no-such-ffmpeg", &[]).unwrap_err().to_string();
        assert!(error.starts_with("no-such-ffmpeg was not found; install it: "), "{error}");
    }
}
