// Keys as they were before rotation, turned as they are read, by the positions that hold in this pass.
//
// keys     [slots, KV_HEADS, D / 4]   vec4<f32>
// turns    [span, D / 4]              vec4<f32>   cosines, then sines, of the D / 2 frequencies
// values   [slots, …]                 vec4<f32>   a slot's heads lie side by side

struct Pair {
    low: vec4<f32>,
    high: vec4<f32>,
}

// Features 4i … 4i + 3 of a key, and those D / 2 further on, with which they turn.
fn key_pair(slot: u32, head: u32, i: u32) -> Pair {
    let at = (slot * KV_HEADS + head) * (D / 4u) + i;
    let low = keys[at];
    let high = keys[at + D / 8u];
    let cosine = turns[slot * (D / 4u) + i];
    let sine = turns[slot * (D / 4u) + D / 8u + i];
    return Pair(low * cosine - high * sine, high * cosine + low * sine);
}

// Features 4i … 4i + 3 of a value.
fn value_quad(slot: u32, head: u32, i: u32) -> vec4<f32> {
    return values[slot * size.value_stride + size.value_start + head * (D / 4u) + i];
}
