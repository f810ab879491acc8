// Keys and values into their slots, in q8 (kernels/arena): scale = max |x| / 127, rounded to eight bits, and
// code = x / scale, rounded, halves downwards. A block of numbers that are next to nothing has the scale 0; one with a
// number that is none, or is 2¹⁰⁰ or more, has a scale that is none.
//
// keys, values   [slots, KV_HEADS, D / 4]          u32   four codes, the lowest byte first
// scales         [slots, 2, KV_HEADS, D / BLOCK]   u32   of the key, then of the value: the bits of an f32
//
// A thread codes a block of a key and the same of a value. A code times its scale is exact, and so is what is left of x:
// whoever's reciprocal and rounding it was, every adapter finds the same code.

const BLOCKS = KV_HEADS * (D / BLOCK);
const HOLDS = BLOCKS;         // threads of a row
const QUADS = BLOCK / 4u;
const LEAST = 0x0d800000u;    // 2⁻¹⁰⁰
const MOST = 0x71800000u;     // 2¹⁰⁰
const NONE = 0x7fc00000u;     // no number

// The bits of the scale of the block at quad `first` of x. Among positive numbers bits have the order of what they mean,
// and those of what is no number come last.
fn scale_bits(first: u32) -> u32 {
    var most = vec4<u32>();
    for (var i = 0u; i < QUADS; i++) {
        most = max(most, bitcast<vec4<u32>>(x[first + i]) & vec4(0x7fffffffu));
    }
    let largest = max(max(most.x, most.y), max(most.z, most.w));
    if (largest < LEAST) {
        return 0u;
    }
    if (largest >= MOST) {
        return NONE;
    }
    let exact = bitcast<u32>(bitcast<f32>(largest) * (1.0 / 127.0));
    return (exact + 0x7fffu + ((exact >> 16u) & 1u)) & 0xffff0000u;
}

// Four codes in a word.
fn codes(quad: vec4<f32>, scale: f32) -> u32 {
    let near = round(quad * (1.0 / scale));
    let twice = 2.0 * (quad - near * scale);
    let up = select(vec4(0.0), vec4(1.0), twice > vec4(scale));
    let down = select(vec4(0.0), vec4(1.0), twice <= vec4(-scale));
    return pack4xI8(vec4<i32>(near + up - down));
}

// A row's key starts at quad `first` of x, its value follows.
fn hold(first: u32, slot: u32, block: u32) {
    let key_bits = scale_bits(first + block * QUADS);
    let value_bits = scale_bits(first + (BLOCKS + block) * QUADS);
    scales[2u * slot * BLOCKS + block] = key_bits;
    scales[(2u * slot + 1u) * BLOCKS + block] = value_bits;
    // Where there is no scale to divide by, all codes are 0.
    let key_live = key_bits != 0u && key_bits != NONE;
    let value_live = value_bits != 0u && value_bits != NONE;
    for (var i = block * QUADS; i < (block + 1u) * QUADS; i++) {
        var key = 0u;
        if (key_live) {
            key = codes(x[first + i], bitcast<f32>(key_bits));
        }
        var value = 0u;
        if (value_live) {
            value = codes(x[first + BLOCKS * QUADS + i], bitcast<f32>(value_bits));
        }
        keys[slot * BLOCKS * QUADS + i] = key;
        values[slot * BLOCKS * QUADS + i] = value;
    }
}
