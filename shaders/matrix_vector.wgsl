// y = W x for one row.
//
// x       [inputs / 4]          vec4<f32>       normalised or not, by inputs/*.wgsl
// words   [outputs, …]          vec4<u32>       read by weights/*.wgsl, multiplied by block_sum.wgsl
// y       [outputs]             f32             written by finish.wgsl
//
// A workgroup of 64 threads computes COLUMNS outputs: each thread takes every 64th block of 32 inputs, of all outputs,
// so that neighbours read neighbouring words and x is read once for all of them. Where one dimension has too few
// workgroups, a second goes on. Workgroup memory: 256 B · SUMS.

// The outputs, and the squares of x where they are wanted.
const SUMS: u32 = COLUMNS + u32(NORMED);

var<workgroup> parts: array<array<f32, WORKGROUP>, SUMS>;

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let first = (group.y * groups.x + group.x) * COLUMNS;
    let width = size.inputs / 4u;
    var sums: array<vec4<f32>, COLUMNS>;
    var squares = 0.0;
    for (var b = thread; b < (size.inputs + 31u) / 32u; b += WORKGROUP) {
        var a: array<vec4<f32>, 8>;
        for (var i = 0u; i < 8u; i++) {
            // Past the last input weights are 0, and x is any finite number of the same row.
            let column = min(8u * b + i, width - 1u);
            let features = x[column];
            if (NORMED) {
                squares += select(0.0, dot(features, features), 8u * b + i < width);
            }
            a[i] = weighed(features, column);
        }
        for (var c = 0u; c < COLUMNS; c++) {
            sums[c] = add_block(sums[c], a, block(min(first + c, size.outputs - 1u), b));
        }
    }
    for (var c = 0u; c < COLUMNS; c++) {
        parts[c][thread] = (sums[c].x + sums[c].y) + (sums[c].z + sums[c].w);
    }
    if (NORMED) {
        parts[SUMS - 1u][thread] = squares;
    }
    workgroupBarrier();
    // Eight threads a sum, then one.
    for (var t = thread; t < 8u * SUMS; t += WORKGROUP) {
        var sum = 0.0;
        for (var i = 0u; i < 8u; i++) {
            sum += parts[t / 8u][t % 8u + 8u * i];
        }
        parts[t / 8u][t % 8u] = sum;
    }
    workgroupBarrier();
    if (thread == 0u) {
        let factor = scale(total(SUMS - 1u));
        var totals: array<f32, COLUMNS>;
        for (var c = 0u; c < COLUMNS; c++) {
            totals[c] = total(c) * factor;
        }
        finish(0u, first, totals);
    }
}

fn total(sum: u32) -> f32 {
    var total = 0.0;
    for (var i = 0u; i < 8u; i++) {
        total += parts[sum][i];
    }
    return total;
}
