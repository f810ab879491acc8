//! What real AMD GPUs would run of our kernels, on a machine that has none.
//!
//! Mesa's RADV compiles for any AMD GPU without having it, down to the machine code. From the one kernel to the table:
//!
//! - [`catalogue`] — which kernels
//! - [`shader`] — WGSL to SPIR-V, as burn, cubecl and wgpu have it done natively
//! - [`driver`] — SPIR-V to machine code, and what the driver counts
//! - [`family`] — that for a family of GPUs, in a process of its own
//! - [`assembly`] — the machine code's loops
//! - [`mix`] — what a loop is made of
//! - [`report`] — the figures
//!
//! `./build.sh kernel-report` prints them; [`on_radv`] holds our kernels to them.

pub mod assembly;
pub mod catalogue;
pub mod driver;
pub mod family;
pub mod mix;
pub mod report;
pub mod shader;

#[cfg(test)]
mod on_radv;
