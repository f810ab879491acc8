use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use half::f16;
use safetensors::Dtype;

use super::manifest::{Manifest, PackedTensor};
use super::shard::{self, Shard};
use crate::kernels::format::{BLOCK, Coded, Format};
use crate::kernels::matrix::Matrix;
use crate::weights::coding::coding;
use crate::weights::store::{self, Pieces, StoredTensor};
use crate::weights::{Files, Part, Piece, Read, Source, TensorStore, WeightsError};

/// A pack to be loaded.
pub struct Pack<'a> {
    files: &'a dyn Files,
    manifest: Manifest,
    /// Where in the manifest a tensor is.
    places: HashMap<String, usize>,
    /// The shard that was read last, and which it is.
    shard: RefCell<Option<(usize, Shard)>>,
}

impl<'a> Pack<'a> {
    /// Opens the pack among `files`, `None` where there is none. No shard is read; that each is there and of its size is
    /// looked at now, since finding out late is dear.
    ///
    /// # Errors
    ///
    /// As [`Manifest::read`]; [`WeightsError::PackIncomplete`] or [`WeightsError::PackDamaged`] when a shard is missing
    /// or of another size.
    pub fn open(files: &'a dyn Files) -> Result<Option<Self>, WeightsError> {
        let Some(manifest) = Manifest::read(files)? else {
            return Ok(None);
        };
        for shard in &manifest.shards {
            shard::open(files, shard)?;
        }
        let places = manifest.tensors.iter().enumerate().map(|(place, tensor)| (tensor.name.clone(), place)).collect();
        Ok(Some(Self { files, manifest, places, shard: RefCell::new(None) }))
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn find(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<&PackedTensor, WeightsError> {
        let [name, _] = part.names(tensor);
        let Some(&place) = self.places.get(&name) else {
            return Err(WeightsError::MissingTensor { name });
        };
        let tensor = &self.manifest.tensors[place];
        if tensor.shape != shape {
            return Err(WeightsError::Shape { name, found: tensor.shape.clone(), expected: shape.to_vec() });
        }
        Ok(tensor)
    }

    /// Hands to `take` the shards in which `rows` of `tensor` are: with how many rows there are of it, and which of them
    /// are wanted.
    fn visit(
        &self,
        tensor: &PackedTensor,
        rows: Range<usize>,
        mut take: impl FnMut(&Shard, usize, Range<usize>) -> Result<(), WeightsError>,
    ) -> Result<(), WeightsError> {
        let mut first = 0;
        for part in &tensor.rows {
            let own = first..first + part.count;
            first = own.end;
            let common = own.start.max(rows.start)..own.end.min(rows.end);
            if common.is_empty() {
                continue;
            }
            let mut held = self.shard.borrow_mut();
            let shard = match held.take() {
                Some((index, shard)) if index == part.shard => shard,
                // The one before goes first: two would be twice the memory.
                other => {
                    drop(other);
                    Shard::read(self.files, &self.manifest.shards[part.shard])?
                }
            };
            let (_, shard) = held.insert((part.shard, shard));
            take(shard, part.count, common.start - own.start..common.end - own.start)?;
        }
        Ok(())
    }

    /// `rows` of a tensor that is coded in `format`, each of `columns` numbers.
    fn piece(
        &self,
        tensor: &PackedTensor,
        (format, columns): (Format, usize),
        rows: Range<usize>,
    ) -> Result<Piece, WeightsError> {
        let mut coded = Coded { format, rows: rows.len(), columns, words: Vec::new(), scales: Vec::new() };
        store::reserve(&mut coded, rows.clone(), &tensor.name)?;
        let ([words, scales], start) = (shard::names(&tensor.name), rows.start);
        self.visit(tensor, rows, |shard, count, rows| {
            coded.words.extend(shard.rows(&words, Dtype::U32, &[count, format.words(columns)], rows.clone())?);
            if format.scale_words(columns) > 0 {
                coded.scales.extend(shard.rows(&scales, Dtype::U32, &[count, format.scale_words(columns)], rows)?);
            }
            Ok(())
        })?;
        if let Some((value, row, column)) = not_finite(&coded) {
            let index = (start + row) * columns + column;
            return Err(WeightsError::NotFinite { name: tensor.name.clone(), value, index });
        }
        let bytes = format.row_bytes(columns) * coded.rows as u64;
        Ok(Piece { coded, bytes })
    }
}

/// The first number that makes weights of `coded` infinite or NaN, its row and about its column.
fn not_finite(coded: &Coded) -> Option<(f32, usize, usize)> {
    let (halves, words, step) = match coded.format {
        Format::F32 => {
            let width = coded.format.words(coded.columns).max(1);
            let numbers = coded.words.iter().map(|&word| f32::from_bits(word));
            return numbers.enumerate().find(|(_, value)| !value.is_finite()).map(|(i, v)| (v, i / width, i % width));
        }
        Format::F16 => (&coded.words, coded.format.words(coded.columns), 1),
        Format::Q8 | Format::Q4 => (&coded.scales, coded.format.scale_words(coded.columns), BLOCK),
    };
    let is_finite = |bits: u32| bits & 0x7c00 != 0x7c00 && bits & 0x7c00_0000 != 0x7c00_0000;
    let place = halves.iter().position(|&word| !is_finite(word))?;
    let [low, high] = [halves[place], halves[place] >> 16].map(|bits| f16::from_bits(bits as u16).to_f32());
    let (value, second) = if low.is_finite() { (high, 1) } else { (low, 0) };
    Some((value, place / words, (2 * (place % words) + second) * step))
}

impl TensorStore for Pack<'_> {
    fn format(&self) -> Format {
        self.manifest.weights
    }

    fn tensors(&self) -> Box<dyn Iterator<Item = StoredTensor<'_>> + '_> {
        let matrices = self.manifest.weights;
        let stored =
            move |tensor: &PackedTensor| coding(&tensor.shape, matrices).map_or(Format::F32, |(format, _)| format);
        Box::new(self.manifest.tensors.iter().map(move |tensor| StoredTensor {
            name: &tensor.name,
            shape: &tensor.shape,
            format: stored(tensor).name().to_owned(),
            bytes: tensor.bytes(matrices),
        }))
    }

    fn check(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<Cow<'_, str>, WeightsError> {
        Ok(Cow::Borrowed(&self.find(part, tensor, shape)?.name))
    }

    fn numbers(&self, part: Part, tensor: &str, shape: &[usize]) -> Result<Read, WeightsError> {
        let tensor = self.find(part, tensor, shape)?;
        if let Some(coding) = coding(shape, self.manifest.weights) {
            let Piece { coded, bytes } = self.piece(tensor, coding, 0..shape[0])?;
            return Ok(Read { values: coded.decode(), bytes });
        }
        let mut values = Vec::new();
        self.visit(tensor, 0..shape[0], |shard, count, rows| {
            values.extend(shard.rows(&tensor.name, Dtype::F32, &[count], rows)?.map(f32::from_bits));
            Ok(())
        })?;
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(WeightsError::NotFinite { name: tensor.name.clone(), value: values[index], index }),
            None => Ok(Read { bytes: tensor.bytes(self.manifest.weights), values }),
        }
    }

    fn matrix<'b>(&'b self, part: Part, tensor: &'b str, shape: [usize; 2]) -> Pieces<'b> {
        let [rows, columns] = shape;
        let pieces = Matrix::cut(self.manifest.weights, rows, columns);
        Box::new(pieces.map(move |rows| {
            let tensor = self.find(part, tensor, &shape)?;
            self.piece(tensor, (self.manifest.weights, columns), rows)
        }))
    }
}

/// The files that describe a packed model, each as its manifest says. Files that it does not name are not there.
pub struct PackFiles<'a> {
    files: &'a dyn Files,
    manifest: &'a Manifest,
}

impl<'a> PackFiles<'a> {
    /// Those of `files` that `manifest` names.
    pub fn new(files: &'a dyn Files, manifest: &'a Manifest) -> Self {
        Self { files, manifest }
    }
}

impl Files for PackFiles<'_> {
    fn place(&self) -> String {
        self.files.place()
    }

    fn open(&self, file: &str) -> Result<Option<Box<dyn Source>>, WeightsError> {
        let Some(packed) = self.manifest.file(file) else {
            return Ok(None);
        };
        // By its size first: what claims to be large takes no memory.
        drop(shard::open(self.files, packed)?);
        let bytes = self.files.required(file)?;
        packed.verify(&bytes)?;
        Ok(Some(Box::new(bytes)))
    }
}
