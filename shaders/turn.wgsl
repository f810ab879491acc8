// Rotary position embedding, Su et al., arXiv 2104.09864, in the layout of `rotate_half`:
// y[i] = x[i] cos − x[i + D/2] sin,  y[i + D/2] = x[i + D/2] cos + x[i] sin.
//
// turns   [slots, D / 4]   vec4<f32>   cosines, then sines, of the D / 2 frequencies

// Features 4i … 4i + 3 of a head, and those D / 2 further on, with which they turn.
struct Pair {
    low: vec4<f32>,
    high: vec4<f32>,
}

// As slot `slot` turns.
fn turn(x: Pair, slot: u32, i: u32) -> Pair {
    let cosine = turns[slot * (D / 4u) + i];
    let sine = turns[slot * (D / 4u) + D / 8u + i];
    return Pair(x.low * cosine - x.high * sine, x.high * cosine + x.low * sine);
}

// A query, which is scaled too: 2 to the power of its product with a key is the exponential of their score.
fn turn_query(x: Pair, slot: u32, i: u32) -> Pair {
    let turned = turn(x, slot, i);
    let scale = 1.4426950408889634 * inverseSqrt(f32(D));
    return Pair(turned.low * scale, turned.high * scale);
}
