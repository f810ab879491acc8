// Weights in q4 (kernels/format.rs): weight = scale · (code − 8), a block's 32 codes in one vec4<u32>.
//
// words   [outputs, blocks]          vec4<u32>
// scales  [outputs, ⌈blocks / 2⌉]    two f16 a word

struct Block {
    codes: vec4<u32>,
    scale: f32,
}

fn block(output: u32, index: u32) -> Block {
    let blocks = (size.inputs + 31u) / 32u;
    let pair = unpack2x16float(scales[output * ((blocks + 1u) / 2u) + index / 2u]);
    return Block(words[output * blocks + index], select(pair.x, pair.y, (index & 1u) == 1u));
}

// Weights 4i … 4i + 3 of a block.
fn four(b: Block, i: u32) -> vec4<f32> {
    let codes = unpack4xU8((b.codes[i / 2u] >> (4u * (i & 1u))) & 0x0f0f0f0fu);
    return fma(vec4<f32>(codes), vec4(b.scale), vec4(-8.0 * b.scale));
}
