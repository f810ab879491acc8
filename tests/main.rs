//! What no single module can test: conformance with the reference, the memory's law, and the program as users run it.
//!
//! One test program, since each would link all of burn and wgpu again.

mod checkpoint;
mod conformance;
mod dense;
mod exact;
mod fixtures;
mod ledger;
mod memory_law;
mod preprocessing;
mod soak;
mod tokens;
