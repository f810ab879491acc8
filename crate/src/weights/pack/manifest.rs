use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{LARGEST_SHARD, MANIFEST, UNFINISHED, VERSION};
use crate::kernels::format::Format;
use crate::weights::checkpoint::is_plain;
use crate::weights::coding::coding;
use crate::weights::{Files, WeightsError, format_name};

/// A manifest may not be longer; that of the largest model is a twentieth of it.
const LONGEST: u64 = 16 << 20;

/// What a pack holds, and where. See [`pack`](super).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`VERSION`].
    pub version: u32,
    /// The format of matrices.
    #[serde(with = "format_name")]
    pub weights: Format,
    /// The files that describe the model.
    pub files: Vec<PackedFile>,
    /// The files that hold its weights, in order.
    pub shards: Vec<PackedFile>,
    /// Its weights, in the order of loading.
    pub tensors: Vec<PackedTensor>,
}

/// A file of a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedFile {
    /// Its name in the pack's directory.
    pub name: String,
    /// Its size.
    pub bytes: u64,
    /// The SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
}

/// A tensor of a pack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedTensor {
    /// Its name.
    pub name: String,
    /// Its shape. What has two axes is a matrix, in the pack's format. What has more is f16, in a pack of f32 f32; a
    /// vector is f32.
    pub shape: Vec<usize>,
    /// Where its rows are, from the first on.
    pub rows: Vec<PackedRows>,
}

/// Some rows of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackedRows {
    /// The shard, counted from 0.
    pub shard: usize,
    /// How many rows it has.
    pub count: usize,
}

/// The SHA-256 of `bytes` as a manifest has it.
pub(super) fn hexadecimal(hash: impl AsRef<[u8]>) -> String {
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

impl PackedFile {
    /// Makes sure that `bytes` are this file's.
    ///
    /// # Errors
    ///
    /// [`WeightsError::PackDamaged`]: another size, or another hash.
    pub fn verify(&self, bytes: &[u8]) -> Result<(), WeightsError> {
        self.verify_size(bytes.len() as u64)?;
        let found = hexadecimal(Sha256::digest(bytes));
        if found != self.sha256 {
            let reason = format!("its SHA-256 is {found} and should be {}", self.sha256);
            return Err(damaged(&self.name, reason));
        }
        Ok(())
    }

    /// Makes sure that this file has as many bytes as are `found`.
    pub(super) fn verify_size(&self, found: u64) -> Result<(), WeightsError> {
        if found != self.bytes {
            return Err(damaged(&self.name, format!("it has {found} bytes and should have {}", self.bytes)));
        }
        Ok(())
    }
}

impl PackedTensor {
    /// Bytes of one row, all that stands at one index of the first axis, where matrices are in `matrices`.
    pub(super) fn row_bytes(&self, matrices: Format) -> u64 {
        coding(&self.shape, matrices).map_or(size_of::<f32>() as u64, |(format, columns)| format.row_bytes(columns))
    }

    /// Bytes of all rows, where matrices are in `matrices`.
    pub(super) fn bytes(&self, matrices: Format) -> u64 {
        self.row_bytes(matrices).saturating_mul(self.shape[0] as u64)
    }
}

impl Manifest {
    /// The manifest among `files`; `None` where they are no pack.
    ///
    /// # Errors
    ///
    /// [`WeightsError::PackUnfinished`], [`WeightsError::PackVersion`], or [`WeightsError::PackDamaged`] when it
    /// contradicts itself. Whether its files are there and right is not looked at.
    pub fn read(files: &dyn Files) -> Result<Option<Self>, WeightsError> {
        let Some(source) = files.open(MANIFEST)? else {
            return match files.open(UNFINISHED)? {
                Some(_) => Err(WeightsError::PackUnfinished { place: files.place() }),
                None => Ok(None),
            };
        };
        if source.size() > LONGEST {
            return Err(damaged(MANIFEST, format!("it has {} bytes", source.size())));
        }
        let mut bytes = vec![0; source.size() as usize];
        source.read_at(0, &mut bytes).map_err(|source| WeightsError::Read { file: MANIFEST.to_owned(), source })?;
        Self::from_json(&bytes).map(Some)
    }

    /// From the bytes of a `streamo-pack.json`.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn from_json(bytes: &[u8]) -> Result<Self, WeightsError> {
        /// What every version has.
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let invalid = |error: serde_json::Error| damaged(MANIFEST, error.to_string());
        let Versioned { version } = serde_json::from_slice(bytes).map_err(invalid)?;
        if version != u64::from(VERSION) {
            return Err(WeightsError::PackVersion { found: version, known: VERSION });
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(invalid)?;
        manifest.check().map_err(|reason| damaged(MANIFEST, reason))?;
        Ok(manifest)
    }

    /// What it says of the file `name` that describes the model.
    pub fn file(&self, name: &str) -> Option<&PackedFile> {
        self.files.iter().find(|file| file.name == name)
    }

    /// Whether everything in it can be true.
    fn check(&self) -> Result<(), String> {
        let mut names = HashSet::from([MANIFEST, UNFINISHED]);
        for PackedFile { name, sha256, .. } in self.files.iter().chain(&self.shards) {
            if !is_plain(name) {
                return Err(format!("{name:?} is not a plain file name"));
            }
            if !names.insert(name) {
                return Err(format!("it names {name} twice"));
            }
            if sha256.len() != 64 || !sha256.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
                return Err(format!("{sha256:?} is not a SHA-256"));
            }
        }
        if let Some(large) = self.shards.iter().find(|shard| shard.bytes > LARGEST_SHARD) {
            return Err(format!("{} has {} bytes, more than a shard may have", large.name, large.bytes));
        }
        let mut names = HashSet::new();
        let mut claimed = vec![0_u64; self.shards.len()];
        for tensor in &self.tensors {
            let name = &tensor.name;
            if !names.insert(name) {
                return Err(format!("it holds {name} twice"));
            }
            let numbers = tensor.shape.iter().try_fold(1_u64, |product, &side| product.checked_mul(side as u64));
            if tensor.shape.is_empty() || numbers.is_none_or(|numbers| numbers == 0 || numbers > i64::MAX as u64 / 8) {
                return Err(format!("{name} cannot have the shape {:?}", tensor.shape));
            }
            let mut rows = 0_usize;
            for (index, part) in tensor.rows.iter().enumerate() {
                if index > 0 && part.shard <= tensor.rows[index - 1].shard {
                    return Err(format!("the shards of {name} are out of order"));
                }
                let Some(claimed) = claimed.get_mut(part.shard) else {
                    return Err(format!("{name} is in shard {} of {}", part.shard, self.shards.len()));
                };
                let bytes = tensor.row_bytes(self.weights).saturating_mul(part.count as u64);
                *claimed = claimed.saturating_add(bytes);
                rows = rows.saturating_add(part.count);
            }
            if rows != tensor.shape[0] || tensor.rows.iter().any(|part| part.count == 0) {
                return Err(format!("{name} has {} rows, of which {rows} are in shards", tensor.shape[0]));
            }
        }
        match self.shards.iter().zip(claimed).find(|(shard, claimed)| *claimed > shard.bytes) {
            Some((shard, claimed)) => {
                Err(format!("{} should hold {claimed} bytes of weights in {} bytes", shard.name, shard.bytes))
            }
            None => Ok(()),
        }
    }
}

pub(super) fn damaged(file: &str, reason: String) -> WeightsError {
    WeightsError::PackDamaged { file: file.to_owned(), reason }
}
