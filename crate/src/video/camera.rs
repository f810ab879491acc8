//! A camera, live: round `i` is what is to be seen when `i/f` seconds have passed since round 0 was asked for.
//!
//! A thread reads all that the camera sends and keeps only the newest picture. So a slow consumer never falls
//! behind: when it is late, the rounds that it missed are skipped, and round numbers go on telling the time.

use std::ffi::OsString;
use std::io::BufReader;
use std::process::ChildStdout;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::ffmpeg::{self, Process};
use super::{FrameSource, TimedFrame, VideoError, ppm};
use crate::clock::Clock;
use crate::frame::Frame;

/// A camera that sends nothing for so long is gone, or waits for a permission that nobody grants.
const PATIENCE: Duration = Duration::from_secs(15);

/// Pictures a second read from a camera, at least: the newest is then never older than a tenth of a second.
const LEAST_PICTURES: f64 = 10.0;

/// Which camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Device {
    /// The system's camera of this number, from 0.
    Number(u32),
    /// By the name or path that the system knows it by.
    Name(String),
}

impl Device {
    /// Reads `camera`, `camera:N`, `camera:NAME` or `/dev/videoN`; `None` if that is not what `spec` is.
    pub fn parse(spec: &str) -> Option<Self> {
        if spec == "camera" {
            return Some(Self::Number(0));
        }
        if let Some(which) = spec.strip_prefix("camera:") {
            return Some(which.parse().map_or_else(|_| Self::Name(which.to_owned()), Self::Number));
        }
        let number = spec.strip_prefix("/dev/video")?;
        number.parse::<u32>().ok().map(|_| Self::Name(spec.to_owned()))
    }

    /// ffmpeg's arguments that read this camera on `system`, one of [`std::env::consts::OS`]. `listing` is what
    /// ffmpeg prints when it lists the cameras of Windows, which have names but no numbers.
    ///
    /// # Errors
    /// [`VideoError::Camera`] if a camera of Windows is named by a number that the listing does not reach.
    fn input(
        &self,
        system: &str,
        listing: impl FnOnce() -> Result<String, VideoError>,
    ) -> Result<Vec<OsString>, VideoError> {
        let (format, source) = match (system, self) {
            // A rate has to be named: without it avfoundation asks for one that many cameras lack.
            ("macos", Self::Number(n)) => (&["avfoundation", "-framerate", "30"][..], format!("{n}:none")),
            ("macos", Self::Name(name)) => (&["avfoundation", "-framerate", "30"][..], format!("{name}:none")),
            ("windows", Self::Name(name)) => (&["dshow"][..], format!("video={name}")),
            ("windows", Self::Number(n)) => {
                let listing = listing()?;
                let name = windows_cameras(&listing).nth(*n as usize).ok_or_else(|| VideoError::Camera {
                    camera: self.to_string(),
                    reason: "Windows lists no such camera; name it, as in \"camera:Integrated Camera\"".into(),
                })?;
                (&["dshow"][..], format!("video={name}"))
            }
            (_, Self::Number(n)) => (&["v4l2"][..], format!("/dev/video{n}")),
            (_, Self::Name(path)) => (&["v4l2"][..], path.clone()),
        };
        let words = ["-f"].iter().chain(format).chain(&["-i"]).map(OsString::from);
        Ok(words.chain([source.into()]).collect())
    }
}

impl std::fmt::Display for Device {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(n) => write!(f, "camera {n}"),
            Self::Name(name) => write!(f, "camera {name}"),
        }
    }
}

/// The cameras' names in the listing of ffmpeg's dshow: lines of `"Name" (video)`.
fn windows_cameras(listing: &str) -> impl Iterator<Item = &str> {
    listing.lines().filter_map(|line| {
        let (_, name) = line.trim_end().strip_suffix("\" (video)")?.split_once('"')?;
        Some(name)
    })
}

/// A live source that ffmpeg reads.
#[derive(Debug)]
pub struct Camera {
    name: String,
    fps: f64,
    live: Arc<Live>,
    /// When round 0 was asked for.
    start: Option<Instant>,
    next_round: u64,
    /// `None` once the camera has ended. Dropping it ends ffmpeg, hence the pipe, hence the reading thread.
    process: Option<Process>,
}

/// What the reading thread and the consumer share.
#[derive(Debug, Default)]
struct Live {
    view: Mutex<View>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct View {
    newest: Option<(Instant, Frame)>,
    ended: bool,
}

impl Camera {
    /// Opens a camera, to be seen a round of `clock` at a time, and waits for its first picture.
    ///
    /// # Errors
    /// [`VideoError::NoFfmpeg`], or [`VideoError::Camera`] if no picture comes.
    pub fn open(device: &Device, clock: Clock) -> Result<Self, VideoError> {
        let fps = clock.fps();
        let input = device.input(std::env::consts::OS, || {
            let words = ["-hide_banner", "-list_devices", "true", "-f", "dshow", "-i", "dummy"];
            ffmpeg::transcript(&words.map(Into::into))
        })?;
        Self::reading(device.to_string(), &input, fps)
    }

    /// Reads any live input by ffmpeg's arguments, which end in `-i SOURCE`, and waits for its first picture.
    fn reading(name: String, input: &[OsString], fps: f64) -> Result<Self, VideoError> {
        let pictures_a_second = (4.0 * fps).max(LEAST_PICTURES);
        let (process, pictures) = Process::start(input, &format!("fps=fps={pictures_a_second}"))?;
        let live = Arc::new(Live::default());
        let reader = Arc::clone(&live);
        thread::spawn(move || reader.keep_newest(pictures));

        let mut camera = Self { name, fps, live, start: None, next_round: 0, process: Some(process) };
        let opened = Instant::now();
        let view = camera.live.wait(opened + PATIENCE, |view| view.newest.is_some() || view.ended);
        let (seen, ended) = (view.newest.is_some(), view.ended);
        drop(view);
        match (seen, ended) {
            (true, _) => Ok(camera),
            (false, true) => Err(camera.ended().err().unwrap_or_else(|| camera.failed("it sent no picture".into()))),
            (false, false) => Err(camera.silent()),
        }
    }

    /// Whether the input ended well.
    fn ended(&mut self) -> Result<(), VideoError> {
        let Some(mut process) = self.process.take() else { return Ok(()) };
        let outcome = process.outcome()?;
        if outcome.success {
            return Ok(());
        }
        Err(self.failed(outcome.complaint.unwrap_or_else(|| "ffmpeg failed and gave no reason".into())))
    }

    fn silent(&mut self) -> VideoError {
        self.process = None;
        let seconds = PATIENCE.as_secs();
        self.failed(format!("no picture for {seconds} s; is it covered by a permission, or used by another program?"))
    }

    fn failed(&self, reason: String) -> VideoError {
        VideoError::Camera { camera: self.name.clone(), reason }
    }
}

impl FrameSource for Camera {
    /// Waits until the round is due. The first call is round 0, and comes at once.
    fn next_frame(&mut self) -> Result<Option<TimedFrame>, VideoError> {
        if self.process.is_none() {
            return Ok(None);
        }
        let start = *self.start.get_or_insert_with(Instant::now);
        let current = (start.elapsed().as_secs_f64() * self.fps) as u64;
        let round = self.next_round.max(current);
        let due = start + Duration::from_secs_f64(round as f64 / self.fps);

        let view = self.live.wait(due, |view| view.ended);
        let ended = view.ended;
        let newest = view.newest.clone();
        drop(view);
        match newest {
            _ if ended => self.ended().map(|()| None),
            Some((seen, frame)) if seen.elapsed() < PATIENCE => {
                self.next_round = round + 1;
                Ok(Some(TimedFrame { round, frame }))
            }
            _ => Err(self.silent()),
        }
    }

    /// A camera does not know when it will be switched off.
    fn rounds(&self) -> Option<u64> {
        None
    }

    fn describe(&self) -> String {
        format!("{}, live", self.name)
    }
}

impl Live {
    /// Reads until the pipe ends; what is wrong with it, if anything, ffmpeg's outcome tells.
    fn keep_newest(&self, mut pictures: BufReader<ChildStdout>) {
        while let Ok(Some(frame)) = ppm::read(&mut pictures) {
            self.view().newest = Some((Instant::now(), frame));
            self.changed.notify_all();
        }
        self.view().ended = true;
        self.changed.notify_all();
    }

    /// The view once `condition` holds, or at `deadline`.
    fn wait(&self, deadline: Instant, condition: impl Fn(&View) -> bool) -> MutexGuard<'_, View> {
        let patience = deadline.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout_while(self.view(), patience, |view| !condition(view));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// A thread that panicked cannot have left the view half written: each write is one assignment.
    fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test picture, as live as a camera.
    fn live(seconds: &str, fps: f64) -> Result<Camera, VideoError> {
        let source = format!("testsrc2=s=64x48:r=30:d={seconds}");
        let words = ["-re", "-f", "lavfi", "-i", &source].map(OsString::from);
        Camera::reading("test picture".into(), &words, fps)
    }

    #[test]
    fn names_cameras() {
        let name = |name: &str| Some(Device::Name(name.into()));
        assert_eq!(Device::parse("camera"), Some(Device::Number(0)));
        assert_eq!(Device::parse("camera:2"), Some(Device::Number(2)));
        assert_eq!(Device::parse("camera:HD WebCam"), name("HD WebCam"));
        assert_eq!(Device::parse("/dev/video3"), name("/dev/video3"));
        for file in ["camera.mp4", "./camera", "/dev/videos", "/dev/video3/x", "clip.mp4", ""] {
            assert_eq!(Device::parse(file), None, "{file}");
        }
    }

    #[test]
    fn asks_each_system_in_its_own_words() {
        let listing = "[dshow @ 0x1] \"Integrated Camera\" (video)\r\n[dshow @ 0x1]   Alternative name \"@device_pnp\"\r\n\
                       [dshow @ 0x1] \"Mic\" (audio)\r\n[dshow @ 0x1] \"OBS\" (video)\r\n";
        let words = |device: Device, system| {
            let input = device.input(system, || Ok(listing.into())).unwrap();
            input.join(" ".as_ref()).into_string().unwrap()
        };
        let named = |name: &str| Device::Name(name.into());
        assert_eq!(words(Device::Number(1), "linux"), "-f v4l2 -i /dev/video1");
        assert_eq!(words(named("/dev/video7"), "linux"), "-f v4l2 -i /dev/video7");
        assert_eq!(words(Device::Number(0), "macos"), "-f avfoundation -framerate 30 -i 0:none");
        assert_eq!(words(named("FaceTime"), "macos"), "-f avfoundation -framerate 30 -i FaceTime:none");
        assert_eq!(words(Device::Number(1), "windows"), "-f dshow -i video=OBS");
        assert_eq!(words(named("HD WebCam"), "windows"), "-f dshow -i video=HD WebCam");
        assert!(Device::Number(2).input("windows", || Ok(listing.into())).is_err());
    }

    #[test]
    fn a_quick_consumer_sees_every_round_and_then_the_end() {
        let mut camera = live("1.5", 5.0).unwrap();
        let mut rounds = Vec::new();
        while let Some(seen) = camera.next_frame().unwrap() {
            assert_eq!((seen.frame.width(), seen.frame.height()), (64, 48));
            rounds.push(seen.round);
        }
        // A loaded machine may miss a round, but never repeats or reorders one.
        assert!(rounds.first() == Some(&0) && rounds.len() > 1, "{rounds:?}");
        assert!(rounds.is_sorted_by(|a, b| a < b), "{rounds:?}");
        assert_eq!(camera.next_frame().unwrap(), None);
    }

    #[test]
    fn a_slow_consumer_skips_rounds_instead_of_falling_behind() {
        let mut camera = live("60", 20.0).unwrap();
        let first = camera.next_frame().unwrap().unwrap();
        thread::sleep(Duration::from_millis(500));
        let late = camera.next_frame().unwrap().unwrap();
        assert_eq!(first.round, 0);
        assert!(late.round >= 10, "round {} after half a second at 20 a second", late.round);
        assert_ne!(first.frame, late.frame);
    }

    #[test]
    fn a_camera_that_is_not_there_says_so() {
        let words = ["-f", "v4l2", "-i", "/dev/video99"].map(OsString::from);
        let error = Camera::reading("camera 99".into(), &words, 1.0).unwrap_err().to_string();
        assert!(error.starts_with("camera 99: ") && error.contains("No such file"), "{error}");
    }
}
