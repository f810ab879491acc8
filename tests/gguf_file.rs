//! GGUF files, taken apart and put together again: for tests that need one of their own, or one that lies.

use std::path::Path;

// The types of values.
pub const U32: u32 = 4;
pub const I32: u32 = 5;
pub const F32: u32 = 6;
pub const TRUTH: u32 = 7;
pub const TEXT: u32 = 8;
pub const LIST: u32 = 9;

/// A GGUF file in its parts.
#[derive(Debug, Clone, Default)]
pub struct GgufFile {
    /// Key, type, value as it stands in the file.
    pub keys: Vec<(String, u32, Vec<u8>)>,
    pub tensors: Vec<Tensor>,
    /// Everything after the header.
    pub weights: Vec<u8>,
}

/// What a header says of a tensor.
#[derive(Debug, Clone)]
pub struct Tensor {
    pub name: String,
    /// As ggml counts them, the one along which numbers lie together first.
    pub axes: Vec<u64>,
    pub kind: u32,
    pub offset: u64,
}

impl GgufFile {
    /// Takes a sound file apart.
    pub fn of(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let mut rest = &bytes[8..];
        let (tensors, keys) = (long(&mut rest), long(&mut rest));
        let mut file = Self::default();
        for _ in 0..keys {
            let (key, kind) = (name(&mut rest), word(&mut rest));
            let length = length(kind, rest);
            let value = take(&mut rest, length).to_vec();
            file.keys.push((key, kind, value));
        }
        for _ in 0..tensors {
            let (name, axes) = (name(&mut rest), word(&mut rest));
            let axes = (0..axes).map(|_| long(&mut rest)).collect();
            file.tensors.push(Tensor { name, axes, kind: word(&mut rest), offset: long(&mut rest) });
        }
        let start = (bytes.len() - rest.len()).next_multiple_of(32);
        file.weights = bytes[start..].to_vec();
        file
    }

    /// Puts it together again, every lie in it included.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = [&b"GGUF"[..], &3_u32.to_le_bytes()].concat();
        bytes.extend((self.tensors.len() as u64).to_le_bytes());
        bytes.extend((self.keys.len() as u64).to_le_bytes());
        for (key, kind, value) in &self.keys {
            bytes.extend([text(key), kind.to_le_bytes().to_vec(), value.clone()].concat());
        }
        for Tensor { name, axes, kind, offset } in &self.tensors {
            bytes.extend(text(name));
            bytes.extend((axes.len() as u32).to_le_bytes());
            axes.iter().for_each(|axis| bytes.extend(axis.to_le_bytes()));
            bytes.extend(kind.to_le_bytes());
            bytes.extend(offset.to_le_bytes());
        }
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(&self.weights);
        bytes
    }

    /// Sets a key.
    pub fn set(&mut self, key: &str, kind: u32, value: impl Into<Vec<u8>>) {
        self.remove(key);
        self.keys.push((key.to_owned(), kind, value.into()));
    }

    /// Takes a key away.
    pub fn remove(&mut self, key: &str) {
        self.keys.retain(|(other, ..)| other != key);
    }

    pub fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap()
    }
}

/// A text as a value.
pub fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat()
}

/// A list of texts as a value.
pub fn texts<T: AsRef<str>>(all: &[T]) -> Vec<u8> {
    let mut bytes = [&TEXT.to_le_bytes()[..], &(all.len() as u64).to_le_bytes()].concat();
    all.iter().for_each(|one| bytes.extend(text(one.as_ref())));
    bytes
}

/// A list of numbers as a value.
pub fn whole_numbers(all: &[i32]) -> Vec<u8> {
    let mut bytes = [&I32.to_le_bytes()[..], &(all.len() as u64).to_le_bytes()].concat();
    all.iter().for_each(|one| bytes.extend(one.to_le_bytes()));
    bytes
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(count);
    *rest = left;
    taken
}

fn word(rest: &mut &[u8]) -> u32 {
    u32::from_le_bytes(take(rest, 4).try_into().unwrap())
}

fn long(rest: &mut &[u8]) -> u64 {
    u64::from_le_bytes(take(rest, 8).try_into().unwrap())
}

fn name(rest: &mut &[u8]) -> String {
    let length = long(rest) as usize;
    String::from_utf8(take(rest, length).to_vec()).unwrap()
}

/// The bytes of a value of type `kind` that stands before `rest`.
fn length(kind: u32, mut rest: &[u8]) -> usize {
    match kind {
        0 | 1 | TRUTH => 1,
        2 | 3 => 2,
        U32 | I32 | F32 => 4,
        TEXT => 8 + long(&mut rest) as usize,
        LIST => {
            let whole = rest.len();
            let (kind, count) = (word(&mut rest), long(&mut rest));
            for _ in 0..count {
                let length = length(kind, rest);
                take(&mut rest, length);
            }
            whole - rest.len()
        }
        _ => 8,
    }
}
