// bias    [width]               f32

fn bias_of(output: u32) -> f32 {
    return bias[output];
}
