// The keys of an arena, turned (turn.wgsl) as the positions that hold in this pass say.
//
// keys                                read by keys/*.wgsl
// turns    [span, D / 4]              vec4<f32>
// turned   [span, KV_HEADS, D / 4]    vec4<f32>
//
// A thread turns four pairs.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let i = at % (D / 8u);
    let head = at / (D / 8u) % KV_HEADS;
    let slot = at / (D / 8u) / KV_HEADS;
    if (slot >= size.span) {
        return;
    }
    let key = turn(Pair(key_quad(slot, head, i), key_quad(slot, head, i + D / 8u)), slot, i);
    let made = (slot * KV_HEADS + head) * (D / 4u) + i;
    turned[made] = key.low;
    turned[made + D / 8u] = key.high;
}
