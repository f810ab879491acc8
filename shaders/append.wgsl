// keys[places[r]] = k of row r, values[places[r]] = v of row r, and queries[r] = q of row r, turned as its slot turns and
// scaled (turn.wgsl): all that attention needs of new rows.
//
// x              [rows, stride]         vec4<f32>   a row's queries, its keys, its values, heads side by side, then more
// turns          [span, D / 4]          vec4<f32>
// places         [rows]                 u32         the rows' own slots
// keys, values                          written by holds/*.wgsl
// queries        [rows, HEADS, D / 4]   vec4<f32>
//
// A thread turns four pairs of a query, or writes what holds/*.wgsl says. Keys are kept as they were before rotation.

const TURNS = HEADS * (D / 8u);

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let row = at / (TURNS + HOLDS);
    let unit = at % (TURNS + HOLDS);
    if (row >= size.rows) {
        return;
    }
    let slot = places[row];
    let source = row * size.stride;
    if (unit < TURNS) {
        let i = unit % (D / 8u);
        let first = unit / (D / 8u) * (D / 4u) + i;
        let query = turn_query(Pair(x[source + first], x[source + first + D / 8u]), slot, i);
        let made = row * HEADS * (D / 4u) + first;
        queries[made] = query.low;
        queries[made + D / 8u] = query.high;
    } else {
        hold(source + HEADS * (D / 4u), slot, unit - TURNS);
    }
}
