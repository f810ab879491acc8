//! A runtime for streaming video language models that decide for themselves when to speak.
//!
//! It watches a camera or a video, one frame a second, and after every second the model emits a state token:
//! `</Silence>`, `</Standby>`, or `</Response>` and an answer. The method is Streamo (arXiv 2512.21334) on
//! Qwen2.5-VL.
//!
//! The rooms of the house, from the ground up; a room uses those above it in this list, never those below:
//!
//! - [`clock`] — rounds and their seconds
//! - [`device`] — where it all runs, and what there is room for
//! - [`kernels`] — the operations, one module each
//! - [`weights`] — checkpoints, packs, and the formats that they give to the device
//! - [`tokenizer`] — text and tokens
//! - [`frame`] — pixels in, patches out
//! - [`vision`] — the vision transformer
//! - [`language`] — the decoder
//! - [`memory`] — what is kept, where, and for how long
//! - [`model`] — the whole model and its settings
//! - [`stream`] — the session
//! - [`video`] — where frames come from, natively
//! - [`data`] — what a model learns from: samples, and what they ask of every second
//! - [`synth`] — films made up for training, with the exact time of everything that happens in them
//! - [`plot`] — charts
//! - [`eval`] — whether a model speaks at the right time
//! - [`train`] — how a model learns it
//! - [`compare`] — trainings that differ in one thing
//! - [`bench`](mod@bench) — how fast the kernels are
//! - [`cli`] — the command line
//! - `web` — what JavaScript sees of it all, in browsers
//!
//! Beside them, [`trace`] looks inside a pass.

#![warn(missing_docs)]

pub mod bench;
#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod clock;
#[cfg(not(target_arch = "wasm32"))]
pub mod compare;
#[cfg(not(target_arch = "wasm32"))]
pub mod data;
pub mod device;
#[cfg(not(target_arch = "wasm32"))]
pub mod eval;
pub mod frame;
pub mod kernels;
pub mod language;
pub mod memory;
pub mod model;
#[cfg(not(target_arch = "wasm32"))]
pub mod plot;
pub mod stream;
#[cfg(not(target_arch = "wasm32"))]
pub mod synth;
pub mod tokenizer;
pub mod trace;
#[cfg(not(target_arch = "wasm32"))]
pub mod train;
#[cfg(not(target_arch = "wasm32"))]
pub mod video;
pub mod vision;
#[cfg(target_arch = "wasm32")]
mod web;
pub mod weights;
