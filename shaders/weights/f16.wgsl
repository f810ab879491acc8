// Weights in f16 (kernels/format.rs), two a word, read without shader-f16; a block is 32 of them.
//
// words   [outputs, blocks, 4]       vec4<u32>

struct Block {
    halves: array<vec4<u32>, 4>,
}

fn block(output: u32, index: u32) -> Block {
    let at = 4u * (output * ((size.inputs + 31u) / 32u) + index);
    return Block(array(words[at], words[at + 1u], words[at + 2u], words[at + 3u]));
}

// Weights 4i … 4i + 3 of a block.
fn four(b: Block, i: u32) -> vec4<f32> {
    let eight = b.halves[i / 2u];
    let pair = select(eight.xy, eight.zw, (i & 1u) == 1u);
    return vec4(unpack2x16float(pair.x), unpack2x16float(pair.y));
}
