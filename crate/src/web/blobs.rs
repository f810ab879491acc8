use std::io;

use js_sys::Uint8Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, FileReaderSync};

use crate::weights::{Files, Source, WeightsError};

/// The files of a model as a worker has them: each a `Blob`, of which no more is read than is asked for, or only the size
/// of one that is still to come.
#[derive(Debug)]
pub struct Blobs {
    place: String,
    files: Vec<(String, Held)>,
}

#[derive(Debug, Clone)]
enum Held {
    Here(Blob),
    ToCome(u64),
}

impl Blobs {
    /// The entries of a `Map`, names to `Blob`s or numbers of bytes; `place` is what errors call them all.
    ///
    /// # Errors
    ///
    /// In words: an entry is something else.
    pub fn new(place: String, entries: &js_sys::Map) -> Result<Self, String> {
        let mut files = Vec::new();
        for entry in entries.entries() {
            let entry: js_sys::Array = entry.map_err(|_| "the files cannot be gone through")?.unchecked_into();
            let name = entry.get(0).as_string().ok_or("the name of a file is no text")?;
            let held = match (entry.get(1).as_f64(), entry.get(1).dyn_into::<Blob>()) {
                (Some(bytes), _) => Held::ToCome(bytes as u64),
                (None, Ok(blob)) => Held::Here(blob),
                (None, Err(_)) => return Err(format!("{name} is neither a Blob nor a size")),
            };
            files.push((name, held));
        }
        files.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        Ok(Self { place, files })
    }
}

impl Files for Blobs {
    fn place(&self) -> String {
        self.place.clone()
    }

    fn open(&self, file: &str) -> Result<Option<Box<dyn Source>>, WeightsError> {
        let found = self.files.iter().find(|(name, _)| name == file);
        Ok(found.map(|(_, held)| Box::new(BlobSource(held.clone())) as Box<dyn Source>))
    }

    fn names(&self) -> Result<Vec<String>, WeightsError> {
        Ok(self.files.iter().map(|(name, _)| name.clone()).collect())
    }
}

struct BlobSource(Held);

// SAFETY: a module without threads, which this is compiled as (no atomics), runs in the one worker that made it.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Send for BlobSource {}
// SAFETY: as above.
#[cfg(not(target_feature = "atomics"))]
unsafe impl Sync for BlobSource {}

impl Source for BlobSource {
    fn size(&self) -> u64 {
        match &self.0 {
            Held::Here(blob) => blob.size() as u64,
            Held::ToCome(bytes) => *bytes,
        }
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let Held::Here(blob) = &self.0 else {
            return Err(io::Error::other("it has not come yet"));
        };
        let end = offset + buffer.len() as u64;
        if end > self.size() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let read = || {
            let part = blob.slice_with_f64_and_f64(offset as f64, end as f64)?;
            FileReaderSync::new()?.read_as_array_buffer(&part)
        };
        let read = read().map_err(|error: JsValue| io::Error::other(in_words(&error)))?;
        let bytes = Uint8Array::new(&read.into());
        // What a file says of its size, and what can be read of it, may differ when it changes meanwhile.
        if bytes.length() as usize != buffer.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.copy_to(buffer);
        Ok(())
    }
}

fn in_words(error: &JsValue) -> String {
    let text = error.dyn_ref::<js_sys::Error>().map(|error| error.message());
    text.map_or_else(|| format!("{error:?}"), String::from)
}
