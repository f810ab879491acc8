// Decoded weights in workgroup memory as f32.

alias Kept = vec4<f32>;
