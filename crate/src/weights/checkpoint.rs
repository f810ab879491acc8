use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use safetensors::tensor::Metadata;
use serde::Deserialize;

use super::fragments::{Fragment, Fragments, Shard, Stored, TensorInfo};
use super::gguf::{self, GgufModel};
use super::names::{Join, Names};
use super::{Files, Part, Read, Source, WeightsError};
use crate::kernels::format::Format;

pub(super) const SINGLE: &str = "model.safetensors";
pub(super) const INDEX: &str = "model.safetensors.index.json";

/// A safetensors header may not be longer, as in the format's own library.
const LONGEST_HEADER: u64 = 100_000_000;

/// The tensors of a checkpoint: safetensors, in one file or an index with shards, or GGUF.
///
/// Opening reads headers only. Reading a tensor holds its numbers as f32 and a piece of the file, nothing else.
pub struct Checkpoint {
    shards: Vec<Shard>,
    tensors: BTreeMap<String, Stored>,
    /// Under which names a tensor of the model may stand, the likeliest first.
    names: fn(Part, &str) -> Vec<Names>,
    /// In which matrices are given.
    pub(super) format: Format,
}

#[derive(Deserialize)]
struct Index {
    weight_map: HashMap<String, String>,
}

impl Checkpoint {
    /// Opens `model.safetensors`, or else `model.safetensors.index.json` and every shard it names; where there is
    /// neither and there are GGUF files, those (see [`GgufModel::open`]).
    ///
    /// # Errors
    ///
    /// A file that is missing, unreadable or damaged, headers that lie about offsets or sizes included.
    pub fn open(files: &dyn Files) -> Result<Self, WeightsError> {
        let missing = || WeightsError::MissingFile { place: files.place(), file: format!("{SINGLE} or {INDEX}") };
        Self::among(files)?.ok_or_else(missing)
    }

    /// The same; `None` where no weights are at all.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn among(files: &dyn Files) -> Result<Option<Self>, WeightsError> {
        if let Some(model) = GgufModel::open(files)? {
            return Self::from_gguf(model).map(Some);
        }
        let names = |part: Part, tensor: &str| {
            part.names(tensor).map(|name| Names { fragments: vec![name], join: Join::Rows }).to_vec()
        };
        let mut checkpoint = Self::empty(names);
        if let Some(source) = files.open(SINGLE)? {
            checkpoint.add(SINGLE, source)?;
            return Ok(Some(checkpoint));
        }
        let Some(index) = files.read(INDEX)? else {
            return Ok(None);
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
        Ok(Some(checkpoint))
    }

    fn from_gguf(model: GgufModel) -> Result<Self, WeightsError> {
        let mut checkpoint = Self::empty(gguf::names);
        for file in model.into_files() {
            let shard = checkpoint.shards.len();
            for (name, start, info) in file.tensors {
                checkpoint.insert(name, Stored { shard, start, info }, &file.name)?;
            }
            checkpoint.shards.push(Shard { file: file.name, source: file.source });
        }
        Ok(checkpoint)
    }

    fn empty(names: fn(Part, &str) -> Vec<Names>) -> Self {
        Self { shards: Vec::new(), tensors: BTreeMap::new(), names, format: Format::default() }
    }

    /// Codes matrices in `format` as they are read; f32 unless this is said.
    pub fn in_format(self, format: Format) -> Self {
        Self { format, ..self }
    }

    fn insert(&mut self, name: String, tensor: Stored, file: &str) -> Result<(), WeightsError> {
        if self.tensors.contains_key(&name) {
            return Err(damaged(file, format!("another shard holds {name} too")));
        }
        self.tensors.insert(name, tensor);
        Ok(())
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
        self.shards.push(Shard { file: file.to_owned(), source });
        for (name, info) in header.tensors() {
            let (start, end) = info.data_offsets;
            let start_in_file = data_start + start as u64;
            let info = TensorInfo::new(info.dtype.into(), info.shape.clone(), end - start);
            self.insert(name, Stored { shard, start: start_in_file, info }, file)?;
        }
        Ok(())
    }

    /// Every tensor, by its name in the file.
    pub fn tensors(&self) -> impl Iterator<Item = (&str, &TensorInfo)> {
        self.tensors.iter().map(|(name, stored)| (name.as_str(), &stored.info))
    }

    /// What the header says of `tensor` of `part`, checked against `shape`, and the name under which it, or the first
    /// of its fragments, stands.
    ///
    /// # Errors
    ///
    /// The tensor is missing or of another shape.
    pub fn info(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<(&str, TensorInfo), WeightsError> {
        let fragments = self.find(part, tensor)?;
        let info = fragments.info()?;
        if info.shape == shape {
            return Ok((fragments.name(), info));
        }
        Err(WeightsError::Shape { name: fragments.name().to_owned(), found: info.shape, expected: shape.to_vec() })
    }

    /// `tensor` of `part`, which must have `shape`, as it lies in files.
    pub(super) fn fragments(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<Fragments<'_>, WeightsError> {
        self.info(part, tensor, shape)?;
        self.find(part, tensor)
    }

    fn find(&self, part: Part, tensor: &str) -> Result<Fragments<'_>, WeightsError> {
        let alternatives = (self.names)(part, tensor);
        let found = alternatives.iter().find_map(|Names { fragments, join }| {
            let fragment = |name| {
                let (name, stored) = self.tensors.get_key_value(name)?;
                Some(Fragment { name, shard: &self.shards[stored.shard], stored })
            };
            Some(Fragments { fragments: fragments.iter().map(fragment).collect::<Option<Vec<_>>>()?, join: *join })
        });
        found.ok_or_else(|| {
            let mut missing = alternatives.iter().flat_map(|names| &names.fragments);
            let name = missing.find(|name| !self.tensors.contains_key(*name)).map_or(tensor, String::as_str);
            WeightsError::MissingTensor { name: name.to_owned() }
        })
    }

    /// Reads `rows` of `tensor` of `part` as f32, checked against the whole tensor's `shape` and for NaN and infinities.
    /// A row is what stands at one index of the first axis; the caller asks for rows that `shape` has.
    ///
    /// # Errors
    ///
    /// As [`info`](Self::info); the tensor is of another format, holds a value that is not finite, or cannot be read.
    pub fn read(&self, part: Part, tensor: &str, shape: &[usize], rows: Range<usize>) -> Result<Read, WeightsError> {
        self.fragments(part, tensor, shape)?.read(rows)
    }
}

/// Whether `name` names a file and nothing else: no directory, no way out of one.
pub(super) fn is_plain(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && !name.contains(['/', '\\', ':', '\0'])
}

pub(super) fn damaged(file: &str, reason: String) -> WeightsError {
    WeightsError::Damaged { file: file.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use half::bf16;

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
