//! WGSL to the SPIR-V that a Vulkan driver is given for it when burn runs natively.
//!
//! The options are those with which cubecl-wgpu 0.11 asks wgpu 30 for a kernel, and wgpu-hal asks naga, on a device of
//! Vulkan 1.3 or later: no bounds checks, no bound on loops, no checked division, workgroup memory as it is found.

use naga::back::spv::{self, ZeroInitializeWorkgroupMemoryMode};
use naga::front::wgsl;
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, ShaderStage};

/// Every kernel's entry point.
pub const ENTRY_POINT: &str = "main";

/// A kernel as a driver takes it.
pub struct Spirv {
    pub words: Vec<u32>,
    pub bindings: Vec<Binding>,
}

/// A buffer that the kernel sees; all of them stand in group 0.
pub struct Binding {
    pub number: u32,
    pub uniform: bool,
}

/// Or what is wrong with the text, with the place.
pub fn translate(wgsl: &str) -> Result<Spirv, String> {
    let mut options = wgsl::Options::new();
    options.capabilities = Capabilities::all();
    let module = wgsl::Frontend::new_with_options(options).parse(wgsl).map_err(|e| e.emit_to_string(wgsl))?;
    let mut validator = Validator::new(ValidationFlags::all(), Capabilities::all());
    let info = validator.validate(&module).map_err(|e| e.emit_to_string(wgsl))?;
    if !module.entry_points.iter().any(|entry| entry.name == ENTRY_POINT && entry.stage == ShaderStage::Compute) {
        return Err(format!("there is no compute entry point `{ENTRY_POINT}`"));
    }
    let entry = spv::PipelineOptions { shader_stage: ShaderStage::Compute, entry_point: ENTRY_POINT.to_owned() };
    let words = spv::write_vec(&module, &info, &as_wgpu_does(), Some(&entry)).map_err(|e| e.to_string())?;
    Ok(Spirv { words, bindings: bindings(&module)? })
}

fn as_wgpu_does() -> spv::Options<'static> {
    spv::Options {
        lang_version: (1, 6),
        flags: spv::WriterFlags::LABEL_VARYINGS,
        bounds_check_policies: BoundsCheckPolicies {
            index: BoundsCheckPolicy::Unchecked,
            buffer: BoundsCheckPolicy::Unchecked,
            image_load: BoundsCheckPolicy::Unchecked,
            binding_array: BoundsCheckPolicy::Unchecked,
        },
        zero_initialize_workgroup_memory: ZeroInitializeWorkgroupMemoryMode::None,
        force_loop_bounding: false,
        emit_int_div_checks: false,
        ..spv::Options::default()
    }
}

fn bindings(module: &naga::Module) -> Result<Vec<Binding>, String> {
    let bound = module.global_variables.iter().filter_map(|(_, variable)| Some((variable, variable.binding?)));
    bound
        .map(|(variable, place)| match (place.group, variable.space) {
            (0, AddressSpace::Uniform) => Ok(Binding { number: place.binding, uniform: true }),
            (0, AddressSpace::Storage { .. }) => Ok(Binding { number: place.binding, uniform: false }),
            (group, space) => {
                Err(format!("binding {} is {space:?} in group {group}: not a buffer in group 0", place.binding))
            }
        })
        .collect()
}
