// Who sees whom over the slots of an arena: a row sees what stands before it in the sequence, and itself.
//
// marks   [span]   i32   a slot's place in the sequence, FREE where nothing is held

const FREE = 0x7fffffff;

fn mark(slot: u32) -> i32 {
    return select(FREE, marks[min(slot, size.span - 1u)], slot < size.span);
}

fn sees(own: i32, other: i32) -> bool {
    return other <= own;
}

// The slots that rows whose slots are `first` … `last` may see.
fn reach(first: u32, last: u32) -> vec2<u32> {
    return vec2(0u, size.span);
}
