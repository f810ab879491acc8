//! A shard: a safetensors file of whole 32-bit words.

use std::ops::Range;

use safetensors::tensor::Metadata;
use safetensors::{Dtype, SafeTensors};

use super::PackedFile;
use super::manifest::damaged;
use crate::weights::{Files, WeightsError};

/// The names of a matrix's two tensors.
pub(super) fn names(matrix: &str) -> [String; 2] {
    [format!("{matrix}.words"), format!("{matrix}.scales")]
}

/// A shard in memory, which is what its manifest says.
#[derive(Debug)]
pub(super) struct Shard {
    file: String,
    bytes: Vec<u8>,
    data: usize,
    header: Metadata,
}

impl Shard {
    /// Reads and verifies the whole of `shard`.
    pub fn read(files: &dyn Files, shard: &PackedFile) -> Result<Self, WeightsError> {
        let file = &shard.name;
        let read = |source| WeightsError::Read { file: file.clone(), source };
        let source = open(files, shard)?;
        let mut bytes = Vec::new();
        // No more than LARGEST_SHARD, as the manifest was checked for.
        bytes.try_reserve_exact(shard.bytes as usize).map_err(|_| read(std::io::ErrorKind::OutOfMemory.into()))?;
        bytes.resize(shard.bytes as usize, 0);
        source.read_at(0, &mut bytes).map_err(read)?;
        shard.verify(&bytes)?;
        let (header, metadata) = SafeTensors::read_metadata(&bytes)
            .map_err(|error| damaged(file, format!("its header is not valid ({error})")))?;
        Ok(Self { file: file.clone(), data: size_of::<u64>() + header, bytes, header: metadata })
    }

    /// The words of some `rows` of the tensor `name`, which must be of `format` and `shape` here.
    pub fn rows(
        &self,
        name: &str,
        format: Dtype,
        shape: &[usize],
        rows: Range<usize>,
    ) -> Result<impl ExactSizeIterator<Item = u32> + '_, WeightsError> {
        let Some(info) = self.header.info(name) else {
            return Err(self.damaged(format!("it has no {name}")));
        };
        if (info.dtype, &*info.shape) != (format, shape) {
            let reason = format!("{name} is {:?} {:?} and should be {format:?} {shape:?}", info.dtype, info.shape);
            return Err(self.damaged(reason));
        }
        // The library has checked that the offsets are those of the shape, and inside.
        let (start, end) = info.data_offsets;
        let row = (end - start) / shape[0].max(1);
        let start = self.data + start;
        let bytes = &self.bytes[start + rows.start * row..start + rows.end * row];
        Ok(bytes.as_chunks().0.iter().map(|&word| u32::from_le_bytes(word)))
    }

    /// Something is wrong with it.
    pub fn damaged(&self, reason: String) -> WeightsError {
        damaged(&self.file, reason)
    }
}

/// Opens a shard and looks at its size.
pub(super) fn open(files: &dyn Files, shard: &PackedFile) -> Result<Box<dyn crate::weights::Source>, WeightsError> {
    let missing = || WeightsError::PackIncomplete { place: files.place(), file: shard.name.clone() };
    let source = files.open(&shard.name)?.ok_or_else(missing)?;
    shard.verify_size(source.size())?;
    Ok(source)
}
