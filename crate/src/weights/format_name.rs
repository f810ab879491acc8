//! Formats by name, in what is written and read.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serializer};

use crate::kernels::format::Format;

pub(crate) fn serialize<S: Serializer>(format: &Format, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(format.name())
}

pub(crate) fn deserialize<'a, D: Deserializer<'a>>(deserializer: D) -> Result<Format, D::Error> {
    let name = String::deserialize(deserializer)?;
    let format = Format::ALL.into_iter().find(|format| format.name() == name);
    format.ok_or_else(|| D::Error::custom(format!("{name:?} is no format of weights: f32, f16, q8 or q4")))
}
