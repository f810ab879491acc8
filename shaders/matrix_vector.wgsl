// y = W x for one row.
//
// x       [inputs / 4]          vec4<f32>
// words   [outputs, …]          vec4<u32>       read by weights/*.wgsl, multiplied by block_sum.wgsl
// y       [outputs]             f32             written by finish.wgsl
//
// A workgroup of 64 threads computes COLUMNS outputs: each thread takes every 64th block of 32 inputs, of all outputs,
// so that neighbours read neighbouring words and x is read once for all of them. Where one dimension has too few
// workgroups, a second goes on. Workgroup memory: 256 B · COLUMNS.

var<workgroup> parts: array<array<f32, WORKGROUP>, COLUMNS>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first = (group.y * groups.x + group.x) * COLUMNS;
    var sums: array<vec4<f32>, COLUMNS>;
    for (var b = thread; b < (size.inputs + 31u) / 32u; b += WORKGROUP) {
        // Past the last input weights are 0, and x is any finite number of the same row.
        var a: array<vec4<f32>, 8>;
        for (var i = 0u; i < 8u; i++) {
            a[i] = x[min(8u * b + i, size.inputs / 4u - 1u)];
        }
        for (var c = 0u; c < COLUMNS; c++) {
            sums[c] = add_block(sums[c], a, block(min(first + c, size.outputs - 1u), b));
        }
    }
    for (var c = 0u; c < COLUMNS; c++) {
        parts[c][thread] = (sums[c].x + sums[c].y) + (sums[c].z + sums[c].w);
    }
    workgroupBarrier();
    // Eight threads an output, then one.
    for (var t = thread; t < 8u * COLUMNS; t += WORKGROUP) {
        var sum = 0.0;
        for (var i = 0u; i < 8u; i++) {
            sum += parts[t / 8u][t % 8u + 8u * i];
        }
        parts[t / 8u][t % 8u] = sum;
    }
    workgroupBarrier();
    if (thread == 0u) {
        var totals: array<f32, COLUMNS>;
        for (var c = 0u; c < COLUMNS; c++) {
            for (var i = 0u; i < 8u; i++) {
                totals[c] += parts[c][i];
            }
        }
        finish(0u, first, totals);
    }
}
