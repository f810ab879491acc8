//! The operations of the model, one module an operation.
//!
//! Each is a function on burn tensors, written plainly, and runs wherever burn runs: this is the reference.
//! An operation that is hot on a GPU gains a WGSL twin in `shaders/<operation>.wgsl`, launched from the same
//! module and tested against the plain one, so that there is one model and not two.
//!
//! Tensors are `[rows, features]`: a row is a token (or a patch), and sequences are told apart by masks and
//! positions, never by a batch axis.

mod adapter;
pub mod append;
pub mod arena;
pub mod attention;
pub mod format;
#[cfg(target_arch = "wasm32")]
mod hastened;
pub(crate) mod launch;
pub mod linear;
pub mod matrix;
mod one_pass;
pub mod patchify;
pub mod places;
pub mod read_out;
pub mod resample;
pub mod rms_norm;
pub mod rotary;
pub mod rotation;
pub mod self_test;
pub mod shader;
pub mod swiglu;
pub mod texture;

pub use adapter::Adapter;
pub use launch::kernels_run;
pub use one_pass::Rounding;

/// The one wgpu device of the tests.
#[cfg(test)]
pub(crate) fn gpu() -> burn::tensor::Device {
    use std::sync::OnceLock;

    use crate::device::{Kind, open};

    static GPU: OnceLock<burn::tensor::Device> = OnceLock::new();
    GPU.get_or_init(|| pollster::block_on(open(Kind::Gpu)).unwrap().device).clone()
}
