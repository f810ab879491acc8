// The turns of rows by their positions: turns[r][i] = cosine, turns[r][N + i] = sine of position p · frequency i, where p
// is r's position on the axis that frequency i follows: time, height or width.
//
// table      [positions, 2, F]   f32   cosines, then sines, of a position's angles
// positions  [axes, rows]        u32
// turns      [rows, 2, N]        f32
//
// A thread gathers a cosine and its sine. The N frequencies of a head are sections of the F of the table, size.first and
// size.second the ends of the first two; a section begins where the one before it ends, and again at 0 past F.

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let i = at % size.turning;
    let row = at / size.turning;
    if (row >= size.rows) {
        return;
    }
    var axis = 0u;
    var start = 0u;
    if (i >= size.second) {
        axis = 2u;
        start = size.second;
    } else if (i >= size.first) {
        axis = 1u;
        start = size.first;
    }
    let position = positions[axis * size.rows + row];
    let column = 2u * position * size.frequencies + start % size.frequencies + i - start;
    turns[2u * row * size.turning + i] = table[column];
    turns[(2u * row + 1u) * size.turning + i] = table[column + size.frequencies];
}
