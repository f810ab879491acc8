// Weights in q8 (kernels/format.rs): weight = scale · code, a block's 32 codes in two vec4<u32>.
//
// words   [outputs, blocks, 2]       vec4<u32>
// scales  [outputs, ⌈blocks / 2⌉]    two f16 a word

struct Block {
    codes: array<vec4<u32>, 2>,
    scale: f32,
}

fn block(output: u32, index: u32) -> Block {
    let blocks = (size.inputs + 31u) / 32u;
    let pair = unpack2x16float(scales[output * ((blocks + 1u) / 2u) + index / 2u]);
    let at = 2u * (output * blocks + index);
    return Block(array(words[at], words[at + 1u]), select(pair.x, pair.y, (index & 1u) == 1u));
}

// Weights 4i … 4i + 3 of a block.
fn four(b: Block, i: u32) -> vec4<f32> {
    return vec4<f32>(unpack4xI8(b.codes[i / 4u][i % 4u])) * b.scale;
}
