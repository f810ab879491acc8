//! What a file says about its video before it is decoded, by ffprobe.

use std::path::Path;

use serde::Deserialize;

use super::{VideoError, ffmpeg};

/// A file's first video stream. Times are seconds since the start of the file.
#[derive(Debug)]
pub struct Probe {
    /// The codec's short name: `h264`.
    pub codec: String,
    /// Pixels a row, as stored: a picture may still be turned.
    pub width: u32,
    /// Rows, as stored.
    pub height: u32,
    /// When the last frame ends, by the header or by the last packets, whichever is later: headers leave out
    /// what an edit list adds, and packets are missing where a file is cut off.
    pub end: Option<f64>,
}

impl Probe {
    /// Asks ffprobe about the file at `path`.
    ///
    /// # Errors
    /// [`VideoError::NotVideo`], [`VideoError::NoVideoStream`] or [`VideoError::NoFfmpeg`].
    pub fn of(path: &Path) -> Result<Self, VideoError> {
        // A seek past the end lands on the last key frame, so few packets tell the end of a long video. Where
        // that does not work (no index, or the end is cut off), all packets are read; none is decoded.
        let tail = ask(path, Some("1000000000%")).ok().filter(|report| !report.packets.is_empty());
        let report = tail.map_or_else(|| ask(path, None), Ok)?;
        let start = report.format.as_ref().and_then(|format| seconds(&format.start_time)).unwrap_or(0.0);
        let packets_end = report.packets.iter().filter_map(Packet::end).max_by(f64::total_cmp).map(|end| end - start);
        let stream =
            report.streams.into_iter().next().ok_or_else(|| VideoError::NoVideoStream { path: path.into() })?;
        Ok(Self {
            end: packets_end.into_iter().chain(stream.stated_end(start)).max_by(f64::total_cmp),
            codec: stream.codec_name.unwrap_or_else(|| "unknown codec".into()),
            width: stream.width,
            height: stream.height,
        })
    }
}

/// What ffprobe reports of the first video stream, with the packets inside `interval` or all of them.
fn ask(path: &Path, interval: Option<&str>) -> Result<Report, VideoError> {
    let entries = "packet=pts_time,duration_time,flags:stream=codec_name,width,height,duration:\
                   stream_tags=DURATION:format=start_time";
    let words = ["-v", "error", "-of", "json", "-select_streams", "V:0", "-show_entries", entries];
    let interval = interval.map(|interval| ["-read_intervals", interval]);
    let words = words.into_iter().chain(interval.into_iter().flatten()).map(Into::into);
    let arguments: Vec<_> = words.chain(ffmpeg::local_file(path)).collect();

    let (json, outcome) = ffmpeg::run("ffprobe", &arguments)?;
    let refused = |reason: String| VideoError::NotVideo { path: path.into(), reason };
    if !outcome.success {
        return Err(refused(outcome.complaint.unwrap_or_else(|| "ffprobe gives no reason".into())));
    }
    serde_json::from_slice(&json).map_err(|error| refused(format!("ffprobe's report is unreadable: {error}")))
}

/// ffprobe's JSON. Times are decimal strings, and missing where unknown.
#[derive(Debug, Deserialize)]
struct Report {
    #[serde(default)]
    packets: Vec<Packet>,
    #[serde(default)]
    streams: Vec<Stream>,
    format: Option<Format>,
}

#[derive(Debug, Deserialize)]
struct Format {
    start_time: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Packet {
    pts_time: Option<String>,
    duration_time: Option<String>,
    #[serde(default)]
    flags: String,
}

impl Packet {
    /// When the packet's frame ends on the file's own clock; `None` if it is not shown (flag `D`).
    fn end(&self) -> Option<f64> {
        let shown = !self.flags.contains('D');
        shown.then_some(seconds(&self.pts_time)? + seconds(&self.duration_time).unwrap_or(0.0))
    }
}

#[derive(Debug, Deserialize)]
struct Stream {
    codec_name: Option<String>,
    #[serde(default)]
    width: u32,
    #[serde(default)]
    height: u32,
    duration: Option<String>,
    #[serde(default)]
    tags: Tags,
}

#[derive(Debug, Default, Deserialize)]
struct Tags {
    /// Matroska and WebM: the end on the file's own clock, `hours:minutes:seconds`.
    #[serde(rename = "DURATION")]
    end: Option<String>,
}

impl Stream {
    fn stated_end(&self, start: f64) -> Option<f64> {
        let clock = |end: &String| {
            end.split(':').try_fold(0.0, |total, part| part.parse::<f64>().ok().map(|part| total * 60.0 + part))
        };
        seconds(&self.duration).or_else(|| Some(self.tags.end.as_ref().and_then(clock)? - start))
    }
}

fn seconds(time: &Option<String>) -> Option<f64> {
    time.as_deref()?.parse().ok()
}
