// y = g / (1 + exp(−g)) · u, where g and u are the even and odd outputs, each s + b
//
// y       [rows, width / 2]     f32, of which this matrix makes columns offset/2 … (offset + outputs)/2 − 1

fn finish(row: u32, first: u32, sums: array<f32, COLUMNS>) {
    for (var c = 0u; c < COLUMNS; c += 2u) {
        if (row < size.rows && first + c < size.outputs) {
            let output = size.offset + first + c;
            let gate = sums[c] + bias_of(output);
            let up = sums[c + 1u] + bias_of(output + 1u);
            y[row * (size.width / 2u) + output / 2u] = gate / (1.0 + exp(-gate)) * up;
        }
    }
}
