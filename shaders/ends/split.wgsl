// Some of the slots were seen: attention_join.wgsl puts the parts together.
//
// sums     [splits, rows, HEADS, D / 4]   vec4<f32>   Σ p · value
// totals   [splits, rows, HEADS]          vec2<f32>   the largest score, and Σ p

fn end(row: u32, head: u32, i: u32, sum: vec4<f32>, top: f32, total: f32, split: u32) {
    let at = (split * size.rows + row) * HEADS + head;
    sums[at * (D / 4u) + i] = sum;
    if (i == 0u) {
        totals[at] = vec2(top, total);
    }
}
