// y = softmax(q kᵀ + mask) v, without workgroup memory or barriers: for software adapters, where both are dear.
//
// queries   [rows, HEADS, D / 4]   vec4<f32>   turned and scaled by append.wgsl or rotary.wgsl
// keys, values                     read by slots/*.wgsl, keys/*.wgsl, values/*.wgsl
// marks, places                    whom a row sees: sees/*.wgsl, place/*.wgsl
// y                                written by ends/*.wgsl
//
// Grouped-query attention with an online softmax, Milakov and Gimelshein, arXiv 1805.02867; scores are in powers of two.
//
// The query heads of a key/value head are packed into the rows: packed row p is row p / GROUP, head p % GROUP of the
// group. Eight lanes make 8·EIGHTS packed rows, 32 slots a step. For the scores a lane has 4 keys of its own, and a
// query comes from the lane that loaded it; for the sums a lane has its own features, and a probability comes from the
// lane whose slot it is. A load costs a software adapter as much as 16 multiply-adds of a whole subgroup, whatever it
// loads: here one loads 8 queries at once, or 8 keys that serve all rows, or 8 features of a value.
//
// Assumes subgroups of 8 lanes, or of a larger power of two, of which lanes beyond 8 repeat what the first 8 do;
// D % 8 = 0, D ≤ 128. All loops over rows and keys must unroll, so that sums stay in registers: EIGHTS ≤ 4.

const QUADS = (D / 4u + 7u) / 8u; // of a value, for each lane
const ROWS = 8u * EIGHTS;
const LEAST = -1e30;

alias Eight = array<f32, 8>;

fn spread(a: vec4<f32>) -> array<vec4<f32>, 8> {
    return array(
        subgroupBroadcast(a, 0u), subgroupBroadcast(a, 1u), subgroupBroadcast(a, 2u), subgroupBroadcast(a, 3u),
        subgroupBroadcast(a, 4u), subgroupBroadcast(a, 5u), subgroupBroadcast(a, 6u), subgroupBroadcast(a, 7u),
    );
}

fn spread_one(a: f32) -> Eight {
    return Eight(
        subgroupBroadcast(a, 0u), subgroupBroadcast(a, 1u), subgroupBroadcast(a, 2u), subgroupBroadcast(a, 3u),
        subgroupBroadcast(a, 4u), subgroupBroadcast(a, 5u), subgroupBroadcast(a, 6u), subgroupBroadcast(a, 7u),
    );
}

fn largest(a: f32) -> f32 {
    let s = spread_one(a);
    return max(max(max(s[0], s[1]), max(s[2], s[3])), max(max(s[4], s[5]), max(s[6], s[7])));
}

fn total_of(a: f32) -> f32 {
    let s = spread_one(a);
    return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

// What a lane knows of its rows and its four slots, the sums under way among it.
struct State {
    query: array<u32, EIGHTS>,                       // where the lane's packed rows start
    own: array<i32, EIGHTS>,                         // their marks
    slots: vec4<u32>,
    marks: vec4<i32>,
    scores: array<vec4<f32>, ROWS>,                  // [packed row][the lane's slots]
    sums: array<array<vec4<f32>, QUADS>, ROWS>,      // [packed row][the lane's features]
    tops: array<f32, ROWS>,
    totals: array<f32, ROWS>,                        // of the lane's slots
}

// Adds products of features 4i … 4i + 3; keys are one feature of the lane's four slots each.
fn multiply(s: ptr<function, State>, i: u32, k0: vec4<f32>, k1: vec4<f32>, k2: vec4<f32>, k3: vec4<f32>) {
    let k = transpose(mat4x4(k0, k1, k2, k3));
    for (var e = 0u; e < EIGHTS; e++) {
        let q = spread(queries[(*s).query[e] + i]);
        for (var r = 0u; r < 8u; r++) {
            let sum = (*s).scores[8u * e + r];
            (*s).scores[8u * e + r] =
                fma(vec4(q[r].x), k[0], fma(vec4(q[r].y), k[1], fma(vec4(q[r].z), k[2], fma(vec4(q[r].w), k[3], sum))));
        }
    }
}

// Scores become probabilities under the new maximum.
fn soften(s: ptr<function, State>) {
    for (var e = 0u; e < EIGHTS; e++) {
        let owns = spread_one(bitcast<f32>((*s).own[e]));
        for (var r = 0u; r < 8u; r++) {
            let row = 8u * e + r;
            let own = bitcast<i32>(owns[r]);
            let m = (*s).marks;
            let seen = vec4(sees(own, m.x), sees(own, m.y), sees(own, m.z), sees(own, m.w));
            let a = select(vec4(LEAST), (*s).scores[row], seen);
            let top = max((*s).tops[row], largest(max(max(a.x, a.y), max(a.z, a.w))));
            let keep = exp2((*s).tops[row] - top);
            (*s).tops[row] = top;
            let p = select(vec4(0.0), exp2(a - top), seen);
            (*s).scores[row] = p;
            (*s).totals[row] = fma((*s).totals[row], keep, (p.x + p.y) + (p.z + p.w));
            for (var n = 0u; n < QUADS; n++) {
                (*s).sums[row][n] *= keep;
            }
        }
    }
}

fn lower(a: f32) -> vec4<f32> {
    return vec4(subgroupBroadcast(a, 0u), subgroupBroadcast(a, 1u), subgroupBroadcast(a, 2u), subgroupBroadcast(a, 3u));
}

fn upper(a: f32) -> vec4<f32> {
    return vec4(subgroupBroadcast(a, 4u), subgroupBroadcast(a, 5u), subgroupBroadcast(a, 6u), subgroupBroadcast(a, 7u));
}

fn values_of(slots: vec4<f32>, head: u32, i: u32) -> mat4x4<f32> {
    let at = bitcast<vec4<u32>>(slots);
    return mat4x4(
        value_quad(at.x, head, i), value_quad(at.y, head, i), value_quad(at.z, head, i), value_quad(at.w, head, i),
    );
}

fn weigh(w: vec4<f32>, v: mat4x4<f32>, sum: vec4<f32>) -> vec4<f32> {
    return fma(vec4(w.x), v[0], fma(vec4(w.y), v[1], fma(vec4(w.z), v[2], fma(vec4(w.w), v[3], sum))));
}

// Adds the values of every lane's first slot, and makes its next slot the first.
fn add(s: ptr<function, State>, head: u32, lane: u32) {
    let slot = bitcast<f32>((*s).slots.x);
    for (var n = 0u; n < QUADS; n++) {
        let v = values_of(lower(slot), head, min(8u * n + lane, D / 4u - 1u));
        for (var r = 0u; r < ROWS; r++) {
            (*s).sums[r][n] = weigh(lower((*s).scores[r].x), v, (*s).sums[r][n]);
        }
    }
    for (var n = 0u; n < QUADS; n++) {
        let v = values_of(upper(slot), head, min(8u * n + lane, D / 4u - 1u));
        for (var r = 0u; r < ROWS; r++) {
            (*s).sums[r][n] = weigh(upper((*s).scores[r].x), v, (*s).sums[r][n]);
        }
    }
    (*s).slots = (*s).slots.yzwx;
    for (var r = 0u; r < ROWS; r++) {
        (*s).scores[r] = (*s).scores[r].yzwx;
    }
}

// Attention of one tile of packed rows over one share of the slots.
fn attend(unit: u32, lane: u32) {
    let packed = size.rows * GROUP;
    let tiles = (packed + ROWS - 1u) / ROWS;
    let first = unit % tiles * ROWS;
    let head = unit / tiles % KV_HEADS;
    let split = unit / tiles / KV_HEADS;
    if (split >= size.splits) {
        return;
    }
    var s: State;
    for (var e = 0u; e < EIGHTS; e++) {
        let p = min(first + 8u * e + lane, packed - 1u);
        s.query[e] = (p / GROUP * HEADS + head * GROUP + p % GROUP) * (D / 4u);
        s.own[e] = mark(place(p / GROUP));
    }
    for (var r = 0u; r < ROWS; r++) {
        s.tops[r] = LEAST;
    }
    let safe = place(first / GROUP);
    let range = reach(safe, place((min(first + ROWS, packed) - 1u) / GROUP));
    let start = range.x + split * size.share;
    for (var b = start; b < min(start + size.share, range.y); b += 32u) {
        s.slots = b + lane + vec4(0u, 8u, 16u, 24u);
        s.marks = vec4(mark(s.slots.x), mark(s.slots.y), mark(s.slots.z), mark(s.slots.w));
        // What a free slot holds may not even be a number: nothing of it is read.
        s.slots = select(s.slots, vec4(safe), s.marks == vec4(FREE));
        for (var r = 0u; r < ROWS; r++) {
            s.scores[r] = vec4<f32>();
        }
        for (var i = 0u; i < D / 8u; i++) {
            let k0 = key_pair(s.slots.x, head, i);
            let k1 = key_pair(s.slots.y, head, i);
            let k2 = key_pair(s.slots.z, head, i);
            let k3 = key_pair(s.slots.w, head, i);
            multiply(&s, i, k0.low, k1.low, k2.low, k3.low);
            multiply(&s, i + D / 8u, k0.high, k1.high, k2.high, k3.high);
        }
        soften(&s);
        for (var c = 0u; c < 4u; c++) {
            add(&s, head, lane);
        }
    }
    for (var r = 0u; r < ROWS; r++) {
        let p = first + r;
        let total = total_of(s.totals[r]);
        for (var n = 0u; n < QUADS; n++) {
            if (p < packed && 8u * n + lane < D / 4u) {
                end(p / GROUP, head * GROUP + p % GROUP, 8u * n + lane, s.sums[r][n], s.tops[r], total, split);
            }
        }
    }
}

// Eight units a workgroup, one a subgroup; a larger subgroup takes several, one after the other.
@compute @workgroup_size(WORKGROUP)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) width: u32,
) {
    for (var unit = thread / width; unit < WORKGROUP / 8u; unit += max(WORKGROUP / width, 1u)) {
        attend(group.x * (WORKGROUP / 8u) + unit, lane % 8u);
    }
}
