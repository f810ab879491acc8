// y = s + b
//
// y       [rows, width]         f32, of which this matrix makes columns offset … offset + outputs − 1

fn finish(row: u32, first: u32, sums: array<f32, COLUMNS>) {
    for (var c = 0u; c < COLUMNS; c++) {
        if (row < size.rows && first + c < size.outputs) {
            let output = size.offset + first + c;
            y[row * size.width + output] = sums[c] + bias_of(output);
        }
    }
}
