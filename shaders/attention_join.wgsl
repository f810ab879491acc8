// Joins attention over parts of the slots: y = Σ_s 2^(top_s − top) sum_s / Σ_s 2^(top_s − top) total_s, top = max_s top_s.
//
// sums     [splits, rows, HEADS, D / 4]   vec4<f32>
// totals   [splits, rows, HEADS]          vec2<f32>   the largest score of a part, in powers of two, and Σ p
// y        [rows, HEADS, D / 4]           vec4<f32>
//
// A thread makes four features of a head. A part in which a row sees nothing has the least of tops, and weighs nothing.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let heads = size.rows * HEADS;
    if (at >= heads * (D / 4u)) {
        return;
    }
    let head = at / (D / 4u);
    var top = totals[head].x;
    for (var s = 1u; s < size.splits; s++) {
        top = max(top, totals[s * heads + head].x);
    }
    var sum = vec4<f32>();
    var total = 0.0;
    for (var s = 0u; s < size.splits; s++) {
        let part = totals[s * heads + head];
        let weight = exp2(part.x - top);
        total = fma(weight, part.y, total);
        sum = fma(vec4(weight), sums[s * heads * (D / 4u) + at], sum);
    }
    y[at] = sum / total;
}
