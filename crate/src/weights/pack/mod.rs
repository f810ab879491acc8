//! The project's pack: a model as the kernels take it, in pieces that a browser can fetch one by one.
//!
//! A directory with
//!
//! - `streamo-pack.json`, the [`Manifest`]: the version, the format of the matrices, every other file with its size and
//!   SHA-256, and which rows of which tensor stand in which shard. Nothing beside what it names is part of the model;
//! - `config.json`, `tokenizer.json` and, where the model has them, `streamo.json` and `preprocessor_config.json`, as
//!   they were;
//! - `pack-00001.safetensors` and so on: shards of at most [`LARGEST_SHARD`] bytes, in the order in which loading asks.
//!   A matrix stands there as two tensors of [`Coded`](crate::kernels::format::Coded), `NAME.words` U32 `[rows, words]`
//!   and, where the format has any, `NAME.scales` U32 `[rows, scale words]`; so does the kernel of a convolution, in f16
//!   where matrices are in less than f32; a vector stands there as `NAME` F32. What is larger than a shard is cut
//!   between rows, and a shard has its part under the same name.
//!
//! Names are those that transformers 5 writes. A shard is read whole, held against its SHA-256, and only then looked
//! into; one is in memory at a time, and loading passes over them once, from the first to the last.
//!
//! A pack that is being written has [`UNFINISHED`] in place of a manifest; it becomes the manifest in one step when
//! everything else is on the disk.

mod manifest;
#[cfg(not(target_arch = "wasm32"))]
mod quality;
mod read;
mod shard;
#[cfg(not(target_arch = "wasm32"))]
mod write;

pub use manifest::{Manifest, PackedFile, PackedRows, PackedTensor};
#[cfg(not(target_arch = "wasm32"))]
pub use quality::{Quality, Worst};
pub use read::{Pack, PackFiles};
#[cfg(not(target_arch = "wasm32"))]
pub use write::{PackError, Packed, PackedPart, Packing};

/// The manifest's name.
pub const MANIFEST: &str = "streamo-pack.json";

/// What stands for the manifest until a pack is finished.
pub const UNFINISHED: &str = "streamo-pack.json.unfinished";

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 2;

/// Bytes of a shard at most.
pub const LARGEST_SHARD: u64 = 32 << 20;
