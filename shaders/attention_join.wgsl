// Joins attention over parts of the slots: y = Σ_s 2^(top_s − top) sum_s / Σ_s 2^(top_s − top) total_s, top = max_s top_s.
//
// parts   [splits, rows, HEADS, D / 4 + 1]   vec4<f32>   sum_s, then the largest score top_s in powers of two and total_s = Σ p
// y       [rows, HEADS, D / 4]               vec4<f32>
//
// A thread makes four features of a head. A part in which a row sees nothing has the least of tops, and weighs nothing.

const LONG = D / 4u + 1u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let heads = size.rows * HEADS;
    if (at >= heads * (D / 4u)) {
        return;
    }
    let head = at / (D / 4u);
    let i = at % (D / 4u);
    var top = parts[head * LONG + D / 4u].x;
    for (var s = 1u; s < size.splits; s++) {
        top = max(top, parts[(s * heads + head) * LONG + D / 4u].x);
    }
    var sum = vec4<f32>();
    var total = 0.0;
    for (var s = 0u; s < size.splits; s++) {
        let first = (s * heads + head) * LONG;
        let end = parts[first + D / 4u];
        let weight = exp2(end.x - top);
        total = fma(weight, end.y, total);
        sum = fma(vec4(weight), parts[first + i], sum);
    }
    y[at] = sum / total;
}
