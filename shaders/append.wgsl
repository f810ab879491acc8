// keys[places[r]] = k of row r, values[places[r]] = v of row r.
//
// x        [rows, stride]      vec4<f32>   from quad `start` on a row's key, then its value, `width` quads each
// places   [rows]              u32         the rows' own slots
// keys     [slots, width]      vec4<f32>
// values   [slots, width]      vec4<f32>
//
// A thread moves a quad. Keys are kept as they were before rotation.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let row = at / size.width;
    let i = at % size.width;
    if (row >= size.rows) {
        return;
    }
    let source = row * size.stride + size.start + i;
    let slot = places[row] * size.width + i;
    keys[slot] = x[source];
    values[slot] = x[source + size.width];
}
