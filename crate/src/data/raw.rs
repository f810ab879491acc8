use serde::{Deserialize, Serialize};

/// A sample as Streamo-Instruct publishes it: a video, what is asked, and what is to be said when.
///
/// Times are seconds of the video.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RawSample {
    /// What the video is called.
    pub video_name: String,
    /// Where it is.
    pub video_path: String,
    /// The kind of task.
    pub task_type: String,
    /// The collection it comes from.
    pub source: String,
    /// What is asked.
    pub question: Vec<RawQuestion>,
    /// What is to be said.
    pub response: Vec<RawResponse>,
}

/// A question of a sample.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RawQuestion {
    /// Its text.
    pub content: String,
    /// When it is put.
    pub time: f64,
}

/// A response of a sample: at a moment, or after something that took time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RawResponse {
    /// Its text.
    pub content: String,
    /// When what it tells of begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub st_time: Option<f64>,
    /// When that is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time: Option<f64>,
    /// The moment, where it has no duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
}
