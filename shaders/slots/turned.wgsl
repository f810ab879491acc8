// Keys that were turned beforehand, by rotary.wgsl or rotary_slots.wgsl.
//
// keys     [slots, KV_HEADS, D / 4]   vec4<f32>
// values   [slots, …]                 vec4<f32>   a slot's heads lie side by side

struct Pair {
    low: vec4<f32>,
    high: vec4<f32>,
}

// Features 4i … 4i + 3 of a key, and those D / 2 further on.
fn key_pair(slot: u32, head: u32, i: u32) -> Pair {
    let at = (slot * KV_HEADS + head) * (D / 4u) + i;
    return Pair(keys[at], keys[at + D / 8u]);
}

// Features 4i … 4i + 3 of a value.
fn value_quad(slot: u32, head: u32, i: u32) -> vec4<f32> {
    return values[slot * size.value_stride + size.value_start + head * (D / 4u) + i];
}
