// y = W x for one row, without workgroup memory or barriers: for software adapters, where both are dear.
//
// x       [inputs / 4]          vec4<f32>       read by rows/*.wgsl
// words   [outputs, …]          vec4<u32>       read by weights/*.wgsl
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
            let weights = block(min(first + c, size.outputs - 1u), b);
            sums[c] = fma(a[0], four(weights, 0u), sums[c]);
            sums[c] = fma(a[1], four(weights, 1u), sums[c]);
            sums[c] = fma(a[2], four(weights, 2u), sums[c]);
            sums[c] = fma(a[3], four(weights, 3u), sums[c]);
            sums[c] = fma(a[4], four(weights, 4u), sums[c]);
            sums[c] = fma(a[5], four(weights, 5u), sums[c]);
            sums[c] = fma(a[6], four(weights, 6u), sums[c]);
            sums[c] = fma(a[7], four(weights, 7u), sums[c]);
        }
    }
    var totals: array<f32, COLUMNS>;
    for (var c = 0u; c < COLUMNS; c++) {
        totals[c] = (sums[c].x + sums[c].y) + (sums[c].z + sums[c].w);
    }
    finish(0u, first, totals);
}
