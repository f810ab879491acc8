use std::io;

use super::metadata::{Metadata, NumberType, Numbers, Texts, Value};
use crate::weights::checkpoint::damaged;
use crate::weights::{Encoding, Source, TensorInfo, WeightsError};

/// A header may not be longer. Qwen2.5's has 6 MB, most of it the vocabulary.
const LONGEST_HEADER: u64 = 64 << 20;

/// Nor have more keys or tensors than any model; what a header says before it has said it is not believed.
const MOST: u64 = 1 << 16;

/// The longest name of a key or a tensor.
const LONGEST_NAME: u64 = u16::MAX as u64;

/// What is read of a header at a time.
const CHUNK: u64 = 1 << 16;

/// A GGUF file whose header has been read.
pub(in crate::weights) struct GgufFile {
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub source: Box<dyn Source>,
    /// What its header says beside the tensors.
    pub metadata: Metadata,
    /// Its tensors, each with where it begins in the file.
    pub tensors: Vec<(String, u64, TensorInfo)>,
}

impl GgufFile {
    /// Reads the header, and nothing of the weights.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Damaged`] where anything in it is not as it can be, [`WeightsError::Foreign`] for other
    /// versions, [`WeightsError::Quantisation`] for tensors that streamo does not read, [`WeightsError::Read`].
    pub fn open(name: &str, source: Box<dyn Source>) -> Result<Self, WeightsError> {
        let mut cursor = Cursor::new(name, source.as_ref());
        if cursor.array("its first word")? != *b"GGUF" {
            return Err(damaged(name, "it does not begin with GGUF".to_owned()));
        }
        let version = u32::from_le_bytes(cursor.array("its version")?);
        if !matches!(version, 2 | 3) {
            let what = match version.swap_bytes() {
                1..=3 => "a big-endian GGUF file".to_owned(),
                _ => format!("a GGUF file of version {version}"),
            };
            return Err(WeightsError::Foreign { file: name.to_owned(), what });
        }
        let tensors = cursor.count("tensors")?;
        let keys = cursor.count("keys")?;
        let mut metadata = Metadata::default();
        for _ in 0..keys {
            let key = cursor.name("a key")?;
            let value = cursor.value(&key)?;
            if metadata.values.insert(key.clone(), value).is_some() {
                return Err(damaged(name, format!("it has two keys {key}")));
            }
        }
        let mut described = Vec::new();
        for _ in 0..tensors {
            described.push(cursor.tensor()?);
        }
        let alignment = match metadata.count("general.alignment") {
            Ok(alignment) => alignment.unwrap_or(32) as u64,
            Err(error) => return Err(damaged(name, error.to_string())),
        };
        if !alignment.is_power_of_two() || alignment > LONGEST_HEADER {
            return Err(damaged(name, format!("its general.alignment is {alignment}")));
        }
        let start = cursor.at.next_multiple_of(alignment);
        place(name, &mut described, alignment, start, source.size())?;
        Ok(Self { name: name.to_owned(), source, metadata, tensors: described })
    }
}

/// Makes of each tensor's offset into the weights, which begin at `start`, where it begins in the file.
fn place(
    file: &str,
    tensors: &mut [(String, u64, TensorInfo)],
    alignment: u64,
    start: u64,
    size: u64,
) -> Result<(), WeightsError> {
    tensors.sort_by(|(name, ..), (other, ..)| name.cmp(other));
    if let Some([(name, ..), _]) = tensors.array_windows().find(|[(name, ..), (other, ..)]| name == other) {
        return Err(damaged(file, format!("it has two tensors {name}")));
    }
    let weights = size.saturating_sub(start);
    for (name, offset, info) in tensors.iter() {
        if !offset.is_multiple_of(alignment) {
            return Err(damaged(file, format!("tensor {name} begins at {offset}, no multiple of {alignment}")));
        }
        if offset.checked_add(info.bytes() as u64).is_none_or(|end| end > weights) {
            let bytes = info.bytes();
            return Err(damaged(
                file,
                format!("tensor {name} has {bytes} bytes from {offset} on, and there are {weights} of weights"),
            ));
        }
    }
    tensors.sort_by_key(|(_, offset, info)| (*offset, info.bytes()));
    for [(name, offset, info), (next, next_offset, _)] in tensors.array_windows() {
        if offset + info.bytes() as u64 > *next_offset {
            return Err(damaged(file, format!("tensors {name} and {next} overlap")));
        }
    }
    tensors.iter_mut().for_each(|(_, offset, _)| *offset += start);
    Ok(())
}

/// Reads a header from front to back, and never past its end.
struct Cursor<'a> {
    file: &'a str,
    source: &'a dyn Source,
    /// Where the next byte is.
    at: u64,
    /// Where no header reaches.
    end: u64,
    /// The bytes around `at`.
    chunk: Vec<u8>,
    /// Where they begin.
    start: u64,
}

impl<'a> Cursor<'a> {
    fn new(file: &'a str, source: &'a dyn Source) -> Self {
        Self { file, source, at: 0, end: source.size().min(LONGEST_HEADER), chunk: Vec::new(), start: 0 }
    }

    fn damaged(&self, reason: String) -> WeightsError {
        damaged(self.file, reason)
    }

    /// That many bytes follow, or `what` is the one that lies.
    fn check(&self, bytes: u64, what: &str) -> Result<(), WeightsError> {
        let left = self.end - self.at;
        match bytes <= left {
            true => Ok(()),
            false => Err(self.damaged(format!("{what} needs {bytes} bytes and {left} of its header can follow"))),
        }
    }

    fn fill(&mut self, mut buffer: &mut [u8], what: &str) -> Result<(), WeightsError> {
        self.check(buffer.len() as u64, what)?;
        while !buffer.is_empty() {
            let inside = (self.at - self.start) as usize;
            if inside >= self.chunk.len() {
                let length = CHUNK.min(self.end - self.at) as usize;
                self.chunk.resize(length, 0);
                self.start = self.at;
                let failed = |source: io::Error| WeightsError::Read { file: self.file.to_owned(), source };
                self.source.read_at(self.at, &mut self.chunk).map_err(failed)?;
                continue;
            }
            let count = buffer.len().min(self.chunk.len() - inside);
            let (now, later) = buffer.split_at_mut(count);
            now.copy_from_slice(&self.chunk[inside..][..count]);
            self.at += count as u64;
            buffer = later;
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], WeightsError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    fn bytes(&mut self, count: u64, what: &str) -> Result<Vec<u8>, WeightsError> {
        self.check(count, what)?;
        let mut bytes = vec![0; count as usize];
        self.fill(&mut bytes, what)?;
        Ok(bytes)
    }

    fn word(&mut self, what: &str) -> Result<u32, WeightsError> {
        self.array(what).map(u32::from_le_bytes)
    }

    fn long(&mut self, what: &str) -> Result<u64, WeightsError> {
        self.array(what).map(u64::from_le_bytes)
    }

    fn count(&mut self, things: &str) -> Result<u64, WeightsError> {
        let count = self.long(things)?;
        match count <= MOST {
            true => Ok(count),
            false => Err(self.damaged(format!("it announces {count} {things}"))),
        }
    }

    fn text(&mut self, what: &str) -> Result<String, WeightsError> {
        let length = self.long(what)?;
        let bytes = self.bytes(length, what)?;
        String::from_utf8(bytes).map_err(|_| self.damaged(format!("{what} is not UTF-8")))
    }

    fn name(&mut self, what: &str) -> Result<String, WeightsError> {
        let before = self.at;
        let name = self.text(what)?;
        match self.at - before - 8 <= LONGEST_NAME {
            true => Ok(name),
            false => Err(self.damaged(format!("{what} has a name of {} bytes", name.len()))),
        }
    }

    fn value(&mut self, key: &str) -> Result<Value, WeightsError> {
        const TRUTH: u32 = 7;
        const TEXT: u32 = 8;
        const LIST: u32 = 9;
        let what = format!("its key {key}");
        match self.word(&what)? {
            TRUTH => match self.array(&what)? {
                [truth @ (0 | 1)] => Ok(Value::Truth(truth == 1)),
                [other] => Err(self.damaged(format!("{what} is neither true nor false but {other}"))),
            },
            TEXT => self.text(&what).map(Value::Text),
            LIST => {
                let kind = self.word(&what)?;
                let count = self.long(&what)?;
                match kind {
                    TEXT => self.texts(count, &what).map(Value::Texts),
                    LIST => Err(self.damaged(format!("{what} is a list of lists, which no model has"))),
                    TRUTH => self.numbers(NumberType::U8, count, &what),
                    other => self.numbers(self.number_type(other, &what)?, count, &what),
                }
            }
            other => {
                let kind = self.number_type(other, &what)?;
                Ok(Value::Number(kind.number(&self.bytes(kind.bytes() as u64, &what)?)))
            }
        }
    }

    fn number_type(&self, number: u32, what: &str) -> Result<NumberType, WeightsError> {
        NumberType::of(number).ok_or_else(|| self.damaged(format!("{what} is of type {number}, which does not exist")))
    }

    fn numbers(&mut self, kind: NumberType, count: u64, what: &str) -> Result<Value, WeightsError> {
        let bytes = self.bytes(count.saturating_mul(kind.bytes() as u64), what)?;
        Ok(Value::Numbers(Numbers { kind, bytes }))
    }

    fn texts(&mut self, count: u64, what: &str) -> Result<Texts, WeightsError> {
        // Each has its length before it.
        self.check(count.saturating_mul(8), what)?;
        let mut texts = Texts::default();
        for _ in 0..count {
            texts.push(&self.text(what)?);
        }
        Ok(texts)
    }

    /// A tensor and its offset into the weights.
    fn tensor(&mut self) -> Result<(String, u64, TensorInfo), WeightsError> {
        const MOST_AXES: u32 = 4;
        let name = self.name("a tensor")?;
        let what = format!("tensor {name}");
        let axes = self.word(&what)?;
        if axes > MOST_AXES {
            return Err(self.damaged(format!("{what} has {axes} axes")));
        }
        let mut shape = Vec::new();
        for _ in 0..axes {
            let side = self.long(&what)?;
            shape.push(usize::try_from(side).map_err(|_| self.damaged(format!("{what} has an axis of {side}")))?);
        }
        // ggml counts axes from the one along which numbers lie together.
        shape.reverse();
        let format = Encoding::from_ggml(self.word(&what)?);
        let offset = self.long(&what)?;
        let Some((numbers, bytes)) = format.block() else {
            return Err(WeightsError::Quantisation { name, format: format.to_string() });
        };
        let columns = shape.last().copied().unwrap_or(1);
        if !columns.is_multiple_of(numbers) {
            return Err(self.damaged(format!("{what} has rows of {columns} numbers in blocks of {numbers}")));
        }
        let total = shape.iter().try_fold(1, |product: usize, &side| product.checked_mul(side));
        let bytes = total.and_then(|total| (total / numbers).checked_mul(bytes));
        let Some(bytes) = bytes else {
            return Err(self.damaged(format!("{what} has the shape {shape:?}, which is no tensor's")));
        };
        Ok((name, offset, TensorInfo::new(format, shape, bytes)))
    }
}
