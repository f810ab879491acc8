//! The kernels that are reported on: those of Qwen2.5-VL-3B on a GPU.

use std::collections::BTreeMap;

use streamo_wgpu::kernels::Adapter;
use streamo_wgpu::kernels::arena::ArenaFormat;
use streamo_wgpu::kernels::format::Format;
use streamo_wgpu::model::{Extent, ModelConfig, Placement};

/// Each by its name, with its WGSL.
pub fn shaders() -> Vec<(String, String)> {
    let gpus = [false, true].map(|half| Adapter { software: false, half, subgroup: 32 });
    let extent = Extent { pixels: 1280 * 720, patches: 480, rows: 143, slots: 16_384 };
    let mut shaders = BTreeMap::new();
    let formats = Format::ALL.into_iter().flat_map(|format| gpus.map(|gpu| (format, ArenaFormat::F32, gpu)));
    let arenas = ArenaFormat::ALL.map(|arena| (Format::F32, arena, gpus[0]));
    for (format, arena, adapter) in formats.chain(arenas) {
        for kernel in ModelConfig::qwen2_5_vl_3b().kernels(Placement { format, arena, adapter }, extent) {
            shaders.insert(kernel.shader.name(), kernel.shader.text());
        }
    }
    shaders.into_iter().collect()
}
