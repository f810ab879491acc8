use std::collections::BTreeMap;

use thiserror::Error;

/// Why a key of a GGUF file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum KeyError {
    /// It is not there.
    #[error("it has no {0}")]
    Missing(String),
    /// Its value is of another type.
    #[error("its {key} is not {wanted}")]
    Type {
        /// The key.
        key: String,
        /// What it should be.
        wanted: &'static str,
    },
}

/// A number of any type of a GGUF file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// Of a type of whole numbers.
    Whole(i128),
    /// Of another.
    Float(f64),
}

impl From<Number> for f64 {
    fn from(number: Number) -> Self {
        match number {
            Number::Whole(whole) => whole as f64,
            Number::Float(float) => float,
        }
    }
}

/// A value of a GGUF file.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A number.
    Number(Number),
    /// Yes or no.
    Truth(bool),
    /// Text.
    Text(String),
    /// Numbers of one type.
    Numbers(Numbers),
    /// Texts.
    Texts(Texts),
}

/// The types of numbers that GGUF has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberType {
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F32,
    F64,
}

impl NumberType {
    /// By the number that stands for it in a file (`enum gguf_type`).
    pub fn of(number: u32) -> Option<Self> {
        use NumberType::*;
        [(0, U8), (1, I8), (2, U16), (3, I16), (4, U32), (5, I32), (6, F32), (10, U64), (11, I64), (12, F64)]
            .into_iter()
            .find_map(|(other, kind)| (other == number).then_some(kind))
    }

    /// Bytes of one.
    pub fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
        }
    }

    /// From as many bytes, the lowest first.
    pub fn number(self, bytes: &[u8]) -> Number {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        let bits = u64::from_le_bytes(word);
        match self {
            Self::U8 | Self::U16 | Self::U32 | Self::U64 => Number::Whole(bits.into()),
            Self::I8 => Number::Whole((bits as i8).into()),
            Self::I16 => Number::Whole((bits as i16).into()),
            Self::I32 => Number::Whole((bits as i32).into()),
            Self::I64 => Number::Whole((bits as i64).into()),
            Self::F32 => Number::Float(f32::from_bits(bits as u32).into()),
            Self::F64 => Number::Float(f64::from_bits(bits)),
        }
    }
}

/// Many numbers as they stand in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    pub(super) kind: NumberType,
    pub(super) bytes: Vec<u8>,
}

impl Numbers {
    /// Each of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = f64> {
        self.bytes.chunks_exact(self.kind.bytes()).map(|bytes| self.kind.number(bytes).into())
    }
}

/// Many texts in one piece of memory: a vocabulary has 150,000 of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    joined: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    /// Adds one; the caller sees to it that all of them have less than 4 GiB.
    pub(super) fn push(&mut self, text: &str) {
        self.joined.push_str(text);
        self.ends.push(self.joined.len() as u32);
    }

    /// Each of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let text = &self.joined[start..end as usize];
            start = end as usize;
            text
        })
    }
}

/// The keys of a GGUF file and their values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    pub(super) values: BTreeMap<String, Value>,
}

impl Metadata {
    fn typed<'a, T>(
        &'a self,
        key: &str,
        wanted: &'static str,
        convert: impl FnOnce(&'a Value) -> Option<T>,
    ) -> Result<Option<T>, KeyError> {
        let Some(value) = self.values.get(key) else { return Ok(None) };
        convert(value).map(Some).ok_or_else(|| KeyError::Type { key: key.to_owned(), wanted })
    }

    /// A whole number that is not negative.
    ///
    /// # Errors
    ///
    /// [`KeyError::Type`].
    pub fn count(&self, key: &str) -> Result<Option<usize>, KeyError> {
        self.typed(key, "a count", |value| match value {
            Value::Number(Number::Whole(whole)) => usize::try_from(*whole).ok(),
            _ => None,
        })
    }

    /// A number, whole or not.
    ///
    /// # Errors
    ///
    /// [`KeyError::Type`].
    pub fn number(&self, key: &str) -> Result<Option<f64>, KeyError> {
        self.typed(key, "a number", |value| match value {
            Value::Number(number) => Some((*number).into()),
            _ => None,
        })
    }

    /// Yes or no.
    ///
    /// # Errors
    ///
    /// [`KeyError::Type`].
    pub fn truth(&self, key: &str) -> Result<Option<bool>, KeyError> {
        self.typed(key, "a truth value", |value| match value {
            Value::Truth(truth) => Some(*truth),
            _ => None,
        })
    }

    /// A text.
    ///
    /// # Errors
    ///
    /// [`KeyError::Type`].
    pub fn text(&self, key: &str) -> Result<Option<&str>, KeyError> {
        self.typed(key, "a text", |value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// A list of numbers.
    ///
    /// # Errors
    ///
    /// [`KeyError::Type`].
    pub fn numbers(&self, key: &str) -> Result<Option<&Numbers>, KeyError> {
        self.typed(key, "a list of numbers", |value| match value {
            Value::Numbers(numbers) => Some(numbers),
            _ => None,
        })
    }

    /// A list of texts.
    ///
    /// # Errors
    ///
    /// [`KeyError::Type`].
    pub fn texts(&self, key: &str) -> Result<Option<&Texts>, KeyError> {
        self.typed(key, "a list of texts", |value| match value {
            Value::Texts(texts) => Some(texts),
            _ => None,
        })
    }
}

/// What is asked for must be there.
///
/// # Errors
///
/// [`KeyError::Missing`], and what `found` is.
pub fn required<T>(key: &str, found: Result<Option<T>, KeyError>) -> Result<T, KeyError> {
    found?.ok_or_else(|| KeyError::Missing(key.to_owned()))
}
