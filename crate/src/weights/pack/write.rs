use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::manifest::hexadecimal;
use super::{MANIFEST, Manifest, PackedFile, PackedRows, PackedTensor, Quality, UNFINISHED, VERSION, shard};
use crate::device::Bytes;
use crate::weights::coding::{coding, runs};
use crate::weights::{Checkpoint, Part, TensorStore, Wanted, WeightsError};

/// Why a pack could not be written.
#[derive(Debug, Error)]
pub enum PackError {
    /// The model's weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// What was to be packed is a pack.
    #[error("{0} is a pack already: give the model it was packed from")]
    AlreadyPacked(String),
    /// There is something else in the way.
    #[error("{path} holds other files than a pack's: give an empty directory, or one that is not there yet", path = .0.display())]
    Occupied(PathBuf),
    /// The system refused.
    #[error("cannot write {path}: {source}", path = path.display())]
    Write {
        /// The file or directory.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A row is larger than a shard.
    #[error("a row of tensor {name} takes {}, more than a shard of a pack may: this model cannot be packed", Bytes(*.bytes))]
    Row {
        /// The tensor.
        name: String,
        /// Bytes of a row.
        bytes: u64,
    },
}

/// A pack to be written.
pub struct Packing<'a> {
    /// Where the weights come from, in the format that matrices are to have.
    pub checkpoint: &'a Checkpoint,
    /// The tensors that the model is made of, in the order of loading.
    pub tensors: &'a [Wanted],
    /// The files that describe it, with what is in them; those that it does not have, too, lest an older pack's stay.
    pub files: &'a [(&'a str, Option<Vec<u8>>)],
    /// Bytes of a shard at most; no more than [`LARGEST_SHARD`](super::LARGEST_SHARD).
    pub largest_shard: u64,
}

/// What was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Packed {
    /// How many shards.
    pub shards: usize,
    /// Bytes of all files.
    pub bytes: u64,
    /// The vision part.
    pub vision: PackedPart,
    /// The decoder's layers, and its last norm.
    pub layers: PackedPart,
    /// The embedding, and the head where it is another.
    pub embedding: PackedPart,
}

/// What became of a part of the model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PackedPart {
    /// Its numbers.
    pub parameters: u64,
    /// Their size in the checkpoint.
    pub bytes_in: u64,
    /// Their size in the pack.
    pub bytes_out: u64,
    /// What its numbers have lost.
    pub quality: Quality,
}

impl Packed {
    fn part(&mut self, wanted: &Wanted) -> &mut PackedPart {
        match wanted.part {
            Part::Vision => &mut self.vision,
            Part::Language if !wanted.tensor.starts_with("embed_tokens.") => &mut self.layers,
            Part::Language | Part::Head => &mut self.embedding,
        }
    }
}

/// Some rows of a tensor that stand in a shard.
struct Placed<'a> {
    wanted: &'a Wanted,
    name: String,
    rows: Range<usize>,
}

impl Packing<'_> {
    /// Writes the pack into `directory`, which must be empty, a pack, finished or not, or not there yet. `progress` is
    /// told how many bytes of the checkpoint were read.
    ///
    /// The same model gives the same bytes, every time and everywhere. What is stopped on the way leaves nothing that
    /// loads; writing it again starts from the beginning.
    ///
    /// # Errors
    ///
    /// [`PackError`].
    pub fn write(&self, directory: &Path, progress: &dyn Fn(u64)) -> Result<Packed, PackError> {
        let shards = self.place()?;
        self.prepare(directory)?;
        let mut packed = Packed { shards: shards.len(), ..Packed::default() };
        let mut manifest = Manifest {
            version: VERSION,
            weights: TensorStore::format(self.checkpoint),
            files: Vec::new(),
            shards: Vec::new(),
            tensors: Vec::new(),
        };
        for (index, placed) in shards.iter().enumerate() {
            let name = format!("pack-{:05}.safetensors", index + 1);
            let mut output = Output::create(directory, &name)?;
            self.write_shard(placed, &mut output, &mut packed, progress)?;
            manifest.shards.push(output.finish()?);
            for Placed { wanted, name, rows } in placed {
                let rows = PackedRows { shard: index, count: rows.len() };
                match manifest.tensors.last_mut().filter(|last| last.name == *name) {
                    Some(last) => last.rows.push(rows),
                    None => {
                        let (name, shape) = (name.clone(), wanted.shape.clone());
                        manifest.tensors.push(PackedTensor { name, shape, rows: vec![rows] });
                    }
                }
            }
        }
        for (name, contents) in self.files {
            if let Some(contents) = contents {
                let mut output = Output::create(directory, name)?;
                output.write(contents)?;
                manifest.files.push(output.finish()?);
            }
        }
        let named = manifest.files.iter().chain(&manifest.shards);
        packed.bytes = named.map(|file| file.bytes).sum::<u64>() + finish(directory, &manifest)?;
        Ok(packed)
    }

    /// Which rows of which tensors each shard holds.
    fn place(&self) -> Result<Vec<Vec<Placed<'_>>>, PackError> {
        let format = TensorStore::format(self.checkpoint);
        let mut shards = vec![Vec::new()];
        let mut free = self.largest_shard;
        for wanted in self.tensors {
            let [name, _] = wanted.part.names(&wanted.tensor);
            // The header's length, and at most two entries with a name, a shape and offsets.
            let header = 16 + 2 * (name.len() as u64 + 200);
            let packed = PackedTensor { name: name.clone(), shape: wanted.shape.clone(), rows: Vec::new() };
            let row = packed.row_bytes(format);
            if row + header > self.largest_shard {
                return Err(PackError::Row { name, bytes: row });
            }
            let rows = wanted.shape[0];
            let whole = header + packed.bytes(format);
            let mut start = 0;
            while start < rows {
                // What one shard can hold is not spread over two.
                if start == 0 && whole > free && free < self.largest_shard {
                    shards.push(Vec::new());
                    free = self.largest_shard;
                }
                let most = (free.saturating_sub(header) / row.max(1)) as usize;
                let end = rows.min(start.saturating_add(most));
                if end > start {
                    // There is always a last one: it is begun with one, and only ever gains more.
                    if let Some(shard) = shards.last_mut() {
                        shard.push(Placed { wanted, name: name.clone(), rows: start..end });
                    }
                    free = free.saturating_sub(header + (end - start) as u64 * row);
                }
                start = end;
                if start < rows {
                    shards.push(Vec::new());
                    free = self.largest_shard;
                }
            }
        }
        shards.retain(|shard| !shard.is_empty());
        Ok(shards)
    }

    /// Makes `directory` one in which a pack has been begun.
    fn prepare(&self, directory: &Path) -> Result<(), PackError> {
        let at = |path: &Path| refused(path.to_owned());
        fs::create_dir_all(directory).map_err(at(directory))?;
        let entries =
            fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(at(directory))?;
        let names: Vec<_> = entries.iter().map(fs::DirEntry::file_name).collect();
        if !names.is_empty() && !names.iter().any(|name| name == MANIFEST || name == UNFINISHED) {
            return Err(PackError::Occupied(directory.to_owned()));
        }
        // From here on nothing in it loads, until everything is there.
        let unfinished = directory.join(UNFINISHED);
        File::create(&unfinished).and_then(|file| file.sync_all()).map_err(at(&unfinished))?;
        let absent = self.files.iter().filter(|(_, contents)| contents.is_none()).map(|(name, _)| *name);
        let stale = names.iter().filter_map(|name| name.to_str()).filter(|name| is_shard(name));
        for name in [MANIFEST].into_iter().chain(absent).chain(stale) {
            let path = directory.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at(&path)(error)),
                _ => {}
            }
        }
        sync_directory(directory)
    }

    fn write_shard(
        &self,
        shard: &[Placed<'_>],
        output: &mut Output,
        packed: &mut Packed,
        progress: &dyn Fn(u64),
    ) -> Result<(), PackError> {
        output.write(&self.header(shard))?;
        let matrices = TensorStore::format(self.checkpoint);
        for placed in shard {
            let Placed { wanted: Wanted { part, tensor, shape }, name, rows } = placed;
            let before = output.bytes;
            let mut scales = Vec::new();
            let columns = shape[1..].iter().product();
            for run in runs(rows.clone(), columns) {
                let own = packed.part(placed.wanted);
                own.parameters += (run.len() * columns) as u64;
                let bytes = if let Some(coding) = coding(shape, matrices) {
                    let mut row = run.start;
                    let (parts, bytes) = self.checkpoint.run(*part, tensor, shape, coding, run, Quality::of)?;
                    for (coded, quality) in parts {
                        own.quality.add(quality.at(name, row));
                        row += coded.rows;
                        output.write(&bytes_of(&coded.words))?;
                        scales.extend(coded.scales);
                    }
                    bytes
                } else {
                    let read = self.checkpoint.read(*part, tensor, shape, run)?;
                    let bytes: Vec<u8> = read.values.iter().flat_map(|value| value.to_le_bytes()).collect();
                    output.write(&bytes)?;
                    read.bytes
                };
                own.bytes_in += bytes;
                progress(bytes);
            }
            output.write(&bytes_of(&scales))?;
            packed.part(placed.wanted).bytes_out += output.bytes - before;
        }
        Ok(())
    }

    /// The first bytes of a shard, padded so that what follows is aligned.
    fn header(&self, shard: &[Placed<'_>]) -> Vec<u8> {
        let matrices = TensorStore::format(self.checkpoint);
        let mut entries = Vec::new();
        let mut end = 0;
        let mut add = |name: String, dtype: Dtype, shape: Vec<usize>| {
            let start = end;
            end += 4 * shape.iter().product::<usize>();
            entries.push((name, TensorInfo { dtype, shape, data_offsets: (start, end) }));
        };
        for Placed { wanted, name, rows } in shard {
            match coding(&wanted.shape, matrices) {
                Some((format, columns)) => {
                    let [words, scales] = shard::names(name);
                    add(words, Dtype::U32, vec![rows.len(), format.words(columns)]);
                    if format.scale_words(columns) > 0 {
                        add(scales, Dtype::U32, vec![rows.len(), format.scale_words(columns)]);
                    }
                }
                None => add(name.clone(), Dtype::F32, vec![rows.len()]),
            }
        }
        let header = Metadata::new(None, entries).map(|header| serde_json::to_vec(&header));
        // The offsets follow each other by construction, and a map of names is always JSON.
        let mut header = header.expect("offsets follow each other").expect("names are strings");
        header.resize(header.len().next_multiple_of(8), b' ');
        [&(header.len() as u64).to_le_bytes(), &*header].concat()
    }
}

/// Whether a file is called like a shard.
fn is_shard(name: &str) -> bool {
    let number = name.strip_prefix("pack-").and_then(|name| name.strip_suffix(".safetensors"));
    number.is_some_and(|number| number.len() >= 5 && number.bytes().all(|digit| digit.is_ascii_digit()))
}

/// Writes the manifest, when everything that it names is on the disk, and says how long it is.
fn finish(directory: &Path, manifest: &Manifest) -> Result<u64, PackError> {
    let (temporary, path) = (directory.join(UNFINISHED), directory.join(MANIFEST));
    let mut json = serde_json::to_vec(manifest).map_err(|error| refused(path.clone())(error.into()))?;
    json.push(b'\n');
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(&json)?;
        file.sync_all()
    });
    written.map_err(refused(temporary.clone()))?;
    sync_directory(directory)?;
    fs::rename(&temporary, &path).map_err(refused(path))?;
    sync_directory(directory)?;
    Ok(json.len() as u64)
}

/// A file that is written from its start to its end.
struct Output {
    name: String,
    path: PathBuf,
    file: File,
    bytes: u64,
    hash: Sha256,
}

impl Output {
    fn create(directory: &Path, name: &str) -> Result<Self, PackError> {
        let path = directory.join(name);
        let file = File::create(&path).map_err(refused(path.clone()))?;
        Ok(Self { name: name.to_owned(), path, file, bytes: 0, hash: Sha256::new() })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes).map_err(refused(self.path.clone()))
    }

    /// Makes sure that it is on the disk, and says what it is.
    fn finish(self) -> Result<PackedFile, PackError> {
        self.file.sync_all().map_err(refused(self.path))?;
        Ok(PackedFile { name: self.name, bytes: self.bytes, sha256: hexadecimal(self.hash.finalize()) })
    }
}

fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Makes sure that the names in `directory` are on the disk.
fn sync_directory(directory: &Path) -> Result<(), PackError> {
    // Only Unix opens a directory as a file.
    if cfg!(unix) {
        let synced = File::open(directory).and_then(|opened| opened.sync_all());
        synced.map_err(refused(directory.to_owned()))?;
    }
    Ok(())
}

fn refused(path: PathBuf) -> impl FnOnce(io::Error) -> PackError {
    move |source| PackError::Write { path, source }
}
