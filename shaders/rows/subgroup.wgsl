// Eight rows of x for every lane: each lane reads one, and the subgroup hands them round.
//
// x       [rows, inputs / 4]   vec4<f32>
//
// Assumes subgroups of at least 8 lanes.

struct Thread {
    @builtin(local_invocation_index) index: u32,
    @builtin(subgroup_invocation_id) lane: u32,
}

// Features 4·column … 4·column + 3 of rows first … first + 7.
fn eight_rows(first: u32, column: u32, thread: Thread) -> array<vec4<f32>, 8> {
    let own = x[min(first + (thread.lane & 7u), size.rows - 1u) * (size.inputs / 4u) + column];
    return array(
        subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u),
        subgroupBroadcast(own, 4u), subgroupBroadcast(own, 5u), subgroupBroadcast(own, 6u), subgroupBroadcast(own, 7u),
    );
}

// The 32 features of a block of the only row.
fn eight_columns(block: u32, thread: Thread) -> array<vec4<f32>, 8> {
    let own = x[min(8u * block + (thread.lane & 7u), size.inputs / 4u - 1u)];
    return array(
        subgroupBroadcast(own, 0u), subgroupBroadcast(own, 1u), subgroupBroadcast(own, 2u), subgroupBroadcast(own, 3u),
        subgroupBroadcast(own, 4u), subgroupBroadcast(own, 5u), subgroupBroadcast(own, 6u), subgroupBroadcast(own, 7u),
    );
}
