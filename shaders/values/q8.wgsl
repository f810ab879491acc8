// Values in q8 (kernels/arena): number = scale · code, a scale for BLOCK features of a head.
//
// values   [slots, KV_HEADS, D / 4]          u32   four codes, the lowest byte first
// scales   [slots, 2, KV_HEADS, D / BLOCK]   f32   of the key, then of the value

// Features 4i … 4i + 3 of a value.
fn value_quad(slot: u32, head: u32, i: u32) -> vec4<f32> {
    let scale = scales[((2u * slot + 1u) * KV_HEADS + head) * (D / BLOCK) + i / (BLOCK / 4u)];
    return vec4<f32>(unpack4xI8(values[(slot * KV_HEADS + head) * (D / 4u) + i])) * scale;
}
