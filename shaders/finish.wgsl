// What becomes of a product s, its bias added, before it is written.
//
// bias    [width]               f32             read if size.biased
// z       [rows, width]         f32             read for ADD
// y       [rows, width]         f32             half as wide for SWIGLU
//
// This matrix makes columns offset … offset + outputs − 1. size.finish chooses, the same for all threads: one pipeline
// for all four costs a branch, four would cost a quarter of the start each.

const STORE: u32 = 0u;  // y = s
const ADD: u32 = 1u;    // y = z + s
const SWIGLU: u32 = 2u; // y = g / (1 + exp(−g)) · u, where g and u are the even and the odd columns
const GELU: u32 = 3u;   // y = s/2 · (1 + erf(s/√2))

// Abramowitz & Stegun, 7.1.26: at most 1.5e-7 off.
fn erf(v: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.3275911 * abs(v));
    let p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    return sign(v) * (1.0 - p * exp(-v * v));
}

fn bias_of(output: u32) -> f32 {
    if (size.biased == 0u) {
        return 0.0;
    }
    return bias[output];
}

// Columns first … first + COLUMNS − 1 of a row, which may reach past the last of either.
fn finish(row: u32, first: u32, sums: array<f32, COLUMNS>) {
    if (row >= size.rows) {
        return;
    }
    for (var c = 0u; c < COLUMNS; c++) {
        if (first + c >= size.outputs) {
            return;
        }
        let output = size.offset + first + c;
        let s = sums[c] + bias_of(output);
        let at = row * size.width + output;
        switch (size.finish) {
            case ADD: {
                y[at] = z[at] + s;
            }
            case SWIGLU: {
                if (c % 2u == 0u) {
                    let up = sums[c + 1u] + bias_of(output + 1u);
                    y[at / 2u] = s / (1.0 + exp(-s)) * up;
                }
            }
            case GELU: {
                y[at] = 0.5 * s * (1.0 + erf(s * 0.7071067811865476));
            }
            default: {
                y[at] = s;
            }
        }
    }
}
