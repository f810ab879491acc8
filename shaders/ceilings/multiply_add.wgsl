// What the adapter's f32 multiply-adds reach at most: 16 independent sums a thread, nothing else.
//
// y       [threads]             vec4<f32>
//
// 64 multiply-adds a round and thread; size.one is 1 and size.nought is 0, which the compiler cannot know.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = group.x * WORKGROUP + thread;
    let m = vec4(f32(size.one));
    let s = vec4(f32(size.nought));
    var a = y[at];
    var b = a + 1.0;
    var c = a + 2.0;
    var d = a + 3.0;
    for (var i = 0u; i < size.rounds; i++) {
        a = fma(a, m, s); b = fma(b, m, s); c = fma(c, m, s); d = fma(d, m, s);
        a = fma(a, m, s); b = fma(b, m, s); c = fma(c, m, s); d = fma(d, m, s);
        a = fma(a, m, s); b = fma(b, m, s); c = fma(c, m, s); d = fma(d, m, s);
        a = fma(a, m, s); b = fma(b, m, s); c = fma(c, m, s); d = fma(d, m, s);
    }
    y[at] = a + b + c + d;
}
