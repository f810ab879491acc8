// y = W x for one row, without workgroup memory or barriers: for software adapters, where both are dear.
//
// x       [inputs / 4]          vec4<f32>       read by rows/*.wgsl
// words   [outputs, …]          vec4<u32>       read by weights/*.wgsl, multiplied by block_sum.wgsl
// y       [outputs]             f32             written by finish.wgsl
//
// A thread computes COLUMNS outputs that lie side by side from all inputs, a block of 32 at a time.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, thread: Thread) {
    let first = (group.x * WORKGROUP + thread.index) * COLUMNS;
    // Eight lanes end together, so that whoever hands a row round is there.
    if ((group.x * WORKGROUP + thread.index / 8u * 8u) * COLUMNS >= size.outputs) {
        return;
    }
    var sums: array<vec4<f32>, COLUMNS>;
    for (var b = 0u; b < (size.inputs + 31u) / 32u; b++) {
        let a = eight_columns(b, thread);
        for (var c = 0u; c < COLUMNS; c++) {
            sums[c] = add_block(sums[c], a, block(min(first + c, size.outputs - 1u), b));
        }
    }
    var totals: array<f32, COLUMNS>;
    for (var c = 0u; c < COLUMNS; c++) {
        totals[c] = (sums[c].x + sums[c].y) + (sums[c].z + sums[c].w);
    }
    finish(0u, first, totals);
}
