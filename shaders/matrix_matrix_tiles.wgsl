// y = x Wᵀ for many rows, by tiles in workgroup memory.
//
// x       [rows, inputs / 4]    vec4<f32>       normalised or not, by inputs/*.wgsl
// words   [outputs, …]          vec4<u32>       read by weights/*.wgsl
// y       [rows, outputs]       f32             written by finish.wgsl
//
// 64 threads, 16 across and 4 down, make a tile of 16·QUADS rows × 64 outputs, 16 inputs a step. Each weight is decoded
// once into workgroup memory, and each thread multiplies 4·QUADS rows by 4 outputs from vectors that it reads there.
// QUADS is 1 … 4, so that 143 rows are three tiles of 48 with one row to spare. tiles/*.wgsl says how weights are kept.
// Workgroup memory: 4.25 KiB (2.13 KiB as f16) + 1 KiB · QUADS.
//
// Each vector there is written whole by one thread: to write a component may be to write all four (WGSL's memory model).

var<workgroup> tile_x: array<vec4<f32>, 64u * QUADS>; // [input, row / 4]
var<workgroup> tile_w: array<Kept, 272>;              // [input / 4, output % 4, output / 4], 17 apart: no bank conflicts

alias Sums = array<vec4<f32>, 4u * QUADS>;

// Adds the products of input k, of which w has the thread's four weights.
fn multiply(sums: ptr<function, Sums>, w: vec4<f32>, k: u32, thread: u32) {
    for (var q = 0u; q < QUADS; q++) {
        let a = tile_x[4u * QUADS * k + 4u * q + thread / 16u];
        (*sums)[4u * q] = fma(vec4(a.x), w, (*sums)[4u * q]);
        (*sums)[4u * q + 1u] = fma(vec4(a.y), w, (*sums)[4u * q + 1u]);
        (*sums)[4u * q + 2u] = fma(vec4(a.z), w, (*sums)[4u * q + 2u]);
        (*sums)[4u * q + 3u] = fma(vec4(a.w), w, (*sums)[4u * q + 3u]);
    }
}

// Adds the products of half a block: inputs 16·(2·b + half) and on, and the squares of the four rows that the thread reads.
fn add(
    sums: ptr<function, Sums>,
    squares: ptr<function, vec4<f32>>,
    weights: Block,
    b: u32,
    half: u32,
    first_row: u32,
    thread: u32,
) {
    let width = size.inputs / 4u;
    if (thread < 16u * QUADS) {
        // Four rows by four inputs, turned so that rows lie side by side. Past the last input weights are 0, and x is
        // any finite number of the same row.
        let column = min(8u * b + 4u * half + thread % 4u, width - 1u);
        let row = first_row + thread / 4u * 4u;
        let a0 = x[min(row, size.rows - 1u) * width + column];
        let a1 = x[min(row + 1u, size.rows - 1u) * width + column];
        let a2 = x[min(row + 2u, size.rows - 1u) * width + column];
        let a3 = x[min(row + 3u, size.rows - 1u) * width + column];
        if (NORMED) {
            let four = vec4(dot(a0, a0), dot(a1, a1), dot(a2, a2), dot(a3, a3));
            *squares += select(vec4<f32>(), four, 8u * b + 4u * half + thread % 4u < width);
        }
        let b0 = weighed(a0, column);
        let b1 = weighed(a1, column);
        let b2 = weighed(a2, column);
        let b3 = weighed(a3, column);
        let at = thread % 4u * 16u * QUADS + thread / 4u;
        tile_x[at] = vec4(b0.x, b1.x, b2.x, b3.x);
        tile_x[at + 4u * QUADS] = vec4(b0.y, b1.y, b2.y, b3.y);
        tile_x[at + 8u * QUADS] = vec4(b0.z, b1.z, b2.z, b3.z);
        tile_x[at + 12u * QUADS] = vec4(b0.w, b1.w, b2.w, b3.w);
    }
    for (var i = 0u; i < 4u; i++) {
        tile_w[68u * i + 17u * (thread % 4u) + thread / 4u] = Kept(four(weights, 4u * half + i));
    }
    workgroupBarrier();
    for (var i = 0u; i < 4u; i++) {
        let at = 68u * i + thread % 16u;
        let w0 = vec4<f32>(tile_w[at]);
        let w1 = vec4<f32>(tile_w[at + 17u]);
        let w2 = vec4<f32>(tile_w[at + 34u]);
        let w3 = vec4<f32>(tile_w[at + 51u]);
        multiply(sums, vec4(w0.x, w1.x, w2.x, w3.x), 4u * i, thread);
        multiply(sums, vec4(w0.y, w1.y, w2.y, w3.y), 4u * i + 1u, thread);
        multiply(sums, vec4(w0.z, w1.z, w2.z, w3.z), 4u * i + 2u, thread);
        multiply(sums, vec4(w0.w, w1.w, w2.w, w3.w), 4u * i + 3u, thread);
    }
    workgroupBarrier();
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let first_row = group.y * 16u * QUADS;
    let first = group.x * 64u;
    let output = min(first + thread, size.outputs - 1u);
    var sums: Sums;
    var squares: vec4<f32>;
    for (var b = 0u; b < (size.inputs + 31u) / 32u; b++) {
        let weights = block(output, b);
        add(&sums, &squares, weights, b, 0u, first_row, thread);
        add(&sums, &squares, weights, b, 1u, first_row, thread);
    }
    if (NORMED) {
        // Four threads have read parts of the same four rows.
        if (thread < 16u * QUADS) {
            tile_x[thread] = squares;
        }
        workgroupBarrier();
        for (var q = 0u; q < QUADS; q++) {
            let at = 16u * q + thread / 16u * 4u;
            let rows = (tile_x[at] + tile_x[at + 1u]) + (tile_x[at + 2u] + tile_x[at + 3u]);
            sums[4u * q] *= scale(rows.x);
            sums[4u * q + 1u] *= scale(rows.y);
            sums[4u * q + 2u] *= scale(rows.z);
            sums[4u * q + 3u] *= scale(rows.w);
        }
    }
    for (var r = 0u; r < 4u * QUADS; r++) {
        let row = first_row + 16u * (r / 4u) + 4u * (thread / 16u) + r % 4u;
        finish(row, first + 4u * (thread % 16u), array(sums[r].x, sums[r].y, sums[r].z, sums[r].w));
    }
}
