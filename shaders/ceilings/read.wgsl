// How fast the adapter reads a buffer from one end to the other.
//
// x       [words]               vec4<u32>
// y       [threads]             u32
//
// Every thread takes each size.threads-th vector.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let at = group.x * WORKGROUP + thread;
    var sum = vec4(0u);
    for (var i = at; i < size.words; i += size.threads) {
        sum += x[i];
    }
    y[at] = sum.x + sum.y + sum.z + sum.w;
}
