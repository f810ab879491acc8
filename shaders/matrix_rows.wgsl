// y[i] = W[wanted[i]], where the row is one of this matrix; the others are left to the pieces that have them.
//
// wanted  [rows]                u32             of all pieces together
// words   [outputs, …]          vec4<u32>       read by weights/*.wgsl
// y       [rows, inputs]        f32
//
// A thread decodes one block of 32 inputs.

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let b = group.x * WORKGROUP + thread;
    let row = wanted[group.y];
    if (32u * b >= size.inputs || row < size.offset || row >= size.offset + size.outputs) {
        return;
    }
    let weights = block(row - size.offset, b);
    for (var i = 0u; i < 8u; i++) {
        let w = four(weights, i);
        let first = 32u * b + 4u * i;
        for (var j = 0u; j < 4u; j++) {
            if (first + j < size.inputs) {
                y[group.y * size.inputs + first + j] = w[j];
            }
        }
    }
}
