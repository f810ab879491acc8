// A pixel of one pass of resampling, in the fixed point of Pillow, so that it is the same byte everywhere:
// b = min(max((2²¹ + Σₖ wₖ · v[first + k]) >> 22, 0), 255).
//
// words     [height, pitch]   u32   pixels: pixel/*.wgsl; the first of a row belong to the picture
// windows   [to, stride]      i32   a row for each place along the axis: first, how many there are, their w of 22 fraction bits
//
// COLUMNS = 0: along rows, x counts windows; 1: along columns, y does. The absolute weights of a window add up to less
// than 2 · 2²², so that no sum leaves i32, and no window passes the end of its axis.

fn resampled(x: u32, y: u32) -> vec3<i32> {
    let window = select(x, y, COLUMNS == 1u) * size.stride;
    let first = u32(windows[window]);
    let end = window + 2u + u32(windows[window + 1u]);
    let step = select(1u, size.pitch, COLUMNS == 1u);
    var at = select(y * size.pitch + first, first * size.pitch + x, COLUMNS == 1u);
    var sums = vec3<i32>(1 << 21u);
    for (var k = window + 2u; k < end; k++) {
        sums += windows[k] * pixel(at);
        at += step;
    }
    return clamp(sums >> vec3<u32>(22u), vec3<i32>(0), vec3<i32>(255));
}
