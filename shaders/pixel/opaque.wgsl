// What a word of pixels holds: red, green, blue from the lowest byte up; the fourth byte is not looked at.
//
// words   [height, pitch]   u32

fn pixel(at: u32) -> vec3<i32> {
    let word = words[at];
    return vec3<i32>(vec3<u32>(word, word >> 8u, word >> 16u) & vec3<u32>(255u));
}
