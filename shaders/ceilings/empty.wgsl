// What a dispatch costs that does next to nothing.
//
// y       [1]                   u32

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) thread: u32) {
    if (thread == 0u) {
        y[0] = size.one;
    }
}
