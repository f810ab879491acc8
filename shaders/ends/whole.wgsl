// All slots were seen by one workgroup: the row is done.
//
// y   [rows, HEADS, D / 4]   vec4<f32>

fn end(row: u32, head: u32, i: u32, sum: vec4<f32>, top: f32, total: f32, split: u32) {
    y[(row * HEADS + head) * (D / 4u) + i] = sum / total;
}
