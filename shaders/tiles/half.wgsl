// Decoded weights in workgroup memory as f16, half as large: exact for weights in f16, and for those of eight and four bits
// off by 1/4096 of a weight at most, a sixteenth of what their coding rounds. They are multiplied as f32.
//
// Assumes shader-f16.

enable f16;

alias Kept = vec4<f16>;
