// Keys that were turned beforehand, by rotary.wgsl or rotary_slots.wgsl, and stand as numbers (keys/f32.wgsl).

struct Pair {
    low: vec4<f32>,
    high: vec4<f32>,
}

// Features 4i … 4i + 3 of a key, and those D / 2 further on.
fn key_pair(slot: u32, head: u32, i: u32) -> Pair {
    return Pair(key_quad(slot, head, i), key_quad(slot, head, i + D / 8u));
}
