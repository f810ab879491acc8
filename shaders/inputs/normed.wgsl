// Rows of x, normalised as rms_norm.wgsl does: (x ⊙ γ) Wᵀ is made first and divided by the root of the mean square
// afterwards, since the squares are added up on the same way through x.
//
// gamma   [inputs / 4]   vec4<f32>
//
// size.epsilon holds the bits of ε.

const NORMED: bool = true;

// Features 4·column … 4·column + 3 of a row.
fn weighed(features: vec4<f32>, column: u32) -> vec4<f32> {
    return features * gamma[column];
}

fn scale(squares: f32) -> f32 {
    return 1.0 / sqrt(squares / f32(size.inputs) + bitcast<f32>(size.epsilon));
}
