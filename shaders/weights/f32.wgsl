// Weights in f32 (kernels/format.rs); a block is 32 of them.
//
// words   [outputs, blocks, 8]       vec4<u32>, bits of f32

struct Block {
    bits: array<vec4<u32>, 8>,
}

fn block(output: u32, index: u32) -> Block {
    let at = 8u * (output * ((size.inputs + 31u) / 32u) + index);
    return Block(array(
        words[at], words[at + 1u], words[at + 2u], words[at + 3u],
        words[at + 4u], words[at + 5u], words[at + 6u], words[at + 7u],
    ));
}

// Weights 4i … 4i + 3 of a block.
fn four(b: Block, i: u32) -> vec4<f32> {
    return bitcast<vec4<f32>>(b.bits[i]);
}
