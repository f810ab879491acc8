//! GGUF, the file format of llama.cpp (<https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>), versions 2 and 3.
//!
//! ```text
//! GGUF · version · how many tensors · how many keys
//! key · type · value                    for each key
//! name · axes · type · offset           for each tensor
//! padding · the tensors, each at a multiple of the alignment
//! ```
//!
//! A model is two of them: the language model, in one file or several, and the vision part (`mmproj`). What stands in
//! them under which name is what llama.cpp's `convert_hf_to_gguf.py` writes.

mod header;
mod metadata;
mod model;
mod names;

pub(super) use header::GgufFile;
pub use metadata::{KeyError, Metadata, Number, Numbers, Texts, Value, required};
pub use model::GgufModel;
#[cfg(not(target_arch = "wasm32"))]
pub use model::NamedModel;
pub(super) use names::names;
