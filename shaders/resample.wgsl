// One pass of resampling over a picture: y[i, j] = resampled(j, i), see resampled.wgsl.
//
// words     [height, pitch]   u32   pixels: pixel/*.wgsl
// windows   [to, stride]      i32   of the axis that is resampled
// y         [rows, columns]   u32   red, green, blue from the lowest byte up, and 0
//
// A thread makes a pixel.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    if (at >= size.pixels) {
        return;
    }
    let color = vec3<u32>(resampled(at % size.columns, at / size.columns));
    y[at] = color.x | (color.y << 8u) | (color.z << 16u);
}
