//! A tensor of the model as it lies in files: whole, or in fragments that make it up.

use std::ops::Range;

use half::f16;

use super::names::Join;
use super::{Encoding, Read, Source, WeightsError};

/// A file of weights.
pub(super) struct Shard {
    pub file: String,
    pub source: Box<dyn Source>,
}

/// A tensor of a file, and where it is.
pub(super) struct Stored {
    /// Which of the checkpoint's shards holds it.
    pub shard: usize,
    /// Its first byte there.
    pub start: u64,
    /// What the header says of it.
    pub info: TensorInfo,
}

/// What a header says of a tensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its number format; of a tensor in fragments, the first one's.
    pub format: Encoding,
    /// Its shape.
    pub shape: Vec<usize>,
    bytes: usize,
}

impl TensorInfo {
    /// `bytes` is what `shape` takes in `format`.
    pub(super) fn new(format: Encoding, shape: Vec<usize>, bytes: usize) -> Self {
        Self { format, shape, bytes }
    }

    /// Its size in the file, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Bytes of a tensor that are in memory in the file's own format at a time.
const CHUNK: usize = 1 << 20;

/// One fragment of a tensor.
pub(super) struct Fragment<'a> {
    pub name: &'a str,
    pub shard: &'a Shard,
    pub stored: &'a Stored,
}

/// All fragments of a tensor: one at least.
pub(super) struct Fragments<'a> {
    pub fragments: Vec<Fragment<'a>>,
    pub join: Join,
}

impl<'a> Fragments<'a> {
    /// The name of the first.
    pub fn name(&self) -> &'a str {
        self.fragments[0].name
    }

    /// What the headers say of the whole.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Shape`] where the fragments do not fit together.
    pub fn info(&self) -> Result<TensorInfo, WeightsError> {
        let first = &self.fragments[0].stored.info;
        let mut shape = first.shape.clone();
        for fragment in &self.fragments[1..] {
            let next = &fragment.stored.info.shape;
            let fits = match self.join {
                Join::Rows => next.get(1..) == first.shape.get(1..),
                Join::Frames => *next == first.shape,
            };
            if !fits {
                let (found, expected) = (next.clone(), first.shape.clone());
                return Err(WeightsError::Shape { name: fragment.name.to_owned(), found, expected });
            }
            if let (Join::Rows, Some(rows), Some(more)) = (self.join, shape.first_mut(), next.first()) {
                *rows = rows.saturating_add(*more);
            }
        }
        if let (Join::Frames, 4) = (self.join, shape.len()) {
            shape.insert(2, self.fragments.len());
        }
        let bytes = self.fragments.iter().map(|fragment| fragment.stored.info.bytes).fold(0, usize::saturating_add);
        Ok(TensorInfo { format: first.format.clone(), shape, bytes })
    }

    /// The fragments that have some of `rows`, and which of their own rows those are.
    fn within(&self, rows: Range<usize>) -> impl Iterator<Item = (&Fragment<'a>, Range<usize>)> {
        let mut start = 0;
        self.fragments.iter().filter_map(move |fragment| {
            let own = start..start + fragment.rows();
            start = own.end;
            let (from, to) = (rows.start.max(own.start), rows.end.min(own.end));
            (from < to).then(|| (fragment, from - own.start..to - own.start))
        })
    }

    /// `rows` as f32; the shape has been checked, and has them.
    pub fn read(&self, rows: Range<usize>) -> Result<Read, WeightsError> {
        match self.join {
            Join::Rows => {
                let mut read = self.room(rows.len() * self.fragments[0].row_numbers())?;
                for (fragment, rows) in self.within(rows) {
                    fragment.read(rows, &mut read)?;
                }
                Ok(read)
            }
            Join::Frames => self.read_frames(rows),
        }
    }

    /// `[rows, channels, frames, height · width]` from its frames `[rows, channels, height · width]`.
    fn read_frames(&self, rows: Range<usize>) -> Result<Read, WeightsError> {
        let numbers = rows.len() * self.fragments[0].row_numbers();
        let mut read = self.room(numbers * self.fragments.len())?;
        let mut frames = Vec::new();
        for fragment in &self.fragments {
            let mut frame = self.room(numbers)?;
            fragment.read(rows.clone(), &mut frame)?;
            read.bytes += frame.bytes;
            frames.push(frame.values);
        }
        let area: usize = self.fragments[0].stored.info.shape[2..].iter().product();
        for start in (0..numbers).step_by(area.max(1)) {
            for frame in &frames {
                read.values.extend_from_slice(&frame[start..][..area]);
            }
        }
        Ok(read)
    }

    /// Room for so many numbers; a header's word for them is not enough.
    fn room(&self, numbers: usize) -> Result<Read, WeightsError> {
        let mut values = Vec::new();
        let reserved = values.try_reserve_exact(numbers);
        reserved.map_err(|_| self.fragments[0].failed(std::io::ErrorKind::OutOfMemory.into()))?;
        Ok(Read { values, bytes: 0 })
    }

    /// What all of them are stored as, where that is one.
    pub fn encoding(&self) -> Option<&'a Encoding> {
        let first = &self.fragments[0].stored.info.format;
        self.fragments.iter().all(|fragment| fragment.stored.info.format == *first).then_some(first)
    }

    /// `rows` of a matrix as they stand in the files, in blocks that begin with their scale.
    pub fn blocks(&self, rows: Range<usize>) -> Result<Vec<u8>, WeightsError> {
        let mut bytes = Vec::new();
        for (fragment, rows) in self.within(rows) {
            let (start, length) = fragment.bytes_of(&rows);
            let before = bytes.len();
            let reserved = bytes.try_reserve_exact(length);
            reserved.map_err(|_| fragment.failed(std::io::ErrorKind::OutOfMemory.into()))?;
            bytes.resize(before + length, 0);
            fragment.shard.source.read_at(start, &mut bytes[before..]).map_err(|error| fragment.failed(error))?;
            fragment.check_scales(&bytes[before..], rows.start)?;
        }
        Ok(bytes)
    }
}

impl Fragment<'_> {
    fn rows(&self) -> usize {
        self.stored.info.shape.first().copied().unwrap_or(1)
    }

    /// Numbers of a row.
    fn row_numbers(&self) -> usize {
        self.stored.info.shape.iter().skip(1).product()
    }

    fn failed(&self, source: std::io::Error) -> WeightsError {
        WeightsError::Read { file: self.shard.file.clone(), source }
    }

    /// It is stored as what streamo does not read.
    fn unread(&self) -> WeightsError {
        WeightsError::Format { name: self.name.to_owned(), format: self.stored.info.format.to_string() }
    }

    /// Where `rows` begin in the file, and how many bytes they are.
    fn bytes_of(&self, rows: &Range<usize>) -> (u64, usize) {
        let row = self.stored.info.bytes / self.rows().max(1);
        (self.stored.start + rows.start as u64 * row as u64, rows.len() * row)
    }

    /// Whether all scales of `blocks`, which stand from row `start` on, are finite: then the weights are, too.
    fn check_scales(&self, blocks: &[u8], start: usize) -> Result<(), WeightsError> {
        let (numbers, bytes) = self.stored.info.format.block().ok_or_else(|| self.unread())?;
        for (index, block) in blocks.chunks_exact(bytes).enumerate() {
            let scale = f16::from_le_bytes([block[0], block[1]]).to_f32();
            if !scale.is_finite() {
                let index = start * self.row_numbers() + index * numbers;
                return Err(WeightsError::NotFinite { name: self.name.to_owned(), value: scale, index });
            }
        }
        Ok(())
    }

    /// Appends `rows` as f32.
    fn read(&self, rows: Range<usize>, read: &mut Read) -> Result<(), WeightsError> {
        let TensorInfo { format, .. } = &self.stored.info;
        let (Some(widen), Some((_, block))) = (format.widening(), format.block()) else {
            return Err(self.unread());
        };
        let (start, length) = self.bytes_of(&rows);
        let most = CHUNK - CHUNK % block;
        let first = read.values.len();
        let mut chunk = vec![0; length.min(most)];
        for offset in (0..length).step_by(most) {
            chunk.truncate(length - offset);
            self.shard.source.read_at(start + offset as u64, &mut chunk).map_err(|error| self.failed(error))?;
            let before = read.values.len();
            widen(&chunk, &mut read.values);
            if let Some(index) = read.values[before..].iter().position(|value| !value.is_finite()) {
                let value = read.values[before + index];
                let index = rows.start * self.row_numbers() + before - first + index;
                return Err(WeightsError::NotFinite { name: self.name.to_owned(), value, index });
            }
        }
        read.bytes += length as u64;
        Ok(())
    }
}
