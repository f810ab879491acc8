//! WebGPU's portable limits, for every kernel of the full-size models: what an adapter guarantees that promises nothing.

use naga::AddressSpace;
use naga::front::wgsl;
use naga::proc::Layouter;
use streamo_wgpu::kernels::Adapter;
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::kernels::format::Format;
use streamo_wgpu::kernels::shader::Shader;
use streamo_wgpu::model::{Extent, ModelConfig, Placement};

const STORAGE_BUFFERS: usize = 8;
const BINDING: u64 = 128 << 20;
const INVOCATIONS: u32 = 256;
const WORKGROUP_MEMORY: u32 = 16 << 10;
const WORKGROUPS: u32 = 65_535;

/// Every variant that some adapter gets.
fn adapters() -> impl Iterator<Item = Adapter> {
    let kinds = [(false, false), (false, true), (true, false), (true, true)];
    kinds.into_iter().flat_map(|(software, half)| [0, 4, 8, 64].map(|subgroup| Adapter { software, half, subgroup }))
}

/// Upstream's largest frame, 128 visual tokens, of a camera with 8K, in a round of about 150.
const EXTENT: Extent = Extent { pixels: 7680 * 4320, patches: 512, rows: 150, slots: 20_000 };

fn check(shader: &Shader) -> Result<(), String> {
    let module = wgsl::parse_str(&shader.text()).map_err(|error| error.emit_to_string(&shader.text()))?;
    let mut sizes = Layouter::default();
    sizes.update(module.to_ctx()).map_err(|error| error.to_string())?;
    let in_space = |wanted: fn(AddressSpace) -> bool| {
        module.global_variables.iter().map(|(_, variable)| variable).filter(move |variable| wanted(variable.space))
    };
    let buffers = in_space(|space| matches!(space, AddressSpace::Storage { .. })).count();
    if buffers > STORAGE_BUFFERS {
        return Err(format!("{buffers} storage buffers"));
    }
    let memory: u32 = in_space(|space| space == AddressSpace::WorkGroup).map(|variable| sizes[variable.ty].size).sum();
    if memory > WORKGROUP_MEMORY {
        return Err(format!("{memory} bytes of workgroup memory"));
    }
    let [entry] = module.entry_points.as_slice() else {
        return Err(format!("{} entry points", module.entry_points.len()));
    };
    let invocations: u32 = entry.workgroup_size.iter().product();
    if invocations > INVOCATIONS || invocations != Shader::WORKGROUP {
        return Err(format!("{invocations} invocations"));
    }
    Ok(())
}

#[test]
fn every_kernel_of_the_full_size_models_keeps_the_portable_limits() {
    for (name, config) in [("3B", ModelConfig::qwen2_5_vl_3b()), ("7B", ModelConfig::qwen2_5_vl_7b())] {
        for adapter in adapters() {
            // Either is in the same kernels whatever the other is.
            let formats = Format::ALL.map(|format| (format, ArenaFormat::F32));
            let arenas = ArenaFormat::ALL.map(|arena| (Format::F32, arena));
            for (format, arena) in formats.into_iter().chain(arenas) {
                for kernel in config.kernels(Placement { format, arena, adapter }, EXTENT) {
                    let what = || {
                        let (format, arena) = (format.name(), arena.name());
                        format!("{name} in {format} over {arena} on {adapter:?}: {}", kernel.shader.name())
                    };
                    check(&kernel.shader).unwrap_or_else(|error| panic!("{}: {error}", what()));
                    assert!(kernel.workgroups.iter().all(|&count| (1..=WORKGROUPS).contains(&count)), "{}", what());
                    assert!(kernel.largest_binding <= BINDING, "{}: {} bytes", what(), kernel.largest_binding);
                }
            }
        }
    }
}

/// How long a memory may get, in powers of two, before a tensor of it has to be cut: in q8 slots' rotations are what is
/// largest.
#[test]
fn a_memory_in_q8_may_be_longer() {
    let fits = |config: &ModelConfig, arena, slots| {
        let extent = Extent { slots, ..EXTENT };
        let on = |adapter| Placement { format: Format::Q4, arena, adapter };
        let mut kernels = adapters().flat_map(|adapter| config.kernels(on(adapter), extent));
        kernels.all(|kernel| kernel.largest_binding <= BINDING)
    };
    let most = |config: &ModelConfig, arena| (10..24_u32).rev().find(|&power| fits(config, arena, 1 << power));
    let [small, large] = [ModelConfig::qwen2_5_vl_3b(), ModelConfig::qwen2_5_vl_7b()];
    assert_eq!([&small, &large].map(|config| most(config, ArenaFormat::F32)), [Some(17), Some(16)]);
    assert_eq!([&small, &large].map(|config| most(config, ArenaFormat::Q8)), [Some(18), Some(18)]);
}
