// The keys of an arena, turned (turn.wgsl) as the positions that hold in this pass say.
//
// keys     [slots, KV_HEADS, D / 4]   vec4<f32>
// turns    [span, D / 4]              vec4<f32>
// turned   [span, KV_HEADS, D / 4]    vec4<f32>
//
// A thread turns four pairs.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let i = at % (D / 8u);
    let slot = at / (D / 8u) / KV_HEADS;
    if (slot >= size.span) {
        return;
    }
    let first = at / (D / 8u) * (D / 4u) + i;
    let key = turn(Pair(keys[first], keys[first + D / 8u]), slot, i);
    turned[first] = key.low;
    turned[first + D / 8u] = key.high;
}
