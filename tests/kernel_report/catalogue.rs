//! The kernels that are reported on: those of Qwen2.5-VL-3B on a GPU.

use std::collections::BTreeMap;

use streamo_wgpu::kernels::Adapter;
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::kernels::format::Format;
use streamo_wgpu::model::{Extent, ModelConfig};

/// Each by its name, with its WGSL.
pub fn shaders() -> Vec<(String, String)> {
    let gpu = Adapter { software: false, subgroup: 32 };
    let extent = Extent { patches: 480, rows: 143, slots: 16_384 };
    let mut shaders = BTreeMap::new();
    let formats = Format::ALL.map(|format| (format, ArenaFormat::F32));
    let arenas = ArenaFormat::ALL.map(|arena| (Format::F32, arena));
    for (format, arena) in formats.into_iter().chain(arenas) {
        for kernel in ModelConfig::qwen2_5_vl_3b().kernels(format, arena, gpu, extent) {
            shaders.insert(kernel.shader.name(), kernel.shader.text());
        }
    }
    shaders.into_iter().collect()
}
