//! What no single module can test: conformance with the reference, the memory's law, and the program as users run it.
//!
//! One test program, since each would link all of burn and wgpu again.

mod conformance;
mod fixtures;
mod preprocessing;
mod tokens;
