use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::Fields;
use super::{Problem, stream_sample};

/// A sample as Streamo-Instruct publishes it: a video, what is asked, and what is to be said when.
///
/// Times are seconds of the video, counted from 1: second 5 lasts from 4 s to 5 s.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Value")]
pub struct RawSample {
    /// What the video is called; may be empty.
    pub video_name: String,
    /// Where it is.
    pub video_path: String,
    /// The kind of task; may be empty.
    pub task_type: String,
    /// The collection it comes from; may be empty.
    pub source: String,
    /// What is asked.
    pub question: Vec<RawQuestion>,
    /// What is to be said.
    pub response: Vec<RawResponse>,
}

/// A question of a sample.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RawQuestion {
    /// Its text.
    pub content: String,
    /// When it is put: it stands in the round of this second. What has no time is put at the start.
    pub time: f64,
}

/// A response of a sample: at a moment, or after something that took time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RawResponse {
    /// Its text.
    pub content: String,
    /// The second in which what it tells of begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub st_time: Option<f64>,
    /// The second in which that is over. What lasts from 4 s to 4.5 s begins in second 5 and ends in second 4.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<f64>,
    /// The second of the moment, where it has no duration. It does not count beside `st_time` and `end_time`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<f64>,
}

/// When a response is due.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Due {
    /// At once.
    At(f64),
    /// When it is over.
    After { begin: f64, end: f64 },
}

impl RawSample {
    /// No sample is longer: eleven days in seconds. What goes beyond is a time in another unit.
    pub const LONGEST: f64 = 1e6;

    /// From a JSON value, and beside it the fields that are not of this format.
    ///
    /// Times may be numbers or texts as in published files; one question or response may stand in place of a list; all
    /// but the video and the contents may be missing.
    ///
    /// # Errors
    ///
    /// Everything that has the wrong type or is missing.
    pub fn read(value: Value) -> Result<(Self, Map<String, Value>), Vec<Problem>> {
        let mut problems = Vec::new();
        let Some(mut fields) = Fields::of_sample(value, &mut problems) else {
            return Err(problems);
        };
        let mut text = |name| fields.text(name).unwrap_or_default();
        let (video_name, task_type, source) = (text("video_name"), text("task_type"), text("source"));
        let sample = Self {
            video_name,
            video_path: fields.required_text("video_path"),
            task_type,
            source,
            question: fields.each("question", |fields| RawQuestion {
                content: fields.required_text("content"),
                time: fields.time("time").unwrap_or_default(),
            }),
            response: fields.each("response", |fields| RawResponse {
                content: fields.required_text("content"),
                st_time: fields.time("st_time"),
                end_time: fields.time("end_time"),
                time: fields.time("time"),
            }),
        };
        let others = fields.rest();
        if problems.is_empty() { Ok((sample, others)) } else { Err(problems) }
    }

    /// Everything in it that makes no sense.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.video_path.trim().is_empty() {
            problems.push(Problem::new("video_path", "is empty: name the video"));
        }
        problems.extend(self.contradictions());
        problems
    }

    /// What makes no sense in its questions and responses.
    pub(super) fn contradictions(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, question) in self.question.iter().enumerate() {
            let field = |name: &str| format!("question[{index}].{name}");
            problems.extend(wrong_text(&question.content).map(|what| Problem::new(field("content"), what)));
            problems.extend(wrong_time(question.time).map(|what| Problem::new(field("time"), what)));
        }
        for (index, response) in self.response.iter().enumerate() {
            let field = |name: &str| format!("response[{index}].{name}");
            problems.extend(wrong_text(&response.content).map(|what| Problem::new(field("content"), what)));
            let times = [("st_time", response.st_time), ("end_time", response.end_time), ("time", response.time)];
            let wrong = times.into_iter().filter_map(|(name, time)| Some((name, wrong_time(time?)?)));
            let before = problems.len();
            problems.extend(wrong.map(|(name, what)| Problem::new(field(name), what)));
            if problems.len() == before {
                problems.extend(response.due().err().map(|(name, what)| Problem::new(field(name), what)));
            }
        }
        problems
    }
}

impl RawResponse {
    /// When it is due, or the field that makes this impossible to say and why.
    pub(super) fn due(&self) -> Result<Due, (&'static str, String)> {
        match (self.st_time, self.end_time, self.time) {
            // Both are counted from 1, so what ends in the second before its beginning has no duration.
            (Some(begin), Some(end), _) if end <= begin - 1.0 => {
                Err(("end_time", format!("is {end}, before st_time {begin}: an event ends after it begins")))
            }
            (Some(begin), Some(end), _) => Ok(Due::After { begin, end }),
            (_, _, Some(time)) => Ok(Due::At(time)),
            (Some(_), None, None) => Err(("end_time", "is missing beside st_time".to_owned())),
            (None, Some(_), None) => Err(("st_time", "is missing beside end_time".to_owned())),
            (None, None, None) => Err(("time", "is missing: give time, or st_time and end_time".to_owned())),
        }
    }
}

impl TryFrom<Value> for RawSample {
    type Error = Problem;

    fn try_from(value: Value) -> Result<Self, Problem> {
        Self::read(value).map(|(sample, _)| sample).map_err(Problem::first)
    }
}

fn wrong_text(text: &str) -> Option<String> {
    if text.trim().is_empty() {
        return Some("is empty".to_owned());
    }
    let place = stream_sample::PLACES.iter().find(|place| text.contains(*place));
    place.map(|place| format!("holds {place}, which training replaces by a picture: take it out"))
}

fn wrong_time(time: f64) -> Option<String> {
    if !time.is_finite() || time < 0.0 {
        Some(format!("is {time}: a time is 0 or more seconds"))
    } else if time > RawSample::LONGEST {
        Some(format!("is {time}, more than eleven days: write seconds"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> RawSample {
        RawSample::read(value).unwrap().0
    }

    fn problems(value: Value) -> Vec<String> {
        let problems = match RawSample::read(value) {
            Ok((sample, _)) => sample.problems(),
            Err(problems) => problems,
        };
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_published_example_is_read() {
        let sample = read(json!({
            "video_name": "ytb_ls8tmkfD7S0.mp4", "video_path": "LLaVA_Video/ytb_ls8tmkfD7S0.mp4",
            "task_type": "QA", "source": "LLaVA_Video",
            "question": [{ "content": "What is the interviewer holding?", "time": "3" }],
            "response": [{ "content": "A microphone.", "st_time": 5.0, "end_time": 6.0, "time": "" }],
        }));
        assert_eq!(sample.question, [RawQuestion { content: "What is the interviewer holding?".into(), time: 3.0 }]);
        assert_eq!(sample.response[0].due(), Ok(Due::After { begin: 5.0, end: 6.0 }));
        assert_eq!(sample.problems(), []);
        let written = serde_json::to_value(&sample).unwrap();
        assert_eq!(serde_json::from_value::<RawSample>(written).unwrap(), sample);
    }

    #[test]
    fn published_variations_mean_the_same() {
        let sample = |time: Value| {
            read(json!({ "video_path": "a.mp4", "question": { "content": "What?", "time": time },
                         "response": { "content": "That.", "st_time": null, "end_time": "", "time": "0:07" } }))
        };
        for time in [json!(5), json!(5.0), json!("5"), json!("5.0"), json!("0:05")] {
            assert_eq!(sample(time.clone()).question[0].time, 5.0, "{time}");
        }
        let sample = sample(json!(null));
        assert_eq!((sample.question[0].time, sample.response[0].due()), (0.0, Ok(Due::At(7.0))));
        assert_eq!(sample.problems(), []);
    }

    #[test]
    fn other_fields_are_handed_back() {
        let (_, others) = RawSample::read(json!({ "video_path": "a.mp4", "licence": "CC0", "id": 7 })).unwrap();
        assert_eq!(Value::Object(others), json!({ "licence": "CC0", "id": 7 }));
    }

    #[test]
    fn every_problem_names_its_field() {
        let of = |question: Value, response: Value| {
            problems(json!({ "video_path": "a.mp4", "question": question, "response": response }))
        };
        let question = json!([{ "content": "What?", "time": 1 }]);
        let response = |times: Value| of(question.clone(), times);
        assert_eq!(problems(json!([])), ["the sample is a list, not an object with fields"]);
        assert_eq!(problems(json!({})), ["video_path is missing"]);
        assert_eq!(problems(json!({ "video_path": " " })), ["video_path is empty: name the video"]);
        assert_eq!(problems(json!({ "video_path": 3 })), ["video_path is a number, not a text"]);
        assert_eq!(of(json!(["What?"]), json!([])), ["question[0] is a text, not an object"]);
        assert_eq!(
            of(json!([{ "content": "", "time": -1 }]), json!([])),
            ["question[0].content is empty", "question[0].time is -1: a time is 0 or more seconds"]
        );
        assert_eq!(
            of(json!([{ "time": "soon" }]), json!([])),
            [
                "question[0].content is missing",
                "question[0].time is \"soon\", which is no time: write seconds, as 5 or 5.5"
            ]
        );
        assert_eq!(
            response(json!([{ "content": "a <image>", "time": [3] }, { "content": "b", "time": 2e6 }])),
            ["response[0].time is a list, not a time: write seconds, as 5 or 5.5"]
        );
        assert_eq!(
            response(json!([{ "content": "a <image>", "time": 3 }, { "content": "b", "time": 2e6 }])),
            [
                "response[0].content holds <image>, which training replaces by a picture: take it out",
                "response[1].time is 2000000, more than eleven days: write seconds"
            ]
        );
        let one = |times: Value| {
            let mut one = times;
            one["content"] = json!("Yes.");
            response(one)
        };
        assert_eq!(one(json!({})), ["response[0].time is missing: give time, or st_time and end_time"]);
        assert_eq!(one(json!({ "st_time": 3 })), ["response[0].end_time is missing beside st_time"]);
        assert_eq!(one(json!({ "end_time": 3 })), ["response[0].st_time is missing beside end_time"]);
        assert_eq!(
            one(json!({ "st_time": 5, "end_time": 3 })),
            ["response[0].end_time is 3, before st_time 5: an event ends after it begins"]
        );
        assert_eq!(one(json!({ "st_time": 5, "end_time": 4.5 })), Vec::<String>::new());
        let nan = RawQuestion { content: "What?".into(), time: f64::NAN };
        let sample = RawSample { video_path: "a".into(), question: vec![nan], ..RawSample::default() };
        assert_eq!(sample.problems()[0].field, "question[0].time");
    }
}
