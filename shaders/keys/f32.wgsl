// Keys as numbers.
//
// keys   [slots, KV_HEADS, D / 4]   vec4<f32>

// Features 4i … 4i + 3 of a key.
fn key_quad(slot: u32, head: u32, i: u32) -> vec4<f32> {
    return keys[(slot * KV_HEADS + head) * (D / 4u) + i];
}
