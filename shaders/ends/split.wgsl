// Some of the slots were seen: attention_join.wgsl puts the parts together.
//
// parts   [splits, rows, HEADS, D / 4 + 1]   vec4<f32>   Σ p · value, then the largest score, Σ p and two zeros

fn end(row: u32, head: u32, i: u32, sum: vec4<f32>, top: f32, total: f32, split: u32) {
    let at = ((split * size.rows + row) * HEADS + head) * (D / 4u + 1u);
    parts[at + i] = sum;
    if (i == 0u) {
        parts[at + D / 4u] = vec4(top, total, 0.0, 0.0);
    }
}
