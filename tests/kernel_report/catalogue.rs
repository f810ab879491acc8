//! The kernels that are reported on.

/// Each by its name, with its WGSL.
pub fn shaders() -> Vec<(String, String)> {
    Vec::new()
}
