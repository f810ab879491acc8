use burn::backend::wgpu::CubeTensor;

use crate::device;

/// What the choice of a kernel's variant goes by. Each operation chooses in its own `shader` function, from this alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Adapter {
    /// Whether the CPU plays the GPU. Barriers and workgroup memory are dear there, and nothing is hidden by other waves.
    pub software: bool,
    /// Lanes of the smallest subgroup that a kernel may run in; 0 where a kernel may not ask for subgroups at all.
    pub subgroup: u32,
}

impl Adapter {
    /// The adapter on which `tensor` is.
    pub fn of(tensor: &CubeTensor) -> Self {
        let software = tensor.client.properties().identity.physical.is_none();
        Self { software, subgroup: device::smallest_subgroup() }
    }
}
