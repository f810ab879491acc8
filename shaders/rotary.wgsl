// The queries and keys of the patches of a frame, turned (turn.wgsl); queries are scaled too.
//
// x         [rows, stride]         vec4<f32>   a row's queries, then its keys, heads side by side, then more
// turns     [rows, D / 4]          vec4<f32>
// queries   [rows, HEADS, D / 4]   vec4<f32>
// keys      [rows, HEADS, D / 4]   vec4<f32>
//
// A thread turns four pairs of a query, and the same four of a key.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let i = at % (D / 8u);
    let head = at / (D / 8u) % HEADS;
    let row = at / (D / 8u) / HEADS;
    if (row >= size.rows) {
        return;
    }
    let source = row * size.stride + head * (D / 4u) + i;
    let query = turn_query(Pair(x[source], x[source + D / 8u]), row, i);
    let beside = source + HEADS * (D / 4u);
    let key = turn(Pair(x[beside], x[beside + D / 8u]), row, i);
    let made = (row * HEADS + head) * (D / 4u) + i;
    queries[made] = query.low;
    queries[made + D / 8u] = query.high;
    keys[made] = key.low;
    keys[made + D / 8u] = key.high;
}
