// Where rows stand among the slots: `places` says.
//
// places   [rows]   u32

fn place(row: u32) -> u32 {
    return places[row];
}
