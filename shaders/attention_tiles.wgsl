// y = softmax(q kᵀ + mask) v, by tiles in workgroup memory.
//
// queries   [rows, HEADS, D / 4]   vec4<f32>   turned and scaled by append.wgsl or rotary.wgsl
// keys, values                     read by slots/*.wgsl, keys/*.wgsl, values/*.wgsl
// marks, places                    whom a row sees: sees/*.wgsl, place/*.wgsl
// y                                written by ends/*.wgsl
//
// Grouped-query attention with an online softmax, Milakov and Gimelshein, arXiv 1805.02867; scores are in powers of two.
//
// The query heads of a key/value head are packed into the rows: packed row p is row p / GROUP, head p % GROUP of the
// group, so that a key is read, and turned, once for all of them. 64 threads, 16 across and 4 down, make 4·PER packed
// rows, 64 slots a step: a thread has PER rows by 4 slots of the scores, then PER rows by D / 16 features of the sums.
// Queries and keys come through workgroup memory, 8·STEP features at a time: 4·STEP and those they turn with. Then the
// scores stand in the same place, and two threads a row make them probabilities. Values are read as they lie.
//
// Workgroup memory: 9.6 KiB at PER = 8, 7 KiB at PER = 2. Assumes D % 8 = 0, D ≤ 128; no subgroups.

const STEP = 2u;
const ACROSS = 16u;
const ROWS = 4u * PER;
const SLOTS = 64u;
const QUADS = (D / 4u + 15u) / 16u;   // of a row's sums, for each thread
const WIDE = 2u * STEP + 1u;          // a row of features, and a quad that keeps rows off each other's banks
const LONG = SLOTS / 4u + 1u;         // a row of scores, likewise
const LEAST = -1e30;

var<workgroup> tile: array<vec4<f32>, max((ROWS + SLOTS) * WIDE, ROWS * LONG)>;
var<workgroup> slot_marks: array<i32, SLOTS>;
var<workgroup> slot_places: array<u32, SLOTS>;
var<workgroup> row_marks: array<i32, ROWS>;
var<workgroup> tops: array<f32, WORKGROUP>;  // of half a row
var<workgroup> keeps: array<f32, WORKGROUP>; // what half a row has to hand on
var<workgroup> bounds: vec2<u32>;

alias Scores = array<vec4<f32>, PER>;
alias Sums = array<array<vec4<f32>, QUADS>, PER>;

// Where packed row p starts among the queries.
fn query(p: u32, head: u32) -> u32 {
    return (p / GROUP * HEADS + head * GROUP + p % GROUP) * (D / 4u);
}

// Pairs of quads i … i + STEP − 1 of all rows and slots into workgroup memory. Slot 4t + j stands in row 16j + t.
fn load(first: u32, head: u32, i: u32, thread: u32) {
    for (var n = 0u; n < ROWS * STEP; n += WORKGROUP) {
        let row = (n + thread) / STEP;
        let pair = i + (n + thread) % STEP;
        if (row < ROWS) {
            var low = vec4<f32>();
            var high = vec4<f32>();
            if (pair < D / 8u) {
                let at = query(min(first + row, size.rows * GROUP - 1u), head) + pair;
                low = queries[at];
                high = queries[at + D / 8u];
            }
            tile[row * WIDE + pair - i] = low;
            tile[row * WIDE + pair - i + STEP] = high;
        }
    }
    for (var n = 0u; n < SLOTS * STEP; n += WORKGROUP) {
        let slot = (n + thread) / STEP;
        let pair = i + (n + thread) % STEP;
        var key = Pair(vec4<f32>(), vec4<f32>());
        if (pair < D / 8u) {
            key = key_pair(slot_places[slot], head, pair);
        }
        let row = ROWS + slot % 4u * 16u + slot / 4u;
        tile[row * WIDE + pair - i] = key.low;
        tile[row * WIDE + pair - i + STEP] = key.high;
    }
}

// Adds the products of four features.
fn multiply(scores: ptr<function, Scores>, quad: u32, thread: u32) {
    let at = (ROWS + thread % ACROSS) * WIDE + quad;
    let k = transpose(mat4x4(tile[at], tile[at + 16u * WIDE], tile[at + 32u * WIDE], tile[at + 48u * WIDE]));
    for (var r = 0u; r < PER; r++) {
        let q = tile[(4u * r + thread / ACROSS) * WIDE + quad];
        (*scores)[r] =
            fma(vec4(q.w), k[3], fma(vec4(q.z), k[2], fma(vec4(q.y), k[1], fma(vec4(q.x), k[0], (*scores)[r]))));
    }
}

// Adds the values of four slots, weighed by their probabilities.
fn add(sums: ptr<function, Sums>, four: u32, head: u32, thread: u32) {
    let s0 = slot_places[4u * four];
    let s1 = slot_places[4u * four + 1u];
    let s2 = slot_places[4u * four + 2u];
    let s3 = slot_places[4u * four + 3u];
    var v: array<mat4x4<f32>, QUADS>;
    for (var n = 0u; n < QUADS; n++) {
        let i = min(ACROSS * n + thread % ACROSS, D / 4u - 1u);
        v[n] = mat4x4(value_quad(s0, head, i), value_quad(s1, head, i), value_quad(s2, head, i), value_quad(s3, head, i));
    }
    for (var r = 0u; r < PER; r++) {
        let p = tile[(4u * r + thread / ACROSS) * LONG + four];
        for (var n = 0u; n < QUADS; n++) {
            let sum = (*sums)[r][n];
            (*sums)[r][n] = fma(vec4(p.w), v[n][3], fma(vec4(p.z), v[n][2], fma(vec4(p.y), v[n][1], fma(vec4(p.x), v[n][0], sum))));
        }
    }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) thread: u32) {
    let packed = size.rows * GROUP;
    let first = group.x * ROWS;
    let head = group.y;
    let split = group.z;
    let down = thread / ACROSS;

    // Two threads a row make its softmax: its half of the slots, its running maximum and its running total.
    let half = thread % 2u;
    let soft_row = thread / 2u;
    let safe = place(first / GROUP);
    if (thread == 0u) {
        let range = reach(safe, place((min(first + ROWS, packed) - 1u) / GROUP));
        let start = range.x + split * size.share;
        bounds = vec2(start, min(start + size.share, range.y));
    }
    let range = workgroupUniformLoad(&bounds);
    var top = LEAST;
    var total = 0.0;

    if (thread < ROWS) {
        row_marks[thread] = mark(place(min(first + thread, packed - 1u) / GROUP));
    }
    var sums: Sums;
    for (var start = range.x; start < range.y; start += SLOTS) {
        let other = mark(start + thread);
        slot_marks[thread] = other;
        // What a free slot holds may not even be a number: nothing of it is read.
        slot_places[thread] = select(start + thread, safe, other == FREE);
        workgroupBarrier();

        var scores = Scores();
        for (var i = 0u; i < D / 8u; i += STEP) {
            load(first, head, i, thread);
            workgroupBarrier();
            for (var q = 0u; q < 2u * STEP; q += 2u) {
                multiply(&scores, q, thread);
                multiply(&scores, q + 1u, thread);
            }
            workgroupBarrier();
        }
        let across = thread % ACROSS;
        let m = vec4(
            slot_marks[4u * across], slot_marks[4u * across + 1u],
            slot_marks[4u * across + 2u], slot_marks[4u * across + 3u],
        );
        for (var r = 0u; r < PER; r++) {
            let own = row_marks[4u * r + down];
            let seen = vec4(sees(own, m.x), sees(own, m.y), sees(own, m.z), sees(own, m.w));
            tile[(4u * r + down) * LONG + across] = select(vec4(LEAST), scores[r], seen);
        }
        workgroupBarrier();

        let at = soft_row * LONG + half * (SLOTS / 8u);
        var highest = vec4(LEAST);
        if (soft_row < ROWS) {
            for (var n = 0u; n < SLOTS / 8u; n++) {
                highest = max(highest, tile[at + n]);
            }
        }
        tops[thread] = max(max(highest.x, highest.y), max(highest.z, highest.w));
        workgroupBarrier();
        let now = max(top, max(tops[2u * soft_row], tops[2u * soft_row + 1u]));
        let keep = exp2(top - now);
        top = now;
        var sum = vec4<f32>();
        if (soft_row < ROWS) {
            for (var n = 0u; n < SLOTS / 8u; n++) {
                let s = tile[at + n];
                let p = select(exp2(s - now), vec4(0.0), s == vec4(LEAST));
                tile[at + n] = p;
                sum += p;
            }
        }
        total = fma(total, keep, (sum.x + sum.y) + (sum.z + sum.w));
        keeps[thread] = keep;
        workgroupBarrier();

        for (var r = 0u; r < PER; r++) {
            let keep = keeps[2u * (4u * r + down)];
            for (var n = 0u; n < QUADS; n++) {
                sums[r][n] *= keep;
            }
        }
        for (var four = 0u; four < SLOTS / 4u; four++) {
            add(&sums, four, head, thread);
        }
        workgroupBarrier();
    }
    tops[thread] = top;
    keeps[thread] = total;
    workgroupBarrier();
    for (var r = 0u; r < PER; r++) {
        let row = 4u * r + down;
        let p = first + row;
        let whole = keeps[2u * row] + keeps[2u * row + 1u];
        for (var n = 0u; n < QUADS; n++) {
            let i = ACROSS * n + thread % ACROSS;
            if (p < packed && i < D / 4u) {
                end(p / GROUP, head * GROUP + p % GROUP, i, sums[r][n], tops[2u * row], whole, split);
            }
        }
    }
}
