// y = x Wᵀ for many rows, without workgroup memory or barriers: for software adapters, where both are dear.
//
// x       [rows, inputs / 4]    vec4<f32>       read by rows/*.wgsl
// words   [outputs, …]          vec4<u32>       read by weights/*.wgsl
// y       [rows, outputs]       f32             written by finish.wgsl
//
// A thread computes 8·EIGHTS rows of COLUMNS outputs that lie side by side, so that a weight is decoded once for all
// of those rows. A load costs a software adapter as much as 20 multiply-adds, whatever it loads: eight rows of x come
// by one load of the subgroup where there are subgroups.

alias Sums = array<array<array<f32, COLUMNS>, 8>, EIGHTS>;

// Adds the products of weights 4i … 4i + 3 of block b. Called with every i by name, so that all indices are constants.
fn add(
    sums: ptr<function, Sums>, blocks: ptr<function, array<Block, COLUMNS>>,
    b: u32, i: u32, first_row: u32, thread: Thread,
) {
    var w: array<vec4<f32>, COLUMNS>;
    for (var c = 0u; c < COLUMNS; c++) {
        w[c] = four((*blocks)[c], i);
    }
    // Past the last input weights are 0, and x is any finite number of the same row.
    let column = min(8u * b + i, size.inputs / 4u - 1u);
    for (var e = 0u; e < EIGHTS; e++) {
        let a = eight_rows(first_row + 8u * e, column, thread);
        for (var r = 0u; r < 8u; r++) {
            for (var c = 0u; c < COLUMNS; c++) {
                let sum = (*sums)[e][r][c];
                (*sums)[e][r][c] =
                    fma(a[r].x, w[c].x, fma(a[r].y, w[c].y, fma(a[r].z, w[c].z, fma(a[r].w, w[c].w, sum))));
            }
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, thread: Thread) {
    let first_row = group.y * 8u * EIGHTS;
    let first = (group.x * WORKGROUP + thread.index) * COLUMNS;
    // Eight lanes end together, so that whoever hands a row round is there.
    if ((group.x * WORKGROUP + thread.index / 8u * 8u) * COLUMNS >= size.outputs) {
        return;
    }
    var sums: Sums;
    for (var b = 0u; b < (size.inputs + 31u) / 32u; b++) {
        var blocks: array<Block, COLUMNS>;
        for (var c = 0u; c < COLUMNS; c++) {
            blocks[c] = block(min(first + c, size.outputs - 1u), b);
        }
        add(&sums, &blocks, b, 0u, first_row, thread);
        add(&sums, &blocks, b, 1u, first_row, thread);
        add(&sums, &blocks, b, 2u, first_row, thread);
        add(&sums, &blocks, b, 3u, first_row, thread);
        add(&sums, &blocks, b, 4u, first_row, thread);
        add(&sums, &blocks, b, 5u, first_row, thread);
        add(&sums, &blocks, b, 6u, first_row, thread);
        add(&sums, &blocks, b, 7u, first_row, thread);
    }
    // Through an array of their own, which a loop of unknown length may index: what ends a row is compiled once.
    var made: array<array<f32, COLUMNS>, 8u * EIGHTS>;
    for (var e = 0u; e < EIGHTS; e++) {
        for (var r = 0u; r < 8u; r++) {
            for (var c = 0u; c < COLUMNS; c++) {
                made[8u * e + r][c] = sums[e][r][c];
            }
        }
    }
    for (var r = 0u; r < min(8u * EIGHTS, size.rows - first_row); r++) {
        finish(first_row + r, first, made[r]);
    }
}
