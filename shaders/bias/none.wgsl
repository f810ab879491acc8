fn bias_of(output: u32) -> f32 {
    return 0.0;
}
