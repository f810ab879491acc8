// How fast the adapter reads a buffer from one end to the other.
//
// x       [words]               vec4<u32>
// y       [threads]             u32
//
// A thread takes every size.threads-th vector, eight a round; size.words is a multiple of 8 · size.threads.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = group.x * WORKGROUP + thread;
    let step = size.threads;
    var a = vec4(0u);
    var b = vec4(0u);
    for (var i = at; i < size.words; i += 8u * step) {
        a += x[i];
        b += x[i + step];
        a += x[i + 2u * step];
        b += x[i + 3u * step];
        a += x[i + 4u * step];
        b += x[i + 5u * step];
        a += x[i + 6u * step];
        b += x[i + 7u * step];
    }
    let sum = a + b;
    y[at] = sum.x + sum.y + sum.z + sum.w;
}
