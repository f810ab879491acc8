// Who sees whom within a frame: patches of one window see each other. A window's patches lie side by side.
//
// marks   [span]   vec2<u32>   the first patch of a patch's window, and the one after its last

const FREE = 0x7fffffff;

fn mark(slot: u32) -> i32 {
    return select(FREE, i32(marks[min(slot, size.span - 1u)].x), slot < size.span);
}

fn sees(own: i32, other: i32) -> bool {
    return other == own;
}

// The patches that patches `first` … `last` may see.
fn reach(first: u32, last: u32) -> vec2<u32> {
    return vec2(marks[first].x, marks[last].y);
}
