// Where rows stand among the slots: row for row.

fn place(row: u32) -> u32 {
    return row;
}
