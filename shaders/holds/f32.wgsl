// Keys and values into their slots, as numbers.
//
// keys, values   [slots, KV_HEADS, D / 4]   vec4<f32>
//
// A thread moves a quad of a key and the same of a value.

const HOLDS = KV_HEADS * (D / 4u); // threads of a row

// A row's key starts at quad `first` of x, its value follows.
fn hold(first: u32, slot: u32, i: u32) {
    keys[slot * HOLDS + i] = x[first + i];
    values[slot * HOLDS + i] = x[first + HOLDS + i];
}
