use burn::backend::wgpu::CubeTensor;

use crate::device;

/// What the choice of a kernel's variant goes by: products in `Product::kernel`, attention in `Attention::plan`, frames in
/// `Intake::on`, from this alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Adapter {
    /// Whether the CPU plays the GPU. Barriers and workgroup memory are dear there, and nothing is hidden by other waves.
    pub software: bool,
    /// Whether a kernel may compute in f16: `shader-f16`.
    pub half: bool,
    /// Lanes of the smallest subgroup that a kernel may run in; 0 where a kernel may not ask for subgroups at all.
    pub subgroup: u32,
}

impl Adapter {
    /// A GPU that promises nothing.
    pub const CARD: Self = Self { software: false, half: false, subgroup: 0 };

    /// The adapter on which `tensor` is.
    pub fn of(tensor: &CubeTensor) -> Self {
        let software = tensor.client.properties().identity.physical.is_none();
        Self { software, half: device::computes_in_half(), subgroup: device::smallest_subgroup() }
    }

    /// All that it can be taken for: whoever chooses by these gets every variant that it can run.
    pub fn disguises(self) -> Vec<Self> {
        let mut all = vec![self];
        for software in [true, false] {
            for (half, subgroup) in [(false, 0), (false, self.subgroup), (self.half, 0), (self.half, self.subgroup)] {
                let disguise = Self { software, half, subgroup };
                if !all.contains(&disguise) {
                    all.push(disguise);
                }
            }
        }
        all
    }
}
