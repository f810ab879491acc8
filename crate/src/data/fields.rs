//! An object of a file, field by field: what is wrong is noted with the field's name, and reading goes on.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Problem;

/// The fields of an object that have not been taken yet.
pub(super) struct Fields<'a> {
    object: Map<String, Value>,
    /// Before the names of the fields, as `response[2].`.
    place: String,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// Of the whole sample.
    pub fn of_sample(value: Value, problems: &'a mut Vec<Problem>) -> Option<Self> {
        match value {
            Value::Object(object) => Some(Self { object, place: String::new(), problems }),
            other => {
                problems.push(Problem::new("the sample", format!("is {}, not an object with fields", kind(&other))));
                None
            }
        }
    }

    pub fn problem(&mut self, name: &str, what: impl Into<String>) {
        self.problems.push(Problem::new(format!("{}{name}", self.place), what));
    }

    /// A field, unless it is missing or null.
    fn take(&mut self, name: &str) -> Option<Value> {
        self.object.remove(name).filter(|value| !value.is_null())
    }

    /// A text that may be missing.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            other => {
                self.problem(name, format!("is {}, not a text", kind(&other)));
                None
            }
        }
    }

    /// A text that must be there.
    pub fn required_text(&mut self, name: &str) -> String {
        if self.object.get(name).is_none_or(Value::is_null) {
            self.problem(name, "is missing");
        }
        self.text(name).unwrap_or_default()
    }

    /// A number that may be missing.
    pub fn number(&mut self, name: &str) -> Option<f64> {
        let value = self.take(name)?;
        let number = value.as_f64();
        if number.is_none() {
            self.problem(name, format!("is {}, not a number", kind(&value)));
        }
        number
    }

    /// A time that may be missing, or an empty text as in published files: a number of seconds, or a text such as `"5"`,
    /// `"5.0"` or `"1:05"`.
    pub fn time(&mut self, name: &str) -> Option<f64> {
        const ADVICE: &str = "write seconds, as 5 or 5.5";
        match self.take(name)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) => {
                let time = written_time(text.trim());
                if time.is_none() {
                    self.problem(name, format!("is {text:?}, which is no time: {ADVICE}"));
                }
                time
            }
            other => {
                self.problem(name, format!("is {}, not a time: {ADVICE}", kind(&other)));
                None
            }
        }
    }

    /// The objects of a list, or the one object that stands in its place, each as `read` makes it.
    pub fn each<T>(&mut self, name: &str, mut read: impl FnMut(&mut Fields<'_>) -> T) -> Vec<T> {
        let list = listed(self.take(name));
        let mut items = Vec::with_capacity(list.len());
        for (index, item) in list.into_iter().enumerate() {
            let place = format!("{}{name}[{index}]", self.place);
            match item {
                Value::Object(object) => {
                    items.push(read(&mut Fields { object, place: place + ".", problems: self.problems }));
                }
                other => self.problems.push(Problem::new(place, format!("is {}, not an object", kind(&other)))),
            }
        }
        items
    }

    /// The texts of a list, or the one text that stands in its place.
    pub fn texts(&mut self, name: &str) -> Vec<String> {
        self.take(name).map(|value| self.texts_of(name, value)).unwrap_or_default()
    }

    /// An object whose names are numbers, and the texts of each.
    pub fn lists(&mut self, name: &str) -> BTreeMap<usize, Vec<String>> {
        let mut lists = BTreeMap::new();
        match self.take(name) {
            None => (),
            Some(Value::Object(object)) => {
                for (key, value) in object {
                    let place = format!("{name}.{key}");
                    match key.parse() {
                        Ok(number) => drop(lists.insert(number, self.texts_of(&place, value))),
                        Err(_) => self.problem(&place, "has a name that is no number"),
                    }
                }
            }
            Some(other) => self.problem(name, format!("is {}, not an object", kind(&other))),
        }
        lists
    }

    fn texts_of(&mut self, name: &str, value: Value) -> Vec<String> {
        let list = listed(Some(value));
        let mut texts = Vec::with_capacity(list.len());
        for (index, item) in list.into_iter().enumerate() {
            match item {
                Value::String(text) => texts.push(text),
                other => self.problem(&format!("{name}[{index}]"), format!("is {}, not a text", kind(&other))),
            }
        }
        texts
    }

    /// What was not taken.
    pub fn rest(self) -> Map<String, Value> {
        self.object
    }
}

/// The items of a list, or the one that stands in its place.
fn listed(value: Option<Value>) -> Vec<Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
    }
}

/// Seconds, `minutes:seconds` or `hours:minutes:seconds`.
fn written_time(text: &str) -> Option<f64> {
    let parts: Vec<f64> = text.split(':').map(|part| part.trim().parse().ok()).collect::<Option<_>>()?;
    let time = match *parts.as_slice() {
        [seconds] => seconds,
        [minutes, seconds] => minutes * 60.0 + seconds,
        [hours, minutes, seconds] => (hours * 60.0 + minutes) * 60.0 + seconds,
        _ => return None,
    };
    time.is_finite().then_some(time)
}

/// What a value is, for people.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_they_are_published() {
        for (text, time) in [("5", 5.0), ("5.0", 5.0), (" 5.25 ", 5.25), ("1:05", 65.0), ("01:00:00.5", 3600.5)] {
            assert_eq!(written_time(text.trim()), Some(time), "{text:?}");
        }
        for text in ["soon", "NaN", "inf", "1:2:3:4", ":", "5s", "1e999"] {
            assert_eq!(written_time(text), None, "{text:?}");
        }
    }
}
