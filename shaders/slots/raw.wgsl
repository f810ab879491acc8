// Keys as they were before rotation, turned (turn.wgsl) as they are read (keys/*.wgsl), by the positions that hold in this
// pass.

// Features 4i … 4i + 3 of a key, and those D / 2 further on.
fn key_pair(slot: u32, head: u32, i: u32) -> Pair {
    return turn(Pair(key_quad(slot, head, i), key_quad(slot, head, i + D / 8u)), slot, i);
}
