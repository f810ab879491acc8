//! Clips for tests: each frame carries its number, as black or white bars (bit 0 at the left).

use std::path::Path;
use std::process::Command;

use crate::frame::Frame;

const BAR: u32 = 16;
const BITS: u32 = 12;

/// Runs ffmpeg, which has to succeed.
pub fn ffmpeg(arguments: &[&str], output: &Path) {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-y", "-v", "error"]).args(arguments).arg(format!("file:{}", output.display()));
    assert!(command.status().expect("ffmpeg is installed").success(), "{command:?}");
}

/// Writes `frames` numbered frames at `rate` a second, then passed through `filter` (which starts with a
/// comma), in the format that the name's extension asks for.
pub fn numbered(output: &Path, rate: &str, frames: u32, filter: &str) {
    let source = format!("color=black:s={}x32:r={rate}", BAR * BITS);
    let bars = format!(
        "trim=end_frame={frames},geq=lum='if(mod(floor(N/pow(2,floor(X/{BAR}))),2),235,16)':cb=128:cr=128{filter}"
    );
    let codec: &[&str] = match output.extension().and_then(|e| e.to_str()) {
        Some("webm") => &["-c:v", "libvpx", "-deadline", "realtime"],
        Some("avi") => &["-c:v", "mpeg4"],
        _ => &["-c:v", "libx264", "-preset", "veryfast"],
    };
    let start = ["-f", "lavfi", "-i", &source, "-vf", &bars, "-fps_mode", "vfr", "-pix_fmt", "yuv420p"];
    ffmpeg(&[&start, codec].concat(), output);
}

/// The number that a frame carries.
pub fn number(frame: &Frame) -> u32 {
    let middle = (frame.height() / 2 * frame.width()) as usize;
    (0..BITS).filter(|bit| frame.rgb()[(middle + (bit * BAR + BAR / 2) as usize) * 3] > 128).map(|bit| 1 << bit).sum()
}
