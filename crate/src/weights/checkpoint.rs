use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use half::{bf16, f16};
use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::Deserialize;

use super::{Files, Part, Source, WeightsError};
use crate::kernels::format::Format;

const SINGLE: &str = "model.safetensors";
const INDEX: &str = "model.safetensors.index.json";

/// A safetensors header may not be longer, as in the format's own library.
const LONGEST_HEADER: u64 = 100_000_000;

/// The tensors of a checkpoint, in one file or an index with shards.
///
/// Opening reads headers only. Reading a tensor holds its numbers as f32 and a piece of the file, nothing else.
pub struct Checkpoint {
    shards: Vec<Shard>,
    tensors: BTreeMap<String, (usize, TensorInfo)>,
    pub(super) format: Format,
}

struct Shard {
    file: String,
    source: Box<dyn Source>,
    data_start: u64,
}

/// What a header says of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its number format.
    pub format: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    range: (usize, usize),
}

impl TensorInfo {
    /// Its size in the file, in bytes.
    pub fn bytes(&self) -> usize {
        self.range.1 - self.range.0
    }
}

/// A tensor as it was read.
#[derive(Debug)]
pub struct Read {
    /// Its numbers, row by row.
    pub values: Vec<f32>,
    /// Its size in the file.
    pub bytes: u64,
}

#[derive(Deserialize)]
struct Index {
    weight_map: HashMap<String, String>,
}

impl Checkpoint {
    /// Opens `model.safetensors`, or else `model.safetensors.index.json` and every shard it names.
    ///
    /// # Errors
    ///
    /// A file that is missing, unreadable or damaged, headers that lie about offsets or sizes included.
    pub fn open(files: &dyn Files) -> Result<Self, WeightsError> {
        let mut checkpoint = Self { shards: Vec::new(), tensors: BTreeMap::new(), format: Format::default() };
        if let Some(source) = files.open(SINGLE)? {
            checkpoint.add(SINGLE, source)?;
            return Ok(checkpoint);
        }
        let Some(index) = files.read(INDEX)? else {
            return Err(WeightsError::MissingFile { place: files.place(), file: format!("{SINGLE} or {INDEX}") });
        };
        let index: Index = serde_json::from_slice(&index).map_err(|error| damaged(INDEX, error.to_string()))?;
        let mut names: Vec<&String> = index.weight_map.values().collect();
        names.sort();
        names.dedup();
        for name in names {
            if !is_plain(name) {
                let reason = format!("its shard {name:?} is not a plain file name");
                return Err(damaged(INDEX, reason));
            }
            let source = files
                .open(name)?
                .ok_or_else(|| WeightsError::MissingShard { place: files.place(), file: name.clone() })?;
            checkpoint.add(name, source)?;
        }
        Ok(checkpoint)
    }

    /// Codes matrices in `format` as they are read; f32 unless this is said.
    pub fn in_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    fn add(&mut self, file: &str, source: Box<dyn Source>) -> Result<(), WeightsError> {
        let read = |source| WeightsError::Read { file: file.to_owned(), source };
        let size = source.size();
        if size < 8 {
            return Err(damaged(file, format!("it has only {size} bytes")));
        }
        let mut length = [0; 8];
        source.read_at(0, &mut length).map_err(read)?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER || length > size - 8 {
            return Err(damaged(file, format!("it announces a header of {length} bytes in {size} bytes")));
        }
        let mut header = vec![0; length as usize];
        source.read_at(8, &mut header).map_err(read)?;
        let header: Metadata = serde_json::from_slice(&header)
            .map_err(|error| damaged(file, format!("its header is not valid ({error})")))?;
        let data_start = 8 + length;
        let announced = header.data_len() as u64;
        if announced != size - data_start {
            return Err(damaged(
                file,
                format!("its header announces {announced} bytes of weights and {} follow", size - data_start),
            ));
        }
        let shard = self.shards.len();
        self.shards.push(Shard { file: file.to_owned(), source, data_start });
        for (name, info) in header.tensors() {
            let info = TensorInfo { format: info.dtype, shape: info.shape.clone(), range: info.data_offsets };
            if self.tensors.insert(name.clone(), (shard, info)).is_some() {
                return Err(damaged(file, format!("another shard holds {name} too")));
            }
        }
        Ok(())
    }

    /// Every tensor, by its name in the file.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &TensorInfo)> {
        self.tensors.iter().map(|(name, (_, info))| (name.as_str(), info))
    }

    /// Whether `tensor` of `part` is there under any of its names.
    pub fn contains(&self, part: Part, tensor: &str) -> bool {
        part.names(tensor).iter().any(|name| self.tensors.contains_key(name))
    }

    /// What the header says of `tensor` of `part`, checked against `shape`, and the name under which it stands.
    ///
    /// # Errors
    ///
    /// The tensor is missing or of another shape.
    pub fn info(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<(&str, &TensorInfo), WeightsError> {
        let (name, (_, info)) = self.find(part, tensor)?;
        if info.shape == shape {
            return Ok((name, info));
        }
        Err(WeightsError::Shape { name: name.clone(), found: info.shape.clone(), expected: shape.to_vec() })
    }

    fn find(&self, part: Part, tensor: &str) -> Result<(&String, &(usize, TensorInfo)), WeightsError> {
        let [newest, oldest] = part.names(tensor);
        let found = self.tensors.get_key_value(&newest).or_else(|| self.tensors.get_key_value(&oldest));
        found.ok_or(WeightsError::MissingTensor { name: newest })
    }

    /// Reads `rows` of `tensor` of `part` as f32, checked against the whole tensor's `shape` and for NaN and infinities.
    /// A row is what stands at one index of the first axis; the caller asks for rows that `shape` has.
    ///
    /// # Errors
    ///
    /// As [`info`](Self::info); the tensor is of another format, holds a value that is not finite, or cannot be read.
    pub fn read(&self, part: Part, tensor: &str, shape: &[usize], rows: Range<usize>) -> Result<Read, WeightsError> {
        self.info(part, tensor, shape)?;
        let (name, (shard, info)) = self.find(part, tensor)?;
        let widen = widening(info.format)
            .ok_or_else(|| WeightsError::Format { name: name.clone(), format: format!("{:?}", info.format) })?;
        let shard = &self.shards[*shard];
        let failed = |source| WeightsError::Read { file: shard.file.clone(), source };
        let numbers: usize = shape[1..].iter().product();
        let mut values = Vec::new();
        values.try_reserve_exact(rows.len() * numbers).map_err(|_| failed(std::io::ErrorKind::OutOfMemory.into()))?;

        let row = info.bytes() / shape[0].max(1);
        let bytes = (rows.len() * row) as u64;
        let start = shard.data_start + (info.range.0 + rows.start * row) as u64;
        let mut piece = vec![0; bytes.min(PIECE) as usize];
        for offset in (0..bytes).step_by(PIECE as usize) {
            piece.truncate((bytes - offset) as usize);
            shard.source.read_at(start + offset, &mut piece).map_err(failed)?;
            let before = values.len();
            widen(&piece, &mut values);
            if let Some(index) = values[before..].iter().position(|value| !value.is_finite()) {
                let (value, index) = (values[before + index], rows.start * numbers + before + index);
                return Err(WeightsError::NotFinite { name: name.clone(), value, index });
            }
        }
        Ok(Read { values, bytes })
    }
}

/// Bytes of a tensor that are in memory in the file's own format at a time; whole words of every format.
const PIECE: u64 = 1 << 20;

/// Whether `name` names a file and nothing else: no directory, no way out of one.
pub(super) fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', ':', '\0'])
}

fn damaged(file: &str, reason: String) -> WeightsError {
    WeightsError::Damaged { file: file.to_owned(), reason }
}

type Widening = fn(&[u8], &mut Vec<f32>);

/// How to widen little-endian numbers of a format to f32; `None` for formats that hold no such numbers.
fn widening(format: Dtype) -> Option<Widening> {
    fn widen<const N: usize>(bytes: &[u8], values: &mut Vec<f32>, one: impl Fn([u8; N]) -> f32) {
        values.extend(bytes.as_chunks::<N>().0.iter().map(|&word| one(word)));
    }
    match format {
        Dtype::F32 => Some(|bytes, values| widen(bytes, values, f32::from_le_bytes)),
        Dtype::F16 => Some(|bytes, values| widen(bytes, values, |word| f16::from_le_bytes(word).to_f32())),
        Dtype::BF16 => Some(|bytes, values| widen(bytes, values, |word| bf16::from_le_bytes(word).to_f32())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Embedded;
    use super::*;

    /// A checkpoint of one tensor, `model.x`, of `shape`.
    fn holding(format: &str, shape: [usize; 2], data: Vec<u8>) -> Checkpoint {
        let header = format!(
            "{{\"model.x\":{{\"dtype\":\"{format}\",\"shape\":{shape:?},\"data_offsets\":[0,{}]}}}}",
            data.len()
        );
        let file = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat();
        let files = vec![(SINGLE, &*file.leak())].leak();
        Checkpoint::open(&Embedded { name: "a test", files }).unwrap()
    }

    /// Several pieces of reading, and a last one that is not full.
    const SHAPE: [usize; 2] = [1_100, 700];

    fn numbers() -> Vec<f32> {
        (0..SHAPE[0] * SHAPE[1]).map(|number| number as f32 * 0.5).collect()
    }

    #[test]
    fn any_rows_of_any_format_are_read_as_they_stand() {
        let bytes = numbers().iter().flat_map(|number| number.to_le_bytes()).collect();
        let f32s = holding("F32", SHAPE, bytes);
        let bytes = numbers().iter().flat_map(|&number| bf16::from_f32(number).to_le_bytes()).collect();
        let bf16s = holding("BF16", SHAPE, bytes);
        for rows in [0..SHAPE[0], 0..1, 3..1_000, 1_099..1_100, 7..7] {
            let wanted = &numbers()[rows.start * SHAPE[1]..rows.end * SHAPE[1]];
            let read = |checkpoint: &Checkpoint| checkpoint.read(Part::Language, "x", &SHAPE, rows.clone()).unwrap();
            assert_eq!(read(&f32s).values, wanted);
            assert_eq!(read(&f32s).bytes, wanted.len() as u64 * 4);
            assert!(
                read(&bf16s)
                    .values
                    .iter()
                    .zip(wanted)
                    .all(|(found, number)| *found == bf16::from_f32(*number).to_f32())
            );
            assert_eq!(read(&bf16s).bytes, wanted.len() as u64 * 2);
        }
    }

    #[test]
    fn what_is_not_finite_is_found_wherever_it_stands() {
        for place in [0, 262_143, 262_144, 600_001, SHAPE[0] * SHAPE[1] - 1] {
            let mut spoilt = numbers();
            spoilt[place] = f32::INFINITY;
            let checkpoint = holding("F32", SHAPE, spoilt.iter().flat_map(|number| number.to_le_bytes()).collect());
            for rows in [0..SHAPE[0], place / SHAPE[1]..SHAPE[0]] {
                let error = checkpoint.read(Part::Language, "x", &SHAPE, rows).unwrap_err().to_string();
                assert!(error.starts_with(&format!("tensor model.x holds inf at element {place}: ")), "{error}");
            }
        }
    }
}
