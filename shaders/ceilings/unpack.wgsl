// How many weights of four bits the adapter decodes and multiplies at most, were they in registers already.
//
// y       [threads]             vec4<f32>
//
// 32 weights a round and thread: a block of weights/q4.wgsl.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = group.x * WORKGROUP + thread;
    let x = y[at];
    let scale = vec4(f32(size.one));
    let shift = vec4(-8.0 * f32(size.one));
    var codes = vec4<u32>(x) + vec4(at, at + 1u, at + 2u, at + 3u);
    var a = vec4(0.0);
    var b = vec4(0.0);
    for (var i = 0u; i < size.rounds; i++) {
        let low = codes & vec4(0x0f0f0f0fu);
        let high = (codes >> vec4(4u)) & vec4(0x0f0f0f0fu);
        a = fma(x, fma(vec4<f32>(unpack4xU8(low.x)), scale, shift), a);
        b = fma(x, fma(vec4<f32>(unpack4xU8(high.x)), scale, shift), b);
        a = fma(x, fma(vec4<f32>(unpack4xU8(low.y)), scale, shift), a);
        b = fma(x, fma(vec4<f32>(unpack4xU8(high.y)), scale, shift), b);
        a = fma(x, fma(vec4<f32>(unpack4xU8(low.z)), scale, shift), a);
        b = fma(x, fma(vec4<f32>(unpack4xU8(high.z)), scale, shift), b);
        a = fma(x, fma(vec4<f32>(unpack4xU8(low.w)), scale, shift), a);
        b = fma(x, fma(vec4<f32>(unpack4xU8(high.w)), scale, shift), b);
        codes += vec4(0x01020304u);
    }
    y[at] = a + b;
}
