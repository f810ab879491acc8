//! A video file: the frame of round `i` at `f` frames a second is what the video shows at `i/f` seconds.
//!
//! That is the last frame whose time is at or before `i/f`, for every round that begins before the last
//! frame's end. Time counts from the start of the file; where sound starts first, the first frame stands in
//! until the video does. ffmpeg's `fps` filter does exactly this when it rounds times up, for any frame rate,
//! constant or not: a frame at time `t` lands on round `ceil(t * f)`, and the last to land on a round wins.
//! It counts in fractions, so nothing drifts.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::ChildStdout;

use super::ffmpeg::{self, Outcome, Process};
use super::probe::Probe;
use super::{FrameSource, TimedFrame, VideoError, ppm};
use crate::clock::Clock;

/// A video file that is being decoded, a little ahead of who reads it.
///
/// Pictures are turned upright as the file says. Pixels that are not square stay as they are stored, as in
/// the datasets that models are trained on.
#[derive(Debug)]
pub struct VideoFile {
    path: PathBuf,
    probe: Probe,
    /// As the file promises.
    rounds: Option<u64>,
    delivered: u64,
    /// `None` once the video has ended.
    decoder: Option<(Process, BufReader<ChildStdout>)>,
}

impl VideoFile {
    /// Opens the file at `path`, to be seen a round of `clock` at a time.
    ///
    /// # Errors
    /// [`VideoError::NotFound`], [`VideoError::Empty`], [`VideoError::NotVideo`],
    /// [`VideoError::NoVideoStream`] or [`VideoError::NoFfmpeg`].
    pub fn open(path: &Path, clock: Clock) -> Result<Self, VideoError> {
        let fps = clock.fps();
        refuse_at_a_glance(path)?;
        let probe = Probe::of(path)?;
        let rounds = probe.end.map(|end| rounds_until(end, fps));
        let decoder = Process::start(&ffmpeg::local_file(path), &format!("fps=fps={fps}:round=up:start_time=0"))?;
        Ok(Self { path: path.to_owned(), probe, rounds, delivered: 0, decoder: Some(decoder) })
    }

    /// How many rounds of `clock` the file at `path` has, without decoding it; `None` if it does not say.
    ///
    /// # Errors
    /// As [`VideoFile::open`].
    pub fn count(path: &Path, clock: Clock) -> Result<Option<u64>, VideoError> {
        refuse_at_a_glance(path)?;
        Ok(Probe::of(path)?.end.map(|end| rounds_until(end, clock.fps())))
    }

    /// Why the pictures ended: because the video did, or before.
    ///
    /// ffmpeg reports success after most damage, and complains about much that does no harm. So it is damage if
    /// nothing came, if ffmpeg failed, or if it complained and more is missing than counting can be wrong by.
    fn judge(&self, outcome: Outcome) -> Result<(), VideoError> {
        let cut_short = self.rounds.is_some_and(|promised| self.delivered + 1 < promised);
        if self.delivered > 0 && outcome.success && !(cut_short && outcome.complaint.is_some()) {
            return Ok(());
        }
        Err(VideoError::Damaged {
            path: self.path.clone(),
            delivered: self.delivered,
            promised: self.rounds,
            reason: outcome.complaint.unwrap_or_else(|| "no more frames could be decoded".into()),
        })
    }
}

impl FrameSource for VideoFile {
    /// Every frame that can be decoded comes, even of a damaged file; then [`VideoError::Damaged`], or the end.
    fn next_frame(&mut self) -> Result<Option<TimedFrame>, VideoError> {
        let Some((_, pictures)) = &mut self.decoder else { return Ok(None) };
        let picture = ppm::read(pictures);
        if let Ok(Some(frame)) = picture {
            let round = self.delivered;
            self.delivered += 1;
            return Ok(Some(TimedFrame { round, frame }));
        }
        let decoder = self.decoder.take();
        picture.map_err(|source| VideoError::Io { what: self.path.display().to_string(), source })?;
        if let Some((mut process, _)) = decoder {
            self.judge(process.outcome()?)?;
        }
        Ok(None)
    }

    /// As the file promises. A damaged one may give fewer, and a container's rounding may make one of difference
    /// where the video ends just as a round begins.
    fn rounds(&self) -> Option<u64> {
        self.rounds
    }

    fn describe(&self) -> String {
        let Probe { codec, width, height, end, .. } = &self.probe;
        let length = end.map(|seconds| format!(", {seconds:.1} s")).unwrap_or_default();
        format!("{}: {codec} {width}x{height}{length}", self.path.display())
    }
}

/// How many rounds begin before `end` seconds; a video has at least one.
fn rounds_until(end: f64, fps: f64) -> u64 {
    // ffprobe prints microseconds, and an end is the sum of three such times.
    const ERROR: f64 = 2e-6;
    // A cast of what is negative gives 0.
    (((end - ERROR) * fps).ceil() as u64).max(1)
}

/// Says plainly what ffmpeg would say in riddles.
fn refuse_at_a_glance(path: &Path) -> Result<(), VideoError> {
    let file = match path.metadata() {
        Ok(file) => file,
        Err(_) if path.to_string_lossy().contains("://") => return Err(VideoError::NotLocal { path: path.to_owned() }),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(VideoError::NotFound { path: path.to_owned() });
        }
        Err(source) => return Err(VideoError::Io { what: path.display().to_string(), source }),
    };
    if !file.is_file() {
        return Err(VideoError::NotVideo { path: path.to_owned(), reason: "it is not a regular file".into() });
    }
    if file.len() == 0 {
        return Err(VideoError::Empty { path: path.to_owned() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::clips;
    use super::*;

    /// Every number that the file gives at `fps`, and how it ends.
    fn seen(path: &Path, fps: f64) -> (Vec<u32>, Result<(), VideoError>) {
        let mut file = VideoFile::open(path, Clock::new(fps).unwrap()).unwrap();
        let mut numbers = Vec::new();
        loop {
            match file.next_frame() {
                Ok(Some(TimedFrame { round, frame })) => {
                    assert_eq!(round, numbers.len() as u64);
                    numbers.push(clips::number(&frame));
                }
                Ok(None) => return (numbers, Ok(())),
                Err(error) => {
                    assert_eq!(file.next_frame().unwrap(), None);
                    return (numbers, Err(error));
                }
            }
        }
    }

    /// The rule itself: of frames shown from `times` (in order) until `end`, the number of each round's frame.
    fn expected(times: &[f64], end: f64, fps: f64) -> Vec<u32> {
        let rounds = (0..).map(|round| f64::from(round) / fps).take_while(|&time| time < end - 1e-4);
        rounds.map(|time| times.iter().filter(|&&t| t <= time + 1e-4).count().max(1) as u32 - 1).collect()
    }

    #[test]
    fn round_i_shows_what_the_video_shows_then_at_any_rate() {
        let dir = tempfile::tempdir().unwrap();
        for (name, rate, seconds_a_frame) in [
            ("film.mp4", "24000/1001", 1001.0 / 24000.0),
            ("ntsc.mkv", "30000/1001", 1001.0 / 30000.0),
            ("fast.webm", "60000/1001", 1001.0 / 60000.0),
            ("pal.avi", "25", 0.04),
            ("slow.ts", "10", 0.1),
        ] {
            let path = dir.path().join(name);
            clips::numbered(&path, rate, 95, "");
            // Matroska and WebM keep whole milliseconds.
            let kept =
                |time: f64| if name.ends_with("v") || name.ends_with("m") { (time * 1e3).round() / 1e3 } else { time };
            let times: Vec<f64> = (0..95).map(|n| kept(f64::from(n) * seconds_a_frame)).collect();
            for fps in [1.0, 2.0, 0.5, 3.0] {
                let (numbers, end) = seen(&path, fps);
                end.unwrap();
                assert_eq!(numbers, expected(&times, 95.0 * seconds_a_frame, fps), "{name} at {fps}");
                assert_eq!(
                    VideoFile::open(&path, Clock::new(fps).unwrap()).unwrap().rounds(),
                    Some(numbers.len() as u64),
                    "{name} at {fps}"
                );
            }
        }
    }

    #[test]
    fn uneven_frames_late_video_and_longer_sound_keep_the_clock() {
        let dir = tempfile::tempdir().unwrap();
        let gaps = dir.path().join("gaps.mp4");
        // Frames 0, 1, 37 and 93 of a video with ten frames a second, each shown until the next.
        clips::numbered(&gaps, "10", 100, ",select='lt(n,2)+eq(n,37)+eq(n,93)'");
        assert_eq!(seen(&gaps, 1.0).0, [0, 1, 1, 1, 37, 37, 37, 37, 37, 37]);

        let plain = dir.path().join("plain.mp4");
        let with_sound = dir.path().join("late video, long sound.mkv");
        clips::numbered(&plain, "10", 25, "");
        let input = plain.to_str().unwrap();
        let tone = ["-f", "lavfi", "-i", "sine=d=8", "-itsoffset", "1.25", "-i", input];
        clips::ffmpeg(
            &[&tone[..], &["-map", "0:a", "-map", "1:v", "-c:v", "copy", "-c:a", "flac"]].concat(),
            &with_sound,
        );
        let (numbers, end) = seen(&with_sound, 2.0);
        end.unwrap();
        assert_eq!(numbers, [0, 0, 0, 2, 7, 12, 17, 22]);
        assert_eq!(VideoFile::open(&with_sound, Clock::new(2.0).unwrap()).unwrap().rounds(), Some(8));
    }

    #[test]
    fn a_truncated_file_gives_its_frames_and_then_says_so() {
        let dir = tempfile::tempdir().unwrap();
        for (whole, options) in [("whole.mp4", &["-movflags", "+faststart"][..]), ("whole.mkv", &[])] {
            let (whole, cut) = (dir.path().join(whole), dir.path().join(format!("cut {whole}")));
            let source = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=10:d=20", "-g", "10"];
            clips::ffmpeg(&[&source, options].concat(), &whole);
            let bytes = std::fs::read(&whole).unwrap();
            std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();

            assert!(matches!(seen(&whole, 1.0), (numbers, Ok(())) if numbers.len() == 20));
            let (numbers, end) = seen(&cut, 1.0);
            assert!((5..15).contains(&numbers.len()), "{numbers:?}");
            let error = end.unwrap_err().to_string();
            assert!(error.contains(&format!("is damaged: it ended after {} rounds of 20: ", numbers.len())), "{error}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let refusal = |name: &str| VideoFile::open(&dir.path().join(name), Clock::new(1.0).unwrap()).unwrap_err();
        let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
        write("empty.mp4", "");
        write("letter.mp4", "Dear reader,");
        write("net.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n");
        clips::ffmpeg(&["-f", "lavfi", "-i", "sine=d=1"], &dir.path().join("song.mp3"));

        assert!(matches!(refusal("nowhere.mp4"), VideoError::NotFound { .. }));
        assert!(matches!(refusal("."), VideoError::NotVideo { .. }));
        assert!(matches!(refusal("empty.mp4"), VideoError::Empty { .. }));
        assert!(matches!(refusal("letter.mp4"), VideoError::NotVideo { reason, .. } if reason.contains("moov")));
        assert!(
            matches!(refusal("net.m3u8"), VideoError::NotVideo { reason, .. } if reason.contains("not on whitelist"))
        );
        assert!(matches!(refusal("song.mp3"), VideoError::NoVideoStream { .. }));
    }

    #[test]
    fn names_that_look_like_options_or_addresses_are_names() {
        let dir = tempfile::tempdir().unwrap();
        clips::numbered(&dir.path().join("plain.mp4"), "10", 10, "");
        for name in ["-y.mp4", "http:x.mp4", "file:a b.mp4", "a'\"$(b)%d?.mp4", "é|.mp4"] {
            let path = dir.path().join(name);
            std::fs::copy(dir.path().join("plain.mp4"), &path).unwrap();
            assert_eq!(seen(&path, 2.0).0, [0, 5], "{name}");
        }
        // A relative name with a dash in front never reaches ffmpeg as an option.
        assert_eq!(ffmpeg::local_file(Path::new("-y.mp4"))[3], "file:-y.mp4");
    }

    #[test]
    fn pictures_are_turned_upright() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, turned) = (dir.path().join("plain.mp4"), dir.path().join("turned.mp4"));
        clips::numbered(&plain, "10", 10, "");
        clips::ffmpeg(&["-i", plain.to_str().unwrap(), "-c", "copy", "-metadata:s:v:0", "rotate=90"], &turned);
        let frame = VideoFile::open(&turned, Clock::new(1.0).unwrap()).unwrap().next_frame().unwrap().unwrap().frame;
        assert_eq!((frame.width(), frame.height()), (32, 192));
    }
}
