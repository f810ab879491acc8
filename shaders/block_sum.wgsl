// The products of a row's block of 32 inputs with its weights, added to four sums.

fn add_block(sums: vec4<f32>, a: array<vec4<f32>, 8>, weights: Block) -> vec4<f32> {
    var s = fma(a[0], four(weights, 0u), sums);
    s = fma(a[1], four(weights, 1u), s);
    s = fma(a[2], four(weights, 2u), s);
    s = fma(a[3], four(weights, 3u), s);
    s = fma(a[4], four(weights, 4u), s);
    s = fma(a[5], four(weights, 5u), s);
    s = fma(a[6], four(weights, 6u), s);
    return fma(a[7], four(weights, 7u), s);
}
