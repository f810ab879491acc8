// The last pass of resampling, and what it makes cut into the rows of a vision transformer:
// y[r, c, t, i, j] = numbers[c, resampled(corners[r] + (j, i))[c]] for every t, see resampled.wgsl.
//
// words     [height, pitch]               u32         pixels: pixel/*.wgsl
// windows   [to, stride]                  i32         of the axis that is resampled last
// corners   [patches]                     vec2<u32>   x and y of each patch's first pixel, in the order of the rows
// numbers   [3, 256]                      f32         what a byte of a channel stands for
// y         [patches, 3, TEMPORAL, PATCH, PATCH]   f32
//
// A thread makes a pixel, 3 · TEMPORAL numbers. Neighbours write neighbouring numbers.

const AREA: u32 = PATCH * PATCH;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let row = at / AREA;
    let i = at % AREA;
    if (row >= size.patches) {
        return;
    }
    let corner = corners[row];
    let color = vec3<u32>(resampled(corner.x + i % PATCH, corner.y + i / PATCH));
    for (var c = 0u; c < 3u; c++) {
        let number = numbers[256u * c + color[c]];
        for (var t = 0u; t < TEMPORAL; t++) {
            y[((row * 3u + c) * TEMPORAL + t) * AREA + i] = number;
        }
    }
}
