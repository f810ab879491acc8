// Values as numbers.
//
// values   [slots, size.value_stride]   vec4<f32>   from `value_start` on a slot's heads lie side by side

// Features 4i … 4i + 3 of a value.
fn value_quad(slot: u32, head: u32, i: u32) -> vec4<f32> {
    return values[slot * size.value_stride + size.value_start + head * (D / 4u) + i];
}
