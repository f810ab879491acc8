fn finish(row: u32, first: u32, sums: array<f32, COLUMNS>) {
    for (var c = 0u; c < COLUMNS; c++) {
        if (row < size.rows && first + c < size.outputs) {
            y[row * size.outputs + first + c] = sums[c];
        }
    }
}
