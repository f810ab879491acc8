//! Why no frame comes.

use std::io;
use std::path::PathBuf;

/// How a user gets ffmpeg on this system.
const INSTALL: &str = if cfg!(target_os = "macos") {
    "brew install ffmpeg"
} else if cfg!(target_os = "windows") {
    "winget install ffmpeg"
} else {
    "apt install ffmpeg"
};

/// Why no frame comes. Every message is one line for the person who named the source.
#[derive(Debug, thiserror::Error)]
pub enum VideoError {
    /// The program is not on the path.
    #[error("{program} was not found; install it: {INSTALL}")]
    NoFfmpeg {
        /// `ffmpeg` or `ffprobe`.
        program: &'static str,
    },
    /// Nothing lies at this path.
    #[error("{path}: no such file or folder")]
    NotFound {
        /// As the user wrote it.
        path: PathBuf,
    },
    /// An address instead of a file.
    #[error("{path}: only local files are read; download the video first")]
    NotLocal {
        /// As the user wrote it.
        path: PathBuf,
    },
    /// A file of zero bytes.
    #[error("{path} is empty")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// ffmpeg makes nothing of it.
    #[error("{path} is not a video that ffmpeg can read: {reason}")]
    NotVideo {
        /// The file.
        path: PathBuf,
        /// ffmpeg's words.
        reason: String,
    },
    /// Sound only, with or without cover art.
    #[error("{path} has no video stream")]
    NoVideoStream {
        /// The file.
        path: PathBuf,
    },
    /// Decoding stopped early. Comes after every frame that could be decoded.
    #[error("{path} is damaged: it ended after {delivered} rounds{}: {reason}", of(*.promised))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Rounds that came.
        delivered: u64,
        /// Rounds that the file's own account promised.
        promised: Option<u64>,
        /// ffmpeg's words.
        reason: String,
    },
    /// A folder without a single image.
    #[error("{folder} holds no images (png, jpg, jpeg, webp, bmp)")]
    NoImages {
        /// The folder.
        folder: PathBuf,
    },
    /// An image that cannot be decoded.
    #[error("{path} is not a readable image: {source}")]
    Image {
        /// The image.
        path: PathBuf,
        /// What the decoder says.
        source: image::ImageError,
    },
    /// The camera gives no picture.
    #[error("{camera}: {reason}")]
    Camera {
        /// Which camera.
        camera: String,
        /// ffmpeg's words, or ours.
        reason: String,
    },
    /// The operating system refused.
    #[error("{what}: {source}")]
    Io {
        /// What was being read or started.
        what: String,
        /// The system's words.
        source: io::Error,
    },
}

/// The promised part of "12 rounds of 40".
fn of(promised: Option<u64>) -> String {
    promised.map(|rounds| format!(" of {rounds}")).unwrap_or_default()
}
