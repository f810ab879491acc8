// y = x / √(mean(x²) + ε) · γ
//
// x       [rows, features / 4]   vec4<f32>
// gamma   [features / 4]         vec4<f32>
// y       [rows, features / 4]   vec4<f32>
//
// A workgroup normalises a row; size.epsilon holds the bits of ε.

var<workgroup> parts: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let width = size.features / 4u;
    let row = group.y * width;
    var square = 0.0;
    for (var i = thread; i < width; i += WORKGROUP) {
        square += dot(x[row + i], x[row + i]);
    }
    parts[thread] = square;
    workgroupBarrier();
    if (thread < 8u) {
        var sum = 0.0;
        for (var i = 0u; i < WORKGROUP; i += 8u) {
            sum += parts[i + thread];
        }
        parts[thread] = sum;
    }
    workgroupBarrier();
    var sum = 0.0;
    for (var i = 0u; i < 8u; i++) {
        sum += parts[i];
    }
    let scale = 1.0 / sqrt(sum / f32(size.features) + bitcast<f32>(size.epsilon));
    for (var i = thread; i < width; i += WORKGROUP) {
        y[row + i] = x[row + i] * scale * gamma[i];
    }
}
