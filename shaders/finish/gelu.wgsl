// y = v/2 · (1 + erf(v/√2)), v = s + b
//
// y       [rows, width]         f32, of which this matrix makes columns offset … offset + outputs − 1
//
// erf after Abramowitz & Stegun, 7.1.26: at most 1.5e-7 off.

fn erf(v: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.3275911 * abs(v));
    let p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return sign(v) * (1.0 - p * exp(-v * v));
}

fn finish(row: u32, first: u32, sums: array<f32, COLUMNS>) {
    for (var c = 0u; c < COLUMNS; c++) {
        if (row < size.rows && first + c < size.outputs) {
            let output = size.offset + first + c;
            let v = sums[c] + bias_of(output);
            y[row * size.width + output] = 0.5 * v * (1.0 + erf(v * 0.7071067811865476));
        }
    }
}
