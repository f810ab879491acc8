// The index of the largest of x; the first among equals.
//
// x       [count]     f32
// best    [groups]    f32   the largest that each workgroup saw
// y       [groups]    u32   its index, as place/*.wgsl has it
//
// A thread takes every so many-th number, a workgroup keeps the best of its threads: many workgroups leave a few, one
// leaves the answer. What is not a number is smaller than any. Workgroup memory: 512 B.

struct Found {
    value: f32,
    index: u32,
}

var<workgroup> found: array<Found, WORKGROUP>;

const LEAST: f32 = -3.4028234663852886e38;
const NOTHING: u32 = 0xffffffffu;

fn better(a: Found, b: Found) -> bool {
    return a.value > b.value || (a.value == b.value && a.index < b.index);
}

@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    var own = Found(LEAST, NOTHING);
    for (var i = group.x * WORKGROUP + thread; i < size.count; i += groups.x * WORKGROUP) {
        let value = x[i];
        if (value > own.value || own.index == NOTHING) {
            own = Found(select(LEAST, value, value > LEAST), place(i));
        }
    }
    found[thread] = own;
    workgroupBarrier();
    if (thread < 8u) {
        for (var i = 1u; i < 8u; i++) {
            if (better(found[thread + 8u * i], own)) {
                own = found[thread + 8u * i];
            }
        }
        found[thread] = own;
    }
    workgroupBarrier();
    if (thread == 0u) {
        for (var i = 1u; i < 8u; i++) {
            if (better(found[i], own)) {
                own = found[i];
            }
        }
        best[group.x] = own.value;
        y[group.x] = own.index;
    }
}
