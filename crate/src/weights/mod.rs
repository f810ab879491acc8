//! Reading weights: where files come from, what tensors they hold, what their parts are called, and how they stand on
//! the device. A checkpoint's are coded on the way, a [`pack`]'s were before.

mod blocks;
mod checkpoint;
mod coding;
#[cfg(not(target_arch = "wasm32"))]
mod drawn;
mod encoding;
mod error;
mod files;
pub(crate) mod format_name;
mod fragments;
pub mod gguf;
mod loader;
mod names;
mod origin;
pub mod pack;
mod store;
#[cfg(not(target_arch = "wasm32"))]
mod survey;

pub use checkpoint::Checkpoint;
#[cfg(not(target_arch = "wasm32"))]
pub use drawn::Drawn;
pub use encoding::Encoding;
pub use error::WeightsError;
#[cfg(not(target_arch = "wasm32"))]
pub use files::Directory;
pub use files::{Embedded, Files, Source};
pub use fragments::TensorInfo;
pub use loader::{Loader, PartLoader};
pub use names::Part;
pub use origin::{Composition, Named, Origin};
pub use pack::Pack;
pub use store::{Piece, Pieces, Read, StoredTensor, TensorStore, open};
#[cfg(not(target_arch = "wasm32"))]
pub use survey::{Survey, Wanted};
