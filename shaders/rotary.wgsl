// Rotary position embedding, Su et al., arXiv 2104.09864, in the layout of `rotate_half`, and a scale:
// y[i] = (x[i] cos − x[i + D/2] sin) · scale,  y[i + D/2] = (x[i + D/2] cos + x[i] sin) · scale.
//
// x       [rows, …]               vec4<f32>   a row's heads lie side by side, from `start` on
// turns   [slots, D / 4]          vec4<f32>   cosines, then sines, of the D / 2 frequencies
// y       [rows, heads, D / 4]    vec4<f32>
//
// A thread turns four pairs. SCORES = 1 makes queries ready for attention: scale = log₂ e / √D, so that a power of two
// of a product is the exponential of a score; else scale = 1. place/*.wgsl says which slot's turn is a row's.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let i = at % (D / 8u);
    let head = at / (D / 8u) % size.heads;
    let row = at / (D / 8u) / size.heads;
    if (row >= size.rows) {
        return;
    }
    let at_x = row * size.stride + size.start + head * (D / 4u) + i;
    let low = x[at_x];
    let high = x[at_x + D / 8u];
    let turn = place(row) * (D / 4u) + i;
    let scale = select(1.0, 1.4426950408889634 * inverseSqrt(f32(D)), SCORES == 1u);
    let cosine = turns[turn] * scale;
    let sine = turns[turn + D / 8u] * scale;
    let at_y = (row * size.heads + head) * (D / 4u) + i;
    y[at_y] = low * cosine - high * sine;
    y[at_y + D / 8u] = high * cosine + low * sine;
}
