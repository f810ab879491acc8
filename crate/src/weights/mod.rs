//! Reading checkpoints: where files come from, what tensors they hold, what their parts are called.

mod blocks;
mod checkpoint;
mod encoding;
mod error;
mod files;
pub mod gguf;
mod loader;
mod names;
mod pieces;

pub use checkpoint::Checkpoint;
pub use encoding::Encoding;
pub use error::WeightsError;
#[cfg(not(target_arch = "wasm32"))]
pub use files::Directory;
pub use files::{Embedded, Files, Source};
pub use loader::{Loader, PartLoader};
pub use names::Part;
pub use pieces::{Blocks, Read, TensorInfo};
