//! Reading checkpoints: where files come from, what tensors they hold, what their parts are called.

mod checkpoint;
mod error;
mod files;
mod loader;
mod names;

pub use checkpoint::{Checkpoint, Read, TensorInfo};
pub use error::WeightsError;
#[cfg(not(target_arch = "wasm32"))]
pub use files::Directory;
pub use files::{Embedded, Files, Source};
pub use loader::{Loader, PartLoader};
pub use names::Part;
