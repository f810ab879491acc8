// keys[places[r]] = k of row r, values[places[r]] = v of row r, and queries[r] = q of row r, turned as its slot turns and
// scaled (turn.wgsl): all that attention needs of new rows.
//
// x         [rows, stride]             vec4<f32>   a row's queries, its keys, its values, heads side by side, then more
// turns     [span, D / 4]              vec4<f32>
// places    [rows]                     u32         the rows' own slots
// keys      [slots, KV_HEADS, D / 4]   vec4<f32>
// values    [slots, KV_HEADS, D / 4]   vec4<f32>
// queries   [rows, HEADS, D / 4]       vec4<f32>
//
// A thread turns four pairs of a query, or moves a quad of a key and the same of a value. Keys are kept as they were
// before rotation.

const TURNS = HEADS * (D / 8u);
const MOVES = KV_HEADS * (D / 4u);

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let at = id.y * groups.x * WORKGROUP + id.x;
    let row = at / (TURNS + MOVES);
    let unit = at % (TURNS + MOVES);
    if (row >= size.rows) {
        return;
    }
    let slot = places[row];
    if (unit < TURNS) {
        let i = unit % (D / 8u);
        let first = unit / (D / 8u) * (D / 4u) + i;
        let source = row * size.stride + first;
        let query = turn_query(Pair(x[source], x[source + D / 8u]), slot, i);
        let made = row * HEADS * (D / 4u) + first;
        queries[made] = query.low;
        queries[made + D / 8u] = query.high;
    } else {
        let i = unit - TURNS;
        let source = row * size.stride + HEADS * (D / 4u) + i;
        keys[slot * MOVES + i] = x[source];
        values[slot * MOVES + i] = x[source + MOVES];
    }
}
