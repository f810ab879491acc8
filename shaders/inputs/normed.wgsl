// The only row of x, normalised as rms_norm.wgsl does: W (x ⊙ γ) is made first and divided by the root of the mean
// square afterwards, since the squares are added up on the same way through x.
//
// x       [inputs / 4]   vec4<f32>
// gamma   [inputs / 4]   vec4<f32>
//
// size.epsilon holds the bits of ε.

// Features 4·column … 4·column + 3; none past the last.
fn input(column: u32) -> vec4<f32> {
    if (column >= size.inputs / 4u) {
        return vec4<f32>();
    }
    let features = x[column];
    squares += dot(features, features);
    return features * gamma[column];
}

fn scale(squares: f32) -> f32 {
    return 1.0 / sqrt(squares / f32(size.inputs) + bitcast<f32>(size.epsilon));
}
