// y = W x for one row and a few outputs, all in f32: the logits of the states.
//
// x       [inputs]            f32
// w       [outputs, inputs]   f32
// y       [outputs]           f32
//
// A workgroup makes an output. Workgroup memory: 256 B.

var<workgroup> parts: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    var sum = 0.0;
    for (var i = thread; i < size.inputs; i += WORKGROUP) {
        sum = fma(x[i], w[group.x * size.inputs + i], sum);
    }
    parts[thread] = sum;
    workgroupBarrier();
    if (thread < 8u) {
        var eight = 0.0;
        for (var i = 0u; i < 8u; i++) {
            eight += parts[thread + 8u * i];
        }
        parts[thread] = eight;
    }
    workgroupBarrier();
    if (thread == 0u) {
        var total = 0.0;
        for (var i = 0u; i < 8u; i++) {
            total += parts[i];
        }
        y[group.x] = total;
    }
}
